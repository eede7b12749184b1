//! Signing keys of members and of the hub: Ed25519 (RFC 8032) by default, SM2 with SM3 (GB/T 32918.2, GM/T 0009) for
//! members that must use national cryptography. Both have signatures of 64 bytes on the wire.
//!
//! **Architecture invariant:** a private key never leaves this module except as PKCS#8 in a buffer that is wiped when it
//! is dropped, and no `Debug` shows one.

mod note;
mod pem;
mod public;
mod secret;
mod sm2;

use std::fmt;
use std::str::FromStr;

pub use note::{NoteKey, NoteKeyError, NoteKind, is_note_name};
pub use public::VerifyingKey;
pub use secret::SigningKey;
pub use sm2::STANDARD_USER_ID;

use crate::id::{Sha256, TextError};
use crate::text::{serde_as_text, words};

/// The length of every signature on the wire, in bytes: Ed25519 `R‖S` (RFC 8032 §5.1.6), SM2 `r‖s`, each half 32 bytes.
pub const SIGNATURE_BYTES: usize = 64;

words! {
    /// A signature algorithm, chosen per member at enrolment.
    pub enum Algorithm {
        /// Ed25519 (RFC 8032), pure, without context.
        Ed25519 = 1 "ed25519",
        /// SM2 with SM3 and the standard user id (GB/T 32918.2, GM/T 0009).
        Sm2 = 2 "sm2",
    }
}

/// Why a key was not accepted, or could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The PEM text is not one block with the expected label (RFC 7468).
    #[error("not a PEM text with one `{label}` block")]
    Pem {
        /// The label that was expected.
        label: &'static str,
    },
    /// The container is neither Ed25519 (RFC 8410) nor SM2 (GM/T 0009), or is damaged.
    #[error("not an unencrypted PKCS#8 private key or SubjectPublicKeyInfo of Ed25519 or SM2")]
    Container,
    /// The wire text is not `ed25519:<base64>` or `sm2:<base64>` of the right length.
    #[error("not a key such as `ed25519:<base64 of 32 bytes>` or `sm2:<base64 of 65 bytes>`")]
    Wire,
    /// The SM2 point is not on the curve, or is the point at infinity.
    #[error("the SM2 public key is not a point of the curve")]
    NotOnCurve,
    /// An Ed25519 public key of small order: signatures under it prove nothing.
    #[error("the Ed25519 public key has small order and cannot bind a signature to a message")]
    SmallOrder,
    /// The cryptographic library failed: no randomness, or no memory.
    #[error("the cryptographic library could not {action}")]
    Library {
        /// What was tried.
        action: &'static str,
    },
}

/// Starts the cryptographic library without a handler at the end of the process. Call it first in `main`: whoever uses the
/// library first, be it a database's driver, decides whether it takes itself down at the exit, and a thread that is still
/// connecting then would crash the process in the place of its exit status.
///
/// # Errors
/// [`KeyError::Library`] where there is no memory for it.
pub fn start_library() -> Result<(), KeyError> {
    let started = openssl::bn::BigNumContext::new().map(drop);
    started.map_err(|_| KeyError::Library { action: "start" })
}

/// The name of a key: the first 16 bytes of the SHA-256 of its `SubjectPublicKeyInfo` in DER, as 32 lower-case
/// hexadecimal digits. In an envelope it is a hint only (DSSE v1): what counts is which key verifies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// The id of the key with this `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn of_spki(der: &[u8]) -> Self {
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(Sha256::of(der).0) {
            *to = from;
        }
        Self(id)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut id = [0; 16];
        if text.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut id).is_err() {
            return Err(TextError::new(text, "a key id in 32 lower-case hexadecimal digits"));
        }
        Ok(Self(id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

serde_as_text!(KeyId, "a key id in 32 lower-case hexadecimal digits");
