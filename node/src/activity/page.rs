//! Activities of one series, one after another.

use super::codec::{Bytes, put_after, put_large, put_number, put_signed, put_text};
use super::damaged;
use crate::quantification::Amount;
use crate::store::StoreError;
use crate::store::activities::ActivityPageRow;

/// How the bytes of a page are laid out; the first of them.
const LAYOUT: u8 = 1;

/// One quantified activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity<'a> {
    /// The platform's number.
    pub source_id: i64,
    /// The platform's id of the record.
    pub record_id: &'a str,
    /// Whose.
    pub account: &'a str,
    /// Activity data.
    pub quantity: Amount,
    /// Microseconds since 1970 UTC.
    pub started_at: i64,
    /// Microseconds since 1970 UTC.
    pub ended_at: i64,
    /// Region code.
    pub place: &'a str,
    /// The asset that it was done with.
    pub asset: Option<&'a str>,
    /// Grams.
    pub reduction_g: i64,
}

/// Makes a page.
#[derive(Debug)]
pub struct PageWriter {
    page: ActivityPageRow,
    before: Before,
}

/// What an activity is written as the difference from: its neighbours are often alike.
#[derive(Debug, Default)]
struct Before {
    record_id: Vec<u8>,
    place: Vec<u8>,
    started_at: i64,
}

impl PageWriter {
    /// A page whose first activity will be `first_id`, with room for about `records`.
    #[must_use]
    pub fn new(series_id: i64, first_id: i64, records: usize) -> Self {
        let mut content = Vec::with_capacity(1 + records * 56);
        content.push(LAYOUT);
        Self {
            page: ActivityPageRow {
                first_id,
                last_id: first_id - 1,
                series_id,
                reduction_g: 0,
                content,
            },
            before: Before::default(),
        }
    }

    /// Adds the next activity; its id. The page is left as it is where its grams go beyond 64 bits.
    pub fn add(&mut self, activity: &Activity<'_>) -> Option<i64> {
        let Self { page, before } = self;
        page.reduction_g = page.reduction_g.checked_add(activity.reduction_g)?;
        let out = &mut page.content;
        put_signed(out, activity.source_id);
        put_after(out, &before.record_id, activity.record_id.as_bytes());
        put_text(out, activity.account.as_bytes());
        put_large(out, activity.quantity.billionths().cast_unsigned());
        put_signed(out, activity.started_at.wrapping_sub(before.started_at));
        put_signed(out, activity.ended_at.wrapping_sub(activity.started_at));
        put_after(out, &before.place, activity.place.as_bytes());
        // An asset is never empty: no text is none.
        put_text(out, activity.asset.unwrap_or_default().as_bytes());
        put_number(out, activity.reduction_g.cast_unsigned());
        replace(&mut before.record_id, activity.record_id);
        replace(&mut before.place, activity.place);
        before.started_at = activity.started_at;
        page.last_id += 1;
        Some(page.last_id)
    }

    /// The page.
    #[must_use]
    pub fn finish(self) -> ActivityPageRow {
        self.page
    }
}

fn replace(kept: &mut Vec<u8>, text: &str) {
    kept.clear();
    kept.extend_from_slice(text.as_bytes());
}

/// Reads a page from its first activity to its last.
#[derive(Debug)]
pub struct PageReader<'p> {
    bytes: Bytes<'p>,
    before: Before,
    next_id: i64,
    last_id: i64,
}

impl<'p> PageReader<'p> {
    /// # Errors
    /// [`StoreError::Corrupt`] if the page has a layout that this program does not know.
    pub fn new(page: &'p ActivityPageRow) -> Result<Self, StoreError> {
        match page.content.split_first() {
            Some((&LAYOUT, rest)) => Ok(Self {
                bytes: Bytes(rest),
                before: Before::default(),
                next_id: page.first_id,
                last_id: page.last_id,
            }),
            _ => Err(damaged("activities")),
        }
    }

    /// The next activity and its id, `None` after the last.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the bytes are not what [`PageWriter`] wrote.
    #[expect(
        clippy::should_implement_trait,
        reason = "an activity borrows from the reader, which no iterator allows"
    )]
    pub fn next(&mut self) -> Result<Option<(i64, Activity<'_>)>, StoreError> {
        if self.next_id > self.last_id {
            let whole = self.bytes.0.is_empty();
            return if whole { Ok(None) } else { Err(damaged("activities")) };
        }
        let id = self.next_id;
        self.next_id += 1;
        match self.read() {
            Some(activity) => Ok(Some((id, activity))),
            None => Err(damaged("activities")),
        }
    }

    fn read(&mut self) -> Option<Activity<'_>> {
        let Self { bytes, before, .. } = self;
        let source_id = bytes.signed()?;
        bytes.after(&mut before.record_id)?;
        let account = bytes.text()?;
        let quantity = Amount::from_billionths(bytes.large()?)?;
        let started_at = before.started_at.wrapping_add(bytes.signed()?);
        let ended_at = started_at.wrapping_add(bytes.signed()?);
        bytes.after(&mut before.place)?;
        let asset = bytes.text()?;
        let reduction_g = i64::try_from(bytes.number()?).ok()?;
        before.started_at = started_at;
        Some(Activity {
            source_id,
            record_id: std::str::from_utf8(&before.record_id).ok()?,
            account: std::str::from_utf8(account).ok()?,
            quantity,
            started_at,
            ended_at,
            place: std::str::from_utf8(&before.place).ok()?,
            asset: Some(std::str::from_utf8(asset).ok()?).filter(|text| !text.is_empty()),
            reduction_g,
        })
    }
}
