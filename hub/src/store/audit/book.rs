//! Blocks, and what members do with them.

use std::collections::BTreeMap;

use tanqiao_protocol::id::MessageId;

use super::{BYTES_PAGE, ROWS_PAGE, one_of, pages, select};
use crate::store::connection::Readable;
use crate::store::convert::id_bytes;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::row::Row;
use crate::store::rows::{
    BlockRow, CapRow, ChallengeRow, ClaimRow, DonationRow, EventRow, ExplanationRow, IssuanceRow, PermissionRow,
    PledgeRow, ReconciliationRow, RetirementRow, TransferRow,
};
use crate::store::statement::Bind;

fn block_place(row: &BlockRow) -> Vec<Bind<'static>> {
    vec![row.series_no.into(), row.first.into()]
}

/// Every block, by number of the series and first serial.
///
/// # Errors
/// [`StoreError`].
pub fn blocks(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(BlockRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let from = vec![Bind::I64(i64::MIN), Bind::I64(0)];
    pages(
        connection,
        ("", &[]),
        "series_no, first",
        ROWS_PAGE,
        from,
        block_place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

/// Every block of one holder.
///
/// # Errors
/// [`StoreError`].
pub fn blocks_of(
    connection: &mut ReadConnection<'_>,
    holder: i32,
    mut visit: impl FnMut(BlockRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let from = vec![Bind::I64(i64::MIN), Bind::I64(0)];
    let condition = ("holder = ? AND ", &[Bind::from(holder)][..]);
    pages(
        connection,
        condition,
        "series_no, first",
        ROWS_PAGE,
        from,
        block_place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

by_id!(
    /// Every transfer.
    transfers, TransferRow
);

by_id!(
    /// Every donation.
    donations, DonationRow
);

by_id!(
    /// Every pledge.
    pledges, PledgeRow
);

by_id!(
    /// Every retirement.
    retirements, RetirementRow
);

by_id!(
    /// Every challenge.
    challenges, ChallengeRow
);

by_id!(
    /// Every reconciliation.
    reconciliations, ReconciliationRow
);

by_id!(
    /// Every permission to link two obligations.
    permissions, PermissionRow
);

/// Every retirement with the rows by which its claim is found.
///
/// # Errors
/// [`StoreError`].
pub fn claimed(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(RetirementRow, Vec<ClaimRow>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &RetirementRow| vec![row.id.clone().into()];
    let from = vec![Bind::from(Vec::new())];
    pages(
        connection,
        ("", &[]),
        "id",
        ROWS_PAGE,
        from,
        place,
        |connection, rows: Vec<RetirementRow>| {
            let ids = rows.iter().map(|row| row.id.clone()).collect();
            let mut found: BTreeMap<Vec<u8>, Vec<ClaimRow>> = BTreeMap::new();
            for claim in one_of::<ClaimRow>(connection, "retirement", ids)? {
                found.entry(claim.retirement.clone()).or_default().push(claim);
            }
            rows.into_iter().try_for_each(|row| {
                let claims = found.remove(&row.id).unwrap_or_default();
                visit(row, claims)
            })
        },
    )
}

/// Some transfers.
///
/// # Errors
/// [`StoreError`].
pub fn some_transfers(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<TransferRow>, StoreError> {
    by_ids(connection, ids)
}

/// Some donations.
///
/// # Errors
/// [`StoreError`].
pub fn some_donations(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<DonationRow>, StoreError> {
    by_ids(connection, ids)
}

/// Some issuances.
///
/// # Errors
/// [`StoreError`].
pub fn some_issuances(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<IssuanceRow>, StoreError> {
    by_ids(connection, ids)
}

fn by_ids<R: Row + Readable>(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<R>, StoreError> {
    one_of(connection, "id", ids.iter().copied().map(id_bytes).collect())
}

/// Every event.
///
/// # Errors
/// [`StoreError`].
pub fn events(connection: &mut ReadConnection<'_>) -> Result<Vec<EventRow>, StoreError> {
    select(connection, "ORDER BY name", Vec::new())
}

/// Every cap counter.
///
/// # Errors
/// [`StoreError`].
pub fn caps(connection: &mut ReadConnection<'_>) -> Result<Vec<CapRow>, StoreError> {
    select(connection, "ORDER BY mapping_no, year", Vec::new())
}

/// Every explanation of a mapping, as last examined.
///
/// # Errors
/// [`StoreError`].
pub fn explanations(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ExplanationRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &ExplanationRow| vec![Bind::from(row.mapping_no)];
    let from = vec![Bind::from(i32::MIN)];
    pages(
        connection,
        ("", &[]),
        "mapping_no",
        BYTES_PAGE,
        from,
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}
