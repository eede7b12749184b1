//! What decisions about assets, lists and their conflicts read.

use tanqiao_protocol::asset::{Asset, AssetConflictState};
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::message::Issuance;

use super::Needs;
use crate::ledger::objects::{AssetConflict, AssetKey, Contender, SchemeEntry, SchemeList};
use crate::ledger::register::Search;
use crate::ledger::working::Working;

impl Needs {
    /// An asset that is registered or revised: itself, what is near it, and its conflicts with their other sides.
    pub(super) fn asset(&mut self, speaker: &NodeId, asset: &Asset, working: &Working) {
        // What is no place is refused, and searches for nothing.
        if asset.check().is_err() {
            return;
        }
        let key = AssetKey {
            asset: asset.asset.clone(),
            member: speaker.clone(),
        };
        self.asset_with_conflicts(&key, working);
        self.uses(&key, working);
        let search = Search::around(&asset.activity, &asset.place);
        // By their boxes: geometry is compared once, in the decision.
        for rival in working
            .register
            .near(&search)
            .into_iter()
            .chain(working.register.of_id(&asset.asset))
        {
            self.feed(&rival.member, working);
            self.contended(&rival, working);
        }
        self.search(search, working);
        self.asset_id(&asset.asset, working);
    }

    /// What an issuance names.
    pub(super) fn assets_of(&mut self, speaker: &NodeId, header: &Issuance, working: &Working) {
        for asset in &header.assets {
            let key = AssetKey {
                asset: asset.clone(),
                member: speaker.clone(),
            };
            self.one_asset(&key, working);
            self.contended(&key, working);
            self.uses(&key, working);
        }
    }

    /// Rows of a list: what is there of them, what they speak of, and what was issued on that.
    pub(super) fn list(&mut self, list: &SchemeList, working: &Working) {
        for row in &list.rows {
            let key = row.key();
            if !working.register.entries.knows(&key) {
                self.entries.insert(key);
            }
            self.row(row, working);
        }
    }

    fn row(&mut self, row: &SchemeEntry, working: &Working) {
        let mut keys: Vec<AssetKey> = Vec::new();
        if let Some(place) = &row.place {
            if place.check().is_err() {
                return;
            }
            let search = Search::around(&row.activity, place);
            keys.extend(working.register.near(&search));
            self.search(search, working);
        }
        if let Some(id) = row.asset_id() {
            keys.extend(working.register.of_id(&id));
            self.asset_id(&id, working);
        }
        for key in &keys {
            self.asset_with_conflicts(key, working);
            self.issued_on(key, working);
        }
    }

    /// A conflict that officers decide: both sides, whatever else they contend for, and what is or would be frozen.
    pub(super) fn asset_conflict(&mut self, id: i64, working: &Working) {
        match working.register.conflicts.get(&id) {
            Ok(Some(conflict)) => {
                let conflict: AssetConflict = conflict.clone();
                for key in conflict.sides() {
                    self.asset_with_conflicts(key, working);
                    self.issued_on(key, working);
                }
                for range in &conflict.content.frozen {
                    self.range(range, working);
                }
            }
            Ok(None) => {}
            Err(_) => drop(self.asset_conflicts.insert(id)),
        }
    }

    /// A registration, its open conflicts, their other sides, and the conflicts of these.
    fn asset_with_conflicts(&mut self, key: &AssetKey, working: &Working) {
        self.one_asset(key, working);
        self.contended(key, working);
        let Ok(conflicts) = working.register.conflicts(key) else {
            return;
        };
        for conflict in conflicts.iter().filter(|one| one.state == AssetConflictState::Open) {
            match conflict.other(key) {
                Contender::Asset(other) => {
                    self.one_asset(&other, working);
                    self.contended(&other, working);
                }
                Contender::Entry(entry) if !working.register.entries.knows(&entry) => {
                    self.entries.insert(entry);
                }
                Contender::Entry(_) => {}
            }
        }
    }

    /// The issuances on a registration, their blocks, and what binds these.
    fn issued_on(&mut self, key: &AssetKey, working: &Working) {
        self.uses(key, working);
        let Ok(Some(uses)) = working.register.uses.get(key) else {
            return;
        };
        let ranges: Vec<_> = uses
            .iter()
            .filter(|one| one.live)
            .flat_map(|one| one.blocks.clone())
            .collect();
        for range in &ranges {
            self.range(range, working);
        }
        self.bound_by(&ranges, working);
    }

    fn one_asset(&mut self, key: &AssetKey, working: &Working) {
        self.feed(&key.member, working);
        if !working.register.assets.knows(key) {
            self.assets.insert(key.clone());
        }
    }

    fn contended(&mut self, key: &AssetKey, working: &Working) {
        if !working.register.conflicts_of.knows(key) {
            self.asset_conflicts_of.insert(key.clone());
        }
    }

    fn uses(&mut self, key: &AssetKey, working: &Working) {
        if !working.register.uses.knows(key) {
            self.asset_uses.insert(key.clone());
        }
    }

    fn asset_id(&mut self, id: &Name, working: &Working) {
        if !working.register.by_id.knows(id) {
            self.asset_ids.insert(id.clone());
        }
    }

    fn search(&mut self, search: Search, working: &Working) {
        if !working.register.searches.contains_key(&search) {
            self.searches.insert(search);
        }
    }
}
