//! Which rule quantified a reduction, and which mapping recognises it elsewhere.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::id::TextError;
use crate::text::serde_as_text;

/// Declares a reference to one version of something: `<id>.v<version>`; the id is letters, digits and hyphens, at most 80
/// characters, the version a number from 1 to 9999 without leading zeros.
macro_rules! versioned_ref {
    ($(#[$meta:meta])* $name:ident, $expecting:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            id: Arc<str>,
            version: u32,
        }

        impl $name {
            /// # Errors
            /// [`TextError`] if the id or the version breaks its rule.
            pub fn new(id: &str, version: u32) -> Result<Self, TextError> {
                format!("{id}.v{version}").parse()
            }

            /// The id without the version.
            #[must_use]
            pub fn id(&self) -> &str {
                &self.id
            }

            /// The version, from 1.
            #[must_use]
            pub const fn version(&self) -> u32 {
                self.version
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                match id_and_version(text) {
                    Some((id, version)) => Ok(Self { id: id.into(), version }),
                    None => Err(TextError::new(text, $expecting)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}.v{}", self.id, self.version)
            }
        }

        serde_as_text!($name, $expecting);
    };
}

fn id_and_version(text: &str) -> Option<(&str, u32)> {
    let (id, version) = text.rsplit_once(".v")?;
    let id_ok = (1..=80).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && id.starts_with(|c: char| c.is_ascii_alphanumeric());
    let version_ok =
        (1..=4).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit()) && !version.starts_with('0');
    if id_ok && version_ok {
        Some((id, version.parse().ok()?))
    } else {
        None
    }
}

versioned_ref!(
    /// A methodology version: `CN-4201-metro.v1`.
    MethodologyRef,
    "a methodology version such as CN-4201-metro.v1"
);

versioned_ref!(
    /// A mapping version: `metro-wuhan-to-harbin.v1`.
    MappingRef,
    "a mapping version such as metro-wuhan-to-harbin.v1"
);
