//! Methodologies and their equivalence: when a reduction counts elsewhere, and how much of it (3-recognition).
//!
//! From what is known to what arrives:
//! - [`catalogue`]: what is known in public, none of which recognises anything by itself; [`coverage`] says how little it is;
//! - [`sheet`]: a methodology version attribute by attribute, with its evidence; [`sheet_file`] as tables for people; [`factors`],
//!   [`gwp`] and the plausible bands of [`gates`] are the published data beside it;
//! - [`gates`], then [`equivalence`]: whether one methodology may count by another, and at which factor; [`explanation`] says why and
//!   what would raise it; [`composition`] leads through a reference methodology; [`draft`] makes the record that is signed;
//! - [`overlap`], [`difference`] and [`sssom`]: what may count the same reduction, what
//!   changed, and the exchange form; [`search`] looks for pairs, [`matrix`] shows what is recognised where;
//! - [`recognition`]: given the mappings in force, what becomes of blocks that cross into a region.
//!
//! **Architecture invariant:** this crate is pure. It opens no socket, reads no file, knows no database and no clock: time
//! comes in as an argument, and the shipped data is compiled in.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod composition;
pub mod coverage;
pub mod day;
pub mod difference;
pub mod draft;
pub mod equivalence;
pub mod explanation;
pub mod factors;
pub mod gates;
pub mod gwp;
pub mod matrix;
pub mod overlap;
pub mod phrase;
pub mod ratio;
pub mod recognition;
pub mod relation;
pub mod search;
pub mod sheet;
pub mod sheet_file;
pub mod sssom;
pub mod unit;
