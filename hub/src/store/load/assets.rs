//! Loads what decisions read of the asset register, and catches up with what was registered since.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
use tanqiao_protocol::asset::Bounds;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::serial::{BlockRef, SerialRange};

use crate::ledger::decide::is_live;
use crate::ledger::nearby::Nearby;
use crate::ledger::needs::Needs;
use crate::ledger::objects::{AssetKey, AssetUse, EntryKey};
use crate::ledger::register::NEAR_MAX;
use crate::ledger::working::Working;
use crate::store::connection::StoreConnection;
use crate::store::convert::assets::{conflict, entry, entry_key, registered, state};
use crate::store::convert::{content, message_id, parse};
use crate::store::database::StoreError;
use crate::store::numbers::Numbers;
use crate::store::row::row;
use crate::store::rows::{AssetConflictRow, AssetRow, ContestedRow, SchemeEntryRow, SeriesRow};
use crate::store::statement::Statement;

row!(SpotRow in "asset_revision", key "log_index", {
    asset: Text => String, member_no: Integer => i32, activity: Text => String, west: Integer => i32, south: Integer => i32,
    east: Integer => i32, north: Integer => i32,
});
row!(EntrySpotRow in "scheme_entry", key "reference", {
    scheme: SmallInt => i16, reference: Text => String, activity: Text => String, west: Nullable<Integer> => Option<i32>,
    south: Nullable<Integer> => Option<i32>, east: Nullable<Integer> => Option<i32>, north: Nullable<Integer> => Option<i32>,
});
row!(UseRow in "asset_issuance", key "asset, issuance", {
    asset: Text => String, issuance: Binary => Vec<u8>, member_no: Integer => i32, state: SmallInt => i16, content: Text => String,
    series_no: Nullable<BigInt> => Option<i64>, first: Nullable<BigInt> => Option<i64>, last: Nullable<BigInt> => Option<i64>,
});

/// The period in the header of an issuance.
#[derive(serde::Deserialize)]
struct Period {
    period_from: tanqiao_protocol::time::Timestamp,
    period_until: tanqiao_protocol::time::Timestamp,
}

/// Reads what was registered and listed up to the head that this transaction holds.
pub(super) fn catch_up<C: StoreConnection>(
    connection: &mut C,
    head: i64,
    nearby: &mut Nearby,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    if nearby.seen >= head {
        return Ok(());
    }
    let sql = "SELECT asset, member_no, activity, west, south, east, north FROM asset_revision WHERE log_index >= ? ORDER BY log_index";
    let mut spots = Vec::new();
    for row in connection.select::<SpotRow>(Statement::new(sql).bind(nearby.seen))? {
        let key = AssetKey {
            asset: row.asset.parse().map_err(content)?,
            member: numbers.members.name(row.member_no)?.clone(),
        };
        let bounds = Bounds {
            west: row.west,
            south: row.south,
            east: row.east,
            north: row.north,
        };
        spots.push((key, row.activity.parse::<Name>().map_err(content)?, bounds));
    }
    nearby.assets.extend(spots);
    let sql = "SELECT scheme, reference, activity, west, south, east, north FROM scheme_entry WHERE log_index >= ? ORDER BY log_index";
    let mut spots = Vec::new();
    for row in connection.select::<EntrySpotRow>(Statement::new(sql).bind(nearby.seen))? {
        let key = entry_key(row.scheme, row.reference)?;
        match (row.west, row.south, row.east, row.north) {
            (Some(west), Some(south), Some(east), Some(north)) => {
                let bounds = Bounds {
                    west,
                    south,
                    east,
                    north,
                };
                spots.push((key, row.activity.parse::<Name>().map_err(content)?, bounds));
            }
            _ => nearby.entries.remove(&key),
        }
    }
    nearby.entries.extend(spots);
    nearby.seen = head;
    Ok(())
}

/// Loads what `needs` names of the register.
pub(super) fn load<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
    nearby: &mut Nearby,
) -> Result<(), StoreError> {
    let mut assets: BTreeSet<AssetKey> = needs.assets.clone();
    let mut entries: BTreeSet<EntryKey> = needs.entries.clone();
    if !needs.searches.is_empty() {
        catch_up(connection, working.head.size, nearby, numbers)?;
    }
    for search in &needs.searches {
        let found = nearby.assets.find(&search.activity, &search.bounds, NEAR_MAX);
        let listed = nearby.entries.find(&search.activity, &search.bounds, NEAR_MAX);
        let too_many = found.len() > NEAR_MAX || listed.len() > NEAR_MAX;
        working.register.searches.insert(search.clone(), too_many);
        if !too_many {
            assets.extend(found.into_iter().filter(|key| !working.register.assets.knows(key)));
            entries.extend(listed.into_iter().filter(|key| !working.register.entries.knows(key)));
        }
    }
    load_assets(connection, &assets, &needs.asset_ids, working, numbers)?;
    load_entries(connection, &entries, &needs.asset_ids, working)?;
    load_uses(connection, &needs.asset_uses, working, numbers)?;
    load_conflicts(connection, needs, working, numbers)
}

fn load_assets<C: StoreConnection>(
    connection: &mut C,
    keys: &BTreeSet<AssetKey>,
    ids: &BTreeSet<Name>,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let names: BTreeSet<&Name> = keys.iter().map(|key| &key.asset).chain(ids).collect();
    if names.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM asset WHERE {}", C::is_one_of("asset", false));
    let texts = names.iter().map(ToString::to_string).collect();
    let mut by_id: BTreeMap<Name, Vec<AssetKey>> = ids.iter().map(|id| (id.clone(), Vec::new())).collect();
    for row in connection.select::<AssetRow>(Statement::new(sql).bind(C::many_texts(texts)))? {
        let asset = registered(&row, numbers)?;
        if let Some(keys) = by_id.get_mut(&asset.key.asset) {
            keys.push(asset.key.clone());
        }
        working.register.load_asset(asset);
    }
    for key in keys {
        working.register.assets.load(key.clone(), None);
    }
    for (id, mut keys) in by_id {
        keys.sort_unstable();
        working.register.by_id.load(id, Some(keys));
    }
    Ok(())
}

fn load_entries<C: StoreConnection>(
    connection: &mut C,
    keys: &BTreeSet<EntryKey>,
    ids: &BTreeSet<Name>,
    working: &mut Working,
) -> Result<(), StoreError> {
    if !keys.is_empty() {
        let sql = format!("SELECT * FROM scheme_entry WHERE {}", C::is_one_of("reference", false));
        let references = keys.iter().map(|key| key.reference.clone()).collect();
        for row in connection.select::<SchemeEntryRow>(Statement::new(sql).bind(C::many_texts(references)))? {
            working.register.load_entry(entry(&row)?);
        }
    }
    for key in keys {
        working.register.entries.load(key.clone(), None);
    }
    if ids.is_empty() {
        return Ok(());
    }
    let mut by_id: BTreeMap<Name, Vec<EntryKey>> = ids.iter().map(|id| (id.clone(), Vec::new())).collect();
    let sql = format!("SELECT * FROM scheme_entry WHERE {}", C::is_one_of("asset", false));
    let texts = ids.iter().map(ToString::to_string).collect();
    for row in connection.select::<SchemeEntryRow>(Statement::new(sql).bind(C::many_texts(texts)))? {
        let entry = entry(&row)?;
        if let Some(keys) = entry.content.asset_id().and_then(|id| by_id.get_mut(&id)) {
            keys.push(entry.content.key());
        }
        working.register.load_entry(entry);
    }
    for (id, mut keys) in by_id {
        keys.sort_unstable();
        working.register.entries_by_id.load(id, Some(keys));
    }
    Ok(())
}

fn load_uses<C: StoreConnection>(
    connection: &mut C,
    keys: &BTreeSet<AssetKey>,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT a.asset, a.issuance, i.member_no, i.state, i.content, i.series_no, i.first, i.last FROM asset_issuance a
            JOIN issuance i ON i.id = a.issuance WHERE {}",
        C::is_one_of("a.asset", false)
    );
    let names: BTreeSet<String> = keys.iter().map(|key| key.asset.to_string()).collect();
    let rows = connection.select::<UseRow>(Statement::new(sql).bind(C::many_texts(names.into_iter().collect())))?;
    learn_series(connection, rows.iter().filter_map(|row| row.series_no), numbers)?;
    let released = load_released(connection, rows.iter().map(|row| row.issuance.clone()).collect())?;
    let mut found: BTreeMap<AssetKey, Vec<AssetUse>> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    for row in rows {
        let key = AssetKey {
            asset: row.asset.parse().map_err(content)?,
            member: numbers.members.name(row.member_no)?.clone(),
        };
        let Some(uses) = found.get_mut(&key) else { continue };
        let period: Period = parse(&row.content)?;
        let mut runs = released.get(&row.issuance).cloned().unwrap_or_default();
        runs.extend(row.first.zip(row.last));
        let mut blocks = Vec::new();
        if let Some(series) = row.series_no {
            for (first, last) in runs {
                blocks.push(BlockRef {
                    series: numbers.series.name(series)?.clone(),
                    range: SerialRange::new(first, last).map_err(content)?,
                });
            }
        }
        uses.push(AssetUse {
            issuance: message_id(&row.issuance)?,
            from: period.period_from,
            until: period.period_until,
            live: is_live(state(
                tanqiao_protocol::transfer::IssuanceState::from_code(row.state),
                row.state,
            )?),
            blocks,
        });
    }
    for (key, mut uses) in found {
        uses.sort_unstable_by_key(|one| one.issuance);
        working.register.uses.load(key, Some(uses));
    }
    Ok(())
}

/// Runs of serials, first and last, by issuance.
type Runs = BTreeMap<Vec<u8>, Vec<(i64, i64)>>;

/// The runs of serials that activities were given later, after they had been held back, by issuance.
fn load_released<C: StoreConnection>(connection: &mut C, issuances: Vec<Vec<u8>>) -> Result<Runs, StoreError> {
    if issuances.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT * FROM contested_activity WHERE first IS NOT NULL AND {}",
        C::is_one_of("issuance", true)
    );
    let mut released = Runs::new();
    for row in connection.select::<ContestedRow>(Statement::new(sql).bind(C::many_bytes(issuances)))? {
        released
            .entry(row.issuance)
            .or_default()
            .extend(row.first.zip(row.last));
    }
    Ok(released)
}

fn learn_series<C: StoreConnection>(
    connection: &mut C,
    series: impl Iterator<Item = i64>,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    let unknown: BTreeSet<i64> = series.filter(|no| numbers.series.name(*no).is_err()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM series WHERE {}", C::is_one_of("no", false));
    let statement = Statement::new(sql).bind(C::many_i64(unknown.into_iter().collect()));
    for row in connection.select::<SeriesRow>(statement)? {
        numbers.series.learn(row.reference.parse().map_err(content)?, row.no);
    }
    Ok(())
}

fn load_conflicts<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    if !needs.asset_conflicts.is_empty() {
        let sql = format!("SELECT * FROM asset_conflict WHERE {}", C::is_one_of("id", false));
        let ids = needs.asset_conflicts.iter().copied().collect();
        for row in connection.select::<AssetConflictRow>(Statement::new(sql).bind(C::many_i64(ids)))? {
            let found = conflict(&row, numbers)?;
            working.register.conflicts.load(found.id, Some(found));
        }
        for id in &needs.asset_conflicts {
            working.register.conflicts.load(*id, None);
        }
    }
    if needs.asset_conflicts_of.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<String> = needs
        .asset_conflicts_of
        .iter()
        .map(|key| key.asset.to_string())
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let sql = format!(
        "SELECT * FROM asset_conflict WHERE {} OR {} ORDER BY id",
        C::is_one_of("asset", false),
        C::is_one_of("other_asset", false)
    );
    let statement = Statement::new(sql)
        .bind(C::many_texts(names.clone()))
        .bind(C::many_texts(names));
    let mut found: BTreeMap<&AssetKey, Vec<i64>> =
        needs.asset_conflicts_of.iter().map(|key| (key, Vec::new())).collect();
    for row in connection.select::<AssetConflictRow>(statement)? {
        let conflict = conflict(&row, numbers)?;
        for key in conflict.sides().collect::<BTreeSet<_>>() {
            if let Some(ids) = found.get_mut(key) {
                ids.push(conflict.id);
            }
        }
        working.register.conflicts.load(conflict.id, Some(conflict));
    }
    for (key, ids) in found {
        working.register.conflicts_of.load(key.clone(), Some(ids));
    }
    Ok(())
}
