//! SQL, written once. This folder is a module of [`super::super::sqlite`] and of [`super::super::postgres`].

mod accounts;
mod activities;
mod dealings;
mod desk;
mod feed;
mod imports;
mod reconciliations;
mod recovery;
mod screening;
mod subjects;
mod witness;

use super::Conn;

/// Rows of one INSERT: SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
const ROWS_MAX: usize = 1_000;

/// Pages of one statement: a page has some kilobytes.
const PAGES_MAX: usize = 250;
