//! Invariants 7 and 9 for the asset register: what is stored of assets, lists and conflicts is what the log says, a contested asset has
//! an open conflict and no other has one, and no asset has two live issuances for one time.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tanqiao_protocol::asset::{Asset, AssetState};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::time::Timestamp;

use super::dealings::check_state;
use super::findings::Findings;
use crate::ledger::decide::is_live;
use crate::ledger::objects::{AssetConflict, AssetKey, EntryKey, SchemeEntry};
use crate::store::audit::{
    Names, asset_conflicts, asset_issuances, asset_revisions, assets, issuances, scheme_entries,
};
use crate::store::convert::{self, assets as convert_assets};
use crate::store::database::{ReadConnection, StoreError};

/// What the log says of assets and lists.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Each revision, by its leaf.
    revisions: BTreeMap<i64, Sha256>,
    /// Each entry, as last listed.
    entries: BTreeMap<EntryKey, Sha256>,
}

#[derive(Deserialize)]
struct Revised {
    asset: Asset,
}

#[derive(Deserialize)]
struct Listed {
    rows: Vec<SchemeEntry>,
}

fn hash<T: serde::Serialize>(value: &T) -> Sha256 {
    Sha256::of(&serde_json::to_vec(value).unwrap_or_default())
}

impl Said {
    /// A leaf.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if !text.contains("\"type\":\"asset.re") && !text.contains("\"type\":\"schemes.listed\"") {
            return;
        }
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        match leaf.r#type.as_str() {
            "asset.registered" | "asset.revised" => {
                if let Ok(revised) = serde_json::from_value::<Revised>(leaf.data) {
                    self.revisions.insert(leaf.index, hash(&revised.asset));
                }
            }
            "schemes.listed" => {
                let rows = serde_json::from_value::<Listed>(leaf.data).map(|listed| listed.rows);
                let hashed = rows.unwrap_or_default().into_iter().map(|row| (row.key(), hash(&row)));
                self.entries.extend(hashed);
            }
            _ => {}
        }
    }

    /// Compares with what is stored.
    pub(super) fn check(
        mut self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let mut stored = Stored::default();
        asset_revisions(connection, |row| {
            findings.checked(9);
            let content = serde_json::from_str::<Asset>(&row.content).ok();
            let said = self.revisions.remove(&row.log_index);
            findings.ensure(
                9,
                said.is_some() && content.as_ref().map(hash) == said,
                format!("asset/{}", row.asset),
                || format!("its revision of leaf {} is not what the log says", row.log_index),
            );
            stored.revisions.insert(row.log_index, said);
            Ok(())
        })?;
        for index in self.revisions.keys() {
            findings.add(9, format!("leaf {index}"), "a revision of an asset is not in the store");
        }
        assets(connection, |row| {
            match convert_assets::registered(&row, &names.numbers) {
                Ok(asset) => {
                    check_state(
                        "asset",
                        &asset.key,
                        asset.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    let said = stored.revisions.get(&asset.revision_index).copied().flatten();
                    findings.ensure(
                        9,
                        said == Some(hash(&asset.content)),
                        format!("asset/{}", asset.key),
                        || format!("is not as leaf {} has it", asset.revision_index),
                    );
                    stored.assets.insert(asset.key, asset.state);
                }
                Err(error) => findings.add(9, format!("asset/{}", row.asset), error),
            }
            Ok(())
        })?;
        self.check_entries(connection, findings)?;
        stored.check_conflicts(connection, names, replayed, findings)?;
        check_uses(connection, names, findings)
    }

    fn check_entries(mut self, connection: &mut ReadConnection<'_>, findings: &mut Findings) -> Result<(), StoreError> {
        scheme_entries(connection, |row| {
            findings.checked(9);
            match convert_assets::entry(&row) {
                Ok(entry) => {
                    let key = entry.content.key();
                    let said = self.entries.remove(&key);
                    findings.ensure(9, said == Some(hash(&entry.content)), format!("entry/{key}"), || {
                        "is not what the log says was listed".to_owned()
                    });
                }
                Err(error) => findings.add(9, format!("entry/{}", row.reference), error),
            }
            Ok(())
        })?;
        for key in self.entries.keys() {
            findings.add(
                9,
                format!("entry/{key}"),
                "was listed by the log, and is not in the store",
            );
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Stored {
    revisions: BTreeMap<i64, Option<Sha256>>,
    assets: BTreeMap<AssetKey, AssetState>,
}

impl Stored {
    fn check_conflicts(
        &self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let mut blocked: BTreeSet<AssetKey> = BTreeSet::new();
        asset_conflicts(connection, |row| {
            match convert_assets::conflict(&row, &names.numbers) {
                Ok(conflict) => {
                    check_state(
                        "asset-conflict",
                        conflict.id,
                        conflict.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    self.see(&conflict, &mut blocked, findings);
                }
                Err(error) => findings.add(9, format!("asset-conflict/{}", row.id), error),
            }
            Ok(())
        })?;
        for (key, state) in &self.assets {
            let contested = *state == AssetState::Contested;
            let blocked = state.is_live() && blocked.contains(key);
            findings.ensure(9, contested == blocked, format!("asset/{key}"), || {
                format!(
                    "is `{state}`, and {}",
                    if contested {
                        "nothing contests it"
                    } else {
                        "an open conflict blocks it"
                    }
                )
            });
        }
        Ok(())
    }

    fn see(&self, conflict: &AssetConflict, blocked: &mut BTreeSet<AssetKey>, findings: &mut Findings) {
        for key in conflict.sides() {
            findings.ensure(
                9,
                self.assets.contains_key(key),
                format!("asset-conflict/{}", conflict.id),
                || format!("is about {key}, which nobody has registered"),
            );
            if conflict.blocks(key) {
                blocked.insert(key.clone());
            }
        }
    }
}

/// Invariant 7 for assets.
fn check_uses(connection: &mut ReadConnection<'_>, names: &Names, findings: &mut Findings) -> Result<(), StoreError> {
    let mut kept: BTreeSet<(String, Vec<u8>)> = BTreeSet::new();
    asset_issuances(connection, |row| {
        kept.insert((row.asset, row.issuance));
        Ok(())
    })?;
    let mut uses: BTreeMap<AssetKey, Vec<(Timestamp, Timestamp, MessageId)>> = BTreeMap::new();
    issuances(connection, |row| {
        // What is wrong with the row itself is said elsewhere.
        let Ok(issuance) = convert::issuance(&row, &names.numbers) else {
            return Ok(());
        };
        for asset in &issuance.content.assets {
            findings.checked(7);
            let known = kept.remove(&(asset.to_string(), row.id.clone()));
            findings.ensure(7, known, format!("issuance/{}", issuance.id), || {
                format!("is on {asset}, and the register does not know it")
            });
            if is_live(issuance.state) {
                let key = AssetKey {
                    asset: asset.clone(),
                    member: issuance.issuer.clone(),
                };
                let (from, until) = (issuance.content.period_from, issuance.content.period_until);
                uses.entry(key).or_default().push((from, until, issuance.id));
            }
        }
        Ok(())
    })?;
    for (asset, issuance) in kept {
        findings.add(
            7,
            format!("asset/{asset}"),
            format!("issuance {} does not name it", hex::encode(issuance)),
        );
    }
    for (key, mut times) in uses {
        times.sort_unstable();
        for pair in times.windows(2) {
            if let [(from, until, first), (next, _, second)] = pair {
                findings.ensure(7, next >= until && next != from, format!("asset/{key}"), || {
                    format!("has two live issuances for one time, {first} and {second}")
                });
            }
        }
    }
    Ok(())
}
