//! What a member loses: serials that should never have been issued, or whose removal was reversed. Its own serials go first,
//! then other blocks of its own in their place, those that it holds before those that it has offered, then the buffer; what is
//! left is a debt. Holders in good faith and final
//! states are never touched.

use std::collections::BTreeSet;

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::Outcome;

use super::blocks::{Part, Selection, move_all, select_uncontradicted};
use super::check_words;
use super::membership::halt_one;
use super::transfer::By;
use crate::ledger::objects::{Debt, Issuance};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// What is lost.
#[derive(Debug, Clone)]
pub(super) struct Loss {
    /// The conflict or decision that causes it.
    pub cause: MessageId,
    /// Who loses.
    pub issuer: NodeId,
    /// The serials that should not be there; empty where none is named.
    pub ranges: Vec<BlockRef>,
    /// How much.
    pub quantity: Grams,
    /// Other blocks are taken from this issuance first.
    pub first_from: Option<MessageId>,
    /// Why.
    pub reason: String,
}

/// Where what covers a loss comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Own,
    Replacement,
    Buffer,
}

impl Source {
    const fn leaf(self) -> &'static str {
        match self {
            Self::Own => "loss.cancelled",
            Self::Replacement => "loss.replaced",
            Self::Buffer => "loss.buffered",
        }
    }
}

/// Carries a loss out.
pub(super) fn suffer(working: &mut Working, loss: &Loss, by: &By) -> Decided<()> {
    let mut left = loss.quantity;
    left = take_own(working, loss, left, by)?;
    left = take_held(working, loss, left, &loss.issuer, Source::Replacement, by)?;
    left = take_reserved(working, loss, left, by)?;
    left = take_held(working, loss, left, &NodeId::hub_buffer(), Source::Buffer, by)?;
    if left.is_zero() {
        return Ok(());
    }
    owe(working, loss, left, by)
}

/// The serials themselves, as far as they are still the issuer's. An open transfer of them is halted first.
fn take_own(working: &mut Working, loss: &Loss, left: Grams, by: &By) -> Decided<Grams> {
    if loss.ranges.is_empty() {
        return Ok(left);
    }
    let own = |part: &Part| part.block.status.holder == loss.issuer;
    let open: BTreeSet<MessageId> = select_uncontradicted(working, &loss.ranges)?
        .parts
        .iter()
        .filter(|part| own(part) && part.block.status.state == BlockState::Reserved)
        .filter_map(|part| part.block.status.bound_to)
        .collect();
    for dealing in open {
        halt_one(working, &by.officers, dealing, &loss.reason)?;
    }
    let mut selection = select_uncontradicted(working, &loss.ranges)?;
    selection
        .parts
        .retain(|part| own(part) && matches!(part.block.status.state, BlockState::Held | BlockState::Frozen));
    cancel(working, loss, left, selection, Source::Own, by)
}

/// What a member has in a state.
fn holding(working: &Working, member: &NodeId, state: BlockState) -> Decided<Vec<BlockRef>> {
    let found = working.holdings.get(&(member.clone(), state));
    let found = found.ok_or_else(|| Rejection::NotLoaded(format!("what {member} has `{state}`")))?;
    Ok(found.blocks.clone())
}

/// Equal grams of other blocks that `holder` holds free.
fn take_held(
    working: &mut Working,
    loss: &Loss,
    left: Grams,
    holder: &NodeId,
    source: Source,
    by: &By,
) -> Decided<Grams> {
    if left.is_zero() {
        return Ok(left);
    }
    let blocks = holding(working, holder, BlockState::Held)?;
    take(working, loss, left, holder, &blocks, source, by)
}

/// Equal grams of blocks that the issuer has offered or given and nobody has accepted yet: what binds them is halted.
fn take_reserved(working: &mut Working, loss: &Loss, left: Grams, by: &By) -> Decided<Grams> {
    if left.is_zero() {
        return Ok(left);
    }
    let (mut freed, mut grams) = (Vec::new(), 0);
    for range in holding(working, &loss.issuer, BlockState::Reserved)? {
        if grams >= left.get() {
            break;
        }
        for part in own_parts(working, &range, &loss.issuer, BlockState::Reserved)? {
            if let Some(dealing) = part.block.status.bound_to {
                halt_one(working, &by.officers, dealing, &loss.reason)?;
            }
        }
        let parts = own_parts(working, &range, &loss.issuer, BlockState::Held)?;
        grams += parts.iter().map(|part| part.range.quantity().get()).sum::<i64>();
        freed.push(range);
    }
    take(working, loss, left, &loss.issuer, &freed, Source::Replacement, by)
}

/// The parts of a range that a member has in a state now.
fn own_parts(working: &Working, range: &BlockRef, holder: &NodeId, state: BlockState) -> Decided<Vec<Part>> {
    let mut parts = select_uncontradicted(working, std::slice::from_ref(range))?.parts;
    parts.retain(|part| part.block.status.holder == *holder && part.block.status.state == state);
    Ok(parts)
}

/// Takes what is left from these ranges, as far as `holder` holds them free.
fn take(
    working: &mut Working,
    loss: &Loss,
    left: Grams,
    holder: &NodeId,
    ranges: &[BlockRef],
    source: Source,
    by: &By,
) -> Decided<Grams> {
    let mut parts = Vec::new();
    for range in ranges {
        parts.extend(own_parts(working, range, holder, BlockState::Held)?);
    }
    parts.sort_by_key(|part| Some(part.block.terms.issuance) != loss.first_from);
    let mut wanted = left.get();
    let mut chosen = Vec::new();
    for part in parts {
        if wanted == 0 {
            break;
        }
        // The last serials of a block: what is left of it stays one run.
        let take = part.range.quantity().get().min(wanted);
        let range = SerialRange::new(part.range.last() - take + 1, part.range.last()).map_err(Rejection::broken)?;
        wanted -= take;
        chosen.push(Part { range, ..part });
    }
    chosen.sort_by(|a, b| (&a.block.series, a.range.first()).cmp(&(&b.block.series, b.range.first())));
    let quantity = chosen.iter().map(|part| part.range.quantity()).sum();
    let selection = Selection {
        parts: chosen,
        quantity,
    };
    cancel(working, loss, left, selection, source, by)
}

fn cancel(
    working: &mut Working,
    loss: &Loss,
    left: Grams,
    selection: Selection,
    source: Source,
    by: &By,
) -> Decided<Grams> {
    if selection.parts.is_empty() {
        return Ok(left);
    }
    let quantity: Grams = selection.parts.iter().map(|part| part.range.quantity()).sum();
    let replacements: Vec<Replacement> = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Cancelled, loss.cause)
    });
    let body = json!({ "cause": loss.cause, "quantity_g": quantity, "reason": loss.reason });
    working.carry_out(Step {
        r#type: source.leaf(),
        subject: format!("loss/{}", loss.cause),
        data: json!({ "member": loss.issuer, "quantity_g": quantity, "reason": loss.reason }),
        member: by.member.clone(),
        officers: by.officers.clone(),
        payload_sha256: by.payload,
        replacements,
        notices: vec![Notice {
            to: loss.issuer.clone(),
            r#type: source.leaf(),
            body,
        }],
        ..Step::default()
    })?;
    Ok(left.saturating_minus(quantity))
}

/// What could be taken from nowhere.
fn owe(working: &mut Working, loss: &Loss, quantity: Grams, by: &By) -> Decided<()> {
    let body = json!({ "debt": loss.cause, "quantity_g": quantity, "reason": loss.reason });
    let log_index = working.carry_out(Step {
        r#type: "debt.recorded",
        subject: format!("debt/{}", loss.cause),
        data: json!({ "member": loss.issuer, "quantity_g": quantity, "reason": loss.reason }),
        member: by.member.clone(),
        officers: by.officers.clone(),
        payload_sha256: by.payload,
        notices: vec![Notice {
            to: loss.issuer.clone(),
            r#type: "debt.recorded",
            body,
        }],
        ..Step::default()
    })?;
    let debt = Debt {
        id: loss.cause,
        member: loss.issuer.clone(),
        quantity,
        covered: Grams::ZERO,
        log_index,
    };
    working.debts.load(loss.issuer.clone(), None);
    working.debts.get_mut(&loss.issuer)?.push(debt);
    Ok(())
}

/// N08: a member with an open debt issues nothing and gives nothing away.
pub(super) fn check_debts(working: &Working, member: &NodeId) -> Decided<()> {
    let owed: Grams = working.debts.get(member)?.into_iter().flatten().map(Debt::open).sum();
    ensure(owed.is_zero(), || {
        Refusal::new(
            CheckCode::N08,
            "This member owes grams for what it lost. Cancel blocks of your own with `covers` naming the debt; until then nothing is issued or given away.",
        )
        .expected(0, owed.get())
    })
}

/// A cancellation covers a debt, to at most what is owed.
pub(super) fn cover(working: &mut Working, member: &NodeId, debt: MessageId, quantity: Grams) -> Decided<()> {
    let unknown = || {
        Refusal::new(
            CheckCode::T05,
            format!("`covers` names no open debt of this member: {debt}."),
        )
    };
    let mut debts = working.debts.get(member)?.cloned().unwrap_or_default();
    let found = debts
        .iter_mut()
        .find(|one| one.id == debt && !one.open().is_zero())
        .ok_or_else(|| Rejection::from(unknown()))?;
    ensure(quantity <= found.open(), || {
        Refusal::new(
            CheckCode::B09,
            "This is more than the debt: name blocks of at most what is owed.",
        )
        .expected(found.open().get(), quantity.get())
    })?;
    found.covered = found.covered.plus(quantity).map_err(Rejection::broken)?;
    working.debts.put(member.clone(), debts);
    Ok(())
}

/// Grams that an issuance was given: all but those of activities that wait or were refused.
fn issued(issuance: &Issuance) -> Grams {
    match issuance.state {
        IssuanceState::Recognised | IssuanceState::PartiallyRecognised => {
            let held = &issuance.held;
            let rest = issuance.content.quantity_g.saturating_minus(held.waiting_g);
            rest.saturating_minus(held.refused_g)
        }
        _ => Grams::ZERO,
    }
}

/// Two officers record that a removal was reversed (fire, logging): its grams are covered like a lost conflict's.
pub fn reverse(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    issuance: MessageId,
    quantity: Grams,
    reason: &str,
) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let found = working.issuances.get(&issuance)?.cloned();
    let found = found.ok_or_else(|| {
        Rejection::from(Refusal::new(
            CheckCode::T05,
            format!("There is no issuance {issuance}."),
        ))
    })?;
    let left = issued(&found).saturating_minus(found.reversed);
    ensure(!quantity.is_zero() && quantity <= left, || {
        Refusal::new(
            CheckCode::B09,
            "A reversal names 1 g to what the issuance was given, less what was reversed before.",
        )
        .expected(format!("1 to {left}"), quantity)
    })?;
    let mut reversed = found.clone();
    reversed.reversed = found.reversed.plus(quantity).map_err(Rejection::broken)?;
    let loss = Loss {
        cause: id,
        issuer: found.issuer,
        ranges: Vec::new(),
        quantity,
        first_from: Some(issuance),
        reason: reason.to_owned(),
    };
    let by = By {
        officers: officers.to_vec(),
        ..By::default()
    };
    let subject = format!("reversal/{id}");
    let log_index = working.carry_out(Step {
        r#type: "reversal.recorded",
        subject: subject.clone(),
        data: json!({ "issuance": issuance, "quantity_g": quantity, "reason": reason }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    working.issuances.put(issuance, reversed);
    suffer(working, &loss, &by)?;
    Ok(working.outcome(subject, None, log_index))
}
