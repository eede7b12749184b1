//! What a feed entry says about its subject, noted in the dealings.

use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recovery::{ORIGIN, Origin};
use tanqiao_protocol::view::Offer;

use crate::error::NodeError;
use crate::exchange::{ExchangeError, screened};
use crate::ledger::{Decision, Direction, Kind};
use crate::store::Tx;
use crate::store::rows::DealingRow;

/// Writes what a feed entry says about its subject: its state, how it ended, or an offer to this member.
pub(crate) fn note(
    tx: &mut dyn Tx,
    member: &NodeId,
    entry: &FeedEntry,
    dealing: Option<DealingRow>,
) -> Result<(), NodeError> {
    if entry.r#type == ORIGIN {
        // What the hub has answered after this leaf and lost is asked again.
        let origin: Origin = serde_json::from_value(entry.body.clone()).map_err(ExchangeError::from)?;
        crate::recovery::take_back_answers(tx, origin.size)?;
        return Ok(());
    }
    screened::note(tx, entry)?;
    let (Some((kind, id)), Some((_, word))) = (Kind::of_subject(&entry.subject), entry.r#type.split_once('.')) else {
        return Ok(());
    };
    let offer = (kind == Kind::Transfer && word == "offered")
        .then(|| serde_json::from_value::<Offer>(entry.body.clone()).ok())
        .flatten()
        .filter(|o| o.source != *member);
    let known = dealing.is_some();
    let mut row = match (dealing, &offer) {
        // An offer that is made again, after a new origin of the log, may have other terms.
        (Some(row), Some(offer)) if row.direction == Direction::In.code() => offered_again(row, offer)?,
        (Some(row), _) => row,
        (None, Some(offer)) => offered(id, offer, entry)?,
        (None, None) if entry.changes.is_empty() => return Ok(()),
        (None, None) => unknown(id, kind, member, entry),
    };
    // The body names the state where the type does not: the source of a direct offer is told of its reservation.
    let stated = entry.body.get("state").and_then(serde_json::Value::as_str);
    let state = stated.unwrap_or_else(|| state_word(kind, word)).to_owned();
    if is_end(kind, &state) {
        row.ended_at = Some(entry.at.micros());
    }
    row.state = Some(state);
    let body_grams = |name: &str| entry.body.get(name).and_then(serde_json::Value::as_i64);
    row.delivered_g = body_grams("delivered_g").or(row.delivered_g);
    row.buffered_g = body_grams("buffered_g").or(row.buffered_g);
    row.cancelled_g = body_grams("cancelled_g").or(row.cancelled_g);
    if let Some(reason) = entry
        .body
        .get("reason")
        .and_then(serde_json::Value::as_str)
        .filter(|r| !r.is_empty())
    {
        row.reason = Some(reason.to_owned());
    }
    if kind == Kind::Issuance {
        numbered(&mut row, word, entry);
    }
    let id = row.id.clone();
    if known {
        tx.update_dealing(&row)?;
    } else {
        tx.insert_dealing(&row)?;
    }
    match (kind, word) {
        (Kind::Issuance, "refused" | "abandoned") => crate::issuing::release(tx, &id),
        (Kind::Issuance, _) => screened::settle(tx, &id, entry.at),
        _ => Ok(()),
    }
}

/// How many grams of an issuance have serials.
fn numbered(row: &mut DealingRow, word: &str, entry: &FeedEntry) {
    let grams = entry.body.get("quantity_g").and_then(serde_json::Value::as_i64);
    match (word, grams) {
        ("recognised" | "partially-recognised" | "held-back", Some(grams)) => row.delivered_g = Some(grams),
        ("released", Some(grams)) => row.delivered_g = Some(row.delivered_g.unwrap_or(0).saturating_add(grams)),
        _ => {}
    }
}

/// The hub's word for the state after an event of this name.
const fn state_word(kind: Kind, word: &str) -> &str {
    match (kind, word.as_bytes()) {
        (Kind::Pledge, b"created" | b"foreclosure-requested") => "active",
        _ => word,
    }
}

fn is_end(kind: Kind, state: &str) -> bool {
    match kind {
        Kind::Retirement | Kind::Cancellation => true,
        Kind::Pledge => matches!(state, "released" | "foreclosed"),
        // A recognised one may have open conflicts: `screened::settle` ends it.
        Kind::Issuance => matches!(state, "refused" | "abandoned"),
        Kind::Transfer | Kind::Donation => {
            matches!(
                state,
                "committed" | "refused" | "declined" | "withdrawn" | "expired" | "halted"
            )
        }
    }
}

fn offered(id: &str, offer: &Offer, entry: &FeedEntry) -> Result<DealingRow, NodeError> {
    Ok(DealingRow {
        id: id.to_owned(),
        kind: Kind::Transfer.code(),
        direction: Direction::In.code(),
        account: None,
        partner: Some(offer.source.to_string()),
        state: None,
        decision: Some(Decision::Waiting.code()),
        quantity_g: offer.quote.given_g.get(),
        delivered_g: Some(offer.quote.delivered_g.get()),
        buffered_g: Some(offer.quote.buffered_g.get()),
        cancelled_g: Some(offer.quote.cancelled_g.get()),
        opened_at: entry.at.micros(),
        ended_at: None,
        valid_until: Some(offer.valid_until.micros()),
        reason: None,
        content: serde_json::to_string(offer).map_err(ExchangeError::from)?,
    })
}

fn offered_again(row: DealingRow, offer: &Offer) -> Result<DealingRow, NodeError> {
    Ok(DealingRow {
        valid_until: Some(offer.valid_until.micros()),
        delivered_g: Some(offer.quote.delivered_g.get()),
        buffered_g: Some(offer.quote.buffered_g.get()),
        cancelled_g: Some(offer.quote.cancelled_g.get()),
        content: serde_json::to_string(offer).map_err(ExchangeError::from)?,
        ..row
    })
}

/// A dealing that this node does not remember: it was restored from a backup that is older.
fn unknown(id: &str, kind: Kind, member: &NodeId, entry: &FeedEntry) -> DealingRow {
    let ours = entry
        .changes
        .iter()
        .any(|c| c.from.as_ref().is_some_and(|f| f.holder == *member));
    let direction = if ours || kind == Kind::Issuance {
        Direction::Out
    } else {
        Direction::In
    };
    DealingRow {
        id: id.to_owned(),
        kind: kind.code(),
        direction: direction.code(),
        account: None,
        partner: None,
        state: None,
        decision: None,
        quantity_g: entry.changes.iter().map(|c| c.block.quantity()).sum::<Grams>().get(),
        delivered_g: None,
        buffered_g: None,
        cancelled_g: None,
        opened_at: entry.at.micros(),
        ended_at: None,
        valid_until: None,
        reason: None,
        content: entry.body.to_string(),
    }
}
