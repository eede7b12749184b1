//! The book built anew from the feed as it was received.

use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::lattice::SetDigest;

use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::exchange::apply::{Applying, start};
use crate::exchange::feed::Checked;
use crate::store::rows::{CursorRow, EntryRow};
use crate::store::{StoreError, Tx};

/// Entries that are read at once.
const ENTRIES_AT_ONCE: i64 = 500;

/// Builds the book anew from the entries up to `until`, and gives the cursor there. Accounts are not touched.
///
/// # Errors
/// [`ExchangeError::Contradiction`] if an entry does not fit: then the entries are not those that were applied.
pub(crate) fn rebuild(tx: &mut dyn Tx, member: &NodeId, until: i64) -> Result<CursorRow, NodeError> {
    tx.delete_blocks()?;
    let mut work = Applying {
        member,
        lattice: SetDigest::new(),
    };
    let mut cursor = start();
    while cursor.seq < until {
        let page = tx.entries(cursor.seq, ENTRIES_AT_ONCE)?;
        if page.is_empty() {
            return Err(StoreError::Corrupt(format!("feed entry {} is missing", cursor.seq + 1)).into());
        }
        for row in page.into_iter().filter(|row| row.seq <= until) {
            let checked = checked_of(&row)?;
            work.book(tx, &checked)?;
            cursor.seq = row.seq;
            cursor.log_index = row.log_index;
            cursor.chain = row.chain;
        }
    }
    cursor.lattice = hex::encode(work.lattice.to_bytes());
    Ok(cursor)
}

fn checked_of(row: &EntryRow) -> Result<Checked, NodeError> {
    let chain = row.chain.parse();
    Ok(Checked {
        entry: serde_json::from_str(&row.entry).map_err(ExchangeError::from)?,
        chain: chain.map_err(|_| StoreError::Corrupt(format!("the chain of entry {}", row.seq)))?,
        bytes: row.entry.clone(),
        held: Vec::new(),
    })
}
