//! The asset register: registering and revising, and what an issuance may name (4-double-counting, Assets and schemes).

mod conflict;
mod issued;
mod lists;

use std::sync::Arc;

use serde_json::json;
use tanqiao_protocol::asset::{Asset, AssetConflictKind, AssetConflictState, AssetState, Scheme};
use tanqiao_protocol::asset::{Exclusivity, periods_overlap};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::Outcome;

use super::evidence::check_bytes;
use crate::ledger::command::{Command, Signed};
use crate::ledger::geometry::fault_of;
use crate::ledger::objects::{AssetKey, Contender, RegisteredAsset};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::register::{NEAR_MAX, acts_fall_into, contend};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

pub use conflict::resolve;
pub use issued::{check_assets, is_live};
pub use lists::put_list;

/// The most registered assets that one may overlap: a shape that covers more is not one asset.
const RIVALS_MAX: usize = 100;

/// How an asset is named in leaves and feeds.
fn subject_of(key: &AssetKey) -> String {
    format!("asset/{key}")
}

/// S12: there is more near it than anybody could compare.
fn too_many() -> Refusal {
    Refusal::new(
        CheckCode::S12,
        "Too many registered assets or listed projects lie in the box around this place: register its parts one by one.",
    )
    .expected(format!("{NEAR_MAX} at most"), "more")
}

/// Registers an asset, or its next revision. The same content again changes nothing. What overlaps another asset is registered as
/// contested, with a conflict for each; what another scheme's list has already is refused.
pub fn put(working: &mut Working, command: &Command, signed: &Signed, content: &Asset) -> Decided<Outcome> {
    check_content(working, &signed.member, content)?;
    let key = AssetKey {
        asset: content.asset.clone(),
        member: signed.member.clone(),
    };
    let known = working.register.assets.get(&key)?.cloned();
    if let Some(known) = known.as_ref().filter(|known| *known.content == *content) {
        return Ok(working.outcome(subject_of(&key), Some(known.state.word()), known.revision_index));
    }
    if let Some(known) = &known {
        check_revision(working, known, content)?;
    }
    check_lists(working, &key, content)?;
    let rivals = new_rivals(working, &key, known.as_ref(), content)?;
    let (ended, standing) = standing(working, &key, content)?;
    let state = if rivals.is_empty() && !standing {
        AssetState::Registered
    } else {
        AssetState::Contested
    };
    let log_index = write(working, command, &key, known.as_ref(), content, state)?;
    for id in ended {
        conflict::end(
            working,
            id,
            AssetConflictState::Corrected,
            &[],
            "a revision ended the overlap",
        )?;
    }
    for rival in rivals {
        let kind = if rival.asset == key.asset {
            AssetConflictKind::SameAsset
        } else {
            AssetConflictKind::Place
        };
        conflict::open(working, kind, &rival, Contender::Asset(key.clone()), &[])?;
    }
    Ok(working.outcome(subject_of(&key), Some(state.word()), log_index))
}

/// M02, M03: what can be told from the asset and its registrant.
fn check_content(working: &Working, member: &NodeId, content: &Asset) -> Decided<()> {
    content
        .check()
        .map_err(|fault| Refusal::new(CheckCode::M02, format!("{fault}.")))?;
    if let Some(fault) = fault_of(&content.place) {
        return Err(Refusal::new(CheckCode::M02, format!("`place` is no valid geometry: {fault}.")).into());
    }
    let region = super::region_of(working, member)?;
    let inside = region.contains(&content.region)
        || (region == tanqiao_protocol::region::RegionCode::CHINA && content.region.is_chinese_division());
    ensure(inside, || {
        Refusal::new(CheckCode::M02, "A member registers assets of its own region only.")
            .expected(region, content.region)
    })?;
    check_bytes(&json!(content), "coordinates")
}

/// S12: what was issued on an asset was issued for this place, class and time.
fn check_revision(working: &Working, known: &RegisteredAsset, content: &Asset) -> Decided<()> {
    ensure(known.state != AssetState::Lost, || {
        Refusal::new(
            CheckCode::S12,
            "An officer decided for the other side of a conflict about this asset: it is not revised any more.",
        )
    })?;
    let before = &known.content;
    let uses = issued::live_uses(working, &known.key)?;
    let Some(one) = uses.first() else { return Ok(()) };
    let kept = before.place == content.place && before.activity == content.activity && before.region == content.region;
    ensure(kept, || {
        Refusal::new(
            CheckCode::S12,
            "Reductions were issued on this asset: its place, region and class stay. Register another asset.",
        )
        .expected("the place, region and activity of the last revision", one.issuance)
    })?;
    for one in &uses {
        ensure(
            content.period_from <= one.from && one.until <= content.period_until,
            || {
                Refusal::new(
                    CheckCode::S12,
                    "Reductions were issued on this asset for a time that the new crediting period leaves out.",
                )
                .expected(
                    format!("a period with {} to {}", one.from, one.until),
                    format!("{} to {}", content.period_from, content.period_until),
                )
            },
        )?;
    }
    Ok(())
}

/// S13: an earlier list of a scheme that excludes this one has it. What an officer has looked at already is decided.
fn check_lists(working: &Working, key: &AssetKey, content: &Asset) -> Decided<()> {
    let listed = working.register.listed(content)?.ok_or_else(too_many)?;
    for entry in listed {
        let entry = &entry.content;
        let excluded = Exclusivity::shipped().excludes(Scheme::CarbonInclusion, entry.scheme);
        let decided = working
            .register
            .conflict_with(key, &Contender::Entry(entry.key()))?
            .is_some();
        ensure(!excluded || decided, || {
            Refusal::new(
                CheckCode::S13,
                "This asset stands in the list of a scheme that excludes carbon inclusion. Name a crediting period that leaves its time out, or have the list corrected.",
            )
            .expected(
                "an asset and period that no excluding scheme lists",
                format!("{} from {} to {}", entry.key(), entry.from, entry.until),
            )
        })?;
    }
    Ok(())
}

/// The rivals with whom there is no conflict yet, or one that was decided about another place, class or period.
fn new_rivals(
    working: &Working,
    key: &AssetKey,
    known: Option<&RegisteredAsset>,
    content: &Asset,
) -> Decided<Vec<AssetKey>> {
    let moved = known.is_none_or(|known| {
        let before = &known.content;
        before.place != content.place || before.activity != content.activity || before.period() != content.period()
    });
    let rivals = working.register.rivals(key, content)?.ok_or_else(too_many)?;
    ensure(rivals.len() <= RIVALS_MAX, || {
        Refusal::new(
            CheckCode::S12,
            "This place overlaps more registered assets than one asset can: register its parts one by one.",
        )
        .expected(format!("{RIVALS_MAX} at most"), rivals.len())
    })?;
    let mut new = Vec::new();
    for rival in rivals {
        let known = working
            .register
            .conflict_with(key, &Contender::Asset(rival.key.clone()))?;
        let stands = match known.map(|one| one.state) {
            None => false,
            Some(AssetConflictState::Open) => true,
            Some(_) => !moved,
        };
        if !stands {
            new.push(rival.key.clone());
        }
    }
    Ok(new)
}

/// The open conflicts that a revision ends, and whether one is left that keeps the asset from being issued on.
fn standing(working: &Working, key: &AssetKey, content: &Asset) -> Decided<(Vec<i64>, bool)> {
    let mut ended = Vec::new();
    let mut blocked = false;
    for one in working.register.open_conflicts(key)? {
        let stands = match one.other(key) {
            Contender::Asset(other) => working
                .register
                .assets
                .get(&other)?
                .is_some_and(|other| contend(content, &other.content)),
            // An officer looks at what a list says; no revision takes it away.
            Contender::Entry(_) => true,
        };
        if stands {
            blocked |= one.blocks(key);
        } else {
            ended.push(one.id);
        }
    }
    Ok((ended, blocked))
}

fn write(
    working: &mut Working,
    command: &Command,
    key: &AssetKey,
    known: Option<&RegisteredAsset>,
    content: &Asset,
    state: AssetState,
) -> Decided<i64> {
    let revision = known.map_or(1, |known| known.revision + 1);
    let log_index = working.carry_out(Step {
        r#type: if known.is_none() {
            "asset.registered"
        } else {
            "asset.revised"
        },
        subject: subject_of(key),
        state: Some(state.word()),
        data: json!({ "revision": revision, "asset": content }),
        member: Some(key.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        ..Step::default()
    })?;
    let asset = RegisteredAsset {
        key: key.clone(),
        state,
        revision,
        content: Arc::new(content.clone()),
        revised_at: working.now,
        revision_index: log_index,
        log_index,
    };
    working.register.revised.push(asset.clone());
    working.register.put_asset(asset);
    Ok(log_index)
}

/// S13: the asset's own declarations, for the time of an issuance.
fn declared_elsewhere(
    asset: &Asset,
    acts: (tanqiao_protocol::time::Timestamp, tanqiao_protocol::time::Timestamp),
) -> Option<String> {
    let matrix = Exclusivity::shipped();
    let one = asset.other_schemes.iter().find(|one| {
        matrix.excludes_inclusion(&one.scheme)
            && (acts_fall_into(acts, (one.from, one.until)) || periods_overlap(acts, (one.from, one.until)))
    })?;
    Some(format!("{} {}", one.scheme, one.reference))
}
