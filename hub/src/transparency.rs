//! The transparency log: leaves that are committed become tiles, and a checkpoint that the log's key signs.
//!
//! A keeper in each process writes the tiles of the leaves into a directory, reads them back, and signs what they come to. Which head is
//! signed is decided in the database, so that several processes sign one history. The directory is what members read, and what a plain
//! web server could serve.

mod files;
mod keeper;
mod receipts;

pub use files::LogFiles;
pub use keeper::{KeeperError, LogKeeper};
pub use receipts::{Deed, Prover, ReceiptError};
