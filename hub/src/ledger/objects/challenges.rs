//! Challenges of officers to members, to show records that an issuance was made of.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::challenge::ChallengeState;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its id: that of the officers' decision.
    pub id: MessageId,
    /// The issuance that is examined.
    pub issuance: MessageId,
    /// Who is asked: its issuer.
    pub member: NodeId,
    /// Its state.
    pub state: ChallengeState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// An answer at or after this instant is refused.
    pub answer_until: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The envelope that the answer came in.
    pub answer_envelope: Option<Sha256>,
    /// True while the sealed answer is kept.
    pub sealed_kept: bool,
    /// The rest.
    pub content: ChallengeContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What a challenge says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeContent {
    /// Which records, ascending.
    pub positions: Vec<u32>,
    /// The chain from which they were drawn.
    pub beacon: Sha256,
    /// To whom the answer is sealed, an X.509 certificate in PEM.
    pub mailbox_pem: String,
    /// The answer, once it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answered>,
    /// What the officers noted with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// That an answer has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Its message.
    pub message: MessageId,
    /// SHA-256 of the sealed bytes.
    pub sealed_sha256: Sha256,
    /// How many they are.
    pub sealed_bytes: u64,
    /// When.
    pub at: Timestamp,
}
