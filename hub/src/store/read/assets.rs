//! Registered assets, and the conflicts about them.

use std::collections::BTreeSet;

use tanqiao_protocol::asset::AssetState;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::region::RegionCode;

use super::claims::within;
use super::{MEMBER_NO, limit, many_texts, members, one_of_texts, rows};
use crate::ledger::objects::{AssetConflict, EntryKey, ListedEntry, RegisteredAsset};
use crate::store::convert::assets as convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{AssetConflictRow, AssetRevisionRow, AssetRow, SchemeEntryRow};
use crate::store::statement::Bind;

/// Which assets.
#[derive(Debug, Clone, Default)]
pub struct AssetsAsked {
    /// In this region.
    pub region: Option<RegionCode>,
    /// Of this class.
    pub activity: Option<Name>,
    /// Registered by this member.
    pub member: Option<NodeId>,
    /// In this state.
    pub state: Option<AssetState>,
    /// With this id.
    pub id: Option<Name>,
    /// After this registration.
    pub after: Option<(Name, NodeId)>,
}

/// Registrations, by asset and member. A region is one of its codes: `4201` and what begins so lies in 420100.
///
/// # Errors
/// [`StoreError`].
pub fn assets(
    connection: &mut ReadConnection<'_>,
    asked: &AssetsAsked,
    most: usize,
) -> Result<Vec<RegisteredAsset>, StoreError> {
    let numbers = members(connection)?;
    let mut condition = String::from("1 = 1");
    let mut binds: Vec<Bind<'static>> = Vec::new();
    let mut and = |sql: &str, values: Vec<Bind<'static>>| {
        condition.push_str(" AND ");
        condition.push_str(sql);
        binds.extend(values);
    };
    if let Some(region) = &asked.region {
        let (first, last) = within(*region);
        and("region >= ? AND region <= ?", vec![first.into(), last.into()]);
    }
    if let Some(activity) = &asked.activity {
        and("activity = ?", vec![activity.to_string().into()]);
    }
    if let Some(member) = &asked.member {
        and(&format!("member_no = {MEMBER_NO}"), vec![member.to_string().into()]);
    }
    if let Some(state) = asked.state {
        and("state = ?", vec![state.code().into()]);
    }
    if let Some(id) = &asked.id {
        and("asset = ?", vec![id.to_string().into()]);
    }
    if let Some((asset, member)) = &asked.after {
        let number = numbers.members.find(member).unwrap_or(i32::MAX);
        and(
            "(asset, member_no) > (?, ?)",
            vec![asset.to_string().into(), number.into()],
        );
    }
    condition.push_str(" ORDER BY asset, member_no LIMIT ?");
    binds.push(limit(most));
    let found: Vec<AssetRow> = rows(connection, &condition, binds)?;
    found.iter().map(|row| convert::registered(row, &numbers)).collect()
}

/// The registrations of one id; more than one where members contend for it.
///
/// # Errors
/// [`StoreError`].
pub fn registrations(connection: &mut ReadConnection<'_>, id: &Name) -> Result<Vec<RegisteredAsset>, StoreError> {
    let asked = AssetsAsked {
        id: Some(id.clone()),
        ..AssetsAsked::default()
    };
    assets(connection, &asked, usize::MAX)
}

/// Every revision of an id: whose, which, and its leaf, in the order of the log.
///
/// # Errors
/// [`StoreError`].
pub fn revisions(connection: &mut ReadConnection<'_>, id: &Name) -> Result<Vec<(NodeId, u32, i64)>, StoreError> {
    let numbers = members(connection)?;
    let found: Vec<AssetRevisionRow> = rows(connection, "asset = ? ORDER BY log_index", vec![id.to_string().into()])?;
    found
        .into_iter()
        .map(|row| {
            let member = numbers.members.name(row.member_no)?.clone();
            let revision = u32::try_from(row.revision).map_err(crate::store::convert::content)?;
            Ok((member, revision, row.log_index))
        })
        .collect()
}

/// Which conflicts.
#[derive(Debug, Clone, Default)]
pub struct ConflictsAsked {
    /// About this asset, on either side.
    pub asset: Option<Name>,
    /// With a registration of this member.
    pub member: Option<NodeId>,
    /// Open ones, or ended ones.
    pub open: Option<bool>,
    /// After this number.
    pub after: Option<i64>,
}

/// Conflicts about assets, by number.
///
/// # Errors
/// [`StoreError`].
pub fn conflicts(
    connection: &mut ReadConnection<'_>,
    asked: &ConflictsAsked,
    most: usize,
) -> Result<Vec<AssetConflict>, StoreError> {
    let numbers = members(connection)?;
    let mut condition = String::from("id > ?");
    let mut binds: Vec<Bind<'static>> = vec![asked.after.unwrap_or(-1).into()];
    if let Some(asset) = &asked.asset {
        condition.push_str(" AND (asset = ? OR other_asset = ?)");
        binds.extend([asset.to_string().into(), asset.to_string().into()]);
    }
    if let Some(member) = &asked.member {
        condition.push_str(" AND (member_no = ");
        condition.push_str(MEMBER_NO);
        condition.push_str(" OR other_member_no = ");
        condition.push_str(MEMBER_NO);
        condition.push(')');
        binds.extend([member.to_string().into(), member.to_string().into()]);
    }
    match asked.open {
        Some(true) => condition.push_str(" AND state < 10"),
        Some(false) => condition.push_str(" AND state >= 10"),
        None => {}
    }
    condition.push_str(" ORDER BY id LIMIT ?");
    binds.push(limit(most));
    let found: Vec<AssetConflictRow> = rows(connection, &condition, binds)?;
    found.iter().map(|row| convert::conflict(row, &numbers)).collect()
}

/// The entries of these that are listed.
///
/// # Errors
/// [`StoreError`].
pub fn entries<'a>(
    connection: &mut ReadConnection<'_>,
    keys: impl IntoIterator<Item = &'a EntryKey>,
) -> Result<Vec<ListedEntry>, StoreError> {
    let keys: BTreeSet<&EntryKey> = keys.into_iter().collect();
    let references: BTreeSet<String> = keys.iter().map(|key| key.reference.clone()).collect();
    let (condition, references) = (
        one_of_texts(connection, "reference"),
        many_texts(connection, references.into_iter().collect()),
    );
    let found: Vec<SchemeEntryRow> = rows(connection, &condition, vec![references])?;
    let found: Result<Vec<ListedEntry>, StoreError> = found.iter().map(convert::entry).collect();
    Ok(found?
        .into_iter()
        .filter(|entry| keys.contains(&entry.content.key()))
        .collect())
}
