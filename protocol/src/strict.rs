//! Strict JSON for everything that comes from the network.
//!
//! JSON as most parsers read it lets one text mean different things to different readers: the last of two equal names
//! wins here and the first there, large integers lose their last digits in one language and not in another. Signed
//! messages must have one meaning. So a scan goes over the bytes first, in one pass and without building anything, and
//! refuses what RFC 8259 forbids and what I-JSON (RFC 7493 §2) advises against:
//! not UTF-8, a name twice in one object (also when written with escapes), a lone surrogate, an integer beyond ±(2^53 − 1),
//! a number that is not finite as a binary64, nesting deeper than [`MAX_DEPTH`], anything after the value. Only then does
//! serde read it; what does not fit the type is refused with the path of the member and, where a name looks like a
//! slip, the name that was probably meant.

mod explain;
mod scan;

use std::fmt;

use serde::Deserialize;

use crate::check::CheckCode;

/// The largest text that [`from_slice`] reads, in bytes: 8 MiB (2-protocol, Errors and limits).
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The deepest nesting of arrays and objects; the outermost counts as 1.
pub const MAX_DEPTH: usize = 32;

/// The largest magnitude of an integer: 2^53 − 1 (RFC 7493 §2.2).
pub const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrictKind {
    /// Not JSON, or JSON with two meanings: check M01.
    Malformed,
    /// JSON of another shape, or with a value that its place does not allow: check M02.
    Schema,
    /// A range of serials that is reversed, begins below 1 or ends above 2^53 − 1: check B07.
    Range,
    /// Over a limit: check M03.
    TooLarge,
}

/// Why a text was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrictError {
    kind: StrictKind,
    path: String,
    message: String,
    suggestion: Option<String>,
}

impl StrictError {
    pub(crate) fn new(kind: StrictKind, path: String, message: impl Into<String>) -> Self {
        Self {
            kind,
            path,
            message: message.into(),
            suggestion: None,
        }
    }

    /// The kind of refusal.
    #[must_use]
    pub const fn kind(&self) -> StrictKind {
        self.kind
    }

    /// The check that refuses it: M01, M02, B07 or M03.
    #[must_use]
    pub const fn check(&self) -> CheckCode {
        match self.kind {
            StrictKind::Malformed => CheckCode::M01,
            StrictKind::Schema => CheckCode::M02,
            StrictKind::Range => CheckCode::B07,
            StrictKind::TooLarge => CheckCode::M03,
        }
    }

    /// Where it is, such as `content.blocks[3].range`; empty for the whole text.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The name that was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for StrictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StrictError {}

/// Reads a value from at most [`MAX_BYTES`] of strict JSON.
///
/// # Errors
/// [`StrictError`] with the check code, the path and, for a misspelt name, a suggestion.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, StrictError> {
    from_slice_within(bytes, MAX_BYTES)
}

/// [`from_slice`] for a text.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, StrictError> {
    from_slice(text.as_bytes())
}

/// [`from_slice`] with another limit, for answers of the hub that are larger than requests may be.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_within<'a, T: Deserialize<'a>>(bytes: &'a [u8], max_bytes: usize) -> Result<T, StrictError> {
    let text = scan_within(bytes, max_bytes)?;
    // The quick way first; the path of a fault is only worth its price once there is a fault.
    serde_json::from_str(text).or_else(|_| explain::with_path(text))
}

/// Scans a text without reading a value from it.
///
/// # Errors
/// [`StrictError`] of kind malformed, schema (an integer out of range) or too large.
pub fn scan(bytes: &[u8]) -> Result<&str, StrictError> {
    scan_within(bytes, MAX_BYTES)
}

fn scan_within(bytes: &[u8], max_bytes: usize) -> Result<&str, StrictError> {
    if bytes.len() > max_bytes {
        let message = format!("{} bytes, of which at most {max_bytes} are permitted", bytes.len());
        return Err(StrictError::new(StrictKind::TooLarge, String::new(), message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("not UTF-8 at byte {}", error.valid_up_to());
        StrictError::new(StrictKind::Malformed, String::new(), message)
    })?;
    scan::Scan::new(text).run()?;
    Ok(text)
}
