//! The witness's loop: ask, judge, store, cosign, send.

use std::time::Duration;

use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::witness::{AddCheckpoint, Verdict, judge};
use tanqiao_protocol::message::proves_fork;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::SECOND_US;
use tokio::sync::watch::Receiver;

use super::evidence::{Evidence, signed_alone};
use super::key::{self, WitnessSigner};
use super::quorum::see_quorum;
use super::{EvidenceKind, alarm, head_of, pin, size_of, state, stored_size};
use crate::crash;
use crate::error::NodeError;
use crate::exchange::{Backoff, ExchangeError, HubError};
use crate::service::Node;
use crate::store::witness::WitnessRow;

/// How long to wait before looking again whether somebody has ended the alarm.
const STOPPED_PAUSE: Duration = Duration::from_secs(5);

/// How long the hub may wait for news while the quorum of the last head is missing.
const QUORUM_WAIT_S: u32 = 1;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A head was cosigned, and the hub has it.
    Cosigned(u64),
    /// Nothing to cosign.
    Quiet,
    /// The node has stopped.
    Stopped,
}

/// Verifies and cosigns the log until `stop` says true.
pub async fn watch(node: Node, mut stop: Receiver<bool>) {
    if !node.config().witness.enabled {
        return;
    }
    let interval = Duration::from_secs(u64::from(node.config().witness.interval_s));
    let mut backoff = Backoff::default();
    let mut caught_up = false;
    while !*stop.borrow() {
        let pause = tokio::select! {
            _ = stop.changed() => return,
            step = started(&node, &mut caught_up, node.config().hub.feed_wait_s) => match step {
                Ok(Step::Stopped) => STOPPED_PAUSE,
                Ok(_) => {
                    backoff.reset();
                    interval
                }
                Err(error) => {
                    let pause = backoff.next(if let NodeError::Hub(e) = &error { e.retry_after() } else { None });
                    tracing::warn!(error = %error, pause_ms = pause.as_millis(), "the log could not be cosigned");
                    pause
                }
            },
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A step, after the first question of this process was answered.
pub(super) async fn started(node: &Node, caught_up: &mut bool, wait_s: u32) -> Result<Step, NodeError> {
    if !*caught_up {
        pin::catch_up(node).await?;
        *caught_up = true;
    }
    step(node, wait_s).await
}

/// Asks once, and cosigns what continues the last head.
pub(super) async fn step(node: &Node, wait_s: u32) -> Result<Step, NodeError> {
    let stopped = node.read(alarm::stopped).await?;
    if stopped {
        alarm::write_files(node).await?;
    }
    if stopped && !node.read(alarm::only_rollback).await? {
        return Ok(Step::Stopped);
    }
    let config = node.config().clone();
    let signer = tokio::task::spawn_blocking(move || key::open(&config))
        .await
        .map_err(NodeError::cancelled)??;
    let row = pin::prepare(node, &signer).await?;
    if stopped {
        return taken_back(node, &row).await;
    }
    let old = size_of(row.size)?;
    // A cosignature that the hub has not got yet is sent before anything is waited for; and as long as others have not cosigned it, this
    // node looks again soon, since offers may wait for them.
    let wait_s = if row.posted < row.size {
        0
    } else if row.witnessed < row.size {
        wait_s.min(QUORUM_WAIT_S)
    } else {
        wait_s
    };
    let request = match node.hub().pending(old, wait_s).await {
        Ok(request) => request,
        Err(HubError::Problem(problem)) if problem.code == ApiProblem::LogBehind.name() => {
            return behind(node, &row, &problem).await;
        }
        Err(HubError::Problem(problem)) if problem.status == 404 => return Ok(Step::Quiet),
        Err(error) => return Err(error.into()),
    };
    let done = take(node, &signer, &row, &request).await?;
    if done != Step::Stopped {
        see_quorum(node).await?;
    }
    Ok(done)
}

/// Asks a log that was shorter than it had been whether it has its leaves again: a restored hub takes back what it has lost. The proof
/// that it continues what was cosigned ends the alarm; the evidence stays.
async fn taken_back(node: &Node, row: &WitnessRow) -> Result<Step, NodeError> {
    let request = match node.hub().pending(size_of(row.size)?, 0).await {
        Ok(request) => request,
        Err(HubError::Problem(problem)) if matches!(problem.status, 404 | 409) => return Ok(Step::Stopped),
        Err(error) => return Err(error.into()),
    };
    let last = head_of(row)?;
    let continues = pin::keys(row)?
        .iter()
        .any(|key| matches!(judge(last, &request, key), Verdict::Sign(_)));
    if !continues {
        return Ok(Step::Stopped);
    }
    alarm::resume(
        node,
        "The log has its leaves again, as its consistency proof shows.",
        false,
    )
    .await?;
    tracing::info!(size = row.size, "the log has its leaves again: the node goes on");
    Ok(Step::Quiet)
}

/// What a request leads to.
async fn take(
    node: &Node,
    signer: &WitnessSigner,
    row: &WitnessRow,
    request: &AddCheckpoint,
) -> Result<Step, NodeError> {
    let last = head_of(row)?;
    let keys = pin::keys(row)?;
    let judged = keys.iter().map(|key| (key, judge(last, request, key)));
    let Some((key, verdict)) = judged.min_by_key(|(_, verdict)| matches!(verdict, Verdict::Unsigned)) else {
        return Ok(Step::Quiet);
    };
    match verdict {
        Verdict::Sign(head) => {
            if key.to_string() != row.log_key {
                pin::follow(node, key).await?;
            }
            if stored_size(head.size)? <= row.posted {
                return Ok(Step::Quiet);
            }
            cosign(node, signer, row, head, &signed_alone(request.note(), &keys)).await
        }
        Verdict::Fork | Verdict::Stale { fork: true, .. } => found(node, row, request, EvidenceKind::Fork, &keys).await,
        Verdict::BadProof => found(node, row, request, EvidenceKind::Inconsistent, &keys).await,
        Verdict::Unsigned => other_key(node, row, request).await,
        Verdict::UnknownOrigin | Verdict::Backwards | Verdict::Stale { .. } => {
            let why = format!("it asks this witness for what does not follow: {verdict:?}");
            Err(HubError::Unreadable(why).into())
        }
    }
}

async fn found(
    node: &Node,
    row: &WitnessRow,
    request: &AddCheckpoint,
    kind: EvidenceKind,
    keys: &[NoteKey],
) -> Result<Step, NodeError> {
    let size = request.checkpoint().size();
    let detail = match kind {
        EvidenceKind::Fork => format!("The log has signed two roots of {size} leaves."),
        _ => format!(
            "No proof shows that the log of {size} leaves continues the one of {} leaves.",
            row.size
        ),
    };
    let second = signed_alone(request.note(), keys);
    let evidence = Evidence::new(kind, node.now(), &row.note, second, detail).with_proof(request.to_string());
    alarm::raise(node, evidence).await?;
    Ok(Step::Stopped)
}

/// The log is shorter than what was cosigned: a rollback, if the log has signed that.
async fn behind(node: &Node, row: &WitnessRow, problem: &Problem) -> Result<Step, NodeError> {
    let keys = pin::keys(row)?;
    let unreadable = |why: String| {
        NodeError::from(HubError::Unreadable(format!(
            "a log that is shorter than it was: {why}"
        )))
    };
    let text = problem.note.clone().unwrap_or_default();
    let note = Note::parse(text.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    note.verify(&keys).map_err(|error| unreadable(error.to_string()))?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|error| unreadable(format!("{error}")))?;
    if checkpoint.size() >= size_of(row.size)? {
        return Err(unreadable(format!("it has {} leaves", checkpoint.size())));
    }
    let detail = format!("The log has {} leaves after it had {}.", checkpoint.size(), row.size);
    let second = signed_alone(&note, &keys);
    let evidence = Evidence::new(EvidenceKind::Rollback, node.now(), &row.note, second, detail);
    let answer = serde_json::to_string(problem).map_err(ExchangeError::from)?;
    alarm::raise(node, evidence.with_proof(answer)).await?;
    Ok(Step::Stopped)
}

/// Nobody whom this node knows has signed: an alarm, and no cosignature. Nothing proves that the history is another one.
async fn other_key(node: &Node, row: &WitnessRow, request: &AddCheckpoint) -> Result<Step, NodeError> {
    let detail = "The log is signed by another key, and no leaf under the known key names it. If the officers confirm the new key, \
                  set `witness.log_key` to it and end the alarm.";
    let signers: Vec<String> = request
        .note()
        .signatures()
        .iter()
        .map(|line| format!("{} {}", line.name(), hex::encode(line.id())))
        .collect();
    let evidence = Evidence::new(EvidenceKind::Key, node.now(), &row.log_key, signers.join("\n"), detail);
    alarm::raise(node, evidence.with_proof(request.to_string())).await?;
    Ok(Step::Quiet)
}

/// Stores the head if the last one is still the last one, cosigns it, and sends the cosignature.
async fn cosign(
    node: &Node,
    signer: &WitnessSigner,
    before: &WitnessRow,
    head: Head,
    note: &str,
) -> Result<Step, NodeError> {
    crash::point("witness.before-store");
    let (last, now, note) = (before.clone(), node.now().micros() / SECOND_US, note.to_owned());
    let stored = node
        .write(move |tx| {
            let mut row = state(tx)?;
            if row.stopped == 1 || row.size != last.size || row.root != last.root {
                return Ok(None);
            }
            row.size = stored_size(head.size)?;
            row.root = head.root.to_string();
            row.note.clone_from(&note);
            row.cosigned_at = now.max(row.cosigned_at);
            tx.put_witness(&row)?;
            Ok(Some(row))
        })
        .await?;
    crash::point("witness.after-store");
    // Another process of this node has cosigned something else meanwhile: it goes on from there.
    let Some(row) = stored else { return Ok(Step::Quiet) };
    let signed = Note::parse(row.note.as_bytes())
        .map_err(|error| crate::store::StoreError::Corrupt(format!("a note: {error}")))?;
    let at = u64::try_from(row.cosigned_at).unwrap_or(0);
    let mut cosigned = signed.clone();
    let line = SignatureLine::cosign(signed.text(), &signer.key, &signer.secret, at);
    line.and_then(|line| cosigned.add(line))
        .map_err(|error| NodeError::refused("witness-key", format!("the log cannot be cosigned: {error}")))?;
    crash::point("witness.before-post");
    match node.hub().cosign(&cosigned).await {
        Ok(_) => {}
        // Not admitted yet: the officers' decision is a leaf, so that there is something new to cosign then.
        Err(HubError::Problem(problem)) if problem.status == 403 => {
            tracing::debug!(detail = problem.detail, "the hub does not count this witness");
        }
        Err(HubError::Problem(problem)) if problem.code == ApiProblem::LogFork.name() => {
            return contradicted(node, &row, &problem).await;
        }
        Err(error) => return Err(error.into()),
    }
    crash::point("witness.after-post");
    let size = row.size;
    node.write(move |tx| {
        let mut row = state(tx)?;
        row.posted = row.posted.max(size);
        Ok(tx.put_witness(&row)?)
    })
    .await?;
    Ok(Step::Cosigned(head.size))
}

/// The hub answers a cosignature with another note of its log.
async fn contradicted(node: &Node, row: &WitnessRow, problem: &Problem) -> Result<Step, NodeError> {
    let keys = pin::keys(row)?;
    let text = problem.note.clone().unwrap_or_default();
    let corrupt = |error: &dyn std::fmt::Display| HubError::Unreadable(format!("the note of another history: {error}"));
    let second = Note::parse(text.as_bytes()).map_err(|error| corrupt(&error))?;
    second.verify(&keys).map_err(|error| corrupt(&error))?;
    let first = Note::parse(row.note.as_bytes()).map_err(|error| corrupt(&error))?;
    let kind = if proves_fork(&first, &second) {
        EvidenceKind::Fork
    } else {
        EvidenceKind::Inconsistent
    };
    let detail = format!(
        "The hub says that its log of {} leaves is another one than it has shown.",
        row.size
    );
    let second = signed_alone(&second, &keys);
    let answer = serde_json::to_string(problem).map_err(ExchangeError::from)?;
    let evidence = Evidence::new(kind, node.now(), &row.note, second, detail).with_proof(answer);
    alarm::raise(node, evidence).await?;
    Ok(Step::Stopped)
}
