//! Canonical JSON (RFC 8785) of values that consist of objects, arrays, strings, integers, booleans and null.
//!
//! Log leaves are written in it: their bytes are what is hashed, so there must be one way to write each. Numbers with
//! fractions do not occur in a leaf and are refused, and so are integers beyond ±(2^53 − 1), which RFC 8785 §3.2.2.3
//! would write in a form that loses digits.

mod writer;

use serde::Serialize;

use crate::strict;

/// Why a value has no canonical form here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A number with a fraction, or of a floating-point type.
    #[error("a number of a floating-point type; only integers have a place here")]
    Float,
    /// An integer beyond ±(2^53 − 1).
    #[error("an integer beyond ±{} (2^53 − 1)", strict::MAX_INTEGER)]
    Integer,
    /// A key of a map that is not a text or an integer.
    #[error("the name of a member must be a text")]
    Name,
    /// The same name twice in one object.
    #[error("the name `{0}` stands twice in one object")]
    Twice(String),
    /// JSON that is carried unread, whose form nobody has looked at.
    #[error("JSON carried as it came has no canonical form")]
    Raw,
    /// An error of the value's own `Serialize`.
    #[error("{0}")]
    Value(String),
}

/// The canonical form of a value: no white space, members sorted by the UTF-16 code units of their names (RFC 8785
/// §3.2.3), strings with the shortest escapes (§3.2.2.2).
///
/// # Errors
/// [`CanonicalError`] if the value contains anything else than this module's kinds.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(512);
    value.serialize(writer::Writer { out: &mut out })?;
    Ok(out)
}

/// True if these bytes are the canonical form of the value that they mean.
#[must_use]
pub fn is_canonical(bytes: &[u8]) -> bool {
    let value = strict::from_slice_within::<serde_json::Value>(bytes, usize::MAX);
    value.is_ok_and(|value| to_vec(&value).is_ok_and(|canonical| canonical == bytes))
}
