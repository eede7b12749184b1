//! What a commit pays so that nobody has to believe the hub: its leaves in the log, and the chain and digest of each feed.
//!
//! The sequencer trades for some time. Then exactly what its batches have written is made again and timed, batch by batch: leaves are
//! encoded, hashed, chained and inserted (in a transaction that is taken back, so that no fsync is in it); entries are chained,
//! records go in and out of the digests, and each feed's last entry gets the fingerprint.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::block::{Block, BlockChange, BlockTerms};
use tanqiao_protocol::feed::{self, CHAIN_START, FeedEntry};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::leaf::{Leaf, leaf_hash};

use super::BenchError;
use super::ground::Spread;
use super::place::Place;
use super::program::Plan;
use super::world::{Size, World, blocking};
use crate::store::checkpoints;
use crate::store::connection::StoreConnection;
use crate::store::database::{Database, WriteConnection};
use crate::store::rows::{FeedRow, LeafRow};
use crate::store::statement::Statement;

/// The most leaves that are made again.
const LEAVES_MAX: u64 = 200_000;

/// What was measured. Shares are of the time from the begin of a batch to after its commit, in thousandths.
#[derive(Debug, Clone, Serialize)]
pub struct Upkeep {
    /// Leaves in each batch of the sequencer, on average.
    pub leaves_per_batch: u64,
    /// Microseconds of each batch, on average.
    pub batch_us: u64,
    /// Leaves that were made again.
    pub leaves: u64,
    /// Encoding, hashing and chaining a leaf, in nanoseconds.
    pub encode_ns_per_leaf: u64,
    /// Inserting its row, in nanoseconds.
    pub insert_ns_per_leaf: u64,
    /// The log's share: both.
    pub log_thousandths: u64,
    /// Feed entries that were made again.
    pub entries: u64,
    /// Chain and digest of an entry, in nanoseconds.
    pub digest_ns_per_entry: u64,
    /// Their share.
    pub digest_thousandths: u64,
}

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, place: &Place, say: &dyn Fn(&str)) -> Result<Upkeep, BenchError> {
    say("making members and blocks, to see what the log and the digests cost");
    let size = Size {
        members: plan.members,
        blocks: plan.blocks,
        spread: Spread::Each,
    };
    let mut world = World::make(place, "bench_upkeep", size).await?;
    let counters = world.sequencer();
    let counted = move || {
        let counters = counters.counters();
        [&counters.batches, &counters.batch_us].map(|counter| counter.load(Ordering::Relaxed))
    };
    let (before, first) = (counted(), world.database.read(checkpoints::leaf_count)?);
    world.sequence(100, Duration::from_secs(plan.seconds)).await?;
    let (after, end) = (counted(), world.database.read(checkpoints::leaf_count)?);
    let database = world.database.clone();
    world.close().await;
    let (batches, busy_us) = ((after[0] - before[0]).max(1), after[1] - before[1]);
    let per_batch = ((end - first) / batches).max(1);
    say("making what was written again");
    let kept = first..end.min(first + LEAVES_MAX);
    blocking(move || {
        let (leaves, encode, insert) = match database.writer()? {
            WriteConnection::Sqlite(mut c) => leaves(&database, &mut *c, kept.clone(), per_batch)?,
            WriteConnection::Postgres(mut c) => leaves(&database, &mut *c, kept.clone(), per_batch)?,
        };
        let (entries, digest) = entries(&database, kept, per_batch)?;
        // Of as many batches as were made again.
        let busy_ns = (u128::from(busy_us) * 1_000 * u128::from(leaves) / u128::from((end - first).max(1))).max(1);
        let share = |time: Duration| u64::try_from(time.as_nanos() * 1_000 / busy_ns).unwrap_or(u64::MAX);
        Ok(Upkeep {
            leaves_per_batch: per_batch,
            batch_us: busy_us / batches,
            leaves,
            encode_ns_per_leaf: each(encode, leaves),
            insert_ns_per_leaf: each(insert, leaves),
            log_thousandths: share(encode + insert),
            entries,
            digest_ns_per_entry: each(digest, entries),
            digest_thousandths: share(digest),
        })
    })
    .await
}

fn each(time: Duration, count: u64) -> u64 {
    u64::try_from(time.as_nanos() / u128::from(count.max(1))).unwrap_or(u64::MAX)
}

/// Encodes, hashes, chains and inserts leaves: how many, and both times.
fn leaves<C: StoreConnection>(
    database: &Database,
    connection: &mut C,
    kept: std::ops::Range<u64>,
    per_batch: u64,
) -> Result<(u64, Duration, Duration), BenchError> {
    let (mut count, mut encode, mut insert) = (0, Duration::ZERO, Duration::ZERO);
    let mut chain = Sha256::of(b"bench");
    let mut at = kept.start;
    while at < kept.end {
        let end = kept.end.min(at + per_batch);
        let read = database.read(|c| checkpoints::leaves(c, at, end))?;
        let parsed: Vec<Leaf> = read
            .iter()
            .map(|bytes| serde_json::from_slice(bytes))
            .collect::<Result<_, _>>()?;
        let started = Instant::now();
        let mut rows = Vec::with_capacity(parsed.len());
        for leaf in &parsed {
            let bytes = serde_json::to_vec(leaf)?;
            chain = Sha256::of_parts(&[&chain.0, &leaf_hash(&bytes).0]);
            // Behind the end of the log, where the next would go.
            let idx = leaf.index + i64::try_from(LEAVES_MAX)? * 1_000;
            rows.push(LeafRow { idx, bytes });
        }
        encode += started.elapsed();
        insert += insert_and_take_back(connection, &rows)?;
        count += end - at;
        at = end;
    }
    std::hint::black_box(chain);
    Ok((count, encode, insert))
}

/// Ends the transaction of the measurement.
enum TakenBack {
    After(Duration),
    Failed(diesel::result::Error),
}

impl From<diesel::result::Error> for TakenBack {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error)
    }
}

fn insert_and_take_back<C: StoreConnection>(connection: &mut C, rows: &[LeafRow]) -> Result<Duration, BenchError> {
    let done = connection.write(|c| {
        // The transaction has begun on the server before the clock runs.
        c.select::<LeafRow>(Statement::new("SELECT idx, bytes FROM leaf WHERE idx < 0"))?;
        let started = Instant::now();
        c.insert_rows(rows)?;
        Err::<(), _>(TakenBack::After(started.elapsed()))
    });
    match done {
        Err(TakenBack::After(time)) => Ok(time),
        Err(TakenBack::Failed(error)) => Err(BenchError::Store(error.into())),
        Ok(()) => Err(BenchError::Place("a transaction was not taken back".to_owned())),
    }
}

/// Chains the entries that tell of these leaves, and brings a digest of each feed up to date: how many entries, and the time.
fn entries(database: &Database, kept: std::ops::Range<u64>, per_batch: u64) -> Result<(u64, Duration), BenchError> {
    let mut feeds: BTreeMap<i32, (Sha256, SetDigest)> = BTreeMap::new();
    let (mut count, mut time) = (0, Duration::ZERO);
    let mut batch: BTreeMap<i32, Vec<FeedEntry>> = BTreeMap::new();
    let mut end = kept.start + per_batch;
    for (member, entry) in told(database, &kept)? {
        if u64::try_from(entry.log_index)? >= end {
            time += seal(&mut feeds, &std::mem::take(&mut batch))?;
            while u64::try_from(entry.log_index)? >= end {
                end += per_batch;
            }
        }
        count += 1;
        batch.entry(member).or_default().push(entry);
    }
    time += seal(&mut feeds, &batch)?;
    Ok((count, time))
}

/// The entries that tell of these leaves, in the order of the log.
fn told(database: &Database, kept: &std::ops::Range<u64>) -> Result<Vec<(i32, FeedEntry)>, BenchError> {
    let rows: Vec<FeedRow> = database.read(|c| c.load(Statement::new("SELECT * FROM feed_entry")))?;
    let mut entries = Vec::new();
    for row in rows {
        let entry: FeedEntry = serde_json::from_slice(&row.bytes)?;
        if kept.contains(&u64::try_from(entry.log_index)?) {
            entries.push((row.member_no, entry));
        }
    }
    entries.sort_by_key(|(member, entry)| (entry.log_index, *member, entry.seq));
    Ok(entries)
}

fn seal(
    feeds: &mut BTreeMap<i32, (Sha256, SetDigest)>,
    batch: &BTreeMap<i32, Vec<FeedEntry>>,
) -> Result<Duration, BenchError> {
    // The bytes are made for the feed, with or without a chain over them.
    let mut written = Vec::with_capacity(batch.len());
    for entries in batch.values() {
        let bytes: Vec<Vec<u8>> = entries.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
        written.push(bytes);
    }
    let blocks: Vec<Vec<(Block, bool)>> = batch.values().map(|entries| records(entries)).collect();
    let started = Instant::now();
    for ((member, bytes), blocks) in batch.keys().zip(&written).zip(&blocks) {
        let (chain, digest) = feeds.entry(*member).or_insert_with(|| (CHAIN_START, SetDigest::new()));
        for bytes in bytes {
            *chain = feed::chain(chain, bytes);
        }
        for (block, comes) in blocks {
            let record = block.digest_record();
            if *comes {
                digest.add(record.as_bytes());
            } else {
                digest.remove(record.as_bytes());
            }
        }
        std::hint::black_box(digest.fingerprint());
    }
    Ok(started.elapsed())
}

/// What goes in and out of a digest: each change takes a block out and puts one in, at this member or another. Terms that an entry leaves
/// out are as long as those of an issue.
fn records(entries: &[FeedEntry]) -> Vec<(Block, bool)> {
    let mut blocks = Vec::new();
    let mut terms: Option<BlockTerms> = None;
    for change in entries.iter().flat_map(|entry| &entry.changes) {
        terms = change.terms.clone().or(terms);
        let Some(terms) = &terms else { continue };
        let block = |status: &tanqiao_protocol::block::BlockStatus| Block {
            series: change.block.series.clone(),
            range: change.block.range,
            status: status.clone(),
            terms: terms.clone(),
        };
        let BlockChange { from, to, .. } = change;
        // A change of hands is told to both: each has half of it.
        match from {
            Some(from) if from.holder == to.holder => {
                blocks.push((block(from), false));
                blocks.push((block(to), true));
            }
            _ => blocks.push((block(to), true)),
        }
    }
    blocks
}
