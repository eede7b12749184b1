//! Verifying a receipt, from the checkpoint to the last gram.

use super::decided::{check_data, check_outcome, event_of, whole};
use super::deed::{Cover, Deed, blocks, cover};
use super::file::{LEAVES_MAX, MESSAGES_MAX, ReceiptFile, ReceiptKind, SignedMessage};
use super::message::{Asked, Heard, hear};
use super::refusal::{ReceiptFault, ReceiptRefusal, refuse};
use super::statement::{NotProven, Party, PartyRole, Statement};
use super::tree::{ProvenLeaf, Tree};
use crate::event::Claim;
use crate::id::NodeId;
use crate::log::policy::Policy;
use crate::message::{Donation, Retirement, TransferAcceptance, TransferProposal};
use crate::serial::BlockRef;

/// What a receipt proves to whoever has this policy. The signed messages must be there.
///
/// # Errors
/// [`ReceiptRefusal`]: the first thing that does not hold. Then nothing is proven.
pub fn verify(file: &ReceiptFile, policy: &Policy) -> Result<Statement, ReceiptRefusal> {
    let expected = if file.kind == ReceiptKind::Transfer { 2 } else { 1 };
    if file.messages.len() != expected {
        let detail = format!(
            "{} signed messages, and a {} has {expected}",
            file.messages.len(),
            file.kind
        );
        return Err(ReceiptRefusal::new(ReceiptFault::Messages, "messages", detail));
    }
    Receipt::prove(file, policy)?.with_messages(&file.messages)
}

/// [`verify`], of what everybody may see: a receipt without signed messages is enough, and proves less.
///
/// # Errors
/// [`ReceiptRefusal`].
pub fn verify_public(file: &ReceiptFile, policy: &Policy) -> Result<Statement, ReceiptRefusal> {
    if file.messages.is_empty() && file.kind != ReceiptKind::Transfer {
        Receipt::prove(file, policy)?.without_messages()
    } else {
        verify(file, policy)
    }
}

/// A receipt whose deciding leaf is proven.
struct Receipt {
    tree: Tree,
    /// The first part, with the changes of all.
    decided: ProvenLeaf,
    deed: Deed,
    kind: ReceiptKind,
    claim: Option<Claim>,
    statement: Statement,
}

impl Receipt {
    fn prove(file: &ReceiptFile, policy: &Policy) -> Result<Self, ReceiptRefusal> {
        let count = file.leaves.len();
        if count > LEAVES_MAX || file.messages.len() > MESSAGES_MAX {
            let detail = format!("more than {LEAVES_MAX} leaves or {MESSAGES_MAX} messages");
            return refuse(ReceiptFault::Malformed, "", detail);
        }
        let Some(first) = file.leaves.first() else {
            return refuse(ReceiptFault::Parts, "leaves", "there is no leaf");
        };
        let tree = Tree::accept(first, "leaves[0]", policy)?;
        let decided = whole(&tree, file)?;
        check_outcome(&decided.leaf, file)?;
        let deed = Deed::of(file.kind, file.id, &decided.leaf.changes)?;
        let claim = check_data(&decided.leaf, file.kind, &deed)?;
        let statement = Statement {
            kind: file.kind,
            id: file.id,
            at: decided.leaf.at,
            log_index: decided.index,
            parts: count,
            tree: tree.seen().clone(),
            parties: parties(file.kind, &deed),
            officers: decided.leaf.officers.clone(),
            blocks: blocks(&deed.given),
            delivered: blocks(&deed.delivered),
            given_g: deed.given_g,
            delivered_g: deed.delivered_g,
            buffered_g: deed.buffered_g,
            cancelled_g: deed.cancelled_g,
            r#use: None,
            price: None,
            event: None,
            donor_name: None,
            claim: claim.clone(),
            signatures: Vec::new(),
            not_proven: vec![NotProven::Reality, NotProven::Time, NotProven::Rules],
        };
        Ok(Self {
            tree,
            decided,
            deed,
            kind: file.kind,
            claim,
            statement,
        })
    }

    fn without_messages(mut self) -> Result<Statement, ReceiptRefusal> {
        self.statement.not_proven.push(NotProven::MemberSignatures);
        if self.kind == ReceiptKind::Donation {
            self.statement.event = Some(event_of(&self.decided.leaf)?);
        }
        Ok(self.finish())
    }

    fn with_messages(mut self, messages: &[SignedMessage]) -> Result<Statement, ReceiptRefusal> {
        self.statement.not_proven.push(NotProven::KeyStanding);
        match (self.kind, messages) {
            (ReceiptKind::Transfer, [proposal, acceptance]) => self.transfer(proposal, acceptance)?,
            (ReceiptKind::Donation, [donation]) => self.donation(donation)?,
            (ReceiptKind::Retirement, [retirement]) => self.retirement(retirement)?,
            _ => {
                return refuse(
                    ReceiptFault::Messages,
                    "messages",
                    "other messages than such an outcome has",
                );
            }
        }
        Ok(self.finish())
    }

    fn finish(mut self) -> Statement {
        if self.kind == ReceiptKind::Transfer {
            self.statement.not_proven.push(NotProven::LaterState);
        }
        if !self.statement.officers.is_empty() {
            self.statement.not_proven.push(NotProven::Organiser);
        }
        self.statement.not_proven.sort_unstable();
        self.statement
    }

    fn transfer(&mut self, first: &SignedMessage, second: &SignedMessage) -> Result<(), ReceiptRefusal> {
        let (place, last) = ("messages[0]", "messages[1]");
        let accepted: Heard<TransferAcceptance> = hear(&self.tree, second, self.deciding(second, last)?)?;
        let reserved = self.reserved(first, place)?;
        let proposed: Heard<TransferProposal> = hear(&self.tree, first, Asked { place, made: &reserved })?;
        let (proposal, acceptance) = (&proposed.message.content, &accepted.message.content);
        let deed = &self.deed;
        let agreed = |holds: bool, place: &str, detail: &str| {
            if holds {
                Ok(())
            } else {
                refuse(ReceiptFault::Content, place, detail)
            }
        };
        agreed(
            proposed.message.id == self.statement.id,
            place,
            "the proposal opened another transfer",
        )?;
        agreed(
            acceptance.transfer == self.statement.id,
            last,
            "another transfer was accepted",
        )?;
        agreed(
            acceptance.payload_sha256 == proposed.payload_sha256,
            last,
            "another proposal was accepted than the one that is shown",
        )?;
        agreed(
            proposed.message.member == deed.giver,
            place,
            "another member proposed than the one that gave",
        )?;
        agreed(
            proposal.target == accepted.message.member,
            place,
            "the proposal was made to another member",
        )?;
        agreed(
            deed.target.as_ref().is_none_or(|target| *target == proposal.target),
            place,
            "the blocks went to another member",
        )?;
        agreed(
            acceptance.r#use == proposal.r#use,
            last,
            "the use that was accepted is another",
        )?;
        let terms = (acceptance.delivered_g, acceptance.buffered_g, acceptance.cancelled_g);
        agreed(
            terms == (deed.delivered_g, deed.buffered_g, deed.cancelled_g),
            last,
            "the grams that were accepted are not those of the leaf",
        )?;
        same_blocks(&proposal.blocks, &deed.given, place)?;
        agreed(
            proposed.trust_domain == accepted.trust_domain,
            last,
            "the two messages are for different federations",
        )?;
        self.statement.parties = vec![
            party(PartyRole::Source, &deed.giver),
            party(PartyRole::Target, &proposal.target),
        ];
        self.statement.r#use = Some(proposal.r#use);
        self.statement.price.clone_from(&proposal.price);
        self.statement.signatures = vec![proposed.found, accepted.found];
        Ok(())
    }

    fn donation(&mut self, signed: &SignedMessage) -> Result<(), ReceiptRefusal> {
        let place = "messages[0]";
        let reserved = self.reserved(signed, place)?;
        let heard: Heard<Donation> = hear(&self.tree, signed, Asked { place, made: &reserved })?;
        let content = &heard.message.content;
        let leaf = &self.decided.leaf;
        let event = event_of(leaf)?;
        let settled = match leaf.payload_sha256 {
            Some(payload) => payload == heard.payload_sha256,
            None => !leaf.officers.is_empty(),
        };
        let linked = self.claim.as_ref().and_then(|claim| claim.linked.as_ref());
        let holds = [
            (
                heard.message.id == self.statement.id,
                "the message made another donation",
            ),
            (
                heard.message.member == self.deed.giver,
                "another member signed than the one that gave",
            ),
            (content.event == event, "the donation is to another event"),
            (
                content.linked.as_ref() == linked,
                "the claim names another linked obligation",
            ),
            (settled, "the leaf was decided by neither this message nor officers"),
        ];
        if let Some((_, detail)) = holds.iter().find(|(holds, _)| !holds) {
            return refuse(ReceiptFault::Content, place, detail);
        }
        same_blocks(&content.blocks, &self.deed.given, place)?;
        self.statement.event = Some(event);
        self.statement.donor_name.clone_from(&content.donor);
        self.statement.signatures = vec![heard.found];
        Ok(())
    }

    fn retirement(&mut self, signed: &SignedMessage) -> Result<(), ReceiptRefusal> {
        let place = "messages[0]";
        let heard: Heard<Retirement> = hear(&self.tree, signed, self.deciding(signed, place)?)?;
        let holds = [
            (
                heard.message.id == self.statement.id,
                "the message made another retirement",
            ),
            (
                heard.message.member == self.deed.giver,
                "another member signed than the one that held the blocks",
            ),
            (
                Some(&heard.message.content.claim) == self.claim.as_ref(),
                "the claim that was signed is another",
            ),
        ];
        if let Some((_, detail)) = holds.iter().find(|(holds, _)| !holds) {
            return refuse(ReceiptFault::Content, place, detail);
        }
        same_blocks(&heard.message.content.blocks, &self.deed.given, place)?;
        self.statement.signatures = vec![heard.found];
        Ok(())
    }

    /// For a message that made the deciding leaf itself.
    fn deciding<'a>(&'a self, signed: &SignedMessage, place: &'a str) -> Result<Asked<'a>, ReceiptRefusal> {
        if signed.leaf.is_some() {
            return refuse(
                ReceiptFault::Messages,
                place,
                "this message made the deciding leaf: it has no `leaf` of its own",
            );
        }
        Ok(Asked {
            place,
            made: &self.decided,
        })
    }

    /// The leaf of the reservation, which the message that opened the dealing made.
    fn reserved(&self, signed: &SignedMessage, place: &str) -> Result<ProvenLeaf, ReceiptRefusal> {
        let Some(proof) = &signed.leaf else {
            return refuse(
                ReceiptFault::Messages,
                place,
                "the leaf that this message made is missing",
            );
        };
        let place = format!("{place}.leaf");
        let made = self.tree.leaf(proof, &place)?;
        let types: &[&str] = match self.kind {
            ReceiptKind::Transfer => &["transfer.reserved", "transfer.delayed", "transfer.awaiting-approval"],
            _ => &["donation.reserved"],
        };
        let leaf = &made.leaf;
        if leaf.subject != self.decided.leaf.subject
            || !types.contains(&leaf.r#type.as_str())
            || leaf.part.unwrap_or(1) != 1
        {
            let detail = format!(
                "leaf {} is `{}` of {}, and not the reservation",
                made.index, leaf.r#type, leaf.subject
            );
            return refuse(ReceiptFault::Content, &place, detail);
        }
        if made.index >= self.decided.index {
            return refuse(
                ReceiptFault::Content,
                &place,
                "the reservation comes after the decision",
            );
        }
        Ok(made)
    }
}

fn same_blocks(named: &[BlockRef], given: &Cover, place: &str) -> Result<(), ReceiptRefusal> {
    if cover(named).as_ref() == Some(given) {
        Ok(())
    } else {
        refuse(
            ReceiptFault::Content,
            place,
            "the serials that were signed are not those that the leaf changes",
        )
    }
}

fn party(role: PartyRole, member: &NodeId) -> Party {
    Party {
        role,
        member: member.clone(),
    }
}

fn parties(kind: ReceiptKind, deed: &Deed) -> Vec<Party> {
    match kind {
        ReceiptKind::Transfer => Vec::new(),
        ReceiptKind::Donation => vec![party(PartyRole::Donor, &deed.giver)],
        ReceiptKind::Retirement => vec![party(PartyRole::Holder, &deed.giver)],
    }
}
