//! Whether what was answered survives the loss of the database's server.

use diesel::sql_types::Text;

use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

/// True for a PostgreSQL without synchronous standbys: what it answered can be lost with its disk.
///
/// # Errors
/// [`StoreError`].
pub fn standbys_missing(connection: &mut ReadConnection<'_>) -> Result<bool, StoreError> {
    if !connection.is_postgres() {
        return Ok(false);
    }
    let sql = "SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names'";
    let found: Vec<Setting> = connection.load(Statement::new(sql))?;
    Ok(found.iter().all(|row| row.setting.trim().is_empty()))
}
