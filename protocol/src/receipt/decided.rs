//! The leaf that decides: whole, about the thing that is asked for, and saying of the claim what its changes do.

use serde_json::Value;

use super::deed::Deed;
use super::file::{ReceiptFile, ReceiptKind};
use super::refusal::{ReceiptFault, ReceiptRefusal, refuse};
use super::tree::{ProvenLeaf, Tree};
use crate::event::Claim;
use crate::id::Name;
use crate::leaf::Leaf;
use crate::quantity::Grams;
use crate::transfer::{DonationState, TransferState};

/// All parts of the deciding leaf as one.
pub(super) fn whole(tree: &Tree, file: &ReceiptFile) -> Result<ProvenLeaf, ReceiptRefusal> {
    let mut whole: Option<ProvenLeaf> = None;
    let count = u32::try_from(file.leaves.len()).unwrap_or(u32::MAX);
    for (proof, number) in file.leaves.iter().zip(1_u32..) {
        let place = format!("leaves[{}]", number - 1);
        let found = tree.leaf(proof, &place)?;
        let (part, parts) = (found.leaf.part.unwrap_or(1), found.leaf.parts.unwrap_or(1));
        if part != number || parts != count {
            let detail = format!("part {part} of {parts}, and should be part {number} of {count}");
            return refuse(ReceiptFault::Parts, &place, detail);
        }
        let Some(first) = &mut whole else {
            whole = Some(found);
            continue;
        };
        let follows = first.index.checked_add(u64::from(number) - 1) == Some(found.index);
        if !follows || found.leaf.subject != first.leaf.subject || found.leaf.r#type != first.leaf.r#type {
            return refuse(ReceiptFault::Parts, &place, "it does not follow the part before it");
        }
        first.leaf.changes.extend(found.leaf.changes);
    }
    whole.map_or_else(|| refuse(ReceiptFault::Parts, "leaves", "there is no leaf"), Ok)
}

/// The leaf commits just this thing.
pub(super) fn check_outcome(leaf: &Leaf, file: &ReceiptFile) -> Result<(), ReceiptRefusal> {
    let state = match file.kind {
        ReceiptKind::Transfer => Some(TransferState::Committed.word()),
        ReceiptKind::Donation => Some(DonationState::Committed.word()),
        ReceiptKind::Retirement => None,
    };
    let expected = file.kind.subject(file.id);
    if leaf.subject == expected && leaf.r#type == file.kind.leaf_type() && leaf.state.as_deref() == state {
        return Ok(());
    }
    let detail = format!(
        "the leaf is `{}` of {}, and should be `{}` of {expected}",
        leaf.r#type,
        leaf.subject,
        file.kind.leaf_type()
    );
    refuse(ReceiptFault::Outcome, "leaves[0].entry", detail)
}

/// What the leaf says of the claim fits what its changes do.
pub(super) fn check_data(leaf: &Leaf, kind: ReceiptKind, deed: &Deed) -> Result<Option<Claim>, ReceiptRefusal> {
    if kind == ReceiptKind::Transfer {
        return Ok(None);
    }
    let data = |name: &str| leaf.data.get(name).cloned().unwrap_or(Value::Null);
    let wrong = |detail: String| ReceiptRefusal::new(ReceiptFault::Outcome, "leaves[0].entry", detail);
    let claim: Claim =
        serde_json::from_value(data("claim")).map_err(|error| wrong(format!("the leaf names no claim: {error}")))?;
    let quantity: Grams = serde_json::from_value(data("quantity_g"))
        .map_err(|error| wrong(format!("the leaf names no quantity: {error}")))?;
    if quantity != deed.delivered_g {
        let detail = format!(
            "the leaf claims {} g, and its changes retire {} g",
            quantity.get(),
            deed.delivered_g.get()
        );
        return refuse(ReceiptFault::Changes, "leaves", detail);
    }
    if leaf.member.as_ref().is_some_and(|member| *member != deed.giver) {
        return refuse(
            ReceiptFault::Changes,
            "leaves",
            "the blocks are another member's than the one that decided",
        );
    }
    Ok(Some(claim))
}

pub(super) fn event_of(leaf: &Leaf) -> Result<Name, ReceiptRefusal> {
    let event = leaf
        .data
        .get("event")
        .and_then(Value::as_str)
        .and_then(|event| event.parse().ok());
    event.map_or_else(
        || refuse(ReceiptFault::Outcome, "leaves[0].entry", "the leaf names no event"),
        Ok,
    )
}
