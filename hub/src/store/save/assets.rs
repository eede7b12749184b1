//! Writes what a batch changed of the asset register.

use crate::ledger::working::Working;
use crate::store::connection::StoreConnection;
use crate::store::convert::assets::{asset_row, conflict_row, entry_row, revision_row};
use crate::store::convert::id_bytes;
use crate::store::database::StoreError;
use crate::store::numbers::Numbers;
use crate::store::rows::AssetIssuanceRow;

/// Writes assets, their revisions, entries and conflicts, and which issuances name which assets. After the issuances.
pub(super) fn save<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let register = &working.register;
    let assets: Result<Vec<_>, _> = register
        .assets
        .changed()
        .map(|(_, one)| asset_row(one, numbers))
        .collect();
    connection.put_rows(&assets?)?;
    let revisions: Result<Vec<_>, _> = register.revised.iter().map(|one| revision_row(one, numbers)).collect();
    connection.insert_rows(&revisions?)?;
    let entries: Result<Vec<_>, _> = register.entries.changed().map(|(_, one)| entry_row(one)).collect();
    connection.put_rows(&entries?)?;
    let conflicts: Result<Vec<_>, _> = register
        .conflicts
        .changed()
        .map(|(_, one)| conflict_row(one, numbers))
        .collect();
    connection.put_rows(&conflicts?)?;
    let mut named = Vec::new();
    for (id, issuance) in working.issuances.changed() {
        named.extend(issuance.content.assets.iter().map(|asset| AssetIssuanceRow {
            asset: asset.to_string(),
            issuance: id_bytes(*id),
        }));
    }
    Ok(connection.keep_rows(&named)?)
}
