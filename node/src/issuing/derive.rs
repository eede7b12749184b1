//! Deriving the tokens of issuances that are opened, and registering each issuance once its stream is whole.
//!
//! | step | durable before the next |
//! | --- | --- |
//! | open | activities, shares, dealing and header in one transaction; nothing is signed |
//! | derive | 4,096 activities at a time into a file, then their bytes noted: none of these is asked for again |
//! | rename | the file is whole |
//! | register | commitment in the header, signed message in the outbox, in one transaction |
//!
//! A process that is killed anywhere goes on at the same step when it starts again.

use std::time::Duration;

use tanqiao_protocol::fingerprint::{StreamRecord, TokenSuite};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Issuance, StaffDecision};
use tanqiao_protocol::quantity::Grams;
use tokio::sync::watch;

use super::StreamState;
use super::evidence::{Act, Evidence};
use super::members::Members;
use super::stream::Writing;
use crate::crash;
use crate::error::NodeError;
use crate::exchange::{Backoff, ExchangeError, Outgoing, enqueue};
use crate::fingerprint::tokens;
use crate::service::Node;
use crate::store::rows::DealingRow;
use crate::store::screening::TokenStreamRow;
use crate::store::{StoreError, Tx};

/// Activities whose tokens are made, and written, at a time.
const ACTIVITIES_A_BATCH: usize = if cfg!(test) { 4 } else { 4_096 };
/// How long to wait for another process to open an issuance.
const IDLE_PAUSE: Duration = Duration::from_secs(1);
/// Streams that are looked at in one round.
const STREAMS_A_ROUND: i64 = 100;

/// Derives what is opened until `stop` says true.
pub(crate) async fn derive(node: Node, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::default();
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let round = tokio::select! {
            _ = stop.changed() => return,
            round = round(&node) => round,
        };
        let pause = match round {
            Ok(true) => {
                backoff.reset();
                continue;
            }
            Ok(false) => {
                tokio::select! {
                    _ = stop.changed() => return,
                    _ = progress.changed() => {}
                    () = tokio::time::sleep(IDLE_PAUSE) => {}
                }
                continue;
            }
            Err(error) => {
                let pause = backoff.next(None);
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "tokens could not be derived");
                pause
            }
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Works on every stream once. True if one was finished; the first error, after the others were tried.
pub(crate) async fn round(node: &Node) -> Result<bool, NodeError> {
    clear(node).await?;
    let open = [StreamState::Deriving.code(), StreamState::Uploading.code()];
    let rows = node
        .read(move |tx| Ok(tx.token_streams(&open, STREAMS_A_ROUND)?))
        .await?;
    let (mut done, mut failed) = (false, None);
    for row in rows {
        let lost = row.state == StreamState::Uploading.code() && !node.streams().whole(&row.issuance).exists();
        if row.state != StreamState::Deriving.code() && !lost {
            continue;
        }
        match work_on(node, &row).await {
            Ok(finished) => done |= finished,
            Err(error) => {
                let (issuance, why) = (row.issuance, error.to_string());
                node.write(move |tx| note_problem(tx, &issuance, Some(&why))).await?;
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

/// Removes files that no issuance needs any more. What was issued keeps its tokens: a challenge may ask for them, and once the keys of
/// their months are destroyed nobody can make them again.
async fn clear(node: &Node) -> Result<(), NodeError> {
    let streams = node.streams();
    for issuance in streams.issuances()? {
        let name = issuance.clone();
        let needless = node
            .read(move |tx| {
                let ended = |row: TokenStreamRow| row.state == StreamState::Ended.code();
                let came_to_nothing =
                    |row: DealingRow| matches!(row.state.as_deref(), Some("refused" | "abandoned" | "expired"));
                Ok(tx.token_stream(&name)?.is_none_or(ended) && tx.dealing(&name)?.is_none_or(came_to_nothing))
            })
            .await?;
        if needless {
            streams.remove(&issuance)?;
        }
    }
    Ok(())
}

fn note_problem(tx: &mut dyn Tx, issuance: &str, why: Option<&str>) -> Result<(), NodeError> {
    match tx.token_stream(issuance)? {
        Some(row) if row.problem.as_deref() != why => Ok(tx.update_token_stream(&TokenStreamRow {
            problem: why.map(str::to_owned),
            ..row
        })?),
        _ => Ok(()),
    }
}

/// Derives one stream to its end. False if another process does.
async fn work_on(node: &Node, row: &TokenStreamRow) -> Result<bool, NodeError> {
    let provider = node.token_provider()?;
    if provider.suite().word() != row.suite {
        return Err(NodeError::refused(
            "token-suite",
            format!(
                "issuance {} was opened with the suite `{}`, and `fingerprint.suite` is `{}` now: set it back, or give the \
                 issuance up",
                row.issuance,
                row.suite,
                provider.suite()
            ),
        ));
    }
    let (streams, issuance) = (node.streams().clone(), row.issuance.clone());
    // One that was lost is made from its beginning: nobody knows what is left of it.
    let safe = match StreamState::from_code(row.state)? {
        StreamState::Deriving => u64::try_from(row.bytes).unwrap_or(0),
        _ => 0,
    };
    let opened = blocking(move || streams.write(&issuance, safe)).await?;
    let Some(mut writing) = opened else { return Ok(false) };
    let series = Series::of(node, &row.issuance).await?;
    let activities = u64::try_from(row.activities).unwrap_or(0);
    let mut after = series.last_of(node, writing.sums.count()).await?;
    while writing.sums.count() < activities {
        let (last, acts, inputs) = series.next(node, after).await?;
        let entries = tokens(provider.as_ref(), inputs)
            .await
            .map_err(|e| NodeError::refused("tokens", e.to_string()))?;
        let first = writing.sums.count();
        let records = acts
            .iter()
            .zip(entries)
            .zip(first..)
            .map(|((act, tokens), index)| {
                Ok(StreamRecord {
                    index: u32::try_from(index).map_err(|_| StoreError::Corrupt("more than 2^32 activities".into()))?,
                    grams: Grams::new(act.reduction_g)?,
                    tokens,
                })
            })
            .collect::<Result<Vec<_>, NodeError>>()?;
        crash::point("derive.before-append");
        writing = blocking(move || {
            writing.append(&records)?;
            Ok(writing)
        })
        .await?;
        crash::point("derive.after-append");
        after = last;
        note_progress(node, &row.issuance, &writing).await?;
    }
    writing = blocking(move || {
        writing.finish()?;
        Ok(writing)
    })
    .await?;
    register(node, &row.issuance, provider.suite(), &writing).await?;
    Ok(true)
}

async fn blocking<T, F>(work: F) -> Result<T, NodeError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, NodeError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(NodeError::cancelled)?
}

async fn note_progress(node: &Node, issuance: &str, writing: &Writing) -> Result<(), NodeError> {
    let (issuance, derived, bytes) = (issuance.to_owned(), signed(writing.sums.count()), signed(writing.bytes));
    node.write(move |tx| match tx.token_stream(&issuance)? {
        Some(row) if row.state == StreamState::Deriving.code() => Ok(tx.update_token_stream(&TokenStreamRow {
            derived,
            bytes,
            problem: None,
            ..row
        })?),
        _ => Ok(()),
    })
    .await
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The activities of an issuance, and what their tokens are made of.
#[derive(Clone)]
struct Series {
    members: Members,
    evidence: Evidence,
}

/// The last id of some activities, these, and what the tokens of each are made of.
type Next = (i64, Vec<Act>, Vec<Vec<tanqiao_protocol::fingerprint::TokenInput>>);

impl Series {
    async fn of(node: &Node, issuance: &str) -> Result<Self, NodeError> {
        let (issuance, subjects) = (issuance.to_owned(), node.subjects().clone());
        node.read(move |tx| {
            let gone = || StoreError::Corrupt(format!("issuance {issuance} without activities"));
            let members = Members::of(tx, &issuance)?.ok_or_else(gone)?;
            let series = tx
                .activity_series()?
                .into_iter()
                .find(|series| series.id == members.series_id);
            let evidence = Evidence::of(tx, &series.ok_or_else(gone)?, &subjects)?;
            Ok(Self { members, evidence })
        })
        .await
    }

    /// The id of the activity with which the first `count` end.
    async fn last_of(&self, node: &Node, count: u64) -> Result<i64, NodeError> {
        let members = self.members.clone();
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        if most == 0 {
            return Ok(0);
        }
        node.read(move |tx| Ok(members.read(tx, 0, most, &mut |_, _| Ok(()))?.unwrap_or(0)))
            .await
    }

    async fn next(&self, node: &Node, after: i64) -> Result<Next, NodeError> {
        let series = self.clone();
        node.read(move |tx| {
            let mut acts = Vec::with_capacity(ACTIVITIES_A_BATCH);
            let last = series
                .members
                .read(tx, after, ACTIVITIES_A_BATCH, &mut |id, activity| {
                    acts.push(Act::of(id, activity));
                    Ok(())
                })?;
            let last = last.ok_or_else(|| StoreError::Corrupt(format!("no activity after {after}")))?;
            let inputs = series
                .evidence
                .inputs(tx, &acts)?
                .into_iter()
                .map(|inputs| inputs.map_err(|e| NodeError::refused("evidence-missing", e.to_string())))
                .collect::<Result<_, _>>()?;
            Ok((last, acts, inputs))
        })
        .await
    }
}

/// Signs the header with the commitment to the stream, and puts it into the outbox. A stream that was made again, after its
/// file was lost, must be the one that was signed for.
async fn register(node: &Node, issuance: &str, suite: TokenSuite, writing: &Writing) -> Result<(), NodeError> {
    let empty = || StoreError::Corrupt(format!("issuance {issuance} has an empty token stream"));
    let commitment = writing.sums.commitment(suite).ok_or_else(empty)?;
    let (issuance, signer, now) = (issuance.to_owned(), node.signer().clone(), node.now());
    let (derived, bytes) = (signed(writing.sums.count()), signed(writing.bytes));
    crash::point("derive.before-register");
    node.write(move |tx| {
        let Some(row) = tx.token_stream(&issuance)? else { return Ok(()) };
        let corrupt = |_| StoreError::Corrupt(format!("the header of issuance {issuance}"));
        let mut header: Issuance = serde_json::from_str(&row.header).map_err(corrupt)?;
        if row.state != StreamState::Deriving.code() {
            return if header.tokens.as_ref() == Some(&commitment) {
                Ok(())
            } else {
                Err(NodeError::refused(
                    "token-stream",
                    format!("the token stream of issuance {issuance} was lost, and comes out otherwise than it was signed for: it is abandoned"),
                ))
            };
        }
        header.tokens = Some(commitment.clone());
        let staff: Option<StaffDecision> =
            row.staff.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)?;
        let id: MessageId = issuance.parse()?;
        enqueue(tx, &signer, &Outgoing { id, now, staff }, &header)?;
        let text = serde_json::to_string(&header).map_err(ExchangeError::from)?;
        if let Some(mut dealing) = tx.dealing(&issuance)? {
            dealing.content.clone_from(&text);
            tx.update_dealing(&dealing)?;
        }
        Ok(tx.update_token_stream(&TokenStreamRow {
            state: StreamState::Derived.code(),
            header: text,
            derived,
            bytes,
            problem: None,
            ..row
        })?)
    })
    .await?;
    crash::point("derive.after-register");
    Ok(())
}
