//! The life of a serial: every leaf of the log that changed it, from its issuance on.

use diesel::sql_types::{BigInt, Binary};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::serial::SeriesRef;

use crate::store::convert::content;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

/// The most leaves that a life has here; the log itself has all.
const LEAVES_MAX: usize = 1_000;

#[derive(diesel::QueryableByName)]
struct LeafRow {
    #[diesel(sql_type = BigInt)]
    idx: i64,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

/// The leaves from `first` to `last` that changed a serial, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn leaves(
    connection: &mut ReadConnection<'_>,
    series: &SeriesRef,
    serial: i64,
    first: i64,
    last: i64,
) -> Result<Vec<Leaf>, StoreError> {
    let mut life = Vec::new();
    visit(connection, &[series], (first, last), |mut leaf| {
        let about = |block: &tanqiao_protocol::serial::BlockRef| {
            block.series == *series && block.range.first() <= serial && serial <= block.range.last()
        };
        leaf.changes.retain(|change| about(&change.block));
        if !leaf.changes.is_empty() {
            life.push(leaf);
        }
        Ok(life.len() < LEAVES_MAX)
    })?;
    Ok(life)
}

/// The most series for whose names the database looks; for more it is quicker to read every leaf.
const NAMES_MAX: usize = 8;

/// Visits the leaves from the first to the last that name a block of one of the series, oldest first, until it is told to stop; where
/// there are many series, other leaves too. The log has no index by serial: the database looks through the leaves in between for the
/// names, once, so that only those leave it.
///
/// # Errors
/// [`StoreError`]; those of `see`.
pub fn visit(
    connection: &mut ReadConnection<'_>,
    series: &[&SeriesRef],
    (first, last): (i64, i64),
    mut see: impl FnMut(Leaf) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let contains = if connection.is_postgres() {
        "position(?::bytea IN bytes) > 0"
    } else {
        "instr(bytes, ?) > 0"
    };
    let names: Vec<Vec<u8>> = match series {
        [] => return Ok(()),
        few if few.len() <= NAMES_MAX => few.iter().map(|series| format!("\"{series}/").into_bytes()).collect(),
        _ => vec![b"\"changes\":[".to_vec()],
    };
    let condition = vec![contains; names.len()].join(" OR ");
    let sql =
        format!("SELECT idx, bytes FROM leaf WHERE idx >= ? AND idx <= ? AND ({condition}) ORDER BY idx LIMIT 200");
    let mut next = first;
    loop {
        let mut statement = Statement::new(sql.as_str()).bind(next).bind(last);
        for name in &names {
            statement = statement.bind(name.as_slice());
        }
        let rows: Vec<LeafRow> = connection.load(statement)?;
        let Some(end) = rows.last().map(|row| row.idx) else {
            return Ok(());
        };
        for row in rows {
            if !see(serde_json::from_slice(&row.bytes).map_err(content)?)? {
                return Ok(());
            }
        }
        next = end + 1;
    }
}

/// One leaf's bytes.
///
/// # Errors
/// [`StoreError`].
pub fn leaf_bytes(connection: &mut ReadConnection<'_>, index: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let rows: Vec<LeafRow> =
        connection.load(Statement::new("SELECT idx, bytes FROM leaf WHERE idx = ?").bind(index))?;
    Ok(rows.into_iter().next().map(|row| row.bytes))
}
