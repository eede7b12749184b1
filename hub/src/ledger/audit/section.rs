//! A part of an audit that is no invariant of the domain.

use serde::{Deserialize, Serialize};

use super::{FINDINGS_MAX, Finding};

/// What was found in one part of what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// True if nothing was found.
    pub ok: bool,
    /// How many things were looked at: leaves, tiles, heads, messages, …
    pub checked: u64,
    /// How many findings there are.
    pub found: u64,
    /// The first of them, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// What was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            ok: true,
            checked: 0,
            found: 0,
            findings: Vec::new(),
            note: None,
        }
    }
}

impl Section {
    /// Something is wrong.
    pub(crate) fn add(&mut self, subject: impl ToString, what: impl ToString) {
        self.ok = false;
        self.found += 1;
        if self.findings.len() < FINDINGS_MAX {
            let (subject, what) = (subject.to_string(), what.to_string());
            self.findings.push(Finding { subject, what });
        }
    }
}
