//! Tokens for the bench of screening: random, the same in every run, without keeping them.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenKind};

use super::BenchError;
use crate::screening::Fingerprint;
use crate::store::database::{Database, StoreError, WriteConnection};

/// Runs by which the store is filled: three quarters, three sixteenths and the rest, as merging leaves them.
pub const RUNS: u32 = 3;
/// One token in so many of a batch is stored already.
const KNOWN_EVERY: u64 = 100;
/// Ascending tokens are made in so many parts, each sorted by itself.
const PARTS: u64 = 4_096;
const PART_BITS: u32 = 12;
/// All tokens are of one month.
const EPOCH: Epoch = match Epoch::from_number(316) {
    Some(epoch) => epoch,
    None => panic!("316 months after 2000-01 is 2026-05"),
};
const SCHEMA: &str = "bench_screening";

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

/// A database for the bench: a file, or a schema of `server` in the place of an earlier one.
pub fn database(server: Option<&str>, directory: &Path) -> Result<Database, BenchError> {
    let url = match server {
        None => format!("sqlite:{}", directory.join("hub.db").display()),
        Some(server) => {
            let WriteConnection::Postgres(mut connection) = Database::open(server)?.writer()? else {
                return Err(fault("--database takes a PostgreSQL database; leave it out for SQLite"));
            };
            let make = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}");
            connection.batch_execute(&make).map_err(StoreError::Query)?;
            let sign = if server.contains('?') { '&' } else { '?' };
            format!("{server}{sign}options=-csearch_path%3D{SCHEMA}")
        }
    };
    let database = Database::open(&url)?;
    database.migrate()?;
    Ok(database)
}

/// A token as it is screened.
pub fn fingerprint(position: u32, token: u128) -> Fingerprint {
    Fingerprint {
        position,
        entry: TokenEntry {
            kind: TokenKind::Record,
            epoch: EPOCH,
            token: Token(token.to_be_bytes()),
        },
    }
}

/// With what the store is filled.
#[derive(Debug)]
pub struct Filling {
    stored: u64,
    /// One token in so many of the first run is noted.
    known_every: u64,
}

impl Filling {
    /// For so many tokens, and rounds that collide with some of them.
    pub fn of(stored: u64, batch: u64, rounds: u32) -> Self {
        let wanted = (batch / KNOWN_EVERY).max(1) * u64::from(rounds);
        let known_every = (stored / 4 * 3 / wanted).max(1);
        Self { stored, known_every }
    }

    /// The tokens of each run.
    pub fn runs(&self) -> [Ascending; RUNS as usize] {
        let (first, second) = (self.stored / 4 * 3, self.stored / 16 * 3);
        [
            Ascending::of(first, 1),
            Ascending::of(second, 2),
            Ascending::of(self.stored - first - second, 3),
        ]
    }

    /// True for tokens of the first run that batches collide with.
    pub fn is_known(&self, position: u32) -> bool {
        u64::from(position).is_multiple_of(self.known_every)
    }

    /// All tokens with their owners, sorted.
    pub fn in_memory(&self) -> Result<Vec<Kept>, BenchError> {
        let mut all = Vec::with_capacity(usize::try_from(self.stored)?);
        for (run, tokens) in (1..).zip(self.runs()) {
            all.extend((0..).zip(tokens).map(|(position, token)| kept(run, position, token)));
        }
        all.sort_unstable();
        Ok(all)
    }
}

/// A token in two halves, and its owner: 24 bytes, as in the store.
pub type Kept = (u64, u64, u64);

fn kept(run: u32, position: u32, token: u128) -> Kept {
    let half = |half: u128| u64::try_from(half).unwrap_or(u64::MAX);
    let owner = u64::from(run) << 32 | u64::from(position);
    (half(token >> 64), half(token & u128::from(u64::MAX)), owner)
}

/// Sorts a batch and goes through it and the stored tokens once; how many are new, and how many are not.
pub fn sort_and_scan(stored: &[Kept], batch: impl Iterator<Item = Fingerprint>) -> (u64, u64) {
    let mut batch: Vec<Kept> = batch
        .map(|f| kept(0, f.position, u128::from_be_bytes(f.entry.token.0)))
        .collect();
    batch.sort_unstable();
    let (mut new, mut found) = (Vec::new(), Vec::new());
    let mut stored = stored.iter().peekable();
    for one in batch {
        while stored.next_if(|kept| (kept.0, kept.1) < (one.0, one.1)).is_some() {}
        match stored.peek() {
            Some(kept) if (kept.0, kept.1) == (one.0, one.1) => found.push((one, **kept)),
            _ => new.push(one),
        }
    }
    (new.len() as u64, found.len() as u64)
}

/// Random tokens in ascending order.
#[derive(Debug)]
pub struct Ascending {
    random: StdRng,
    count: u64,
    part: u64,
    sorted: std::vec::IntoIter<u128>,
}

impl Ascending {
    fn of(count: u64, seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            count,
            part: 0,
            sorted: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Ascending {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        loop {
            if let Some(token) = self.sorted.next() {
                return Some(token);
            }
            if self.part == PARTS {
                return None;
            }
            let count = self.count / PARTS + u64::from(self.part < self.count % PARTS);
            let first = u128::from(self.part) << (u128::BITS - PART_BITS);
            let random = &mut self.random;
            let mut tokens: Vec<u128> = (0..count)
                .map(|_| first | random.random::<u128>() >> PART_BITS)
                .collect();
            tokens.sort_unstable();
            self.sorted = tokens.into_iter();
            self.part += 1;
        }
    }
}

/// The tokens of one issuance, in no order.
#[derive(Debug)]
pub struct Batch {
    tokens: Vec<u128>,
    /// How many of them are stored already.
    pub known: u64,
}

impl Batch {
    /// The batch of a round: the same whenever it is made.
    pub fn of(count: u64, round: u32, known: &[u128]) -> Self {
        let mut random = StdRng::seed_from_u64(1_000 + u64::from(round));
        let share = usize::try_from(count / KNOWN_EVERY).unwrap_or(usize::MAX);
        let first = usize::try_from(round).unwrap_or(usize::MAX).saturating_mul(share);
        let mut stored = known.iter().skip(first).take(share);
        let mut known = 0;
        let mut token = |number: u64| {
            let again = if number % KNOWN_EVERY == 7 { stored.next() } else { None };
            known += u64::from(again.is_some());
            again.copied().unwrap_or_else(|| random.random())
        };
        let tokens = (0..count).map(&mut token).collect();
        Self { tokens, known }
    }

    /// As they are screened.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        (0..)
            .zip(&self.tokens)
            .map(|(position, token)| fingerprint(position, *token))
    }

    /// As numbers.
    pub fn tokens(&self) -> &[u128] {
        &self.tokens
    }
}

/// The most memory that this process has had, in KiB.
pub fn peak_kib() -> Result<u64, BenchError> {
    let status = fs::read_to_string("/proc/self/status").map_err(fault)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| fault("VmHWM is not in /proc/self/status"))
}
