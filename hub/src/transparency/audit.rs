//! The audit of the log as it is published: every leaf, tile and bundle against each other, every head and cosignature against the leaves
//! and the keys. A single byte that was altered anywhere is found, and what has it is named.

mod notes;
mod tiles;

use tanqiao_protocol::id::{Sha256, TrustDomain};
use tanqiao_protocol::signing::NoteKey;

use super::files::LogFiles;
use crate::ledger::audit::Section;
use crate::ledger::objects::LogGovernance;
use crate::store::audit::snapshot;
use crate::store::checkpoints::{self, SignedHead};
use crate::store::cosignatures::{self, Cosignature};
use crate::store::database::{Database, ReadConnection, StoreError};
use crate::store::log_rules;
use notes::Notes;
use tiles::Tiles;

/// What an audit needs besides the database.
#[derive(Debug)]
pub struct Published<'a> {
    /// The federation.
    pub trust_domain: &'a TrustDomain,
    /// The log's configured key.
    pub key: &'a NoteKey,
    /// The directory.
    pub files: &'a LogFiles,
    /// The head that was signed last, where a file says so: its name, and its text.
    pub mark: Option<(String, String)>,
}

/// What the store has of the log.
struct Stored {
    size: u64,
    log: LogGovernance,
    heads: Vec<(SignedHead, bool)>,
    cosignatures: Vec<Cosignature>,
}

/// Audits the published log. A finding is no error: it is in the report.
///
/// # Errors
/// [`StoreError`] if the database cannot be read.
pub fn audit(database: &Database, published: &Published<'_>) -> Result<Section, StoreError> {
    // Before the view of the database: a hub that runs meanwhile publishes more.
    let checkpoint = published.files.checkpoint();
    database.read(|connection| {
        snapshot(connection, |connection| {
            audit_snapshot(connection, published, checkpoint)
        })
    })
}

fn audit_snapshot(
    connection: &mut ReadConnection<'_>,
    published: &Published<'_>,
    checkpoint: std::io::Result<Option<Vec<u8>>>,
) -> Result<Section, StoreError> {
    let mut report = Section::default();
    let stored = Stored {
        size: checkpoints::leaf_count(connection)?,
        log: log_rules::read(connection)?,
        heads: checkpoints::all(connection)?,
        cosignatures: cosignatures::all(connection)?,
    };
    let here = published.files.directory().is_dir();
    if !here {
        report.note = Some(format!(
            "{} is not here: tiles, bundles and the checkpoint were not looked at",
            published.files.directory().display()
        ));
    }
    let notes = Notes::of(&stored, published, here.then_some(checkpoint), &mut report);
    let mut tiles = Tiles::new(here.then_some(published.files), notes.published_size(), notes.sizes());
    tiles.walk(connection, stored.size, &mut report)?;
    notes.compare(|size| tiles.root(size), stored.size, &mut report);
    Ok(report)
}

/// A head with what names it in a finding.
struct Stated {
    subject: String,
    size: u64,
    root: Sha256,
}
