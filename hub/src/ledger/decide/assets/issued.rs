//! What an issuance may name: S12 to S14.

use std::collections::BTreeMap;

use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState, is_project};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Issuance as Header, Methodology};
use tanqiao_protocol::transfer::IssuanceState;

use super::declared_elsewhere;
use crate::ledger::command::Signed;
use crate::ledger::objects::{AssetKey, AssetUse, Contender, Issuance, RegisteredAsset};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::register::acts_fall_into;
use crate::ledger::working::Working;

/// The most assets of one issuance, and the most bytes of their ids: the header stands in one leaf.
const ASSETS_MAX: usize = 1_000;
const ASSET_BYTES_MAX: usize = 32 * 1024;

/// S12 to S14: a project-type issuance names its registered assets, none of them contested, listed elsewhere for its time, or issued
/// on for the same time already. Other issuances may name assets, and are held to what they name. The last check of an issuance: what
/// passes is noted as a use of its assets, so that a later one of the same batch finds it.
pub fn check_assets(working: &mut Working, id: MessageId, signed: &Signed, header: &Header) -> Decided<()> {
    check_named(working, signed, header)?;
    for asset in &header.assets {
        let key = AssetKey {
            asset: asset.clone(),
            member: signed.member.clone(),
        };
        working.register.named.entry(key).or_default().push(id);
    }
    Ok(())
}

fn check_named(working: &Working, signed: &Signed, header: &Header) -> Decided<()> {
    let rule = working.governance.methodologies.get(&header.methodology);
    if header.assets.is_empty() {
        let needed = rule.is_some_and(|rule| needs_assets(&rule.content));
        return ensure(!needed, || {
            Refusal::new(
                CheckCode::S14,
                "This methodology credits assets: register them, and name those that the reductions come from in `assets`.",
            )
            .expected("the registered assets", "none")
        });
    }
    let bytes: usize = header.assets.iter().map(|asset| asset.as_str().len() + 3).sum();
    ensure(header.assets.len() <= ASSETS_MAX && bytes <= ASSET_BYTES_MAX, || {
        Refusal::new(CheckCode::M03, "An issuance names fewer assets: divide it.").expected(
            format!("{ASSETS_MAX} assets and {ASSET_BYTES_MAX} bytes at most"),
            format!("{} and {bytes}", header.assets.len()),
        )
    })?;
    let mut names: Vec<_> = header.assets.iter().collect();
    names.sort_unstable();
    names.dedup();
    ensure(names.len() == header.assets.len(), || {
        Refusal::new(CheckCode::M02, "`assets` names one asset twice.")
    })?;
    for asset in &header.assets {
        let key = AssetKey {
            asset: asset.clone(),
            member: signed.member.clone(),
        };
        let registered = working.register.assets.get(&key)?.ok_or_else(|| {
            Refusal::new(
                CheckCode::S14,
                "This member has not registered the asset named here. Register it first.",
            )
            .expected("a registered asset", asset)
        })?;
        check_standing(registered)?;
        check_fit(registered, rule.map(|rule| &rule.content), header)?;
        check_schemes(working, registered, header)?;
        check_unissued(working, &key, header)?;
    }
    Ok(())
}

/// True if a methodology credits assets: its activity says so, or, for an activity that is not known here, it leaves the reduction of
/// each record to the issuer.
fn needs_assets(rule: &Methodology) -> bool {
    is_project(&rule.activity).unwrap_or_else(|| rule.factor_g_per_unit.is_none())
}

fn check_standing(asset: &RegisteredAsset) -> Decided<()> {
    ensure(asset.state == AssetState::Registered, || {
        Refusal::new(
            CheckCode::S12,
            "A conflict about this asset is open, or was decided for the other side: nothing is issued on it.",
        )
        .expected(
            AssetState::Registered,
            format!("{} is {}", asset.key.asset, asset.state),
        )
    })
}

/// S12: class, region and period of the asset are those of the issuance.
fn check_fit(asset: &RegisteredAsset, rule: Option<&Methodology>, header: &Header) -> Decided<()> {
    let content = &asset.content;
    if let Some(rule) = rule {
        ensure(rule.activity == content.activity, || {
            Refusal::new(CheckCode::S12, "The asset is registered for another class of activity.")
                .expected(&rule.activity, format!("{} of {}", content.activity, content.asset))
        })?;
    }
    let (acts, place) = (header.region_of_act, content.region);
    ensure(acts.contains(&place) || place.contains(&acts), || {
        Refusal::new(CheckCode::S12, "The asset lies outside of the region of the acts.")
            .expected(acts, format!("{place} of {}", content.asset))
    })?;
    ensure(
        content.period_from <= header.period_from && header.period_until <= content.period_until,
        || {
            Refusal::new(CheckCode::S12, "The acts are outside of the asset's crediting period.").expected(
                format!("{} to {}", content.period_from, content.period_until),
                format!("{} to {} on {}", header.period_from, header.period_until, content.asset),
            )
        },
    )
}

/// S13: neither the asset's own declarations nor a list that an officer has not dismissed count it elsewhere for this time.
fn check_schemes(working: &Working, asset: &RegisteredAsset, header: &Header) -> Decided<()> {
    let acts = (header.period_from, header.period_until);
    let refuse = |found: String| {
        Err(Refusal::new(
            CheckCode::S13,
            "The asset takes part, in this time, in a scheme that excludes carbon inclusion.",
        )
        .expected("a time in which no excluding scheme counts it", found)
        .into())
    };
    if let Some(found) = declared_elsewhere(&asset.content, acts) {
        return refuse(format!("{found} declared of {}", asset.content.asset));
    }
    let mut last: BTreeMap<Contender, _> = BTreeMap::new();
    for one in working.register.conflicts(&asset.key)? {
        if one.kind == AssetConflictKind::OtherScheme {
            last.insert(one.second.clone(), one);
        }
    }
    for (entry, one) in last {
        let counted = matches!(one.state, AssetConflictState::Open | AssetConflictState::Upheld);
        if counted && acts_fall_into(acts, (one.content.from, one.content.until)) {
            return refuse(format!("{entry} lists {}", asset.content.asset));
        }
    }
    Ok(())
}

/// S12: no other live issuance is on this asset for an overlapping time.
fn check_unissued(working: &Working, key: &AssetKey, header: &Header) -> Decided<()> {
    for one in live_uses(working, key)? {
        let apart = header.period_from >= one.until || one.from >= header.period_until;
        ensure(apart && header.period_from != one.from, || {
            Refusal::new(
                CheckCode::S12,
                "Reductions of this asset were issued for a part of this time already.",
            )
            .expected(
                format!("a time without {} to {}", one.from, one.until),
                format!("issuance {} on {}", one.issuance, key.asset),
            )
        })?;
    }
    Ok(())
}

/// The live issuances on a registration: those of the store, as this batch has left them, and those that it has added.
pub(super) fn live_uses(working: &Working, key: &AssetKey) -> Decided<Vec<AssetUse>> {
    let loaded = |id: &MessageId| working.issuances.get(id).ok().flatten();
    let mut uses: Vec<AssetUse> = Vec::new();
    for one in working.register.uses.get(key)?.into_iter().flatten() {
        let mut one = one.clone();
        if let Some(issuance) = loaded(&one.issuance) {
            one.live = is_live(issuance.state);
            one.blocks.extend(
                issuance
                    .block
                    .iter()
                    .filter(|block| !one.blocks.contains(block))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        uses.push(one);
    }
    let added = working.register.named.get(key).into_iter().flatten();
    uses.extend(added.filter_map(loaded).map(use_of));
    uses.retain(|one| one.live);
    Ok(uses)
}

/// An issuance as a use of each of its assets.
fn use_of(issuance: &Issuance) -> AssetUse {
    AssetUse {
        issuance: issuance.id,
        from: issuance.content.period_from,
        until: issuance.content.period_until,
        live: is_live(issuance.state),
        blocks: issuance.block.iter().cloned().collect(),
    }
}

/// True unless the issuance was refused or abandoned.
#[must_use]
pub fn is_live(state: IssuanceState) -> bool {
    !matches!(state, IssuanceState::Refused | IssuanceState::Abandoned)
}
