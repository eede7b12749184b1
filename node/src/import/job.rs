//! Jobs as they are stored, and as they are shown.

use std::collections::BTreeMap;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

use super::{AccountTotal, Job, JobId, JobState, LineError, SeriesTotal};
use crate::activity::PageReader;
use crate::adapters::Format;
use crate::error::NodeError;
use crate::store::activities::{ActivitySeriesRow, ImportErrorRow, ImportJobRow, ImportTotalRow};
use crate::store::{StoreError, Tx};

/// Refused lines that a job is shown with; [`errors`] has the others.
const ERRORS_SHOWN: i64 = 100;
/// Pages of activities read at a time.
const PAGES_A_QUERY: i64 = 16;

/// One job.
///
/// # Errors
/// [`NodeError::NotFound`]
pub fn find(tx: &mut dyn Tx, id: JobId) -> Result<Job, NodeError> {
    let row = tx
        .import_job(&id.to_string())?
        .ok_or_else(|| NodeError::not_found("import job", id))?;
    shown(tx, &row)
}

/// The newest jobs first; those with a place below `before` (the count of jobs ever, for all).
///
/// # Errors
/// A database error.
pub fn list(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<Vec<Job>, NodeError> {
    let rows = tx.import_jobs(before, limit)?;
    rows.iter().map(|row| shown(tx, row)).collect()
}

/// Refused lines of a job after `after_line`.
///
/// # Errors
/// [`NodeError::NotFound`]
pub fn errors(tx: &mut dyn Tx, id: JobId, after_line: u64, limit: i64) -> Result<Vec<LineError>, NodeError> {
    let row = tx
        .import_job(&id.to_string())?
        .ok_or_else(|| NodeError::not_found("import job", id))?;
    let rows = tx.import_errors(row.number, i64::try_from(after_line).unwrap_or(i64::MAX), limit)?;
    rows.into_iter().map(line_error).collect()
}

/// What a job added for each account, by series; accounts after `after`, at most `limit` of each series.
///
/// # Errors
/// [`NodeError::NotFound`]
pub fn accounts(tx: &mut dyn Tx, id: JobId, after: &str, limit: i64) -> Result<Vec<AccountTotal>, NodeError> {
    let row = tx
        .import_job(&id.to_string())?
        .ok_or_else(|| NodeError::not_found("import job", id))?;
    let series = tx.activity_series()?;
    let mut out = Vec::new();
    for total in tx.import_totals(row.number)? {
        let of = series_of(&series, &total)?;
        for (account, (count, quantity_g)) in account_sums(tx, row.number, total.series_id, after, limit)? {
            out.push(AccountTotal {
                account: parsed(&account)?,
                vintage: vintage(of)?,
                region_of_act: parsed(&of.region_of_act)?,
                count,
                quantity_g,
            });
        }
    }
    Ok(out)
}

/// Count and grams of the first `limit` accounts after `after`, in what a job added to a series.
fn account_sums(
    tx: &mut dyn Tx,
    job: i64,
    series_id: i64,
    after: &str,
    limit: i64,
) -> Result<BTreeMap<String, (u64, Grams)>, NodeError> {
    let most = usize::try_from(limit).unwrap_or(0);
    let mut sums: BTreeMap<String, (u64, Grams)> = BTreeMap::new();
    let mut last = 0;
    loop {
        let pages = tx.import_pages(job, series_id, last, PAGES_A_QUERY)?;
        let Some(end) = pages.last() else { return Ok(sums) };
        last = end.first_id;
        for page in &pages {
            let mut reader = PageReader::new(page)?;
            while let Some((_, activity)) = reader.next()? {
                if activity.account <= after {
                    continue;
                }
                let grams = Grams::new(activity.reduction_g)?;
                if let Some((count, sum)) = sums.get_mut(activity.account) {
                    *count += 1;
                    *sum = sum.plus(grams)?;
                    continue;
                }
                sums.insert(activity.account.to_owned(), (1, grams));
                // An account that falls out here comes after `limit` others, and can never come back.
                if sums.len() > most {
                    sums.pop_last();
                }
            }
        }
    }
}

fn shown(tx: &mut dyn Tx, row: &ImportJobRow) -> Result<Job, NodeError> {
    let series = tx.activity_series()?;
    let totals = tx
        .import_totals(row.number)?
        .iter()
        .map(|total| series_total(series_of(&series, total)?, total))
        .collect::<Result<_, NodeError>>()?;
    let errors = tx
        .import_errors(row.number, 0, ERRORS_SHOWN)?
        .into_iter()
        .map(line_error)
        .collect::<Result<_, _>>()?;
    Ok(Job {
        job: parsed(&row.id)?,
        methodology: parsed(&row.methodology)?,
        format: format_of(&row.format)?,
        state: JobState::from_code(row.state)?,
        bytes_total: unsigned(row.bytes_total),
        bytes_done: unsigned(row.bytes_done),
        lines_done: unsigned(row.lines_done),
        added: unsigned(row.added),
        already_there: unsigned(row.already_there),
        refused: unsigned(row.refused),
        errors,
        totals,
        started_at: Timestamp::from_micros(row.started_at),
        updated_at: Timestamp::from_micros(row.updated_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        problem: row.problem.clone(),
    })
}

fn series_total(of: &ActivitySeriesRow, total: &ImportTotalRow) -> Result<SeriesTotal, NodeError> {
    Ok(SeriesTotal {
        methodology: parsed(&of.methodology)?,
        region_of_act: parsed(&of.region_of_act)?,
        vintage: vintage(of)?,
        count: unsigned(total.count),
        activity_total: total.quantity.clone(),
        unit: of.unit.clone(),
        quantity_g: Grams::new(total.reduction_g)?,
    })
}

fn series_of<'a>(series: &'a [ActivitySeriesRow], total: &ImportTotalRow) -> Result<&'a ActivitySeriesRow, StoreError> {
    series
        .iter()
        .find(|s| s.id == total.series_id)
        .ok_or_else(|| StoreError::Corrupt(format!("activity series {}", total.series_id)))
}

fn line_error(row: ImportErrorRow) -> Result<LineError, NodeError> {
    let check: CheckCode = parsed(&row.check)?;
    Ok(LineError {
        line: unsigned(row.line),
        check: row.check,
        code: check.name().to_owned(),
        field: row.field,
        message: row.message,
    })
}

pub(super) fn format_of(text: &str) -> Result<Format, StoreError> {
    [Format::Csv, Format::Ndjson]
        .into_iter()
        .find(|format| format.word() == text)
        .ok_or_else(|| StoreError::Corrupt(text.to_owned()))
}

fn vintage(of: &ActivitySeriesRow) -> Result<u16, StoreError> {
    u16::try_from(of.vintage).map_err(|_| StoreError::Corrupt(of.vintage.to_string()))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(text.to_owned()))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
