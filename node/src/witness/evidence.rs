//! Evidence: kept in the database for ever, and as files that can be checked anywhere.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tanqiao_certs::durable;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::Timestamp;

use super::EvidenceKind;
use crate::error::NodeError;
use crate::store::Tx;
use crate::store::witness::EvidenceRow;

/// The first line of a file of evidence, before the kind.
pub const EVIDENCE_FORMAT: &str = "tanqiao-log-evidence/v1";

/// What contradicts the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// SHA-256 of kind, first and second, hexadecimal; the file's name.
    pub id: String,
    /// When it was found.
    pub at: Timestamp,
    /// What it is.
    pub kind: EvidenceKind,
    /// What was known before: a note of the log, or a leaf.
    pub first: String,
    /// What contradicts it: a note of the log, or a feed entry.
    pub second: String,
    /// The request or answer in which it came; may be empty.
    pub proof: String,
    /// What happened, for people.
    pub detail: String,
    /// The member that has found it; absent for this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<String>,
    /// True if this node stops for it.
    pub stops: bool,
    /// When a person ended the alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
}

impl Evidence {
    pub(super) fn new(
        kind: EvidenceKind,
        at: Timestamp,
        first: impl Into<String>,
        second: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (first, second) = (first.into(), second.into());
        let stops = matches!(
            kind,
            EvidenceKind::Fork | EvidenceKind::Rollback | EvidenceKind::Inconsistent
        );
        Self {
            id: Sha256::of(format!("{kind}\n{first}\n{second}").as_bytes()).to_string(),
            at,
            kind,
            first,
            second,
            proof: String::new(),
            detail: detail.into(),
            reported_by: None,
            stops,
            ended_at: None,
            ended_because: None,
        }
    }

    pub(super) fn with_proof(self, proof: String) -> Self {
        Self { proof, ..self }
    }

    pub(super) fn reported_by(self, member: String) -> Self {
        Self {
            reported_by: Some(member),
            ..self
        }
    }

    pub(super) fn of_row(row: EvidenceRow) -> Result<Self, NodeError> {
        Ok(Self {
            kind: EvidenceKind::from_code(row.kind)?,
            id: row.id,
            at: Timestamp::from_micros(row.at),
            first: row.first,
            second: row.second,
            proof: row.proof,
            detail: row.detail,
            reported_by: row.reported_by,
            stops: row.stops == 1,
            ended_at: row.ended_at.map(Timestamp::from_micros),
            ended_because: row.ended_because,
        })
    }

    fn to_row(&self) -> EvidenceRow {
        EvidenceRow {
            id: self.id.clone(),
            at: self.at.micros(),
            kind: self.kind.code(),
            first: self.first.clone(),
            second: self.second.clone(),
            proof: self.proof.clone(),
            detail: self.detail.clone(),
            reported_by: self.reported_by.clone(),
            stops: i16::from(self.stops),
            ended_at: None,
            ended_because: None,
        }
    }

    /// The text of its file. Whoever has the log's key checks both notes without this program.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{EVIDENCE_FORMAT} {}\n", self.kind);
        for (name, part) in [("first", &self.first), ("second", &self.second), ("proof", &self.proof)] {
            text.extend(["--- ", name, "\n", part]);
            if !part.is_empty() && !part.ends_with('\n') {
                text.push('\n');
            }
        }
        text
    }

    /// Writes its file, unless it is there. Returns where.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf, NodeError> {
        let path = folder.join(format!("{}.txt", self.id));
        let failed = |error: &dyn std::fmt::Display| NodeError::refused("file", format!("{}: {error}", path.display()));
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        if !path.exists() {
            durable::write_public(&path, self.to_text().as_bytes()).map_err(|error| failed(&error))?;
        }
        Ok(path)
    }
}

/// What a file of evidence says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) kind: EvidenceKind,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) proof: String,
}

impl Read {
    /// Reads what [`Evidence::to_text`] has written.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.split_once("\n--- first\n")?;
        let kind = head.strip_prefix(EVIDENCE_FORMAT)?.trim_start().parse().ok()?;
        let (first, rest) = rest.split_once("--- second\n")?;
        let (second, proof) = rest.split_once("--- proof\n")?;
        Some(Self {
            kind,
            first: first.to_owned(),
            second: second.to_owned(),
            proof: proof.to_owned(),
        })
    }
}

/// Writes evidence into the database, in the transaction that stops the node; `true` if it raises an alarm that was not on.
pub(super) fn keep(tx: &mut dyn Tx, evidence: &Evidence) -> Result<bool, NodeError> {
    let known = tx.evidence(&evidence.id)?;
    if known.as_ref().is_some_and(|known| known.ended_at.is_none()) {
        return Ok(false);
    }
    // What a person has ended and has come again is an alarm again.
    let row = match known {
        Some(known) => EvidenceRow {
            ended_at: None,
            ended_because: None,
            ..known
        },
        None => evidence.to_row(),
    };
    tx.put_evidence(&row)?;
    Ok(true)
}

/// A note with the signatures of these keys alone: what a witness adds is not needed to prove what the log has signed.
pub(super) fn signed_alone(note: &Note, keys: &[NoteKey]) -> String {
    let Ok(mut alone) = Note::unsigned(note.text()) else {
        return note.to_string();
    };
    for line in note.signatures() {
        if keys.iter().any(|key| line.is_of(key)) && alone.add(line.clone()).is_err() {
            return note.to_string();
        }
    }
    alone.to_string()
}
