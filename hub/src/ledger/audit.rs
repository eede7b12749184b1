//! Audits: one for each invariant of the domain (1-domain, invariants 1 to 11), over the whole ledger as it is stored.
//!
//! An audit believes nothing that can be worked out another way: counters are summed again, the log is replayed from its
//! first leaf, every feed is applied from nothing. It reads one view of the database and takes no lock, so that a hub may
//! run meanwhile. Leaves, entries and rows are read a page at a time; the replayed blocks stay in memory.

mod assets;
mod bindings;
mod claims;
mod counters;
mod dealings;
mod feeds;
mod findings;
mod image;
mod losses;
mod lots;
mod messages;
mod pages;
mod replayed;
mod rulings;
mod screening;
mod section;
mod serials;
mod stopped;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::time::Timestamp;

pub use findings::FINDINGS_MAX;
pub use section::Section;

use crate::store::audit as store;
use crate::store::database::{Database, ReadConnection, StoreError};
use crate::store::rows::BlockRow;
use findings::Findings;

/// What an audit of the whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Leaves of the log that was audited.
    pub log_size: i64,
    /// The decision time of the last batch in it.
    pub at: Timestamp,
    /// True if nothing was found.
    pub ok: bool,
    /// One entry an invariant, 1 to 11.
    pub invariants: Vec<Invariant>,
    /// Signed messages and the answers to them.
    pub messages: Section,
    /// The log as it is published, where it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Section>,
}

impl Report {
    /// Adds what was found in the published log.
    #[must_use]
    pub fn with_log(mut self, log: Section) -> Self {
        self.ok &= log.ok;
        self.log = Some(log);
        self
    }

    /// The entry of an invariant, 1 to 11.
    #[must_use]
    pub fn invariant(&self, number: u8) -> Option<&Invariant> {
        self.invariants.iter().find(|entry| entry.number == number)
    }
}

/// One invariant of the domain, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invariant {
    /// Its number in the list of the domain.
    pub number: u8,
    /// What it says.
    pub title: String,
    /// True if nothing was found.
    pub ok: bool,
    /// How many things were looked at: blocks, series, lots, entries, …
    pub checked: u64,
    /// How many findings there are.
    pub found: u64,
    /// The first of them, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// What this audit cannot see, or has worked out beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Invariant {
    /// In a few words: whether it holds. An audit with a note has seen no contradiction in what it can see.
    #[must_use]
    pub fn verdict(&self) -> String {
        match (self.ok, &self.note) {
            (true, None) => "holds".to_owned(),
            (true, Some(_)) => "not contradicted".to_owned(),
            (false, _) => format!("BROKEN, {} findings", self.found),
        }
    }
}

/// Something that an invariant forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The block, transfer, member, leaf, … concerned.
    pub subject: String,
    /// What is wrong with it.
    pub what: String,
}

/// Audits the whole ledger. A finding is no error: it is in the report.
///
/// # Errors
/// [`StoreError`] if the database cannot be read.
pub fn audit(database: &Database) -> Result<Report, StoreError> {
    database.read(|connection| store::snapshot(connection, audit_snapshot))
}

fn audit_snapshot(connection: &mut ReadConnection<'_>) -> Result<Report, StoreError> {
    let mut findings = Findings::default();
    let head = store::head(connection)?;
    let names = store::names(connection)?;
    let log = replayed::replay(connection, &head, &names, &mut findings)?;
    let (mut replayed, registered, losses) = (log.replay, log.registered, log.losses);
    let screening = screening::Screening::read(connection, &names, replayed.as_mut(), &mut findings)?;
    let pages = pages::Pages::read(connection, &screening, &mut findings)?;
    let numbered = (&screening, &pages);
    let issued = serials::Issued::read(connection, &names, numbered, replayed.as_mut(), &mut findings)?;
    losses.check(connection, &names, &screening, &issued, &mut findings)?;
    let dealings = dealings::Dealings::read(connection, &names, replayed.as_mut(), &mut findings)?;
    claims::check(connection, &names, &dealings, replayed.as_mut(), &mut findings)?;
    registered.check(connection, &names, replayed.as_mut(), &mut findings)?;
    counters::check(connection, &names, &dealings, replayed.as_mut(), &mut findings)?;
    let image = replayed.map(|replay| image::Image::new(replay.book, log.touched));
    check_blocks(connection, &names, &issued, dealings, image, &mut findings)?;
    feeds::check(connection, &names, &mut findings)?;
    let messages = messages::check(connection, &names)?;
    Ok(Report {
        log_size: head.size,
        at: Timestamp::from_micros(head.time_us),
        ok: findings.is_clean() && messages.ok,
        invariants: findings.into_entries(),
        messages,
        log: None,
    })
}

/// Everything that is asked of every block, in one walk over all of them.
fn check_blocks(
    connection: &mut ReadConnection<'_>,
    names: &store::Names,
    issued: &serials::Issued,
    dealings: dealings::Dealings,
    mut image: Option<image::Image>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut serials = serials::Serials::new(names, issued);
    let mut bindings = bindings::Bindings::new(dealings);
    if image.is_none() {
        findings.add(
            3,
            "log",
            "the log cannot be replayed: final states cannot be compared with it",
        );
    }
    store::blocks(connection, |row| {
        match crate::store::convert::block(&row, &names.numbers) {
            Ok(block) => {
                let uses = block.terms.uses.bits();
                findings.ensure(9, uses == row.uses, block.reference(), || {
                    format!("its row says {:#b} of its uses, and there are {uses:#b}", row.uses)
                });
                serials.see(&row, &block, findings);
                bindings.see(&block, findings);
                if let Some(image) = &mut image {
                    image.see(block, row.log_index, findings);
                }
            }
            Err(error) => findings.add(1, name_of(&row), error),
        }
        Ok(())
    })?;
    serials.end(findings);
    if let Some(image) = image {
        image.end(findings);
    }
    bindings.end(connection, names, findings)
}

/// How a row is named that is no block.
fn name_of(row: &BlockRow) -> String {
    format!("series {} serials {}-{}", row.series_no, row.first, row.last)
}
