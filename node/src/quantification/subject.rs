//! Whose activity a record is, by the number that identifies the person at every platform.

use std::fmt;
use std::sync::Arc;

use super::{Field, Refusal};

/// The longest identifier, in bytes.
const BYTES_MAX: usize = 64;
/// The shortest identifier.
const BYTES_MIN: usize = 4;

/// A person's identifier, such as a mobile number or a resident identity number, in one form: without spaces and hyphens,
/// letters in upper case. It is kept sealed, at this node only, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(Arc<str>);

impl Subject {
    /// Reads an identifier as a platform writes it.
    ///
    /// # Errors
    /// [`Refusal`], which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut kept = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            if !c.is_ascii_alphanumeric() && !matches!(c, '+' | '_' | '.' | '@' | ':') {
                return Err(refusal());
            }
            kept.push(c.to_ascii_uppercase());
        }
        if (BYTES_MIN..=BYTES_MAX).contains(&kept.len()) {
            Ok(Self(kept.into()))
        } else {
            Err(refusal())
        }
    }

    /// The identifier: for sealing and for tokens, nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

fn refusal() -> Refusal {
    Refusal::schema(
        Field::Subject,
        "is not the identifier of a person: 4 to 64 letters and digits of ASCII, such as a mobile number",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_form_and_is_not_shown() {
        let subject = Subject::parse("+86 199-0000-0000").unwrap();
        assert_eq!(subject.reveal(), "+8619900000000");
        assert_eq!(subject, Subject::parse("+8619900000000").unwrap());
        assert_eq!(format!("{subject:?}"), "Subject(…)");
        assert_eq!(Subject::parse("ab12x").unwrap().reveal(), "AB12X");
    }

    #[test]
    fn what_identifies_nobody_is_refused_without_repeating_it() {
        for text in ["", "199", "张三张三", "1990000\n0000", &"9".repeat(65)] {
            let refusal = Subject::parse(text).unwrap_err().to_string();
            assert!(text.len() < 3 || !refusal.contains(text), "{refusal}");
        }
    }
}
