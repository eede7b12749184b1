//! Full reconciliation at the size of a large member: what differs is planted at random, and must be found, and nothing else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::message::{Action, Message, TransferWithdrawal};
use tanqiao_protocol::reconciliation::{
    Decoder, Difference, Encoder, Opened as FirstAnswer, Reconciliation, ReconciliationReason, Record, Round,
    SYMBOL_BYTES, SymbolKey, series_key, symbols_from_text,
};
use tanqiao_protocol::time::DAY_US;

use super::BenchError;
use super::ground::{self, Spread, Trader, new_id, now};
use super::place::{Place, TRUST_DOMAIN};
use super::sequencer::{command, envelope, propose};
use super::world::{Opened, blocking};
use crate::ledger::batch::Answer;
use crate::ledger::command::{Body, Command};
use crate::ledger::sequencer::{Sequencer, SequencerOptions};
use crate::reconciliation::TakenCut;
use crate::store::database::Database;
use crate::store::read::reconciliations;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A PostgreSQL database of the bench's own; absent for an SQLite file.
    pub server: Option<String>,
    /// Blocks of the member.
    pub blocks: u32,
    /// Differing records that are planted, one measurement each.
    pub differences: Vec<usize>,
}

/// One reconciliation.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Differing records that were planted.
    pub planted: usize,
    /// How many of them were found.
    pub found: usize,
    /// How many were found that nobody planted.
    pub invented: usize,
    /// Symbols that were sent.
    pub symbols: u32,
    /// Bytes of all bodies until the difference is known, both ways.
    pub bytes: usize,
    /// Milliseconds in which the hub takes the cut.
    pub cut_ms: u64,
    /// Milliseconds of everything after it: symbols on both sides, and taking them apart.
    pub difference_ms: u64,
    /// Transfers that were offered and taken back a second, meanwhile.
    pub transfers_per_second: u64,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Blocks of the member.
    pub blocks: u32,
    /// Transfers that are offered and taken back a second while nobody reconciles.
    pub transfers_per_second: u64,
    /// One for each number of differences.
    pub measured: Vec<Measured>,
}

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, directory: &std::path::Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let place = Place::make(directory, plan.server.clone())?;
    say("making blocks");
    let opened = Opened::found(&place, "bench_reconciliation").await?;
    let (database, blocks) = (opened.database.clone(), i64::from(plan.blocks));
    // Two members, since the ground makes mappings between them: each has as many blocks.
    let (sequencer, traders) = blocking(move || {
        let sequencer = Sequencer::start(database.clone(), SequencerOptions::default())?;
        let made = ground::prepare(&database, &sequencer, 2, 2 * blocks, Spread::Each);
        Ok::<_, BenchError>((sequencer, made?))
    })
    .await?;
    let [trader, other] = traders.as_slice() else {
        return Err(BenchError::Refused("there are not two members".to_owned()));
    };
    say("trading alone");
    let alone = beside(&sequencer, (other, trader), || {
        std::thread::sleep(ALONE);
        Ok(())
    })?;
    let mut measured = Vec::new();
    for planted in &plan.differences {
        say(&format!("{planted} differences"));
        let mut one = None;
        let transfers_per_second = beside(&sequencer, (other, trader), || {
            one = Some(reconcile(&opened.database, trader, *planted)?);
            Ok(())
        })?;
        measured.extend(one.map(|one| Measured {
            transfers_per_second,
            ..one
        }));
    }
    sequencer.stop();
    Ok(Report {
        transfers_per_second: alone,
        database: if opened.database.is_postgres() {
            "postgres"
        } else {
            "sqlite"
        },
        blocks: plan.blocks,
        measured,
    })
}

/// The member's own records, of which some are lost and some are nobody's; in turn, so that `planted` records differ.
fn own(database: &Database, trader: &Trader, planted: usize) -> Result<(Vec<Record>, Difference), BenchError> {
    let key = series_key(&trader.series);
    let mut records = Vec::new();
    database.read(|c| {
        reconciliations::cut(c, &trader.id, |block| {
            records.push(Record::from_parts(&key, block.range, block.digest_record().as_bytes()));
            Ok(())
        })
    })?;
    let mut difference = Difference::default();
    for turn in 0..planted {
        let at = usize::try_from(rand::random::<u32>())? % records.len().max(1);
        if turn % 2 == 0 {
            difference.theirs.push(records.swap_remove(at));
        } else if let Some(range) = records.get(at).and_then(|record| record.place().range) {
            let invented = Record::from_parts(&key, range, &rand::random::<[u8; 16]>());
            difference.ours.push(invented);
        }
    }
    records.extend(&difference.ours);
    difference.theirs.sort_unstable();
    difference.ours.sort_unstable();
    Ok((records, difference))
}

fn reconcile(database: &Database, trader: &Trader, planted: usize) -> Result<Measured, BenchError> {
    let (records, expected) = own(database, trader, planted)?;
    let id = new_id();
    let domain = TRUST_DOMAIN.parse()?;
    let begin = Message {
        trust_domain: TRUST_DOMAIN.parse()?,
        member: trader.id.clone(),
        protocol: tanqiao_protocol::PROTOCOL_VERSION,
        id,
        issued_at: now(),
        not_after: now().plus_micros(DAY_US),
        staff: None,
        content: Reconciliation {
            repaired: None,
            reason: ReconciliationReason::Scheduled,
            cursor: 0,
            chain: CHAIN_START,
        },
    };
    let envelope = tanqiao_protocol::envelope::Envelope::sign(
        &Action::Reconciliation.payload_type(),
        serde_json::to_vec(&begin)?,
        &trader.key,
    )?;
    let mut bytes = serde_json::to_vec(&envelope)?.len();
    let started = Instant::now();
    let taken = database.read(|c| TakenCut::take(c, &domain, &trader.id, id))?;
    let cut_ms = millis(started);
    let started = Instant::now();
    let answer = serde_json::to_vec(&taken.opened())?;
    bytes += answer.len();
    let answer: FirstAnswer = serde_json::from_slice(&answer)?;
    let key = SymbolKey::of(&domain, id);
    let mut decoder = Decoder::new(key, Encoder::new(&key, records));
    let mut symbols = symbols_from_text(&answer.symbols).unwrap_or_default();
    let difference = loop {
        if let Some(difference) = decoder.take(&symbols) {
            break difference;
        }
        if symbols.is_empty() {
            return Err(BenchError::Refused("the symbols did not suffice".to_owned()));
        }
        bytes += serde_json::to_vec(&Round::SymbolsFrom(decoder.taken()))?.len();
        symbols = taken.next(decoder.taken());
        bytes += symbols.len() * SYMBOL_BYTES;
    };
    let of = |found: &[Record], planted: &[Record]| found.iter().filter(|one| planted.contains(one)).count();
    let found = of(&difference.theirs, &expected.theirs) + of(&difference.ours, &expected.ours);
    Ok(Measured {
        planted: expected.theirs.len() + expected.ours.len(),
        found,
        invented: difference.theirs.len() + difference.ours.len() - found,
        symbols: decoder.taken(),
        bytes,
        cut_ms,
        difference_ms: millis(started),
        transfers_per_second: 0,
    })
}

/// How long trade without a reconciliation is looked at.
const ALONE: Duration = Duration::from_secs(3);
/// Transfers of one batch.
const AT_ONCE: i64 = 100;

/// Does `work` while a member offers transfers and takes them back as fast as it can: its blocks are reserved and freed, and those
/// of the member that reconciles stay. How many a second.
fn beside(
    sequencer: &Sequencer,
    (source, target): (&Trader, &Trader),
    work: impl FnOnce() -> Result<(), BenchError>,
) -> Result<u64, BenchError> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let trading = scope.spawn(|| {
            let (started, mut transfers, mut first) = (Instant::now(), 0_u64, 0);
            while !stop.load(Ordering::Relaxed) {
                let proposals = propose(source, source, target, first, AT_ONCE)?;
                answered(sequencer.submit_blocking(proposals.clone())?)?;
                let envelope = envelope(proposals.len());
                let withdrawal = |(item, proposal): (u32, &Command)| {
                    let content = TransferWithdrawal {
                        transfer: proposal.id,
                        reason: "bench".to_owned(),
                    };
                    command(source, Body::TransferWithdrawal(content), &envelope, item)
                };
                answered(sequencer.submit_blocking((0..).zip(&proposals).map(withdrawal).collect())?)?;
                transfers += u64::try_from(proposals.len())?;
                first = (first + AT_ONCE) % (source.blocks - AT_ONCE).max(1);
            }
            Ok::<u64, BenchError>(transfers * 1_000 / millis(started).max(1))
        });
        let done = work();
        stop.store(true, Ordering::Relaxed);
        let transfers = trading
            .join()
            .map_err(|_| BenchError::Refused("the trader ended early".to_owned()))?;
        done.and(transfers)
    })
}

fn answered(answers: Vec<Answer>) -> Result<(), BenchError> {
    let refused = answers.into_iter().find_map(|answer| answer.result.err());
    refused.map_or(Ok(()), |problem| Err(BenchError::Refused(problem.detail)))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
