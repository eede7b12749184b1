//! The store of tokens in PostgreSQL: a table for each epoch, filled by COPY and a sorted INSERT in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use diesel::PgConnection;
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry};

use super::sorting::{Batch, Key, gather, kind_of, position_of};
use super::{
    Collision, Collisions, EpochStats, Fingerprint, Fingerprints, Owner, RUN_MAX, Reconciled, Screened, ScreeningError,
    StoreOptions, StoreStats, TokenStore,
};
use crate::crash;
use crate::store::connection::StoreConnection;
use crate::store::database::{Database, StoreError};
use crate::store::screening as rows;

/// The store in a database. The lock is its connection's: who loses the connection has lost the lock, and cannot write.
pub struct PostgresStore {
    connection: Box<PgConnection>,
    options: StoreOptions,
    scratch: PathBuf,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresStore")
    }
}

impl PostgresStore {
    /// Takes the store of a database; batches that do not fit into memory are sorted in `scratch`.
    ///
    /// # Errors
    /// [`ScreeningError::Locked`] if another connection has it; [`ScreeningError::Store`].
    pub fn open(database: &Database, scratch: &Path, options: StoreOptions) -> Result<Self, ScreeningError> {
        let connection = rows::take(database)?.ok_or_else(|| ScreeningError::Locked("in PostgreSQL".to_owned()))?;
        Ok(Self {
            connection,
            options,
            scratch: scratch.to_owned(),
        })
    }

    fn settle(&mut self, named: &BTreeSet<u32>, with_confirmed: bool) -> Result<Reconciled, ScreeningError> {
        self.connection.write(|c| {
            let mut unnamed = Vec::new();
            let mut stored = BTreeSet::new();
            for load in rows::loads(c)? {
                let run = unsigned(load.run);
                stored.insert(run);
                if named.contains(&run) {
                    continue;
                }
                // The ledger may have named it since `named` was read, but not from here on.
                let locked = rows::load_locked(c, load.run)?;
                if !rows::is_named(c, load.run)? {
                    unnamed.extend(locked);
                }
            }
            let confirmed = unnamed.iter().filter(|load| load.confirmed).count();
            if confirmed > 0 && !with_confirmed {
                let place = "in PostgreSQL".to_owned();
                return Err(ScreeningError::Ahead { place, runs: confirmed });
            }
            for load in &unnamed {
                rows::delete_run(c, load.run)?;
            }
            rows::confirm_all(c)?;
            Ok(Reconciled {
                discarded: unnamed.iter().map(|load| unsigned(load.run)).collect(),
                missing: named.difference(&stored).copied().collect(),
            })
        })
    }
}

/// Numbers are stored by their bits.
const fn signed(number: u32) -> i32 {
    i32::from_be_bytes(number.to_be_bytes())
}

const fn unsigned(number: i32) -> u32 {
    u32::from_be_bytes(number.to_be_bytes())
}

fn number(epoch: Epoch) -> i16 {
    i16::try_from(epoch.number()).unwrap_or(i16::MAX)
}

fn epoch_of(number: i16) -> Result<Epoch, ScreeningError> {
    let epoch = u16::try_from(number).ok().and_then(Epoch::from_number);
    epoch.ok_or_else(|| StoreError::Content(format!("screening_epoch has epoch {number}")).into())
}

/// A month has as many tokens as were stored.
fn check_count(c: &mut PgConnection, row: &rows::EpochRow) -> Result<(), ScreeningError> {
    let counted = rows::count_tokens(c, row)?;
    if counted == row.tokens {
        return Ok(());
    }
    let (epoch, tokens) = (epoch_of(row.epoch)?, row.tokens);
    Err(StoreError::Content(format!("{counted} tokens of {epoch}, and {tokens} were stored")).into())
}

/// Stores the fingerprints of one epoch, which come next in the batch, and hands over those that collide.
fn screen_epoch(
    c: &mut PgConnection,
    run: u32,
    epoch: Epoch,
    batch: &mut Batch,
    first: &mut Option<Key>,
    collisions: &mut Collisions<'_>,
) -> Result<Screened, ScreeningError> {
    let table = number(epoch);
    rows::make_epoch(c, table)?;
    let staged = rows::stage::<ScreeningError>(c, || {
        let Some(key) = first.filter(|key| key.epoch() == epoch.number()) else {
            return Ok(None);
        };
        // A token that an activity names twice is staged once: otherwise it would count twice.
        while *first == Some(key) {
            *first = batch.next()?;
        }
        Ok(Some((key.token().to_be_bytes(), signed(key.owner))))
    })?;
    let stored = rows::insert_staged(c, table, signed(run), staged)?;
    let mut collided = 0;
    if stored < staged {
        rows::each_collision(c, table, signed(run), &mut |row| {
            let collision = collision(epoch, &row)?;
            if collision.owner.run == run && collision.owner.position >= collision.found.position {
                return Err(StoreError::Content(format!("a run's own tokens are not stored in order: {row:?}")).into());
            }
            collided += 1;
            collisions(collision)
        })?;
    }
    Ok(Screened {
        stored: stored as u64,
        collided,
    })
}

fn collision(epoch: Epoch, row: &rows::CollisionRow) -> Result<Collision, ScreeningError> {
    let (owner, first) = (unsigned(row.owner), unsigned(row.first));
    let token = row.token.as_slice().try_into();
    let token = token.map_err(|_| StoreError::Content("a token of another length than 16 bytes".to_owned()))?;
    Ok(Collision {
        found: Fingerprint {
            position: position_of(owner),
            entry: TokenEntry {
                kind: kind_of(owner),
                epoch,
                token: Token(token),
            },
        },
        owner: Owner {
            run: unsigned(row.run),
            position: position_of(first),
            kind: kind_of(first),
        },
    })
}

impl TokenStore for PostgresStore {
    fn screen(
        &mut self,
        run: u32,
        fingerprints: &mut Fingerprints<'_>,
        collisions: &mut Collisions<'_>,
    ) -> Result<Screened, ScreeningError> {
        if !(1..=RUN_MAX).contains(&run) {
            return Err(ScreeningError::Run(run));
        }
        let mut batch = gather(fingerprints, self.options.sort_bytes, &self.scratch)?;
        let screened = self.connection.write::<_, ScreeningError>(|c| {
            let retired = rows::epochs(c)?.into_iter().filter(|epoch| epoch.retired);
            for row in retired {
                let epoch = epoch_of(row.epoch)?;
                if batch.counts.contains_key(&epoch) {
                    return Err(ScreeningError::Retired(epoch));
                }
            }
            // What a screening of the same run has left is replaced, not compared with.
            let before = rows::load_locked(c, signed(run))?;
            if before.is_some_and(|load| !load.confirmed) && !rows::is_named(c, signed(run))? {
                rows::delete_run(c, signed(run))?;
            }
            let mut screened = Screened::default();
            let mut first = batch.next()?;
            let epochs: Vec<Epoch> = batch.counts.keys().copied().collect();
            for epoch in epochs {
                let one = screen_epoch(c, run, epoch, &mut batch, &mut first, collisions)?;
                screened.stored += one.stored;
                screened.collided += one.collided;
            }
            rows::add_load(c, signed(run), i64::try_from(screened.stored).unwrap_or(i64::MAX))?;
            crash::point("tokens.before-commit");
            Ok(screened)
        })?;
        crash::point("tokens.after-commit");
        Ok(screened)
    }

    fn reconcile(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        self.settle(named, false)
    }

    fn rewind(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        self.settle(named, true)
    }

    fn discard(&mut self, run: u32) -> Result<(), ScreeningError> {
        self.connection.write(|c| {
            let Some(load) = rows::load_locked(c, signed(run))? else {
                return Ok(());
            };
            if load.confirmed || rows::is_named(c, load.run)? {
                return Err(ScreeningError::Named(run));
            }
            Ok(rows::delete_run(c, load.run)?)
        })
    }

    fn confirm(&mut self, run: u32) -> Result<(), ScreeningError> {
        rows::confirm(&mut self.connection, signed(run))?;
        Ok(())
    }

    fn retire(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.connection.write(|c| {
            let known = rows::epochs(c)?;
            let row = known.iter().find(|row| row.epoch == number(epoch));
            if row.ok_or(ScreeningError::Unknown(epoch, "retire"))?.retired {
                return Ok(());
            }
            if let Some(run) = rows::unconfirmed_in(c, number(epoch))? {
                let run = unsigned(run);
                return Err(ScreeningError::Unsettled { run, epoch });
            }
            Ok(rows::move_epoch(c, number(epoch), true)?)
        })
    }

    fn restore(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.connection.write(|c| {
            let known = rows::epochs(c)?;
            let row = known.iter().find(|row| row.epoch == number(epoch));
            let row = row.ok_or(ScreeningError::Unknown(epoch, "restore"))?;
            if !row.retired {
                return Ok(());
            }
            check_count(c, row)?;
            Ok(rows::move_epoch(c, row.epoch, false)?)
        })
    }

    fn verify(&mut self) -> Result<(), ScreeningError> {
        self.connection.write(|c| {
            let known = rows::epochs(c)?;
            known.iter().try_for_each(|row| check_count(c, row))
        })
    }

    fn stats(&mut self) -> Result<StoreStats, ScreeningError> {
        let mut stats = StoreStats {
            epochs: BTreeMap::new(),
            retired: BTreeSet::new(),
        };
        for row in rows::epochs(&mut self.connection)? {
            let epoch = epoch_of(row.epoch)?;
            if row.retired {
                stats.retired.insert(epoch);
            } else if row.tokens > 0 {
                let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
                let (tokens, bytes) = (unsigned(row.tokens), unsigned(row.bytes));
                stats.epochs.insert(
                    epoch,
                    EpochStats {
                        tokens,
                        bytes,
                        parts: 1,
                    },
                );
            }
        }
        Ok(stats)
    }
}
