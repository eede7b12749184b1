//! Which mapping version recognises, and if none, why not.

use std::sync::Arc;

use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::entry::{MappingEntry, Rejection};
use super::mapping_set::MappingSet;
use super::refusal::{Inactive, Reason};

/// What is known about reductions of a methodology in a place for a use at a time.
enum Ruling<'a> {
    Recognises(&'a Arc<MappingRecord>),
    Rejected(&'a Rejection),
    Stopped(&'a MappingEntry, Inactive),
    /// What rules there is for other uses, and keeps out what was composed.
    OtherUses,
    Nothing,
}

/// How a mapping came about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Direct,
    Composed,
}

impl Route {
    fn has(self, entry: &MappingEntry) -> bool {
        entry.is_composed() == (self == Self::Composed)
    }
}

/// Acts that are to be recognised: when, by the vintage of their series, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// The year.
    pub vintage: u16,
    /// The place.
    pub region: RegionCode,
}

impl Act {
    /// True if a record recognises such acts.
    #[must_use]
    pub fn is_recognised_by(&self, record: &MappingRecord) -> bool {
        let year = |(first, last): (u16, u16)| (first..=last).contains(&self.vintage);
        let place = |region: RegionCode| region == RegionCode::CHINA || region.contains(&self.region);
        record.vintages.is_none_or(year) && record.source_region.is_none_or(place)
    }
}

impl MappingSet {
    /// [`MappingSet::lookup`] for acts of a year and place: a mapping that does not recognise such acts is as if it were not there.
    ///
    /// # Errors
    /// [`Reason::OtherActs`] (R06) if what recognises here recognises other acts only; else those of [`MappingSet::lookup`].
    pub fn lookup_act(
        &self,
        origin: &MethodologyRef,
        act: &Act,
        to: RegionCode,
        wanted: Use,
        at: Timestamp,
    ) -> Result<&Arc<MappingRecord>, Reason> {
        // Nearly always the mapping that recognises recognises these acts.
        let any = self.lookup(origin, to, wanted, at)?;
        if act.is_recognised_by(any) {
            return Ok(any);
        }
        let others = || places(to).flat_map(|place| self.versions(origin, place));
        let fits = |entry: &&MappingEntry| {
            let record = &entry.record;
            let direct_first = any.through.is_some() || record.through.is_none();
            direct_first
                && record.uses.contains(wanted)
                && entry.inactive_at(at).is_none()
                && act.is_recognised_by(record)
        };
        let is_latest = |one: &&MappingEntry| !others().filter(fits).any(|other| is_later(other, one));
        let best = others()
            .filter(fits)
            .filter(is_latest)
            .min_by_key(|entry| (entry.record.factor, &entry.record.mapping));
        best.map(|entry| &entry.record).ok_or_else(|| {
            let (first, last) = any.vintages.unwrap_or((act.vintage, act.vintage));
            Reason::OtherActs {
                mapping: any.mapping.clone(),
                to,
                years: if first == last {
                    first.to_string()
                } else {
                    format!("{first} to {last}")
                },
                region: any.source_region.unwrap_or(act.region),
                vintage: act.vintage,
                region_of_act: act.region,
            }
        })
    }

    /// The mapping version that recognises reductions of `origin` in `to` for `wanted` at `at`.
    ///
    /// The region itself is asked first, then the province that contains it. Among versions of one mapping that are active and
    /// valid, and permit the use, the highest counts; among several mappings the one with the smallest factor, since a number
    /// of versions is no merit.
    /// Where the region has none of its own and its mapping for this use is suspended within its validity, was revoked, or was
    /// rejected, the province's does not step in.
    ///
    /// A mapping that was composed through a reference methodology is asked only where nothing direct rules, in the region or
    /// its province and for whatever use: no active, suspended, revoked or coming mapping, and no rejection. One that was
    /// superseded or has expired, with nothing direct after it, no longer rules.
    ///
    /// # Errors
    /// [`Reason::Rejected`] (R03) if the pair was rejected for this use, [`Reason::NotActive`] (R02) if there is a mapping for
    /// this use but it does not recognise now, [`Reason::UseNotPermitted`] (R04) if an active one is there for other uses only,
    /// else [`Reason::NoMapping`] (R01).
    pub fn lookup(
        &self,
        origin: &MethodologyRef,
        to: RegionCode,
        wanted: Use,
        at: Timestamp,
    ) -> Result<&Arc<MappingRecord>, Reason> {
        let ruling = self.ruling(origin, to, wanted, at);
        let stopped = match ruling {
            Ruling::Recognises(record) => return Ok(record),
            Ruling::Rejected(rejection) => {
                return Err(Reason::Rejected {
                    mapping: rejection.mapping.clone(),
                    ground: rejection.ground,
                    origin: origin.clone(),
                    to,
                    r#use: wanted,
                });
            }
            Ruling::Stopped(entry, why) => Some((entry, why)),
            Ruling::OtherUses | Ruling::Nothing => None,
        };
        let is_for_other_uses = matches!(ruling, Ruling::OtherUses);
        let not_active = |entry: &MappingEntry, why| Reason::NotActive {
            mapping: entry.record.mapping.clone(),
            to,
            why,
        };
        if let Some((entry, why)) = stopped.filter(|(_, why)| *why != Inactive::NotApproved) {
            return Err(not_active(entry, why));
        }
        let permitted = self.uses_at(origin, to, at);
        Err(match stopped {
            _ if is_for_other_uses || !permitted.is_empty() => Reason::UseNotPermitted {
                to,
                r#use: wanted,
                permitted,
            },
            Some((entry, why)) => not_active(entry, why),
            None => Reason::NoMapping {
                origin: origin.clone(),
                to,
                r#use: wanted,
            },
        })
    }

    /// All uses for which reductions of `origin` are recognised in `to` at `at`, by whichever mapping.
    #[must_use]
    pub fn uses_at(&self, origin: &MethodologyRef, to: RegionCode, at: Timestamp) -> Uses {
        if !self.is_anything_known(origin, to) {
            return Uses::NONE;
        }
        let recognised = |wanted: &Use| matches!(self.ruling(origin, to, *wanted, at), Ruling::Recognises(_));
        Use::ALL.iter().copied().filter(recognised).collect()
    }

    fn ruling(&self, origin: &MethodologyRef, to: RegionCode, wanted: Use, at: Timestamp) -> Ruling<'_> {
        if !self.is_anything_known(origin, to) {
            return Ruling::Nothing;
        }
        let direct = self.ruling_by(Route::Direct, origin, to, wanted, at);
        if matches!(direct, Ruling::Recognises(_) | Ruling::Rejected(_)) {
            return direct;
        }
        let composed = self.ruling_by(Route::Composed, origin, to, wanted, at);
        let is_ruled = self.is_ruled_directly(origin, to, at);
        match (direct, composed) {
            (direct, Ruling::Nothing | Ruling::Stopped(_, Inactive::NotApproved)) => direct,
            (Ruling::Nothing, _) if is_ruled => Ruling::OtherUses,
            (direct, _) if is_ruled => direct,
            (_, composed) => composed,
        }
    }

    /// False where there is neither a mapping nor a rejection: most pairs of a whole matrix.
    fn is_anything_known(&self, origin: &MethodologyRef, to: RegionCode) -> bool {
        places(to).any(|place| {
            let mut versions = self.versions(origin, place);
            versions.next().is_some() || self.rejections_of(origin, place).next().is_some()
        })
    }

    /// True if a direct mapping or a rejection rules in `to` or its province, for whatever use.
    fn is_ruled_directly(&self, origin: &MethodologyRef, to: RegionCode, at: Timestamp) -> bool {
        let rules = |entry: &MappingEntry| match entry.inactive_at(at) {
            None | Some(Inactive::NotYetValid { .. }) => true,
            Some(why) => self.stops(entry, why),
        };
        places(to).any(|place| {
            let mut direct = self.versions(origin, place).filter(|entry| Route::Direct.has(entry));
            direct.any(rules) || self.rejections_of(origin, place).next().is_some()
        })
    }

    fn ruling_by(
        &self,
        route: Route,
        origin: &MethodologyRef,
        to: RegionCode,
        wanted: Use,
        at: Timestamp,
    ) -> Ruling<'_> {
        let mut stopped = Ruling::Nothing;
        for place in places(to) {
            match self.ruling_at(route, origin, place, wanted, at) {
                Ruling::Stopped(entry, why) if !self.stops(entry, why) => {
                    if matches!(stopped, Ruling::Nothing | Ruling::Stopped(_, Inactive::NotApproved)) {
                        stopped = Ruling::Stopped(entry, why);
                    }
                }
                Ruling::Nothing => {}
                decided => return decided,
            }
        }
        stopped
    }

    fn ruling_at(
        &self,
        route: Route,
        origin: &MethodologyRef,
        place: RegionCode,
        wanted: Use,
        at: Timestamp,
    ) -> Ruling<'_> {
        let for_use = || {
            let versions = self.versions(origin, place);
            versions.filter(|entry| route.has(entry) && entry.record.uses.contains(wanted))
        };
        let active = || for_use().filter(|entry| entry.inactive_at(at).is_none());
        let is_latest = |one: &&MappingEntry| !active().any(|other| is_later(other, one));
        let best = active()
            .filter(is_latest)
            .min_by_key(|entry| (entry.record.factor, &entry.record.mapping));
        if let Some(entry) = best {
            return Ruling::Recognises(&entry.record);
        }
        let mut rejections = self.rejections_of(origin, place).filter(|one| one.covers(wanted));
        if let Some(rejection) = rejections.next().filter(|_| route == Route::Direct) {
            return Ruling::Rejected(rejection);
        }
        // What stops is the most telling reason, then what was ever approved, then the highest version.
        for_use()
            .filter_map(|entry| Some((entry, entry.inactive_at(at)?)))
            .max_by(|(a, why_a), (b, why_b)| {
                let rank = |entry: &MappingEntry, why| {
                    let mapping = entry.record.mapping.clone();
                    (
                        self.stops(entry, why),
                        why != Inactive::NotApproved,
                        mapping.version(),
                        mapping,
                    )
                };
                rank(a, *why_a).cmp(&rank(b, *why_b))
            })
            .map_or(Ruling::Nothing, |(entry, why)| Ruling::Stopped(entry, why))
    }

    /// True if nothing may step in for a version that does not recognise: it was taken back, for now or for good, and did not
    /// end by itself.
    fn stops(&self, entry: &MappingEntry, why: Inactive) -> bool {
        match why {
            Inactive::Suspended => true,
            Inactive::Revoked => !self.is_followed(entry),
            Inactive::Superseded | Inactive::Expired { .. } | Inactive::NotYetValid { .. } | Inactive::NotApproved => {
                false
            }
        }
    }
}

/// The region itself, then the province that it lies in.
fn places(to: RegionCode) -> impl Iterator<Item = RegionCode> {
    let province = to.province();
    std::iter::once(to).chain((province != to).then_some(province))
}

/// True if `one` is a later version of the same mapping as `other`.
fn is_later(one: &MappingEntry, other: &MappingEntry) -> bool {
    let (one, other) = (&one.record.mapping, &other.record.mapping);
    one.id() == other.id() && one.version() > other.version()
}
