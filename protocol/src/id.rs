//! Identifiers: who a member is, which message or object is meant.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::text::serde_as_text;

/// A text that is not what its place asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct TextError {
    found: String,
    expected: &'static str,
}

impl TextError {
    /// `expected` completes the sentence "… is not …".
    #[must_use]
    pub fn new(found: &str, expected: &'static str) -> Self {
        let mut shown: String = found.chars().filter(|c| !c.is_control()).take(60).collect();
        if shown.len() < found.len() {
            shown.push('…');
        }
        Self { found: shown, expected }
    }
}

fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

/// The id of a member of the federation: a DNS label of lower-case letters, digits and inner hyphens, at most 63
/// characters (RFC 1123 §2.1), such as `wuhan`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(std::sync::Arc<str>);

impl NodeId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hub's own member that holds the buffer.
    #[must_use]
    pub fn hub_buffer() -> Self {
        Self(crate::HUB_BUFFER.into())
    }
}

impl FromStr for NodeId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        if is_dns_label(text) {
            Ok(Self(text.into()))
        } else {
            Err(TextError::new(
                text,
                "a member id: lower-case letters, digits and inner hyphens, at most 63 characters",
            ))
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(NodeId, "a member id such as `wuhan`");

/// The trust domain of a federation, as in its SPIFFE ids: `tanqiao.local`. Lower-case DNS name (SPIFFE-ID §2.1). The default
/// is empty: no federation yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TrustDomain(std::sync::Arc<str>);

impl TrustDomain {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrustDomain {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        if text.len() <= 255 && !text.is_empty() && text.split('.').all(is_dns_label) {
            Ok(Self(text.into()))
        } else {
            Err(TextError::new(
                text,
                "a trust domain: a lower-case DNS name of at most 255 characters",
            ))
        }
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(TrustDomain, "a trust domain such as `tanqiao.local`");

/// The id of a message, and of the transfer, donation, issuance, retirement or pledge that it opens: a UUID version 7
/// made by the sender (RFC 9562 §5.7). Only the lower-case hyphenated form is read, so that one id has one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Uuid);

impl MessageId {
    /// The id of these 16 bytes.
    ///
    /// # Errors
    /// [`TextError`] if they are not a UUID of version 7.
    pub fn from_uuid(uuid: Uuid) -> Result<Self, TextError> {
        if uuid.get_version_num() == 7 {
            Ok(Self(uuid))
        } else {
            Err(TextError::new(&uuid.to_string(), "a UUID of version 7 (RFC 9562 §5.7)"))
        }
    }

    /// The UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// A new id from a time and 10 random bytes of the caller's (this crate has neither clock nor randomness).
    #[must_use]
    pub fn from_parts(at: crate::time::Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl FromStr for MessageId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        const EXPECTED: &str = "a UUID of version 7 in lower case with hyphens (RFC 9562 §5.7)";
        let uuid = Uuid::try_parse_ascii(text.as_bytes()).map_err(|_| TextError::new(text, EXPECTED))?;
        if text.len() != 36 || text.bytes().any(|b| b.is_ascii_uppercase()) || uuid.get_version_num() != 7 {
            return Err(TextError::new(text, EXPECTED));
        }
        Ok(Self(uuid))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

serde_as_text!(MessageId, "a UUID of version 7 in lower case with hyphens");

/// A SHA-256 hash, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The hash of the concatenation of `parts`.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for part in parts {
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        Self(out)
    }
}

impl FromStr for Sha256 {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut out = [0; 32];
        if text.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut out).is_err() {
            return Err(TextError::new(
                text,
                "a SHA-256 hash in 64 lower-case hexadecimal digits",
            ));
        }
        Ok(Self(out))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; 64];
        if hex::encode_to_slice(self.0, &mut text).is_err() {
            return Err(fmt::Error);
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

serde_as_text!(Sha256, "a SHA-256 hash in 64 lower-case hexadecimal digits");

/// The name of something that people name themselves (an event, a listing, a mapping, an officer's account): letters,
/// digits, `.`, `_` and `-`, 1 to 100 characters, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(std::sync::Arc<str>);

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let ok = (1..=100).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if ok {
            Ok(Self(text.into()))
        } else {
            Err(TextError::new(
                text,
                "a name: 1 to 100 letters, digits, `.`, `_`, `-`, beginning with a letter or digit",
            ))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Name, "a name of letters, digits, `.`, `_` and `-`");
