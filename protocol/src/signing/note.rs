//! The verifier key of a signed note (C2SP `signed-note`): `<name>+<key id>+<base64 of type and key>`, for the log's key
//! and for witnesses.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Algorithm, VerifyingKey};
use crate::id::Sha256;
use crate::text::serde_as_text;

/// The type byte of private kinds, which a longer identifier follows.
const PRIVATE: u8 = 0xff;
/// What makes a private kind of ours unlike those of others: SM2 with SM3 and the standard user id.
const SM2_IDENTIFIER: &[u8] = b"tanqiao/note-sm2-sm3/v1";

/// Why a verifier key was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteKeyError {
    /// Not `<name>+<8 hexadecimal digits>+<base64>`.
    #[error("not a verifier key such as `hub.example/log+f23e1c7a+<base64>`")]
    Shape,
    /// The name is empty, or contains blank space or `+`.
    #[error("the name of a verifier key has at least one character, and neither blank space nor `+`")]
    Name,
    /// The key is of another kind, or is of small order.
    #[error(
        "a verifier key of a note is an Ed25519 key for notes (type 0x01) or cosignatures (0x04), or this federation's SM2 key for \
         notes (0xff)"
    )]
    Key,
    /// The key id is not the one that name and key give.
    #[error("the key id does not belong to this name and key")]
    Id,
}

/// What a key signs. One key must not have two kinds: their texts differ, but a policy counts keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// The text of a note, with Ed25519 (type 0x01).
    Note,
    /// A checkpoint and when it was seen, with Ed25519: a witness (C2SP `tlog-cosignature` v1, type 0x04).
    Cosignature,
    /// The text of a note, with SM2 and SM3 (type 0xff and an identifier of our own).
    NoteSm2,
}

impl NoteKind {
    const ALL: [Self; 3] = [Self::Note, Self::Cosignature, Self::NoteSm2];

    /// The bytes before the key, in a verifier key and in what its id is computed from.
    const fn prefix(self) -> (u8, &'static [u8]) {
        match self {
            Self::Note => (0x01, &[]),
            Self::Cosignature => (0x04, &[]),
            Self::NoteSm2 => (PRIVATE, SM2_IDENTIFIER),
        }
    }

    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Note | Self::Cosignature => Algorithm::Ed25519,
            Self::NoteSm2 => Algorithm::Sm2,
        }
    }

    fn key(self, raw: &[u8]) -> Option<VerifyingKey> {
        match self.algorithm() {
            Algorithm::Ed25519 => VerifyingKey::ed25519(raw.try_into().ok()?).ok(),
            Algorithm::Sm2 => VerifyingKey::sm2(raw.try_into().ok()?).ok(),
        }
    }
}

/// A name and a key that signs notes under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKind,
    key: VerifyingKey,
    id: [u8; 4],
}

/// True if signed notes may have this name: not empty, and neither blank space, control characters nor `+`.
#[must_use]
pub fn is_note_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

impl NoteKey {
    /// The Ed25519 key of a log; `name` is the log's origin.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`] or [`NoteKeyError::Key`].
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteKeyError> {
        Self::of_kind(name, NoteKind::Note, key)
    }

    /// A key of a kind: `name` is the log's origin, or the witness's name.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`]; [`NoteKeyError::Key`] if the key is of another algorithm than the kind's.
    pub fn of_kind(name: &str, kind: NoteKind, key: VerifyingKey) -> Result<Self, NoteKeyError> {
        if !is_note_name(name) {
            return Err(NoteKeyError::Name);
        }
        if key.algorithm() != kind.algorithm() {
            return Err(NoteKeyError::Key);
        }
        let (byte, identifier) = kind.prefix();
        let [a, b, c, d, ..] = Sha256::of_parts(&[name.as_bytes(), b"\n", &[byte], identifier, key.raw()]).0;
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
            id: [a, b, c, d],
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub const fn kind(&self) -> NoteKind {
        self.kind
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key), which open every signature line's blob.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }
}

#[cfg(test)]
impl NoteKey {
    /// As if its id were this one: the first 4 bytes of a hash can be met by trying, but not in a test.
    pub(crate) fn with_id(self, id: [u8; 4]) -> Self {
        Self { id, ..self }
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
        let key = NoteKind::ALL.into_iter().find_map(|kind| {
            let (byte, identifier) = kind.prefix();
            let raw = blob.strip_prefix(&[byte])?.strip_prefix(identifier)?;
            Some((kind, kind.key(raw)?))
        });
        let (kind, key) = key.ok_or(NoteKeyError::Key)?;
        let key = Self::of_kind(name, kind, key)?;
        if key.id == stated {
            Ok(key)
        } else {
            Err(NoteKeyError::Id)
        }
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (byte, identifier) = self.kind.prefix();
        let blob = [&[byte], identifier, self.key.raw()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(blob))
    }
}

serde_as_text!(NoteKey, "a verifier key such as `hub.example/log+f23e1c7a+<base64>`");
