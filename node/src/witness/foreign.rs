//! What other members have found, judged by what this node knows: told by the feed, or in a file that came past the hub.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tanqiao_certs::durable;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::message::proves_fork;

use super::evidence::{Evidence, Read};
use super::{EvidenceKind, alarm, pin, state, view};
use crate::error::NodeError;
use crate::service::Node;
use crate::store::witness::WitnessRow;

/// The largest file of evidence that is read, in bytes: two notes and what they came in.
pub const EVIDENCE_BYTES_MAX: usize = 1 << 20;

/// What a member's evidence has come to here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Its id in this node's database, and the name of its file.
    pub id: String,
    /// `fork` if the notes prove it, or one of them contradicts what this node has cosigned; `reported` otherwise.
    pub kind: EvidenceKind,
    /// True if the node stops for it.
    pub stops: bool,
}

/// How this node's own knowledge judges two notes.
pub(super) enum Judged {
    /// They prove two histories by themselves.
    Fork,
    /// One of them is of another history than this node has cosigned.
    Other(Note),
    /// The log has signed both, and neither says anything against the other.
    Unproven,
    /// A note that is none, or that no key which this node knows has signed.
    Unsigned,
}

/// Judges two notes.
pub(super) fn judge(row: &WitnessRow, first: &str, second: &str) -> Result<Judged, NodeError> {
    let keys = pin::keys(row)?;
    let (Ok(first), Ok(second)) = (Note::parse(first.as_bytes()), Note::parse(second.as_bytes())) else {
        return Ok(Judged::Unsigned);
    };
    if first.verify(&keys).is_err() || second.verify(&keys).is_err() {
        return Ok(Judged::Unsigned);
    }
    if proves_fork(&first, &second) {
        return Ok(Judged::Fork);
    }
    let own = Note::parse(row.note.as_bytes()).ok();
    let other = [first, second]
        .into_iter()
        .find(|note| own.as_ref().is_some_and(|own| proves_fork(own, note)));
    Ok(other.map_or(Judged::Unproven, Judged::Other))
}

/// Takes the evidence of another member from its file, without the hub: it is verified, kept, and stops this node as its own would if it
/// proves two histories. What is proven is told to the hub as well, for all others.
///
/// # Errors
/// [`NodeError::Refused`]: `evidence` for a file that is none, or that cannot be checked by its notes; `not-signed` where a note is not by
/// a key of the log that this node knows.
pub async fn import(node: &Node, file: &[u8], from: NodeId) -> Result<Imported, NodeError> {
    let refused = |why: &str| NodeError::refused("evidence", why.to_owned());
    if file.len() > EVIDENCE_BYTES_MAX {
        return Err(refused("the file is larger than evidence can be"));
    }
    let text = std::str::from_utf8(file).map_err(|_| refused("the file is no text"))?;
    let Some(read) = Read::parse(text) else {
        return Err(refused(
            "the file is no evidence: it does not begin with its format and kind, and have its three parts",
        ));
    };
    if !matches!(
        read.kind,
        EvidenceKind::Fork | EvidenceKind::Rollback | EvidenceKind::Inconsistent
    ) {
        return Err(refused(
            "only two notes of the log can be checked by another member: this evidence is of what its own node knew",
        ));
    }
    // The key is known from the configuration, or from the first contact.
    pin::believed(node).await?;
    let row = node.read(state).await?;
    let (kind, first, second) = match judge(&row, &read.first, &read.second)? {
        Judged::Fork => (EvidenceKind::Fork, read.first, read.second),
        Judged::Other(note) => (EvidenceKind::Fork, row.note, note.to_string()),
        Judged::Unproven => (EvidenceKind::Reported, read.first, read.second),
        Judged::Unsigned => {
            return Err(NodeError::refused(
                "not-signed",
                "a note in the file is not signed by a key of the log that this node knows: it proves nothing",
            ));
        }
    };
    let detail = format!("{from} has given its evidence ({}) past the hub.", read.kind);
    let evidence = Evidence::new(kind, node.now(), first, second, detail)
        .with_proof(read.proof)
        .reported_by(from.to_string());
    let imported = Imported {
        id: evidence.id.clone(),
        kind,
        stops: evidence.stops,
    };
    alarm::raise_and(node, evidence, kind == EvidenceKind::Fork).await?;
    Ok(imported)
}

/// Writes evidence into files that can be checked anywhere: all of it into a folder, or the one with this id into a file. Returns where.
///
/// # Errors
/// [`NodeError::NotFound`]; [`NodeError::Refused`] (`file`).
pub async fn export(node: &Node, path: &Path, id: Option<&str>) -> Result<Vec<PathBuf>, NodeError> {
    let all = view(node).await?.evidence;
    let (path, id) = (path.to_owned(), id.map(str::to_owned));
    let writing = move || match id {
        None => all.iter().map(|evidence| evidence.write(&path)).collect(),
        Some(id) => {
            let found = all.iter().find(|evidence| evidence.id == id);
            let evidence = found.ok_or_else(|| NodeError::not_found("evidence", &id))?;
            durable::write_public(&path, evidence.to_text().as_bytes())
                .map_err(|error| NodeError::refused("file", error.to_string()))?;
            Ok(vec![path])
        }
    };
    tokio::task::spawn_blocking(writing)
        .await
        .map_err(NodeError::cancelled)?
}
