//! Which serials an activity has: pages of 4,096 activities, each its grams twice over, plus one where it was held back, as a
//! number of variable length (seven bits a byte, the lowest first).

use crate::ledger::objects::Position;

/// Activities of one page.
pub const PAGE_ACTIVITIES: i64 = 4_096;

/// A page that is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page of activities is damaged")]
pub struct Damaged;

/// A page: the grams of the clean activities before it, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The position of its first activity.
    pub first_index: i64,
    /// Grams of the clean activities before it.
    pub before_g: i64,
    /// Its activities.
    pub content: Vec<u8>,
}

/// Makes the pages of an issuance, activity by activity.
#[derive(Debug)]
pub struct PageWriter {
    page: Page,
    count: i64,
    clean_g: i64,
}

impl Default for PageWriter {
    fn default() -> Self {
        Self {
            page: Page {
                first_index: 0,
                before_g: 0,
                content: Vec::new(),
            },
            count: 0,
            clean_g: 0,
        }
    }
}

impl PageWriter {
    /// Adds the next activity; a page that is full now is returned.
    pub fn add(&mut self, grams: i64, held: bool) -> Option<Page> {
        // Grams are at most 2^53 − 1.
        put(&mut self.page.content, grams.cast_unsigned() << 1 | u64::from(held));
        if !held {
            self.clean_g += grams;
        }
        self.count += 1;
        (self.count % PAGE_ACTIVITIES == 0).then(|| self.turn())
    }

    /// Grams of the clean activities so far.
    #[must_use]
    pub const fn clean_g(&self) -> i64 {
        self.clean_g
    }

    /// The last page, unless it is empty.
    pub fn finish(mut self) -> Option<Page> {
        (!self.page.content.is_empty()).then(|| self.turn())
    }

    fn turn(&mut self) -> Page {
        let next = Page {
            first_index: self.count,
            before_g: self.clean_g,
            content: Vec::new(),
        };
        std::mem::replace(&mut self.page, next)
    }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn take(bytes: &mut std::slice::Iter<'_, u8>) -> Result<u64, Damaged> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.next().ok_or(Damaged)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

/// The activities of a page, in order: grams, and whether it was held back.
///
/// # Errors
/// Each item: the page is damaged; it is the last then.
pub fn activities_in(content: &[u8]) -> impl Iterator<Item = Result<(i64, bool), Damaged>> + '_ {
    let mut bytes = content.iter();
    std::iter::from_fn(move || {
        if bytes.as_slice().is_empty() {
            return None;
        }
        let number = take(&mut bytes);
        if number.is_err() {
            bytes = [].iter();
        }
        let activity =
            number.and_then(|number| Ok((i64::try_from(number >> 1).map_err(|_| Damaged)?, number & 1 == 1)));
        Some(activity)
    })
}

/// Where the serials of the activity at `place` of a page lie; `None` if it was held back.
///
/// # Errors
/// The page is damaged, or has no such place.
pub fn position_in(content: &[u8], before_g: i64, place: i64) -> Result<Option<Position>, Damaged> {
    let mut bytes = content.iter();
    let mut before = before_g;
    for at in 0..=place {
        let number = take(&mut bytes)?;
        let grams = i64::try_from(number >> 1).map_err(|_| Damaged)?;
        let held = number & 1 == 1;
        if at == place {
            return Ok((!held).then_some(Position { before, grams }));
        }
        if !held {
            before = before.checked_add(grams).ok_or(Damaged)?;
        }
    }
    Err(Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_clean_activity_has_the_serials_after_those_of_the_clean_ones_before_it(
            activities in proptest::collection::vec((0_i64..=9_007_199_254, any::<bool>()), 1..9_000)
        ) {
            let mut writer = PageWriter::default();
            let mut pages: Vec<Page> = activities.iter().filter_map(|(grams, held)| writer.add(*grams, *held)).collect();
            let clean = writer.clean_g();
            pages.extend(writer.finish());
            let read: Result<Vec<_>, _> = pages.iter().flat_map(|page| activities_in(&page.content)).collect();
            prop_assert_eq!(read, Ok(activities.clone()));
            let mut before = 0;
            for (index, (grams, held)) in (0..).zip(&activities) {
                let page = pages.iter().find(|p| p.first_index == index - index % PAGE_ACTIVITIES).unwrap();
                // One page in a hundred, to stay within a second.
                if index % 97 == 0 || index % PAGE_ACTIVITIES < 2 {
                    let found = position_in(&page.content, page.before_g, index - page.first_index);
                    let expected = (!held).then_some(Position { before, grams: *grams });
                    prop_assert_eq!(found, Ok(expected));
                }
                if !held {
                    before += grams;
                }
            }
            prop_assert_eq!(before, clean);
        }
    }

    #[test]
    fn a_page_that_ends_too_early_is_damaged() {
        assert_eq!(position_in(&[], 0, 0), Err(Damaged));
        assert_eq!(position_in(&[0x80], 0, 0), Err(Damaged));
        assert_eq!(position_in(&[4], 0, 1), Err(Damaged));
        let read: Vec<_> = activities_in(&[4, 0x80]).collect();
        assert_eq!(read, [Ok((2, false)), Err(Damaged)]);
    }
}
