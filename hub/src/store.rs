//! The hub's database: SQLite by default, PostgreSQL when a user outgrows one machine. All SQL is below this module.

pub mod audit;
pub mod challenges;
pub mod checkpoints;
pub mod conflicts;
pub mod connection;
pub mod console;
pub mod convert;
pub mod convert_claims;
pub mod cosignatures;
pub mod database;
mod digests;
pub mod findings;
pub mod governance;
pub mod load;
pub mod log_rules;
pub mod numbers;
pub mod read;
pub mod reconciliations;
pub mod row;
pub mod rows;
pub mod save;
pub mod screening;
pub mod statement;
