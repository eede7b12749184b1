//! The schema: applied by `migrate`, checked at every start.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{StoreError, open_postgres, open_sqlite};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/node/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/node/postgres");

/// Brings the schema up to this program; safe to run twice. Returns the versions that were applied now.
///
/// # Errors
/// [`StoreError::Newer`] for a schema that this program does not know, [`StoreError::Migration`] if a step fails.
pub fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        apply(&mut open_sqlite(path)?, SQLITE)
    } else {
        apply(&mut open_postgres(url)?, POSTGRES)
    }
}

/// Refuses a database whose schema is not exactly this program's.
pub(super) fn check(url: &str) -> Result<(), StoreError> {
    let pending = if let Some(path) = url.strip_prefix("sqlite:") {
        pending(&mut open_sqlite(path)?, SQLITE)?
    } else {
        pending(&mut open_postgres(url)?, POSTGRES)?
    };
    if pending { Err(StoreError::Older) } else { Ok(()) }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Migration(error.to_string())
}

fn apply<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, StoreError>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    refuse_newer(connection, &migrations)?;
    let applied = connection.run_pending_migrations(migrations).map_err(failed)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

fn pending<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<bool, StoreError>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    refuse_newer(connection, &migrations)?;
    connection.has_pending_migration(migrations).map_err(failed)
}

fn refuse_newer<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: &EmbeddedMigrations,
) -> Result<(), StoreError>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::MigrationSource as _;
    let known = migrations.migrations().map_err(failed)?;
    let applied = connection.applied_migrations().map_err(failed)?;
    match applied
        .iter()
        .find(|version| !known.iter().any(|m| m.name().version() == **version))
    {
        Some(unknown) => Err(StoreError::Newer(unknown.to_string())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;
    use diesel::migration::MigrationSource;
    use diesel::sql_types::Text;
    use diesel::{QueryableByName, RunQueryDsl as _};

    use super::*;
    use crate::store::test_databases::empty_databases;

    /// A column, an index or a trigger.
    #[derive(QueryableByName)]
    struct Thing {
        #[diesel(sql_type = Text)]
        thing: String,
    }

    const OF_SQLITE: &str = "\
        SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk AS thing \
        FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '%diesel%' \
        UNION ALL SELECT type || ' ' || name || ' of ' || tbl_name FROM sqlite_schema \
        WHERE type IN ('index', 'trigger', 'view') AND name NOT LIKE 'sqlite%' AND tbl_name NOT LIKE '%diesel%' ORDER BY 1";
    const OF_POSTGRES: &str = "\
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS thing \
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%' \
        UNION ALL SELECT 'index ' || indexname || ' of ' || tablename FROM pg_indexes \
        WHERE schemaname = 'public' AND tablename NOT LIKE '%diesel%' ORDER BY 1";

    fn each_is_undone<C, DB>(connection: &mut C, migrations: EmbeddedMigrations, schema: impl Fn(&mut C) -> Vec<Thing>)
    where
        C: MigrationHarness<DB>,
        DB: diesel::backend::Backend,
        EmbeddedMigrations: MigrationSource<DB>,
    {
        let things = |connection: &mut C| -> Vec<String> { schema(connection).into_iter().map(|t| t.thing).collect() };
        let mut all = MigrationSource::<DB>::migrations(&migrations).unwrap();
        all.sort_by_key(|migration| migration.name().version().to_string());
        // This makes the table in which they are noted.
        assert_eq!(connection.applied_migrations().unwrap(), []);
        assert!(all.len() >= 9 && things(connection).is_empty());
        for migration in &all {
            let before = things(connection);
            connection.run_migration(migration.as_ref()).unwrap();
            let after = things(connection);
            assert_ne!(before, after, "{}", migration.name());
            connection.revert_migration(migration.as_ref()).unwrap();
            assert_eq!(things(connection), before, "{}", migration.name());
            connection.run_migration(migration.as_ref()).unwrap();
            assert_eq!(things(connection), after, "{}", migration.name());
        }
        connection.revert_all_migrations(migrations).unwrap();
        assert_eq!(things(connection), Vec::<String>::new());
    }

    #[test]
    fn every_migration_is_undone_by_its_other_half() {
        for database in empty_databases() {
            if let Some(path) = database.url.strip_prefix("sqlite:") {
                let mut connection = open_sqlite(path).unwrap();
                each_is_undone(&mut connection, SQLITE, |c| {
                    diesel::sql_query(OF_SQLITE).load(c).unwrap()
                });
            } else {
                let mut connection = open_postgres(&database.url).unwrap();
                each_is_undone(&mut connection, POSTGRES, |c| {
                    diesel::sql_query(OF_POSTGRES).load(c).unwrap()
                });
            }
        }
    }

    /// A node that had judged by the hub's word reads the log again, and judges by its leaves.
    #[test]
    fn a_witness_that_had_compared_reads_the_log_again() {
        const BEFORE: &str = "INSERT INTO witness (id, log_key, size, root, note, cosigned_at, posted, witnessed, checked, checked_hashes, \
            reports_read, stopped) VALUES (1, 'log+00000000+AA', 9, 'aa', '', 5, 9, 9, 9, 'bb', 3, 0)";
        for database in empty_databases() {
            migrate(&database.url).unwrap();
            if let Some(path) = database.url.strip_prefix("sqlite:") {
                let mut connection = open_sqlite(path).unwrap();
                // 0010 and 0009.
                connection.revert_last_migration(SQLITE).unwrap();
                connection.revert_last_migration(SQLITE).unwrap();
                connection.batch_execute(BEFORE).unwrap();
            } else {
                let mut connection = open_postgres(&database.url).unwrap();
                connection.revert_last_migration(POSTGRES).unwrap();
                connection.revert_last_migration(POSTGRES).unwrap();
                connection.batch_execute(BEFORE).unwrap();
            }
            assert_eq!(migrate(&database.url).unwrap(), ["0009", "0010"]);
            let row = database.store().read(|tx| Ok(tx.witness()?)).unwrap().unwrap();
            assert_eq!((row.size, row.posted, row.reports_read), (9, 9, 3));
            assert_eq!((row.checked, row.witnessed, row.rules.as_str()), (0, 0, "{}"));
            assert!(row.checked_hashes.is_empty() && row.doubted_at.is_none());
        }
    }
}
