//! What the log's own leaves say of its witnesses: whom the policy beside a mirror has to name.

use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::policy::{Policy, PolicyFault};
use tanqiao_protocol::log::rules::WitnessRules;
use tanqiao_protocol::signing::NoteKey;

/// What stands in every leaf that is about a witness, and in few others.
const MARK: &[u8] = b"\"witness.";

/// Witnesses and their quorum as officers have decided them so far, and every witness before.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    rules: WitnessRules,
    ever: Vec<NoteKey>,
}

impl Witnesses {
    /// Takes the next leaf.
    pub fn take(&mut self, entry: &[u8]) {
        if !entry.windows(MARK.len()).any(|bytes| bytes == MARK) {
            return;
        }
        let Ok(leaf) = serde_json::from_slice::<Leaf>(entry) else {
            return;
        };
        self.rules.take(&leaf);
        for key in self.rules.witnesses().values() {
            if !self.ever.contains(key) {
                self.ever.push(key.clone());
            }
        }
    }

    /// The policy that these make, of a log with these keys.
    ///
    /// # Errors
    /// [`PolicyFault`] for more keys or witnesses than a policy holds.
    pub fn policy(&self, logs: Vec<NoteKey>) -> Result<Policy, PolicyFault> {
        self.rules.policy(logs)
    }

    /// Every key that was ever a witness's.
    pub fn ever(&self) -> &[NoteKey] {
        &self.ever
    }
}
