//! What a batch that was decided again must be.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Deserialize;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::view::Outcome;

use super::RecoveryError;
use super::file::Held;
use crate::ledger::command::Command;
use crate::ledger::high_water::Mark;
use crate::ledger::onlooker::{Onlooker, Shown};
use crate::ledger::sealed::{SealedEntry, SealedFeed, sealed};

/// What is known of one command's effect.
#[derive(Debug)]
pub(super) struct Expected {
    /// The command in words.
    pub name: String,
    /// One of its leaves.
    pub index: i64,
    /// Its answer, where it was received.
    pub outcome: Option<Outcome>,
}

/// Why a batch was undone.
#[derive(Debug)]
pub(super) enum Stop {
    /// Leaves before it are missing.
    Gap { first: i64, last: i64, before: String },
    /// It is another batch.
    Differs(RecoveryError),
}

/// What it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreed {
    pub entries: BTreeMap<NodeId, u64>,
}

/// Compares one batch.
#[derive(Debug)]
pub(super) struct Compare {
    pub commands: Vec<Expected>,
    pub entries: BTreeMap<NodeId, Vec<Held>>,
    /// How far the feeds of the members go whose files are given.
    pub seqs: BTreeMap<NodeId, i64>,
    pub mark: Option<Mark>,
    pub until: Option<Mark>,
    pub found: Mutex<Result<Agreed, Option<Stop>>>,
}

impl Onlooker for Compare {
    fn see(&self, batch: &Shown<'_>) -> Result<(), String> {
        let looked = self.look(batch);
        let stopped = looked.is_err();
        if let Ok(mut found) = self.found.lock() {
            *found = looked.map_err(Some);
        }
        if stopped {
            Err("the batch is not the one that was lost".to_owned())
        } else {
            Ok(())
        }
    }
}

impl Compare {
    fn look(&self, batch: &Shown<'_>) -> Result<Agreed, Stop> {
        self.look_at_answers(batch)?;
        let feeds = sealed(batch.working).map_err(|what| Stop::Differs(RecoveryError::Text(what)))?;
        self.look_at_feeds(&feeds)?;
        self.look_at_heads(batch)?;
        let entries = feeds
            .iter()
            .map(|feed| (feed.member.clone(), feed.entries.len() as u64));
        Ok(Agreed {
            entries: entries.collect(),
        })
    }

    fn look_at_answers(&self, batch: &Shown<'_>) -> Result<(), Stop> {
        let starts = starts(batch);
        for ((expected, answer), start) in self.commands.iter().zip(batch.answers).zip(starts) {
            let differs = |found: String| {
                let what = format!("{}, leaf {}", expected.name, expected.index);
                let outcome = expected.outcome.as_ref().map_or_else(|| "done".to_owned(), in_words);
                Stop::Differs(RecoveryError::differs(what, outcome, found))
            };
            let made = answer.result.as_ref().map_err(|problem| differs(problem.to_string()))?;
            if made.log_index < expected.index {
                return Err(Stop::Gap {
                    first: start,
                    last: start + (expected.index - made.log_index) - 1,
                    before: expected.name.clone(),
                });
            }
            let other = expected.outcome.as_ref().is_some_and(|outcome| outcome != made);
            if other || made.log_index != expected.index {
                return Err(differs(in_words(made)));
            }
        }
        Ok(())
    }

    fn look_at_feeds(&self, feeds: &[SealedFeed<'_>]) -> Result<(), Stop> {
        let none = Vec::new();
        let made: BTreeMap<&NodeId, &Vec<SealedEntry>> =
            feeds.iter().map(|feed| (feed.member, &feed.entries)).collect();
        for (member, held) in &self.entries {
            let made = made.get(member).map_or(&none, |made| made);
            for (position, held) in held.iter().enumerate() {
                look_at_entry(member, held, made.get(position))?;
            }
        }
        for (member, seq) in &self.seqs {
            let held = self.entries.get(member).map_or(0, Vec::len);
            let more = made
                .get(member)
                .and_then(|made| made.get(held))
                .filter(|more| more.seq <= *seq);
            if let Some(more) = more {
                let what = format!("entry {} of {member}, leaf {}", more.seq, more.log_index);
                let found = String::from_utf8_lossy(&more.bytes).into_owned();
                let expected = "an entry of another batch";
                return Err(Stop::Differs(RecoveryError::differs(what, expected, found)));
            }
        }
        Ok(())
    }

    /// The chain over the leaves, where the mark and the journal of decisions know it.
    fn look_at_heads(&self, batch: &Shown<'_>) -> Result<(), Stop> {
        let (mut size, mut chain) = batch.from;
        for bytes in &batch.working.written.leaves {
            chain = Sha256::of_parts(&[&chain.0, &leaf_hash(bytes).0]);
            size += 1;
            if let Some(mark) = self
                .mark
                .as_ref()
                .filter(|mark| mark.size == size && mark.chain != chain)
            {
                let what = format!("the chain over {size} leaves, against the high-water mark");
                return Err(Stop::Differs(RecoveryError::differs(what, mark.chain, chain)));
            }
        }
        match &self.until {
            Some(until) if until.size != size || until.chain != chain => {
                let what = "the head after a batch with officers' decisions, against their journal";
                let head = |size: i64, chain: &Sha256| format!("{size} leaves with chain {chain}");
                let (expected, found) = (head(until.size, &until.chain), head(size, &chain));
                Err(Stop::Differs(RecoveryError::differs(what, expected, found)))
            }
            _ => Ok(()),
        }
    }
}

fn look_at_entry(member: &NodeId, held: &Held, made: Option<&SealedEntry>) -> Result<(), Stop> {
    let entry = &held.entry;
    let name = format!(
        "entry {} of {member}, leaf {} ({})",
        entry.seq, entry.log_index, entry.r#type
    );
    let Some(made) = made else {
        return Err(Stop::Gap {
            first: entry.log_index,
            last: entry.log_index,
            before: name,
        });
    };
    if made.seq == entry.seq && made.bytes == held.bytes && made.chain == held.chain {
        return Ok(());
    }
    let same = serde_json::from_slice::<FeedEntry>(&made.bytes)
        .is_ok_and(|made| made.subject == entry.subject && made.r#type == entry.r#type && made.seq == entry.seq);
    if made.log_index < entry.log_index && same {
        return Err(Stop::Gap {
            first: made.log_index,
            last: entry.log_index - 1,
            before: name,
        });
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(Stop::Differs(RecoveryError::differs(
        name,
        text(&held.bytes),
        text(&made.bytes),
    )))
}

fn in_words(outcome: &Outcome) -> String {
    let state = outcome.state.as_deref().unwrap_or("done");
    format!(
        "{} {state} at leaf {}, {}",
        outcome.subject, outcome.log_index, outcome.at
    )
}

/// The first leaf of each command: that of its payload, or the one after the command before.
fn starts(batch: &Shown<'_>) -> Vec<i64> {
    #[derive(Deserialize)]
    struct Behind {
        index: i64,
        #[serde(default)]
        payload_sha256: Option<Sha256>,
    }
    let leaves = batch.working.written.leaves.iter();
    let behind: Vec<Behind> = leaves.filter_map(|bytes| serde_json::from_slice(bytes).ok()).collect();
    let first = |command: &Command| {
        let mut leaves = behind.iter();
        leaves
            .find(|leaf| leaf.payload_sha256 == Some(command.payload_sha256))
            .map(|leaf| leaf.index)
    };
    let mut next = batch.from.0;
    let mut starts = Vec::with_capacity(batch.commands.len());
    for (command, answer) in batch.commands.iter().zip(batch.answers) {
        starts.push(first(command).unwrap_or(next));
        if let Ok(outcome) = &answer.result {
            next = next.max(outcome.log_index + 1);
        }
    }
    starts
}
