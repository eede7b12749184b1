//! Sending the outbox in order, and taking the answers.
//!
//! Several waiting messages go as one batch envelope. A message is marked as sent before it is sent; after a crash or a lost
//! answer it is sent again with the same id, and the hub answers what it has decided. A final refusal gives the local
//! reservation back. What the hub did not decide (rate limit, suspension, its own faults) waits and is tried again.

use std::time::Duration;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::message::Action;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::view::{ItemResult, Outcome};
use tokio::sync::watch;

use crate::crash;
use crate::error::NodeError;
use crate::exchange::backoff::Backoff;
use crate::exchange::batch;
use crate::exchange::outbox::{action_of, content_of};
use crate::exchange::{ExchangeError, FeedState, HubError, OutboxState, apply};
use crate::issuing::StreamState;
use crate::ledger::{self, Decision};
use crate::service::Node;
use crate::store::Tx;
use crate::store::rows::OutboxRow;
use crate::store::screening::TokenStreamRow;
use crate::witness;

/// The most payload bytes of one batch: keeps the request below its limits of bytes and of blocks.
const BATCH_BYTES_MAX: usize = 400_000;
/// How long to wait for another process to write a message.
const IDLE_PAUSE: Duration = Duration::from_secs(1);

/// Sends the outbox until `stop` says true.
pub async fn send(node: Node, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::default();
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let step = tokio::select! {
            _ = stop.changed() => return,
            step = step(&node) => step,
        };
        let pause = match step {
            Ok(Sent::Some { decided: 0, asked }) => backoff.next(asked),
            Ok(Sent::Some { .. }) => {
                backoff.reset();
                continue;
            }
            Ok(Sent::Nothing) => {
                tokio::select! {
                    _ = stop.changed() => return,
                    _ = progress.changed() => {}
                    () = tokio::time::sleep(IDLE_PAUSE) => {}
                }
                continue;
            }
            Err(error) => {
                node.heard(Some(error.to_string()));
                let pause = backoff.next(if let NodeError::Hub(e) = &error {
                    e.retry_after()
                } else {
                    None
                });
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "the outbox could not be sent");
                pause
            }
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What one round did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing waits, or nothing may be sent.
    Nothing,
    /// Some messages were sent.
    Some {
        /// How many the hub has decided.
        decided: usize,
        /// How long it asked to wait with the others.
        asked: Option<Duration>,
    },
}

/// Sends what waits, once.
pub(super) async fn step(node: &Node) -> Result<Sent, NodeError> {
    let limit = node.config().outbox.batch_max;
    let rows = node.read(move |tx| waiting(tx, limit)).await?;
    if rows.is_empty() {
        return Ok(Sent::Nothing);
    }
    let (rows, envelope) = mark_sent(node, rows).await?;
    crash::point("outbox.before-send");
    let results = match node.hub().post(&envelope).await {
        Ok(results) => results,
        Err(HubError::Problem(problem)) if is_final(&problem, true) && rows.len() == 1 => {
            vec![ItemResult {
                id: None,
                status: problem.status,
                outcome: None,
                problem: Some(*problem),
            }]
        }
        Err(error) => return Err(error.into()),
    };
    crash::point("outbox.after-send");
    node.heard(None);
    take_answers(node, rows, results).await
}

fn waiting(tx: &mut dyn Tx, limit: u32) -> Result<Vec<OutboxRow>, NodeError> {
    let following = tx.cursor()?.is_none_or(|c| c.state == FeedState::Following.code());
    if !following || witness::stopped(tx)? {
        // Only what is wrong with the log leaves, so that the other members get to know.
        return Ok(tx.outbox_of(Action::LogFork.code(), OutboxState::WAITING, 1)?);
    }
    let rows = tx.outbox_in(OutboxState::WAITING, i64::from(limit))?;
    // The answer to a challenge goes alone: the hub empties its envelope some time later.
    let alone = |row: &OutboxRow| row.action == Action::ChallengeAnswer.code();
    let first_alone = rows.first().is_some_and(alone);
    let mut bytes = 0;
    Ok(rows
        .into_iter()
        .enumerate()
        .take_while(|(index, row)| {
            bytes += row.payload.len();
            *index == 0 || (bytes <= BATCH_BYTES_MAX && !first_alone && !alone(row))
        })
        .map(|(_, row)| row)
        .collect())
}

/// Marks messages as sent, and keeps the batch that they are sent in: a hub that is restored may need it again.
async fn mark_sent(node: &Node, mut rows: Vec<OutboxRow>) -> Result<(Vec<OutboxRow>, Envelope), NodeError> {
    let now = node.now().micros();
    let signer = node.signer().clone();
    for row in &mut rows {
        row.state = OutboxState::Sent.code();
        row.attempts = row.attempts.saturating_add(1);
        row.sent_at = Some(now);
        let envelope: Envelope = serde_json::from_str(&row.envelope).map_err(ExchangeError::from)?;
        if !signer.signed(&envelope) {
            // The key was rotated.
            let again = signer.sign_again(&envelope)?;
            row.envelope = serde_json::to_string(&again).map_err(ExchangeError::from)?;
        }
    }
    let (envelope, batch) = match rows.as_slice() {
        [row] => (serde_json::from_str(&row.envelope).map_err(ExchangeError::from)?, None),
        rows => {
            let (envelope, batch) = batch::sign(node, rows)?;
            (envelope, Some(batch))
        }
    };
    let marked = rows.clone();
    node.write(move |tx| {
        if let Some(batch) = &batch {
            tx.insert_batch(batch)?;
        }
        marked.iter().try_for_each(|row| Ok(tx.update_outbox(row)?))
    })
    .await?;
    Ok((rows, envelope))
}

/// True if sending the message again would give the same refusal for ever: the hub has stored it, or it is about the
/// message's own text.
fn is_final(problem: &Problem, alone: bool) -> bool {
    match problem.check {
        Some(CheckCode::M01 | CheckCode::M02 | CheckCode::M09 | CheckCode::M11) => true,
        Some(CheckCode::M03) => alone,
        Some(code) => code.check().stored,
        None => false,
    }
}

async fn take_answers(node: &Node, rows: Vec<OutboxRow>, results: Vec<ItemResult>) -> Result<Sent, NodeError> {
    let alone = rows.len() == 1;
    let now = node.now();
    let answers: Vec<(OutboxRow, Option<ItemResult>)> = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            let by_id = results.iter().find(|r| r.id.is_some_and(|id| id.to_string() == row.id));
            let by_place = results.get(index).filter(|r| r.id.is_none());
            (row, by_id.or(by_place).cloned())
        })
        .collect();
    let asked = results
        .iter()
        .filter_map(|r| r.problem.as_ref()?.retry_after_s)
        .max()
        .map(|s| Duration::from_secs(u64::from(s)));
    crash::point("outbox.before-answer");
    let decided = node
        .write(move |tx| {
            let mut decided = 0;
            for (row, result) in &answers {
                if let Some(result) = result
                    && take_answer(tx, row.clone(), result, alone, now)?
                {
                    decided += 1;
                }
            }
            Ok(decided)
        })
        .await?;
    crash::point("outbox.after-answer");
    Ok(Sent::Some { decided, asked })
}

/// Stores one answer; true if the hub has decided.
pub(super) fn take_answer(
    tx: &mut dyn Tx,
    mut row: OutboxRow,
    result: &ItemResult,
    alone: bool,
    now: Timestamp,
) -> Result<bool, NodeError> {
    if let Some(outcome) = &result.outcome {
        row.state = OutboxState::Answered.code();
        row.answered_at = Some(now.micros());
        row.log_index = Some(outcome.log_index);
        row.outcome = Some(serde_json::to_string(outcome).map_err(ExchangeError::from)?);
        row.problem = None;
        tx.update_outbox(&row)?;
        accepted(tx, &row, outcome)?;
        return Ok(true);
    }
    let Some(problem) = &result.problem else {
        return Ok(false);
    };
    row.problem = Some(serde_json::to_string(problem).map_err(ExchangeError::from)?);
    // A message that the hub keeps refusing without deciding it has no effect once its time is over; a day more covers
    // clocks that differ.
    let over = now.micros() > row.not_after.saturating_add(DAY_US);
    if !is_final(problem, alone) && !over {
        tx.update_outbox(&row)?;
        return Ok(false);
    }
    let late = over || problem.check == Some(CheckCode::M10);
    row.state = if late {
        OutboxState::Expired.code()
    } else {
        OutboxState::Refused.code()
    };
    row.answered_at = Some(now.micros());
    tx.update_outbox(&row)?;
    refused(tx, &row, problem, now)?;
    Ok(true)
}

fn accepted(tx: &mut dyn Tx, row: &OutboxRow, outcome: &Outcome) -> Result<(), NodeError> {
    registered(tx, row, outcome)?;
    if let Some(mut dealing) = tx.dealing(&row.id)? {
        dealing.delivered_g = outcome.delivered_g.map(Grams::get).or(dealing.delivered_g);
        dealing.buffered_g = outcome.buffered_g.map(Grams::get).or(dealing.buffered_g);
        dealing.cancelled_g = outcome.cancelled_g.map(Grams::get).or(dealing.cancelled_g);
        tx.update_dealing(&dealing)?;
    }
    Ok(())
}

/// The hub has the header of an issuance: it waits for the token stream, unless it does not compare.
fn registered(tx: &mut dyn Tx, row: &OutboxRow, outcome: &Outcome) -> Result<(), NodeError> {
    let Some(stream) = tx.token_stream(&row.id)? else {
        return Ok(());
    };
    // Also of one that was uploaded before: a hub that has lost it takes the header again, and then the stream.
    let state = match outcome.state.as_deref() {
        Some("recognised") => StreamState::Ended,
        _ => StreamState::Uploading,
    };
    Ok(tx.update_token_stream(&TokenStreamRow {
        state: state.code(),
        uploaded: 0,
        ..stream
    })?)
}

fn refused(tx: &mut dyn Tx, row: &OutboxRow, problem: &Problem, now: Timestamp) -> Result<(), NodeError> {
    ledger::release(tx, &row.id)?;
    crate::issuing::release(tx, &row.id)?;
    if let Some(mut dealing) = tx.dealing(&row.id)? {
        if dealing.state.is_none() {
            dealing.state = Some(
                if row.state == OutboxState::Expired.code() {
                    "expired"
                } else {
                    "refused"
                }
                .to_owned(),
            );
            dealing.ended_at = Some(now.micros());
            dealing.reason = Some(problem.detail.clone());
            tx.update_dealing(&dealing)?;
        }
        return Ok(());
    }
    // A refused acceptance or decline leaves the offer to a person, who reads why.
    if matches!(action_of(row)?, Action::TransferAcceptance | Action::TransferDecline)
        && let Some(transfer) = content_of(&row.payload)?.get("transfer").and_then(|t| t.as_str())
        && let Some(mut dealing) = tx.dealing(transfer)?
        && dealing.ended_at.is_none()
    {
        dealing.decision = Some(Decision::Person.code());
        dealing.reason = Some(problem.detail.clone());
        tx.update_dealing(&dealing)?;
    }
    Ok(())
}

/// How far the feed has come: the leaf of the last entry applied.
pub(crate) fn reached(tx: &mut dyn Tx) -> Result<i64, NodeError> {
    Ok(tx.cursor()?.unwrap_or_else(apply::start).log_index)
}
