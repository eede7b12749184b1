//! The transparency log: leaves that are committed become tiles, and a checkpoint that the log's key signs.
//!
//! A keeper in each process writes the tiles of the leaves into a directory, reads them back, and signs what they come to. Which head is
//! signed is decided in the database, so that several processes sign one history. A head is published once enough witnesses have
//! cosigned it. The directory is what members read, and what a plain web server could serve.

mod board;
mod files;
mod keeper;
mod log_key;
mod mark;
mod notes;

pub use board::{Board, Posted};
pub use files::{LogFiles, WriteError, end_of};
pub use keeper::{KeeperError, LogKeeper};
pub use log_key::{LogKeyError, Signers, ensure_log_key, log_public_key, verifier_key};
pub use mark::{MarkError, SignedMark};
pub use notes::{AskError, contradicts, published, request};
