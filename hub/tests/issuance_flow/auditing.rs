//! Audits of what screening, conflicts and losses leave behind: sound as it is, and found where one row is altered.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use tanqiao_hub::ledger::audit::audit;
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::message::Cancellation;

use crate::hall::{Hall, on_each_hall};
use crate::support::{grams, id_of};

/// Held, released, refused and lost activities, a token that changed hands, a debt that is covered in part, a reversal.
fn a_busy_hall(h: &Hall) {
    h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
    let first = h.issue("bluecar", &[(100, &["R order-7"]), (7, &["R b", "S x"])]);
    let offered = h.f.offer("bluecar", "harbin", &[h.block(first)]);
    h.f.accept("harbin", &offered).unwrap();
    h.issue("bluecar", &[(30, &["R mine"])]);
    h.issue(
        "wuhan",
        &[
            (4, &["R c"]),
            (100, &["R order-7"]),
            (9, &["R d", "S x"]),
            (6, &["R e"]),
        ],
    );
    let open = h.open();
    let of = |index| {
        open.iter()
            .find(|one| one.later.activity.index == index)
            .unwrap()
            .conflict
    };
    h.resolve(of(1), ConflictOutcome::Later).unwrap();
    h.resolve(of(2), ConflictOutcome::Distinct).unwrap();
    h.issue("naas", &[(4, &["R c"]), (3, &["R f"])]);
    // Harbin's blocks come to the one that owes, and cover a part of it.
    h.f.map("harbin", "bluecar", "CN", 1_000_000, 0, None);
    let north = h.issue("harbin", &[(40, &["R north"])]);
    let offered = h.f.offer("harbin", "bluecar", &[h.block(north)]);
    h.f.accept("bluecar", &offered).unwrap();
    let debt =
        h.f.database
            .read(|c| tanqiao_hub::store::read::conflicts::debts(c, None, false));
    let held =
        h.f.blocks().into_iter().find(|b| {
            b.status.holder.as_str() == "bluecar" && b.status.state == tanqiao_protocol::block::BlockState::Held
        });
    let content = Cancellation {
        blocks: vec![held.unwrap().reference()],
        reason: "covers what we lost".to_owned(),
        covers: Some(debt.unwrap()[0].debt),
    };
    h.f.by_member("bluecar", Body::Cancellation(content)).unwrap();
    let forest = h.issue("harbin", &[(50, &["R forest"])]);
    let reversal = Decision::ReverseRemoval {
        issuance: forest,
        quantity_g: grams(20),
        reason: "burnt".to_owned(),
    };
    id_of(&h.f.by_officers(&["first-officer", "second-officer"], reversal).unwrap());
}

/// Changes rows behind the hub's back, and tells what the audit finds; then puts them back.
fn found_after(h: &Hall, change: &str, undo: &str) -> Vec<String> {
    let run = |sql: &str| match h.f.url.strip_prefix("sqlite:") {
        Some(file) => SqliteConnection::establish(file).unwrap().batch_execute(sql).unwrap(),
        None => PgConnection::establish(&h.f.url).unwrap().batch_execute(sql).unwrap(),
    };
    run(change);
    let report = audit(&h.f.database).unwrap();
    run(undo);
    let findings = report.invariants.into_iter().flat_map(|one| {
        let number = one.number;
        one.findings
            .into_iter()
            .map(move |f| format!("{number} {}: {}", f.subject, f.what))
    });
    findings.collect()
}

/// What is altered, how it is put back, and what the audit must say of it.
const CORRUPTIONS: &[(&str, &str, &str)] = &[
    (
        "UPDATE debt SET covered_g = covered_g - 1",
        "UPDATE debt SET covered_g = covered_g + 1",
        "g of them covered; by the log",
    ),
    (
        "UPDATE debt SET quantity_g = quantity_g + 1",
        "UPDATE debt SET quantity_g = quantity_g - 1",
        "by the log it is",
    ),
    (
        "UPDATE debt SET log_index = log_index + 1",
        "UPDATE debt SET log_index = log_index - 1",
        "by the log it is",
    ),
    (
        "UPDATE debt SET member_no = member_no + 1",
        "UPDATE debt SET member_no = member_no - 1",
        "by the log by another",
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM debt; DELETE FROM debt",
        "INSERT INTO debt SELECT * FROM kept; DROP TABLE kept",
        "is recorded by the log, and not stored",
    ),
    (
        "UPDATE contested_activity SET quantity_g = quantity_g + 1 WHERE state = 12",
        "UPDATE contested_activity SET quantity_g = quantity_g - 1 WHERE state = 12",
        "7 member/bluecar: its activities lost 101 g in conflicts, and by the log 100 g",
    ),
    (
        "UPDATE token_owner SET idx = idx + 1",
        "UPDATE token_owner SET idx = idx - 1",
        "which has no such token",
    ),
    (
        "UPDATE token_owner SET epoch = epoch + 1",
        "UPDATE token_owner SET epoch = epoch - 1",
        "which has no such token",
    ),
    (
        "UPDATE token_owner SET kind = kind + 1",
        "UPDATE token_owner SET kind = kind - 1",
        "which has no such token",
    ),
    (
        "UPDATE issuance_page SET before_g = before_g + 1",
        "UPDATE issuance_page SET before_g = before_g - 1",
        "counts 1 g before it",
    ),
    (
        "UPDATE issuance_page SET first_index = 4096",
        "UPDATE issuance_page SET first_index = 0",
        "a page begins at activity 4096",
    ),
    (
        "UPDATE activity_position SET before_g = before_g + 1",
        "UPDATE activity_position SET before_g = before_g - 1",
        "and its page has them elsewhere",
    ),
    (
        "UPDATE activity_position SET idx = idx + 100",
        "UPDATE activity_position SET idx = idx - 100",
        "whose serials are noted",
    ),
    (
        "UPDATE contested_activity SET idx = idx + 3 WHERE quantity_g = 9",
        "UPDATE contested_activity SET idx = idx - 3 WHERE quantity_g = 9",
        "was held back with 9 g by its pages, and the ledger does not know of it",
    ),
];

#[test]
fn an_altered_debt_page_or_owner_is_found_and_named() {
    on_each_hall(|h| {
        a_busy_hall(h);
        h.f.assert_sound();
        for (change, undo, finds) in CORRUPTIONS {
            let found = found_after(h, change, undo);
            assert!(
                found.iter().any(|one| one.contains(finds)),
                "{change}\nmust be found as {finds}\nand it found {found:#?}"
            );
        }
        h.f.assert_sound();
    });
}

#[test]
fn a_page_with_other_activities_is_found() {
    on_each_hall(|h| {
        a_busy_hall(h);
        let bytes = |hex: &str| {
            if h.f.url.starts_with("sqlite:") {
                format!("x'{hex}'")
            } else {
                format!("'\\x{hex}'::bytea")
            }
        };
        // One activity of 30 g is 3c; one more, one gram more, held back, and cut off.
        for (content, finds) in [
            ("3c02", "its pages number 2 activities, and its header 1"),
            ("3e", "its pages give serials to 31 g, and its block has 30"),
            ("3d", "activity 0 was held back with 30 g by its pages"),
            ("bc", "a page of activities is damaged"),
        ] {
            let set = |from: &str, to: &str| {
                format!(
                    "UPDATE issuance_page SET content = {} WHERE content = {}",
                    bytes(to),
                    bytes(from)
                )
            };
            let found = found_after(h, &set("3c", content), &set(content, "3c"));
            assert!(found.iter().any(|one| one.contains(finds)), "{content}: {found:#?}");
        }
        h.f.assert_sound();
    });
}
