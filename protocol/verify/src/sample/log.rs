//! The log of a sample: keys, leaves, checkpoints, receipts and files.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tanqiao_protocol::block::BlockChange;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::leaf::{Leaf, leaf_hash};
use tanqiao_protocol::ledger::{Replacement, Replay};
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::TILE_WIDTH;
use tanqiao_protocol::message::{Content, Message};
use tanqiao_protocol::receipt::{EntryBytes, LeafProof};
use tanqiao_protocol::time::Timestamp;

use super::keys::{Voice, secret};
use super::{MirrorWriter, SampleFault, Tree};

pub(super) const ORIGIN: &str = "sample.example/log";
/// 2026-05-23T08:00:00Z.
const BEGIN_US: i64 = 1_779_523_200_000_000;
const SECOND_US: i64 = 1_000_000;
/// Leaves that are held before they are handed over.
const HELD_MAX: usize = 64 * TILE_WIDTH as usize;

/// A log that grows.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    leaves: Vec<Vec<u8>>,
    /// Leaves before these, which a writer has.
    handed_over: u64,
    pub(super) replay: Replay,
    ids: u8,
    /// What is made wrong in the next dealings.
    pub twist: Twist,
}

/// How a dealing is made wrong, for a verifier to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Twist {
    /// Not at all.
    #[default]
    None,
    /// The acceptance, or the claim of the leaf, names other grams.
    Grams,
    /// The acceptance names another use; the message another claim or event.
    Purpose,
    /// The message names fewer serials.
    Serials,
    /// The proposal is to another member.
    Target,
    /// The leaf that decides has a blank too many.
    Spelling,
}

/// What a leaf says beside its place and time.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub r#type: &'a str,
    pub subject: String,
    pub state: Option<&'a str>,
    pub data: Value,
    pub member: Option<&'a NodeId>,
    pub officers: &'a [&'a str],
    pub payload: Option<Sha256>,
    pub changes: Vec<Replacement>,
}

impl Sample {
    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.handed_over + self.leaves.len() as u64
    }

    /// The leaves that were not handed over.
    #[must_use]
    pub fn leaves(&self) -> &[Vec<u8>] {
        &self.leaves
    }

    pub(super) fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.size()).unwrap_or(i64::MAX);
        Timestamp::from_micros(BEGIN_US).plus_micros(seconds.saturating_mul(SECOND_US))
    }

    pub(super) fn id(&mut self) -> MessageId {
        self.ids = self.ids.wrapping_add(1);
        MessageId::from_parts(self.now(), &[self.ids; 10])
    }

    /// Appends a leaf, in `parts` parts; the index of the first.
    pub(super) fn append(&mut self, draft: Draft<'_>, parts: u32) -> Result<u64, SampleFault> {
        let first = self.size();
        let changes: Vec<BlockChange> = draft.changes.iter().flat_map(Replacement::changes).collect();
        let share = changes.len().div_ceil(usize::try_from(parts).unwrap_or(1)).max(1);
        let mut rest = changes.chunks(share);
        let officers: Result<Vec<_>, _> = draft.officers.iter().map(|name| name.parse()).collect();
        let at = self.now();
        for part in 1..=parts {
            let many = (parts > 1).then_some(part);
            let leaf = Leaf {
                at,
                caps: Vec::new(),
                changes: rest.next().unwrap_or_default().to_vec(),
                data: if part == 1 { draft.data.clone() } else { Value::Null },
                index: i64::try_from(self.size()).unwrap_or(i64::MAX),
                linked: None,
                member: draft.member.cloned(),
                officers: officers.clone().map_err(SampleFault::of)?,
                part: many,
                parts: many.map(|_| parts),
                payload_sha256: draft.payload,
                room: None,
                state: draft.state.map(str::to_owned),
                subject: draft.subject.clone(),
                r#type: draft.r#type.to_owned(),
                v: 1,
            };
            let mut bytes = serde_json::to_vec(&leaf).map_err(SampleFault::of)?;
            if self.twist == Twist::Spelling && draft.r#type.ends_with(".committed") {
                bytes.push(b' ');
            }
            self.replay.apply(&bytes).map_err(SampleFault::of)?;
            self.leaves.push(bytes);
        }
        Ok(first)
    }

    /// Admits a member with a key.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn admit(&mut self, member: &str, key: u8) -> Result<Voice, SampleFault> {
        let key = secret(key)?;
        let member: NodeId = member.parse().map_err(SampleFault::of)?;
        let data = json!({
            "key": key.verifying_key(), "kind": "province", "name_en": member, "name_zh": member, "region": "420000",
        });
        let admitted = self.append(
            Draft {
                r#type: "member.admitted",
                subject: format!("member/{member}"),
                data,
                officers: &["first-officer"],
                ..Draft::default()
            },
            1,
        )?;
        let key = Arc::new(key);
        Ok(Voice { member, key, admitted })
    }

    /// A member's voice with a key that no leaf has admitted.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn unknown(voice: &Voice, key: u8) -> Result<Voice, SampleFault> {
        Ok(Voice {
            key: Arc::new(secret(key)?),
            ..voice.clone()
        })
    }

    /// Lets a member have another key.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn renew(&mut self, voice: &Voice, key: u8) -> Result<Voice, SampleFault> {
        let key = secret(key)?;
        let public = key.verifying_key();
        let admitted = self.append(
            Draft {
                r#type: "key.approved",
                subject: format!("key/{}", public.id()),
                data: json!({ "key": public, "member": voice.member }),
                officers: &["first-officer"],
                ..Draft::default()
            },
            1,
        )?;
        Ok(Voice {
            member: voice.member.clone(),
            key: Arc::new(key),
            admitted,
        })
    }

    /// Lets the first so many witnesses count, as officers do.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn admit_witnesses(&mut self, count: u8) -> Result<(), SampleFault> {
        for number in 0..count {
            let draft = Draft {
                r#type: "witness.admitted",
                subject: format!("witness/w{number}"),
                data: json!({ "key": Self::witness_key(number)?, "member": format!("w{number}") }),
                officers: &["first-officer", "second-officer"],
                ..Draft::default()
            };
            self.append(draft, 1)?;
        }
        Ok(())
    }

    /// Appends leaves that change nothing until there are so many.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn pad(&mut self, size: u64) -> Result<(), SampleFault> {
        while self.size() < size {
            let stops = self.size().is_multiple_of(2);
            let draft = Draft {
                r#type: if stops { "hub.stopped" } else { "hub.resumed" },
                subject: "hub".to_owned(),
                data: json!({ "reason": "a drill" }),
                officers: &["first-officer"],
                ..Draft::default()
            };
            self.append(draft, 1)?;
        }
        Ok(())
    }

    /// Appends a leaf once more, with the next index: what no ledger does.
    pub fn tell_again(&mut self, place: usize) {
        let index = self.leaves.len();
        if let Some(again) = self
            .leaves
            .get(place)
            .and_then(|leaf| serde_json::from_slice::<Leaf>(leaf).ok())
        {
            let again = Leaf {
                index: i64::try_from(index).unwrap_or(i64::MAX),
                at: self.now(),
                ..again
            };
            self.leaves.extend(serde_json::to_vec(&again));
        }
    }

    /// The signed bytes of a message, and its envelope.
    pub(super) fn sign<C: Content + Serialize>(
        &self,
        voice: &Voice,
        id: MessageId,
        content: C,
    ) -> Result<Envelope, SampleFault> {
        let message = Message {
            trust_domain: "sample.example".parse().map_err(SampleFault::of)?,
            member: voice.member.clone(),
            protocol: tanqiao_protocol::PROTOCOL_VERSION,
            id,
            issued_at: self.now(),
            not_after: self.now().plus_micros(3_600 * SECOND_US),
            staff: None,
            content,
        };
        let payload = serde_json::to_vec(&message).map_err(SampleFault::of)?;
        Envelope::sign(&C::ACTION.payload_type(), payload, &voice.key).map_err(SampleFault::of)
    }

    /// The tree of all leaves.
    #[must_use]
    pub fn tree(&self) -> Tree {
        Tree::over(self.hashes())
    }

    /// The leaf hashes, to which others may be added.
    #[must_use]
    pub fn hashes(&self) -> Vec<Sha256> {
        self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    /// The checkpoint of a head, signed by the log and by these witnesses.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn note(size: u64, root: Sha256, witnesses: &[u8]) -> Result<Note, SampleFault> {
        let text = Checkpoint::new(ORIGIN, Head { size, root })
            .map_err(SampleFault::of)?
            .to_string();
        let mut note = Note::unsigned(&text).map_err(SampleFault::of)?;
        let log = SignatureLine::sign(&text, &Self::log_key()?, &secret(1)?).map_err(SampleFault::of)?;
        note.add(log).map_err(SampleFault::of)?;
        for number in witnesses {
            let at = u64::try_from(BEGIN_US / SECOND_US).unwrap_or(0) + size + u64::from(*number);
            let line = SignatureLine::cosign(&text, &Self::witness_key(*number)?, &secret(100 + *number)?, at);
            note.add(line.map_err(SampleFault::of)?).map_err(SampleFault::of)?;
        }
        Ok(note)
    }

    /// A leaf with its proof in a tree that begins with these leaves.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn prove(&self, tree: &Tree, note: &Note, index: u64) -> Result<LeafProof, SampleFault> {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let entry = self.leaves.get(place).ok_or_else(|| SampleFault::of("no such leaf"))?;
        let receipt = Receipt::new(index, tree.inclusion(index)?, note.clone()).map_err(SampleFault::of)?;
        Ok(LeafProof {
            entry: EntryBytes(entry.clone()),
            proof: receipt.to_string(),
        })
    }

    /// Hands the leaves of whole bundles to a writer once there are many, and forgets them: what needs them can be asked no more.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn hand_over(&mut self, files: &mut MirrorWriter<'_>) -> Result<(), SampleFault> {
        if self.leaves.len() < HELD_MAX {
            return Ok(());
        }
        let whole = self.leaves.len() - self.leaves.len() % usize::from(TILE_WIDTH);
        let leaves: Vec<Vec<u8>> = self.leaves.drain(..whole).collect();
        self.handed_over += leaves.len() as u64;
        files.write(&leaves)
    }

    /// Writes what is left, the checkpoint and the policy.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn finish(self, mut files: MirrorWriter<'_>, witnesses: &[u8], policy: &Policy) -> Result<(), SampleFault> {
        files.write(&self.leaves)?;
        let note = Self::note(self.size(), files.root(), witnesses)?;
        files.file("checkpoint", note.to_string().as_bytes())?;
        files.file("policy", &policy.print())
    }

    /// Writes the log as files, as a mirror has them.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn write(&self, directory: &Path, witnesses: &[u8], policy: &Policy) -> Result<(), SampleFault> {
        let files = MirrorWriter::new(directory, self.size());
        self.clone().finish(files, witnesses, policy)
    }
}
