//! Signed notes, alone and beside each other.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::note::NOTE_BYTES_MAX;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::witness::PROOF_MAX;
use tanqiao_protocol::receipt::ReceiptFault;
use tanqiao_verify::notes::{self, Continuation, NoteFault, Side, Verdict};
use tanqiao_verify::words::Language;

use super::report::{Failure, Report};
use super::{read, with_verdict};

/// The largest file with a proof of consistency, in bytes.
const PROOF_BYTES_MAX: usize = 64 * 1024;

pub(super) fn checkpoint(file: &Path, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let bytes = read(file, NOTE_BYTES_MAX)?;
    Ok(match notes::side(&bytes, policy) {
        Ok(side) => Report {
            text: language.checkpoint(&side),
            json: with_verdict(json!(side), side.quorum),
            proven: side.quorum,
        },
        Err(fault) => refuted(&fault, language),
    })
}

fn refuted(fault: &NoteFault, language: Language) -> Report {
    Report {
        text: language.refuted(fault),
        json: json!({ "proven": false, "fault": fault.fault, "detail": fault.detail }),
        proven: false,
    }
}

pub(super) fn consistency(
    notes: [&Path; 2],
    proof: &Path,
    policy: &Policy,
    language: Language,
) -> Result<Report, Failure> {
    let [old, new] = notes.map(|path| Ok::<_, Failure>((path, read(path, NOTE_BYTES_MAX)?)));
    let (old, new, proof_text) = (old?, new?, read(proof, PROOF_BYTES_MAX)?);
    let side = |(path, bytes): (&Path, Vec<u8>)| {
        notes::side(&bytes, policy).map_err(|fault| fault.of(format_args!("{}", path.display())))
    };
    let hashes = proof_in(&proof_text).ok_or_else(|| NoteFault {
        fault: ReceiptFault::Proof,
        detail: format!(
            "{}: a proof has at most {PROOF_MAX} hashes of 32 bytes in base64, each on its line",
            proof.display()
        ),
    });
    let read = side(old).and_then(|old| Ok((old, side(new)?, hashes?)));
    Ok(match read {
        Ok((old, new, hashes)) => continued(&old, &new, &hashes, language),
        Err(fault) => refuted(&fault, language),
    })
}

fn continued(old: &Side, new: &Side, hashes: &[Sha256], language: Language) -> Report {
    let verdict = notes::continues(old, new, hashes);
    let proven = verdict == Continuation::Continues;
    Report {
        text: language.consistency(old, new, verdict),
        json: json!({ "proven": proven, "verdict": verdict, "old": old, "new": new }),
        proven,
    }
}

fn proof_in(bytes: &[u8]) -> Option<Vec<Sha256>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut hashes = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if hashes.len() == PROOF_MAX {
            return None;
        }
        hashes.push(Sha256(STANDARD.decode(line).ok()?.try_into().ok()?));
    }
    Some(hashes)
}

pub(super) fn fork(file: &Path, other: Option<&Path>, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let (first, second) = if let Some(other) = other {
        (read(file, NOTE_BYTES_MAX)?, read(other, NOTE_BYTES_MAX)?)
    } else {
        let text = String::from_utf8(read(file, 3 * NOTE_BYTES_MAX)?).ok();
        let Some((first, second)) = text.as_deref().and_then(notes::two_notes) else {
            let fault = NoteFault {
                fault: ReceiptFault::Malformed,
                detail: format!("{}: it does not hold two signed notes", file.display()),
            };
            return Ok(refuted(&fault, language));
        };
        (first.into_bytes(), second.into_bytes())
    };
    let side = |bytes: &[u8], which: &str| notes::side(bytes, policy).map_err(|fault| fault.of(which));
    let read = side(&first, "the first note").and_then(|first| Ok((first, side(&second, "the second note")?)));
    Ok(match read {
        Ok((first, second)) => {
            let verdict = notes::compare(&first, &second);
            let proven = verdict == Verdict::Equivocation;
            Report {
                text: language.fork(&first, &second, verdict),
                json: json!({ "proven": proven, "verdict": verdict, "first": first, "second": second }),
                proven,
            }
        }
        Err(fault) => refuted(&fault, language),
    })
}
