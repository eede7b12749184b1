//! The audit of a whole mirrored log: every file against the signed root, every leaf against the rules of the ledger, and the sums
//! against what was published.

mod files;
mod rules;
mod totals;

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::quantity::QuantityError;
use tanqiao_protocol::receipt::WitnessSeen;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::view::PublicTotals;

use crate::mirror::{FileFault, Mirror};
pub use files::{FINDINGS_MAX, Finding};
use rules::Witnesses;
pub use totals::{Difference, compare};

/// What is asked of an audit.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Whom the auditor trusts; without it the policy beside the log is used, and says nothing of who made it.
    pub policy: Option<&'a Policy>,
    /// Replay so many leaves only; the files are all checked.
    pub size: Option<u64>,
    /// What was published, to compare with.
    pub published: Option<&'a PublicTotals>,
}

/// Why there is no report at all.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileFault),
    /// Neither a policy was given nor is one beside the log.
    #[error("there is no policy beside the log: name one with --policy")]
    NoPolicy,
    /// More leaves were asked for than the checkpoint has.
    #[error("{asked} leaves were asked for, and the checkpoint has {size}: mirror the log again")]
    Beyond {
        /// Asked for.
        asked: u64,
        /// There are.
        size: u64,
    },
    /// The ledger is beyond what numbers hold.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
}

/// What an audit found.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// The name of the log.
    pub origin: String,
    /// Number of leaves of the checkpoint.
    pub size: u64,
    /// The root that was signed.
    pub root: Option<Sha256>,
    /// The witnesses that have signed it.
    pub witnesses: Vec<WitnessSeen>,
    /// True if the auditor gave the policy.
    pub own_policy: bool,
    /// Leaves that were replayed.
    pub replayed: u64,
    /// The first leaf that breaks a rule, in words.
    pub broken: Option<String>,
    /// Files that are not what the log signed.
    pub findings: Vec<Finding>,
    /// True if more was found than is listed.
    pub more: bool,
    /// What the replayed leaves add up to.
    pub totals: Option<PublicTotals>,
    /// True if there was something published to compare with.
    pub compared: bool,
    /// Where it differs from what was published.
    pub differences: Vec<Difference>,
}

impl Audited {
    /// Nothing found yet.
    fn of(asked: &Asked<'_>) -> Self {
        Self {
            origin: String::new(),
            size: 0,
            root: None,
            witnesses: Vec::new(),
            own_policy: asked.policy.is_some(),
            replayed: 0,
            broken: None,
            findings: Vec::new(),
            more: false,
            totals: None,
            compared: asked.published.is_some(),
            differences: Vec::new(),
        }
    }

    /// True if everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.broken.is_none() && self.differences.is_empty()
    }
}

/// The checkpoint of a mirror, and what a policy says of it.
#[derive(Debug)]
struct Signed {
    checkpoint: Checkpoint,
    witnesses: Vec<WitnessSeen>,
    note: Note,
    /// The policy beside it, and its bytes.
    beside: Option<(Policy, Vec<u8>)>,
}

/// Audits a mirrored log. `progress` is told how many leaves are done.
///
/// # Errors
/// [`AuditFault`] if there is nothing to audit.
pub fn audit(mirror: &Mirror, asked: &Asked<'_>, mut progress: impl FnMut(u64, u64)) -> Result<Audited, AuditFault> {
    let mut report = Audited::of(asked);
    let Some(signed) = signed(mirror, asked, &mut report)? else {
        return Ok(report);
    };
    let size = signed.checkpoint.size();
    signed.checkpoint.origin().clone_into(&mut report.origin);
    report.size = size;
    report.root = Some(*signed.checkpoint.root());
    report.witnesses.clone_from(&signed.witnesses);
    let wanted = asked
        .size
        .or(asked.published.map(|published| published.log_size))
        .unwrap_or(size);
    if wanted > size {
        return Err(AuditFault::Beyond { asked: wanted, size });
    }
    let mut ledger = Ledger::new(wanted);
    let mut rules = Witnesses::default();
    let found = files::check(mirror, &signed.checkpoint, |index, entry| {
        ledger.take(index, entry);
        if let Some(entry) = entry {
            rules.take(entry);
        }
        progress(index + 1, size);
    })?;
    report.findings.extend(found.findings);
    // What a changed leaf says of witnesses is not what officers decided.
    if report.findings.is_empty() {
        compare_policy(&signed, &rules, &mut report.findings);
    }
    report.more = found.more;
    report.broken = ledger.broken;
    report.replayed = u64::try_from(ledger.replay.size).unwrap_or(0);
    if report.broken.is_none() && report.replayed == wanted && !ledger.replay.is_incomplete() {
        let totals = PublicTotals::of(&ledger.replay)?;
        report.differences = asked
            .published
            .map(|published| compare(&totals, published))
            .unwrap_or_default();
        report.totals = Some(totals);
    } else if report.broken.is_none() {
        let next = report.replayed;
        report.broken = Some(format!(
            "leaf {next}: the replay ends here, in the middle of a change or at a leaf that is missing"
        ));
    }
    Ok(report)
}

/// Feeds leaves to the pure core, until one breaks.
struct Ledger {
    replay: Replay,
    wanted: u64,
    broken: Option<String>,
}

impl Ledger {
    fn new(wanted: u64) -> Self {
        Self {
            replay: Replay::default(),
            wanted,
            broken: None,
        }
    }

    fn take(&mut self, index: u64, entry: Option<&[u8]>) {
        if self.broken.is_some() || index >= self.wanted {
            return;
        }
        match entry.map(|entry| self.replay.apply(entry)) {
            Some(Ok(())) => {}
            Some(Err(error)) => self.broken = Some(error.to_string()),
            None => self.broken = Some(format!("leaf {index}: its bytes cannot be read")),
        }
    }
}

/// Reads checkpoint and policy; what is wrong with them is a finding. `None` if there is no going on.
fn signed(mirror: &Mirror, asked: &Asked<'_>, report: &mut Audited) -> Result<Option<Signed>, AuditFault> {
    let bytes = mirror.checkpoint()?;
    let beside_bytes = mirror.policy()?;
    let beside = match &beside_bytes {
        Some(bytes) => match Policy::parse(bytes) {
            Ok(policy) => Some(policy),
            Err(error) => {
                report.findings.push(Finding::new("policy", error));
                None
            }
        },
        None => None,
    };
    let Some(policy) = asked.policy.or(beside.as_ref()) else {
        return if report.findings.is_empty() {
            Err(AuditFault::NoPolicy)
        } else {
            Ok(None)
        };
    };
    let mut wrong = |text: String| report.findings.push(Finding::new("checkpoint", text));
    let note = match Note::parse(&bytes) {
        Ok(note) => note,
        Err(error) => {
            wrong(error.to_string());
            return Ok(None);
        }
    };
    let checkpoint: Checkpoint = match note.text().parse() {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            wrong(format!("{error}"));
            return Ok(None);
        }
    };
    let mut witnesses = Vec::new();
    match policy.evaluate(&note, &checkpoint) {
        Err(error) => wrong(error.to_string()),
        Ok(found) if found.log.is_none() => wrong("no log of the policy has signed it".to_owned()),
        Ok(found) => {
            if !found.quorum {
                let signed = found.witnesses.len();
                wrong(format!(
                    "{signed} witnesses have signed it, fewer than the policy asks for"
                ));
            }
            witnesses.extend(found.witnesses.iter().map(|seen| WitnessSeen {
                witness: seen.witness.name.to_string(),
                key: seen.witness.key.name().to_owned(),
                at: seen.at,
            }));
        }
    }
    Ok(Some(Signed {
        checkpoint,
        witnesses,
        note,
        beside: beside.zip(beside_bytes),
    }))
}

/// The policy beside the log is the one that the log's own leaves make, and each signature is of somebody who signs or has signed: a
/// line or a number that was changed would otherwise be nobody's.
fn compare_policy(signed: &Signed, rules: &Witnesses, findings: &mut Vec<Finding>) {
    let Some((beside, bytes)) = &signed.beside else { return };
    let logs: Vec<NoteKey> = beside.logs().iter().map(|log| log.key.clone()).collect();
    let known = |line: &SignatureLine| {
        let witnesses = beside.witnesses().iter().map(|witness| &witness.key);
        logs.iter()
            .chain(witnesses)
            .chain(rules.ever())
            .any(|key| line.is_of(key))
    };
    for line in signed.note.signatures().iter().filter(|line| !known(line)) {
        let what = format!(
            "a signature line names `{}` with a key that is no witness's",
            line.name()
        );
        findings.push(Finding::new("checkpoint", what));
    }
    match rules.policy(logs.clone()) {
        Ok(policy) if policy.print() == *bytes => {}
        Ok(_) => findings.push(Finding::new(
            "policy",
            "its witnesses or their quorum are not those that the log's leaves have decided: it was changed, or is of another moment than \
             the checkpoint; mirror the log again",
        )),
        Err(error) => findings.push(Finding::new("policy", error)),
    }
}
