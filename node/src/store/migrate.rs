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
