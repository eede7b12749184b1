//! The keys of a sample: of its log, its witnesses and its members.

use std::sync::Arc;

use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};

use super::log::ORIGIN;
use super::{Sample, SampleFault};

/// A member that can sign.
#[derive(Debug, Clone)]
pub struct Voice {
    /// Who.
    pub member: NodeId,
    /// Its key.
    pub key: Arc<SigningKey>,
    /// The leaf that admitted the key.
    pub admitted: u64,
}

/// A key of the sample; used nowhere else.
///
/// # Errors
/// [`SampleFault`].
pub(super) fn secret(number: u8) -> Result<SigningKey, SampleFault> {
    SigningKey::from_ed25519_seed(&[number; 32]).map_err(SampleFault::of)
}

impl Sample {
    /// The key of the log.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn log_key() -> Result<NoteKey, SampleFault> {
        NoteKey::new(ORIGIN, secret(1)?.verifying_key().clone()).map_err(SampleFault::of)
    }

    /// A key of a log with the same name that is not this log's.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn false_log_key() -> Result<NoteKey, SampleFault> {
        NoteKey::new(ORIGIN, secret(99)?.verifying_key().clone()).map_err(SampleFault::of)
    }

    /// The key of a witness, from 0.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn witness_key(number: u8) -> Result<NoteKey, SampleFault> {
        let name = format!("sample.example/witness/w{number}");
        let key = secret(100 + number)?.verifying_key().clone();
        NoteKey::of_kind(&name, NoteKind::Cosignature, key).map_err(SampleFault::of)
    }

    /// A policy that knows so many witnesses and asks for some of them.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn policy(witnesses: u8, quorum: usize) -> Result<Policy, SampleFault> {
        let known: Result<Vec<_>, SampleFault> = (0..witnesses)
            .map(|n| Ok((format!("w{n}"), Self::witness_key(n)?)))
            .collect();
        Policy::of(Self::log_key()?, known?, quorum).map_err(SampleFault::of)
    }
}
