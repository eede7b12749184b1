//! Transfers through the API: mutual TLS, signatures, proposal → acceptance → commit → both feeds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::feed::FeedPage;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::{Action, Batch, BatchItem, Content, Message, TransferAcceptance, TransferProposal};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{Outcome, Results};

use super::BenchError;
use super::ground::{Trader, new_id, now};
use super::place::TRUST_DOMAIN;

/// One member at its own connection.
#[derive(Debug, Clone)]
pub struct Client {
    /// The member.
    pub trader: Arc<Trader>,
    /// Its connection.
    pub http: reqwest::Client,
    /// The federation listener.
    pub base: Arc<str>,
}

/// What a run gave.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Transfers a request.
    pub batch: usize,
    /// Transfers that reached `committed`.
    pub committed: u64,
    /// Milliseconds.
    pub elapsed_ms: u64,
    /// Committed transfers a second.
    pub per_second: u64,
    /// Microseconds from sending the proposal to the committed answer, median.
    pub p50_us: u64,
    /// The same, of the slowest hundredth.
    pub p99_us: u64,
    /// What the sequencer did meanwhile, where the hub is this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<Sequenced>,
}

/// What the sequencer did in a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sequenced {
    /// Batches.
    pub batches: u64,
    /// Commands a batch, on average.
    pub commands_per_batch: u64,
    /// Time of a batch with its commit, in microseconds, on average.
    pub batch_us: u64,
    /// Thousandths of the run in which it worked.
    pub busy_thousandths: u64,
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

fn message<C: Content>(client: &Client, content: C) -> Result<(MessageId, String), BenchError> {
    let id = new_id();
    let message = Message {
        trust_domain: TRUST_DOMAIN.parse()?,
        member: client.trader.id.clone(),
        protocol: tanqiao_protocol::PROTOCOL_VERSION,
        id,
        issued_at: now(),
        not_after: now().plus_micros(DAY_US),
        staff: None,
        content,
    };
    Ok((id, serde_json::to_string(&message)?))
}

impl Client {
    /// Sends payloads of one action: one alone, several in a batch under one signature.
    async fn send(&self, action: Action, payloads: &[(MessageId, String)]) -> Result<Vec<Outcome>, BenchError> {
        let envelope = if let [(_, payload)] = payloads {
            Envelope::sign(&action.payload_type(), payload.clone().into_bytes(), &self.trader.key)?
        } else {
            let items = payloads
                .iter()
                .map(|(_, p)| BatchItem {
                    payload_type: action.payload_type(),
                    payload: p.clone(),
                })
                .collect();
            let (_, batch) = message(self, Batch { items })?;
            Envelope::sign(&Action::Batch.payload_type(), batch.into_bytes(), &self.trader.key)?
        };
        let body = envelope.to_json()?;
        let request = self
            .http
            .post(format!("{}/v1/messages", self.base))
            .header("content-type", "application/json")
            .body(body);
        let answer = request.send().await.map_err(fault)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(fault)?;
        if payloads.len() == 1 {
            if !status.is_success() {
                return Err(BenchError::Refused(String::from_utf8_lossy(&bytes).into_owned()));
            }
            return Ok(vec![serde_json::from_slice(&bytes)?]);
        }
        let results: Results = serde_json::from_slice(&bytes)
            .map_err(|_| BenchError::Refused(String::from_utf8_lossy(&bytes).into_owned()))?;
        results
            .results
            .into_iter()
            .map(|result| {
                result
                    .outcome
                    .ok_or_else(|| BenchError::Refused(result.problem.map_or_else(String::new, |p| p.detail)))
            })
            .collect()
    }

    /// Offers of `count` blocks that `owner` began with, from number `first` on.
    fn proposals(
        &self,
        owner: &Trader,
        target: &Trader,
        first: i64,
        count: i64,
    ) -> Result<Vec<(MessageId, String)>, BenchError> {
        (first..first + count)
            .map(|n| {
                let content = TransferProposal {
                    target: target.id.clone(),
                    blocks: owner.block(n).into_iter().collect(),
                    r#use: Use::CorporateNeutrality,
                    quote: None,
                    valid_until: now().plus_micros(DAY_US),
                    price: None,
                };
                message(self, content)
            })
            .collect()
    }

    fn acceptances(
        &self,
        proposals: &[(MessageId, String)],
        offered: Vec<Outcome>,
    ) -> Result<Vec<(MessageId, String)>, BenchError> {
        let pairs = proposals.iter().zip(offered);
        pairs
            .map(|((id, payload), outcome)| {
                let content = TransferAcceptance {
                    transfer: *id,
                    payload_sha256: Sha256::of(payload.as_bytes()),
                    delivered_g: outcome.delivered_g.unwrap_or_default(),
                    buffered_g: outcome.buffered_g.unwrap_or_default(),
                    cancelled_g: outcome.cancelled_g.unwrap_or_default(),
                    r#use: Use::CorporateNeutrality,
                };
                message(self, content)
            })
            .collect()
    }

    /// The member's feed after `after`.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn feed(&self, after: i64, chain: Sha256) -> Result<FeedPage, BenchError> {
        self.feed_waiting(after, chain, 0).await
    }

    /// The same, waiting up to `wait_s` seconds for an entry.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn feed_waiting(&self, after: i64, chain: Sha256, wait_s: u32) -> Result<FeedPage, BenchError> {
        let url = format!(
            "{}/v1/feed?after={after}&chain={chain}&limit=1000&wait={wait_s}",
            self.base
        );
        let bytes = self
            .http
            .get(url)
            .send()
            .await
            .map_err(fault)?
            .bytes()
            .await
            .map_err(fault)?;
        serde_json::from_slice(&bytes).map_err(|_| BenchError::Refused(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// How hard to press.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Transfers a request.
    pub batch: usize,
    /// For how long.
    pub time: Duration,
    /// Wait so long between two rounds of a member; none presses as hard as it can.
    pub pause: Duration,
}

/// How far the blocks that one member began with have come on their way around the ring of members.
#[derive(Debug, Clone, Copy, Default)]
pub struct Round {
    /// How often all of them have changed hands.
    pub handed_on: usize,
    /// The next of them to change hands.
    pub next: i64,
}

impl Round {
    /// The next `batch` blocks of `blocks`, or as many as are left of this round: whose turn it is, the first, how many.
    pub fn take(&mut self, blocks: i64, batch: i64) -> (usize, i64, i64) {
        if self.next >= blocks {
            self.handed_on += 1;
            self.next = 0;
        }
        let (first, count) = (self.next, batch.min(blocks - self.next));
        self.next += count;
        (self.handed_on, first, count)
    }
}

/// The first `active` members hand blocks on to the next, which accepts, for the load's time.
///
/// # Errors
/// [`BenchError`] if anything is refused.
pub async fn run(clients: &[Client], rounds: &mut [Round], active: usize, load: Load) -> Result<Run, BenchError> {
    let started = Instant::now();
    let everyone: Arc<[Client]> = clients.into();
    let mut tasks = tokio::task::JoinSet::new();
    for (n, round) in rounds.iter().copied().enumerate().take(active) {
        let everyone = Arc::clone(&everyone);
        tasks.spawn(async move { trade(&everyone, n, round, load, started + load.time).await });
    }
    let mut latencies = Vec::new();
    let mut committed = 0;
    while let Some(done) = tasks.join_next().await {
        let mut traded = done.map_err(fault)??;
        committed += traded.committed;
        latencies.append(&mut traded.latencies_us);
        if let Some(round) = rounds.get_mut(traded.n) {
            *round = traded.round;
        }
    }
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    latencies.sort_unstable();
    let at = |share: usize| {
        latencies
            .get((latencies.len() * share / 100).min(latencies.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0)
    };
    Ok(Run {
        batch: load.batch,
        committed,
        elapsed_ms,
        per_second: committed * 1_000 / elapsed_ms,
        p50_us: at(50),
        p99_us: at(99),
        sequencer: None,
    })
}

/// What one task has done.
struct Traded {
    n: usize,
    round: Round,
    committed: u64,
    latencies_us: Vec<u64>,
}

/// Hands on the blocks that member `n` began with, from whoever holds them to the next member.
async fn trade(
    clients: &[Client],
    n: usize,
    mut round: Round,
    load: Load,
    until: Instant,
) -> Result<Traded, BenchError> {
    let client = |turn: usize| clients.get(turn % clients.len().max(1));
    let mut committed = 0;
    let mut latencies_us = Vec::new();
    let batch = i64::try_from(load.batch)?;
    let Some(owner) = client(n).map(|c| Arc::clone(&c.trader)) else {
        return Err(BenchError::Place("the bench has no members".to_owned()));
    };
    while Instant::now() < until {
        let (turn, first, count) = round.take(owner.blocks, batch);
        let (Some(source), Some(target)) = (client(n + turn), client(n + turn + 1)) else {
            break;
        };
        let begun = Instant::now();
        let proposals = source.proposals(&owner, &target.trader, first, count)?;
        let offered = source.send(Action::TransferProposal, &proposals).await?;
        let acceptances = target.acceptances(&proposals, offered)?;
        let done = target.send(Action::TransferAcceptance, &acceptances).await?;
        committed += done.len() as u64;
        latencies_us.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        if !load.pause.is_zero() {
            tokio::time::sleep(load.pause).await;
        }
    }
    Ok(Traded {
        n,
        round,
        committed,
        latencies_us,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_hands_on_every_block_once_before_any_twice() {
        let mut round = Round::default();
        let taken: Vec<_> = (0..5).map(|_| round.take(25, 10)).collect();
        assert_eq!(taken, [(0, 0, 10), (0, 10, 10), (0, 20, 5), (1, 0, 10), (1, 10, 10)]);
    }
}
