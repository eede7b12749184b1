//! The journal of officers' decisions: a file beside the log's key, one JSON line for each batch with such decisions, on disk
//! before the batch is committed.
//!
//! What members ask is signed and kept by their nodes; what officers decide is known to the hub alone. A hub that is restored
//! from an older backup takes its lost batches back from the nodes and from this file. A line names the heads before and
//! after its batch: one whose batch was rolled back fits nowhere and is passed over. The file holds password hashes of
//! officers' accounts and has mode 0600.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::time::Timestamp;

use super::command::{Body, Command, Decision, Origin};
use super::high_water::Mark;
use super::onlooker::{Onlooker, Shown};

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Only the hub's own user reads it: it holds password hashes.
const MODE: u32 = 0o600;

/// What officers decided in one batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The decision time of the batch.
    pub at: Timestamp,
    /// The head before it.
    pub from: Mark,
    /// The head after it.
    pub until: Mark,
    /// The decisions, in order.
    pub decisions: Vec<Decided>,
}

/// One decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The leaf that its outcome named.
    pub log_index: i64,
    /// The command's id.
    pub id: MessageId,
    /// SHA-256 that the command's id answers for.
    pub payload_sha256: Sha256,
    /// Who decided; nobody where the hub founded itself.
    pub officers: Vec<Name>,
    /// What.
    pub decision: Decision,
}

impl Decided {
    /// The command again.
    #[must_use]
    pub fn command(&self) -> Command {
        let origin = if self.officers.is_empty() {
            Origin::Hub
        } else {
            Origin::Officers(self.officers.clone())
        };
        Command {
            origin,
            id: self.id,
            payload_sha256: self.payload_sha256,
            body: Body::Governance(Box::new(self.decision.clone())),
        }
    }
}

/// The open file. Several processes may append to it: the lock on the log's head orders them.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens the file, and makes it where it is missing.
    ///
    /// # Errors
    /// A text for the operator.
    pub fn open(path: &Path) -> Result<Self, String> {
        let open = || {
            let mut options = OpenOptions::new();
            let file = options.append(true).create(true).mode(MODE).open(path)?;
            // A copy that was put back may be readable for others.
            if file.metadata()?.permissions().mode() & 0o077 != 0 {
                file.set_permissions(Permissions::from_mode(MODE))?;
            }
            // A new file is there after a crash only if its directory is on disk, too.
            let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
            File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
            Ok(file)
        };
        let file = open().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?;
        Ok(Self { file })
    }

    fn write(&self, line: &Line) -> Result<(), String> {
        // A line that was cut off by a crash stays alone on its line.
        let mut bytes = b"\n".to_vec();
        serde_json::to_writer(&mut bytes, line).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        let mut file = &self.file;
        file.write_all(&bytes)
            .and_then(|()| file.sync_data())
            .map_err(|error| format!("the journal of decisions cannot be written: {error}"))
    }
}

impl Onlooker for Journal {
    fn see(&self, batch: &Shown<'_>) -> Result<(), String> {
        let decisions: Vec<Decided> = decided(batch).collect();
        if decisions.is_empty() {
            return Ok(());
        }
        let mark = |(size, chain)| Mark { size, chain };
        self.write(&Line {
            at: batch.working.now,
            from: mark(batch.from),
            until: mark(batch.until()),
            decisions,
        })
    }
}

/// What was decided in this batch, by officers or by the founding hub. A repeated command has its leaf before the batch.
fn decided<'a>(batch: &'a Shown<'_>) -> impl Iterator<Item = Decided> + 'a {
    batch
        .commands
        .iter()
        .zip(batch.answers)
        .filter_map(|(command, answer)| {
            let Body::Governance(decision) = &command.body else {
                return None;
            };
            let officers = match &command.origin {
                Origin::Officers(officers) => officers.clone(),
                Origin::Hub if !matches!(**decision, Decision::Sweep) => Vec::new(),
                Origin::Hub | Origin::Member(_) => return None,
            };
            let outcome = answer.result.as_ref().ok()?;
            (outcome.log_index >= batch.from.0).then(|| Decided {
                log_index: outcome.log_index,
                id: command.id,
                payload_sha256: command.payload_sha256,
                officers,
                decision: (**decision).clone(),
            })
        })
}

/// Reads the batches of a journal that begin at `from` leaves or later. Lines that were cut off are passed over.
///
/// # Errors
/// A text for the operator: the file cannot be read.
pub fn read(path: &Path, from: i64) -> Result<Vec<Line>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut reader = BufReader::new(File::open(path).map_err(fault)?);
    let mut lines = Vec::new();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes).map_err(fault)? == 0 {
            return Ok(lines);
        }
        if bytes.len() > LINE_BYTES_MAX {
            return Err(format!("{}: a line is longer than any decision", path.display()));
        }
        match serde_json::from_slice::<Line>(&bytes) {
            Ok(line) if line.from.size >= from => lines.push(line),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_protocol::id::NodeId;

    #[test]
    fn a_copy_that_others_may_read_is_closed_to_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.decisions");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        drop(Journal::open(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn what_was_written_is_read_again_and_a_torn_line_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.decisions");
        let member: NodeId = "wuhan".parse().unwrap();
        let line = |size: i64| Line {
            at: Timestamp::from_micros(size),
            from: Mark {
                size,
                chain: Sha256([1; 32]),
            },
            until: Mark {
                size: size + 1,
                chain: Sha256([2; 32]),
            },
            decisions: vec![Decided {
                log_index: size,
                id: crate::serve::new_id(),
                payload_sha256: Sha256([3; 32]),
                officers: vec!["li".parse().unwrap()],
                decision: Decision::Reinstate { member: member.clone() },
            }],
        };
        Journal::open(&path).unwrap().write(&line(4)).unwrap();
        (&File::options().append(true).open(&path).unwrap())
            .write_all(b"\n{\"at\":\"20")
            .unwrap();
        Journal::open(&path).unwrap().write(&line(7)).unwrap();
        let all = read(&path, 0).unwrap();
        assert_eq!(all.iter().map(|line| line.from.size).collect::<Vec<_>>(), [4, 7]);
        assert_eq!(read(&path, 5).unwrap().len(), 1);
        assert!(matches!(
            &all[0].decisions[0].decision,
            Decision::Reinstate { member: read } if *read == member
        ));
    }
}
