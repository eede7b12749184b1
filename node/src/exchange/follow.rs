//! Following the feed: one long question after another, until the node stops or the feed contradicts it.

use std::time::{Duration, Instant};

use tanqiao_protocol::id::{MessageId, Sha256};
use tokio::sync::watch;

use crate::crash;
use crate::error::NodeError;
use crate::exchange::backoff::Backoff;
use crate::exchange::feed::{Checked, Contradiction, Cursor, ReceivedPage, check};
use crate::exchange::{ExchangeError, FeedState, HubError, apply, screened};
use crate::service::Node;
use crate::store::StoreError;
use crate::store::rows::ContradictionRow;
use crate::witness;

/// Entries of one question, and so of one local transaction.
const ENTRIES_A_PAGE: u32 = 500;
/// How long to wait before looking again whether somebody has ended a contradiction.
const STOPPED_PAUSE: Duration = Duration::from_secs(5);

/// The shortest time from one question without news to the next.
const QUIET_PAUSE: Duration = Duration::from_millis(200);

/// What one question brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Entries, which were applied.
    Applied,
    /// Nothing new.
    Quiet,
    /// A contradiction: the node has stopped.
    Stopped,
}

/// Follows the feed until `stop` says true.
pub async fn follow(node: Node, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::default();
    while !*stop.borrow() {
        let asked_at = Instant::now();
        let pause = tokio::select! {
            _ = stop.changed() => return,
            step = step(&node) => match step {
                Ok(Step::Applied) => {
                    backoff.reset();
                    continue;
                }
                Ok(Step::Quiet) => {
                    backoff.reset();
                    // The hub waits for news itself; this keeps a hub that does not from being asked in a tight loop.
                    QUIET_PAUSE.saturating_sub(asked_at.elapsed())
                }
                Ok(Step::Stopped) => STOPPED_PAUSE,
                Err(error) => {
                    node.heard(Some(error.to_string()));
                    let asked = if let NodeError::Hub(e) = &error { e.retry_after() } else { None };
                    let pause = backoff.next(asked);
                    tracing::warn!(error = %error, pause_ms = pause.as_millis(), "the feed could not be read");
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

/// Asks once and applies what comes.
pub(super) async fn step(node: &Node) -> Result<Step, NodeError> {
    let (state, at, stopped) = node
        .read(|tx| {
            let (state, at) = position(tx)?;
            Ok((state, at, witness::stopped(tx)?))
        })
        .await?;
    if stopped {
        return Ok(Step::Stopped);
    }
    match state {
        FeedState::Following => {}
        FeedState::Forked => return try_again(node, at).await,
        FeedState::Diverged => return Ok(Step::Stopped),
    }
    match node
        .hub()
        .feed(at.seq, &at.chain, ENTRIES_A_PAGE, node.config().hub.feed_wait_s)
        .await
    {
        Ok(page) => {
            node.heard(None);
            take_page(node, at, page).await
        }
        Err(error) if error.is_fork() => {
            record(node, fork(at, &error)).await?;
            Ok(Step::Stopped)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks a hub whose feed was another one whether it has this node's entries again: it may have taken back what it had lost.
/// Then the node goes on where it stood.
async fn try_again(node: &Node, at: Cursor) -> Result<Step, NodeError> {
    let page = match node.hub().feed(at.seq, &at.chain, ENTRIES_A_PAGE, 0).await {
        Ok(page) => page,
        Err(error) if error.is_fork() => return Ok(Step::Stopped),
        Err(error) => return Err(error.into()),
    };
    if check(at, page.entries)?.1.is_some() {
        return Ok(Step::Stopped);
    }
    tracing::info!(seq = at.seq, "the hub has this node's feed again: the node goes on");
    node.resume_feed().await?;
    Ok(Step::Applied)
}

fn position(tx: &mut dyn crate::store::Tx) -> Result<(FeedState, Cursor), NodeError> {
    let row = tx.cursor()?.unwrap_or_else(apply::start);
    let chain = row
        .chain
        .parse::<Sha256>()
        .map_err(|_| StoreError::Corrupt("the feed's chain".into()))?;
    Ok((FeedState::from_code(row.state)?, Cursor { seq: row.seq, chain }))
}

fn fork(at: Cursor, error: &HubError) -> Contradiction {
    let (expected, evidence) = match error {
        HubError::Problem(problem) => (
            problem.expected.clone().unwrap_or_else(|| problem.detail.clone()),
            serde_json::to_string(problem).unwrap_or_default(),
        ),
        other => (other.to_string(), String::new()),
    };
    Contradiction {
        seq: at.seq,
        state: FeedState::Forked,
        expected,
        found: format!("chain {} at entry {}", at.chain, at.seq),
        evidence,
    }
}

/// Checks a page and applies it; everything before a contradiction is kept.
pub(super) async fn take_page(node: &Node, at: Cursor, page: ReceivedPage) -> Result<Step, NodeError> {
    let latest = page.latest;
    let quiet = page.entries.is_empty();
    node.latest(latest);
    let (mut good, forked) = check(at, page.entries)?;
    screened::complete(node, &mut good).await?;
    let diverged = apply_all(node, good, latest).await?;
    match diverged.or(forked) {
        Some(contradiction) => {
            record(node, contradiction).await?;
            Ok(Step::Stopped)
        }
        None if quiet => Ok(Step::Quiet),
        None => Ok(Step::Applied),
    }
}

/// Applies entries in one transaction; where one does not fit, the whole batches before it.
async fn apply_all(node: &Node, entries: Vec<Checked>, latest: i64) -> Result<Option<Contradiction>, NodeError> {
    match apply_some(node, entries.clone(), latest).await {
        Err(NodeError::Exchange(ExchangeError::Contradiction(contradiction))) => {
            let fitting = entries.iter().take_while(|c| c.entry.seq < contradiction.seq);
            let whole = fitting
                .enumerate()
                .filter(|(_, c)| c.entry.digest.is_some())
                .last()
                .map_or(0, |(index, _)| index + 1);
            apply_some(node, entries.into_iter().take(whole).collect(), latest).await?;
            Ok(Some(*contradiction))
        }
        other => other.map(|()| None),
    }
}

async fn apply_some(node: &Node, entries: Vec<Checked>, latest: i64) -> Result<(), NodeError> {
    if entries.is_empty() {
        return Ok(());
    }
    crash::point("feed.before-apply");
    let member = node.member().clone();
    let heard_at = node.now().micros();
    node.write(move |tx| apply::apply(tx, &member, &entries, latest, heard_at))
        .await?;
    crash::point("feed.after-apply");
    Ok(())
}

/// Keeps the evidence and stops dealing.
async fn record(node: &Node, contradiction: Contradiction) -> Result<(), NodeError> {
    tracing::error!(
        seq = contradiction.seq,
        state = %contradiction.state,
        expected = contradiction.expected,
        found = contradiction.found,
        "the hub's feed contradicts this node: nothing further is applied or sent"
    );
    let id: MessageId = node.new_id();
    let at = node.now().micros();
    node.write(move |tx| {
        tx.insert_contradiction(&ContradictionRow {
            id: id.to_string(),
            at,
            seq: contradiction.seq,
            state: contradiction.state.code(),
            expected: contradiction.expected.clone(),
            found: contradiction.found.clone(),
            evidence: contradiction.evidence.clone(),
        })?;
        let mut cursor = tx.cursor()?.unwrap_or_else(apply::start);
        cursor.state = contradiction.state.code();
        cursor.expected = Some(contradiction.expected.clone());
        cursor.found = Some(contradiction.found.clone());
        Ok(tx.set_cursor(&cursor)?)
    })
    .await
}
