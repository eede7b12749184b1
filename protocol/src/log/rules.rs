//! What the log's own leaves say of its witnesses: whoever reads the log knows its policy, and need not be told it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy::{self, Policy, PolicyFault};
use crate::id::NodeId;
use crate::leaf::Leaf;
use crate::signing::NoteKey;

/// The witnesses that count and their quorum, as officers have decided them up to a leaf.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessRules {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    witnesses: BTreeMap<NodeId, NoteKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quorum: Option<usize>,
}

impl WitnessRules {
    /// Takes the next leaf.
    pub fn take(&mut self, leaf: &Leaf) {
        let text = |name: &str| leaf.data.get(name).and_then(Value::as_str);
        let member = text("member").and_then(|member| member.parse::<NodeId>().ok());
        match (leaf.r#type.as_str(), member) {
            ("witness.admitted", Some(member)) => {
                if let Some(key) = text("key").and_then(|key| key.parse::<NoteKey>().ok()) {
                    self.witnesses.insert(member, key);
                }
            }
            ("witness.removed", Some(member)) => {
                self.witnesses.remove(&member);
            }
            ("witness.quorum-set", _) => {
                let quorum = leaf.data.get("quorum").and_then(Value::as_u64);
                self.quorum = quorum.and_then(|quorum| usize::try_from(quorum).ok()).or(self.quorum);
            }
            _ => {}
        }
    }

    /// The witnesses that count, and their keys.
    #[must_use]
    pub const fn witnesses(&self) -> &BTreeMap<NodeId, NoteKey> {
        &self.witnesses
    }

    /// How many of them have to cosign ([`policy::quorum`]).
    #[must_use]
    pub fn quorum(&self) -> usize {
        policy::quorum(self.witnesses.len(), self.quorum)
    }

    /// The policy that these make, of a log with these keys.
    ///
    /// # Errors
    /// [`PolicyFault`] for more keys or witnesses than a policy holds.
    pub fn policy(&self, logs: Vec<NoteKey>) -> Result<Policy, PolicyFault> {
        let witnesses = self.witnesses.iter();
        let witnesses = witnesses.map(|(member, key)| (member.to_string(), key.clone()));
        Policy::of_keys(logs, witnesses.collect(), self.quorum())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signing::{NoteKind, SigningKey};
    use crate::time::Timestamp;

    fn key(number: u8) -> NoteKey {
        let secret = SigningKey::from_ed25519_seed(&[number; 32]).unwrap();
        let name = format!("witness-{number}");
        NoteKey::of_kind(&name, NoteKind::Cosignature, secret.verifying_key().clone()).unwrap()
    }

    fn leaf(kind: &str, data: Value) -> Leaf {
        Leaf {
            at: Timestamp::from_micros(0),
            caps: Vec::new(),
            changes: Vec::new(),
            data,
            index: 0,
            linked: None,
            member: None,
            officers: Vec::new(),
            part: None,
            parts: None,
            payload_sha256: None,
            room: None,
            state: None,
            subject: "log".to_owned(),
            r#type: kind.to_owned(),
            v: 1,
        }
    }

    #[test]
    fn leaves_decide_who_counts_and_how_many_have_to_sign() {
        let mut rules = WitnessRules::default();
        assert_eq!(rules.quorum(), 0);
        for number in 1..=4 {
            let member = format!("member-{number}");
            rules.take(&leaf("witness.proposed", json!({ "key": key(9), "member": member })));
            rules.take(&leaf(
                "witness.admitted",
                json!({ "key": key(number), "member": member }),
            ));
        }
        assert_eq!((rules.witnesses().len(), rules.quorum()), (4, 3));
        rules.take(&leaf("witness.quorum-set", json!({ "quorum": 4, "witnesses": 4 })));
        assert_eq!(rules.quorum(), 4);
        // What officers have asked for is never less than the usual, nor more than there are.
        rules.take(&leaf("witness.removed", json!({ "key": key(4), "member": "member-4" })));
        assert_eq!((rules.witnesses().len(), rules.quorum()), (3, 3));
        rules.take(&leaf("witness.quorum-set", json!({ "quorum": 1, "witnesses": 3 })));
        assert_eq!(rules.quorum(), 3);
        let text = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<WitnessRules>(&text).unwrap(), rules);
        let log = SigningKey::from_ed25519_seed(&[7; 32]).unwrap();
        let log = NoteKey::new("hub.example/log", log.verifying_key().clone()).unwrap();
        let policy = rules.policy(vec![log]).unwrap();
        assert_eq!(policy.witnesses().len(), 3);
    }
}
