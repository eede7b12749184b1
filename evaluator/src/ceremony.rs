//! Making the key of a month among the three evaluators, so that a crash at any step leaves no key, or the same key at all
//! three.
//!
//! Each evaluator pulls the packages and points of the other two directly; none passes on what another one said. Then:
//! - **prepared**: the share is on disk, and the store says so, together with a hash of everything that was said in public;
//! - **committed**: all three have prepared with the same hash. Whoever has prepared asks the other two, and never gives up
//!   by itself;
//! - **aborted**: an evaluator that has not prepared and is asked promises never to. Only then may the others give up.
//!
//! So one that has committed proves that all three have prepared, and none of them can abort any more. Evaluator 1
//! starts every generation: without it there is none anyway, and two never run against each other.

mod party;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::{Sha256, TextError};

use crate::dkg::{DkgError, Package, Point};
use crate::remote::RemoteError;
use crate::shares::ShareError;
use crate::store::{EpochKeyState, StoreError};

pub use party::Party;

/// One key generation: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        use rand_core::RngCore as _;
        let mut bytes = [0; 16];
        rand_core::OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Default for SessionId {
    fn default() -> Self {
        Self::new()
    }
}

impl FromStr for SessionId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut bytes = [0; 16];
        let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if lower && hex::decode_to_slice(text, &mut bytes).is_ok() {
            Ok(Self(bytes))
        } else {
            Err(TextError::new(
                text,
                "a key generation: 32 lower-case hexadecimal digits",
            ))
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

tanqiao_protocol::serde_as_text!(SessionId, "32 hexadecimal digits");

/// What evaluators name in each question of a key generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// Which one.
    pub session: SessionId,
    /// Of which month.
    pub epoch: Epoch,
}

/// The answer to `POST /v1/dkg/commitments`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitments {
    /// The commitments and their proof.
    pub package: Package,
}

/// The answer to `POST /v1/dkg/points`: secret, for the evaluator that asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointFor {
    /// The point.
    pub point: Point,
}

/// How far an evaluator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Prepared, committed, aborted, destroyed.
    pub state: EpochKeyState,
    /// The hash of what was said in public; none if it was aborted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Sha256>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The month is not one for which keys are made now.
    #[error("no key is made for {0} now: its window is not open, or has closed")]
    Closed(Epoch),
    /// The key was destroyed, and is never made again.
    #[error("the key of {0} was destroyed after its window; there is never another")]
    Destroyed(Epoch),
    /// A generation that is not ended yet stands in the way.
    #[error("a key generation for {0} waits for an evaluator that cannot be asked: start it, and ask again")]
    Waiting(Epoch),
    /// It was ended without a key.
    #[error("the key generation for {0} ended without a key: ask again")]
    Aborted(Epoch),
    /// Nobody of that number.
    #[error("no evaluator has number {0}")]
    Number(u8),
    /// What came does not fit.
    #[error(transparent)]
    Dkg(#[from] DkgError),
    /// The keys that came out are none.
    #[error("the keys that were made are refused: {0}")]
    Keys(#[from] tanqiao_protocol::fingerprint::EpochKeysError),
    /// Another evaluator.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The share.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task died.
    #[error("the work was broken off: {0}")]
    Broken(String),
}
