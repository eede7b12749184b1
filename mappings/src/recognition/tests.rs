//! The engine as stories of the domain, as properties, and against the shipped vectors.

mod batches;
mod composed;
mod lookup;
mod properties;
mod records;
mod sets;
mod stories;
mod vectors;
mod versions;
mod world;
