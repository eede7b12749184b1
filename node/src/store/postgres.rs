//! The queries, compiled for PostgreSQL.

/// A connection.
pub(crate) type Conn = diesel::PgConnection;

mod bulk;

#[path = "queries/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "one text, compiled once for each database")]
pub(crate) mod queries;
