//! Identifiers in their canonical spelling: one number, however it was typed, gives one text.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The longest identifier, in bytes of its canonical spelling.
pub const IDENTIFIER_BYTES_MAX: usize = 256;

/// Why a text is no identifier. Says nothing of the text itself: it may be a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing is left of it.
    #[error("it has no character besides spaces and hyphens; give the identifier as its registry writes it")]
    Empty,
    /// Characters that nobody sees, so that two texts would look alike and differ.
    #[error("it has control or invisible characters; remove them")]
    Invisible,
    /// More than 256 bytes.
    #[error("it is longer than {IDENTIFIER_BYTES_MAX} bytes; give the identifier alone")]
    Long,
}

/// The canonical spelling: without space around it, in Unicode form NFKC (which makes full-width characters ASCII), `a` to `z`
/// in upper case, no spaces or hyphens, and what is left in form NFKC again, because what was apart may now combine. The
/// text is wiped when it is dropped, and never moved while it grows.
///
/// Only ASCII letters change case: what other letters do differs between versions of Unicode, and a token must not.
///
/// # Errors
/// [`IdentifierError`].
pub fn canonical_identifier(text: &str) -> Result<Zeroizing<String>, IdentifierError> {
    let text = text.trim();
    let canonical = if text.is_ascii() {
        without_separators(text.chars())?
    } else {
        without_separators(without_separators(text.nfkc())?.nfkc())?
    };
    if canonical.is_empty() {
        Err(IdentifierError::Empty)
    } else {
        Ok(canonical)
    }
}

fn without_separators(characters: impl Iterator<Item = char>) -> Result<Zeroizing<String>, IdentifierError> {
    let mut canonical = Zeroizing::new(String::with_capacity(IDENTIFIER_BYTES_MAX));
    for c in characters {
        if c.is_control() || is_invisible(c) {
            return Err(IdentifierError::Invisible);
        }
        if c.is_whitespace() || is_hyphen(c) {
            continue;
        }
        if canonical.len() + c.len_utf8() > IDENTIFIER_BYTES_MAX {
            return Err(IdentifierError::Long);
        }
        canonical.push(c.to_ascii_uppercase());
    }
    Ok(canonical)
}

/// Hyphens, dashes and the minus sign.
const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Format characters: soft hyphen, marks of direction, joiners, the byte order mark, variation selectors and tags; and private use.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        canonical_identifier(text).unwrap().to_string()
    }

    #[test]
    fn one_number_is_one_text_however_it_was_typed() {
        for text in [
            "MA5TEST01-2026-0001",
            "ma5test01 2026 0001",
            "  MA5TEST01\u{a0}2026\u{3000}0001 ",
            "ＭＡ５ＴＥＳＴ０１－２０２６－０００１",
            "MA5TEST01\u{2013}2026\u{2212}0001",
        ] {
            assert_eq!(canonical(text), "MA5TEST0120260001", "{text}");
        }
        assert_eq!(canonical("武汉①号"), "武汉1号");
        assert_eq!(canonical("a_b/c.d:e"), "A_B/C.D:E");
        // A spacing cedilla is a space and a mark, which goes to the letter before it once the space is dropped.
        assert_eq!(canonical("c\u{b8}"), "\u{c7}");
    }

    #[test]
    fn what_is_empty_invisible_or_endless_is_refused() {
        for (text, why) in [
            ("", IdentifierError::Empty),
            (" -\u{2014} ", IdentifierError::Empty),
            ("a\nb", IdentifierError::Invisible),
            ("a\u{0}", IdentifierError::Invisible),
            ("a\u{200b}b", IdentifierError::Invisible),
            ("\u{feff}a", IdentifierError::Invisible),
            (&"é".repeat(129), IdentifierError::Long),
        ] {
            assert_eq!(canonical_identifier(text).map(|_| ()), Err(why), "{text:?}");
        }
        assert_eq!(canonical(&"é".repeat(128)).len(), 256);
    }

    proptest! {
        #[test]
        fn the_canonical_spelling_of_a_canonical_spelling_is_itself(text in "\\PC{0,40}") {
            if let Ok(once) = canonical_identifier(&text) {
                prop_assert_eq!(canonical_identifier(&once).unwrap(), once);
            }
        }

        #[test]
        fn spaces_hyphens_case_and_width_make_no_difference(id in "[A-Z0-9]{1,20}", seps in proptest::collection::vec(0usize..6, 20)) {
            let spelt: String = id.chars().zip(seps).map(|(c, how)| match how {
                0 => c.to_ascii_lowercase().to_string(),
                1 => format!("{c} "),
                2 => format!("-{c}"),
                3 => char::from_u32(u32::from(c) + 0xfee0).unwrap().to_string(),
                4 => format!("{c}\u{3000}"),
                _ => c.to_string(),
            }).collect();
            let canonical = canonical_identifier(&spelt).unwrap();
            prop_assert_eq!(canonical.as_str(), id.as_str());
        }
    }
}
