//! Tokens and their kinds.

use std::fmt;
use std::str::FromStr;

use super::epoch::Epoch;
use crate::id::TextError;
use crate::text::{serde_as_text, words};

words! {
    /// By what two activities are found to be the same.
    pub enum TokenKind {
        /// Hard: the registry of the record, and its id there.
        Record = 1 "R",
        /// Hard: the project's asset or plot, and the period.
        Project = 2 "P",
        /// Strong: the asset (connector, meter), and a time bucket.
        Asset = 3 "A",
        /// Soft: the subject, the class, and a time bucket.
        Subject = 4 "S",
    }
}

impl TokenKind {
    /// True where a collision counts inside one member's own issuances as well.
    #[must_use]
    pub const fn counts_inside(self) -> bool {
        !matches!(self, Self::Subject)
    }
}

/// A fingerprint token: 16 bytes, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub [u8; 16]);

impl FromStr for Token {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut bytes = [0; 16];
        let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if lower && hex::decode_to_slice(text, &mut bytes).is_ok() {
            Ok(Self(bytes))
        } else {
            Err(TextError::new(text, "a token: 32 lower-case hexadecimal digits"))
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

serde_as_text!(Token, "a token of 32 hexadecimal digits");

/// One token of one activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenEntry {
    /// Its kind.
    pub kind: TokenKind,
    /// The month whose key it was made with.
    pub epoch: Epoch,
    /// The token.
    pub token: Token,
}
