//! Following the hub to a new origin of its log, where it could not take back what it had lost.
//!
//! The last entry that both sides have is looked for by its chain. What comes after it here is kept as evidence; the book is
//! built anew up to it, the accounts follow the book, and what the hub has forgotten of this node's messages is sent again
//! with the same id. All of it is one local transaction, which ends with the entry that tells of the origin: its digest must
//! be that of the book.

use std::collections::BTreeSet;

use serde::Serialize;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::recovery::{ORIGIN, Origin};
use tanqiao_protocol::serial::BlockRef;

use super::lots::{self, Left, Moved};
use crate::error::NodeError;
use crate::exchange::{
    Checked, Cursor, ExchangeError, FeedState, OutboxState, apply_entries, check, complete_held, content_of, note,
    rebuild, start,
};
use crate::ledger::{self, Decision, Direction, Journal, Kind};
use crate::service::Node;
use crate::store::rows::{CursorRow, EntryRow, OutboxRow};
use crate::store::{StoreError, Tx};

/// Entries of one question, and of the way to an origin.
const ENTRIES_A_PAGE: u32 = 500;
const ENTRIES_MAX: usize = 50_000;

/// What following did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// The last feed entry that both sides have.
    pub common_seq: i64,
    /// Entries after it that are kept as evidence.
    pub orphaned: i64,
    /// The leaf of the new origin.
    pub origin: i64,
    /// Messages that are sent again.
    pub sent_again: u64,
    /// What the accounts have gained and lost.
    #[serde(flatten)]
    pub moved: Moved,
}

fn refuse(detail: impl Into<String>) -> NodeError {
    NodeError::refused("feed-fork", detail)
}

/// Takes the hub's feed again from the last common entry. Only a node that has stopped at a fork does so, and only if the
/// hub's feed tells of a new origin of its log after it.
///
/// # Errors
/// [`NodeError::Refused`] (`feed-fork`) if there is nothing to follow; [`NodeError::Hub`]; a digest that does not agree.
/// Nothing is changed then.
pub async fn follow_origin(node: &Node) -> Result<Followed, NodeError> {
    let cursor = node.read(|tx| Ok(tx.cursor()?.unwrap_or_else(start))).await?;
    if cursor.state != FeedState::Forked.code() {
        return Err(refuse(
            "this node follows its feed, or has stopped for another reason than a fork",
        ));
    }
    let common = common_entry(node, cursor.seq).await?;
    let (entries, latest) = until_origin(node, common).await?;
    let Some(next) = entries.last().cloned() else {
        return Err(no_origin(common));
    };
    let origin: Origin = serde_json::from_value(next.entry.body.clone()).map_err(ExchangeError::from)?;
    if origin.size != next.entry.log_index {
        return Err(refuse("the hub's new origin names another leaf than its own"));
    }
    let (member, heard_at) = (node.member().clone(), node.now().micros());
    node.write(move |tx| {
        let following = Following {
            member: &member,
            common,
            origin: &origin,
            next: &next,
        };
        let followed = following.take(tx, cursor.seq)?;
        apply_entries(tx, &member, &entries, latest, heard_at)?;
        Ok(followed)
    })
    .await
}

fn no_origin(common: Cursor) -> NodeError {
    refuse(format!(
        "after entry {}, the last that both sides have, the hub's feed has no new origin of its log: the hub takes back what it \
         has lost (`tanqiao-hub admin recover`), or its officers begin the log anew",
        common.seq
    ))
}

/// The hub's entries after the last common one, up to the one that tells of a new origin. There are others before it only
/// where the hub went on by itself from its backup.
async fn until_origin(node: &Node, common: Cursor) -> Result<(Vec<Checked>, i64), NodeError> {
    let mut at = common;
    let mut all = Vec::new();
    while all.len() < ENTRIES_MAX {
        let page = node.hub().feed(at.seq, &at.chain, ENTRIES_A_PAGE, 0).await?;
        let latest = page.latest;
        let (mut entries, wrong) = check(at, page.entries)?;
        complete_held(node, &mut entries).await?;
        if wrong.is_some() || entries.is_empty() {
            return Err(no_origin(common));
        }
        for entry in entries {
            at = Cursor {
                seq: entry.entry.seq,
                chain: entry.chain,
            };
            let origin = entry.entry.r#type == ORIGIN;
            all.push(entry);
            if origin {
                return Ok((all, latest));
            }
        }
    }
    Err(no_origin(common))
}

/// The last entry whose chain the hub has as well. Before the first entry all feeds are alike.
async fn common_entry(node: &Node, last: i64) -> Result<Cursor, NodeError> {
    let (mut common, mut other) = (Cursor::start(), last);
    if known(node, last).await?.is_some() {
        return Err(refuse(
            "the hub has every entry that this node has: it goes on by itself",
        ));
    }
    while other - common.seq > 1 {
        let middle = common.seq + (other - common.seq) / 2;
        match known(node, middle).await? {
            Some(at) => common = at,
            None => other = middle,
        }
    }
    Ok(common)
}

async fn known(node: &Node, seq: i64) -> Result<Option<Cursor>, NodeError> {
    let row = node.read(move |tx| Ok(tx.entry(seq)?)).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("feed entry {seq} is missing")))?;
    let chain: Sha256 = row
        .chain
        .parse()
        .map_err(|_| StoreError::Corrupt(format!("the chain of entry {seq}")))?;
    match node.hub().feed(seq, &chain, 1, 0).await {
        Ok(_) => Ok(Some(Cursor { seq, chain })),
        Err(error) if error.is_fork() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

struct Following<'a> {
    member: &'a NodeId,
    common: Cursor,
    origin: &'a Origin,
    next: &'a Checked,
}

impl Following<'_> {
    fn take(&self, tx: &mut dyn Tx, read: i64) -> Result<Followed, NodeError> {
        let cursor = tx.cursor()?.unwrap_or_else(start);
        if cursor.seq != read || cursor.state != FeedState::Forked.code() {
            return Err(refuse("the feed has moved on meanwhile: look at `tanqiao-node status`"));
        }
        let common = self.common.seq;
        let mut series = series_of(tx)?;
        let left = Left::read(tx, common + 1..=cursor.seq)?;
        tx.orphan_entries(common, self.name())?;
        // The numbers of these entries come again; the lines stay under a name of their own.
        for seq in common + 1..=cursor.seq {
            tx.rename_journal(&format!("feed/{seq}"), &format!("origin/{}/feed/{seq}", self.name()))?;
        }
        let rebuilt = rebuild(tx, self.member, common)?;
        series.extend(series_of(tx)?);
        // What was answered after the last common entry may be lost: a message that is not gets the same answer again.
        let again = take_back_answers(tx, rebuilt.log_index + 1)?;
        self.forget(tx)?;
        let moved = self.settle(tx, &series, &left)?;
        for row in &again {
            bind_again(tx, row)?;
        }
        tx.set_cursor(&CursorRow {
            latest: cursor.latest,
            heard_at: cursor.heard_at,
            ..rebuilt
        })?;
        Ok(Followed {
            common_seq: common,
            orphaned: cursor.seq - common,
            origin: self.origin.size,
            sent_again: again.len() as u64,
            moved,
        })
    }

    /// The decision time of the origin, in microseconds, which names it: a log may begin anew twice at the same leaf.
    fn name(&self) -> i64 {
        self.next.entry.at.micros()
    }

    fn settle(&self, tx: &mut dyn Tx, series: &BTreeSet<String>, left: &Left) -> Result<Moved, NodeError> {
        let waiting = tx.outbox_in(OutboxState::WAITING, i64::MAX)?;
        let waiting: BTreeSet<String> = waiting.into_iter().map(|row| row.id).collect();
        let entry = format!("origin/{}", self.name());
        let mut lines = Journal::new(entry, self.next.entry.at.micros(), Some("log".to_owned()));
        let mut all = Moved::default();
        for series in series {
            all += lots::settle(tx, series, left, &waiting, &mut lines)?;
        }
        lines.write(tx)?;
        Ok(all)
    }

    /// Dealings are what the common entries say of them, and nothing that was given up.
    fn forget(&self, tx: &mut dyn Tx) -> Result<(), NodeError> {
        let orphaned = tx.orphaned(self.name())?;
        let subjects: BTreeSet<String> = orphaned.into_iter().map(|row| row.subject).collect();
        for subject in subjects {
            let Some((kind, id)) = Kind::of_subject(&subject) else {
                continue;
            };
            let Some(mut row) = tx.dealing(id)? else { continue };
            let common = tx.entries_about(&subject)?;
            row.state = None;
            row.ended_at = None;
            row.reason = None;
            if row.direction == Direction::In.code() && common.is_empty() {
                row.account = None;
                row.decision = (kind == Kind::Transfer).then_some(Decision::Waiting.code());
            }
            tx.update_dealing(&row)?;
            for told in &common {
                let dealing = tx.dealing(id)?;
                note(tx, self.member, &entry_of(told)?, dealing)?;
            }
        }
        Ok(())
    }
}

fn entry_of(row: &EntryRow) -> Result<FeedEntry, NodeError> {
    Ok(serde_json::from_str(&row.entry).map_err(ExchangeError::from)?)
}

pub(super) fn series_of(tx: &mut dyn Tx) -> Result<BTreeSet<String>, NodeError> {
    Ok(tx.block_sums()?.into_iter().map(|(series, _, _)| series).collect())
}

/// Puts messages back to unsent whose answers name the leaf `size` or a later one: the hub has forgotten them. The same
/// payload goes again under the same id. A word on an offer that the hub does not know any more is not sent: when the source
/// offers again, it is decided anew.
pub(crate) fn take_back_answers(tx: &mut dyn Tx, size: i64) -> Result<Vec<OutboxRow>, NodeError> {
    let mut again = Vec::new();
    for mut row in tx.outbox_answered_from(size)? {
        row.answered_at = None;
        row.log_index = None;
        row.outcome = None;
        row.problem = None;
        if orphaned_answer(tx, &row)? {
            let detail = "The hub's log has a new origin, and this offer is not in it. It is decided anew when the source offers again.";
            let problem = Problem::api(ApiProblem::FeedFork).detail(detail);
            row.state = OutboxState::Refused.code();
            row.problem = Some(serde_json::to_string(&problem).map_err(ExchangeError::from)?);
            tx.update_outbox(&row)?;
            continue;
        }
        row.state = OutboxState::Pending.code();
        if row.action == Action::Issuance.code() {
            tx.reset_shares(&row.id)?;
        }
        tx.update_outbox(&row)?;
        again.push(row);
    }
    Ok(again)
}

/// True for a yes or no to an offer of which no entry is left.
fn orphaned_answer(tx: &mut dyn Tx, row: &OutboxRow) -> Result<bool, NodeError> {
    let answers = [Action::TransferAcceptance.code(), Action::TransferDecline.code()];
    if !answers.contains(&row.action) {
        return Ok(false);
    }
    let content = content_of(&row.payload)?;
    let transfer = content
        .get("transfer")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let told = tx.entries_about(&format!("transfer/{transfer}"))?;
    Ok(!told.iter().any(|entry| entry.kind == "transfer.offered"))
}

/// Binds the serials of a message that is sent again, as far as they are free.
fn bind_again(tx: &mut dyn Tx, row: &OutboxRow) -> Result<(), NodeError> {
    let content = content_of(&row.payload)?;
    let Some(blocks) = content.get("blocks") else {
        return Ok(());
    };
    let blocks: Vec<BlockRef> = serde_json::from_value(blocks.clone()).map_err(ExchangeError::from)?;
    for block in &blocks {
        for part in lots::free_parts(tx, block)? {
            ledger::bind(tx, &part, &row.id)?;
        }
    }
    Ok(())
}
