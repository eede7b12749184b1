//! What a reconciliation needs of the exchange: the cursor, the book's rows, and entries that were checked.

use serde_json::{Map, Value};
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::Sha256;

use super::ExchangeError;
use super::apply::start;
use super::feed::{self, Contradiction, Cursor};
use crate::error::NodeError;
use crate::store::{StoreError, Tx};

pub(crate) use super::apply::block_of;

/// The last entry that the book has, and the chain there.
pub(crate) fn cursor_of(tx: &mut dyn Tx) -> Result<(i64, Sha256), NodeError> {
    let cursor = tx.cursor()?.unwrap_or_else(start);
    let chain = cursor.chain.parse();
    let chain = chain.map_err(|_| StoreError::Corrupt("the chain of the cursor".into()))?;
    Ok((cursor.seq, chain))
}

/// Entries with their chain.
type Good = Vec<(FeedEntry, Sha256)>;

/// Checks entries against a place in the feed, as the feed's consumer does.
pub(crate) fn check(
    seq: i64,
    chain: Sha256,
    entries: Vec<Map<String, Value>>,
) -> Result<(Good, Option<Contradiction>), ExchangeError> {
    let (good, wrong) = feed::check(Cursor { seq, chain }, entries)?;
    let good = good.into_iter().map(|checked| (checked.entry, checked.chain)).collect();
    Ok((good, wrong))
}
