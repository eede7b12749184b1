//! Lines of text: letters with their widths, broken where Chinese and Latin lines may break.

use crate::error::CertificateError;
use crate::font::{EM, Face, Glyph, glyph};

/// A length, in thousandths of a point.
pub type Milli = i32;

/// Never at the beginning of a line.
const NOT_FIRST: &str = "，。、：；！？）》〉】」』”’…—·,.:;!?)]}%‰/";
/// Never at the end of a line.
const NOT_LAST: &str = "（《〈【「『“‘([{";

/// A letter in its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// What a reader of the text finds.
    pub letter: char,
    /// What is drawn.
    pub glyph: Glyph,
    /// The size.
    pub size: Milli,
    /// How far below the line it stands.
    pub drop: Milli,
}

impl Letter {
    /// To the next letter.
    pub const fn width(&self) -> Milli {
        self.glyph.advance * self.size / EM
    }
}

/// The letters of a text. What ends a line there is a space here; a lowered digit, which the fonts do not have, is a smaller one.
pub fn letters(text: &str, face: Face, size: Milli) -> Result<Vec<Letter>, CertificateError> {
    let set = |shown: char| {
        let lowered = u32::from(shown)
            .checked_sub(0x2080)
            .and_then(|n| char::from_digit(n, 10));
        let (letter, size, drop) = match (shown, lowered) {
            (_, Some(digit)) => (digit, size * 62 / 100, size * 14 / 100),
            ('\n' | '\r' | '\t', _) => (' ', size, 0),
            _ => (shown, size, 0),
        };
        Ok(Letter {
            letter,
            glyph: glyph(letter, face)?,
            size,
            drop,
        })
    };
    text.chars().map(set).collect()
}

/// How wide letters are.
pub fn width(letters: &[Letter]) -> Milli {
    letters.iter().map(Letter::width).sum()
}

/// The letters in lines of at most this width. A word that is wider than a line is broken anywhere.
pub fn lines(letters: &[Letter], most: Milli) -> Vec<Vec<Letter>> {
    let (mut lines, mut line, mut wide): (Vec<Vec<Letter>>, Vec<Letter>, Milli) = (Vec::new(), Vec::new(), 0);
    for letter in letters.iter().copied() {
        if line.is_empty() && letter.letter == ' ' {
            continue;
        }
        let mut taken = false;
        while !taken && wide + letter.width() > most && !line.is_empty() {
            // A space that does not fit is the end of the line.
            taken = letter.letter == ' ';
            let rest = if taken {
                Vec::new()
            } else {
                line.split_off(break_before(&line, letter))
            };
            lines.push(std::mem::replace(&mut line, rest));
            wide = width(&line);
        }
        if taken {
            continue;
        }
        wide += letter.width();
        line.push(letter);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        while line.last().is_some_and(|letter| letter.letter == ' ') {
            line.pop();
        }
    }
    lines
}

/// Where a full line is cut so that `next` comes into the following one.
fn break_before(line: &[Letter], next: Letter) -> usize {
    let after = line.iter().skip(1).map(|letter| letter.letter).chain([next.letter]);
    let pairs = line.iter().map(|letter| letter.letter).zip(after).zip(1..);
    let allowed = pairs.filter(|((last, first), _)| may_break(*last, *first));
    allowed.last().map_or(line.len(), |(_, place)| place)
}

fn may_break(last: char, first: char) -> bool {
    if first == ' ' || NOT_FIRST.contains(first) || NOT_LAST.contains(last) {
        return false;
    }
    last == ' ' || last == '/' || is_wide(last) || is_wide(first)
}

/// Ideographs and the signs between them.
const fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, ems: i32) -> Vec<String> {
        let letters = letters(text, Face::Regular, 10_000).unwrap();
        let lines = lines(&letters, ems * 10_000);
        for line in &lines {
            assert!(width(line) <= ems * 10_000, "{text}");
        }
        let text = |line: &Vec<Letter>| line.iter().map(|letter| letter.letter).collect();
        lines.iter().map(text).collect()
    }

    #[test]
    fn chinese_breaks_anywhere_but_not_before_a_comma() {
        assert_eq!(broken("碳普惠减排量注销", 4), ["碳普惠减", "排量注销"]);
        assert_eq!(broken("武汉市，湖北省", 3), ["武汉", "市，湖", "北省"]);
        assert_eq!(broken("见（附件）表", 2), ["见", "（附", "件）", "表"]);
    }

    #[test]
    fn english_breaks_between_words_and_a_long_word_anywhere() {
        assert_eq!(
            broken("a certificate  of\nretirement", 7),
            ["a certificate  of", "retirement"]
        );
        assert_eq!(broken("run it --zh", 4), ["run it", "--zh"]);
        assert_eq!(broken("wuhan/metro", 4), ["wuhan/", "metro"]);
        let long = broken(&"W".repeat(20), 5);
        assert!(long.len() > 1 && long.concat() == "W".repeat(20), "{long:?}");
    }

    #[test]
    fn every_letter_stays() {
        let text = "wuhan/420100/rail-transit.v1/2025/1-250000000 与 Wuhan Metro 的区块段（一）。";
        let kept: String = broken(text, 7)
            .concat()
            .chars()
            .filter(|letter| *letter != ' ')
            .collect();
        let all: String = text.chars().filter(|letter| *letter != ' ').collect();
        assert_eq!(kept, all);
    }

    #[test]
    fn the_two_of_carbon_dioxide_stands_lower_and_is_smaller() {
        let set = letters("CO₂", Face::Bold, 10_000).unwrap();
        assert_eq!((set[2].letter, set[2].size, set[2].drop), ('2', 6_200, 1_400));
        assert_eq!((set[1].size, set[1].drop), (10_000, 0));
    }
}
