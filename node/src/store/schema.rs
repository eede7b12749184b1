//! The tables of `migrations/node/*/0001_ledger`, `0003_recovery`, `0005_subjects` and `0008_reconciliations`, alike on both databases.

diesel::table! {
    account (id) { id -> Text, kind -> SmallInt, created_at -> BigInt, }
}
diesel::table! {
    block (series, first) {
        series -> Text, first -> BigInt, last -> BigInt, state -> SmallInt, state_before -> Nullable<SmallInt>,
        bound_to -> Nullable<Text>, factor_paid -> BigInt, buffered -> SmallInt, issuance -> Text,
        mapping -> Nullable<Text>, uses -> SmallInt,
    }
}
diesel::table! {
    lot (series, first) {
        series -> Text, first -> BigInt, last -> BigInt, account -> Text, reserved_by -> Nullable<Text>,
    }
}
diesel::table! {
    journal (entry, line) {
        entry -> Text, line -> BigInt, at -> BigInt, kind -> SmallInt, from_account -> Nullable<Text>,
        to_account -> Nullable<Text>, series -> Text, first -> BigInt, last -> BigInt, subject -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}
diesel::table! {
    outbox (id) {
        id -> Text, place -> BigInt, action -> SmallInt, payload -> Text, envelope -> Text, state -> SmallInt,
        attempts -> Integer, created_at -> BigInt, not_after -> BigInt, sent_at -> Nullable<BigInt>,
        answered_at -> Nullable<BigInt>, log_index -> Nullable<BigInt>, outcome -> Nullable<Text>,
        problem -> Nullable<Text>,
    }
}
diesel::table! {
    dealing (id) {
        id -> Text, kind -> SmallInt, direction -> SmallInt, account -> Nullable<Text>, partner -> Nullable<Text>,
        state -> Nullable<Text>, decision -> Nullable<SmallInt>, quantity_g -> BigInt,
        delivered_g -> Nullable<BigInt>, buffered_g -> Nullable<BigInt>, cancelled_g -> Nullable<BigInt>,
        opened_at -> BigInt, ended_at -> Nullable<BigInt>, valid_until -> Nullable<BigInt>, reason -> Nullable<Text>,
        content -> Text,
    }
}
diesel::table! {
    share (issuance, line) {
        issuance -> Text, line -> BigInt, account -> Text, quantity_g -> BigInt, dealt_g -> BigInt,
    }
}
diesel::table! {
    feed_cursor (id) {
        id -> SmallInt, seq -> BigInt, chain -> Text, log_index -> BigInt, lattice -> Text, state -> SmallInt,
        expected -> Nullable<Text>, found -> Nullable<Text>, latest -> BigInt, heard_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    feed_entry (seq) {
        seq -> BigInt, at -> BigInt, #[sql_name = "type"] kind -> Text, subject -> Text, log_index -> BigInt,
        chain -> Text, entry -> Text,
    }
}
diesel::table! {
    contradiction (id) {
        id -> Text, at -> BigInt, seq -> BigInt, state -> SmallInt, expected -> Text, found -> Text, evidence -> Text,
    }
}
diesel::table! {
    acceptance_rule (place) {
        place -> BigInt, source -> Nullable<Text>, purpose -> Nullable<SmallInt>, methodology -> Nullable<Text>,
        quantity_g_max -> Nullable<BigInt>, verdict -> SmallInt, account -> Nullable<Text>,
    }
}
diesel::table! {
    subject (account) { account -> Text, sealed -> Binary, learned_at -> BigInt, }
}
diesel::table! {
    outbox_batch (id) {
        id -> Text, issued_at -> BigInt, not_after -> BigInt, items -> Text, sha256 -> Text, signatures -> Text,
    }
}
diesel::table! {
    orphaned_entry (origin, seq) {
        origin -> BigInt, seq -> BigInt, at -> BigInt, #[sql_name = "type"] kind -> Text, subject -> Text,
        log_index -> BigInt, chain -> Text, entry -> Text,
    }
}
diesel::table! {
    reconciliation (id) {
        id -> Text, reason -> SmallInt, agreed -> SmallInt, ended_at -> BigInt, cut_seq -> BigInt, differences -> BigInt,
        report -> Text, repaired_at -> Nullable<BigInt>, repaired_by -> Nullable<Text>, approved_by -> Nullable<Text>,
    }
}
