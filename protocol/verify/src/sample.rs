//! A small log with everything in it that a verifier meets: members with keys, serials, a transfer, donations, a retirement, and
//! witnesses. The test vectors are made from it, and the times of `bench` are measured with it.

mod dealings;
mod files;
mod keys;
mod ledger;
mod log;
mod tree;

pub use dealings::{Dealing, Said};
pub use files::MirrorWriter;
pub use keys::Voice;
pub use log::{Sample, Twist};
pub use tree::Tree;

/// Why a sample was not made: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("the sample cannot be made: {0}")]
pub struct SampleFault(String);

impl SampleFault {
    pub(crate) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    pub(crate) fn refused(what: &str) -> Self {
        Self(format!("the {what} does not verify"))
    }
}
