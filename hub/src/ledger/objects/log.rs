//! What governance says of the transparency log: which keys sign it, which witnesses cosign it, and how many have to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::log::policy::{self, Policy, PolicyFault};
use tanqiao_protocol::signing::NoteKey;

/// What governance says of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogGovernance {
    /// Witnesses by member.
    pub witnesses: BTreeMap<NodeId, WitnessStanding>,
    /// Keys and quorum.
    pub rules: LogRules,
}

/// A member's witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessStanding {
    /// A key that waits for officers.
    pub candidate: Option<NoteKey>,
    /// The key that counts.
    pub admitted: Option<NoteKey>,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// Keys and quorum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRules {
    /// How many witnesses have to cosign, where officers want more than the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<usize>,
    /// The log's keys, the oldest first; none before the first rotation, when it is the configured one.
    #[serde(default)]
    pub keys: Vec<LogKey>,
    /// Contradictions that members have shown and officers have not acknowledged yet, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<ForkReport>,
}

/// Two notes that contradict each other, as a member has shown them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkReport {
    /// SHA-256 over both notes: the same is reported once.
    pub notes_sha256: Sha256,
    /// Who has shown them first.
    pub reported_by: NodeId,
    /// True if the notes alone prove it.
    pub proven: bool,
    /// The leaf that has them.
    pub log_index: i64,
}

/// A key of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogKey {
    /// The key.
    pub key: NoteKey,
    /// The leaf from which on it signs; 0 for the first.
    pub first_index: i64,
    /// The leaf with which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_index: Option<i64>,
}

impl LogRules {
    /// The keys that sign now, the oldest first.
    pub fn current(&self) -> impl Iterator<Item = &NoteKey> {
        let keys = self.keys.iter().filter(|key| key.last_index.is_none());
        keys.map(|key| &key.key)
    }

    /// The keys that sign now, the oldest first; before the first rotation it is the configured one.
    #[must_use]
    pub fn signing(&self, configured: &NoteKey) -> Vec<NoteKey> {
        if self.keys.is_empty() {
            vec![configured.clone()]
        } else {
            self.current().cloned().collect()
        }
    }

    /// All keys that have ever signed.
    #[must_use]
    pub fn ever(&self, configured: &NoteKey) -> Vec<NoteKey> {
        if self.keys.is_empty() {
            vec![configured.clone()]
        } else {
            self.keys.iter().map(|key| key.key.clone()).collect()
        }
    }
}

impl LogGovernance {
    /// The witnesses that count, and their keys.
    pub fn admitted(&self) -> impl Iterator<Item = (&NodeId, &NoteKey)> {
        let all = self.witnesses.iter();
        all.filter_map(|(member, witness)| Some((member, witness.admitted.as_ref()?)))
    }

    /// How many witnesses have to cosign a checkpoint before it is published ([`policy::quorum`]).
    #[must_use]
    pub fn quorum(&self) -> usize {
        policy::quorum(self.admitted().count(), self.rules.quorum)
    }

    /// The policy by which a verifier accepts this log's checkpoints (C2SP `tlog-policy`).
    ///
    /// # Errors
    /// [`PolicyFault`] for more keys or witnesses than a policy holds.
    pub fn policy(&self, configured: &NoteKey) -> Result<Policy, PolicyFault> {
        let witnesses = self.admitted().map(|(member, key)| (member.to_string(), key.clone()));
        Policy::of_keys(self.rules.signing(configured), witnesses.collect(), self.quorum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_protocol::signing::{NoteKind, SigningKey};

    fn key(number: u8) -> NoteKey {
        let secret = SigningKey::from_ed25519_seed(&[number; 32]).unwrap();
        NoteKey::of_kind(
            &format!("witness-{number}"),
            NoteKind::Cosignature,
            secret.verifying_key().clone(),
        )
        .unwrap()
    }

    #[test]
    fn officers_may_ask_for_more_witnesses_than_usual_and_never_for_more_than_there_are() {
        let mut log = LogGovernance::default();
        assert_eq!(log.quorum(), 0);
        for number in 1..=7 {
            let standing = WitnessStanding {
                candidate: None,
                admitted: (number <= 5).then(|| key(number)),
                log_index: 0,
            };
            log.witnesses
                .insert(format!("member-{number}").parse().unwrap(), standing);
        }
        assert_eq!(log.quorum(), 4);
        for (asked, quorum) in [(1, 4), (5, 5), (9, 5)] {
            log.rules.quorum = Some(asked);
            assert_eq!(log.quorum(), quorum);
        }
    }
}
