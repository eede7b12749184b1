//! Which record ids of a batch are taken, and taking the others.

use std::collections::BTreeMap;

use super::entry::Entry;
use crate::activity::{self, Covered, RecordKey, Taken};
use crate::error::NodeError;
use crate::store::activities::RecordPageRow;
use crate::store::{StoreError, Tx};

/// Where an earlier record with the same platform and id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// There is none.
    Nowhere,
    /// In the batch, at this place.
    Here(usize),
    /// In the database, with this activity id.
    Kept(i64),
}

/// Record pages that are in memory at the same time: some megabytes.
const PAGES_AT_ONCE: usize = 1_000;

/// The record ids of a batch, and which record pages have or would have them.
pub(super) struct RecordIds<'e> {
    sources: Vec<OfSource<'e>>,
}

/// Those of one platform: ascending keys, and for each the place of the first record that has it.
struct OfSource<'e> {
    source_id: i64,
    keys: Vec<RecordKey<'e>>,
    places: Vec<usize>,
    covered: Vec<Covered>,
}

impl<'e> RecordIds<'e> {
    /// Looks every entry's record id up. What is earlier of each, in the order of the entries.
    pub(super) fn look_up(tx: &mut dyn Tx, entries: &'e [Entry<'e>]) -> Result<(Self, Vec<Earlier>), NodeError> {
        let mut earlier = vec![Earlier::Nowhere; entries.len()];
        let mut sources = Vec::new();
        for (source_id, keyed) in by_source(entries) {
            let source = OfSource::new(tx, source_id, first_of_each(keyed, &mut earlier))?;
            source.look_up(tx, &mut earlier)?;
            sources.push(source);
        }
        // A record that repeats one of the batch repeats what that one repeats.
        for place in 0..earlier.len() {
            if let Some(Earlier::Here(first)) = earlier.get(place).copied()
                && let Some(kept @ Earlier::Kept(_)) = earlier.get(first).copied()
                && let Some(earlier) = earlier.get_mut(place)
            {
                *earlier = kept;
            }
        }
        Ok((Self { sources }, earlier))
    }

    /// Takes the record ids of the entries that became activities.
    pub(super) fn take(&self, tx: &mut dyn Tx, ids: &[Option<i64>]) -> Result<(), NodeError> {
        self.sources.iter().try_for_each(|source| source.take(tx, ids))
    }
}

impl<'e> OfSource<'e> {
    fn new(
        tx: &mut dyn Tx,
        source_id: i64,
        (keys, places): (Vec<RecordKey<'e>>, Vec<usize>),
    ) -> Result<Self, NodeError> {
        let covered = match (keys.first(), keys.last()) {
            (Some(first), Some(last)) => {
                let starts = tx.record_page_starts(source_id, first.as_bytes(), last.as_bytes())?;
                Covered::divide(starts, &keys)
            }
            _ => Vec::new(),
        };
        Ok(Self {
            source_id,
            keys,
            places,
            covered,
        })
    }

    fn look_up(&self, tx: &mut dyn Tx, earlier: &mut [Earlier]) -> Result<(), NodeError> {
        for some in self.covered.chunks(PAGES_AT_ONCE) {
            for (covered, content) in some.iter().zip(self.load(tx, some)?) {
                let (keys, places) = self.covered_by(covered);
                for (found, place) in activity::find(&content, keys)?.into_iter().zip(places) {
                    if let (Some(id), Some(earlier)) = (found, earlier.get_mut(*place)) {
                        *earlier = Earlier::Kept(id);
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&self, tx: &mut dyn Tx, ids: &[Option<i64>]) -> Result<(), NodeError> {
        for some in self.covered.chunks(PAGES_AT_ONCE) {
            let mut rows = Vec::with_capacity(some.len());
            for (covered, content) in some.iter().zip(self.load(tx, some)?) {
                let (keys, places) = self.covered_by(covered);
                let id_at = |place: &usize| ids.get(*place).copied().flatten();
                let added: Vec<Taken<'_>> = keys
                    .iter()
                    .zip(places)
                    .filter_map(|(key, place)| {
                        Some(Taken {
                            key: *key,
                            id: id_at(place)?,
                        })
                    })
                    .collect();
                if added.is_empty() {
                    continue;
                }
                let pages = activity::insert(covered.first_key.as_deref(), &content, &added)?;
                rows.extend(pages.into_iter().map(|(first_key, content)| RecordPageRow {
                    source_id: self.source_id,
                    first_key,
                    content,
                }));
            }
            tx.put_record_pages(&rows)?;
        }
        Ok(())
    }

    fn covered_by(&self, covered: &Covered) -> (&[RecordKey<'e>], &[usize]) {
        (
            self.keys.get(covered.keys.clone()).unwrap_or_default(),
            self.places.get(covered.keys.clone()).unwrap_or_default(),
        )
    }

    /// The contents of these pages, in their order; no bytes for one that is not there yet.
    fn load(&self, tx: &mut dyn Tx, some: &[Covered]) -> Result<Vec<Vec<u8>>, NodeError> {
        let starts: Vec<&[u8]> = some.iter().filter_map(|page| page.first_key.as_deref()).collect();
        let between = match (some.first(), some.last()) {
            (Some(first), Some(last)) => last.page - first.page + 1,
            _ => 0,
        };
        let rows = match (starts.first(), starts.last()) {
            // Where most of the pages between are wanted, reading all of them is cheaper than naming each.
            (Some(first), Some(last)) if between <= 2 * starts.len() => {
                tx.record_pages_between(self.source_id, first, last)?
            }
            _ => tx.record_pages(self.source_id, &starts)?,
        };
        let mut rows = rows.into_iter();
        let missing = || StoreError::Corrupt(format!("a missing page of record ids of platform {}", self.source_id));
        some.iter()
            .map(|page| match &page.first_key {
                None => Ok(Vec::new()),
                Some(first_key) => {
                    let row = rows.find(|row| row.first_key == *first_key);
                    Ok(row.ok_or_else(missing)?.content)
                }
            })
            .collect()
    }
}

/// The keys and places of the entries of each platform, in the order of the file.
fn by_source<'e>(entries: &'e [Entry<'e>]) -> BTreeMap<i64, Vec<(RecordKey<'e>, usize)>> {
    let mut sources: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        sources
            .entry(entry.activity.source_id)
            .or_insert_with(|| Vec::with_capacity(entries.len()))
            .push((RecordKey::of(entry.activity.record_id), place));
    }
    sources
}

/// The keys, ascending, each with the first place that has it; the other places are noted as repeating that one.
fn first_of_each<'e>(
    mut keyed: Vec<(RecordKey<'e>, usize)>,
    earlier: &mut [Earlier],
) -> (Vec<RecordKey<'e>>, Vec<usize>) {
    keyed.sort();
    let mut keys: Vec<RecordKey<'e>> = Vec::with_capacity(keyed.len());
    let mut places: Vec<usize> = Vec::with_capacity(keyed.len());
    for (key, place) in keyed {
        match (keys.last(), places.last()) {
            (Some(last), Some(first)) if *last == key => {
                if let Some(earlier) = earlier.get_mut(place) {
                    *earlier = Earlier::Here(*first);
                }
            }
            _ => {
                keys.push(key);
                places.push(place);
            }
        }
    }
    (keys, places)
}
