//! Methodologies and their equivalence: when a reduction counts elsewhere, and how much of it (3-recognition).
//!
//! [`recognition`] is the engine: given the mappings in force, it says what becomes of blocks that cross into a region.
//! [`catalogue`] is what is known in public: methodologies, emission factors, platforms, cases, and candidate pairs, none of
//! which recognises anything by itself.
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
pub mod lifecycle;
pub mod matrix;
pub mod phrase;
pub mod ratio;
pub mod recognition;
pub mod relation;
pub mod search;
pub mod sheet;
pub mod sheet_file;
pub mod sssom;
pub mod unit;
