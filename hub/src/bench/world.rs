//! A hub with members and blocks of its own, in a database of its own, for one part of a bench.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use serde::Serialize;
use tanqiao_protocol::feed::CHAIN_START;
use tokio::sync::watch;

use super::end_to_end::{self, Client, Load, Round, Run, Sequenced};
use super::ground::{self, Spread, Trader};
use super::place::Place;
use super::{BenchError, sequencer};
use crate::config::Config;
use crate::ledger::sequencer::Sequencer;
use crate::serve::Service;
use crate::store::database::{Database, WriteConnection};
use crate::store::statement::Statement;
use crate::transparency::Posted;

/// What a world has at the start.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Members that trade.
    pub members: u32,
    /// Blocks of one kilogram among all members.
    pub blocks: i64,
    /// Whose blocks they are.
    pub spread: Spread,
}

/// A hub that serves, its members, and how far their blocks have come.
pub struct World {
    /// Its database.
    pub database: Database,
    /// Its members.
    pub traders: Vec<Arc<Trader>>,
    service: Service,
    clients: Vec<Client>,
    rounds: Vec<Round>,
    committed: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("committed", &self.committed)
            .finish_non_exhaustive()
    }
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

/// A founded ledger of a bench.
#[derive(Debug)]
pub struct Opened {
    /// Its database.
    pub database: Database,
    config: Config,
}

impl Opened {
    /// Founds the ledger `name`, in the place of one of that name.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn found(place: &Place, name: &str) -> Result<Self, BenchError> {
        let config = place.config(name)?;
        if let Some(url) = place.server() {
            let sql = format!("DROP SCHEMA IF EXISTS \"{name}\" CASCADE; CREATE SCHEMA \"{name}\"");
            run_sql(&Database::open(url)?, &sql)?;
        }
        let database = Database::open(&config.database.url)?;
        database.migrate()?;
        crate::serve::ensure_log_key(&config.log.key).map_err(fault)?;
        let own = database.clone();
        blocking(move || ground::found(&own)).await?;
        Ok(Self { database, config })
    }

    /// Serves it.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn serve(&self) -> Result<Service, BenchError> {
        Service::start(&self.config).map_err(fault)
    }
}

impl World {
    /// Makes the world `name`, in the place of one of that name.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn make(place: &Place, name: &str, size: Size) -> Result<Self, BenchError> {
        let opened = Opened::found(place, name).await?;
        let service = opened.serve()?;
        let database = opened.database;
        let (own, sequencer) = (database.clone(), service.hub.sequencer.clone());
        let traders: Vec<Arc<Trader>> =
            blocking(move || ground::prepare(&own, &sequencer, size.members, size.blocks, size.spread))
                .await?
                .into_iter()
                .map(Arc::new)
                .collect();
        let clients = clients(place, &traders, service.federation.port())?;
        Ok(Self {
            database,
            rounds: vec![Round::default(); traders.len()],
            traders,
            service,
            clients,
            committed: 0,
        })
    }

    /// Its sequencer.
    #[must_use]
    pub fn sequencer(&self) -> Sequencer {
        self.service.hub.sequencer.clone()
    }

    /// How many leaves are committed, and what the log's keeper has posted, as they change.
    #[must_use]
    pub fn growth(&self) -> (watch::Receiver<i64>, watch::Receiver<Posted>) {
        (self.service.hub.sequencer.log_size(), self.service.hub.log.posted())
    }

    /// Blocks go from member to member, through the API.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn trade(&mut self, active: usize, load: Load) -> Result<Run, BenchError> {
        let before = self.counted();
        let mut run = end_to_end::run(&self.clients, &mut self.rounds, active, load).await?;
        let [batches, commands, busy_us] = self.counted();
        let (batches, commands, busy_us) = (batches - before[0], commands - before[1], busy_us - before[2]);
        run.sequencer = Some(Sequenced {
            batches,
            commands_per_batch: commands / batches.max(1),
            batch_us: busy_us / batches.max(1),
            busy_thousandths: busy_us / run.elapsed_ms.max(1),
        });
        self.committed += run.committed;
        Ok(run)
    }

    /// Batches, commands and microseconds of the sequencer so far.
    fn counted(&self) -> [u64; 3] {
        let counters = self.service.hub.sequencer.counters();
        [&counters.batches, &counters.commands, &counters.batch_us].map(|counter| counter.load(Ordering::Relaxed))
    }

    /// The same without network and signatures. What it commits is not counted as seen by clients.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn sequence(&mut self, batch: usize, time: Duration) -> Result<sequencer::Throughput, BenchError> {
        let (handle, traders, mut rounds) = (self.sequencer(), self.traders.clone(), std::mem::take(&mut self.rounds));
        let (throughput, rounds) = blocking(move || {
            let throughput = sequencer::run(&handle, &traders, &mut rounds, batch, time)?;
            Ok((throughput, rounds))
        })
        .await?;
        self.rounds = rounds;
        Ok(throughput)
    }

    /// Whether accepted = committed = in the log = in both feeds.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn validity(&self) -> Result<Validity, BenchError> {
        let count = |sql: &'static str| {
            self.database.read(|c| {
                Ok(c.load::<CountRow>(Statement::new(sql))?
                    .first()
                    .map_or(0, |row| row.total))
            })
        };
        let stored = count("SELECT COUNT(*) AS total FROM transfer WHERE state = 10")?;
        let leaves = count(if self.database.is_postgres() {
            "SELECT COUNT(*) AS total FROM leaf WHERE position('\"type\":\"transfer.committed\"'::bytea IN bytes) > 0"
        } else {
            "SELECT COUNT(*) AS total FROM leaf WHERE instr(bytes, CAST('\"type\":\"transfer.committed\"' AS BLOB)) > 0"
        })?;
        let feed_of_one_expected =
            count("SELECT COUNT(*) AS total FROM transfer WHERE state = 10 AND (source_no = 2 OR target_no = 2)")?;
        let feed_of_one = self.committed_in_first_feed().await?;
        let committed = self.committed;
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

    async fn committed_in_first_feed(&self) -> Result<i64, BenchError> {
        let mut found = 0;
        let (mut after, mut chain) = (0, CHAIN_START);
        if let Some(client) = self.clients.first() {
            loop {
                let page = client.feed(after, chain).await?;
                let Some(last) = page.entries.last() else { break };
                (after, chain) = (last.entry.seq, last.chain);
                let committed = page.entries.iter().filter(|e| e.entry.r#type == "transfer.committed");
                found += i64::try_from(committed.count())?;
            }
        }
        Ok(found)
    }

    /// Ends the service; its database stays.
    pub async fn close(self) {
        self.service.stop().await;
    }
}

/// A client for each member, at this port.
///
/// # Errors
/// [`BenchError`].
pub fn clients(place: &Place, traders: &[Arc<Trader>], port: u16) -> Result<Vec<Client>, BenchError> {
    let base: Arc<str> = format!("https://localhost:{port}").into();
    traders
        .iter()
        .map(|trader| {
            Ok(Client {
                trader: Arc::clone(trader),
                http: place.client(trader.id.as_str())?,
                base: Arc::clone(&base),
            })
        })
        .collect()
}

/// Runs what blocks beside the runtime.
///
/// # Errors
/// Those of `work`.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BenchError> + Send + 'static,
) -> Result<T, BenchError> {
    tokio::task::spawn_blocking(work).await.map_err(fault)?
}

fn run_sql(database: &Database, sql: &str) -> Result<(), BenchError> {
    let done = match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.batch_execute(sql),
        WriteConnection::Postgres(mut c) => c.batch_execute(sql),
    };
    done.map_err(|error| BenchError::Store(error.into()))
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

crate::store::row::row!(CountRow in "transfer", key "total", { total: diesel::sql_types::BigInt => i64 });
