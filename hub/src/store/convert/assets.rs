//! Rows of the asset register to objects and back.

use std::sync::Arc;

use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState, Scheme};
use tanqiao_protocol::time::Timestamp;

use super::{content, json, parse};
use crate::ledger::objects::{AssetConflict, AssetKey, Contender, EntryKey, ListedEntry, RegisteredAsset, SchemeEntry};
use crate::store::database::StoreError;
use crate::store::numbers::Numbers;
use crate::store::rows::{AssetConflictRow, AssetRevisionRow, AssetRow, SchemeEntryRow};

pub(in crate::store) use super::state;

fn key(asset: &str, member_no: i32, numbers: &Numbers) -> Result<AssetKey, StoreError> {
    Ok(AssetKey {
        asset: asset.parse().map_err(content)?,
        member: numbers.members.name(member_no)?.clone(),
    })
}

/// A registration.
pub fn registered(row: &AssetRow, numbers: &Numbers) -> Result<RegisteredAsset, StoreError> {
    Ok(RegisteredAsset {
        key: key(&row.asset, row.member_no, numbers)?,
        state: state(AssetState::from_code(row.state), row.state)?,
        revision: u32::try_from(row.revision).map_err(content)?,
        content: Arc::new(parse(&row.content)?),
        revised_at: Timestamp::from_micros(row.revised_at),
        revision_index: row.revision_index,
        log_index: row.log_index,
    })
}

pub(in crate::store) fn asset_row(asset: &RegisteredAsset, numbers: &Numbers) -> Result<AssetRow, StoreError> {
    Ok(AssetRow {
        asset: asset.key.asset.to_string(),
        member_no: numbers.members.number(&asset.key.member)?,
        state: asset.state.code(),
        revision: i32::try_from(asset.revision).map_err(content)?,
        activity: asset.content.activity.to_string(),
        region: asset.content.region.to_string(),
        content: json(&asset.content)?,
        revised_at: asset.revised_at.micros(),
        revision_index: asset.revision_index,
        log_index: asset.log_index,
    })
}

pub(in crate::store) fn revision_row(
    asset: &RegisteredAsset,
    numbers: &Numbers,
) -> Result<AssetRevisionRow, StoreError> {
    let bounds = asset.content.place.bounds();
    Ok(AssetRevisionRow {
        log_index: asset.revision_index,
        asset: asset.key.asset.to_string(),
        member_no: numbers.members.number(&asset.key.member)?,
        revision: i32::try_from(asset.revision).map_err(content)?,
        activity: asset.content.activity.to_string(),
        west: bounds.west,
        south: bounds.south,
        east: bounds.east,
        north: bounds.north,
        content: json(&asset.content)?,
    })
}

/// Which entry.
pub fn entry_key(scheme: i16, reference: String) -> Result<EntryKey, StoreError> {
    Ok(EntryKey {
        scheme: state(Scheme::from_code(scheme), scheme)?,
        reference,
    })
}

/// An entry of a list.
pub fn entry(row: &SchemeEntryRow) -> Result<ListedEntry, StoreError> {
    let found: SchemeEntry = parse(&row.content)?;
    Ok(ListedEntry {
        content: Arc::new(found),
        log_index: row.log_index,
    })
}

pub(in crate::store) fn entry_row(entry: &ListedEntry) -> Result<SchemeEntryRow, StoreError> {
    let said = &entry.content;
    let bounds = said.place.as_ref().map(tanqiao_protocol::asset::Place::bounds);
    Ok(SchemeEntryRow {
        scheme: said.scheme.code(),
        reference: said.reference.clone(),
        asset: said.asset_id().map(|id| id.to_string()),
        activity: said.activity.to_string(),
        west: bounds.map(|b| b.west),
        south: bounds.map(|b| b.south),
        east: bounds.map(|b| b.east),
        north: bounds.map(|b| b.north),
        content: json(said)?,
        log_index: entry.log_index,
    })
}

/// A conflict about an asset.
pub fn conflict(row: &AssetConflictRow, numbers: &Numbers) -> Result<AssetConflict, StoreError> {
    let second = match (&row.other_asset, row.other_member_no, row.scheme, &row.reference) {
        (Some(asset), Some(member_no), None, None) => Contender::Asset(key(asset, member_no, numbers)?),
        (None, None, Some(scheme), Some(reference)) => Contender::Entry(entry_key(scheme, reference.clone())?),
        _ => return Err(content(format!("asset conflict {} has no second side", row.id))),
    };
    Ok(AssetConflict {
        id: row.id,
        kind: state(AssetConflictKind::from_code(row.kind), row.kind)?,
        state: state(AssetConflictState::from_code(row.state), row.state)?,
        first: key(&row.asset, row.member_no, numbers)?,
        second,
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(in crate::store) fn conflict_row(
    conflict: &AssetConflict,
    numbers: &Numbers,
) -> Result<AssetConflictRow, StoreError> {
    let (other, entry) = match &conflict.second {
        Contender::Asset(key) => (Some(key), None),
        Contender::Entry(key) => (None, Some(key)),
    };
    Ok(AssetConflictRow {
        id: conflict.id,
        kind: conflict.kind.code(),
        state: conflict.state.code(),
        asset: conflict.first.asset.to_string(),
        member_no: numbers.members.number(&conflict.first.member)?,
        other_asset: other.map(|key| key.asset.to_string()),
        other_member_no: other.map(|key| numbers.members.number(&key.member)).transpose()?,
        scheme: entry.map(|key| key.scheme.code()),
        reference: entry.map(|key| key.reference.clone()),
        content: json(&conflict.content)?,
        log_index: conflict.log_index,
    })
}
