//! One batch of lines, and its transaction.

use std::cell::Cell;
use std::collections::BTreeMap;

use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

use super::counted::Records;
use super::entry::{Entry, Fate, entries, fates, pages};
use super::record_ids::RecordIds;
use super::subjects::{self, KnownPairs, Pair};
use super::{ERRORS_KEPT_MAX, JobState, Order};
use crate::adapters::Place;
use crate::error::NodeError;
use crate::quantification::{Amount, Refusal};
use crate::store::activities::{ImportBatchRow, ImportErrorRow, ImportJobRow, ImportTotalRow};
use crate::store::{StoreError, Tx};

/// Lines between two places of a file.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) counted: Records,
    pub(super) refused: Vec<(u64, Refusal)>,
    /// The job's state after it, and why it stopped.
    pub(super) state: JobState,
    pub(super) problem: Option<String>,
}

impl Batch {
    /// The batch without `line` and everything after it; `problem` says what stopped it there.
    pub(super) fn stopped_at(mut self, line: u64, refusal: &Refusal) -> Self {
        if let Some(at) = self.counted.cut_before(line) {
            self.to = at;
        }
        self.state = JobState::Stopped;
        self.problem = Some(format!("line {line}: {refusal}"));
        self
    }
}

/// The first line of a batch whose record id is there with other content; it stops a strict job.
pub(super) type Reused = Cell<Option<(u64, Refusal)>>;

/// The job as it is after a batch, and the pairs of account and subject that hold.
pub(super) type Written = (ImportJobRow, Vec<Pair>);

/// Writes a batch and moves the job past it. The job as it is afterwards. With `strict`, a reused record id undoes
/// everything, and is told by it.
pub(super) fn write(
    tx: &mut dyn Tx,
    job: &ImportJobRow,
    order: &Order,
    batch: &Batch,
    now: Timestamp,
    (known, strict): (&KnownPairs, Option<&Reused>),
) -> Result<Written, NodeError> {
    let stored = tx
        .import_job(&job.id)?
        .ok_or_else(|| NodeError::not_found("import job", &job.id))?;
    if stored.bytes_done != signed(batch.from.byte) || stored.state == JobState::Done.code() {
        return Err(NodeError::refused(
            "import-elsewhere",
            "another process imports the same file: let it finish, its result is the same",
        ));
    }
    // Ids first: from here on this transaction is alone with the activities.
    let first_id = tx.take_activity_ids(signed(batch.counted.len() as u64))?;
    let entries = entries(tx, &order.rule, &batch.counted)?;
    let (record_ids, earlier) = RecordIds::look_up(tx, &entries)?;
    let mut fates = fates(tx, &entries, &earlier)?;
    let pairs = subjects::settle(tx, &order.subjects, known, &entries, &mut fates, now)?;
    let reused = fates
        .iter()
        .zip(batch.counted.iter())
        .filter_map(|(fate, counted)| match fate {
            Fate::Reused(refusal) => Some((counted.line, refusal.clone())),
            _ => None,
        });
    let mut refused: Vec<(u64, Refusal)> = reused.collect();
    if let (Some(strict), Some((line, refusal))) = (strict, refused.first()) {
        strict.set(Some((*line, refusal.clone())));
        return Err(NodeError::refused("id-reused", format!("line {line}: {refusal}")));
    }
    let (pages, ids) = pages(first_id, &entries, &fates)?;
    tx.insert_activity_pages(&pages)?;
    record_ids.take(tx, &ids)?;
    note(tx, job.number, first_id, &batch.counted)?;
    refused.extend(batch.refused.iter().cloned());
    let refused_count = signed(refused.len() as u64);
    add_totals(tx, job.number, &entries, &fates)?;
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
    Ok((job, pairs))
}

/// Notes which activity ids come from which job and line.
fn note(tx: &mut dyn Tx, job: i64, first_id: i64, counted: &Records) -> Result<(), NodeError> {
    let Some(first) = counted.iter().next() else {
        return Ok(());
    };
    tx.insert_import_batch(&ImportBatchRow {
        first_id,
        last_id: first_id + signed(counted.len() as u64) - 1,
        job,
        first_line: signed(first.line),
    })?;
    Ok(())
}

fn add_totals(tx: &mut dyn Tx, job: i64, entries: &[Entry<'_>], fates: &[Fate]) -> Result<(), NodeError> {
    let mut totals: BTreeMap<i64, (ImportTotalRow, Amount)> = BTreeMap::new();
    for total in tx.import_totals(job)? {
        let amount =
            Amount::total_from_text(&total.quantity).map_err(|_| StoreError::Corrupt(total.quantity.clone()))?;
        totals.insert(total.series_id, (total, amount));
    }
    let too_much = || NodeError::refused("quantity", "the total of this import is too large to be counted");
    for (entry, fate) in entries.iter().zip(fates) {
        if *fate != Fate::Added {
            continue;
        }
        let (total, amount) = totals.entry(entry.series_id).or_insert_with(|| {
            let none = ImportTotalRow {
                job,
                series_id: entry.series_id,
                count: 0,
                quantity: String::new(),
                reduction_g: 0,
            };
            (none, Amount::ZERO)
        });
        let reduction = Grams::new(entry.activity.reduction_g)?;
        total.count += 1;
        total.reduction_g = Grams::new(total.reduction_g)?.plus(reduction)?.get();
        *amount = amount.plus(entry.activity.quantity).ok_or_else(too_much)?;
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
