//! What the log's own leaves say of its witnesses: whom the policy beside a mirror has to name.

use std::collections::BTreeMap;

use serde_json::Value;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::policy::{Policy, PolicyFault, default_quorum};
use tanqiao_protocol::signing::NoteKey;

/// What stands in every leaf that is about a witness, and in few others.
const MARK: &[u8] = b"\"witness.";

/// Witnesses and their quorum, as officers have decided them so far.
#[derive(Debug, Default)]
pub(super) struct LogRules {
    admitted: BTreeMap<NodeId, NoteKey>,
    ever: Vec<NoteKey>,
    quorum: Option<usize>,
}

impl LogRules {
    /// Takes the next leaf.
    pub fn take(&mut self, entry: &[u8]) {
        if !entry.windows(MARK.len()).any(|bytes| bytes == MARK) {
            return;
        }
        let Ok(leaf) = serde_json::from_slice::<Leaf>(entry) else {
            return;
        };
        let text = |name: &str| leaf.data.get(name).and_then(Value::as_str);
        let member = text("member").and_then(|member| member.parse::<NodeId>().ok());
        match (leaf.r#type.as_str(), member) {
            ("witness.admitted", Some(member)) => {
                if let Some(key) = text("key").and_then(|key| key.parse::<NoteKey>().ok()) {
                    self.ever.push(key.clone());
                    self.admitted.insert(member, key);
                }
            }
            ("witness.removed", Some(member)) => {
                self.admitted.remove(&member);
            }
            ("witness.quorum-set", _) => {
                let quorum = leaf.data.get("quorum").and_then(Value::as_u64);
                self.quorum = quorum.and_then(|quorum| usize::try_from(quorum).ok()).or(self.quorum);
            }
            _ => {}
        }
    }

    /// The policy that these make, of a log with these keys.
    ///
    /// # Errors
    /// [`PolicyFault`] for more keys or witnesses than a policy holds.
    pub fn policy(&self, logs: Vec<NoteKey>) -> Result<Policy, PolicyFault> {
        let count = self.admitted.len();
        let usual = default_quorum(count);
        let quorum = self.quorum.map_or(usual, |asked| asked.clamp(usual, count));
        let witnesses = self
            .admitted
            .iter()
            .map(|(member, key)| (member.to_string(), key.clone()));
        Policy::of_keys(logs, witnesses.collect(), quorum)
    }

    /// Every key that was ever a witness's.
    pub fn ever(&self) -> &[NoteKey] {
        &self.ever
    }
}
