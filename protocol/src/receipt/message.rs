//! A signed message behind a leaf: its bytes are those that the leaf names, and its key is one that the log admitted for that member.

use super::file::SignedMessage;
use super::refusal::{ReceiptFault, ReceiptRefusal};
use super::statement::SignatureFound;
use super::tree::{ProvenLeaf, Tree};
use crate::id::{NodeId, Sha256, TrustDomain};
use crate::leaf::Leaf;
use crate::message::{Action, Batch, Content, Message};
use crate::signing::VerifyingKey;
use crate::strict;

/// Whose key a leaf admits; `None` if it admits none.
#[must_use]
pub fn admits_key(leaf: &Leaf) -> Option<(NodeId, VerifyingKey)> {
    let text = |name: &str| leaf.data.get(name)?.as_str();
    let member = match leaf.r#type.as_str() {
        "member.admitted" => leaf.subject.strip_prefix("member/")?,
        "key.approved" | "key.replaced" => text("member")?,
        _ => return None,
    };
    Some((member.parse().ok()?, text("key")?.parse().ok()?))
}

/// A message whose signature was found good.
#[derive(Debug)]
pub(super) struct Heard<C> {
    pub message: Message<C>,
    pub payload_sha256: Sha256,
    pub trust_domain: TrustDomain,
    pub found: SignatureFound,
}

/// What a message must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Where it stands in the file.
    pub place: &'a str,
    /// The leaf that it made.
    pub made: &'a ProvenLeaf,
}

/// Verifies a message against the leaf that it made.
pub(super) fn hear<C: Content>(
    tree: &Tree,
    signed: &SignedMessage,
    asked: Asked<'_>,
) -> Result<Heard<C>, ReceiptRefusal> {
    let Asked { place, made } = asked;
    let refuse = |fault, detail: String| ReceiptRefusal::new(fault, place, detail);
    let (action, payload) = payload(signed, place)?;
    if action != C::ACTION {
        let detail = format!("the message is a {action}, and should be a {}", C::ACTION);
        return Err(refuse(ReceiptFault::Messages, detail));
    }
    let payload_sha256 = Sha256::of(&payload);
    if made.leaf.payload_sha256 != Some(payload_sha256) {
        let detail = format!("the message is not the one that leaf {} names by its hash", made.index);
        return Err(refuse(ReceiptFault::Payload, detail));
    }
    let message: Message<C> = strict::from_slice(&payload)
        .map_err(|error| refuse(ReceiptFault::Content, format!("the message cannot be read: {error}")))?;
    if made.leaf.member.as_ref() != Some(&message.member) {
        let detail = format!("the message is of `{}`, and leaf {} is not", message.member, made.index);
        return Err(refuse(ReceiptFault::Content, detail));
    }
    let key_place = format!("{place}.key");
    let admitted = tree.leaf(&signed.key, &key_place)?;
    let key = match admits_key(&admitted.leaf) {
        Some((member, key)) if member == message.member => key,
        _ => {
            let detail = format!("leaf {} admits no key of `{}`", admitted.index, message.member);
            return Err(ReceiptRefusal::new(ReceiptFault::Key, key_place, detail));
        }
    };
    if admitted.index >= made.index {
        let detail = format!(
            "the key was admitted by leaf {}, after leaf {} that the message made",
            admitted.index, made.index
        );
        return Err(ReceiptRefusal::new(ReceiptFault::KeyLater, key_place, detail));
    }
    let key_id = key.id();
    if signed.envelope.verify(&[key]).is_err() {
        let detail = format!(
            "no signature of the envelope is by the key that leaf {} admits",
            admitted.index
        );
        return Err(refuse(ReceiptFault::MessageSignature, detail));
    }
    Ok(Heard {
        payload_sha256,
        trust_domain: message.trust_domain.clone(),
        found: SignatureFound {
            member: message.member.clone(),
            action,
            message: message.id,
            issued_at: message.issued_at,
            key: key_id,
            key_index: admitted.index,
            log_index: made.index,
        },
        message,
    })
}

/// The action and bytes of the message: the envelope's own, or those of its item.
fn payload(signed: &SignedMessage, place: &str) -> Result<(Action, Vec<u8>), ReceiptRefusal> {
    let refuse = |detail: &str| ReceiptRefusal::new(ReceiptFault::Messages, place, detail);
    let action = |text: &str| Action::of_payload_type(text).ok_or_else(|| refuse("its payload type is none of ours"));
    let envelope = &signed.envelope;
    let outer = action(envelope.payload_type())?;
    let Some(item) = signed.item else {
        if outer == Action::Batch {
            return Err(refuse(
                "the envelope is a batch: `item` says which of its messages is meant",
            ));
        }
        return Ok((outer, envelope.payload().to_vec()));
    };
    if outer != Action::Batch {
        return Err(refuse("`item` is for a batch, and the envelope is none"));
    }
    let batch: Message<Batch> = strict::from_slice(envelope.payload())
        .map_err(|error| refuse(&format!("the batch cannot be read: {error}")))?;
    let items = batch.content.items;
    let found = usize::try_from(item).ok().and_then(|item| items.into_iter().nth(item));
    let found = found.ok_or_else(|| refuse("the batch has no such item"))?;
    Ok((action(&found.payload_type)?, found.payload.into_bytes()))
}
