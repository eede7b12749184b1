//! An audit finds what was changed in a copy behind the log's back, and names the mapping.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use tanqiao_hub::ledger::audit::{Report, audit};
use tanqiao_hub::store::database::Database;

use super::saying::{comment, object, propose_as, reference, suspend, three_members, wanted};
use crate::support::{Federation, on_sqlite, part};

/// One that recognises, one that was suspended, one that waits, one that was rejected.
fn a_ledger(f: &Federation) {
    three_members(f);
    f.open_mapping("wuhan", &wanted(f)).unwrap();
    let block = f.issue("wuhan", "420100", 10_000);
    f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
    propose_as(f, "wuhan", |p| p.mapping = reference("wuhan-to-harbin.v2")).unwrap();
    comment(f, "shenzhen", "wuhan-to-harbin.v2", "a comment").unwrap();
    propose_as(f, "harbin", |p| p.mapping = reference("wuhan-to-harbin.v3")).unwrap();
    object(f, "wuhan", "wuhan-to-harbin.v3").unwrap();
    f.map("harbin", "wuhan", "420100", 900_000, 0, None);
    suspend(f, "wuhan", "harbin-to-wuhan.v1").unwrap();
}

fn corrupted(f: &Federation, sql: &str) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let mut original = SqliteConnection::establish(f.url.strip_prefix("sqlite:").unwrap()).unwrap();
    original
        .batch_execute(&format!("VACUUM INTO '{}'", copy.display()))
        .unwrap();
    let mut connection = SqliteConnection::establish(&copy.display().to_string()).unwrap();
    connection.batch_execute(sql).unwrap();
    drop(connection);
    audit(&Database::open(&format!("sqlite:{}", copy.display())).unwrap()).unwrap()
}

const ONE: &str = "WHERE reference = 'wuhan-to-harbin.v1'";

#[test]
fn what_was_changed_about_a_mapping_behind_the_log_is_found_and_named() {
    on_sqlite(|f| {
        a_ledger(&f);
        assert!(corrupted(&f, "SELECT 1").ok);
        let content = |from: &str, to: &str, place: &str| {
            format!("UPDATE mapping SET content = replace(content, '{from}', '{to}') {place}")
        };
        let of = |name: &str| format!("(SELECT no FROM mapping WHERE reference = '{name}')");
        let second = "WHERE reference = 'wuhan-to-harbin.v2'";
        for (sql, names, finds) in [
            (
                format!("UPDATE mapping SET status = 7 {ONE}"),
                "v1",
                "is `suspended`, by the log `active`",
            ),
            (format!("UPDATE mapping SET status = 6 {second}"), "v2", "is `active`"),
            (
                content("\"factor\":842110", "\"factor\":842111", ONE),
                "v1",
                "its stored record has the hash",
            ),
            (
                content("\"factor\":842110", "\"factor\":842111", second),
                "v2",
                "its stored record has the hash",
            ),
            (content("\"buffer\":100000", "\"buffer\":0", ONE), "v1", "approved was"),
            (
                format!(
                    "UPDATE mapping_explanation SET content = (SELECT content FROM mapping_explanation WHERE mapping_no = {}) WHERE mapping_no = {}",
                    of("harbin-to-wuhan.v1"),
                    of("wuhan-to-harbin.v1")
                ),
                "v1",
                "its stored explanation has the hash",
            ),
            (
                format!(
                    "DELETE FROM mapping_explanation WHERE mapping_no = {}",
                    of("wuhan-to-harbin.v2")
                ),
                "v2",
                "its stored explanation has the hash nothing",
            ),
            (
                format!(
                    "UPDATE mapping_cap SET committed_g = 999 WHERE mapping_no = {}",
                    of("wuhan-to-harbin.v1")
                ),
                "v1 in 2026",
                "counts 0 g reserved and 999 g committed",
            ),
        ] {
            let report = corrupted(&f, &sql);
            let subject = format!("mapping/wuhan-to-harbin.{names}");
            let found = report.invariants.iter().flat_map(|one| &one.findings);
            let found: Vec<_> = found.filter(|one| one.subject == subject).collect();
            assert!(found.iter().any(|one| one.what.contains(finds)), "{sql}: {found:?}");
        }
    });
}
