//! Regions: a province or city by its GB/T 2260 code, a Party by its ISO 3166-1 alpha-2 code.

use std::fmt;
use std::str::FromStr;

use crate::id::TextError;
use crate::text::serde_as_text;

/// `420100` (Wuhan, GB/T 2260) or `GH` (Ghana, ISO 3166-1 alpha-2). `CN` stands for a nationwide enterprise platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode {
    bytes: [u8; 6],
    len: u8,
}

impl RegionCode {
    /// China as a whole: the region of a nationwide enterprise platform, and of reference methodologies.
    pub const CHINA: Self = Self {
        bytes: *b"CN\0\0\0\0",
        len: 2,
    };

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or_default()
    }

    /// True for a GB/T 2260 code, false for a Party's.
    #[must_use]
    pub const fn is_chinese_division(&self) -> bool {
        self.len == 6
    }

    /// The province-level division that a Chinese code lies in (`420100` → `420000`); a Party's code is its own.
    #[must_use]
    pub fn province(&self) -> Self {
        let mut province = *self;
        if self.is_chinese_division()
            && let Some(rest) = province.bytes.get_mut(2..)
        {
            rest.fill(b'0');
        }
        province
    }

    /// True if `other` is this region or lies inside it (`420000` contains `420100`).
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        if !self.is_chinese_division() || !other.is_chinese_division() {
            return false;
        }
        let (mine, theirs) = (self.as_str(), other.as_str());
        let significant = mine.trim_end_matches("00");
        theirs.starts_with(significant)
    }
}

impl FromStr for RegionCode {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes = text.as_bytes();
        let division = bytes.len() == 6
            && bytes.iter().all(u8::is_ascii_digit)
            && (b'1'..=b'8').contains(&bytes.first().copied().unwrap_or(0));
        let party = bytes.len() == 2 && bytes.iter().all(u8::is_ascii_uppercase);
        if !division && !party {
            return Err(TextError::new(
                text,
                "a region: six digits of GB/T 2260 such as 420100, or two letters of ISO 3166-1 such as GH",
            ));
        }
        let mut out = [0; 6];
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(Self {
            bytes: out,
            len: if division { 6 } else { 2 },
        })
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(RegionCode, "a region code such as 420100 or GH");

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    #[test]
    fn china_is_the_region_that_its_two_letters_name() {
        assert_eq!(code("CN"), RegionCode::CHINA);
    }

    #[test]
    fn a_province_contains_its_cities_and_nothing_else() {
        assert!(code("420000").contains(&code("420100")));
        assert!(code("420100").contains(&code("420106")));
        assert!(!code("420100").contains(&code("420000")));
        assert!(!code("420000").contains(&code("430100")));
        assert!(!code("CN").contains(&code("420000")));
        assert_eq!(code("420106").province(), code("420000"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "42010", "4201000", "42010a", "gh", "GHA", "020100", "420100 "] {
            assert!(text.parse::<RegionCode>().is_err(), "{text}");
        }
    }
}
