//! The program of `tanqiao-hub bench`: hub and baseline in turn, so that a machine whose speed drifts is fair to both.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tanqiao_protocol::feed::CHAIN_START;

use super::end_to_end::{Client, Load, Run, run};
use super::ground::{self, Trader};
use super::place::Place;
use super::{BenchError, baseline, sequencer};
use crate::serve::Service;
use crate::store::database::Database;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `sqlite:PATH` or `postgres://…`: an empty database of the bench's own.
    pub url: String,
    /// Members that trade.
    pub members: u32,
    /// Blocks in the ledger at the start.
    pub blocks: i64,
    /// Seconds of each run.
    pub seconds: u64,
    /// How often hub and baseline take turns.
    pub rounds: u32,
}

/// What was measured. Ratios are in thousandths: 1000 is as fast as the baseline.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Blocks in the ledger at the start.
    pub blocks: i64,
    /// Members that trade.
    pub members: u32,
    /// Hand-written transactions a second: 32 clients on PostgreSQL, one on SQLite. Each round.
    pub baseline_per_second: Vec<u64>,
    /// Through the API in batches of 100. Each round.
    pub end_to_end_100: Vec<Run>,
    /// Committed transfers a second ÷ half the baseline's transactions a second, in thousandths; the median of the rounds.
    pub ratio_thousandths: u64,
    /// Through the API, in other batches.
    pub end_to_end: Vec<Run>,
    /// One transfer a request at about half of the load that single requests reach.
    pub half_load: Run,
    /// One transfer at a time, nothing else going on.
    pub idle: Run,
    /// The sequencer alone, in batches of 100.
    pub sequencer: sequencer::Throughput,
    /// Checks that the figures mean what they say.
    pub validity: Validity,
}

/// Accepted = committed = in the log = in both feeds.
#[derive(Debug, Clone, Serialize)]
pub struct Validity {
    /// Transfers that the clients saw committed.
    pub committed: u64,
    /// Transfers that the store has committed.
    pub stored: i64,
    /// Leaves `transfer.committed`.
    pub leaves: i64,
    /// Entries `transfer.committed` in the feed of one member, read through the API, as source and as target.
    pub feed_of_one: i64,
    /// What that feed should have.
    pub feed_of_one_expected: i64,
    /// True if all of these agree.
    pub ok: bool,
}

struct Bench {
    clients: Vec<Client>,
    next_block: i64,
    committed: u64,
    seconds: u64,
}

impl Bench {
    async fn round(&mut self, batch: usize, pause: Duration, clients: usize) -> Result<Run, BenchError> {
        let load = Load {
            first_block: self.next_block,
            batch,
            time: Duration::from_secs(self.seconds),
            pause,
        };
        let run = run(&self.clients, clients, load).await?;
        self.committed += run.committed;
        let each = run.committed / u64::try_from(clients.max(1)).unwrap_or(1);
        // Members go at their own pace: leave room for the fastest.
        self.next_block += i64::try_from(each * 3 / 2).unwrap_or(0) + 4 * i64::try_from(batch)?;
        Ok(run)
    }
}

/// Runs the plan.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, directory: &Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let place = Place::make(directory)?;
    let database = Database::open(&plan.url)?;
    database.migrate()?;
    crate::serve::ensure_log_key(&place.config(&plan.url)?.log.key)
        .map_err(|error| BenchError::Place(error.to_string()))?;
    baseline::prepare(&database)?;
    let own = database.clone();
    tokio::task::spawn_blocking(move || ground::found(&own))
        .await
        .map_err(|e| BenchError::Place(e.to_string()))??;
    let service = Service::start(&place.config(&plan.url)?).map_err(|error| BenchError::Place(error.to_string()))?;
    let sequencer = service.hub.sequencer.clone();
    say("making members and blocks");
    let (db, members, blocks) = (database.clone(), plan.members, plan.blocks);
    let prepared = {
        let sequencer = sequencer.clone();
        tokio::task::spawn_blocking(move || ground::prepare(&db, &sequencer, members, blocks))
    };
    let traders: Vec<Arc<Trader>> = prepared
        .await
        .map_err(|e| BenchError::Place(e.to_string()))??
        .into_iter()
        .map(Arc::new)
        .collect();
    let base: Arc<str> = format!("https://localhost:{}", service.federation.port()).into();
    let clients = traders
        .iter()
        .map(|trader| {
            Ok(Client {
                trader: Arc::clone(trader),
                http: place.client(trader.id.as_str())?,
                base: Arc::clone(&base),
            })
        })
        .collect::<Result<Vec<_>, BenchError>>()?;
    let mut bench = Bench {
        clients,
        next_block: 0,
        committed: 0,
        seconds: plan.seconds,
    };
    let report = all(plan, &database, &sequencer, &traders, &mut bench, say).await;
    service.stop().await;
    report
}

async fn all(
    plan: &Plan,
    database: &Database,
    sequencer: &crate::ledger::sequencer::Sequencer,
    traders: &[Arc<Trader>],
    bench: &mut Bench,
    say: &dyn Fn(&str),
) -> Result<Report, BenchError> {
    let everyone = bench.clients.len();
    let mut baseline_per_second = Vec::new();
    let mut end_to_end_100 = Vec::new();
    for round in 1..=plan.rounds {
        say(&format!(
            "round {round} of {}: hand-written SQL, then the hub",
            plan.rounds
        ));
        let (db, clients, time) = (
            database.clone(),
            if database.is_postgres() { 32 } else { 1 },
            Duration::from_secs(plan.seconds),
        );
        let by_hand = tokio::task::spawn_blocking(move || baseline::run(&db, clients, time));
        baseline_per_second.push(by_hand.await.map_err(|e| BenchError::Place(e.to_string()))??);
        end_to_end_100.push(bench.round(100, Duration::ZERO, everyone).await?);
    }
    let mut ratios: Vec<u64> = end_to_end_100
        .iter()
        .zip(&baseline_per_second)
        .map(|(run, base)| run.per_second * 2_000 / (*base).max(1))
        .collect();
    ratios.sort_unstable();
    let ratio_thousandths = ratios.get(ratios.len() / 2).copied().unwrap_or(0);
    say("other batches, half load, idle");
    let mut end_to_end = Vec::new();
    for batch in [1, 10, 1_000] {
        end_to_end.push(bench.round(batch, Duration::ZERO, everyone).await?);
    }
    let single = end_to_end.first().map_or(1, |run| run.per_second.max(1));
    let members = u64::try_from(everyone).unwrap_or(1);
    let half_load = bench
        .round(1, Duration::from_micros(members * 1_000_000 / single), everyone)
        .await?;
    let idle = bench.round(1, Duration::from_millis(5), 1).await?;
    let validity = validity(database, bench, &end_to_end_100).await?;
    say("the sequencer alone");
    let (handle, owned, first, time) = (
        sequencer.clone(),
        traders.to_vec(),
        bench.next_block,
        Duration::from_secs(plan.seconds),
    );
    let alone = tokio::task::spawn_blocking(move || sequencer::run(&handle, &owned, first, 100, time));
    let sequencer = alone.await.map_err(|e| BenchError::Place(e.to_string()))??;
    Ok(Report {
        database: if database.is_postgres() { "postgres" } else { "sqlite" },
        blocks: plan.blocks,
        members: plan.members,
        baseline_per_second,
        end_to_end_100,
        ratio_thousandths,
        end_to_end,
        half_load,
        idle,
        sequencer,
        validity,
    })
}

async fn validity(database: &Database, bench: &Bench, _: &[Run]) -> Result<Validity, BenchError> {
    let count = |sql: &'static str| {
        database.read(|c| {
            Ok(c.load::<CountRow>(crate::store::statement::Statement::new(sql))?
                .first()
                .map_or(0, |row| row.total))
        })
    };
    let stored = count("SELECT COUNT(*) AS total FROM transfer WHERE state = 10")?;
    let leaves = count(if database.is_postgres() {
        "SELECT COUNT(*) AS total FROM leaf WHERE position('\"type\":\"transfer.committed\"'::bytea IN bytes) > 0"
    } else {
        "SELECT COUNT(*) AS total FROM leaf WHERE instr(bytes, CAST('\"type\":\"transfer.committed\"' AS BLOB)) > 0"
    })?;
    let feed_of_one_expected =
        count("SELECT COUNT(*) AS total FROM transfer WHERE state = 10 AND (source_no = 2 OR target_no = 2)")?;
    let mut feed_of_one = 0;
    let (mut after, mut chain) = (0, CHAIN_START);
    if let Some(client) = bench.clients.first() {
        loop {
            let page = client.feed(after, chain).await?;
            let Some(last) = page.entries.last() else { break };
            (after, chain) = (last.entry.seq, last.chain);
            feed_of_one += i64::try_from(
                page.entries
                    .iter()
                    .filter(|e| e.entry.r#type == "transfer.committed")
                    .count(),
            )?;
        }
    }
    let committed = bench.committed;
    let ok = i64::try_from(committed)? == stored && stored == leaves && feed_of_one == feed_of_one_expected;
    Ok(Validity {
        committed,
        stored,
        leaves,
        feed_of_one,
        feed_of_one_expected,
        ok,
    })
}

crate::store::row::row!(CountRow in "transfer", key "total", { total: diesel::sql_types::BigInt => i64 });
