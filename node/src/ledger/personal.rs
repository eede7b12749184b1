//! Personal data stays out of what leaves the node: free text that holds something like an identity number or a mobile
//! number is refused.

use tanqiao_protocol::event::ClaimantKind;
use tanqiao_protocol::personal::{is_number_of_a_person, reads_as_personal};
use tanqiao_protocol::r#use::Use;

use crate::error::NodeError;

/// Refuses a text in which a run of digits reads as a resident identity number (GB 11643-1999: 17 digits and a check
/// character) or as a mainland mobile number, also with spaces or hyphens between the digits.
///
/// # Errors
/// [`NodeError::Refused`] with code `personal-data`, or `too-long` above `length_max` characters.
pub fn check_text(what: &str, text: &str, length_max: usize) -> Result<(), NodeError> {
    if text.chars().count() > length_max {
        return Err(NodeError::refused(
            "too-long",
            format!("{what} may have {length_max} characters at most"),
        ));
    }
    if reads_as_personal(text) {
        return Err(NodeError::refused(
            "personal-data",
            format!(
                "{what} holds what reads as an identity number or a mobile number: name people by a commitment only"
            ),
        ));
    }
    Ok(())
}

/// The longest name of a claimant, in characters.
const CLAIMANT_MAX: usize = 200;

/// Refuses a claimant that is a person by anything but a commitment: the salted SHA-256 in 64 hexadecimal digits, whose salt
/// and name stay here. A use for a person's own footprint takes nothing else.
///
/// # Errors
/// [`NodeError::Refused`] with code `personal-data`, `claimant` or `too-long`.
pub fn check_claimant(claimant: &str, kind: ClaimantKind, r#use: Use) -> Result<(), NodeError> {
    let commitment = claimant.len() == 64 && claimant.bytes().all(|b| b.is_ascii_hexdigit());
    if commitment != (kind == ClaimantKind::Commitment) || (r#use == Use::PersonalOffset && !commitment) {
        return Err(NodeError::refused(
            "claimant",
            "a person is named by a salted commitment of 64 hexadecimal digits with `claimant_kind` `commitment`, and by nothing else",
        ));
    }
    if commitment {
        // A hash may hold such a run of digits by chance.
        return Ok(());
    }
    check_text("the claimant", claimant, CLAIMANT_MAX)
}

/// True if a pseudonym is nothing but an identity number or a mobile number, with or without letters before it. A hash in
/// hexadecimal may hold such a run by chance, and passes.
#[must_use]
pub fn is_personal(pseudonym: &str) -> bool {
    let rest = pseudonym.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number: String = rest
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '_' | ':'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    is_number_of_a_person(&number)
}

/// Refuses a reference or name that is nothing but such a number.
///
/// # Errors
/// [`NodeError::Refused`] with code `personal-data`.
pub fn check_name(what: &str, name: &str) -> Result<(), NodeError> {
    if is_personal(name) {
        return Err(NodeError::refused(
            "personal-data",
            format!("{what} reads as an identity number or a mobile number"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In no one's hands.
    const MOBILE: &str = "19900000000";

    #[test]
    fn what_reads_as_a_number_of_a_person_is_refused() {
        let error = check_text("statement", &format!("call {MOBILE}"), 500).unwrap_err();
        assert_eq!(error.code(), "personal-data");
        assert!(check_name("reference", MOBILE).is_err());
    }

    #[test]
    fn a_pseudonym_may_be_a_hash_and_not_a_number() {
        assert!(is_personal(MOBILE) && is_personal("user-199-0000-0000"));
        assert!(!is_personal("h:ab19900000000cd") && !is_personal("pool-2025") && !is_personal("12345"));
    }

    #[test]
    fn a_person_claims_by_a_commitment_and_by_nothing_else() {
        let commitment = "19900000000abcde".repeat(4);
        let code = |claimant: &str, kind, r#use| check_claimant(claimant, kind, r#use).unwrap_err().code().to_owned();
        check_claimant(&commitment, ClaimantKind::Commitment, Use::PersonalOffset).unwrap();
        check_claimant("Example Works", ClaimantKind::Organisation, Use::CorporateNeutrality).unwrap();
        assert_eq!(
            code(&commitment, ClaimantKind::Organisation, Use::CorporateNeutrality),
            "claimant"
        );
        assert_eq!(
            code("somebody", ClaimantKind::Commitment, Use::PersonalOffset),
            "claimant"
        );
        assert_eq!(
            code("Example Works", ClaimantKind::Organisation, Use::PersonalOffset),
            "claimant"
        );
        assert_eq!(
            code(MOBILE, ClaimantKind::Organisation, Use::CorporateNeutrality),
            "personal-data"
        );
    }

    #[test]
    fn ordinary_texts_pass_within_their_length() {
        assert!(check_text("statement", "武汉马拉松 2025 碳中和", 500).is_ok());
        assert!(check_text("statement", "四个字符", 3).is_err());
    }
}
