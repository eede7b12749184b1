//! One member's file, read line by line: only what the hub has lost is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tanqiao_protocol::canonical;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::feed::{FeedEntry, chain};
use tanqiao_protocol::id::{MessageId, NodeId, Sha256, TrustDomain};
use tanqiao_protocol::message::{Action, Batch, Message};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::recovery::{LINE_BYTES_MAX, Record, VERSION};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Outcome;

use super::RecoveryError;

/// What a member holds and the hub does not.
#[derive(Debug)]
pub(super) struct MemberFile {
    pub path: PathBuf,
    pub member: NodeId,
    /// The last entry that the node has applied.
    pub feed_seq: i64,
    /// Entries beyond the hub's own last.
    pub entries: Vec<Held>,
    /// Messages that the hub has not answered in what is left of its log.
    pub messages: BTreeMap<MessageId, Said>,
    /// Batches with one of these messages, and the ids in each.
    pub batches: Vec<Sent>,
    /// An entry whose chain is another one at the hub: its number, the chain here and there.
    pub fork: Option<(i64, Sha256, Sha256)>,
}

impl MemberFile {
    /// Leaves that the file tells of.
    pub(super) fn told(&self) -> i64 {
        let entries = self.entries.iter().map(|held| held.entry.log_index + 1);
        let outcomes = self
            .messages
            .values()
            .filter_map(|said| Some(said.outcome.as_ref()?.log_index + 1));
        entries.chain(outcomes).max().unwrap_or(0)
    }
}

/// A feed entry that a member holds.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub chain: Sha256,
    pub entry: FeedEntry,
    pub bytes: Vec<u8>,
}

/// A message that a member has signed.
#[derive(Debug)]
pub(super) struct Said {
    pub action: Action,
    pub envelope: Envelope,
    pub outcome: Option<Outcome>,
    pub problem: Option<Problem>,
    /// The object of another message that it is about: a transfer, donation, pledge, or a key's id.
    pub about: Option<String>,
    /// Its place in the file.
    pub place: usize,
}

/// A batch that a member has signed.
#[derive(Debug)]
pub(super) struct Sent {
    pub envelope: Envelope,
    pub ids: BTreeSet<MessageId>,
}

/// How far the hub's log and a member's feed at the hub go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub size: i64,
    pub seq: i64,
    pub chain: Sha256,
}

/// Reads a file. `standing` says how far the hub has the feed of its member.
pub(super) fn read(
    path: &Path,
    trust_domain: &TrustDomain,
    standing: impl FnOnce(&NodeId) -> Standing,
) -> Result<MemberFile, RecoveryError> {
    let refuse = |what: String| RecoveryError::File {
        path: path.to_owned(),
        what,
    };
    let mut lines = Lines::open(path).map_err(refuse)?;
    let (member, feed_seq) = match lines.next().map_err(refuse)? {
        Some(Record::Recovery { v, .. }) if v != VERSION => {
            return Err(refuse(format!(
                "its format is version {v}, this program reads {VERSION}"
            )));
        }
        Some(Record::Recovery {
            trust_domain: of,
            member,
            feed_seq,
            ..
        }) if of == *trust_domain => (member, feed_seq),
        Some(Record::Recovery { trust_domain: of, .. }) => {
            return Err(refuse(format!("it is of the federation `{of}`, not `{trust_domain}`")));
        }
        _ => return Err(refuse("it does not begin as a recovery file does".to_owned())),
    };
    let standing = standing(&member);
    let mut reading = Reading {
        standing,
        now: crate::api::hub::now(),
        last: None,
        place: 0,
        file: MemberFile {
            path: path.to_owned(),
            member,
            feed_seq,
            entries: Vec::new(),
            messages: BTreeMap::new(),
            batches: Vec::new(),
            fork: None,
        },
    };
    loop {
        match lines.next().map_err(refuse)? {
            Some(Record::End { records }) if records == reading.place as u64 => break,
            Some(Record::End { records }) => {
                return Err(refuse(format!(
                    "it says that it has {records} records, and has {}",
                    reading.place
                )));
            }
            Some(record) => reading.take(record).map_err(refuse)?,
            None => return Err(refuse("it ends before its last line: export it again".to_owned())),
        }
    }
    reading.end().map_err(refuse)
}

struct Lines {
    reader: BufReader<File>,
    number: u64,
    bytes: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        Ok(Self {
            reader: BufReader::new(file),
            number: 0,
            bytes: Vec::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Record>, String> {
        self.bytes.clear();
        self.number += 1;
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut self.bytes);
        match read.map_err(|error| error.to_string())? {
            0 => Ok(None),
            length if length > LINE_BYTES_MAX => Err(format!("line {} is too long", self.number)),
            _ => match serde_json::from_slice(&self.bytes) {
                Ok(record) => Ok(Some(record)),
                Err(error) => Err(format!("line {}: {error}", self.number)),
            },
        }
    }
}

struct Reading {
    standing: Standing,
    now: Timestamp,
    last: Option<(i64, Sha256, i64)>,
    place: usize,
    file: MemberFile,
}

impl Reading {
    fn take(&mut self, record: Record) -> Result<(), String> {
        self.place += 1;
        match record {
            Record::Entry {
                seq,
                chain,
                log_index,
                bytes,
            } => self.entry(seq, chain, log_index, bytes.into_bytes()),
            Record::Message {
                envelope,
                outcome,
                problem,
            } => self.message(envelope, outcome.map(|o| *o), problem.map(|p| *p)),
            Record::Batch { envelope } => self.batch(envelope),
            Record::Recovery { .. } | Record::End { .. } => Err("a record stands where none may".to_owned()),
        }
    }

    /// An entry: its bytes, its place, and its chain from the entry before it or from the hub's own last.
    fn entry(&mut self, seq: i64, stated: Sha256, log_index: i64, bytes: Vec<u8>) -> Result<(), String> {
        let name = format!("entry {seq} of {}", self.file.member);
        if !canonical::is_canonical(&bytes) {
            return Err(format!("{name}: its bytes are not canonical"));
        }
        let entry: FeedEntry = serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {error}"))?;
        if entry.seq != seq || entry.log_index != log_index {
            return Err(format!("{name}: its bytes are of entry {}", entry.seq));
        }
        self.not_later_than_now(entry.at, &name)?;
        let before = match self.last {
            Some((last, _, _)) if seq != last + 1 => return Err(format!("{name}: it follows entry {last}")),
            Some((_, _, index)) if log_index < index => {
                return Err(format!("{name}: its log index {log_index} is below {index}"));
            }
            Some((_, chain, _)) => Some(chain),
            None if seq == self.standing.seq + 1 => Some(self.standing.chain),
            None if seq > self.standing.seq + 1 => {
                return Err(format!(
                    "it begins with {name}, and the hub's last is entry {}: export it without --after-log-index",
                    self.standing.seq
                ));
            }
            None => None,
        };
        if let Some(before) = before {
            let found = chain(&before, &bytes);
            if found != stated {
                return Err(format!(
                    "{name}: its chain is {stated}, and {found} follows from its bytes"
                ));
            }
        }
        if seq == self.standing.seq && stated != self.standing.chain {
            self.file.fork = Some((seq, stated, self.standing.chain));
        }
        if seq > self.standing.seq {
            self.file.entries.push(Held {
                chain: stated,
                entry,
                bytes,
            });
        }
        self.last = Some((seq, stated, log_index));
        Ok(())
    }

    fn message(
        &mut self,
        envelope: Envelope,
        outcome: Option<Outcome>,
        problem: Option<Problem>,
    ) -> Result<(), String> {
        if outcome
            .as_ref()
            .is_some_and(|outcome| outcome.log_index < self.standing.size)
        {
            return Ok(());
        }
        let head = head_of(envelope.payload()).map_err(|error| format!("record {}: {error}", self.place))?;
        if let Some(outcome) = &outcome {
            self.not_later_than_now(outcome.at, &format!("message {}", head.id))?;
        }
        let action = Action::of_payload_type(envelope.payload_type())
            .ok_or_else(|| format!("message {}: it is of no type that the hub knows", head.id))?;
        let said = Said {
            action,
            envelope,
            outcome,
            problem,
            about: head.content.about(),
            place: self.place,
        };
        if self.file.messages.insert(head.id, said).is_some() {
            return Err(format!("message {} stands in it twice", head.id));
        }
        Ok(())
    }

    /// Each batch is decided again at its own time, and no later one can come before it: a time that has not come yet would
    /// stay the hub's time until then.
    fn not_later_than_now(&self, at: Timestamp, name: &str) -> Result<(), String> {
        if at <= self.now {
            return Ok(());
        }
        Err(format!(
            "{name}: it says that it was decided at {at}, and it is {} now: if that is wrong, set this machine's clock",
            self.now
        ))
    }

    fn batch(&mut self, envelope: Envelope) -> Result<(), String> {
        let wrong = |error: serde_json::Error| format!("a batch: {error}");
        let batch: Message<Batch> = serde_json::from_slice(envelope.payload()).map_err(wrong)?;
        let ids = batch
            .content
            .items
            .iter()
            .map(|item| head_of(item.payload.as_bytes()).map(|head| head.id));
        let ids = ids.collect::<Result<_, _>>().map_err(wrong)?;
        self.file.batches.push(Sent { envelope, ids });
        Ok(())
    }

    fn end(mut self) -> Result<MemberFile, String> {
        let last = self.last.map_or(self.standing.seq, |(seq, _, _)| seq);
        if self.last.is_some() && last < self.file.feed_seq {
            return Err(format!(
                "it ends with entry {last}, and its node has applied {}",
                self.file.feed_seq
            ));
        }
        let messages = &self.file.messages;
        self.file
            .batches
            .retain(|batch| batch.ids.iter().any(|id| messages.contains_key(id)));
        Ok(self.file)
    }
}

/// What a message says of itself, as far as its place in the log depends on it.
#[derive(Deserialize)]
struct Head {
    id: MessageId,
    #[serde(default)]
    content: About,
}

#[derive(Default, Deserialize)]
struct About {
    #[serde(default)]
    transfer: Option<MessageId>,
    #[serde(default)]
    donation: Option<MessageId>,
    #[serde(default)]
    pledge: Option<MessageId>,
    #[serde(default)]
    key: Option<tanqiao_protocol::signing::VerifyingKey>,
}

impl About {
    fn about(&self) -> Option<String> {
        let object = self.transfer.or(self.donation).or(self.pledge).map(|id| id.to_string());
        object.or_else(|| self.key.as_ref().map(|key| key.id().to_string()))
    }
}

fn head_of(payload: &[u8]) -> Result<Head, serde_json::Error> {
    serde_json::from_slice(payload)
}
