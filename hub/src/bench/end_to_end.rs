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

    fn proposals(&self, target: &Trader, first: i64, batch: usize) -> Result<Vec<(MessageId, String)>, BenchError> {
        let until = first + i64::try_from(batch)?;
        (first..until)
            .map(|n| {
                let content = TransferProposal {
                    target: target.id.clone(),
                    blocks: self.trader.block(n).into_iter().collect(),
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
        let url = format!("{}/v1/feed?after={after}&chain={chain}&limit=1000&wait=0", self.base);
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
    /// The first block that this run takes from each series.
    pub first_block: i64,
    /// Transfers a request.
    pub batch: usize,
    /// For how long.
    pub time: Duration,
    /// Wait so long between two rounds of a member; none presses as hard as it can.
    pub pause: Duration,
}

/// The first `active` members offer to the next, which accepts, for the load's time.
///
/// # Errors
/// [`BenchError`] if anything is refused.
pub async fn run(clients: &[Client], active: usize, load: Load) -> Result<Run, BenchError> {
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (n, source) in clients.iter().enumerate().take(active) {
        let target = clients.get((n + 1) % clients.len()).unwrap_or(source).clone();
        let source = source.clone();
        tasks.spawn(async move { trade(&source, &target, load, started + load.time).await });
    }
    let mut latencies = Vec::new();
    let mut committed = 0;
    while let Some(done) = tasks.join_next().await {
        let (count, mut times) = done.map_err(fault)??;
        committed += count;
        latencies.append(&mut times);
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
    })
}

async fn trade(source: &Client, target: &Client, load: Load, until: Instant) -> Result<(u64, Vec<u64>), BenchError> {
    let mut next = load.first_block;
    let mut committed = 0;
    let mut latencies = Vec::new();
    let step = i64::try_from(load.batch)?;
    while Instant::now() < until {
        if next + step > source.trader.blocks {
            return Err(BenchError::Place(
                "the bench has too few blocks for this time: give more with --blocks".to_owned(),
            ));
        }
        let begun = Instant::now();
        let proposals = source.proposals(&target.trader, next, load.batch)?;
        next += step;
        let offered = source.send(Action::TransferProposal, &proposals).await?;
        let acceptances = target.acceptances(&proposals, offered)?;
        let done = target.send(Action::TransferAcceptance, &acceptances).await?;
        committed += done.len() as u64;
        latencies.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        if !load.pause.is_zero() {
            tokio::time::sleep(load.pause).await;
        }
    }
    Ok((committed, latencies))
}
