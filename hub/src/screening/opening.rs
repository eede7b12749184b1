//! Which store and which spool belong to a database.

use std::path::PathBuf;

use super::{EmbeddedStore, PostgresStore, ScreeningError, Spool, SpoolFiles, SpoolRows, StoreOptions, TokenStore};
use crate::config::ScreeningConfig;
use crate::store::database::Database;

const MIB: u64 = 1 << 20;
/// Uploads, in the directory of the store.
const SPOOL: &str = "spool";

impl From<&ScreeningConfig> for StoreOptions {
    fn from(config: &ScreeningConfig) -> Self {
        let bytes = |mib: u32| u64::from(mib) * MIB;
        Self {
            sort_bytes: usize::try_from(bytes(config.sort_memory_mib)).unwrap_or(usize::MAX),
            index_bytes: bytes(config.index_memory_mib),
        }
    }
}

/// The directory of tokens beside an SQLite database; `None` for PostgreSQL.
fn directory(database: &Database, config: &ScreeningConfig) -> Option<PathBuf> {
    let file = database.file()?;
    Some(config.dir.clone().unwrap_or_else(|| file.with_extension("screening")))
}

/// Takes the store of tokens of a database: the lock over all hub processes is held until it is dropped.
///
/// # Errors
/// [`ScreeningError::Locked`] if another process has it; [`ScreeningError`].
pub fn open_store(database: &Database, config: &ScreeningConfig) -> Result<Box<dyn TokenStore>, ScreeningError> {
    let options = StoreOptions::from(config);
    if let Some(directory) = directory(database, config) {
        return Ok(Box::new(EmbeddedStore::open(&directory, options)?));
    }
    let scratch = config.dir.clone().unwrap_or_else(std::env::temp_dir);
    Ok(Box::new(PostgresStore::open(database, &scratch, options)?))
}

/// Opens the spool of a database. With SQLite one process may have it; with PostgreSQL all may.
///
/// # Errors
/// [`ScreeningError::Locked`] if another process has it; [`ScreeningError`].
pub fn open_spool(database: &Database, config: &ScreeningConfig) -> Result<Box<dyn Spool>, ScreeningError> {
    Ok(match directory(database, config) {
        Some(directory) => Box::new(SpoolFiles::open(&directory.join(SPOOL))?),
        None => Box::new(SpoolRows::new(database.clone())),
    })
}
