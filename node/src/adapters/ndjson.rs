//! One JSON object a line.

use std::borrow::Cow;
use std::fmt;
use std::io::{Read, Seek};

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::columns::{self, not_utf8, too_long};
use super::split::{Content, Splitter};
use super::{FileRefusal, Line, Place};
use crate::quantification::{ActivityRecord, Field, RawRecord, Refusal};

/// Reads the lines of an NDJSON file.
#[derive(Debug)]
pub struct NdjsonLines<R: Read + Seek> {
    lines: Splitter<R>,
}

impl<R: Read + Seek> NdjsonLines<R> {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "opens like the other formats, whose header can be wrong"
    )]
    pub(super) fn open(file: R) -> Result<Self, FileRefusal> {
        Ok(Self {
            lines: Splitter::new(file),
        })
    }

    pub(super) fn next_line(&mut self) -> Result<Option<Line>, FileRefusal> {
        let Some((number, content)) = self.lines.next_line()? else {
            return Ok(None);
        };
        let record = match content {
            Content::Bytes(bytes) => record(bytes),
            Content::TooLong => Err(too_long()),
        };
        Ok(Some(Line { number, record }))
    }

    pub(super) const fn place(&self) -> Place {
        self.lines.place()
    }

    pub(super) fn resume(&mut self, place: Place) -> Result<(), FileRefusal> {
        Ok(self.lines.resume(place)?)
    }
}

fn record(bytes: &[u8]) -> Result<ActivityRecord, Refusal> {
    let line = std::str::from_utf8(bytes).map_err(|_| not_utf8(Field::Line))?;
    let members: Members<'_> =
        serde_json::from_str(line).map_err(|e| Refusal::schema(Field::Line, without_line_number(&e)))?;
    let mut texts: [Option<Cow<'_, str>>; Field::COLUMNS.len()] = Default::default();
    for ((text, value), field) in texts.iter_mut().zip(members.0).zip(Field::COLUMNS) {
        *text = value.map(|value| text_of(field, value.get())).transpose()?.flatten();
    }
    let mut raw = RawRecord::default();
    for (text, field) in texts.iter().zip(Field::COLUMNS) {
        columns::put(&mut raw, field, text.as_deref().unwrap_or_default());
    }
    ActivityRecord::parse(&raw)
}

/// The text of a value: a string; where a number is meant, also a number, whose digits are taken as they are written.
fn text_of(field: Field, json: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
    let number = matches!(field, Field::Quantity | Field::ReductionG);
    match json.as_bytes().first() {
        Some(b'"') => match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inside) if !inside.contains('\\') => Ok(Some(Cow::Borrowed(inside))),
            _ => serde_json::from_str(json)
                .map(|text| Some(Cow::Owned(text)))
                .map_err(|e| Refusal::schema(field, without_line_number(&e))),
        },
        Some(b'n') => Ok(None),
        Some(b'-' | b'0'..=b'9') if number => Ok(Some(Cow::Borrowed(json))),
        _ => Err(Refusal::schema(
            field,
            format!("is not a text: write \"{field}\": \"…\" with quotation marks"),
        )),
    }
}

/// The library counts lines inside the one line that it is given.
fn without_line_number(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("is not such an object: {what} (column {})", error.column()),
        None => text,
    }
}

/// The members of one object, in the order of [`Field::COLUMNS`], values as written.
struct Members<'a>([Option<&'a RawValue>; Field::COLUMNS.len()]);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object a line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members([None; Field::COLUMNS.len()]);
        while let Some(Key(name)) = map.next_key()? {
            let index = Field::COLUMNS.iter().position(|field| field.name() == name);
            let slot = index.and_then(|index| members.0.get_mut(index));
            match slot {
                Some(slot) if slot.is_none() => *slot = Some(map.next_value()?),
                Some(_) => return Err(A::Error::custom(format_args!("`{name}` is there twice"))),
                None => return Err(A::Error::custom(columns::unknown(&name))),
            }
        }
        Ok(members)
    }
}

/// A key, borrowed where the line writes it without escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
