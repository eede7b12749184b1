//! Whose activity a record is, by the number that identifies the person at every platform.

use std::fmt;

use tanqiao_protocol::fingerprint::SubjectKey;

use super::{Field, Refusal};

/// The longest identifier that is kept, in bytes.
const BYTES_MAX: usize = 100;

/// A person's identifier, such as a mobile number or a resident identity number, in the one spelling that tokens are made
/// of. It is kept sealed, at this node only, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(SubjectKey);

impl Subject {
    /// Reads an identifier as a platform writes it.
    ///
    /// # Errors
    /// [`Refusal`], which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let key: SubjectKey = text
            .parse()
            .map_err(|e| Refusal::schema(Field::Subject, format!("{e}")))?;
        if key.expose().len() > BYTES_MAX {
            return Err(Refusal::schema(
                Field::Subject,
                format!("is longer than {BYTES_MAX} bytes: give the identifier alone"),
            ));
        }
        Ok(Self(key))
    }

    /// The identifier: for sealing, nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_spelling_and_is_not_shown() {
        let subject = Subject::parse("+86 199-0000-0000").unwrap();
        assert_eq!(subject.reveal(), "19900000000");
        assert_eq!(subject, Subject::parse("19900000000").unwrap());
        assert_eq!(format!("{subject:?}"), "Subject(…)");
        // What is kept reads again as the same.
        assert_eq!(Subject::parse(subject.reveal()).unwrap(), subject);
    }

    #[test]
    fn what_identifies_nobody_is_refused_without_repeating_it() {
        for text in ["", " - ", "1990000\n0000", &"9".repeat(101), &"9".repeat(300)] {
            let refusal = Subject::parse(text).unwrap_err().to_string();
            assert!(text.len() < 4 || !refusal.contains(text), "{refusal}");
        }
    }
}
