//! Hub and node keep the same tables on both databases.

use tanqiao_hub::store::database::Database;
use tanqiao_tests::ledger::{OwnDatabase, postgres};
use tanqiao_tests::schema::{Schema, schema};
use tempfile::TempDir;

/// The schema that `migrate` makes on each database.
fn on_both(migrate: fn(&str)) -> Option<(Schema, Schema)> {
    postgres()?;
    let folder = TempDir::new().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("schema.db").display());
    let own = OwnDatabase::create();
    for url in [&sqlite, &own.url] {
        // Twice: a migration stands being run again.
        migrate(url);
        migrate(url);
    }
    Some((schema(&sqlite), schema(&own.url)))
}

/// `postgres_only` are tables of what is files beside an SQLite database.
fn assert_alike((sqlite, mut postgres): (Schema, Schema), tables: &[&str], postgres_only: &[&str]) {
    for table in postgres_only {
        let own = postgres.remove(*table);
        assert!(own.is_some_and(|own| !own.primary_key.is_empty()), "{table} has no key");
    }
    for table in tables {
        assert!(sqlite.contains_key(*table), "there is no table {table}");
    }
    for (name, table) in &sqlite {
        assert!(
            !table.columns.is_empty() && !table.primary_key.is_empty(),
            "{name} has no key"
        );
        assert_eq!(
            Some(table),
            postgres.get(name),
            "table {name}: SQLite left, PostgreSQL right"
        );
    }
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
}

#[test]
fn the_hub_has_the_same_tables_on_both_databases() {
    let migrate = |url: &str| drop(Database::open(url).unwrap().migrate().unwrap());
    if let Some(both) = on_both(migrate) {
        let postgres_only = ["screening_load", "screening_epoch", "screening_spool"];
        assert_alike(both, &["block", "log_head", "screening_run"], &postgres_only);
    }
}

#[test]
fn the_node_has_the_same_tables_on_both_databases() {
    let migrate = |url: &str| drop(tanqiao_node::store::migrate(url).unwrap());
    if let Some(both) = on_both(migrate) {
        assert_alike(both, &["block", "activity_page", "activity_record_page"], &[]);
    }
}
