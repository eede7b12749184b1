//! Transfers, donations, pledges, issuances and retirements.

use tanqiao_protocol::id::{MessageId, NodeId};

use super::{MEMBER_NO, id_of, learn_series, limit, members, row, rows};
use crate::ledger::objects::{Donation, Issuance, Pledge, Retirement, Transfer};
use crate::store::convert::{self, id_bytes};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{DonationRow, IssuanceRow, PledgeRow, RetirementRow, TransferRow};
use crate::store::statement::Bind;

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// After this id.
    pub after: Option<MessageId>,
    /// So many at most.
    pub limit: usize,
}

impl Window {
    pub(super) fn after(self) -> Bind<'static> {
        Bind::from(self.after.map(id_bytes).unwrap_or_default())
    }
}

/// One transfer.
///
/// # Errors
/// [`StoreError`].
pub fn transfer(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Transfer>, StoreError> {
    let found: Option<TransferRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| convert::transfer(&row, &members(connection)?))
        .transpose()
}

/// The transfers of a member, as source or target, oldest first; `open` for those that have not ended.
///
/// # Errors
/// [`StoreError`].
pub fn transfers(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    open: bool,
    window: Window,
) -> Result<Vec<Transfer>, StoreError> {
    let open = if open { "state < 10 AND " } else { "" };
    let sql = format!("{open}(source_no = {MEMBER_NO} OR target_no = {MEMBER_NO}) AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<TransferRow> = rows(
        connection,
        &sql,
        vec![id_of(member), id_of(member), window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::transfer(row, &numbers)).collect()
}

/// One donation.
///
/// # Errors
/// [`StoreError`].
pub fn donation(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Donation>, StoreError> {
    let found: Option<DonationRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| convert::donation(&row, &members(connection)?))
        .transpose()
}

/// The donations of a member, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn donations(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    window: Window,
) -> Result<Vec<Donation>, StoreError> {
    let sql = format!("donor_no = {MEMBER_NO} AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<DonationRow> = rows(
        connection,
        &sql,
        vec![id_of(member), window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::donation(row, &numbers)).collect()
}

/// The donations to an event, oldest first; `open` for those that nobody has decided yet.
///
/// # Errors
/// [`StoreError`].
pub fn donations_to(
    connection: &mut ReadConnection<'_>,
    event: &str,
    open: bool,
    window: Window,
) -> Result<Vec<Donation>, StoreError> {
    let open = if open { "state < 10 AND " } else { "" };
    let sql = format!("{open}event = ? AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<DonationRow> = rows(
        connection,
        &sql,
        vec![event.into(), window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::donation(row, &numbers)).collect()
}

/// Every open transfer, oldest first: for officers.
///
/// # Errors
/// [`StoreError`].
pub fn open_transfers(connection: &mut ReadConnection<'_>, window: Window) -> Result<Vec<Transfer>, StoreError> {
    let found: Vec<TransferRow> = rows(
        connection,
        "state < 10 AND id > ? ORDER BY id LIMIT ?",
        vec![window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::transfer(row, &numbers)).collect()
}

/// One pledge.
///
/// # Errors
/// [`StoreError`].
pub fn pledge(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Pledge>, StoreError> {
    let found: Option<PledgeRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| convert::pledge(&row, &members(connection)?))
        .transpose()
}

/// The pledges of a member, as debtor or pledgee, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn pledges(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    window: Window,
) -> Result<Vec<Pledge>, StoreError> {
    let sql = format!("(debtor_no = {MEMBER_NO} OR pledgee_no = {MEMBER_NO}) AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<PledgeRow> = rows(
        connection,
        &sql,
        vec![id_of(member), id_of(member), window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::pledge(row, &numbers)).collect()
}

/// One issuance.
///
/// # Errors
/// [`StoreError`].
pub fn issuance(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Issuance>, StoreError> {
    let found: Vec<IssuanceRow> = rows(connection, "id = ?", vec![id_bytes(id).into()])?;
    Ok(issued(connection, &found)?.pop())
}

/// The issuances of a member, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn issuances(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    window: Window,
) -> Result<Vec<Issuance>, StoreError> {
    let sql = format!("member_no = {MEMBER_NO} AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<IssuanceRow> = rows(
        connection,
        &sql,
        vec![id_of(member), window.after(), limit(window.limit)],
    )?;
    issued(connection, &found)
}

pub(super) fn issued(connection: &mut ReadConnection<'_>, found: &[IssuanceRow]) -> Result<Vec<Issuance>, StoreError> {
    let mut numbers = members(connection)?;
    learn_series(
        connection,
        &mut numbers,
        found.iter().filter_map(|row| row.series_no).collect(),
    )?;
    found.iter().map(|row| convert::issuance(row, &numbers)).collect()
}

/// One retirement, or the retirement that a committed donation is.
///
/// # Errors
/// [`StoreError`].
pub fn retirement(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Retirement>, StoreError> {
    let found: Option<RetirementRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| convert::retirement(&row, &members(connection)?))
        .transpose()
}

/// The retirements of a member, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn retirements(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    window: Window,
) -> Result<Vec<Retirement>, StoreError> {
    let sql = format!("member_no = {MEMBER_NO} AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<RetirementRow> = rows(
        connection,
        &sql,
        vec![id_of(member), window.after(), limit(window.limit)],
    )?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::retirement(row, &numbers)).collect()
}
