//! What members had evaluated, and what they may.

use diesel::sql_types::{BigInt, SmallInt, Text};
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;

use super::audit::{AuditAction, append};
use super::epochs::{column_of, epoch_of};
use super::{Store, StoreError};

/// What became of a batch in the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It counts from now on.
    New,
    /// It was counted before.
    Before,
    /// It would be more than the member may have; so much is left.
    OverQuota {
        /// Inputs that the member may still have evaluated.
        left: u64,
    },
}

/// One member's count for one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRow {
    /// The member.
    pub member: NodeId,
    /// The month.
    pub epoch: Epoch,
    /// Inputs.
    pub evaluated: u64,
    /// The last time that it rose.
    pub last_at: Timestamp,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    member: String,
    #[diesel(sql_type = SmallInt)]
    epoch: i16,
    #[diesel(sql_type = BigInt)]
    evaluated: i64,
    #[diesel(sql_type = BigInt)]
    last_at: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

fn counted(
    connection: &mut SqliteConnection,
    member: &NodeId,
    epoch: Epoch,
    batch: Sha256,
) -> Result<(bool, i64), StoreError> {
    let known: Option<Found> =
        sql_query("SELECT items AS found FROM batch WHERE member = ? AND epoch = ? AND sha256 = ?")
            .bind::<Text, _>(member.as_str())
            .bind::<SmallInt, _>(column_of(epoch))
            .bind::<Text, _>(batch.to_string())
            .get_result(connection)
            .optional()?;
    let so_far: Option<Found> = sql_query("SELECT evaluated AS found FROM counter WHERE member = ? AND epoch = ?")
        .bind::<Text, _>(member.as_str())
        .bind::<SmallInt, _>(column_of(epoch))
        .get_result(connection)
        .optional()?;
    Ok((known.is_some(), so_far.map_or(0, |row| row.found)))
}

fn judge(known: bool, so_far: i64, items: i64, quota: u64) -> Counted {
    let left = quota.saturating_sub(u64::try_from(so_far).unwrap_or(u64::MAX));
    if known {
        Counted::Before
    } else if u64::try_from(items).unwrap_or(u64::MAX) > left {
        Counted::OverQuota { left }
    } else {
        Counted::New
    }
}

impl Store {
    /// What counting this batch would do, without doing it: asked before the work of evaluating.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn would_count(
        &self,
        member: &NodeId,
        epoch: Epoch,
        batch: Sha256,
        items: i64,
        quota: u64,
    ) -> Result<Counted, StoreError> {
        let (known, so_far) = self.with(|connection| counted(connection, member, epoch, batch))?;
        Ok(judge(known, so_far, items, quota))
    }

    /// Counts a batch and writes the audit log, durably and in one transaction. The same batch counts once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count(
        &self,
        member: &NodeId,
        epoch: Epoch,
        batch: Sha256,
        items: i64,
        quota: u64,
        now: Timestamp,
    ) -> Result<Counted, StoreError> {
        self.write(|connection| {
            let (known, so_far) = counted(connection, member, epoch, batch)?;
            let counted = judge(known, so_far, items, quota);
            let action = match counted {
                Counted::New => AuditAction::Evaluated,
                Counted::Before => AuditAction::Repeated,
                Counted::OverQuota { .. } => AuditAction::OverQuota,
            };
            if counted == Counted::New {
                sql_query("INSERT INTO batch (member, epoch, sha256, items) VALUES (?, ?, ?, ?)")
                    .bind::<Text, _>(member.as_str())
                    .bind::<SmallInt, _>(column_of(epoch))
                    .bind::<Text, _>(batch.to_string())
                    .bind::<BigInt, _>(items)
                    .execute(connection)?;
                sql_query(
                    "INSERT INTO counter (member, epoch, evaluated, last_at) VALUES (?, ?, ?, ?)
                     ON CONFLICT (member, epoch) DO UPDATE
                     SET evaluated = evaluated + excluded.evaluated, last_at = excluded.last_at",
                )
                .bind::<Text, _>(member.as_str())
                .bind::<SmallInt, _>(column_of(epoch))
                .bind::<BigInt, _>(items)
                .bind::<BigInt, _>(now.micros())
                .execute(connection)?;
            }
            append(connection, now, action, member, epoch, items)?;
            Ok(counted)
        })
    }

    /// The counters of one member, or of all; by month and member.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counters(&self, of: Option<&NodeId>) -> Result<Vec<CounterRow>, StoreError> {
        let rows: Vec<Row> = self.with(|connection| {
            let all = sql_query("SELECT * FROM counter WHERE ? = '' OR member = ? ORDER BY epoch, member");
            let member = of.map_or("", NodeId::as_str);
            Ok(all.bind::<Text, _>(member).bind::<Text, _>(member).load(connection)?)
        })?;
        let read = |row: Row| {
            let strange = || StoreError::Content(format!("the counter of {}", row.member));
            Ok(CounterRow {
                member: row.member.parse().map_err(|_| strange())?,
                epoch: epoch_of(row.epoch)?,
                evaluated: u64::try_from(row.evaluated).map_err(|_| strange())?,
                last_at: Timestamp::from_micros(row.last_at),
            })
        };
        rows.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fresh;

    #[test]
    fn the_same_batch_counts_once_and_a_quota_is_never_passed() {
        let (_directory, store) = fresh();
        let (wuhan, harbin): (NodeId, NodeId) = ("wuhan".parse().unwrap(), "harbin".parse().unwrap());
        let may = "2026-05".parse().unwrap();
        let now = Timestamp::from_micros(5);
        let count = |member, text: &[u8], items| store.count(member, may, Sha256::of(text), items, 100, now).unwrap();
        assert_eq!(count(&wuhan, b"one", 60), Counted::New);
        assert_eq!(count(&wuhan, b"one", 60), Counted::Before);
        assert_eq!(count(&wuhan, b"two", 41), Counted::OverQuota { left: 40 });
        assert_eq!(count(&wuhan, b"two", 40), Counted::New);
        assert_eq!(
            count(&harbin, b"one", 60),
            Counted::New,
            "another member's batch is another batch"
        );
        assert_eq!(
            store.would_count(&wuhan, may, Sha256::of(b"three"), 1, 100).unwrap(),
            Counted::OverQuota { left: 0 }
        );
        let counters = store.counters(None).unwrap();
        assert_eq!(counters.iter().map(|row| row.evaluated).collect::<Vec<_>>(), [60, 100]);
        assert_eq!(store.counters(Some(&wuhan)).unwrap().len(), 1);
        let actions: Vec<AuditAction> = store.audit_after(0, 10).unwrap().iter().map(|one| one.action).collect();
        assert_eq!(
            actions,
            [
                AuditAction::Evaluated,
                AuditAction::Repeated,
                AuditAction::OverQuota,
                AuditAction::Evaluated,
                AuditAction::Evaluated
            ]
        );
    }
}
