//! One struct a table row, as the database has it; [`crate::ledger`] and [`crate::exchange`] give them meaning.

use diesel::prelude::*;

use super::schema;

/// Declares a row that is read and written whole, in the order of its columns.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident of $table:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
        #[diesel(table_name = schema::$table, treat_none_as_default_value = false, treat_none_as_null = true)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),+ }
    };
}

row! {
    /// An account.
    AccountRow of account {
        /// Its id.
        id: String,
        /// [`crate::ledger::AccountKind`]
        kind: i16,
        /// Microseconds.
        created_at: i64,
    }
}
row! {
    /// A block of this member, as the feed told it.
    BlockRow of block {
        /// Series.
        series: String,
        /// First serial.
        first: i64,
        /// Last serial.
        last: i64,
        /// State code.
        state: i16,
        /// State code before a freeze.
        state_before: Option<i16>,
        /// What binds or ended it.
        bound_to: Option<String>,
        /// Millionths.
        factor_paid: i64,
        /// 0 or 1.
        buffered: i16,
        /// Its issuance.
        issuance: String,
        /// The mapping version that it came by.
        mapping: Option<String>,
        /// Uses as bits.
        uses: i16,
    }
}
row! {
    /// Serials of one account.
    LotRow of lot {
        /// Series.
        series: String,
        /// First serial.
        first: i64,
        /// Last serial.
        last: i64,
        /// Whose.
        account: String,
        /// The message or dealing that binds them.
        reserved_by: Option<String>,
    }
}
row! {
    /// Serials that came, went or moved.
    JournalRow of journal {
        /// What caused it.
        entry: String,
        /// Line of the entry.
        line: i64,
        /// Microseconds.
        at: i64,
        /// [`crate::ledger::JournalKind`]
        kind: i16,
        /// From.
        from_account: Option<String>,
        /// To.
        to_account: Option<String>,
        /// Series.
        series: String,
        /// First serial.
        first: i64,
        /// Last serial.
        last: i64,
        /// What it was about.
        subject: Option<String>,
        /// Why staff decided so.
        reason: Option<String>,
    }
}
row! {
    /// A message to the hub.
    OutboxRow of outbox {
        /// Its id.
        id: String,
        /// Order of sending.
        place: i64,
        /// Action code.
        action: i16,
        /// The signed text.
        payload: String,
        /// Its DSSE envelope, JSON.
        envelope: String,
        /// [`crate::exchange::OutboxState`]
        state: i16,
        /// How often it was sent.
        attempts: i32,
        /// Microseconds.
        created_at: i64,
        /// Microseconds.
        not_after: i64,
        /// Last sent, microseconds.
        sent_at: Option<i64>,
        /// Answered, microseconds.
        answered_at: Option<i64>,
        /// The leaf of the outcome.
        log_index: Option<i64>,
        /// `view::Outcome`, JSON.
        outcome: Option<String>,
        /// `Problem`, JSON.
        problem: Option<String>,
    }
}
row! {
    /// A transfer, donation, retirement, cancellation, pledge or issuance.
    DealingRow of dealing {
        /// Its id.
        id: String,
        /// [`crate::ledger::Kind`]
        kind: i16,
        /// [`crate::ledger::Direction`]
        direction: i16,
        /// The account here.
        account: Option<String>,
        /// The other side.
        partner: Option<String>,
        /// The hub's word.
        state: Option<String>,
        /// [`crate::ledger::Decision`]
        decision: Option<i16>,
        /// Grams given.
        quantity_g: i64,
        /// Grams that arrive.
        delivered_g: Option<i64>,
        /// Grams to the buffer.
        buffered_g: Option<i64>,
        /// Grams cancelled.
        cancelled_g: Option<i64>,
        /// Microseconds.
        opened_at: i64,
        /// Microseconds.
        ended_at: Option<i64>,
        /// Microseconds.
        valid_until: Option<i64>,
        /// For people.
        reason: Option<String>,
        /// JSON.
        content: String,
    }
}
row! {
    /// What an account gets of an issuance.
    ShareRow of share {
        /// The issuance.
        issuance: String,
        /// Order.
        line: i64,
        /// The account.
        account: String,
        /// Grams.
        quantity_g: i64,
        /// Grams that have got their serials.
        dealt_g: i64,
    }
}
row! {
    /// How far the feed has been applied.
    CursorRow of feed_cursor {
        /// Always 1.
        id: i16,
        /// Last entry.
        seq: i64,
        /// Its chain hash.
        chain: String,
        /// Its leaf.
        log_index: i64,
        /// State of the set digest, hexadecimal.
        lattice: String,
        /// [`crate::exchange::FeedState`]
        state: i16,
        /// What the hub said, where it contradicts.
        expected: Option<String>,
        /// What this node has, where it contradicts.
        found: Option<String>,
        /// The highest entry heard of.
        latest: i64,
        /// Microseconds.
        heard_at: Option<i64>,
    }
}
row! {
    /// A feed entry as received.
    EntryRow of feed_entry {
        /// Its number.
        seq: i64,
        /// Microseconds.
        at: i64,
        /// Its type.
        kind: String,
        /// Its subject.
        subject: String,
        /// Its leaf.
        log_index: i64,
        /// Its chain hash.
        chain: String,
        /// Its canonical bytes.
        entry: String,
    }
}
row! {
    /// Evidence of a contradiction.
    ContradictionRow of contradiction {
        /// Its id.
        id: String,
        /// Microseconds.
        at: i64,
        /// At this entry.
        seq: i64,
        /// [`crate::exchange::FeedState`]
        state: i16,
        /// What the hub said.
        expected: String,
        /// What this node has.
        found: String,
        /// The entry or answer.
        evidence: String,
    }
}
row! {
    /// A rule of the acceptance policy.
    RuleRow of acceptance_rule {
        /// Order; the first that fits decides.
        place: i64,
        /// From this member only.
        source: Option<String>,
        /// For this use only (code).
        purpose: Option<i16>,
        /// Of this methodology only, without version.
        methodology: Option<String>,
        /// At most so many grams.
        quantity_g_max: Option<i64>,
        /// [`crate::exchange::Verdict`]
        verdict: i16,
        /// Credit to this account.
        account: Option<String>,
    }
}
row! {
    /// A batch as it was signed.
    BatchRow of outbox_batch {
        /// Its id.
        id: String,
        /// Microseconds.
        issued_at: i64,
        /// Microseconds.
        not_after: i64,
        /// Ids of the messages in it, JSON.
        items: String,
        /// SHA-256 of its payload.
        sha256: String,
        /// Its signatures, JSON.
        signatures: String,
    }
}
row! {
    /// A feed entry that the hub has given up.
    OrphanRow of orphaned_entry {
        /// The leaf of the new origin.
        origin: i64,
        /// Its number in the feed that was given up.
        seq: i64,
        /// Microseconds.
        at: i64,
        /// Its type.
        kind: String,
        /// Its subject.
        subject: String,
        /// Its leaf in the log that was given up.
        log_index: i64,
        /// Chain hash.
        chain: String,
        /// The canonical bytes.
        entry: String,
    }
}
row! {
    /// Who the holder of an account is.
    SubjectRow of subject {
        /// The account.
        account: String,
        /// The identifier, as [`crate::subjects::Subjects`] seals it.
        sealed: Vec<u8>,
        /// Microseconds.
        learned_at: i64,
    }
}
row! {
    /// A reconciliation with the hub that has ended.
    ReconciliationRow of reconciliation {
        /// The message that began it.
        id: String,
        /// [`tanqiao_protocol::reconciliation::ReconciliationReason`]
        reason: i16,
        /// 1 if both sides had the same blocks.
        agreed: i16,
        /// Microseconds.
        ended_at: i64,
        /// The feed entry up to which the books were compared.
        cut_seq: i64,
        /// Findings that are faults.
        differences: i64,
        /// [`tanqiao_protocol::reconciliation::ReconciliationReport`] as JSON.
        report: String,
        /// Microseconds.
        repaired_at: Option<i64>,
        /// The role that decided the repair.
        repaired_by: Option<String>,
        /// The other role, which approved it.
        approved_by: Option<String>,
    }
}
