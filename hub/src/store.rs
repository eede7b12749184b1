//! The hub's database: SQLite by default, PostgreSQL when a user outgrows one machine. All SQL is below this module.

pub mod connection;
pub mod database;
pub mod row;
pub mod rows;
pub mod statement;
