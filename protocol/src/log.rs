//! The transparency log's formats, to the letter of C2SP: whoever has a verifier of `tlog-tiles`, `signed-note`,
//! `tlog-checkpoint`, `tlog-cosignature`, `tlog-witness`, `tlog-proof` and `tlog-policy` can check this log without us.
//!
//! Trees and proofs are in [`crate::merkle`], the content of leaves in [`crate::leaf`], keys in [`crate::signing`].

pub mod checkpoint;
pub mod note;
pub mod policy;
pub mod receipt;
pub mod rules;
pub mod tile;
pub mod witness;

mod line;
