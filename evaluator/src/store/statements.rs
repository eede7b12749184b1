//! The signed statements of months' keys, and whether the hub has them.

use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query};
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::time::Timestamp;

use super::epochs::{column_of, epoch_of};
use super::{Store, StoreError};

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Of which month.
    pub epoch: Epoch,
    /// The envelope, as it is sent each time.
    pub envelope: String,
    /// After this the hub refuses it, and another is signed.
    pub not_after: Timestamp,
    /// What the hub last said.
    pub answer: Option<String>,
    /// Whether the hub has it.
    pub answered: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SmallInt)]
    epoch: i16,
    #[diesel(sql_type = Text)]
    envelope: String,
    #[diesel(sql_type = BigInt)]
    not_after: i64,
    #[diesel(sql_type = Nullable<Text>)]
    answer: Option<String>,
    #[diesel(sql_type = SmallInt)]
    answered: i16,
}

impl Store {
    /// The statement of a month.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn statement(&self, epoch: Epoch) -> Result<Option<StatementRow>, StoreError> {
        let row: Option<Row> = self.with(|connection| {
            Ok(sql_query("SELECT * FROM statement WHERE epoch = ?")
                .bind::<SmallInt, _>(column_of(epoch))
                .get_result(connection)
                .optional()?)
        })?;
        row.map(|row| {
            Ok(StatementRow {
                epoch: epoch_of(row.epoch)?,
                envelope: row.envelope,
                not_after: Timestamp::from_micros(row.not_after),
                answer: row.answer,
                answered: row.answered != 0,
            })
        })
        .transpose()
    }

    /// Keeps a statement before it is sent, in the place of one that expired unanswered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_statement(&self, epoch: Epoch, envelope: &str, not_after: Timestamp) -> Result<(), StoreError> {
        self.write(|connection| {
            sql_query("INSERT OR REPLACE INTO statement (epoch, envelope, not_after, answered) VALUES (?, ?, ?, 0)")
                .bind::<SmallInt, _>(column_of(epoch))
                .bind::<Text, _>(envelope)
                .bind::<BigInt, _>(not_after.micros())
                .execute(connection)?;
            Ok(())
        })
    }

    /// Keeps what the hub said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_statement(&self, epoch: Epoch, answer: &str, answered: bool) -> Result<(), StoreError> {
        self.write(|connection| {
            sql_query("UPDATE statement SET answer = ?, answered = ? WHERE epoch = ?")
                .bind::<Text, _>(answer)
                .bind::<SmallInt, _>(i16::from(answered))
                .bind::<SmallInt, _>(column_of(epoch))
                .execute(connection)?;
            Ok(())
        })
    }
}
