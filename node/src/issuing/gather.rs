//! Everything of one series that is not issued yet, read as a stream in the order of import.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::merkle::RootBuilder;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::evidence::{Act, Evidence, Incomplete};
use super::members::{Members, free_sum};
use crate::activity::Activity;
use crate::error::NodeError;
use crate::ledger::AccountId;
use crate::quantification::{Amount, CanonicalRecord};
use crate::store::activities::ActivitySeriesRow;
use crate::store::{StoreError, Tx};
use crate::subjects::Subjects;

/// Activities looked at at a time where they must have tokens.
const ACTS_AT_ONCE: usize = 4_096;

/// What one series has waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingSeries {
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// The region of the act.
    pub region_of_act: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// Activities that no issuance has.
    pub count: u64,
    /// Their grams.
    pub quantity_g: Grams,
}

/// What could be issued now, by series; series with nothing are left out.
///
/// # Errors
/// A database error.
pub fn pending(tx: &mut dyn Tx) -> Result<Vec<PendingSeries>, NodeError> {
    let mut out = Vec::new();
    for series in tx.activity_series()? {
        let (count, grams) = free_sum(tx, series.id)?;
        if count > 0 {
            out.push(PendingSeries {
                methodology: parsed(&series.methodology)?,
                region_of_act: parsed(&series.region_of_act)?,
                vintage: u16::try_from(series.vintage).map_err(|_| corrupt(&series.methodology))?,
                count: u64::try_from(count).unwrap_or(0),
                quantity_g: Grams::new(grams)?,
            });
        }
    }
    Ok(out)
}

/// What an issuance is made of.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    /// What no issuance has.
    pub(super) members: Members,
    /// What of it has incomplete evidence, and is not issued.
    pub(super) incomplete: Incomplete,
    pub(super) count: u64,
    pub(super) quantity_g: Grams,
    pub(super) activity_total: Amount,
    pub(super) period_from: Timestamp,
    pub(super) period_until: Timestamp,
    pub(super) records_root: Sha256,
    /// What each account gets, without accounts that get nothing.
    pub(super) shares: Vec<(AccountId, Grams)>,
}

/// Which activities are gathered.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) methodology: MethodologyRef,
    pub(super) region_of_act: RegionCode,
    pub(super) vintage: u16,
    /// Given where every activity must have tokens.
    pub(super) subjects: Option<Subjects>,
}

/// Reads everything of a series that no issuance has.
pub(super) fn gather(tx: &mut dyn Tx, wanted: &Wanted) -> Result<Gathered, NodeError> {
    let series = series_of(tx, wanted)?;
    let sources = tx.sources()?.into_iter().collect();
    let members = Members::free(tx, series.id)?;
    let incomplete = match &wanted.subjects {
        Some(subjects) => incomplete(tx, &series, &members, subjects)?,
        None => Incomplete::default(),
    };
    let left_out: BTreeSet<i64> = incomplete.left_out.iter().map(|(id, _)| *id).collect();
    let mut sum = Sum::new(&series, &sources);
    members.read(tx, 0, usize::MAX, &mut |id, activity| {
        if left_out.contains(&id) {
            Ok(())
        } else {
            sum.add(activity)
        }
    })?;
    sum.finish(members, incomplete)
}

pub(super) fn series_of(tx: &mut dyn Tx, wanted: &Wanted) -> Result<ActivitySeriesRow, NodeError> {
    let name = wanted.methodology.to_string();
    let series = tx.activity_series()?.into_iter().find(|series| {
        series.methodology == name
            && series.region_of_act == wanted.region_of_act.as_str()
            && i32::from(series.vintage) == i32::from(wanted.vintage)
    });
    series.ok_or_else(|| {
        NodeError::refused(
            "nothing-to-issue",
            format!(
                "no activity of {} in {} of {} has been imported",
                wanted.methodology, wanted.region_of_act, wanted.vintage
            ),
        )
    })
}

/// The activities of which no tokens can be made.
pub(super) fn incomplete(
    tx: &mut dyn Tx,
    series: &ActivitySeriesRow,
    members: &Members,
    subjects: &Subjects,
) -> Result<Incomplete, NodeError> {
    let evidence = Evidence::of(tx, series, subjects)?;
    let mut incomplete = Incomplete::default();
    let mut after = 0;
    loop {
        let mut acts = Vec::with_capacity(ACTS_AT_ONCE);
        let last = members.read(tx, after, ACTS_AT_ONCE, &mut |id, activity| {
            acts.push(Act::of(id, activity));
            Ok(())
        })?;
        let Some(last) = last else { return Ok(incomplete) };
        after = last;
        for (act, inputs) in acts.iter().zip(evidence.inputs(tx, &acts)?) {
            if let Err(why) = inputs {
                incomplete.add(act, why);
            }
        }
    }
}

/// What some activities come to.
pub(super) struct Sum<'a> {
    series: &'a ActivitySeriesRow,
    sources: &'a BTreeMap<i64, String>,
    root: RootBuilder,
    total: Amount,
    grams: Grams,
    period: Option<(i64, i64)>,
    shares: BTreeMap<String, Grams>,
    text: String,
    quantity: String,
}

impl<'a> Sum<'a> {
    pub(super) fn new(series: &'a ActivitySeriesRow, sources: &'a BTreeMap<i64, String>) -> Self {
        Self {
            series,
            sources,
            root: RootBuilder::new(),
            total: Amount::ZERO,
            grams: Grams::ZERO,
            period: None,
            shares: BTreeMap::new(),
            text: String::with_capacity(512),
            quantity: String::new(),
        }
    }

    pub(super) fn add(&mut self, activity: &Activity<'_>) -> Result<(), NodeError> {
        let damaged = || corrupt(activity.record_id);
        let source = self.sources.get(&activity.source_id).ok_or_else(damaged)?;
        self.quantity.clear();
        let _ = write!(self.quantity, "{}", activity.quantity);
        self.text.clear();
        CanonicalRecord {
            account: activity.account,
            asset: activity.asset,
            ended_at: Timestamp::from_micros(activity.ended_at),
            methodology: &self.series.methodology,
            place: activity.place,
            quantity: &self.quantity,
            record_id: activity.record_id,
            reduction_g: activity.reduction_g,
            source,
            started_at: Timestamp::from_micros(activity.started_at),
            unit: &self.series.unit,
        }
        .write(&mut self.text);
        self.root.add(self.text.as_bytes());
        self.total = self.total.plus(activity.quantity).ok_or_else(damaged)?;
        let grams = Grams::new(activity.reduction_g)?;
        self.grams = self.grams.plus(grams)?;
        let (from, until) = self.period.unwrap_or((activity.started_at, activity.ended_at));
        self.period = Some((from.min(activity.started_at), until.max(activity.ended_at)));
        if let Some(share) = self.shares.get_mut(activity.account) {
            *share = share.plus(grams)?;
        } else {
            self.shares.insert(activity.account.to_owned(), grams);
        }
        Ok(())
    }

    pub(super) fn finish(self, members: Members, incomplete: Incomplete) -> Result<Gathered, NodeError> {
        let (from, until) = self.period.unwrap_or_default();
        let shares = self
            .shares
            .into_iter()
            .filter(|(_, grams)| !grams.is_zero())
            .map(|(account, grams)| Ok((parsed(&account)?, grams)))
            .collect::<Result<_, NodeError>>()?;
        Ok(Gathered {
            members,
            incomplete,
            count: self.root.count(),
            quantity_g: self.grams,
            activity_total: self.total,
            period_from: Timestamp::from_micros(from),
            period_until: Timestamp::from_micros(until),
            records_root: self.root.root(),
            shares,
        })
    }
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("activity `{what}`"))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(text))
}
