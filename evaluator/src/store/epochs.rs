//! Key generations and what became of them.

use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;

use super::audit::{AuditAction, append};
use super::{Store, StoreError};
use crate::ceremony::SessionId;

tanqiao_protocol::words! {
    /// How far a key generation is.
    pub enum EpochKeyState {
        /// The share is on disk; the key is in use once all three have said so.
        Prepared = 1 "prepared",
        /// In use.
        Committed = 2 "committed",
        /// It ended without a key, and never has one.
        Aborted = 3 "aborted",
        /// Its share is being destroyed.
        Destroying = 4 "destroying",
        /// Its share is destroyed.
        Destroyed = 5 "destroyed",
    }
}

/// One key generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRow {
    /// Which.
    pub session: SessionId,
    /// Of which month.
    pub epoch: Epoch,
    /// How far it is.
    pub state: EpochKeyState,
    /// The public keys; none if it ended before it had any.
    pub keys: Option<EpochKeys>,
    /// The hash of everything that was said in public; the same at all three.
    pub transcript: Option<Sha256>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    session: String,
    #[diesel(sql_type = SmallInt)]
    epoch: i16,
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = Nullable<Text>)]
    keys: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    transcript: Option<String>,
}

impl Row {
    fn read(self) -> Result<EpochRow, StoreError> {
        let strange = || StoreError::Content(format!("key generation {}", self.session));
        let keys = self.keys.as_deref().map(serde_json::from_str).transpose();
        Ok(EpochRow {
            session: self.session.parse().map_err(|_| strange())?,
            epoch: epoch_of(self.epoch)?,
            state: EpochKeyState::from_code(self.state).ok_or_else(strange)?,
            keys: keys.map_err(|_| strange())?,
            transcript: self
                .transcript
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| strange())?,
        })
    }
}

pub(super) fn column_of(epoch: Epoch) -> i16 {
    i16::try_from(epoch.number()).unwrap_or(i16::MAX)
}

pub(super) fn epoch_of(column: i16) -> Result<Epoch, StoreError> {
    let number = u16::try_from(column).ok();
    number
        .and_then(Epoch::from_number)
        .ok_or_else(|| StoreError::Content(format!("month {column}")))
}

fn find(connection: &mut SqliteConnection, session: SessionId) -> Result<Option<EpochRow>, StoreError> {
    let row: Option<Row> = sql_query("SELECT * FROM epoch_key WHERE session = ?")
        .bind::<Text, _>(session.to_string())
        .get_result(connection)
        .optional()?;
    row.map(Row::read).transpose()
}

fn set(
    connection: &mut SqliteConnection,
    session: SessionId,
    state: EpochKeyState,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql_query("UPDATE epoch_key SET state = ?, changed_at = ? WHERE session = ?")
        .bind::<SmallInt, _>(state.code())
        .bind::<BigInt, _>(now.micros())
        .bind::<Text, _>(session.to_string())
        .execute(connection)?;
    Ok(())
}

impl Store {
    /// One key generation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, session: SessionId) -> Result<Option<EpochRow>, StoreError> {
        self.with(|connection| find(connection, session))
    }

    /// The key generation of a month that was not aborted, whatever became of its key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn epoch(&self, epoch: Epoch) -> Result<Option<EpochRow>, StoreError> {
        let row: Option<Row> = self.with(|connection| {
            Ok(sql_query("SELECT * FROM epoch_key WHERE epoch = ? AND state <> 3")
                .bind::<SmallInt, _>(column_of(epoch))
                .get_result(connection)
                .optional()?)
        })?;
        row.map(Row::read).transpose()
    }

    /// All that were not aborted, by month.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        let rows: Vec<Row> = self.with(|connection| {
            Ok(sql_query("SELECT * FROM epoch_key WHERE state <> 3 ORDER BY epoch").load(connection)?)
        })?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Records that a share is on disk. False if the month has a key generation, or this one was aborted meanwhile: then
    /// nothing is recorded and the share must go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prepare(
        &self,
        by: &NodeId,
        session: SessionId,
        keys: &EpochKeys,
        transcript: Sha256,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = serde_json::to_string(keys).map_err(|e| StoreError::Content(e.to_string()))?;
        self.write(|connection| {
            let inserted = sql_query(
                "INSERT INTO epoch_key (session, epoch, state, keys, transcript, changed_at)
                 VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind::<Text, _>(session.to_string())
            .bind::<SmallInt, _>(column_of(keys.epoch))
            .bind::<Text, _>(text)
            .bind::<Text, _>(transcript.to_string())
            .bind::<BigInt, _>(now.micros())
            .execute(connection)?;
            if inserted == 1 {
                append(connection, now, AuditAction::Prepared, by, keys.epoch, 0)?;
            }
            Ok(inserted == 1)
        })
    }

    /// Puts a prepared key in use. The caller knows that all three have prepared it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn commit(&self, by: &NodeId, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(|connection| match find(connection, session)? {
            Some(row) if row.state == EpochKeyState::Prepared => {
                set(connection, session, EpochKeyState::Committed, now)?;
                append(connection, now, AuditAction::Committed, by, row.epoch, 0)
            }
            _ => Ok(()),
        })
    }

    /// Ends a key generation that this evaluator has not prepared, for ever: it may promise the others that there will be
    /// no key. Says what the state is afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn refuse_unprepared(
        &self,
        by: &NodeId,
        session: SessionId,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<EpochRow, StoreError> {
        self.write(|connection| {
            let inserted = sql_query(
                "INSERT INTO epoch_key (session, epoch, state, changed_at) VALUES (?, ?, 3, ?) ON CONFLICT DO NOTHING",
            )
            .bind::<Text, _>(session.to_string())
            .bind::<SmallInt, _>(column_of(epoch))
            .bind::<BigInt, _>(now.micros())
            .execute(connection)?;
            if inserted == 1 {
                append(connection, now, AuditAction::Aborted, by, epoch, 0)?;
            }
            find(connection, session)?.ok_or_else(|| StoreError::Content(format!("key generation {session}")))
        })
    }

    /// Ends a prepared key generation. The caller knows that another evaluator never prepares it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn abort(&self, by: &NodeId, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(|connection| match find(connection, session)? {
            Some(row) if row.state == EpochKeyState::Prepared => {
                set(connection, session, EpochKeyState::Aborted, now)?;
                append(connection, now, AuditAction::Aborted, by, row.epoch, 0)
            }
            _ => Ok(()),
        })
    }

    /// The first half of destroying: from here on the share is not used again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn destroying(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(|connection| set(connection, session, EpochKeyState::Destroying, now))
    }

    /// The second half, once the file is gone: the batches of the month are forgotten, its counters stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn destroyed(&self, by: &NodeId, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(|connection| {
            let Some(row) = find(connection, session)? else {
                return Ok(());
            };
            set(connection, session, EpochKeyState::Destroyed, now)?;
            sql_query("DELETE FROM batch WHERE epoch = ?")
                .bind::<SmallInt, _>(column_of(row.epoch))
                .execute(connection)?;
            append(connection, now, AuditAction::Destroyed, by, row.epoch, 0)
        })
    }
}
