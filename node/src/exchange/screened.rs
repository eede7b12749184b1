//! What the feed says about compared activities: which have no serials, whose they are, and the conflicts about them.
//!
//! Of an issuance that is recognised in part, the accounts get the grams of exactly those of their activities that were
//! numbered. What is released later goes to the account of the activity that was held back.

use std::collections::BTreeMap;

use serde::Deserialize;
use tanqiao_protocol::conflict::{ActivityState, ConflictOutcome, ConflictState};
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::Timestamp;

use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::exchange::feed::Checked;
use crate::issuing::{Members, StreamState};
use crate::ledger::{AccountId, Kind};
use crate::service::Node;
use crate::store::Tx;
use crate::store::screening::{ConflictRow, HeldRow, TokenStreamRow};

/// Runs of places in an issuance, first and last.
pub(crate) type Places = Vec<(u32, u32)>;

/// What an entry of a screened issuance says of the activities that have no serials.
#[derive(Debug, Default, Deserialize)]
struct HeldBody {
    /// How many.
    #[serde(default)]
    held_back: u64,
    /// Which, as far as they fit.
    #[serde(default)]
    held_ranges: Option<Places>,
}

/// What `conflict.opened` says.
#[derive(Debug, Deserialize)]
struct OpenedBody {
    conflict: MessageId,
    #[serde(default)]
    issuance: Option<MessageId>,
    index: u32,
    #[serde(alias = "quantity_g")]
    grams: i64,
    kinds: Vec<String>,
    check: String,
    #[serde(default)]
    held_back: i16,
    other: OtherSide,
    #[serde(default)]
    deadline: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct OtherSide {
    member: NodeId,
    issuance: MessageId,
    index: u32,
}

/// What `conflict.resolved` says.
#[derive(Debug, Deserialize)]
struct ResolvedBody {
    conflict: MessageId,
    outcome: ConflictOutcome,
    #[serde(default)]
    reason: Option<String>,
}

fn body<T: serde::de::DeserializeOwned>(entry: &FeedEntry) -> Result<T, NodeError> {
    Ok(serde_json::from_value(entry.body.clone()).map_err(ExchangeError::from)?)
}

/// The issuance whose activities an entry numbers or holds back.
fn numbering(entry: &FeedEntry) -> Option<&str> {
    let Some((Kind::Issuance, issuance)) = Kind::of_subject(&entry.subject) else {
        return None;
    };
    let word = entry.r#type.strip_prefix("issuance.")?;
    matches!(word, "recognised" | "partially-recognised" | "held-back").then_some(issuance)
}

fn held_body(entry: &FeedEntry) -> Result<HeldBody, NodeError> {
    if entry.body.is_object() {
        body(entry)
    } else {
        Ok(HeldBody::default())
    }
}

/// Completes entries that name too many held activities to list them: the hub is asked for the rest.
pub(crate) async fn complete(node: &Node, entries: &mut [Checked]) -> Result<(), NodeError> {
    for checked in entries {
        let Some(issuance) = numbering(&checked.entry) else {
            continue;
        };
        let body = held_body(&checked.entry)?;
        let ranges = body.held_ranges.unwrap_or_default();
        let listed: u64 = ranges
            .iter()
            .map(|(first, last)| u64::from(last.saturating_sub(*first)) + 1)
            .sum();
        checked.held = if listed < body.held_back {
            let held = node.hub().held(issuance).await?;
            held.iter().map(|held| (held.index, held.index)).collect()
        } else {
            ranges
        };
    }
    Ok(())
}

/// Notes whose the activities are that get no serials, before the serials of the others are dealt.
pub(super) fn hold(tx: &mut dyn Tx, checked: &Checked) -> Result<(), NodeError> {
    let Some(issuance) = numbering(&checked.entry).filter(|_| !checked.held.is_empty()) else {
        return Ok(());
    };
    // An issuance whose activities are not here was given shares by hand; they are dealt in their order.
    let Some(members) = Members::of(tx, issuance)? else {
        return Ok(());
    };
    let mut runs = checked.held.iter().copied().peekable();
    let mut place = 0_u32;
    let mut rows = Vec::new();
    members.read(tx, 0, usize::MAX, &mut |_, activity| {
        while runs.next_if(|(_, last)| *last < place).is_some() {}
        if runs.peek().is_some_and(|(first, _)| *first <= place) {
            rows.push(HeldRow {
                issuance: issuance.to_owned(),
                place: i64::from(place),
                account: activity.account.to_owned(),
                quantity_g: activity.reduction_g,
                state: ActivityState::Held.code(),
            });
        }
        place = place.saturating_add(1);
        Ok(())
    })?;
    Ok(tx.insert_held(&rows)?)
}

/// The account that a released activity belongs to.
pub(super) fn released_to(tx: &mut dyn Tx, entry: &FeedEntry) -> Result<Option<AccountId>, NodeError> {
    let Some((Kind::Issuance, issuance)) = Kind::of_subject(&entry.subject) else {
        return Ok(None);
    };
    let index = entry.body.get("index").and_then(serde_json::Value::as_i64);
    let (Some(index), "issuance.released") = (index, entry.r#type.as_str()) else {
        return Ok(None);
    };
    let held = tx.held(issuance, index)?;
    Ok(held.and_then(|held| held.account.parse().ok()))
}

/// What the held activities of each account come to in an issuance: grams that its first numbers do not have.
pub(crate) fn held_by_account(tx: &mut dyn Tx, issuance: &str) -> Result<BTreeMap<String, i64>, NodeError> {
    let mut sums = BTreeMap::new();
    for held in tx.held_of(issuance)? {
        *sums.entry(held.account).or_insert(0) += held.quantity_g;
    }
    Ok(sums)
}

/// Notes what an entry says about conflicts, held activities and the token stream.
pub(crate) fn note(tx: &mut dyn Tx, entry: &FeedEntry) -> Result<(), NodeError> {
    match entry.r#type.as_str() {
        "conflict.opened" => opened(tx, entry),
        "conflict.resolved" => resolved(tx, entry),
        _ => match Kind::of_subject(&entry.subject) {
            Some((Kind::Issuance, issuance)) => {
                let index = entry.body.get("index").and_then(serde_json::Value::as_i64);
                if let (Some(index), "issuance.released") = (index, entry.r#type.as_str()) {
                    tx.set_held(issuance, index, ActivityState::Released.code())?;
                }
                if entry.r#type == "issuance.uploaded" {
                    set_stream(tx, issuance, StreamState::Uploaded)?;
                }
                Ok(())
            }
            _ => Ok(()),
        },
    }
}

fn opened(tx: &mut dyn Tx, entry: &FeedEntry) -> Result<(), NodeError> {
    let body: OpenedBody = body(entry)?;
    let id = body.conflict.to_string();
    if tx.conflict(&id)?.is_some() {
        return Ok(());
    }
    let of_subject = match Kind::of_subject(&entry.subject) {
        Some((Kind::Issuance, issuance)) => Some(issuance.to_owned()),
        _ => None,
    };
    Ok(tx.put_conflict(&ConflictRow {
        id,
        issuance: body.issuance.map(|issuance| issuance.to_string()).or(of_subject),
        place: i64::from(body.index),
        quantity_g: body.grams,
        kinds: body.kinds.join(" "),
        check_code: body.check,
        held_back: body.held_back,
        other_member: body.other.member.to_string(),
        other_issuance: body.other.issuance.to_string(),
        other_place: i64::from(body.other.index),
        deadline: body.deadline.map(Timestamp::micros),
        opened_at: entry.at.micros(),
        state: ConflictState::Open.code(),
        outcome: None,
        reason: None,
        resolved_at: None,
    })?)
}

fn resolved(tx: &mut dyn Tx, entry: &FeedEntry) -> Result<(), NodeError> {
    let body: ResolvedBody = body(entry)?;
    let Some(row) = tx.conflict(&body.conflict.to_string())? else {
        return Ok(());
    };
    let row = ConflictRow {
        state: ConflictState::Resolved.code(),
        outcome: Some(body.outcome.to_string()),
        reason: body.reason.filter(|reason| !reason.is_empty()),
        resolved_at: Some(entry.at.micros()),
        ..row
    };
    tx.put_conflict(&row)?;
    let Some(issuance) = &row.issuance else { return Ok(()) };
    // Held back it is the later one; what loses is never numbered.
    if body.outcome == ConflictOutcome::Earlier
        && let Some(held) = tx.held(issuance, row.place)?
        && held.state == ActivityState::Held.code()
    {
        tx.set_held(issuance, row.place, ActivityState::Refused.code())?;
    }
    settle(tx, issuance, entry.at)
}

/// Ends an issuance that has been decided to its last activity; its token stream is sent no more, and kept for challenges.
pub(crate) fn settle(tx: &mut dyn Tx, issuance: &str, at: Timestamp) -> Result<(), NodeError> {
    let held = tx.held_of(issuance)?;
    let waits = held.iter().any(|held| held.state == ActivityState::Held.code())
        || tx.count_conflicts(Some(issuance), ConflictState::Open.code())? > 0;
    let Some(mut dealing) = tx.dealing(issuance)? else {
        return Ok(());
    };
    let decided = matches!(
        dealing.state.as_deref(),
        Some("recognised" | "partially-recognised" | "held-back")
    );
    if waits || !decided {
        return Ok(());
    }
    if dealing.ended_at.is_none() {
        dealing.ended_at = Some(at.micros());
        tx.update_dealing(&dealing)?;
    }
    set_stream(tx, issuance, StreamState::Ended)
}

fn set_stream(tx: &mut dyn Tx, issuance: &str, state: StreamState) -> Result<(), NodeError> {
    match tx.token_stream(issuance)? {
        Some(row) if row.state < state.code() => Ok(tx.update_token_stream(&TokenStreamRow {
            state: state.code(),
            uploaded: row.bytes,
            problem: None,
            ..row
        })?),
        _ => Ok(()),
    }
}
