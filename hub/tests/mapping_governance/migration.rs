//! A mapping of the time before proposals, after migration 0002.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use tanqiao_hub::store::database::Database;

use super::saying::{BOTH, lift, revoke, state, suspend, three_members, wanted};
use crate::support::{Refused, assert_sound, on_each_database, part};

#[derive(QueryableByName)]
struct Content {
    #[diesel(sql_type = diesel::sql_types::Text)]
    content: String,
}

const READ: &str = "SELECT content FROM mapping WHERE reference = 'wuhan-to-harbin.v1'";

/// Takes a ledger back to before the migration, with the record as it was written then.
fn take_back(url: &str) {
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '0002'";
    if let Some(file) = url.strip_prefix("sqlite:") {
        let mut c = SqliteConnection::establish(file).unwrap();
        c.batch_execute(include_str!("../../../migrations/hub/sqlite/0002_recognition/down.sql"))
            .unwrap();
        let found: Content = diesel::sql_query(READ).get_result(&mut c).unwrap();
        c.batch_execute(&format!("{}; {forget}", of_then(&found.content)))
            .unwrap();
    } else {
        let mut c = PgConnection::establish(url).unwrap();
        c.batch_execute(include_str!(
            "../../../migrations/hub/postgres/0002_recognition/down.sql"
        ))
        .unwrap();
        let found: Content = diesel::sql_query(READ).get_result(&mut c).unwrap();
        c.batch_execute(&format!("{}; {forget}", of_then(&found.content)))
            .unwrap();
    }
}

fn of_then(content: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(content).unwrap();
    let members = record.as_object_mut().unwrap();
    for later in ["explanation_sha256", "source_region", "vintages", "reference"] {
        members.remove(later);
    }
    let record = record.to_string().replace('\'', "''");
    format!("UPDATE mapping SET content = '{record}', envelope = '{{\"payload\":\"it''s\"}}'")
}

#[test]
fn a_mapping_of_the_time_before_proposals_recognises_and_can_be_stopped_and_lifted() {
    on_each_database(|f| {
        three_members(&f);
        f.open_mapping("wuhan", &wanted(&f)).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        take_back(&f.url);
        let migrated = Database::open(&f.url).unwrap();
        assert_eq!(migrated.migrate().unwrap().applied.len(), 1);
        assert!(migrated.migrate().unwrap().applied.is_empty());
        // Another process, which has read nothing yet.
        let mut f = f;
        f.sequencer = f.second_process();
        assert_eq!(state(&f, "wuhan-to-harbin.v1"), "active");
        f.transfer("wuhan", "harbin", &[part(&block, 1_001, 2_000)]);
        f.prove_registry("wuhan");
        assert_eq!(
            state(&f, "wuhan-to-harbin.v1"),
            "active",
            "nothing is known of what it rests on"
        );
        suspend(&f, "shenzhen", "wuhan-to-harbin.v1").refused_by("G02");
        suspend(&f, "harbin", "wuhan-to-harbin.v1").unwrap();
        f.propose("wuhan", "harbin", &[part(&block, 2_001, 3_000)])
            .refused_by("R02");
        for by in ["wuhan", "harbin", "officers"] {
            lift(&f, by, "wuhan-to-harbin.v1").unwrap();
        }
        f.transfer("wuhan", "harbin", &[part(&block, 2_001, 3_000)]);
        assert_sound(&f.database);
        revoke(&f, &BOTH, "wuhan-to-harbin.v1").unwrap();
    });
}
