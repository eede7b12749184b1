//! Writes what a batch changed: a few statements, whatever the number of commands.

mod assets;

use std::collections::BTreeMap;

use super::challenges::challenge_row;
use super::conflicts;
use super::connection::StoreConnection;
use super::convert::{
    block_row, content, donation_row, event_row, id_bytes, issuance_row, json, listing_row, pledge_row, retirement_row,
    transfer_row,
};
use super::convert_claims::{claim_rows, permission_row};
use super::database::StoreError;
use super::governance;
use super::numbers::Numbers;
use super::reconciliations::reconciliation_row;
use super::rows::{
    CandidateRow, CapRow, CommentRow, DealingRow, EnvelopeRow, ExplanationRow, FeedHeadRow, FeedRow, HeadRow, LeafRow,
    MessageRow, SeriesRow,
};
use crate::ledger::command::{Command, Origin};
use crate::ledger::hub_member;
use crate::ledger::objects::Governance;
use crate::ledger::sealed::sealed;
use crate::ledger::working::Working;

/// A decided command whose answer is to be kept.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The command.
    pub command: &'a Command,
    /// The HTTP status.
    pub status: u16,
    /// The outcome or problem, as JSON.
    pub answer: String,
}

/// Writes everything; `head` is the row that was locked, and is written last.
pub fn save<C: StoreConnection>(
    connection: &mut C,
    mut head: HeadRow,
    before: &Governance,
    working: &Working,
    kept: &[Kept<'_>],
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    if working.written.governance {
        let (after, sheets) = (&working.governance, &working.written.sheets);
        governance::save(connection, before, after, sheets, numbers, &mut head)?;
    }
    save_recognition(connection, working, numbers)?;
    save_leaves(connection, head.size, working)?;
    save_series(connection, working, numbers, &mut head)?;
    save_blocks(connection, working, numbers)?;
    save_objects(connection, working, numbers)?;
    conflicts::save(connection, working, numbers)?;
    assets::save(connection, working, numbers)?;
    save_counters(connection, working, numbers)?;
    save_feeds(connection, working, numbers)?;
    save_messages(connection, kept, numbers)?;
    head.size = working.next_index();
    head.time_us = working.now.micros();
    head.governance_version = working.head.governance_version;
    head.frozen = working.head.frozen;
    head.chain = working.head.chain.0.to_vec();
    connection.put_rows(&[head])?;
    Ok(())
}

/// What is written about mappings beside governance, and never read by a decision.
fn save_recognition<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let written = &working.written;
    let mut explanations = Vec::new();
    for (mapping, text) in &written.explanations {
        explanations.push(ExplanationRow {
            mapping_no: numbers.mappings.number(mapping)?,
            content: text.clone(),
        });
    }
    connection.put_rows(&explanations)?;
    let mut comments = Vec::new();
    for (mapping, comment) in &written.comments {
        comments.push(CommentRow {
            mapping_no: numbers.mappings.number(mapping)?,
            log_index: comment.log_index,
            content: json(comment)?,
        });
    }
    connection.insert_rows(&comments)?;
    // Of two rows with one name in a batch the later counts.
    let mut candidates = BTreeMap::new();
    for (set, candidate, log_index) in &written.candidates {
        let id = format!("{set}/{}", candidate.key);
        let row = CandidateRow {
            id: id.clone(),
            set_id: set.to_string(),
            subject: candidate.subject.clone(),
            object: candidate.object.clone(),
            content: json(candidate)?,
            log_index: *log_index,
        };
        candidates.insert(id, row);
    }
    let candidates: Vec<CandidateRow> = candidates.into_values().collect();
    Ok(connection.put_rows(&candidates)?)
}

fn save_leaves<C: StoreConnection>(connection: &mut C, size: i64, working: &Working) -> Result<(), StoreError> {
    let rows: Vec<LeafRow> = (size..)
        .zip(&working.written.leaves)
        .map(|(idx, bytes)| LeafRow {
            idx,
            bytes: bytes.clone(),
        })
        .collect();
    Ok(connection.insert_rows(&rows)?)
}

fn save_series<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &mut Numbers,
    head: &mut HeadRow,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (series, issued) in working.series.changed() {
        let no = numbers.series.find(series).unwrap_or_else(|| {
            head.series_count += 1;
            head.series_count
        });
        numbers.series.learn(series.clone(), no);
        rows.push(SeriesRow {
            no,
            reference: series.to_string(),
            issued: *issued,
        });
    }
    Ok(connection.put_rows(&rows)?)
}

fn save_blocks<C: StoreConnection>(connection: &mut C, working: &Working, numbers: &Numbers) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(working.written.blocks.len());
    for ((series, first), log_index) in &working.written.blocks {
        let point = tanqiao_protocol::serial::SerialRange::new(*first, *first).map_err(content)?;
        let block = working
            .book
            .overlapping(series, point)
            .next()
            .ok_or_else(|| content(format!("{series}/{first} is not in the book")))?;
        rows.push(block_row(block, *log_index, numbers)?);
    }
    Ok(connection.put_rows(&rows)?)
}

fn save_objects<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    fn rows<'a, K: 'a, V: 'a, R>(
        changed: impl Iterator<Item = (&'a K, &'a V)>,
        row: impl Fn(&V) -> Result<R, StoreError>,
    ) -> Result<Vec<R>, StoreError> {
        changed.map(|(_, object)| row(object)).collect()
    }
    connection.put_rows(&rows(working.issuances.changed(), |o| issuance_row(o, numbers))?)?;
    connection.put_rows(&rows(working.transfers.changed(), |o| transfer_row(o, numbers))?)?;
    connection.put_rows(&rows(working.events.changed(), event_row)?)?;
    connection.put_rows(&rows(working.donations.changed(), |o| donation_row(o, numbers))?)?;
    connection.put_rows(&rows(working.retirements.changed(), |o| retirement_row(o, numbers))?)?;
    connection.put_rows(&rows(working.challenges.changed(), |o| challenge_row(o, numbers))?)?;
    connection.put_rows(&rows(working.reconciliations.changed(), |o| {
        reconciliation_row(o, numbers)
    })?)?;
    connection.put_rows(&rows(working.permissions.changed(), |o| permission_row(o, numbers))?)?;
    connection.put_rows(&rows(working.retirements.changed(), |o| claim_rows(o, numbers))?.concat())?;
    connection.put_rows(&rows(working.pledges.changed(), |o| pledge_row(o, numbers))?)?;
    connection.put_rows(&rows(working.listings.changed(), |o| listing_row(o, numbers))?)?;
    Ok(())
}

fn save_counters<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mut caps = Vec::new();
    for ((mapping, year), count) in working.caps.changed() {
        let cap = working
            .governance
            .mapping_versions
            .get(mapping)
            .and_then(|m| m.record())
            .and_then(|record| record.cap_g);
        caps.push(CapRow {
            mapping_no: numbers.mappings.number(mapping)?,
            year: i32::from(*year),
            cap_g: cap.map(tanqiao_protocol::quantity::Grams::get),
            reserved_g: count.reserved.get(),
            committed_g: count.committed.get(),
        });
    }
    connection.put_rows(&caps)?;
    let mut dealings = Vec::new();
    for ((source, target), first_index) in working.dealings.changed() {
        dealings.push(DealingRow {
            source_no: numbers.members.number(source)?,
            target_no: numbers.members.number(target)?,
            first_index: *first_index,
        });
    }
    Ok(connection.put_rows(&dealings)?)
}

/// Writes the entries of the batch, sealed.
fn save_feeds<C: StoreConnection>(connection: &mut C, working: &Working, numbers: &Numbers) -> Result<(), StoreError> {
    let mut entries = Vec::new();
    let mut heads = Vec::new();
    for feed in sealed(working).map_err(content)? {
        let member_no = numbers.members.number(feed.member)?;
        heads.push(FeedHeadRow {
            member_no,
            seq: feed.head.seq,
            chain: feed.chain().0.to_vec(),
            lattice: feed.head.lattice.to_bytes().to_vec(),
        });
        entries.extend(feed.entries.into_iter().map(|entry| FeedRow {
            member_no,
            seq: entry.seq,
            chain: entry.chain.0.to_vec(),
            bytes: entry.bytes,
        }));
    }
    connection.insert_rows(&entries)?;
    Ok(connection.put_rows(&heads)?)
}

/// Writes stored outcomes, and the envelopes that they answer.
pub(crate) fn save_messages<C: StoreConnection>(
    connection: &mut C,
    kept: &[Kept<'_>],
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mut messages = Vec::with_capacity(kept.len());
    let mut envelopes: Vec<EnvelopeRow> = Vec::new();
    for kept in kept {
        let command = kept.command;
        let (member, envelope, item) = match &command.origin {
            Origin::Member(signed) => (signed.member.clone(), Some(&signed.envelope), signed.item),
            Origin::Officers(_) | Origin::Hub => (hub_member(), None, None),
        };
        let member_no = numbers.members.number(&member)?;
        if let Some(envelope) = envelope
            && !envelopes.iter().rev().any(|e| e.sha256 == envelope.sha256.0)
        {
            let row = EnvelopeRow {
                sha256: envelope.sha256.0.to_vec(),
                member_no,
                payload_type: envelope.payload_type.clone(),
                payload: envelope.payload.clone(),
                signatures: envelope.signatures.clone(),
                digest: None,
            };
            envelopes.push(row.with_digest());
        }
        let row = MessageRow {
            member_no,
            id: id_bytes(command.id),
            payload_sha256: command.payload_sha256.0.to_vec(),
            action: command.body.action_code(),
            status: i16::try_from(kept.status).map_err(content)?,
            answer: kept.answer.clone(),
            envelope_sha256: envelope.map(|e| e.sha256.0.to_vec()),
            item: item.map(i32::try_from).transpose().map_err(content)?,
            digest: None,
        };
        messages.push(row.with_digest());
    }
    connection.keep_rows(&envelopes)?;
    Ok(connection.insert_rows(&messages)?)
}
