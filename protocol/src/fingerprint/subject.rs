//! The subject of an activity: the person's or body's identifier, held by the node alone and never shown.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::identifier::{IdentifierError, canonical_identifier};
use crate::text::words;

words! {
    /// What kind of identifier a subject has. It is part of the token's input, so that two kinds never look alike.
    pub enum SubjectKind {
        /// A mainland mobile number: 11 digits that begin with 13 to 19, without the country's code.
        Mobile = 1 "mobile",
        /// A resident identity number of 18 characters (GB 11643-1999).
        ResidentId = 2 "resident-id",
        /// A unified social credit code of 18 characters (GB 32100-2015): a body, for which no token `S` is made.
        CreditCode = 3 "credit-code",
        /// Anything else, such as a passport or a platform's own number of a person: comparable only where both sides have it.
        Other = 4 "other",
    }
}

/// Why a text is no subject. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// No identifier at all.
    #[error("the subject's identifier is refused: {0}")]
    Identifier(#[from] IdentifierError),
    /// Not of the kind that was named.
    #[error("the subject's identifier does not read as one of kind `{0}`; correct it, or name its kind")]
    Kind(SubjectKind),
    /// A resident identity number with a wrong check character.
    #[error(
        "the subject's identifier reads as a resident identity number, but its check character is wrong; correct it, or \
         name the kind `other` if it is a number of the platform's own"
    )]
    CheckCharacter,
}

/// The canonical identifier of a subject. `Debug` hides it, there is no `Display`, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectKey {
    kind: SubjectKind,
    text: Zeroizing<String>,
}

impl SubjectKey {
    /// The subject of a text whose kind is known.
    ///
    /// # Errors
    /// [`SubjectError`] if the text does not read as that kind.
    pub fn of_kind(kind: SubjectKind, text: &str) -> Result<Self, SubjectError> {
        let text = canonical_identifier(text)?;
        let text = match kind {
            SubjectKind::Mobile => mobile(&text).ok_or(SubjectError::Kind(kind))?,
            SubjectKind::ResidentId => match resident_id(&text) {
                Reading::Is(id) => id,
                Reading::Mistyped => return Err(SubjectError::CheckCharacter),
                Reading::IsNot => return Err(SubjectError::Kind(kind)),
            },
            SubjectKind::CreditCode if is_credit_code(&text) => text,
            SubjectKind::CreditCode => return Err(SubjectError::Kind(kind)),
            SubjectKind::Other => text,
        };
        Ok(Self { kind, text })
    }

    /// The kind of its identifier.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The canonical identifier, for the input of a token and for the node's own sealed store: nothing else may see it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// Reads the kind from the text: a mobile number, a resident identity number, a unified social credit code, or anything else.
impl FromStr for SubjectKey {
    type Err = SubjectError;
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let text = canonical_identifier(text)?;
        let (kind, text) = if let Some(number) = mobile(&text) {
            (SubjectKind::Mobile, number)
        } else {
            match resident_id(&text) {
                Reading::Is(id) => (SubjectKind::ResidentId, id),
                _ if is_credit_code(&text) => (SubjectKind::CreditCode, text),
                Reading::Mistyped => return Err(SubjectError::CheckCharacter),
                Reading::IsNot => (SubjectKind::Other, text),
            }
        };
        Ok(Self { kind, text })
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectKey({}, hidden)", self.kind)
    }
}

/// The 11 digits of a mainland mobile number that was written with or without brackets and the country's code.
fn mobile(text: &str) -> Option<Zeroizing<String>> {
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    bare.extend(text.chars().filter(|c| !matches!(c, '(' | ')')));
    let number = bare
        .strip_prefix("+86")
        .or_else(|| bare.strip_prefix("0086"))
        .or_else(|| bare.strip_prefix("86").filter(|rest| rest.len() == 11))
        .unwrap_or(&bare);
    let begins = matches!(number.as_bytes(), [b'1', b'3'..=b'9', ..]);
    (begins && number.len() == 11 && all_digits(number)).then(|| Zeroizing::new(number.to_owned()))
}

enum Reading {
    Is(Zeroizing<String>),
    Mistyped,
    IsNot,
}

/// The 18 characters of a resident identity number; one of the first generation, of 15 digits, gets the century 19 and the
/// check character (GB 11643-1999 §4 and annex A).
fn resident_id(text: &str) -> Reading {
    let (place, rest) = text.split_at_checked(6).unwrap_or(("", ""));
    if place.starts_with('0') || !all_digits(place) {
        return Reading::IsNot;
    }
    let mut id = Zeroizing::new(String::with_capacity(18));
    id.push_str(place);
    match rest.len() {
        9 if all_digits(rest) => {
            id.push_str("19");
            id.push_str(rest);
        }
        12 => id.push_str(rest.get(..11).unwrap_or("")),
        _ => return Reading::IsNot,
    }
    if !all_digits(&id) || !has_birthday(&id) {
        return Reading::IsNot;
    }
    let check = check_character(&id);
    match text.as_bytes().get(17) {
        None => id.push(check),
        Some(found) if char::from(*found) == check => id.push(check),
        Some(b'0'..=b'9' | b'X') => return Reading::Mistyped,
        Some(_) => return Reading::IsNot,
    }
    Reading::Is(id)
}

/// True if characters 7 to 14 are a day from 1850 to 2099.
fn has_birthday(id: &str) -> bool {
    let part = |range| id.get(range).and_then(|digits: &str| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(6..10), part(10..12), part(12..14)) else {
        return false;
    };
    (1850..=2099).contains(&year)
        && i32::try_from(year).is_ok_and(|year| NaiveDate::from_ymd_opt(year, month, day).is_some())
}

/// ISO 7064 MOD 11-2 over 17 digits, as GB 11643-1999 §4.5 takes it.
fn check_character(digits: &str) -> char {
    let sum = digits
        .chars()
        .fold(0, |sum, digit| (sum + digit.to_digit(10).unwrap_or(0)) * 2 % 11);
    char::from_digit((12 - sum) % 11, 10).unwrap_or('X')
}

/// 18 characters of the 31 of GB 32100-2015, the last of which checks the others: it is 31 − Σ mod 31 of their values times
/// the powers of 3, and 0 for 31.
fn is_credit_code(text: &str) -> bool {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut sum = 0;
    let mut weight = 1;
    for (place, c) in text.chars().enumerate() {
        let Some(value) = CHARACTERS.find(c) else {
            return false;
        };
        sum += value * if place == 17 { 1 } else { weight };
        weight = weight * 3 % 31;
    }
    text.len() == 18 && sum.is_multiple_of(31)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Numbers made for these tests: the region 999999 does not exist, 199 0000 0000 is in no one's hands, and no body is
    // registered in region 999999.
    const SECOND_GENERATION: &str = "999999199001010016";
    const FIRST_GENERATION: &str = "999999900101001";
    const BODY: &str = "91999900MA0TERT0XP";

    fn read(text: &str) -> (SubjectKind, String) {
        let key: SubjectKey = text.parse().unwrap();
        (key.kind(), key.expose().to_owned())
    }

    #[test]
    fn one_person_is_one_subject_however_the_number_was_typed() {
        for text in [
            "19900000000",
            "+86 199-0000-0000",
            "0086 19900000000",
            "8619900000000",
            "(+86)199 0000 0000",
            "１９９００００００００",
        ] {
            assert_eq!(read(text), (SubjectKind::Mobile, "19900000000".into()), "{text}");
        }
        for text in [
            SECOND_GENERATION,
            FIRST_GENERATION,
            "999999 19900101 0016",
            "９９９９９９１９９００１０１００１６",
        ] {
            assert_eq!(
                read(text),
                (SubjectKind::ResidentId, SECOND_GENERATION.into()),
                "{text}"
            );
        }
        for text in [BODY, "91999900-ma0tert0x-p"] {
            assert_eq!(read(text), (SubjectKind::CreditCode, BODY.into()), "{text}");
        }
        for text in [
            "u-0001",
            "+852 9000 0000",
            "12900000000",
            "99999919900101",
            "1234567890123456789",
        ] {
            assert_eq!(read(text).0, SubjectKind::Other, "{text}");
        }
    }

    #[test]
    fn a_mistyped_resident_number_is_refused_and_may_be_declared_something_else() {
        let mistyped = "999999199001010017";
        assert_eq!(mistyped.parse::<SubjectKey>(), Err(SubjectError::CheckCharacter));
        assert_eq!(
            SubjectKey::of_kind(SubjectKind::ResidentId, mistyped),
            Err(SubjectError::CheckCharacter)
        );
        assert!(SubjectKey::of_kind(SubjectKind::Other, mistyped).is_ok());
        // The 30th of February is no birthday: a number of a platform's own.
        assert_eq!(read("999999199002300017").0, SubjectKind::Other);
    }

    #[test]
    fn a_text_of_another_kind_than_it_says_is_refused() {
        for (kind, text) in [
            (SubjectKind::Mobile, SECOND_GENERATION),
            (SubjectKind::ResidentId, "19900000000"),
            (SubjectKind::CreditCode, SECOND_GENERATION),
            (SubjectKind::CreditCode, "91999900MA0TERT0XQ"),
        ] {
            assert_eq!(SubjectKey::of_kind(kind, text), Err(SubjectError::Kind(kind)), "{text}");
        }
        assert!("\t".parse::<SubjectKey>().is_err());
    }

    #[test]
    fn the_same_text_of_two_kinds_is_two_subjects_and_neither_is_shown() {
        let mobile = SubjectKey::of_kind(SubjectKind::Mobile, "19900000000").unwrap();
        let other = SubjectKey::of_kind(SubjectKind::Other, "19900000000").unwrap();
        assert_ne!(mobile, other);
        assert_eq!(format!("{mobile:?}"), "SubjectKey(mobile, hidden)");
        let refused = "999999199001010017".parse::<SubjectKey>().unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("9999"));
    }

    proptest! {
        #[test]
        fn whatever_is_read_reads_the_same_again(text in "[0-9Xx+() -]{0,24}|[0-9A-Z]{18}|1[3-9][0-9]{9}|[1-9][0-9]{5}19[0-9]{2}0[1-9][012][0-9]{4}[0-9X]") {
            if let Ok(key) = text.parse::<SubjectKey>() {
                prop_assert_eq!(&SubjectKey::of_kind(key.kind(), key.expose()).unwrap(), &key);
                prop_assert_eq!(key.expose().parse::<SubjectKey>().unwrap(), key);
            }
        }
    }
}
