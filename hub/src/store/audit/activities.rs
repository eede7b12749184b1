//! Issuances, what was found in screening them, and the assets that they name.

use super::{ROWS_PAGE, pages, select};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::row::Row as _;
use crate::store::rows::{
    AssetConflictRow, AssetIssuanceRow, AssetRevisionRow, AssetRow, ConflictRow, ContestedRow, DebtRow, IssuanceRow,
    PageRow, PositionRow, SchemeEntryRow, ScreeningRunRow, TokenOwnerRow,
};
use crate::store::statement::{Bind, Statement};

by_id!(
    /// Every issuance.
    issuances, IssuanceRow
);

by_id!(
    /// Every conflict.
    conflicts, ConflictRow
);

by_id!(
    /// Everything that members owe, or have covered.
    debts, DebtRow
);

/// Every activity that was held back, or lost.
///
/// # Errors
/// [`StoreError`].
pub fn contested(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ContestedRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    select::<ContestedRow>(connection, "ORDER BY issuance, idx", Vec::new())?
        .into_iter()
        .try_for_each(&mut visit)
}

/// Every run of the screening store that counts.
///
/// # Errors
/// [`StoreError`].
pub fn screening_runs(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ScreeningRunRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    select::<ScreeningRunRow>(connection, "ORDER BY run", Vec::new())?
        .into_iter()
        .try_for_each(&mut visit)
}

by_key!(
    /// Every page of activities, also of attempts that no run has named.
    issuance_pages, PageRow, vec![Bind::from(Vec::new()), Bind::I64(i64::MIN)],
    |row: &PageRow| vec![row.attempt.clone().into(), row.first_index.into()]
);

/// Where the serials of activities lie with which others collided.
///
/// # Errors
/// [`StoreError`].
pub fn positions(connection: &mut ReadConnection<'_>) -> Result<Vec<PositionRow>, StoreError> {
    select(connection, "ORDER BY issuance, idx", Vec::new())
}

/// Tokens of which the ledger says that an activity has taken them over, and that were not found in it when it was compared.
/// What a recovery took back was compared by a hub that is gone: nothing is known of it.
///
/// # Errors
/// [`StoreError`].
pub fn owners_without_share(connection: &mut ReadConnection<'_>) -> Result<Vec<TokenOwnerRow>, StoreError> {
    let sql = "SELECT o.* FROM token_owner o LEFT JOIN screening_run r ON r.issuance = o.issuance
        WHERE r.attempt IS NULL OR (EXISTS (SELECT 1 FROM issuance_page p WHERE p.attempt = r.attempt AND p.first_index = 0)
            AND NOT EXISTS (SELECT 1 FROM token_share s WHERE s.epoch = o.epoch AND s.token = o.token AND s.kind = o.kind
                AND s.attempt = r.attempt AND s.idx = o.idx))
        ORDER BY o.epoch, o.token, o.kind LIMIT 1000";
    connection.load(Statement::new(sql))
}

by_key!(
    /// Every registration of an asset.
    assets, AssetRow, vec!["".into(), Bind::I32(i32::MIN)],
    |row: &AssetRow| vec![row.asset.clone().into(), row.member_no.into()]
);

by_key!(
    /// Every revision of an asset.
    asset_revisions, AssetRevisionRow, vec![Bind::I64(i64::MIN)],
    |row: &AssetRevisionRow| vec![row.log_index.into()]
);

by_key!(
    /// Every asset that an issuance names.
    asset_issuances, AssetIssuanceRow, vec!["".into(), Bind::from(Vec::new())],
    |row: &AssetIssuanceRow| vec![row.asset.clone().into(), row.issuance.clone().into()]
);

by_key!(
    /// Every entry of another scheme's list.
    scheme_entries, SchemeEntryRow, vec![Bind::I16(i16::MIN), "".into()],
    |row: &SchemeEntryRow| vec![row.scheme.into(), row.reference.clone().into()]
);

by_key!(
    /// Every conflict about an asset.
    asset_conflicts, AssetConflictRow, vec![Bind::I64(i64::MIN)],
    |row: &AssetConflictRow| vec![row.id.into()]
);
