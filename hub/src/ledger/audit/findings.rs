//! What an audit has found so far.

use super::{Finding, Invariant};

/// The most findings of one invariant that a report names; it counts all of them.
pub const FINDINGS_MAX: usize = 100;

/// What each invariant says, by its number.
const TITLES: [&str; 11] = [
    "Every serial up to its series' counter is in exactly one block",
    "Per series, the blocks add up to what was issued",
    "A final state never changes",
    "A reserved block names the one open transfer or donation that binds it",
    "A retired block has exactly one claim",
    "What a target receives, the buffer and the discount add up to what was given, for each lot",
    "No activity is in two live issuances",
    "Regional claim entries add up to zero",
    "Every change is a leaf of the log, and replaying the log gives the ledger",
    "For every member, the digest that the hub expects is that of what its feed tells",
    "No cap and no event's room is exceeded by what is reserved and committed",
];

/// Findings by invariant.
#[derive(Debug)]
pub(super) struct Findings(Vec<Invariant>);

impl Default for Findings {
    fn default() -> Self {
        let entry = |(number, title): (u8, &&str)| Invariant {
            number,
            title: (*title).to_owned(),
            ok: true,
            checked: 0,
            found: 0,
            findings: Vec::new(),
            note: None,
        };
        Self((1..).zip(&TITLES).map(entry).collect())
    }
}

impl Findings {
    fn entry(&mut self, invariant: u8) -> Option<&mut Invariant> {
        self.0.get_mut(usize::from(invariant).checked_sub(1)?)
    }

    /// Something was looked at.
    pub(super) fn checked(&mut self, invariant: u8) {
        if let Some(entry) = self.entry(invariant) {
            entry.checked += 1;
        }
    }

    /// Something is wrong.
    pub(super) fn add(&mut self, invariant: u8, subject: impl ToString, what: impl ToString) {
        let Some(entry) = self.entry(invariant) else { return };
        entry.ok = false;
        entry.found += 1;
        if entry.findings.len() < FINDINGS_MAX {
            let (subject, what) = (subject.to_string(), what.to_string());
            entry.findings.push(Finding { subject, what });
        }
    }

    /// Something is wrong unless `passes`.
    pub(super) fn ensure(
        &mut self,
        invariant: u8,
        passes: bool,
        subject: impl ToString,
        what: impl FnOnce() -> String,
    ) {
        if !passes {
            self.add(invariant, subject, what());
        }
    }

    /// What the audit cannot see.
    pub(super) fn note(&mut self, invariant: u8, note: String) {
        if let Some(entry) = self.entry(invariant) {
            entry.note = Some(note);
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.0.iter().all(|entry| entry.ok)
    }

    pub(super) fn into_entries(self) -> Vec<Invariant> {
        self.0
    }
}
