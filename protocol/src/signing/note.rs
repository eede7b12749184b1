//! The verifier key of a signed note (C2SP `signed-note`): `<name>+<key id>+<base64 of type and key>`, for the log's key
//! and for witnesses. Ed25519 only (type 0x01).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Algorithm, VerifyingKey};
use crate::id::Sha256;
use crate::text::serde_as_text;

/// The type byte of Ed25519 over the text of a note.
const ED25519_NOTE: u8 = 0x01;

/// Why a verifier key was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteKeyError {
    /// Not `<name>+<8 hexadecimal digits>+<base64>`.
    #[error("not a verifier key such as `hub.example/log+f23e1c7a+<base64>`")]
    Shape,
    /// The name is empty, or contains blank space or `+`.
    #[error("the name of a verifier key has at least one character, and neither blank space nor `+`")]
    Name,
    /// The key is not Ed25519, or is of small order.
    #[error("a verifier key of a note is an Ed25519 key (type 0x01)")]
    Key,
    /// The key id is not the one that name and key give.
    #[error("the key id does not belong to this name and key")]
    Id,
}

/// A name and an Ed25519 key that signs notes under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: VerifyingKey,
    id: [u8; 4],
}

impl NoteKey {
    /// `name` is the log's origin, or the witness's name.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`] or [`NoteKeyError::Key`].
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteKeyError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(NoteKeyError::Name);
        }
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteKeyError::Key);
        }
        let [a, b, c, d, ..] = Sha256::of_parts(&[name.as_bytes(), b"\n", &[ED25519_NOTE], key.raw()]).0;
        Ok(Self {
            name: name.to_owned(),
            key,
            id: [a, b, c, d],
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), which open every signature line's blob.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }
}

impl FromStr for NoteKey {
    type Err = NoteKeyError;
    fn from_str(text: &str) -> Result<Self, NoteKeyError> {
        // Base64 may contain `+` as well: only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Shape);
        };
        let mut stated = [0; 4];
        if id.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(id, &mut stated).is_err() {
            return Err(NoteKeyError::Shape);
        }
        let blob = STANDARD.decode(encoded).map_err(|_| NoteKeyError::Shape)?;
        let raw = match blob.split_first() {
            Some((&ED25519_NOTE, raw)) => raw.try_into().map_err(|_| NoteKeyError::Key)?,
            _ => return Err(NoteKeyError::Key),
        };
        let key = Self::new(name, VerifyingKey::ed25519(raw).map_err(|_| NoteKeyError::Key)?)?;
        if key.id == stated {
            Ok(key)
        } else {
            Err(NoteKeyError::Id)
        }
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&[ED25519_NOTE], self.key.raw()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(blob))
    }
}

serde_as_text!(NoteKey, "a verifier key such as `hub.example/log+f23e1c7a+<base64>`");
