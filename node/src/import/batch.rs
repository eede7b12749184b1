//! One batch of lines, and its transaction.

use std::cell::Cell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

use super::{ERRORS_KEPT_MAX, JobState};
use crate::adapters::Place;
use crate::error::NodeError;
use crate::quantification::{ActivityRecord, Amount, Field, Quantified, Refusal, Rule};
use crate::store::activities::{
    ActivityRow, ActivitySeriesRow, ImportBatchRow, ImportErrorRow, ImportJobRow, ImportTotalRow, NewActivity,
};
use crate::store::{StoreError, Tx};

/// A record that counts, with what it comes to.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) line: u64,
    /// Where its line begins.
    pub(super) at: Place,
    pub(super) record: ActivityRecord,
    pub(super) quantified: Quantified,
    /// The quantity as it is stored.
    pub(super) quantity: String,
}

/// Lines between two places of a file.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) counted: Vec<Counted>,
    pub(super) refused: Vec<(u64, Refusal)>,
    /// The job's state after it, and why it stopped.
    pub(super) state: JobState,
    pub(super) problem: Option<String>,
}

impl Batch {
    /// The batch without `line` and everything after it; `problem` says what stopped it there.
    pub(super) fn stopped_at(mut self, line: u64, refusal: &Refusal) -> Self {
        if let Some(bad) = self.counted.iter().find(|one| one.line == line) {
            self.to = bad.at;
        }
        self.counted.retain(|one| one.line < line);
        self.state = JobState::Stopped;
        self.problem = Some(format!("line {line}: {refusal}"));
        self
    }
}

/// The first line of a batch whose record id is there with other content; it stops a strict job.
pub(super) type Reused = Cell<Option<(u64, Refusal)>>;

/// Writes a batch and moves the job past it. The job as it is afterwards. With `strict`, a reused record id undoes
/// everything, and is told by it.
pub(super) fn write(
    tx: &mut dyn Tx,
    job: &ImportJobRow,
    rule: &Rule,
    batch: &Batch,
    now: Timestamp,
    strict: Option<&Reused>,
) -> Result<ImportJobRow, NodeError> {
    let stored = tx
        .import_job(&job.id)?
        .ok_or_else(|| NodeError::not_found("import job", &job.id))?;
    if stored.bytes_done != signed(batch.from.byte) || stored.state == JobState::Done.code() {
        return Err(NodeError::refused(
            "import-elsewhere",
            "another process imports the same file: let it finish, its result is the same",
        ));
    }
    let numbers = Numbers::take(tx, rule, &batch.counted)?;
    let rows = rows(&numbers, &batch.counted)?;
    let added = tx.insert_activities(&rows)?;
    let fates = if added == rows.len() {
        vec![Fate::Added; rows.len()]
    } else {
        fates(tx, &rows)?
    };
    note(tx, job.number, &numbers, &batch.counted)?;
    let reused = fates
        .iter()
        .zip(&batch.counted)
        .filter_map(|(fate, counted)| match fate {
            Fate::Reused(refusal) => Some((counted.line, refusal.clone())),
            _ => None,
        });
    let mut refused: Vec<(u64, Refusal)> = reused.collect();
    if let (Some(strict), Some((line, refusal))) = (strict, refused.first()) {
        strict.set(Some((*line, refusal.clone())));
        return Err(NodeError::refused("id-reused", format!("line {line}: {refusal}")));
    }
    refused.extend(batch.refused.iter().cloned());
    let refused_count = signed(refused.len() as u64);
    add_totals(tx, job.number, &rows, &fates, &batch.counted)?;
    keep_errors(tx, job.number, refused)?;
    let count = |wanted: fn(&Fate) -> bool| signed(fates.iter().filter(|fate| wanted(fate)).count() as u64);
    let job = ImportJobRow {
        state: batch.state.code(),
        bytes_done: signed(batch.to.byte),
        lines_done: signed(batch.to.lines),
        added: stored.added + count(|fate| *fate == Fate::Added),
        already_there: stored.already_there + count(|fate| *fate == Fate::AlreadyThere),
        refused: stored.refused + refused_count,
        updated_at: now.micros(),
        ended_at: (batch.state != JobState::Running).then(|| now.micros()),
        problem: batch.problem.clone(),
        ..stored
    };
    tx.update_import_job(&job)?;
    crate::crash::point("import.before-batch-commit");
    Ok(job)
}

/// Short numbers of the platforms and series of a batch, and its activity ids.
struct Numbers {
    first_id: i64,
    sources: BTreeMap<String, i64>,
    series: BTreeMap<(u16, String), i64>,
}

impl Numbers {
    fn take(tx: &mut dyn Tx, rule: &Rule, counted: &[Counted]) -> Result<Self, NodeError> {
        // Ids first: from here on this transaction is alone with the activities.
        let first_id = tx.take_activity_ids(signed(counted.len() as u64))?;
        let mut numbers = Self {
            first_id,
            sources: BTreeMap::new(),
            series: BTreeMap::new(),
        };
        for one in counted {
            let source = one.record.source.as_str();
            if !numbers.sources.contains_key(source) {
                numbers.sources.insert(source.to_owned(), tx.source_id(source)?);
            }
            let key = (one.quantified.vintage, one.quantified.region_of_act.as_str().to_owned());
            if let Entry::Vacant(place) = numbers.series.entry(key) {
                let row = ActivitySeriesRow {
                    id: 0,
                    methodology: rule.methodology().to_string(),
                    unit: rule.unit().to_string(),
                    region_of_act: place.key().1.clone(),
                    vintage: i16::try_from(place.key().0).unwrap_or(0),
                };
                place.insert(tx.series_id(&row)?);
            }
        }
        Ok(numbers)
    }
}

fn rows<'a>(numbers: &Numbers, counted: &'a [Counted]) -> Result<Vec<NewActivity<'a>>, NodeError> {
    let missing = || NodeError::Store(StoreError::Corrupt("a number that was just taken".into()));
    let mut last: Option<(&Quantified, i64)> = None;
    let mut rows = Vec::with_capacity(counted.len());
    for (id, one) in (numbers.first_id..).zip(counted) {
        let record = &one.record;
        // Neighbours are mostly of one series.
        let series_id = match last {
            Some((of, id))
                if of.vintage == one.quantified.vintage && of.region_of_act == one.quantified.region_of_act =>
            {
                id
            }
            _ => {
                let key = (one.quantified.vintage, one.quantified.region_of_act.as_str().to_owned());
                *numbers.series.get(&key).ok_or_else(missing)?
            }
        };
        last = Some((&one.quantified, series_id));
        rows.push(NewActivity {
            series_id,
            id,
            source_id: *numbers.sources.get(record.source.as_str()).ok_or_else(missing)?,
            record_id: record.record_id.as_str(),
            account: record.account.as_str(),
            quantity: &one.quantity,
            started_at: record.started_at.micros(),
            ended_at: record.ended_at.micros(),
            place: record.place.as_str(),
            asset: record.asset.as_ref().map(tanqiao_protocol::id::Name::as_str),
            reduction_g: one.quantified.reduction.get(),
        });
    }
    Ok(rows)
}

/// Notes which activity ids come from which job and line.
fn note(tx: &mut dyn Tx, job: i64, numbers: &Numbers, counted: &[Counted]) -> Result<(), NodeError> {
    let Some(first) = counted.first() else { return Ok(()) };
    tx.insert_import_batch(&ImportBatchRow {
        first_id: numbers.first_id,
        last_id: numbers.first_id + signed(counted.len() as u64) - 1,
        job,
        first_line: signed(first.line),
    })?;
    Ok(())
}

/// What became of a record that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Added,
    AlreadyThere,
    Reused(Refusal),
}

/// Compares every record of a batch with the one that the database has under its id.
fn fates(tx: &mut dyn Tx, rows: &[NewActivity<'_>]) -> Result<Vec<Fate>, NodeError> {
    let mut by_source: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for row in rows {
        by_source.entry(row.source_id).or_default().push(row.record_id);
    }
    let mut there: HashMap<(i64, String), ActivityRow> = HashMap::with_capacity(rows.len());
    for (source_id, record_ids) in by_source {
        for row in tx.activities_by_record(source_id, &record_ids)? {
            there.insert((source_id, row.record_id.clone()), row);
        }
    }
    rows.iter()
        .map(|row| {
            let found = there
                .get(&(row.source_id, row.record_id.to_owned()))
                .ok_or_else(|| StoreError::Corrupt(format!("no activity `{}` after adding it", row.record_id)))?;
            Ok(fate(row, found))
        })
        .collect()
}

fn fate(row: &NewActivity<'_>, found: &ActivityRow) -> Fate {
    // Ids are never given twice: this is the row itself.
    if found.id == row.id {
        return Fate::Added;
    }
    let differs = [
        (Field::Account, found.account != row.account),
        (Field::Quantity, found.quantity != row.quantity),
        (Field::StartedAt, found.started_at != row.started_at),
        (Field::EndedAt, found.ended_at != row.ended_at),
        (Field::Place, found.place != row.place),
        (Field::Asset, found.asset.as_deref() != row.asset),
        (Field::ReductionG, found.reduction_g != row.reduction_g),
        (Field::Methodology, found.series_id != row.series_id),
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
            row.record_id,
            names.join(", ")
        ),
    ))
}

fn add_totals(
    tx: &mut dyn Tx,
    job: i64,
    rows: &[NewActivity<'_>],
    fates: &[Fate],
    counted: &[Counted],
) -> Result<(), NodeError> {
    let mut totals: BTreeMap<i64, (ImportTotalRow, Amount)> = BTreeMap::new();
    for total in tx.import_totals(job)? {
        let amount =
            Amount::total_from_text(&total.quantity).map_err(|_| StoreError::Corrupt(total.quantity.clone()))?;
        totals.insert(total.series_id, (total, amount));
    }
    let too_much = || NodeError::refused("quantity", "the total of this import is too large to be counted");
    for ((row, fate), one) in rows.iter().zip(fates).zip(counted) {
        if *fate != Fate::Added {
            continue;
        }
        let (total, amount) = totals.entry(row.series_id).or_insert_with(|| {
            let none = ImportTotalRow {
                job,
                series_id: row.series_id,
                count: 0,
                quantity: String::new(),
                reduction_g: 0,
            };
            (none, Amount::ZERO)
        });
        total.count += 1;
        total.reduction_g = Grams::new(total.reduction_g)?.plus(one.quantified.reduction)?.get();
        *amount = amount.plus(one.record.quantity).ok_or_else(too_much)?;
    }
    for (mut total, amount) in totals.into_values() {
        total.quantity = amount.to_string();
        tx.put_import_total(&total)?;
    }
    Ok(())
}

fn keep_errors(tx: &mut dyn Tx, job: i64, refused: Vec<(u64, Refusal)>) -> Result<(), NodeError> {
    if refused.is_empty() {
        return Ok(());
    }
    let kept = usize::try_from(tx.count_import_errors(job)?).unwrap_or(ERRORS_KEPT_MAX);
    let mut rows: Vec<ImportErrorRow> = refused
        .into_iter()
        .map(|(line, refusal)| ImportErrorRow {
            job,
            line: signed(line),
            check: refusal.check.to_string(),
            field: refusal.field.name().to_owned(),
            message: refusal.message,
        })
        .collect();
    rows.sort_by_key(|row| row.line);
    rows.truncate(ERRORS_KEPT_MAX.saturating_sub(kept));
    Ok(tx.insert_import_errors(&rows)?)
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
