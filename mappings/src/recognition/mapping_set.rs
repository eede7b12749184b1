//! All mapping versions and rejections that the hub knows, indexed for lookup.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;

use super::entry::{MappingEntry, Rejection};
use super::refusal::Inactive;

/// All mapping versions and rejections that the hub knows. Immutable; cloning it copies one pointer, so that a request keeps
/// the set that it began with while a newer one is put in its place.
#[derive(Debug, Clone, Default)]
pub struct MappingSet(Arc<Index>);

#[derive(Debug, Default)]
struct Index {
    entries: Vec<MappingEntry>,
    by_ref: HashMap<MappingRef, usize>,
    by_id: HashMap<String, Vec<usize>>,
    by_origin: ByOrigin,
    rejections: Vec<Rejection>,
    rejected: ByOrigin,
}

/// Positions by origin methodology and place.
type ByOrigin = HashMap<MethodologyRef, BTreeMap<RegionCode, Vec<usize>>>;

impl Index {
    fn put(&mut self, entry: MappingEntry) {
        let known = self.by_ref.get(&entry.record.mapping).copied();
        if let Some(slot) = known.and_then(|position| self.entries.get_mut(position)) {
            *slot = entry;
        } else {
            self.by_ref.insert(entry.record.mapping.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }
}

impl FromIterator<MappingEntry> for MappingSet {
    /// Of two entries with the same mapping version the later counts.
    fn from_iter<I: IntoIterator<Item = MappingEntry>>(entries: I) -> Self {
        Self::new(entries, [])
    }
}

impl MappingSet {
    /// All of `entries` and `rejections`; of two with the same mapping version the later counts.
    pub fn new(
        entries: impl IntoIterator<Item = MappingEntry>,
        rejections: impl IntoIterator<Item = Rejection>,
    ) -> Self {
        let mut index = Index::default();
        for entry in entries {
            index.put(entry);
        }
        for (position, entry) in index.entries.iter().enumerate() {
            let record = &entry.record;
            let id = record.mapping.id();
            if let Some(versions) = index.by_id.get_mut(id) {
                versions.push(position);
            } else {
                index.by_id.insert(id.to_owned(), vec![position]);
            }
            let places = index.by_origin.entry(record.origin.clone()).or_default();
            places.entry(record.to).or_default().push(position);
        }
        let latest: BTreeMap<MappingRef, Rejection> =
            rejections.into_iter().map(|one| (one.mapping.clone(), one)).collect();
        index.rejections = latest.into_values().collect();
        for (position, rejection) in index.rejections.iter().enumerate() {
            let places = index.rejected.entry(rejection.origin.clone()).or_default();
            places.entry(rejection.to).or_default().push(position);
        }
        Self(Arc::new(index))
    }

    /// Every entry, in the order in which they were given.
    #[must_use]
    pub fn entries(&self) -> &[MappingEntry] {
        &self.0.entries
    }

    /// One version.
    #[must_use]
    pub fn get(&self, mapping: &MappingRef) -> Option<&MappingEntry> {
        self.0.entries.get(*self.0.by_ref.get(mapping)?)
    }

    /// A set with `entry` added, or put in the place of the same version. Copies the index: for a decision about a mapping,
    /// not for every request.
    #[must_use]
    pub fn with(&self, entry: MappingEntry) -> Self {
        let entries = self.0.entries.iter().cloned().chain([entry]);
        Self::new(entries, self.0.rejections.iter().cloned())
    }

    /// A set with `rejection` added, or put in the place of that of the same version. Copies the index.
    #[must_use]
    pub fn with_rejection(&self, rejection: Rejection) -> Self {
        let rejections = self.0.rejections.iter().cloned().chain([rejection]);
        Self::new(self.0.entries.iter().cloned(), rejections)
    }

    /// Every rejection, in the order of their mapping versions.
    #[must_use]
    pub fn rejections(&self) -> &[Rejection] {
        &self.0.rejections
    }

    /// The version of the same mapping that was in force at some time of the calendar year `vintage` (UTC+8) and has a smaller
    /// factor than `record`; of several the smallest, of equal ones the highest version. Acts of one version that are
    /// recognised by another count by the smaller factor of the two (3-recognition, Mappings).
    #[must_use]
    pub fn smaller_in(&self, record: &MappingRecord, vintage: u16) -> Option<&Arc<MappingRecord>> {
        self.of_mapping(&record.mapping)
            .filter(|entry| entry.record.factor < record.factor && entry.in_force_in(vintage))
            .min_by_key(|entry| {
                let version = &entry.record;
                (version.factor, std::cmp::Reverse(version.mapping.version()))
            })
            .map(|entry| &entry.record)
    }

    pub(super) fn versions(&self, origin: &MethodologyRef, place: RegionCode) -> impl Iterator<Item = &MappingEntry> {
        let positions = self.0.by_origin.get(origin).and_then(|by_place| by_place.get(&place));
        positions.into_iter().flatten().filter_map(|p| self.0.entries.get(*p))
    }

    /// True if a later version of the same mapping was approved.
    pub(super) fn is_followed(&self, entry: &MappingEntry) -> bool {
        let mapping = &entry.record.mapping;
        self.of_mapping(mapping)
            .any(|other| other.record.mapping.version() > mapping.version() && !other.status_is(Inactive::NotApproved))
    }

    pub(super) fn rejections_of(&self, origin: &MethodologyRef, place: RegionCode) -> impl Iterator<Item = &Rejection> {
        let positions = self.0.rejected.get(origin).and_then(|by_place| by_place.get(&place));
        positions
            .into_iter()
            .flatten()
            .filter_map(|p| self.0.rejections.get(*p))
    }

    fn of_mapping(&self, mapping: &MappingRef) -> impl Iterator<Item = &MappingEntry> {
        let positions = self.0.by_id.get(mapping.id());
        positions.into_iter().flatten().filter_map(|p| self.0.entries.get(*p))
    }
}
