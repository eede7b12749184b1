//! Events, and what was given under mappings.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Text};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Grams;

use super::{limit, row, rows};
use crate::ledger::objects::Event;
use crate::store::convert::{self, content};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::EventRow;
use crate::store::statement::Statement;

/// Events after a name, in the order of their names.
///
/// # Errors
/// [`StoreError`].
pub fn list(connection: &mut ReadConnection<'_>, after: &str, most: usize) -> Result<Vec<Event>, StoreError> {
    let found: Vec<EventRow> = rows(
        connection,
        "name > ? ORDER BY name LIMIT ?",
        vec![after.into(), limit(most)],
    )?;
    found.iter().map(convert::event).collect()
}

/// One event.
///
/// # Errors
/// [`StoreError`].
pub fn find(connection: &mut ReadConnection<'_>, name: &str) -> Result<Option<Event>, StoreError> {
    let found: Option<EventRow> = row(connection, "name = ?", vec![name.into()])?;
    found.as_ref().map(convert::event).transpose()
}

#[derive(diesel::QueryableByName)]
struct Given {
    #[diesel(sql_type = Text)]
    mapping: String,
    #[diesel(sql_type = BigInt)]
    grams: i64,
}

/// What was given under each mapping version in a year, reserved and committed.
///
/// # Errors
/// [`StoreError`].
pub fn given_under_mappings(
    connection: &mut ReadConnection<'_>,
    year: i32,
) -> Result<BTreeMap<MappingRef, Grams>, StoreError> {
    let sql = "SELECT mapping.reference AS mapping, mapping_cap.reserved_g + mapping_cap.committed_g AS grams
               FROM mapping_cap JOIN mapping ON mapping.no = mapping_cap.mapping_no WHERE mapping_cap.year = ?";
    let rows: Vec<Given> = connection.load(Statement::new(sql).bind(year))?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.mapping.parse().map_err(content)?,
                Grams::new(row.grams).map_err(content)?,
            ))
        })
        .collect()
}
