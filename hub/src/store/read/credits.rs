//! Listings: what members expose for cross-region use.

use tanqiao_protocol::id::NodeId;

use super::{id_of, limit, members, rows};
use crate::ledger::objects::Listing;
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::ListingRow;

/// Listings with something on offer, after a member's number and name, in that order.
///
/// # Errors
/// [`StoreError`].
pub fn list(
    connection: &mut ReadConnection<'_>,
    after: Option<(&NodeId, &str)>,
    most: usize,
) -> Result<Vec<Listing>, StoreError> {
    let (after_sql, mut binds) = match after {
        Some((member, name)) => (
            "(member_no, name) > ((SELECT no FROM member WHERE id = ?), ?)",
            vec![id_of(member), name.into()],
        ),
        None => ("member_no >= 0", Vec::new()),
    };
    let sql = format!("{after_sql} AND quantity_g > 0 ORDER BY member_no, name LIMIT ?");
    binds.push(limit(most));
    let found: Vec<ListingRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::listing(row, &numbers)).collect()
}
