//! The mappings in force, indexed for lookup.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::entry::MappingEntry;
use super::refusal::{Inactive, Reason};

/// All mapping versions that the hub knows. Immutable; cloning it copies one pointer, so that a request keeps the set that
/// it began with while a newer one is put in its place.
#[derive(Debug, Clone, Default)]
pub struct MappingSet(Arc<Index>);

#[derive(Debug, Default)]
struct Index {
    entries: Vec<MappingEntry>,
    by_ref: HashMap<MappingRef, usize>,
    by_id: HashMap<String, Vec<usize>>,
    by_origin: HashMap<MethodologyRef, BTreeMap<RegionCode, Vec<usize>>>,
}

impl FromIterator<MappingEntry> for MappingSet {
    /// Of two entries with the same mapping version the later counts.
    fn from_iter<I: IntoIterator<Item = MappingEntry>>(entries: I) -> Self {
        let mut index = Index::default();
        for entry in entries {
            let known = index.by_ref.get(&entry.record.mapping).copied();
            if let Some(slot) = known.and_then(|position| index.entries.get_mut(position)) {
                *slot = entry;
            } else {
                index.by_ref.insert(entry.record.mapping.clone(), index.entries.len());
                index.entries.push(entry);
            }
        }
        for (position, entry) in index.entries.iter().enumerate() {
            let id = entry.record.mapping.id();
            if let Some(versions) = index.by_id.get_mut(id) {
                versions.push(position);
            } else {
                index.by_id.insert(id.to_owned(), vec![position]);
            }
            let places = index.by_origin.entry(entry.record.origin.clone()).or_default();
            places.entry(entry.record.to).or_default().push(position);
        }
        Self(Arc::new(index))
    }
}

impl MappingSet {
    /// Every entry, in the order in which they were given.
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
        self.0.entries.iter().cloned().chain([entry]).collect()
    }

    /// The mapping version that recognises reductions of `origin` in `to` for `wanted` at `at`.
    ///
    /// The region itself is asked first, then the province that contains it. Among versions that are active and valid, and
    /// permit the use, the highest version counts; among equal versions of differently named mappings the smallest factor. A
    /// suspension stops: where the region's own mapping for this use is suspended and would otherwise be valid, the
    /// province's does not step in.
    ///
    /// # Errors
    /// [`Reason::NotActive`] (R02) if there is one for this use but it does not recognise now, [`Reason::UseNotPermitted`]
    /// (R04) if an active one is there for other uses only, else [`Reason::NoMapping`] (R01).
    pub fn lookup(
        &self,
        origin: &MethodologyRef,
        to: RegionCode,
        wanted: Use,
        at: Timestamp,
    ) -> Result<&Arc<MappingRecord>, Reason> {
        let mut stopped: Option<(&MappingEntry, Inactive)> = None;
        for place in places(to) {
            match self.at_place(origin, place, wanted, at) {
                AtPlace::Recognises(record) => return Ok(record),
                AtPlace::Stopped(entry, why) => {
                    stopped = stopped.or(Some((entry, why)));
                    if why == Inactive::Suspended {
                        break;
                    }
                }
                AtPlace::Nothing => {}
            }
        }
        if let Some((entry, why)) = stopped {
            return Err(Reason::NotActive {
                mapping: entry.record.mapping.clone(),
                to,
                why,
            });
        }
        let permitted = self.uses_at(origin, to, at);
        Err(if permitted.is_empty() {
            Reason::NoMapping {
                origin: origin.clone(),
                to,
                r#use: wanted,
            }
        } else {
            Reason::UseNotPermitted {
                to,
                r#use: wanted,
                permitted,
            }
        })
    }

    /// The version of the same mapping that was in force at some time of the calendar year `vintage` (UTC+8) and has a smaller
    /// factor than `record`; of several the smallest, of equal ones the highest version. Acts of one version that are
    /// recognised by another count by the smaller factor of the two (3-recognition, Mappings).
    #[must_use]
    pub fn smaller_in(&self, record: &MappingRecord, vintage: u16) -> Option<&Arc<MappingRecord>> {
        let versions = self.0.by_id.get(record.mapping.id())?;
        versions
            .iter()
            .filter_map(|position| self.0.entries.get(*position))
            .filter(|entry| entry.record.factor < record.factor && entry.in_force_in(vintage))
            .min_by_key(|entry| {
                let version = &entry.record;
                (version.factor, std::cmp::Reverse(version.mapping.version()))
            })
            .map(|entry| &entry.record)
    }

    /// All uses for which reductions of `origin` are recognised in `to` at `at`, by whichever mapping.
    #[must_use]
    pub fn uses_at(&self, origin: &MethodologyRef, to: RegionCode, at: Timestamp) -> Uses {
        places(to)
            .flat_map(|place| self.versions(origin, place))
            .filter(|entry| entry.inactive_at(at).is_none())
            .flat_map(|entry| entry.record.uses.iter())
            .collect()
    }

    fn versions(&self, origin: &MethodologyRef, place: RegionCode) -> impl Iterator<Item = &MappingEntry> {
        let positions = self.0.by_origin.get(origin).and_then(|by_place| by_place.get(&place));
        positions.into_iter().flatten().filter_map(|p| self.0.entries.get(*p))
    }

    fn at_place(&self, origin: &MethodologyRef, place: RegionCode, wanted: Use, at: Timestamp) -> AtPlace<'_> {
        let for_use = || self.versions(origin, place).filter(|e| e.record.uses.contains(wanted));
        let best = for_use()
            .filter(|entry| entry.inactive_at(at).is_none())
            .max_by(|a, b| precedence(a).cmp(&precedence(b)));
        if let Some(entry) = best {
            return AtPlace::Recognises(&entry.record);
        }
        // A suspension is the most telling reason, then the highest version's.
        for_use()
            .filter_map(|entry| Some((entry, entry.inactive_at(at)?)))
            .max_by(|(a, why_a), (b, why_b)| {
                let rank = |entry, why: &Inactive| (*why == Inactive::Suspended, precedence(entry));
                rank(a, why_a).cmp(&rank(b, why_b))
            })
            .map_or(AtPlace::Nothing, |(entry, why)| AtPlace::Stopped(entry, why))
    }
}

enum AtPlace<'a> {
    Recognises(&'a Arc<MappingRecord>),
    Stopped(&'a MappingEntry, Inactive),
    Nothing,
}

/// The region itself, then the province that it lies in.
fn places(to: RegionCode) -> impl Iterator<Item = RegionCode> {
    let province = to.province();
    std::iter::once(to).chain((province != to).then_some(province))
}

/// The order among versions: the higher version, then the smaller factor, then the name, so that it is total.
fn precedence(entry: &MappingEntry) -> (u32, std::cmp::Reverse<i64>, &MappingRef) {
    let record = &entry.record;
    (
        record.mapping.version(),
        std::cmp::Reverse(record.factor.millionths()),
        &record.mapping,
    )
}
