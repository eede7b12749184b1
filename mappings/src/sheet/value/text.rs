//! Reading and writing values that are one line of text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A text that is not a value of its attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub(super) String);

impl ValueError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// More digits than any factor, share or size has.
const DIGITS_MAX: usize = 18;

/// A decimal as written, not negative, with at most 18 digits: exactly, and without an exponent.
///
/// # Errors
/// Everything else.
pub(crate) fn decimal(text: &str) -> Result<Decimal, ValueError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let whole = text.split('.').next().is_some_and(|digits| !digits.is_empty());
    let short = text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX;
    let exact = (plain && whole && short)
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten();
    exact.ok_or_else(|| {
        ValueError::new(format!(
            "`{text}` is not a decimal number such as 78.4, of at most 18 digits"
        ))
    })
}

/// A decimal without zeros at its end: `28`, `0.5306`.
pub(crate) fn decimal_text(value: Decimal) -> String {
    value.normalize().to_string()
}

/// A share from 0 to `max` per cent.
pub(super) fn percent(text: &str, max: u32) -> Result<Decimal, ValueError> {
    let value = decimal(text)?;
    if value <= Decimal::from(max) {
        Ok(value)
    } else {
        Err(ValueError::new(format!("{text} is above {max} per cent")))
    }
}

/// A value with its own rule of reading.
pub(super) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, ValueError> {
    text.parse().map_err(|error: T::Err| ValueError::new(error.to_string()))
}

/// `a; b; c`, without empty parts.
pub(super) fn parts(text: &str) -> Result<Vec<&str>, ValueError> {
    let parts: Vec<&str> = text.split(';').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(ValueError::new("parts stand between `;`, and none is empty"));
    }
    Ok(parts)
}

/// `a; b` as a set, or `none` for the empty one.
pub(super) fn word_set<T: FromStr<Err: Display> + Ord>(text: &str) -> Result<BTreeSet<T>, ValueError> {
    if text == NONE {
        return Ok(BTreeSet::new());
    }
    let mut set = BTreeSet::new();
    for part in parts(text)? {
        if !set.insert(parsed(part)?) {
            return Err(ValueError::new(format!("`{part}` stands twice")));
        }
    }
    Ok(set)
}

/// The text of a set: `a; b`, or `none`.
pub(super) fn set_text<T: Display>(set: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = set.into_iter().map(|one| one.to_string()).collect();
    if words.is_empty() {
        NONE.into()
    } else {
        words.join("; ")
    }
}

/// How an empty set is written, so that it is not taken for nothing said.
pub(super) const NONE: &str = "none";

/// `key=value; key=value` with a closed list of keys.
pub(super) struct Pairs<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Pairs<'a> {
    pub(super) fn read(parts: &[&'a str], keys: &[&str]) -> Result<Self, ValueError> {
        let mut pairs = BTreeMap::new();
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                ValueError::new(format!(
                    "`{part}` is not a key and a value such as {}=…",
                    keys.join("=…, ")
                ))
            })?;
            let (key, value) = (key.trim(), value.trim());
            if !keys.contains(&key) || value.is_empty() {
                return Err(ValueError::new(format!(
                    "`{part}`: the keys are {}, each with a value",
                    keys.join(", ")
                )));
            }
            if pairs.insert(key, value).is_some() {
                return Err(ValueError::new(format!("`{key}` stands twice")));
            }
        }
        Ok(Self(pairs))
    }

    pub(super) fn optional(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, ValueError> {
        self.optional(key)
            .ok_or_else(|| ValueError::new(format!("`{key}=…` is missing")))
    }
}
