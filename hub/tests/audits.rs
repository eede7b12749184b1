//! Audits, on a ledger that has seen everything, and on copies of it that were corrupted in one place each: the audit must
//! fail in the right invariant and name what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

#[path = "audits/bytes.rs"]
mod bytes;
#[path = "audits/corruptions.rs"]
mod corruptions;

use corruptions::{BLOCKS, COUNTERS, Corruption, FEEDS, LOG};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use support::{Federation, claim, event, id_of, on_each_database, on_sqlite, part};
use tanqiao_hub::ledger::audit::{Report, audit};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::event::{ClaimantKind, LinkedObligation};
use tanqiao_protocol::permission::LinkedPermission;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::MemberKind;

/// Blocks in every state, transfers and donations in several, a cap, an event, a buffer.
fn a_busy_ledger(f: &Federation) {
    for (member, region) in [("wuhan", "420100"), ("harbin", "230100"), ("shenzhen", "440300")] {
        f.admit(member, region, MemberKind::Region);
        f.publish(member, region);
    }
    f.map("wuhan", "harbin", "230100", 842_110, 100_000, Some(10_000_000));
    f.map("wuhan", "shenzhen", "440300", 700_000, 0, None);
    f.map("harbin", "shenzhen", "440300", 900_000, 50_000, None);
    f.plan(event("marathon", "440300", 1_000_000, false)).unwrap();
    let block = f.issue("wuhan", "420100", 1_000_000);
    f.issue("harbin", "230100", 500_000);
    f.transfer("wuhan", "harbin", &[part(&block, 1, 100_000)]);
    f.offer(
        "wuhan",
        "harbin",
        &[part(&block, 100_001, 150_000), part(&block, 160_001, 170_000)],
    );
    let given = f
        .donate("wuhan", "marathon", &[part(&block, 200_001, 300_000)])
        .unwrap();
    accept_donation(f, &given);
    f.donate("wuhan", "marathon", &[part(&block, 300_001, 320_000)])
        .unwrap();
    f.retire(
        "wuhan",
        &[part(&block, 400_001, 410_000), part(&block, 420_001, 430_000)],
        claim("wuhan", "420100"),
    )
    .unwrap();
    f.retire("wuhan", &[part(&block, 440_001, 441_000)], claim("wuhan", "420100"))
        .unwrap();
    a_linked_obligation(f, &block);
    f.cancel("wuhan", &[part(&block, 500_001, 500_500)]).unwrap();
    f.pledge("wuhan", "harbin", &[part(&block, 600_001, 700_000)]).unwrap();
    f.freeze(&[part(&block, 690_001, 695_000), part(&block, 800_001, 900_000)])
        .unwrap();
    f.cancel_frozen(&[part(&block, 850_001, 860_000)]).unwrap();
}

/// Wuhan's neutrality also compensates damage of Wuhan's: 200 g of 1,000 g permitted.
fn a_linked_obligation(f: &Federation, block: &BlockRef) {
    let content = LinkedPermission {
        member: support::node("wuhan"),
        r#use: Use::CorporateNeutrality,
        event: None,
        linked_use: Use::EcologicalCompensation,
        claimant: "wuhan".to_owned(),
        claimant_kind: ClaimantKind::Member,
        year: 2026,
        place: "420100".parse().unwrap(),
        quantity_g: support::grams(1_000),
        until: f.now().plus_micros(DAY_US),
        reason: "judgment 12".to_owned(),
    };
    let decision = Decision::PermitLinkedObligation(Box::new(content.clone()));
    let permission = id_of(&f.by_officers(&["first-officer"], decision).unwrap());
    let mut claim = claim("wuhan", "420100");
    claim.linked = Some(LinkedObligation {
        r#use: content.linked_use,
        claimant: content.claimant,
        claimant_kind: content.claimant_kind,
        year: content.year,
        place: content.place,
        permission,
    });
    f.retire("wuhan", &[part(block, 450_001, 450_200)], claim).unwrap();
}

fn accept_donation(f: &Federation, given: &tanqiao_protocol::view::Outcome) {
    let donation = id_of(given);
    f.by_officers(&["organiser"], Decision::AcceptDonation { donation })
        .unwrap();
}

#[test]
fn a_ledger_that_has_seen_everything_is_sound_and_every_audit_looked_at_something() {
    on_each_database(|f| {
        a_busy_ledger(&f);
        let report = f.assert_sound();
        for entry in &report.invariants {
            assert_eq!(entry.checked > 0, entry.number != 8, "{entry:?}");
        }
        assert!(
            report
                .invariant(8)
                .unwrap()
                .note
                .as_ref()
                .unwrap()
                .contains("not recorded yet")
        );
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    });
}

#[test]
fn a_ledger_of_nothing_is_sound() {
    on_each_database(|f| assert!(f.assert_sound().ok));
}

const DROP_TRIGGERS: &str = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; DROP TRIGGER block_final; DROP TRIGGER block_kept;
    DROP TRIGGER leaf_fixed; DROP TRIGGER leaf_kept; DROP TRIGGER message_fixed; DROP TRIGGER feed_fixed;";

/// Corrupts a copy of the ledger behind `f`, and audits it.
fn corrupted(f: &Federation, sql: &str) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let mut original = SqliteConnection::establish(f.url.strip_prefix("sqlite:").unwrap()).unwrap();
    original
        .batch_execute(&format!("VACUUM INTO '{}'", copy.display()))
        .unwrap();
    let mut connection = SqliteConnection::establish(&copy.display().to_string()).unwrap();
    connection.batch_execute(DROP_TRIGGERS).unwrap();
    // Texts in a column of bytes come back as texts, which no program of the hub would write.
    let sql = sql
        .replace("bytes = replace(bytes, ", "bytes = CAST(replace(CAST(bytes AS TEXT), ")
        .replace(" WHERE bytes LIKE", " WHERE CAST(bytes AS TEXT) LIKE");
    connection.batch_execute(&cast_closed(&sql)).unwrap();
    drop(connection);
    audit(&Database::open(&format!("sqlite:{}", copy.display())).unwrap()).unwrap()
}

/// Closes the `CAST(replace(…` that [`corrupted`] has opened.
fn cast_closed(sql: &str) -> String {
    let Some((head, tail)) = sql.split_once("CAST(replace(") else {
        return sql.to_owned();
    };
    let (inner, rest) = tail.split_once("')").unwrap();
    format!("{head}CAST(replace({inner}') AS BLOB){rest}")
}

fn each_is_found(corruptions: &[Corruption]) {
    on_sqlite(|f| {
        a_busy_ledger(&f);
        for one in corruptions {
            let report = corrupted(&f, one.sql);
            let entry = report.invariant(one.invariant).unwrap();
            let found: Vec<String> = entry
                .findings
                .iter()
                .map(|f| format!("{}: {}", f.subject, f.what))
                .collect();
            assert!(
                !report.ok && !entry.ok,
                "{} went unnoticed by invariant {}: {report:#?}",
                one.sql,
                one.invariant
            );
            assert!(
                found.iter().any(|f| f.contains(one.finds)),
                "{}\nmust be found by invariant {} as\n  {}\nand it found\n  {}",
                one.sql,
                one.invariant,
                one.finds,
                found.join("\n  ")
            );
            assert!(entry.found >= entry.findings.len() as u64 && entry.findings.len() <= 100);
        }
    });
}

#[test]
fn a_corrupted_block_is_found_and_named() {
    each_is_found(BLOCKS);
}

#[test]
fn a_corrupted_counter_or_quote_is_found_and_named() {
    each_is_found(COUNTERS);
}

#[test]
fn a_corrupted_log_is_found_and_the_place_named() {
    each_is_found(LOG);
}

#[test]
fn a_corrupted_feed_is_found_and_the_member_named() {
    each_is_found(FEEDS);
}

#[test]
fn a_block_that_changed_without_a_leaf_is_found_whatever_was_changed_of_it() {
    on_sqlite(|f| {
        a_busy_ledger(&f);
        for change in [
            "uses = 1",
            "mapping_no = 1",
            "issuance = zeroblob(6) || x'7000' || x'8000000000000001'",
            "first = first + 1",
        ] {
            let report = corrupted(&f, &format!("UPDATE block SET {change} WHERE first = 900001"));
            let finding = &report.invariant(9).unwrap().findings[0];
            assert!(finding.subject.contains("90000"), "{change}: {finding:?}");
        }
    });
}

#[test]
fn a_message_that_was_altered_or_taken_away_is_found_and_named() {
    on_sqlite(|f| {
        a_busy_ledger(&f);
        let one = "(SELECT MIN(envelope_sha256) FROM message)";
        for (sql, subject, what) in [
            (
                format!("UPDATE message SET answer = answer || ' ' WHERE envelope_sha256 = {one}"),
                "message ",
                "its digest is another",
            ),
            (
                format!("DELETE FROM message WHERE envelope_sha256 = {one}"),
                "envelope ",
                "its message is not there",
            ),
            (
                format!("DELETE FROM envelope WHERE sha256 = {one}"),
                "message ",
                "is not there",
            ),
            (
                format!("UPDATE envelope SET payload = x'' WHERE sha256 = {one}"),
                "message ",
                "the payload of its envelope",
            ),
        ] {
            let report = corrupted(&f, &sql);
            let found = &report.messages.findings;
            assert!(!report.ok && found.len() == 1, "{sql}: {report:#?}");
            assert!(
                found[0].subject.starts_with(subject) && found[0].what.contains(what),
                "{sql}: {found:?}"
            );
        }
        // What is older than digests is counted, and no fault.
        let report = corrupted(
            &f,
            "UPDATE message SET digest = NULL; UPDATE envelope SET digest = NULL",
        );
        assert!(report.ok, "{report:#?}");
        let rows = report.messages.checked;
        assert!(
            report
                .messages
                .note
                .unwrap()
                .starts_with(&format!("{rows} rows are older than digests"))
        );
    });
}
