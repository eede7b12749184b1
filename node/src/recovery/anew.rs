//! The book built anew from the feed that this node has read, where its database is not what the feed says.
//!
//! Every entry is checked against the chain first: a feed that was changed with the book would make a wrong book again. The
//! accounts follow the book as after a new origin; grams of which no account knows go to `suspense`.

use std::collections::BTreeSet;

use tanqiao_protocol::feed::{FeedEntry, chain};
use tanqiao_protocol::id::{NodeId, Sha256};

use super::follow::series_of;
use super::lots::{self, Left, Moved};
use crate::error::NodeError;
use crate::exchange::{Cursor, ExchangeError, FeedState, OutboxState, lattice_of, rebuild, start};
use crate::ledger::Journal;
use crate::store::rows::CursorRow;
use crate::store::{StoreError, Tx};

/// Entries that are read at once.
const ENTRIES_AT_ONCE: i64 = 500;

/// Builds book and accounts anew up to the cursor and lets the node follow its feed again. `name` names the journal entry,
/// `at` is the time in microseconds.
///
/// # Errors
/// [`NodeError::Refused`] where the node has stopped at a fork, or what it has read is not what the hub told it.
pub(crate) fn anew(tx: &mut dyn Tx, member: &NodeId, name: &str, at: i64) -> Result<Moved, NodeError> {
    let cursor = tx.cursor()?.unwrap_or_else(start);
    if cursor.state == FeedState::Forked.code() {
        return Err(NodeError::refused(
            "feed-fork",
            "the hub's feed is not the one that this node has read: a book made from it would be no better. Follow the hub first \
             (`tanqiao-node recover --follow-origin`)",
        ));
    }
    let stated = read_again(tx, &cursor)?;
    let mut series = series_of(tx)?;
    let rebuilt = rebuild(tx, member, cursor.seq)?;
    let digest = Sha256(lattice_of(&rebuilt)?.fingerprint());
    if stated.is_some_and(|stated| stated != digest) {
        return Err(NodeError::refused(
            "feed-diverged",
            "the book that the feed makes has not the digest that the feed states: the hub contradicts itself. Nothing was changed; \
             give the report of the reconciliation to the hub's operator",
        ));
    }
    series.extend(series_of(tx)?);
    let moved = settle(tx, &series, name, at)?;
    tx.set_cursor(&CursorRow {
        latest: cursor.latest,
        heard_at: cursor.heard_at,
        ..rebuilt
    })?;
    Ok(moved)
}

/// Checks the entries up to the cursor against the chain; the digest that the last one states.
fn read_again(tx: &mut dyn Tx, cursor: &CursorRow) -> Result<Option<Sha256>, NodeError> {
    let mut at = Cursor::start();
    let mut stated = None;
    while at.seq < cursor.seq {
        let page = tx.entries(at.seq, ENTRIES_AT_ONCE)?;
        if page.is_empty() {
            return Err(StoreError::Corrupt(format!("no feed entry {}", at.seq + 1)).into());
        }
        for row in page.into_iter().filter(|row| row.seq <= cursor.seq) {
            let chain = chain(&at.chain, row.entry.as_bytes());
            if row.seq != at.seq + 1 || row.chain != chain.to_string() {
                return Err(NodeError::refused(
                    "feed-changed",
                    format!(
                        "feed entry {} in this node's database is not the one that the hub sent: restore the database from a backup, \
                         and let the node read the feed again from there",
                        row.seq
                    ),
                ));
            }
            let entry: FeedEntry = serde_json::from_str(&row.entry).map_err(ExchangeError::from)?;
            stated = entry.digest;
            at = Cursor { seq: row.seq, chain };
        }
    }
    if at.chain.to_string() != cursor.chain {
        return Err(StoreError::Corrupt("the chain of the cursor".into()).into());
    }
    Ok(stated)
}

fn settle(tx: &mut dyn Tx, series: &BTreeSet<String>, name: &str, at: i64) -> Result<Moved, NodeError> {
    let waiting = tx.outbox_in(OutboxState::WAITING, i64::MAX)?;
    let waiting: BTreeSet<String> = waiting.into_iter().map(|row| row.id).collect();
    let mut lines = Journal::new(name.to_owned(), at, None);
    let mut all = Moved::default();
    for series in series {
        all += lots::settle(tx, series, &Left::default(), &waiting, &mut lines)?;
    }
    lines.write(tx)?;
    Ok(all)
}
