//! Receipts: the leaf that decided, the messages behind it, and the proofs of all under one checkpoint.
//!
//! Nothing is handed out that was not verified first: a tile or a row that was changed is found here, not by the member.

use tanqiao_protocol::envelope::{Envelope, Signature};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::{Tile, TileReader};
use tanqiao_protocol::merkle;
use tanqiao_protocol::receipt::{
    EntryBytes, LEAVES_MAX, LeafProof, ReceiptFile, ReceiptFormat, ReceiptKind, SignedMessage,
};
use tanqiao_protocol::signing::VerifyingKey;

use super::files::LogFiles;
use crate::ledger::objects::{Donation, Governance, Retirement, Transfer};
use crate::store::checkpoints;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::receipts::{self, Received};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Enough witnesses have not yet signed a checkpoint with the leaf in it.
    #[error("leaf {leaf} is not in the witnessed tree of {size} leaves yet")]
    NotWitnessed {
        /// The last leaf that the receipt needs.
        leaf: u64,
        /// What is witnessed.
        size: u64,
    },
    /// The log's files, or the ledger's rows, are not what was signed.
    #[error("{0}: run `tanqiao-hub admin audit`")]
    Damaged(String),
}

fn damaged(error: impl std::fmt::Display) -> ReceiptError {
    ReceiptError::Damaged(error.to_string())
}

/// What a receipt is asked of.
#[derive(Debug, Clone)]
pub struct Deed {
    kind: ReceiptKind,
    id: MessageId,
    /// The leaf that decided.
    decided: i64,
    /// The leaf of the reservation, where there was one.
    reserved: Option<i64>,
    /// Whose message opened it.
    opened_by: NodeId,
}

impl Deed {
    /// Of a committed transfer; `None` if it is not.
    #[must_use]
    pub fn of_transfer(transfer: &Transfer) -> Option<Self> {
        let committed = transfer.state == tanqiao_protocol::transfer::TransferState::Committed;
        Some(Self {
            kind: ReceiptKind::Transfer,
            id: transfer.id,
            decided: transfer.end_log_index.filter(|_| committed)?,
            reserved: Some(transfer.log_index),
            opened_by: transfer.source.clone(),
        })
    }

    /// Of a committed donation; `None` if it is not.
    #[must_use]
    pub fn of_donation(donation: &Donation) -> Option<Self> {
        let committed = donation.state == tanqiao_protocol::transfer::DonationState::Committed;
        Some(Self {
            kind: ReceiptKind::Donation,
            id: donation.id,
            decided: donation.end_log_index.filter(|_| committed)?,
            reserved: Some(donation.log_index),
            opened_by: donation.donor.clone(),
        })
    }

    /// The id of the transfer, donation or retirement.
    #[must_use]
    pub const fn id(&self) -> MessageId {
        self.id
    }

    /// Of a retirement that is not a donation.
    #[must_use]
    pub fn of_retirement(retirement: &Retirement) -> Self {
        Self {
            kind: ReceiptKind::Retirement,
            id: retirement.id,
            decided: retirement.log_index,
            reserved: None,
            opened_by: retirement.member.clone(),
        }
    }
}

/// What receipts are made from: the files of the log, and a checkpoint with the signatures of its quorum.
#[derive(Debug)]
pub struct Prover<'a> {
    files: &'a LogFiles,
    note: Note,
    size: u64,
}

impl<'a> Prover<'a> {
    /// A prover under this checkpoint.
    ///
    /// # Errors
    /// [`ReceiptError::Damaged`] if the note is no checkpoint.
    pub fn new(files: &'a LogFiles, note: Note) -> Result<Self, ReceiptError> {
        let checkpoint: Checkpoint = note.text().parse().map_err(damaged)?;
        let size = checkpoint.size();
        Ok(Self { files, note, size })
    }

    /// The receipt of a deed.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn receipt(
        &self,
        connection: &mut ReadConnection<'_>,
        governance: &Governance,
        deed: &Deed,
    ) -> Result<ReceiptFile, ReceiptError> {
        let first = self.leaf(connection, deed.decided)?;
        let leaf: Leaf = serde_json::from_slice(&first).map_err(damaged)?;
        let parts = leaf.parts.unwrap_or(1);
        if usize::try_from(parts).is_ok_and(|parts| parts > LEAVES_MAX) {
            return Err(damaged(format!("leaf {} has {parts} parts", deed.decided)));
        }
        let mut proofs = Proofs::of(self);
        let decided = place(deed.decided)?;
        let mut leaves = Vec::new();
        for index in decided..decided + u64::from(parts) {
            leaves.push(proofs.prove(connection, index)?);
        }
        let opened = receipts::by_id(connection, &deed.opened_by, deed.id)?;
        let opened = (opened, deed.opened_by.clone(), deed.reserved);
        let accepted = match (deed.kind, leaf.payload_sha256, leaf.member) {
            (ReceiptKind::Transfer, Some(payload), Some(member)) => {
                Some((receipts::acceptance(connection, &payload)?, member, None))
            }
            _ => None,
        };
        let mut messages = Vec::new();
        for (received, member, reserved) in [Some(opened), accepted].into_iter().flatten() {
            let received = received.ok_or_else(|| damaged(format!("a signed message of `{member}` is missing")))?;
            let made = reserved.unwrap_or(deed.decided);
            let key = key_leaf(governance, &member, &received, made)?;
            messages.push(SignedMessage {
                envelope: envelope(&received)?,
                item: received.item,
                leaf: reserved
                    .map(|index| proofs.prove(connection, place(index)?))
                    .transpose()?,
                key: proofs.prove(connection, place(key)?)?,
            });
        }
        Ok(ReceiptFile {
            format: ReceiptFormat::V1,
            kind: deed.kind,
            id: deed.id,
            leaves,
            messages,
        })
    }

    fn leaf(&self, connection: &mut ReadConnection<'_>, index: i64) -> Result<Vec<u8>, ReceiptError> {
        let index = place(index)?;
        if index >= self.size {
            let size = self.size;
            return Err(ReceiptError::NotWitnessed { leaf: index, size });
        }
        let found = checkpoints::leaves(connection, index, index + 1)?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| damaged(format!("leaf {index} is missing")))
    }
}

fn place(index: i64) -> Result<u64, ReceiptError> {
    u64::try_from(index).map_err(damaged)
}

/// Makes proofs, reading each tile once.
struct Proofs<'a, F> {
    prover: &'a Prover<'a>,
    reader: TileReader<F>,
}

impl<'a> Proofs<'a, ()> {
    fn of(prover: &'a Prover<'a>) -> Proofs<'a, impl FnMut(Tile) -> Result<Vec<u8>, String>> {
        let read = move |tile: Tile| match prover.files.tile(tile) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("{tile} is missing")),
            Err(error) => Err(format!("{tile} cannot be read: {error}")),
        };
        Proofs {
            prover,
            reader: TileReader::new(prover.size, read),
        }
    }
}

impl<F: FnMut(Tile) -> Result<Vec<u8>, String>> Proofs<'_, F> {
    fn prove(&mut self, connection: &mut ReadConnection<'_>, index: u64) -> Result<LeafProof, ReceiptError> {
        let entry = self.prover.leaf(connection, i64::try_from(index).map_err(damaged)?)?;
        let path = merkle::inclusion(index, self.prover.size, |node| self.reader.node(node)).map_err(damaged)?;
        let receipt = Receipt::new(index, path, self.prover.note.clone()).map_err(damaged)?;
        if !receipt.includes(&entry) {
            return Err(damaged(format!(
                "leaf {index}, or a tile above it, is not what was signed"
            )));
        }
        Ok(LeafProof {
            entry: EntryBytes(entry),
            proof: receipt.to_string(),
        })
    }
}

fn envelope(received: &Received) -> Result<Envelope, ReceiptError> {
    let stored = &received.envelope;
    let signatures: Vec<Signature> = serde_json::from_value(stored.signatures.clone()).map_err(damaged)?;
    Envelope::from_parts(&stored.payload_type, stored.payload.clone(), signatures).map_err(damaged)
}

/// The leaf that admitted the key which signed a message that made leaf `made`.
fn key_leaf(governance: &Governance, member: &NodeId, received: &Received, made: i64) -> Result<i64, ReceiptError> {
    let admitted = |first: Option<i64>| first.filter(|first| *first < made);
    let of_member = governance
        .keys
        .values()
        .filter(|key| key.member == *member && admitted(key.first_index).is_some());
    let keys: Vec<VerifyingKey> = of_member.map(|key| key.key.clone()).collect();
    let signer = envelope(received)?.verify(&keys).map_err(damaged)?;
    let first = governance.keys.get(&signer).and_then(|key| key.first_index);
    first.ok_or_else(|| damaged(format!("key {signer} has no leaf")))
}
