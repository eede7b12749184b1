//! Emission factor records: a number has no meaning without its type, area, year of data and publisher.
//!
//! Sources in use for one grid differ more by these choices than grids differ by region, so all of them
//! are part of a record's identity, and a methodology names by rule which record it takes.

mod grid;
mod record;

#[cfg(test)]
mod tests;

pub use grid::{GridBasis, GridFactors, GridQuestion, GridValue};
pub use record::{Area, FactorRecord, GridRegion};
