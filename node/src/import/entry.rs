//! The records of a batch as they will be kept, and what becomes of each.

use std::collections::BTreeMap;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::region::RegionCode;

use super::counted::Records;
use super::record_ids::Earlier;
use crate::activity::{Activity, PAGE_RECORDS, PageReader, PageWriter};
use crate::error::NodeError;
use crate::quantification::{Field, Refusal, Rule};
use crate::store::activities::{ActivityPageRow, ActivitySeriesRow};
use crate::store::{StoreError, Tx};

/// A record that counts, with the short numbers of its platform and series.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) series_id: i64,
    pub(super) activity: Activity<'a>,
    /// The identifier of the person; no part of the activity.
    pub(super) subject: Option<&'a str>,
}

/// The entries of a batch, in its order. Platforms and series that are new get their numbers.
pub(super) fn entries<'a>(tx: &mut dyn Tx, rule: &Rule, counted: &'a Records) -> Result<Vec<Entry<'a>>, NodeError> {
    let mut sources: Numbers<&str> = Numbers::default();
    let mut series: Numbers<(u16, RegionCode)> = Numbers::default();
    let mut entries = Vec::with_capacity(counted.len());
    for one in counted.iter() {
        let source_id = sources.of(counted.source(one), |name| Ok(tx.source_id(name)?))?;
        let series_id = series.of((one.vintage, one.region_of_act), |(vintage, region)| {
            Ok(tx.series_id(&series_row(rule, *vintage, *region))?)
        })?;
        entries.push(Entry {
            series_id,
            activity: counted.activity(one, source_id),
            subject: counted.subject(one),
        });
    }
    Ok(entries)
}

fn series_row(rule: &Rule, vintage: u16, region_of_act: RegionCode) -> ActivitySeriesRow {
    ActivitySeriesRow {
        id: 0,
        methodology: rule.methodology().to_string(),
        unit: rule.unit().to_string(),
        region_of_act: region_of_act.to_string(),
        vintage: i16::try_from(vintage).unwrap_or(0),
    }
}

/// Short numbers that were asked for before; neighbours are mostly alike.
#[derive(Debug)]
struct Numbers<K> {
    last: Option<(K, i64)>,
    all: BTreeMap<K, i64>,
}

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Self {
            last: None,
            all: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Copy> Numbers<K> {
    fn of(&mut self, key: K, ask: impl FnOnce(&K) -> Result<i64, NodeError>) -> Result<i64, NodeError> {
        if let Some((last, number)) = &self.last
            && *last == key
        {
            return Ok(*number);
        }
        let number = match self.all.get(&key) {
            Some(number) => *number,
            None => ask(&key)?,
        };
        self.all.insert(key, number);
        self.last = Some((key, number));
        Ok(number)
    }
}

/// What becomes of a record that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Added,
    AlreadyThere,
    Reused(Refusal),
}

/// What becomes of each entry, by the earlier record that has its id.
pub(super) fn fates(tx: &mut dyn Tx, entries: &[Entry<'_>], earlier: &[Earlier]) -> Result<Vec<Fate>, NodeError> {
    let mut kept: Vec<(i64, usize)> = Vec::new();
    let mut fates = Vec::with_capacity(entries.len());
    for (place, (entry, earlier)) in entries.iter().zip(earlier).enumerate() {
        fates.push(match *earlier {
            Earlier::Nowhere => Fate::Added,
            Earlier::Here(first) => entries.get(first).map_or(Fate::Added, |first| fate(entry, first)),
            Earlier::Kept(id) => {
                kept.push((id, place));
                Fate::AlreadyThere
            }
        });
    }
    compare_kept(tx, entries, kept, &mut fates)?;
    Ok(fates)
}

/// Compares entries with the activities that have their record ids, page by page.
fn compare_kept(
    tx: &mut dyn Tx,
    entries: &[Entry<'_>],
    mut kept: Vec<(i64, usize)>,
    fates: &mut [Fate],
) -> Result<(), NodeError> {
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    while let Some((wanted, _)) = kept.peek().copied() {
        let missing = || StoreError::Corrupt(format!("a record id of activity {wanted}, which is not there"));
        let page = tx.activity_page_with(wanted)?.ok_or_else(missing)?;
        let mut reader = PageReader::new(&page)?;
        while let Some((id, activity)) = reader.next()? {
            let found = Entry {
                series_id: page.series_id,
                activity,
                subject: None,
            };
            while let Some((_, place)) = kept.next_if(|(wanted, _)| *wanted == id) {
                if let (Some(entry), Some(of)) = (entries.get(place), fates.get_mut(place)) {
                    *of = fate(entry, &found);
                }
            }
        }
    }
    Ok(())
}

fn fate(entry: &Entry<'_>, found: &Entry<'_>) -> Fate {
    let (new, old) = (&entry.activity, &found.activity);
    let differs = [
        (Field::Account, old.account != new.account),
        (Field::Quantity, old.quantity != new.quantity),
        (Field::StartedAt, old.started_at != new.started_at),
        (Field::EndedAt, old.ended_at != new.ended_at),
        (Field::Place, old.place != new.place),
        (Field::Asset, old.asset != new.asset),
        (Field::ReductionG, old.reduction_g != new.reduction_g),
        (Field::Methodology, found.series_id != entry.series_id),
    ];
    let names: Vec<&str> = differs
        .iter()
        .filter(|(_, is)| *is)
        .map(|(field, _)| field.name())
        .collect();
    if names.is_empty() {
        return Fate::AlreadyThere;
    }
    Fate::Reused(Refusal::new(
        CheckCode::M08,
        Field::RecordId,
        format!(
            "`{}` was imported before with another {}: a record is never changed; give a corrected one an id of its own",
            new.record_id,
            names.join(", ")
        ),
    ))
}

/// The activities that are added, as pages of each series with ids from `first_id` on; and the id of each entry that
/// became one.
pub(super) fn pages(
    first_id: i64,
    entries: &[Entry<'_>],
    fates: &[Fate],
) -> Result<(Vec<ActivityPageRow>, Vec<Option<i64>>), NodeError> {
    let mut by_series: BTreeMap<i64, Vec<(usize, &Activity<'_>)>> = BTreeMap::new();
    for (place, (entry, fate)) in entries.iter().zip(fates).enumerate() {
        if *fate == Fate::Added {
            by_series
                .entry(entry.series_id)
                .or_default()
                .push((place, &entry.activity));
        }
    }
    let too_much = || NodeError::refused("quantity", "the activities of one page are too large to be counted");
    let mut ids = vec![None; entries.len()];
    let mut rows = Vec::with_capacity(entries.len() / PAGE_RECORDS + by_series.len());
    let mut next_id = first_id;
    for (series_id, added) in by_series {
        for some in added.chunks(PAGE_RECORDS) {
            let mut page = PageWriter::new(series_id, next_id, some.len());
            for (place, activity) in some {
                let id = page.add(activity).ok_or_else(too_much)?;
                next_id = id + 1;
                if let Some(of) = ids.get_mut(*place) {
                    *of = Some(id);
                }
            }
            rows.push(page.finish());
        }
    }
    Ok((rows, ids))
}
