//! The recovery file: what the hub needs of this member when it was restored from an older backup.

use std::collections::HashSet;
use std::io::Write;

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::recovery::{Record, VERSION};

use crate::error::NodeError;
use crate::exchange::{ExchangeError, OutboxState, batch_again, batch_items, start};
use crate::service::Node;
use crate::store::StoreError;
use crate::store::rows::{EntryRow, OutboxRow};

/// Rows that are read at a time.
const PAGE: i64 = 500;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Feed entries.
    pub entries: u64,
    /// Messages.
    pub messages: u64,
    /// Batches.
    pub batches: u64,
}

/// Writes the feed as received and the messages as signed, one JSON object a line ([`tanqiao_protocol::recovery`]); of both
/// only what stands after the leaf `after`, where one is given. Nothing of accounts is in it.
///
/// # Errors
/// A database error; [`NodeError::Refused`] (`file`) if it cannot be written.
pub async fn export(node: &Node, after: Option<i64>, out: &mut (dyn Write + Send)) -> Result<Exported, NodeError> {
    let cursor = node.read(|tx| Ok(tx.cursor()?.unwrap_or_else(start))).await?;
    let after = after.unwrap_or(-1);
    let feed_chain: Sha256 = cursor
        .chain
        .parse()
        .map_err(|_| StoreError::Corrupt("the feed's chain".into()))?;
    write(
        out,
        &Record::Recovery {
            v: VERSION,
            member: node.member().clone(),
            trust_domain: node.config().trust_domain.clone(),
            feed_seq: cursor.seq,
            feed_chain,
            at: node.now(),
        },
    )?;
    let mut done = Exported {
        entries: entries(node, after, cursor.seq, out).await?,
        ..Exported::default()
    };
    let ids = messages(node, after, out).await?;
    done.messages = ids.len() as u64;
    done.batches = batches(node, &ids, out).await?;
    let records = done.entries + done.messages + done.batches;
    write(out, &Record::End { records })?;
    Ok(done)
}

async fn entries(node: &Node, after: i64, until: i64, out: &mut (dyn Write + Send)) -> Result<u64, NodeError> {
    let (mut seq, mut count) = (0, 0);
    loop {
        let page = node.read(move |tx| Ok(tx.entries(seq, PAGE)?)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        seq = last.seq;
        for row in page.iter().filter(|row| row.log_index > after && row.seq <= until) {
            write(out, &entry_of(row)?)?;
            count += 1;
        }
    }
}

fn entry_of(row: &EntryRow) -> Result<Record, StoreError> {
    Ok(Record::Entry {
        seq: row.seq,
        chain: row
            .chain
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("the chain of entry {}", row.seq)))?,
        log_index: row.log_index,
        bytes: row.entry.clone(),
    })
}

/// Every message that may have reached the hub. One that was never sent is not the hub's loss.
async fn messages(node: &Node, after: i64, out: &mut (dyn Write + Send)) -> Result<HashSet<String>, NodeError> {
    let mut place = 0;
    let mut ids = HashSet::new();
    loop {
        let page = node.read(move |tx| Ok(tx.outbox_after(place, PAGE)?)).await?;
        let Some(last) = page.last() else { return Ok(ids) };
        place = last.place;
        for row in page {
            let sent = row.state != OutboxState::Pending.code();
            if sent && row.log_index.is_none_or(|index| index > after) {
                write(out, &message_of(&row)?)?;
                ids.insert(row.id);
            }
        }
    }
}

fn message_of(row: &OutboxRow) -> Result<Record, NodeError> {
    let refused = OutboxState::from_code(row.state)?.is_final() && row.outcome.is_none();
    let parsed = |text: &Option<String>| text.clone().filter(|_| refused);
    let outcome = row.outcome.as_deref().map(serde_json::from_str).transpose();
    let problem = parsed(&row.problem).as_deref().map(serde_json::from_str).transpose();
    Ok(Record::Message {
        envelope: serde_json::from_str(&row.envelope).map_err(ExchangeError::from)?,
        outcome: outcome.map_err(ExchangeError::from)?,
        problem: problem.map_err(ExchangeError::from)?,
    })
}

async fn batches(node: &Node, ids: &HashSet<String>, out: &mut (dyn Write + Send)) -> Result<u64, NodeError> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let from = after.clone();
        let page = node.read(move |tx| Ok(tx.batches(&from, PAGE)?)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after.clone_from(&last.id);
        for row in page {
            if !batch_items(&row)?.iter().any(|id| ids.contains(id)) {
                continue;
            }
            let signer = node.signer().clone();
            let envelope = node.read(move |tx| batch_again(tx, &signer, &row)).await?;
            write(out, &Record::Batch { envelope })?;
            count += 1;
        }
    }
}

fn write(out: &mut dyn Write, record: &Record) -> Result<(), NodeError> {
    let failed = |error: String| NodeError::refused("file", format!("the file cannot be written: {error}"));
    serde_json::to_writer(&mut *out, record).map_err(|error| failed(error.to_string()))?;
    out.write_all(b"\n").map_err(|error| failed(error.to_string()))
}
