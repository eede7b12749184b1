//! Pictures, each drawn here as SVG and each with its numbers in words or a table: nobody has to see it, or run a script.

mod coverage;
mod flows;
mod heatmap;
mod lanes;
mod matrix;
mod recognised;
mod tiles;

pub use coverage::Coverage;
pub use flows::{Flow, Flows};
pub use heatmap::{Day, DayCell, DayWords, Heatmap};
pub use lanes::{Lane, Step, lanes};
pub use recognised::{Recognised, RecognisedCell, RecognisedRow};
pub use tiles::{Tile, TileGrid};

#[cfg(test)]
mod contrast;
