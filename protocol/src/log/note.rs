//! Signed notes (C2SP `signed-note`), and the timestamped cosignatures of witnesses (C2SP `tlog-cosignature` v1).
//!
//! A text counts for nothing until [`Note::verify`] has found the signature of a known key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::id::TextError;
use crate::signing::{KeyError, NoteKey, NoteKind, SIGNATURE_BYTES, SigningKey};

/// The largest note that is read, in bytes: a checkpoint with post-quantum signatures of every witness has room.
pub const NOTE_BYTES_MAX: usize = 512 * 1024;
/// The most signature lines that are read.
pub const SIGNATURES_MAX: usize = 100;
/// The last second that a cosignature may state.
pub const COSIGNED_AT_MAX: u64 = i64::MAX as u64;

/// Why bytes are not a note, or a note was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// Too many bytes.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes, not {0}")]
    Size(usize),
    /// Too many signatures.
    #[error("a note has at most {SIGNATURES_MAX} signatures")]
    Signatures,
    /// Not text, or with control characters in it.
    #[error("a note is UTF-8 without control characters other than newlines")]
    Characters,
    /// No text that ends with a newline.
    #[error("the text of a note ends with a newline")]
    Text,
    /// No empty line with signature lines after it.
    #[error("a note is a text, an empty line, and at least one signature line that ends with a newline")]
    Shape,
    /// A line that is not a signature.
    #[error("not a signature line such as `— hub.example/log <base64>`: line {0} after the text")]
    Line(usize),
    /// The signature of a known key is not that key's: the whole note is refused.
    #[error("the signature of {0} does not fit this text: the note was changed, or is not from there")]
    Signature(String),
    /// No known key has signed.
    #[error("none of the known keys has signed this note")]
    Unsigned,
    /// Two of the known keys have the same name and id.
    #[error("two of the known keys have the name {0} and the same key id: use another name or key")]
    Ambiguous(String),
    /// The private key is not the one that belongs to the verifier key.
    #[error("the private key is not the one of {0}")]
    OtherKey(String),
    /// A witness's key was to sign without a time, or another key with one, or the time is beyond [`COSIGNED_AT_MAX`].
    #[error("{0} cannot sign so: a witness states a time that a signed 64-bit number can hold, others state none")]
    Kind(String),
    /// The signature could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// One signature line. What its kind is, only a known key says: lines of unknown kinds are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl SignatureLine {
    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature after the id.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// True if it says that it is of this key; [`Self::verify`] checks it.
    #[must_use]
    pub fn is_of(&self, key: &NoteKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }

    /// A signature over the text of a note, by a key of [`NoteKind::Note`] or [`NoteKind::NoteSm2`].
    ///
    /// # Errors
    /// [`NoteError::OtherKey`], [`NoteError::Kind`], [`NoteError::Key`].
    pub fn sign(text: &str, key: &NoteKey, secret: &SigningKey) -> Result<Self, NoteError> {
        if key.kind() == NoteKind::Cosignature {
            return Err(NoteError::Kind(key.name().to_owned()));
        }
        Self::with(key, secret, text.as_bytes(), &[])
    }

    /// A witness's signature over the text of a checkpoint: that at this time, in seconds since 1970-01-01 UTC, the tree was the
    /// largest consistent one that it had seen of this log.
    ///
    /// # Errors
    /// [`NoteError::OtherKey`], [`NoteError::Kind`], [`NoteError::Key`].
    pub fn cosign(text: &str, key: &NoteKey, secret: &SigningKey, at: u64) -> Result<Self, NoteError> {
        if key.kind() != NoteKind::Cosignature || at > COSIGNED_AT_MAX {
            return Err(NoteError::Kind(key.name().to_owned()));
        }
        Self::with(key, secret, cosigned(text, at).as_bytes(), &at.to_be_bytes())
    }

    fn with(key: &NoteKey, secret: &SigningKey, message: &[u8], before: &[u8]) -> Result<Self, NoteError> {
        if secret.verifying_key() != key.key() {
            return Err(NoteError::OtherKey(key.name().to_owned()));
        }
        Ok(Self {
            name: key.name().to_owned(),
            id: key.id(),
            signature: [before, &secret.sign(message)?].concat(),
        })
    }

    /// True if it is this key's over this text. A cosignature's time is looked at by nobody here: see [`Signed::at`].
    #[must_use]
    pub fn verify(&self, text: &str, key: &NoteKey) -> bool {
        if !self.is_of(key) {
            return false;
        }
        match (key.kind(), self.cosigned_at()) {
            (NoteKind::Note | NoteKind::NoteSm2, _) => key.key().verify(text.as_bytes(), &self.signature),
            (NoteKind::Cosignature, Some((at, signature))) => {
                at <= COSIGNED_AT_MAX && key.key().verify(cosigned(text, at).as_bytes(), signature)
            }
            (NoteKind::Cosignature, None) => false,
        }
    }

    fn cosigned_at(&self) -> Option<(u64, &[u8; SIGNATURE_BYTES])> {
        let (at, signature) = self.signature.split_first_chunk()?;
        Some((u64::from_be_bytes(*at), signature.try_into().ok()?))
    }
}

/// What every signed note allows as a name, whosever it is.
fn name_of_any_kind(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}

/// What a witness signs.
fn cosigned(text: &str, at: u64) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}

/// Without the newline at its end.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [self.id.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(blob))
    }
}

/// Without the newline at its end.
impl FromStr for SignatureLine {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let parse = || {
            let (name, encoded) = text.strip_prefix("— ")?.split_once(' ')?;
            let blob = STANDARD.decode(encoded).ok()?;
            let (id, signature) = blob.split_first_chunk()?;
            let read = Self {
                name: name.to_owned(),
                id: *id,
                signature: signature.to_vec(),
            };
            (name_of_any_kind(name) && !signature.is_empty()).then_some(read)
        };
        parse().ok_or_else(|| TextError::new(text, "a signature line such as `— hub.example/log <base64>`"))
    }
}

/// A known key that has signed a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The key.
    pub key: &'a NoteKey,
    /// When a witness says that it signed, in seconds since 1970-01-01 UTC; the caller refuses what lies in its future.
    pub at: Option<u64>,
}

/// A text and its signatures. Nothing in it is verified until [`Note::verify`] says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A text without signatures yet, which is not a note that others read.
    ///
    /// # Errors
    /// [`NoteError::Size`], [`NoteError::Characters`], [`NoteError::Text`].
    pub fn unsigned(text: &str) -> Result<Self, NoteError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Size(text.len()));
        }
        if !plain(text) {
            return Err(NoteError::Characters);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        })
    }

    /// The note of these bytes.
    ///
    /// # Errors
    /// [`NoteError`], of the shape only.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Size(bytes.len()));
        }
        let all = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        // The text may have empty lines itself: the last one separates.
        let (text, lines) = all.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let mut note = Self::unsigned(&format!("{text}\n"))?;
        note.signatures = signature_lines(lines)?;
        Ok(note)
    }

    /// The text, with the newline at its end.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature line, unless the same line is there already.
    ///
    /// # Errors
    /// [`NoteError::Signatures`] if there is no room.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        if self.signatures.contains(&line) {
            return Ok(());
        }
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(NoteError::Signatures);
        }
        self.signatures.push(line);
        Ok(())
    }

    /// The known keys that have signed, each once, in the order of their first lines. Lines of other keys are ignored.
    ///
    /// # Errors
    /// [`NoteError::Signature`] if any line of a known key does not verify; [`NoteError::Unsigned`] if no known key has signed;
    /// [`NoteError::Ambiguous`] if it cannot be said which key a line is of.
    pub fn verify<'a>(&self, known: impl IntoIterator<Item = &'a NoteKey>) -> Result<Vec<Signed<'a>>, NoteError> {
        let known: Vec<&NoteKey> = known.into_iter().collect();
        let mut signed: Vec<Signed<'a>> = Vec::new();
        for line in &self.signatures {
            let mut keys = known.iter().filter(|key| line.is_of(key));
            let Some(&key) = keys.next() else { continue };
            if keys.any(|other| *other != key) {
                return Err(NoteError::Ambiguous(line.name.clone()));
            }
            if !line.verify(&self.text, key) {
                return Err(NoteError::Signature(line.name.clone()));
            }
            if signed.iter().all(|found| found.key != key) {
                let cosigned = line.cosigned_at().filter(|_| key.kind() == NoteKind::Cosignature);
                signed.push(Signed {
                    key,
                    at: cosigned.map(|(at, _)| at),
                });
            }
        }
        if signed.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(signed)
    }
}

/// The bytes of the note.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn plain(text: &str) -> bool {
    text.bytes().all(|b| b >= b' ' || b == b'\n')
}

/// Signature lines alone, as a witness answers with them: at least one, each with its newline.
///
/// # Errors
/// [`NoteError::Size`], [`NoteError::Signatures`], [`NoteError::Shape`], [`NoteError::Line`].
pub fn signature_lines(text: &str) -> Result<Vec<SignatureLine>, NoteError> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Size(text.len()));
    }
    if !plain(text) {
        return Err(NoteError::Characters);
    }
    let body = text.strip_suffix('\n').ok_or(NoteError::Shape)?;
    let mut lines = Vec::new();
    for (line, number) in body.split('\n').zip(1..) {
        if number > SIGNATURES_MAX {
            return Err(NoteError::Signatures);
        }
        lines.push(line.parse().map_err(|_| NoteError::Line(number))?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
