//! The sequencer alone: commands whose signatures were found good, no network.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::{TransferAcceptance, TransferProposal};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;

use super::BenchError;
use super::end_to_end::Round;
use super::ground::{Trader, new_id, now};
use crate::ledger::command::{Body, Command, Origin, ReceivedEnvelope, Signed};
use crate::ledger::sequencer::Sequencer;

/// What a run of the sequencer gave.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Throughput {
    /// Transfers that reached `committed`.
    pub committed: u64,
    /// Milliseconds.
    pub elapsed_ms: u64,
    /// Committed transfers a second, whole.
    pub per_second: u64,
    /// Batches of the sequencer.
    pub batches: u64,
}

pub(super) fn command(trader: &Trader, body: Body, batch: &Arc<ReceivedEnvelope>, item: u32) -> Command {
    let id = new_id();
    let payload: Arc<str> = format!("{{\"id\":\"{id}\",\"bench\":\"{item:0>400}\"}}").into();
    let signed = Signed {
        member: trader.id.clone(),
        key: trader.key.id(),
        issued_at: now(),
        not_after: now().plus_micros(DAY_US),
        payload: Arc::clone(&payload),
        envelope: Arc::clone(batch),
        item: Some(item),
    };
    Command {
        origin: Origin::Member(Box::new(signed)),
        id,
        payload_sha256: Sha256::of(payload.as_bytes()),
        body,
    }
}

pub(super) fn envelope(size: usize) -> Arc<ReceivedEnvelope> {
    let payload: Vec<u8> = (0..size * 600)
        .map(|_| b'x')
        .chain(new_id().uuid().as_bytes().iter().copied())
        .collect();
    Arc::new(ReceivedEnvelope {
        sha256: Sha256::of(&payload),
        payload_type: "bench".to_owned(),
        payload,
        signatures: "[]".to_owned(),
    })
}

/// Trades for `time`: the blocks that each trader began with go on, `batch` at once, to the next, which accepts them.
///
/// # Errors
/// [`BenchError`] if the ledger refuses what it should not.
pub fn run(
    sequencer: &Sequencer,
    traders: &[Arc<Trader>],
    rounds: &mut [Round],
    batch: usize,
    time: Duration,
) -> Result<Throughput, BenchError> {
    let committed = AtomicU64::new(0);
    let before = sequencer.counters().batches.load(Ordering::Relaxed);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let handles: Vec<_> = rounds
            .iter_mut()
            .enumerate()
            .map(|(n, round)| {
                let committed = &committed;
                scope.spawn(move || trade(sequencer, traders, n, round, batch, started + time, committed))
            })
            .collect();
        handles.into_iter().try_for_each(|h| {
            h.join()
                .map_err(|_| BenchError::Refused("a trader ended early".to_owned()))?
        })
    })?;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let committed = committed.into_inner();
    let batches = sequencer.counters().batches.load(Ordering::Relaxed) - before;
    Ok(Throughput {
        committed,
        elapsed_ms,
        per_second: committed * 1_000 / elapsed_ms,
        batches,
    })
}

fn trade(
    sequencer: &Sequencer,
    traders: &[Arc<Trader>],
    n: usize,
    round: &mut Round,
    batch: usize,
    until: Instant,
    committed: &AtomicU64,
) -> Result<(), BenchError> {
    let trader = |turn: usize| traders.get(turn % traders.len().max(1));
    let batch = i64::try_from(batch)?;
    while let Some(owner) = trader(n)
        && Instant::now() < until
    {
        let (turn, first, count) = round.take(owner.blocks, batch);
        let (Some(source), Some(target)) = (trader(n + turn), trader(n + turn + 1)) else {
            break;
        };
        let proposals = propose(owner, source, target, first, count)?;
        let offered = sequencer.submit_blocking(proposals.clone())?;
        let envelope = envelope(proposals.len());
        let mut acceptances = Vec::with_capacity(proposals.len());
        for ((item, proposal), answer) in (0_u32..).zip(&proposals).zip(offered) {
            let outcome = answer.result.map_err(|problem| BenchError::Refused(problem.detail))?;
            let content = TransferAcceptance {
                transfer: proposal.id,
                payload_sha256: proposal.payload_sha256,
                delivered_g: outcome.delivered_g.unwrap_or_default(),
                buffered_g: outcome.buffered_g.unwrap_or_default(),
                cancelled_g: outcome.cancelled_g.unwrap_or_default(),
                r#use: Use::CorporateNeutrality,
            };
            acceptances.push(command(
                target,
                Body::TransferAcceptance(Box::new(content)),
                &envelope,
                item,
            ));
        }
        for answer in sequencer.submit_blocking(acceptances)? {
            answer.result.map_err(|problem| BenchError::Refused(problem.detail))?;
            committed.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

pub(super) fn propose(
    owner: &Trader,
    source: &Trader,
    target: &Trader,
    first: i64,
    count: i64,
) -> Result<Vec<Command>, BenchError> {
    let envelope = envelope(usize::try_from(count)?);
    let mut proposals = Vec::with_capacity(usize::try_from(count)?);
    for (item, n) in (0_u32..).zip(first..first + count) {
        let content = TransferProposal {
            target: target.id.clone(),
            blocks: owner.block(n).into_iter().collect(),
            r#use: Use::CorporateNeutrality,
            quote: None,
            valid_until: now().plus_micros(DAY_US),
            price: None,
        };
        proposals.push(command(
            source,
            Body::TransferProposal(Box::new(content)),
            &envelope,
            item,
        ));
    }
    Ok(proposals)
}
