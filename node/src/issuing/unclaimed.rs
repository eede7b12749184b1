//! What this member has issued before and of which this node has no records: its database is new, or was restored from an older backup.
//! Records that are imported again look then as if nobody had issued them, and would be issued a second time.

use serde_json::{Map, Value};
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::Issuance;

use super::gather::Wanted;
use super::members::Members;
use crate::error::NodeError;
use crate::exchange::{ExchangeError, start};
use crate::service::Node;
use crate::store::rows::EntryRow;
use crate::store::{StoreError, Tx};

/// What the feed says of issuances that have serials, or will get some.
const TOLD: [&str; 3] = [
    "issuance.recognised",
    "issuance.partially-recognised",
    "issuance.held-back",
];
/// Entries that are asked for at once.
const ENTRIES_A_PAGE: u32 = 500;

/// Refuses to issue before this node has read of what was issued before: a database that was made anew knows nothing yet.
pub(super) async fn check_read(node: &Node) -> Result<(), NodeError> {
    let cursor = node.read(|tx| Ok(tx.cursor()?)).await?;
    if cursor.as_ref().is_some_and(|cursor| cursor.seq >= cursor.latest) {
        return Ok(());
    }
    let cursor = cursor.unwrap_or_else(start);
    let chain: Sha256 = cursor
        .chain
        .parse()
        .map_err(|_| StoreError::Corrupt("the chain of the cursor".to_owned()))?;
    let page = node.hub().feed(cursor.seq, &chain, ENTRIES_A_PAGE, 0).await?;
    let told = |entry: &Map<String, Value>| {
        let kind = entry.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| TOLD.contains(&kind))
    };
    if page.entries.iter().any(told) {
        return Err(NodeError::refused(
            "feed-unread",
            "this node has not read yet what this member has issued before: let it serve until `tanqiao-node status` says lag 0, \
             run `tanqiao-node recover --from-records` if its database is new, and issue then",
        ));
    }
    Ok(())
}

/// Refuses to issue what may have been issued before: an issuance of the same series of which this node has no records, unless staff
/// have said that they are not among those that are here.
pub(super) fn check(tx: &mut dyn Tx, wanted: &Wanted, not_of: &[MessageId]) -> Result<(), NodeError> {
    let mut open = Vec::new();
    for kind in TOLD {
        for row in tx.entries_of(kind, 0, i64::MAX)? {
            let Some(issuance) = row.subject.strip_prefix("issuance/") else {
                continue;
            };
            let excepted = not_of.iter().any(|id| id.to_string() == issuance);
            if !excepted && is_unclaimed(tx, issuance)? && may_be_of(&row, wanted)? {
                open.push(issuance.to_owned());
            }
        }
    }
    let Some(first) = open.first() else { return Ok(()) };
    Err(NodeError::refused(
        "records-not-claimed",
        format!(
            "this member has issued {} in {} of {} before ({} issuances, such as {first}), and this node has no records of that: its \
             database is new or was restored. What is imported here may have been issued then. Import the platform's files of then in \
             their order and run `tanqiao-node recover --from-records`; where the records of an issuance are lost for good, say so with \
             `--not-of {first}`",
            wanted.methodology,
            wanted.region_of_act,
            wanted.vintage,
            open.len()
        ),
    ))
}

/// True if this node neither opened the issuance nor has found its records again. One that it knows has its header.
fn is_unclaimed(tx: &mut dyn Tx, issuance: &str) -> Result<bool, NodeError> {
    let header = tx
        .dealing(issuance)?
        .is_some_and(|dealing| serde_json::from_str::<Issuance>(&dealing.content).is_ok());
    Ok(!header && Members::of(tx, issuance)?.is_none())
}

/// True if its serials are of this series; without serials nothing is known of it.
fn may_be_of(row: &EntryRow, wanted: &Wanted) -> Result<bool, NodeError> {
    let entry: FeedEntry = serde_json::from_str(&row.entry).map_err(ExchangeError::from)?;
    let mut series = entry.changes.iter().map(|change| &change.block.series).peekable();
    Ok(series.peek().is_none()
        || series.any(|series| {
            *series.methodology() == wanted.methodology
                && series.region_of_act() == wanted.region_of_act
                && series.vintage() == wanted.vintage
        }))
}
