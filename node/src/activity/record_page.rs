//! Record ids that are taken, in the order of their keys.

use std::cmp::Ordering;
use std::ops::Range;

use super::codec::{Bytes, put_after, put_signed};
use super::damaged;
use crate::store::StoreError;

/// How the bytes of a page are laid out; the first of them.
const LAYOUT: u8 = 1;
/// The size from which a page is divided: with its key it fits a database page of 4 KiB.
const BYTES_MAX: usize = 3_800;
/// The size of a page that was divided in the middle: the next keys between its own have room.
const BYTES_AFTER_DIVISION: usize = BYTES_MAX / 4 * 3;

/// A record id as the record pages order it: its bytes, or less where it is the text of 128 random bits (RFC 9562 UUIDs and
/// 32 hexadecimal digits, in lower case). Different ids have different keys: a text begins with a visible character.
#[derive(Debug, Clone, Copy)]
pub enum RecordKey<'a> {
    /// 1 for a UUID or 2 for digits, and the 128 bits.
    Bits([u8; 17]),
    /// The text.
    Text(&'a [u8]),
}

impl<'a> RecordKey<'a> {
    /// The key of a record id.
    #[must_use]
    pub fn of(record_id: &'a str) -> Self {
        bits(record_id.as_bytes()).map_or(Self::Text(record_id.as_bytes()), Self::Bits)
    }

    /// What is stored and compared.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bits(bits) => bits,
            Self::Text(text) => text,
        }
    }
}

impl PartialEq for RecordKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl Eq for RecordKey<'_> {}
impl PartialOrd for RecordKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for RecordKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

fn bits(text: &[u8]) -> Option<[u8; 17]> {
    let hyphens: &[usize] = match text.len() {
        36 => &[8, 13, 18, 23],
        32 => &[],
        _ => return None,
    };
    let mut out = [0; 17];
    let (form, bits) = out.split_first_mut()?;
    *form = if hyphens.is_empty() { 2 } else { 1 };
    let mut digits = 0;
    for (place, byte) in text.iter().enumerate() {
        if hyphens.contains(&place) {
            if *byte == b'-' {
                continue;
            }
            return None;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let pair = bits.get_mut(digits / 2)?;
        *pair = *pair << 4 | digit;
        digits += 1;
    }
    Some(out)
}

/// A record id and the activity that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken<'a> {
    /// The record id.
    pub key: RecordKey<'a>,
    /// The activity.
    pub id: i64,
}

/// A page, and which of the wanted keys it would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Where the page begins; `None` where there is no page yet.
    pub first_key: Option<Vec<u8>>,
    /// Its place among the pages.
    pub page: usize,
    /// The places of the keys among those wanted.
    pub keys: Range<usize>,
}

impl Covered {
    /// Divides ascending keys among the pages that begin at ascending `starts`. A page has the keys from its beginning
    /// to that of the next one; the first also has what comes before it.
    pub fn divide(starts: Vec<Vec<u8>>, keys: &[RecordKey<'_>]) -> Vec<Self> {
        let mut out = Vec::new();
        let mut begin = 0;
        let mut starts = starts.into_iter().peekable();
        for page in 0.. {
            let first_key = starts.next();
            let end = match starts.peek() {
                Some(next) => keys.partition_point(|key| key.as_bytes() < next.as_slice()),
                None => keys.len(),
            };
            if end > begin {
                out.push(Self {
                    first_key,
                    page,
                    keys: begin..end,
                });
                begin = end;
            }
            if starts.peek().is_none() {
                break;
            }
        }
        out
    }
}

/// The activities that have `keys` (ascending) on one page; `None` where none has.
///
/// # Errors
/// [`StoreError::Corrupt`]
pub fn find(content: &[u8], keys: &[RecordKey<'_>]) -> Result<Vec<Option<i64>>, StoreError> {
    let mut entries = Entries::new(content)?;
    let mut there = entries.next()?;
    let mut out = Vec::with_capacity(keys.len());
    for key in keys {
        let key = key.as_bytes();
        while there && entries.key.as_slice() < key {
            there = entries.next()?;
        }
        out.push((there && entries.key == key).then_some(entries.id));
    }
    Ok(out)
}

/// Pages, each after the key at which it begins.
pub type Divided = Vec<(Vec<u8>, Vec<u8>)>;

/// Adds keys (ascending, none of them there yet) to a page. The pages that take its place, each with the key at which it
/// begins; the first begins where the old one did, or before every key where there was none.
///
/// # Errors
/// [`StoreError::Corrupt`]
pub fn insert(first_key: Option<&[u8]>, content: &[u8], added: &[Taken<'_>]) -> Result<Divided, StoreError> {
    let (merged, at_the_end) = merge(content, added)?;
    let bytes_max = if at_the_end || merged.len() <= BYTES_MAX {
        BYTES_MAX
    } else {
        merged.len().div_ceil(merged.len().div_ceil(BYTES_AFTER_DIVISION)) + 1
    };
    let mut pages = divide(merged, bytes_max)?;
    if let Some((begin, _)) = pages.first_mut() {
        *begin = first_key.unwrap_or_default().to_vec();
    }
    Ok(pages)
}

/// The page with the keys added, however long it gets, and whether all of them came after those that were there.
fn merge(content: &[u8], added: &[Taken<'_>]) -> Result<(Vec<u8>, bool), StoreError> {
    let mut out = Writer::new(content.len() + 24 * added.len());
    let mut entries = Entries::new(content)?;
    let mut added = added.iter().peekable();
    let mut at_the_end = true;
    while entries.next()? {
        while let Some(one) = added.next_if(|one| one.key.as_bytes() < entries.key.as_slice()) {
            at_the_end = false;
            out.put(one.key.as_bytes(), one.id);
        }
        out.put(&entries.key, entries.id);
    }
    added.for_each(|one| out.put(one.key.as_bytes(), one.id));
    Ok((out.content, at_the_end))
}

/// Divides a long page into pages of about `bytes_max`.
fn divide(merged: Vec<u8>, bytes_max: usize) -> Result<Divided, StoreError> {
    if merged.len() <= bytes_max {
        return Ok(vec![(Vec::new(), merged)]);
    }
    let mut pages = Vec::with_capacity(merged.len() / bytes_max + 1);
    let mut entries = Entries::new(&merged)?;
    let mut begin = Vec::new();
    let mut page = Writer::new(bytes_max + 128);
    while entries.next()? {
        if page.content.len() >= bytes_max {
            let full = std::mem::replace(&mut page, Writer::new(bytes_max + 128));
            pages.push((std::mem::replace(&mut begin, entries.key.clone()), full.content));
        }
        page.put(&entries.key, entries.id);
    }
    pages.push((begin, page.content));
    Ok(pages)
}

struct Writer {
    content: Vec<u8>,
    key: Vec<u8>,
    id: i64,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        let mut content = Vec::with_capacity(capacity);
        content.push(LAYOUT);
        Self {
            content,
            key: Vec::new(),
            id: 0,
        }
    }

    fn put(&mut self, key: &[u8], id: i64) {
        put_after(&mut self.content, &self.key, key);
        put_signed(&mut self.content, id.wrapping_sub(self.id));
        self.key.clear();
        self.key.extend_from_slice(key);
        self.id = id;
    }
}

/// The entries of a page, one at a time.
struct Entries<'p> {
    bytes: Bytes<'p>,
    key: Vec<u8>,
    id: i64,
}

impl<'p> Entries<'p> {
    /// No bytes are a page with nothing.
    fn new(content: &'p [u8]) -> Result<Self, StoreError> {
        let rest = match content.split_first() {
            None => content,
            Some((&LAYOUT, rest)) => rest,
            Some(_) => return Err(damaged("record ids")),
        };
        Ok(Self {
            bytes: Bytes(rest),
            key: Vec::new(),
            id: 0,
        })
    }

    /// Goes to the next entry; `false` after the last.
    fn next(&mut self) -> Result<bool, StoreError> {
        if self.bytes.0.is_empty() {
            return Ok(false);
        }
        self.read().ok_or_else(|| damaged("record ids"))?;
        Ok(true)
    }

    fn read(&mut self) -> Option<()> {
        self.bytes.after(&mut self.key)?;
        self.id = self.id.wrapping_add(self.bytes.signed()?);
        Some(())
    }
}
