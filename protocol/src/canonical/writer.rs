//! The serializer: writes values straight to bytes; the members of an object are put in order when it ends, if they were
//! not written in order.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::ser::{self, Serialize};

use super::CanonicalError;
use crate::strict::MAX_INTEGER;

type Done<T = ()> = Result<T, CanonicalError>;

impl ser::Error for CanonicalError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }
}

/// How `serde_json::value::RawValue` announces itself.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

fn integer(out: &mut Vec<u8>, negative: bool, magnitude: u64) -> Done {
    if magnitude > MAX_INTEGER {
        return Err(CanonicalError::Integer);
    }
    if negative {
        out.push(b'-');
    }
    let mut digits = [0_u8; 20];
    let mut rest = magnitude;
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        // The remainder is below 10.
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    let (_, written) = digits.split_at(digits.len() - length);
    out.extend_from_slice(written);
    Ok(())
}

/// A string with the escapes of RFC 8785 §3.2.2.2: two characters where JSON has them, `\u00xx` for other control
/// characters, everything else as it is.
fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
    {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, tail)) = tail.split_first() else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend(
                    [control >> 4, control & 0xf]
                        .iter()
                        .filter_map(|digit| HEX.get(usize::from(*digit))),
                );
            }
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = CanonicalError;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    fn serialize_bool(self, value: bool) -> Done {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Done {
        self.serialize_i64(value.into())
    }
    fn serialize_i16(self, value: i16) -> Done {
        self.serialize_i64(value.into())
    }
    fn serialize_i32(self, value: i32) -> Done {
        self.serialize_i64(value.into())
    }
    fn serialize_i64(self, value: i64) -> Done {
        integer(self.out, value < 0, value.unsigned_abs())
    }
    fn serialize_i128(self, value: i128) -> Done {
        self.serialize_i64(i64::try_from(value).map_err(|_| CanonicalError::Integer)?)
    }
    fn serialize_u8(self, value: u8) -> Done {
        self.serialize_u64(value.into())
    }
    fn serialize_u16(self, value: u16) -> Done {
        self.serialize_u64(value.into())
    }
    fn serialize_u32(self, value: u32) -> Done {
        self.serialize_u64(value.into())
    }
    fn serialize_u64(self, value: u64) -> Done {
        integer(self.out, false, value)
    }
    fn serialize_u128(self, value: u128) -> Done {
        self.serialize_u64(u64::try_from(value).map_err(|_| CanonicalError::Integer)?)
    }
    fn serialize_f32(self, _: f32) -> Done {
        Err(CanonicalError::Float)
    }
    fn serialize_f64(self, _: f64) -> Done {
        Err(CanonicalError::Float)
    }
    fn serialize_char(self, value: char) -> Done {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Done {
        string(self.out, value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Done {
        value.serialize(self)
    }
    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        let mut members = Members::begin(self.out, false);
        members.member(variant.into(), value)?;
        members.end()
    }
    fn serialize_seq(self, _: Option<usize>) -> Done<List<'a>> {
        Ok(List::begin(self.out, false))
    }
    fn serialize_tuple(self, _: usize) -> Done<List<'a>> {
        Ok(List::begin(self.out, false))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Done<List<'a>> {
        Ok(List::begin(self.out, false))
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Done<List<'a>> {
        open_variant(self.out, variant);
        Ok(List::begin(self.out, true))
    }
    fn serialize_map(self, _: Option<usize>) -> Done<Members<'a>> {
        Ok(Members::begin(self.out, false))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Done<Members<'a>> {
        if name == RAW_VALUE {
            return Err(CanonicalError::Raw);
        }
        Ok(Members::begin(self.out, false))
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Done<Members<'a>> {
        open_variant(self.out, variant);
        Ok(Members::begin(self.out, true))
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Done {
        self.serialize_str(&value.to_string())
    }
}

fn open_variant(out: &mut Vec<u8>, variant: &str) {
    out.push(b'{');
    string(out, variant);
    out.push(b':');
}

/// An array being written.
pub(super) struct List<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
    in_variant: bool,
}

impl<'a> List<'a> {
    fn begin(out: &'a mut Vec<u8>, in_variant: bool) -> Self {
        out.push(b'[');
        Self {
            out,
            empty: true,
            in_variant,
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        value.serialize(Writer { out: self.out })
    }

    fn finish(self) {
        self.out.extend_from_slice(if self.in_variant { b"]}" } else { b"]" });
    }
}

macro_rules! list {
    ($($trait:ident $method:ident),+) => { $(
        impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = CanonicalError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.element(value)
            }
            fn end(self) -> Done {
                self.finish();
                Ok(())
            }
        }
    )+ };
}
list!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

/// An object being written: every member's name, and where in the output it stands with its name and without a comma.
pub(super) struct Members<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    members: Vec<(Cow<'static, str>, Range<usize>)>,
    pending: Option<String>,
    in_variant: bool,
}

impl<'a> Members<'a> {
    fn begin(out: &'a mut Vec<u8>, in_variant: bool) -> Self {
        out.push(b'{');
        let start = out.len();
        Self {
            out,
            start,
            members: Vec::with_capacity(8),
            pending: None,
            in_variant,
        }
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: Cow<'static, str>, value: &T) -> Done {
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        let from = self.out.len();
        string(self.out, &name);
        self.out.push(b':');
        value.serialize(Writer { out: self.out })?;
        self.members.push((name, from..self.out.len()));
        Ok(())
    }

    fn end(mut self) -> Done {
        // Most objects were written in order already.
        if !self
            .members
            .is_sorted_by(|(a, _), (b, _)| a.encode_utf16().lt(b.encode_utf16()))
        {
            self.members
                .sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let twice = self
                .members
                .windows(2)
                .find(|pair| pair.first().map(|m| &m.0) == pair.last().map(|m| &m.0));
            if let Some([(name, _), _]) = twice {
                return Err(CanonicalError::Twice(name.to_string()));
            }
            let mut sorted = Vec::with_capacity(self.out.len() - self.start);
            for (at, (_, range)) in self.members.iter().enumerate() {
                if at > 0 {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(self.out.get(range.clone()).unwrap_or_default());
            }
            self.out.truncate(self.start);
            self.out.append(&mut sorted);
        }
        self.out.extend_from_slice(if self.in_variant { b"}}" } else { b"}" });
        Ok(())
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = CanonicalError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        let mut written = Vec::new();
        key.serialize(Writer { out: &mut written })?;
        // A text comes out in quotation marks; integers are permitted as names, as serde_json permits them.
        let name = match written.first() {
            Some(b'"') => serde_json::from_slice(&written).map_err(|_| CanonicalError::Name)?,
            Some(b'-' | b'0'..=b'9') => String::from_utf8(written).map_err(|_| CanonicalError::Name)?,
            _ => return Err(CanonicalError::Name),
        };
        self.pending = Some(name);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        let name = self.pending.take().ok_or(CanonicalError::Name)?;
        self.member(name.into(), value)
    }
    fn end(self) -> Done {
        Self::end(self)
    }
}

macro_rules! members {
    ($($trait:ident),+) => { $(
        impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = CanonicalError;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.member(name.into(), value)
            }
            fn end(self) -> Done {
                Self::end(self)
            }
        }
    )+ };
}
members!(SerializeStruct, SerializeStructVariant);
