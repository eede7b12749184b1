//! The queries, compiled for SQLite.

/// A connection.
pub(crate) type Conn = diesel::SqliteConnection;

mod bulk;

#[path = "queries/mod.rs"]
pub(crate) mod queries;
