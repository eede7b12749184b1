//! A job from its first line to its last.

use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;

use super::batch::{Batch, Reused, Written, signed};
use super::counted::Records;
use super::subjects::KnownPairs;
use super::{Job, JobId, JobState, Order, Progress, RECORDS_A_BATCH, RECORDS_A_BATCH_MAX, batch, job};
use crate::adapters::{FileRefusal, Lines, Place};
use crate::error::NodeError;
use crate::store::activities::ImportJobRow;
use crate::store::{Store, Tx};

/// Bytes hashed at a time.
const HASH_BYTES: usize = 256 * 1024;

/// A file to import: its bytes, their number and their hash.
#[derive(Debug)]
pub struct Source<R: Read + Seek> {
    file: R,
    bytes: u64,
    hash: Sha256,
}

impl<R: Read + Seek> Source<R> {
    /// Reads the file once, to know what it is.
    ///
    /// # Errors
    /// An I/O error.
    pub fn open(mut file: R) -> std::io::Result<Self> {
        use aws_lc_rs::digest::{Context, SHA256};
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; HASH_BYTES];
        let mut bytes = 0;
        file.seek(SeekFrom::Start(0))?;
        loop {
            let read = file.read(&mut buffer)?;
            let Some(some) = buffer.get(..read).filter(|some| !some.is_empty()) else {
                break;
            };
            context.update(some);
            bytes += read as u64;
        }
        file.seek(SeekFrom::Start(0))?;
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Ok(Self {
            file,
            bytes,
            hash: Sha256(hash),
        })
    }

    /// The job that imports it.
    #[must_use]
    pub fn job(&self, order: &Order) -> JobId {
        JobId::of(order.rule.methodology(), order.format, &self.hash)
    }
}

/// Imports a file, from its beginning or from where an earlier run of the same job was cut off. A job that is done is
/// only answered.
///
/// # Errors
/// [`NodeError::Refused`] with `file-unreadable` (the header, the disk) or `import-elsewhere` (another process runs the
/// same job); a database error. What was written until then stays, and the same call continues there.
pub fn run<R: Read + Seek>(
    store: &Store,
    source: Source<R>,
    order: &Order,
    clock: &dyn Fn() -> Timestamp,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Job, NodeError> {
    let id = source.job(order);
    let mut lines = Lines::open(order.format, source.file).map_err(unreadable)?;
    let fresh = fresh_row(id, order, source.bytes, clock());
    let mut row = store.write(|tx| start(tx, &fresh, lines.place()))?;
    if row.state != JobState::Done.code() {
        lines
            .resume(Place {
                byte: u64::try_from(row.bytes_done).unwrap_or(0),
                lines: u64::try_from(row.lines_done).unwrap_or(0),
            })
            .map_err(unreadable)?;
        let began = Instant::now();
        let mut records = 0;
        let mut most = RECORDS_A_BATCH;
        let mut known = KnownPairs::new();
        loop {
            let batch = read_batch(&mut lines, order, most, clock())?;
            most = RECORDS_A_BATCH_MAX.min(2 * most);
            records += (batch.counted.len() + batch.refused.len()) as u64;
            let ((written, pairs), batch) = write_batch(store, &row, order, batch, clock(), &known)?;
            row = written;
            known.learn(pairs);
            crate::crash::point("import.after-batch-commit");
            progress(&Progress {
                bytes_done: batch.to.byte,
                bytes_total: source.bytes,
                records,
                refused: u64::try_from(row.refused).unwrap_or(0),
                elapsed: began.elapsed(),
            });
            if batch.state != JobState::Running {
                break;
            }
        }
    }
    store.read(|tx| job::find(tx, id))
}

fn unreadable(refusal: FileRefusal) -> NodeError {
    NodeError::refused("file-unreadable", refusal.to_string())
}

fn fresh_row(id: JobId, order: &Order, bytes: u64, now: Timestamp) -> ImportJobRow {
    ImportJobRow {
        id: id.to_string(),
        number: 0,
        methodology: order.rule.methodology().to_string(),
        format: order.format.word().to_owned(),
        state: JobState::Running.code(),
        bytes_total: signed(bytes),
        bytes_done: 0,
        lines_done: 0,
        added: 0,
        already_there: 0,
        refused: 0,
        started_at: now.micros(),
        updated_at: now.micros(),
        ended_at: None,
        problem: None,
    }
}

/// The job as it is stored, or a new one that begins at `place`.
fn start(tx: &mut dyn Tx, fresh: &ImportJobRow, place: Place) -> Result<ImportJobRow, NodeError> {
    if let Some(row) = tx.import_job(&fresh.id)? {
        return Ok(row);
    }
    let row = ImportJobRow {
        bytes_done: signed(place.byte),
        lines_done: signed(place.lines),
        ..fresh.clone()
    };
    let number = tx.insert_import_job(row.clone())?;
    Ok(ImportJobRow { number, ..row })
}

/// Reads up to `most` records.
fn read_batch<R: Read + Seek>(
    lines: &mut Lines<R>,
    order: &Order,
    most: usize,
    now: Timestamp,
) -> Result<Batch, NodeError> {
    let mut batch = Batch {
        from: lines.place(),
        to: lines.place(),
        counted: Records::default(),
        refused: Vec::new(),
        state: JobState::Running,
        problem: None,
    };
    let mut at = batch.from;
    while batch.counted.len() + batch.refused.len() < most {
        let Some(line) = lines.next_line().map_err(unreadable)? else {
            batch.state = JobState::Done;
            break;
        };
        let counted = line.record.and_then(|record| {
            let quantified = order.rule.quantify(&record, now)?;
            batch.counted.push(line.number, at, &record, quantified);
            Ok(())
        });
        match counted {
            Ok(()) => {}
            Err(refusal) if order.strict => {
                // The place stays before this line: mended data are read from here.
                batch.state = JobState::Stopped;
                batch.problem = Some(format!("line {}: {refusal}", line.number));
                return Ok(batch);
            }
            Err(refusal) => batch.refused.push((line.number, refusal)),
        }
        at = lines.place();
        batch.to = at;
    }
    batch.to = lines.place();
    Ok(batch)
}

/// Writes a batch; of a strict job, only what comes before a reused record id. The job afterwards, and what was written.
fn write_batch(
    store: &Store,
    row: &ImportJobRow,
    order: &Order,
    batch: Batch,
    now: Timestamp,
    known: &KnownPairs,
) -> Result<(Written, Batch), NodeError> {
    let reused = Reused::default();
    let strict = order.strict.then_some(&reused);
    let written = store.write(|tx| batch::write(tx, row, order, &batch, now, (known, strict)));
    match (written, reused.take()) {
        (Err(_), Some((line, refusal))) => {
            let batch = batch.stopped_at(line, &refusal);
            let written = store.write(|tx| batch::write(tx, row, order, &batch, now, (known, None)))?;
            Ok((written, batch))
        }
        (written, _) => Ok((written?, batch)),
    }
}
