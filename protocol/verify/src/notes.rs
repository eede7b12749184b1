//! Two notes that a log has signed, and whether they prove that it has shown two histories.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::merkle::consistent;
use tanqiao_protocol::receipt::ReceiptFault;
use tanqiao_protocol::strict;

/// Where a signature line begins.
const SIGNATURE: &str = "— ";

/// Evidence as members report it.
#[derive(Debug, Deserialize)]
struct Reported {
    first: String,
    second: String,
}

/// The two notes of an evidence file: one after the other, with empty lines or lines that begin with `#` between them; or the JSON
/// of a report, with the notes as `first` and `second`.
#[must_use]
pub fn two_notes(text: &str) -> Option<(String, String)> {
    if let Ok(reported) = strict::from_str::<Reported>(text) {
        return Some((reported.first, reported.second));
    }
    let mut notes: Vec<String> = Vec::new();
    let mut signed = true;
    for line in text.lines() {
        let signature = line.starts_with(SIGNATURE);
        if signed && !signature {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            notes.push(String::new());
        }
        signed = signature;
        let note = notes.last_mut()?;
        note.push_str(line);
        note.push('\n');
    }
    let [first, second] = <[String; 2]>::try_from(notes).ok()?;
    Some((first, second))
}

/// What two notes of one log prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The log has signed two roots for one size: two histories.
    Equivocation,
    /// Both are of the same tree.
    Same,
    /// They are of different sizes, which says nothing without the proof that one continues the other.
    DifferentSizes,
    /// They are of different logs.
    DifferentLogs,
}

/// One side of a fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The name of the log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// The root.
    pub root: Sha256,
    /// The log's key that signed it.
    pub log_key: String,
    /// The witnesses of the policy that signed it as well.
    pub witnesses: Vec<String>,
    /// True if these are enough.
    pub quorum: bool,
}

/// Why a note proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteFault {
    /// What kind of fault it is: the words of receipts.
    pub fault: ReceiptFault,
    /// What exactly.
    pub detail: String,
}

impl NoteFault {
    fn new(fault: ReceiptFault, detail: impl std::fmt::Display) -> Self {
        let detail = detail.to_string();
        Self { fault, detail }
    }

    /// The same, with which of several notes it is.
    #[must_use]
    pub fn of(self, which: impl std::fmt::Display) -> Self {
        let detail = format!("{which}: {}", self.detail);
        Self { detail, ..self }
    }
}

/// Reads a note and finds the log's signature on it.
///
/// # Errors
/// [`NoteFault`].
pub fn side(bytes: &[u8], policy: &Policy) -> Result<Side, NoteFault> {
    let malformed = |error: &dyn std::fmt::Display| NoteFault::new(ReceiptFault::Malformed, error);
    let note = Note::parse(bytes).map_err(|error| malformed(&error))?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|error| malformed(&error))?;
    let evaluation = policy
        .evaluate(&note, &checkpoint)
        .map_err(|error| NoteFault::new(ReceiptFault::Signature, error))?;
    let log = evaluation.log.ok_or_else(|| {
        let origin = checkpoint.origin();
        NoteFault::new(
            ReceiptFault::Log,
            format_args!("no log of the policy has signed the checkpoint of `{origin}`"),
        )
    })?;
    Ok(Side {
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: *checkpoint.root(),
        log_key: log.to_string(),
        witnesses: evaluation
            .witnesses
            .iter()
            .map(|found| found.witness.name.to_string())
            .collect(),
        quorum: evaluation.quorum,
    })
}

/// Whether a newer head of a log continues an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Continuation {
    /// It does.
    Continues,
    /// They are of different logs.
    DifferentLogs,
    /// What was given as the older one has more leaves.
    Backwards,
    /// The proof does not show it.
    NotShown,
}

/// What a proof of consistency shows of two heads.
#[must_use]
pub fn continues(old: &Side, new: &Side, proof: &[Sha256]) -> Continuation {
    if old.origin != new.origin {
        Continuation::DifferentLogs
    } else if old.size > new.size {
        Continuation::Backwards
    } else if consistent(old.size, &old.root, new.size, &new.root, proof) {
        Continuation::Continues
    } else {
        Continuation::NotShown
    }
}

/// What the two sides prove together.
#[must_use]
pub fn compare(first: &Side, second: &Side) -> Verdict {
    if first.origin != second.origin {
        Verdict::DifferentLogs
    } else if first.size != second.size {
        Verdict::DifferentSizes
    } else if first.root == second.root {
        Verdict::Same
    } else {
        Verdict::Equivocation
    }
}
