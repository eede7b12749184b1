//! The audit log: who had how much evaluated for which month, and what became of keys. Append-only, and chained, so that a
//! removed or changed entry shows.

use diesel::sql_types::{BigInt, SmallInt, Text};
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use serde::Serialize;
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;

use super::{Store, StoreError};

tanqiao_protocol::words! {
    /// What happened.
    pub enum AuditAction {
        /// A batch was evaluated and counted.
        Evaluated = 1 "evaluated",
        /// A batch that had been counted was evaluated again.
        Repeated = 2 "repeated",
        /// A batch was refused for the quota.
        OverQuota = 3 "over-quota",
        /// A share was made; the others have not all confirmed.
        Prepared = 4 "prepared",
        /// All three have the key.
        Committed = 5 "committed",
        /// A key generation ended without a key.
        Aborted = 6 "aborted",
        /// The share of a month was destroyed.
        Destroyed = 7 "destroyed",
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: AuditAction,
    /// For whom, or by whom.
    pub member: NodeId,
    /// Of which month.
    pub epoch: Epoch,
    /// How many inputs.
    pub items: u64,
    /// SHA-256 over the chain before and this entry.
    pub chain: Sha256,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = SmallInt)]
    action: i16,
    #[diesel(sql_type = Text)]
    member: String,
    #[diesel(sql_type = SmallInt)]
    epoch: i16,
    #[diesel(sql_type = BigInt)]
    items: i64,
    #[diesel(sql_type = Text)]
    chain: String,
}

impl Row {
    fn read(self) -> Result<AuditEntry, StoreError> {
        let strange = |what: &str| StoreError::Content(format!("audit entry {}: {what}", self.seq));
        Ok(AuditEntry {
            seq: self.seq,
            at: Timestamp::from_micros(self.at),
            action: AuditAction::from_code(self.action).ok_or_else(|| strange("action"))?,
            member: self.member.parse().map_err(|_| strange("member"))?,
            epoch: super::epochs::epoch_of(self.epoch)?,
            items: u64::try_from(self.items).map_err(|_| strange("items"))?,
            chain: self.chain.parse().map_err(|_| strange("chain"))?,
        })
    }
}

/// What is chained: the entry's own fields, in one text.
fn link(before: &str, seq: i64, at: i64, action: i16, member: &str, epoch: i16, items: i64) -> Sha256 {
    Sha256::of(
        format!("tanqiao-evaluator-audit/v1\n{before}\n{seq}\n{at}\n{action}\n{member}\n{epoch}\n{items}\n").as_bytes(),
    )
}

/// Appends, inside the caller's transaction.
pub(super) fn append(
    connection: &mut SqliteConnection,
    at: Timestamp,
    action: AuditAction,
    member: &NodeId,
    epoch: Epoch,
    items: i64,
) -> Result<(), StoreError> {
    let last: Option<Row> = sql_query("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
        .get_result(connection)
        .optional()?;
    let (seq, before) = last.map_or((1, String::new()), |row| (row.seq + 1, row.chain));
    let epoch = super::epochs::column_of(epoch);
    let chain = link(&before, seq, at.micros(), action.code(), member.as_str(), epoch, items);
    sql_query("INSERT INTO audit (seq, at, action, member, epoch, items, chain) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(at.micros())
        .bind::<SmallInt, _>(action.code())
        .bind::<Text, _>(member.as_str())
        .bind::<SmallInt, _>(epoch)
        .bind::<BigInt, _>(items)
        .bind::<Text, _>(chain.to_string())
        .execute(connection)?;
    Ok(())
}

impl Store {
    /// At most `limit` entries after `seq`, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = self.with(|connection| {
            Ok(sql_query("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind::<BigInt, _>(seq)
                .bind::<BigInt, _>(i64::from(limit))
                .load(connection)?)
        })?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Recomputes the chain; says the last entry and its chain, to be compared with what was noted elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Content`] names the first entry that does not follow from the one before.
    pub fn audit_check(&self) -> Result<(i64, Option<Sha256>), StoreError> {
        const PAGE: u32 = 10_000;
        let (mut seq, mut chain) = (0, None::<Sha256>);
        loop {
            let page = self.audit_after(seq, PAGE)?;
            if page.is_empty() {
                return Ok((seq, chain));
            }
            for entry in page {
                let before = chain.map_or_else(String::new, |chain| chain.to_string());
                let items = i64::try_from(entry.items).unwrap_or(i64::MAX);
                let (at, epoch) = (entry.at.micros(), super::epochs::column_of(entry.epoch));
                let expected = link(
                    &before,
                    seq + 1,
                    at,
                    entry.action.code(),
                    entry.member.as_str(),
                    epoch,
                    items,
                );
                if entry.seq != seq + 1 || entry.chain != expected {
                    return Err(StoreError::Content(format!(
                        "audit entry {} does not follow from the one before: the log was changed",
                        entry.seq
                    )));
                }
                (seq, chain) = (entry.seq, Some(entry.chain));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fresh;
    use diesel::connection::SimpleConnection as _;

    fn entry(store: &Store, items: i64) {
        let (member, epoch) = ("wuhan".parse().unwrap(), "2026-05".parse().unwrap());
        let at = Timestamp::from_micros(items);
        store
            .write(|connection| append(connection, at, AuditAction::Evaluated, &member, epoch, items))
            .unwrap();
    }

    #[test]
    fn entries_are_appended_and_nothing_else() {
        let (_directory, store) = fresh();
        assert_eq!(store.audit_check().unwrap(), (0, None));
        for items in 1..=3 {
            entry(&store, items);
        }
        let entries = store.audit_after(1, 10).unwrap();
        assert_eq!(entries.iter().map(|one| one.items).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(store.audit_check().unwrap(), (3, Some(entries[1].chain)));
        for statement in ["UPDATE audit SET items = 1", "DELETE FROM audit"] {
            let refused = store.with(|connection| Ok(connection.batch_execute(statement)?));
            assert!(refused.unwrap_err().to_string().contains("append-only"));
        }
    }

    #[test]
    fn an_entry_that_was_changed_behind_the_store_s_back_shows() {
        let (_directory, store) = fresh();
        for items in 1..=3 {
            entry(&store, items);
        }
        let change = "DROP TRIGGER audit_is_not_changed; UPDATE audit SET items = 9 WHERE seq = 2";
        store.with(|connection| Ok(connection.batch_execute(change)?)).unwrap();
        assert!(store.audit_check().unwrap_err().to_string().contains("entry 2"));
    }
}
