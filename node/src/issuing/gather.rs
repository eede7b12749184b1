//! Everything of one series that is not issued yet, read as a stream in the order of import.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::merkle::RootBuilder;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use crate::activity::{Activity, PageReader};
use crate::error::NodeError;
use crate::ledger::AccountId;
use crate::quantification::{Amount, CanonicalRecord};
use crate::store::activities::{ActivityIssuanceRow, ActivityPageRow, ActivitySeriesRow};
use crate::store::{StoreError, Tx};

/// Pages of activities read at a time.
const PAGES_A_QUERY: i64 = 8;

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
        let (mut count, mut grams) = (0, 0);
        for (first, last) in free_runs(tx, series.id)? {
            let (some, mass) = tx.activity_sum(series.id, first, last)?;
            count += some;
            grams += mass;
        }
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
    pub(super) series_id: i64,
    /// First and last activity ids.
    pub(super) runs: Vec<(i64, i64)>,
    pub(super) count: u64,
    pub(super) quantity_g: Grams,
    pub(super) activity_total: Amount,
    pub(super) period_from: Timestamp,
    pub(super) period_until: Timestamp,
    pub(super) records_root: Sha256,
    /// What each account gets, without accounts that get nothing.
    pub(super) shares: Vec<(AccountId, Grams)>,
}

/// Reads everything of a series that no issuance has.
pub(super) fn gather(
    tx: &mut dyn Tx,
    methodology: &MethodologyRef,
    region_of_act: RegionCode,
    vintage: u16,
) -> Result<Gathered, NodeError> {
    let name = methodology.to_string();
    let series = tx.activity_series()?.into_iter().find(|series| {
        series.methodology == name
            && series.region_of_act == region_of_act.as_str()
            && i32::from(series.vintage) == i32::from(vintage)
    });
    let series = series.ok_or_else(|| {
        NodeError::refused(
            "nothing-to-issue",
            format!("no activity of {methodology} in {region_of_act} of {vintage} has been imported"),
        )
    })?;
    let sources = tx.sources()?.into_iter().collect();
    let runs = free_runs(tx, series.id)?;
    let mut sum = Sum::new(&series, &sources);
    for (first, last) in &runs {
        let mut next = *first;
        while next <= *last {
            let pages = tx.activity_pages(series.id, next, *last, PAGES_A_QUERY)?;
            let Some(end) = pages.last() else { break };
            next = end.last_id + 1;
            pages.iter().try_for_each(|page| sum.add_page(page))?;
        }
    }
    sum.finish(runs)
}

/// Runs of activity ids of a series that belong to no issuance, ascending, up to the last activity that there is.
fn free_runs(tx: &mut dyn Tx, series_id: i64) -> Result<Vec<(i64, i64)>, NodeError> {
    let last = tx.last_activity_id(series_id)?;
    let runs = between(&tx.activity_issuances(series_id)?, last);
    let mut out = Vec::with_capacity(runs.len());
    for (first, last) in runs {
        // Ids of other series lie between those of this one: a run without an activity is none.
        let (count, _) = tx.activity_sum(series_id, first, last)?;
        if count > 0 {
            out.push((first, last));
        }
    }
    Ok(out)
}

fn between(taken: &[ActivityIssuanceRow], last: i64) -> Vec<(i64, i64)> {
    let mut runs = Vec::new();
    let mut next = 1;
    for row in taken {
        if next < row.first_id {
            runs.push((next, row.first_id - 1));
        }
        next = row.last_id + 1;
    }
    if next <= last {
        runs.push((next, last));
    }
    runs
}

struct Sum<'a> {
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
    fn new(series: &'a ActivitySeriesRow, sources: &'a BTreeMap<i64, String>) -> Self {
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

    fn add_page(&mut self, page: &ActivityPageRow) -> Result<(), NodeError> {
        let mut reader = PageReader::new(page)?;
        while let Some((_, activity)) = reader.next()? {
            self.add(&activity)?;
        }
        Ok(())
    }

    fn add(&mut self, activity: &Activity<'_>) -> Result<(), NodeError> {
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

    fn finish(self, runs: Vec<(i64, i64)>) -> Result<Gathered, NodeError> {
        let (from, until) = self.period.unwrap_or_default();
        let shares = self
            .shares
            .into_iter()
            .filter(|(_, grams)| !grams.is_zero())
            .map(|(account, grams)| Ok((parsed(&account)?, grams)))
            .collect::<Result<_, NodeError>>()?;
        Ok(Gathered {
            series_id: self.series.id,
            runs,
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
