//! What the members of a sample do with each other, and the receipts of it.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::message::{Action, Batch, BatchItem, Donation, Retirement, TransferAcceptance, TransferProposal};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::receipt::{ReceiptFile, ReceiptFormat, ReceiptKind, SignedMessage};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::r#use::Use;

use super::keys::Voice;
use super::log::{Draft, Sample, Twist};
use super::{SampleFault, Tree};

/// A message, the leaf that it made where that is not the deciding one, and the leaf of its key.
#[derive(Debug, Clone)]
pub struct Said {
    envelope: Envelope,
    item: Option<u32>,
    made: Option<u64>,
    key: u64,
}

/// Something that was committed, and where the log says so.
#[derive(Debug, Clone)]
pub struct Dealing {
    /// What it is.
    pub kind: ReceiptKind,
    /// Its id.
    pub id: MessageId,
    /// The deciding leaf; of several parts the first.
    pub decided: u64,
    /// How many parts.
    pub parts: u64,
    said: Vec<Said>,
}

impl Dealing {
    /// With another leaf as that of a message's key.
    pub fn admitted_by(&mut self, message: usize, leaf: u64) {
        if let Some(said) = self.said.get_mut(message) {
            said.key = leaf;
        }
    }

    /// With another leaf as the one that a message made.
    pub fn made_by(&mut self, message: usize, leaf: Option<u64>) {
        if let Some(said) = self.said.get_mut(message) {
            said.made = leaf;
        }
    }

    /// The receipt, in a tree that begins with the sample's leaves.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn receipt(&self, sample: &Sample, tree: &Tree, note: &Note) -> Result<ReceiptFile, SampleFault> {
        let prove = |index| sample.prove(tree, note, index);
        let message = |said: &Said| {
            Ok(SignedMessage {
                envelope: said.envelope.clone(),
                item: said.item,
                leaf: said.made.map(prove).transpose()?,
                key: prove(said.key)?,
            })
        };
        Ok(ReceiptFile {
            format: ReceiptFormat::V1,
            kind: self.kind,
            id: self.id,
            leaves: (self.decided..self.decided + self.parts)
                .map(prove)
                .collect::<Result<_, _>>()?,
            messages: self.said.iter().map(message).collect::<Result<_, SampleFault>>()?,
        })
    }
}

fn one_more(grams: Grams) -> Result<Grams, SampleFault> {
    Grams::new(grams.get() + 1).map_err(SampleFault::of)
}

impl Sample {
    /// The serials as the message names them.
    fn named(&self, blocks: &[BlockRef]) -> Vec<BlockRef> {
        let most = if self.twist == Twist::Serials { 1 } else { usize::MAX };
        blocks.iter().take(most).cloned().collect()
    }

    /// A transfer that was proposed and accepted; the acceptance in a batch where `batched`, the deciding leaf in so many parts.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn transfer(
        &mut self,
        (source, target): (&Voice, &Voice),
        blocks: &[BlockRef],
        batched: bool,
        parts: u32,
    ) -> Result<Dealing, SampleFault> {
        let id = self.id();
        let (proposal, reserved) = self.propose((source, target), blocks, id)?;
        let arrived = BlockStatus::held_by(target.member.clone());
        let (changes, grams) = self.divide(blocks, &arrived, &source.member, id)?;
        let alone = self.acceptance(target, (id, &proposal), grams)?;
        let payload = alone.payload_sha256();
        let (envelope, item) = if batched {
            (self.batch(target, &alone)?, Some(1))
        } else {
            (alone, None)
        };
        let decided = self.append(
            Draft {
                r#type: "transfer.committed",
                subject: format!("transfer/{id}"),
                state: Some("committed"),
                member: Some(&target.member),
                payload: Some(payload),
                changes,
                ..Draft::default()
            },
            parts,
        )?;
        let said = |envelope, item, made, voice: &Voice| Said {
            envelope,
            item,
            made,
            key: voice.admitted,
        };
        Ok(Dealing {
            kind: ReceiptKind::Transfer,
            id,
            decided,
            parts: u64::from(parts),
            said: vec![
                said(proposal, None, Some(reserved), source),
                said(envelope, item, None, target),
            ],
        })
    }

    /// The source's proposal, and the leaf that reserves for it.
    fn propose(
        &mut self,
        (source, target): (&Voice, &Voice),
        blocks: &[BlockRef],
        id: MessageId,
    ) -> Result<(Envelope, u64), SampleFault> {
        let named = if self.twist == Twist::Target { source } else { target };
        let content = TransferProposal {
            target: named.member.clone(),
            blocks: self.named(blocks),
            r#use: Use::CorporateNeutrality,
            quote: None,
            valid_until: self.now().plus_micros(86_400_000_000),
            price: None,
        };
        let proposal = self.sign(source, id, content)?;
        let draft = Draft {
            r#type: "transfer.reserved",
            subject: format!("transfer/{id}"),
            state: Some("offered"),
            data: json!({ "source": source.member, "target": target.member }),
            member: Some(&source.member),
            payload: Some(proposal.payload_sha256()),
            changes: self.reserve(&source.member, blocks, id)?,
            ..Draft::default()
        };
        let reserved = self.append(draft, 1)?;
        Ok((proposal, reserved))
    }

    /// The target's acceptance of a proposal.
    fn acceptance(
        &mut self,
        target: &Voice,
        (transfer, proposal): (MessageId, &Envelope),
        [delivered_g, buffered_g, cancelled_g]: [Grams; 3],
    ) -> Result<Envelope, SampleFault> {
        let content = TransferAcceptance {
            transfer,
            payload_sha256: proposal.payload_sha256(),
            delivered_g: if self.twist == Twist::Grams {
                one_more(delivered_g)?
            } else {
                delivered_g
            },
            buffered_g,
            cancelled_g,
            r#use: if self.twist == Twist::Purpose {
                Use::PublicWelfare
            } else {
                Use::CorporateNeutrality
            },
        };
        let answer = self.id();
        self.sign(target, answer, content)
    }

    /// The message as the second of a batch.
    fn batch(&mut self, voice: &Voice, message: &Envelope) -> Result<Envelope, SampleFault> {
        let item = BatchItem {
            payload_type: message.payload_type().to_owned(),
            payload: String::from_utf8(message.payload().to_vec()).map_err(SampleFault::of)?,
        };
        let first = BatchItem {
            payload_type: Action::TransferDecline.payload_type(),
            payload: "{}".to_owned(),
        };
        let id = self.id();
        let items = vec![first, item];
        self.sign(voice, id, Batch { items })
    }

    /// A donation to the event `river-run`, accepted at once or by the organiser.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn donate(&mut self, donor: &Voice, blocks: &[BlockRef], at_once: bool) -> Result<Dealing, SampleFault> {
        let id = self.id();
        let (envelope, reserved) = self.give(donor, blocks, id)?;
        let payload = envelope.payload_sha256();
        let retired = BlockStatus::bound(donor.member.clone(), BlockState::Retired, id);
        let (changes, [quantity, ..]) = self.divide(blocks, &retired, &donor.member, id)?;
        let quantity = if self.twist == Twist::Grams {
            one_more(quantity)?
        } else {
            quantity
        };
        let claim = Claim {
            claimant: "river-run".to_owned(),
            claimant_kind: ClaimantKind::Event,
            r#use: Use::EventNeutrality,
            year: 2026,
            place: "420100".parse().map_err(SampleFault::of)?,
            statement: None,
            linked: None,
        };
        let decided = self.append(
            Draft {
                r#type: "donation.committed",
                subject: format!("donation/{id}"),
                state: Some("committed"),
                data: json!({ "claim": claim, "event": "river-run", "quantity_g": quantity }),
                member: at_once.then_some(&donor.member),
                officers: if at_once { &[] } else { &["river-organiser"] },
                payload: at_once.then_some(payload),
                changes,
            },
            1,
        )?;
        Ok(Dealing {
            kind: ReceiptKind::Donation,
            id,
            decided,
            parts: 1,
            said: vec![Said {
                envelope,
                item: None,
                made: Some(reserved),
                key: donor.admitted,
            }],
        })
    }

    /// The donor's message, and the leaf that reserves for it.
    fn give(&mut self, donor: &Voice, blocks: &[BlockRef], id: MessageId) -> Result<(Envelope, u64), SampleFault> {
        let event = if self.twist == Twist::Purpose {
            "hill-run"
        } else {
            "river-run"
        };
        let content = Donation {
            event: event.parse().map_err(SampleFault::of)?,
            blocks: self.named(blocks),
            quote: None,
            valid_until: self.now().plus_micros(86_400_000_000),
            donor: Some("Friends of the River".to_owned()),
            linked: None,
        };
        let envelope = self.sign(donor, id, content)?;
        let draft = Draft {
            r#type: "donation.reserved",
            subject: format!("donation/{id}"),
            state: Some("reserved"),
            data: json!({ "event": "river-run" }),
            member: Some(&donor.member),
            payload: Some(envelope.payload_sha256()),
            changes: self.reserve(&donor.member, blocks, id)?,
            ..Draft::default()
        };
        let reserved = self.append(draft, 1)?;
        Ok((envelope, reserved))
    }

    /// A retirement for a company's own claim.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn retire(&mut self, holder: &Voice, blocks: &[BlockRef]) -> Result<Dealing, SampleFault> {
        let id = self.id();
        let claim = Claim {
            claimant: "Sample Works".to_owned(),
            claimant_kind: ClaimantKind::Organisation,
            r#use: Use::CorporateNeutrality,
            year: 2026,
            place: "420100".parse().map_err(SampleFault::of)?,
            statement: Some("a year of deliveries".to_owned()),
            linked: None,
        };
        let content = Retirement {
            blocks: self.named(blocks),
            claim: Claim {
                year: if self.twist == Twist::Purpose { 2025 } else { claim.year },
                ..claim.clone()
            },
        };
        let envelope = self.sign(holder, id, content)?;
        let status = BlockStatus::bound(holder.member.clone(), BlockState::Retired, id);
        let changes: Result<Vec<Replacement>, SampleFault> = blocks
            .iter()
            .map(|block| self.cut(block, &[(block.range, status.clone())]))
            .collect();
        let quantity = Grams::total(blocks.iter().map(BlockRef::quantity)).map_err(SampleFault::of)?;
        let quantity = if self.twist == Twist::Grams {
            one_more(quantity)?
        } else {
            quantity
        };
        let decided = self.append(
            Draft {
                r#type: "retirement.committed",
                subject: format!("retirement/{id}"),
                data: json!({ "claim": claim, "quantity_g": quantity }),
                member: Some(&holder.member),
                payload: Some(envelope.payload_sha256()),
                changes: changes?,
                ..Draft::default()
            },
            1,
        )?;
        Ok(Dealing {
            kind: ReceiptKind::Retirement,
            id,
            decided,
            parts: 1,
            said: vec![Said {
                envelope,
                item: None,
                made: None,
                key: holder.admitted,
            }],
        })
    }
}
