//! The scan: one pass over the bytes, with a stack of open arrays and objects and the names seen in each.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{MAX_DEPTH, MAX_INTEGER, StrictError, StrictKind};

/// Up to this many names of one object are compared with each other as they come; more are sorted at the object's end,
/// so that a text of a million names costs no more than sorting them.
const COMPARED_AS_THEY_COME: usize = 16;

/// An open array or object. Its names are those of `Scan::names` from `first_name` up to the next level's.
struct Level {
    object: bool,
    first_name: usize,
    /// Of an array: which element is being read.
    index: usize,
}

pub(super) struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    levels: Vec<Level>,
    names: Vec<Cow<'a, str>>,
}

type Step<T = ()> = Result<T, StrictError>;

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            levels: Vec::with_capacity(8),
            names: Vec::with_capacity(16),
        }
    }

    /// Scans the whole text.
    pub(super) fn run(mut self) -> Step {
        loop {
            // A value begins here; `opened` if it is an array or object with something in it.
            if self.value()? {
                continue;
            }
            // A value has ended: close what ends with it, up to the next element or member.
            loop {
                self.blank();
                let Some(level) = self.levels.last_mut() else {
                    return if self.at == self.bytes.len() {
                        Ok(())
                    } else {
                        Err(self.malformed("something follows the value"))
                    };
                };
                let object = level.object;
                match self.bytes.get(self.at) {
                    Some(b',') => {
                        level.index += 1;
                        self.at += 1;
                        if object {
                            self.blank();
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if object => self.close()?,
                    Some(b']') if !object => self.close()?,
                    _ if object => return Err(self.malformed("`,` or `}` expected")),
                    _ => return Err(self.malformed("`,` or `]` expected")),
                }
            }
        }
    }

    /// Reads a scalar or an empty container, or opens a container: then true.
    fn value(&mut self) -> Step<bool> {
        self.blank();
        match self.bytes.get(self.at) {
            Some(b'"') => self.string(false).map(|_| false),
            Some(b'{') => {
                self.open(true)?;
                if self.bytes.get(self.at) == Some(&b'}') {
                    self.close()?;
                    return Ok(false);
                }
                self.name()?;
                Ok(true)
            }
            Some(b'[') => {
                self.open(false)?;
                if self.bytes.get(self.at) == Some(&b']') {
                    self.close()?;
                    return Ok(false);
                }
                Ok(true)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| false),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.malformed("a value expected")),
        }
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str) -> Step<bool> {
        if self.rest().starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(false)
        } else {
            Err(self.malformed("a value expected"))
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn open(&mut self, object: bool) -> Step {
        if self.levels.len() == MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(StrictError::new(StrictKind::TooLarge, self.path(), message));
        }
        self.at += 1;
        self.levels.push(Level {
            object,
            first_name: self.names.len(),
            index: 0,
        });
        self.blank();
        Ok(())
    }

    fn close(&mut self) -> Step {
        self.at += 1;
        if let Some(level) = self.levels.pop()
            && let Some(own) = self.names.get_mut(level.first_name..)
        {
            let mut twice = None;
            if own.len() > COMPARED_AS_THEY_COME {
                own.sort_unstable();
                twice = own
                    .windows(2)
                    .find(|pair| pair.first() == pair.last())
                    .and_then(<[_]>::first)
                    .cloned();
            }
            self.names.truncate(level.first_name);
            if let Some(name) = twice {
                return Err(self.twice(&name));
            }
        }
        Ok(())
    }

    /// A member's name and the colon after it.
    fn name(&mut self) -> Step {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.malformed("a name in quotation marks expected"));
        }
        let name = self.string(true)?;
        let first = self.levels.last().map_or(0, |level| level.first_name);
        let own = self.names.get(first..).unwrap_or_default();
        if own.len() <= COMPARED_AS_THEY_COME && own.contains(&name) {
            return Err(self.twice(&name));
        }
        self.names.push(name);
        self.blank();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(self.malformed("`:` expected"));
        }
        self.at += 1;
        Ok(())
    }

    /// A string from its opening quotation mark on. Its contents are given back for names only.
    fn string(&mut self, wanted: bool) -> Step<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut copied = start;
        loop {
            self.at += plain_prefix(self.rest());
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let tail = self.text.get(copied..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(match owned {
                        Some(mut head) => {
                            head.push_str(tail);
                            Cow::Owned(head)
                        }
                        None => Cow::Borrowed(tail),
                    });
                }
                Some(b'\\') => {
                    let before = self.text.get(copied..self.at).unwrap_or_default();
                    let character = self.escape()?;
                    if wanted {
                        let head = owned.get_or_insert_with(String::new);
                        head.push_str(before);
                        head.push(character);
                        copied = self.at;
                    }
                }
                Some(_) => return Err(self.malformed("a control character in a string")),
                None => return Err(self.malformed("a string that does not end")),
            }
        }
    }

    /// An escape from its backslash on (RFC 8259 §7).
    fn escape(&mut self) -> Step<char> {
        let character = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.malformed("an unknown escape in a string")),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Step<char> {
        let first = self.code_unit()?;
        let scalar = match first {
            0xd800..=0xdbff => {
                let second = if self.rest().starts_with(b"\\u") {
                    self.code_unit()?
                } else {
                    0
                };
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(self.malformed("half of a surrogate pair in a string"));
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            unit => unit,
        };
        char::from_u32(scalar).ok_or_else(|| self.malformed("half of a surrogate pair in a string"))
    }

    /// The four digits of `\uXXXX`, with `at` on its backslash.
    fn code_unit(&mut self) -> Step<u32> {
        let digits = self
            .text
            .get(self.at + 2..self.at + 6)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.malformed("an escape without four hexadecimal digits"))?;
        self.at += 6;
        Ok(unit)
    }

    /// A number (RFC 8259 §6): an integer within ±(2^53 − 1), or a fraction that is finite.
    fn number(&mut self) -> Step {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let mut value = 0_u64;
        let first = self.at;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(self.malformed("a number that is not written as JSON demands"));
        }
        if matches!(self.bytes.get(self.at), Some(b'.' | b'e' | b'E')) {
            return self.fraction(start);
        }
        if value > MAX_INTEGER {
            let message = format!("an integer beyond ±{MAX_INTEGER} (2^53 − 1)");
            return Err(StrictError::new(StrictKind::Schema, self.path(), message));
        }
        Ok(())
    }

    fn digits(&mut self) -> Step {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at == first {
            Err(self.malformed("a number that is not written as JSON demands"))
        } else {
            Ok(())
        }
    }

    fn fraction(&mut self, start: usize) -> Step {
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = self.text.get(start..self.at).and_then(|text| text.parse::<f64>().ok());
        if number.is_some_and(f64::is_finite) {
            Ok(())
        } else {
            Err(StrictError::new(
                StrictKind::Schema,
                self.path(),
                "a number too large for binary64",
            ))
        }
    }

    fn malformed(&self, what: &str) -> StrictError {
        StrictError::new(
            StrictKind::Malformed,
            self.path(),
            format!("{what} at byte {}", self.at),
        )
    }

    fn twice(&self, name: &str) -> StrictError {
        let shown: String = name.chars().take(60).collect();
        StrictError::new(
            StrictKind::Malformed,
            self.path(),
            format!("the name `{shown}` stands twice in one object"),
        )
    }

    /// Where the scan is, such as `blocks[3].range`.
    fn path(&self) -> String {
        let mut path = String::new();
        for (depth, level) in self.levels.iter().enumerate() {
            if level.object {
                let end = self
                    .levels
                    .get(depth + 1)
                    .map_or(self.names.len(), |next| next.first_name);
                let current = self.names.get(level.first_name..end).and_then(<[_]>::last);
                if let Some(name) = current {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.extend(name.chars().take(60));
                }
            } else {
                let _ = write!(path, "[{}]", level.index);
            }
        }
        path
    }
}

/// How many bytes from the start are neither `"` nor `\` nor a control character; eight at a time.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const QUOTES: u64 = 0x2222_2222_2222_2222;
    const BACKSLASHES: u64 = 0x5c5c_5c5c_5c5c_5c5c;
    const SPACES: u64 = 0x2020_2020_2020_2020;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut done = 0;
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ QUOTES;
        let backslash = word ^ BACKSLASHES;
        // The high bit of a byte is set where it is zero, or below 0x20 (Bit Twiddling Hacks, "determine if a word has a
        // byte less than n"); the lowest such bit is exact, and only the lowest is used.
        let special = ((quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(SPACES) & !word))
            & HIGH;
        if special != 0 {
            return done + (special.trailing_zeros() / 8) as usize;
        }
        done += 8;
    }
    let tail = bytes.get(done..).unwrap_or_default();
    done + tail
        .iter()
        .position(|b| matches!(b, b'"' | b'\\' | 0..0x20))
        .unwrap_or(tail.len())
}
