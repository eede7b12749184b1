//! Reconciliations of members' books with the hub's.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::{
    Closing, Examination, ReconciliationResult, ReconciliationState, ReconciliationView,
};
use tanqiao_protocol::time::Timestamp;

/// A reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Its id: that of the member's message.
    pub id: MessageId,
    /// Whose.
    pub member: NodeId,
    /// Its state.
    pub state: ReconciliationState,
    /// When it began.
    pub started_at: Timestamp,
    /// When the result came.
    pub ended_at: Option<Timestamp>,
    /// The rest.
    pub content: ReconciledContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What a reconciliation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledContent {
    /// What the member said at the beginning.
    pub begun: tanqiao_protocol::reconciliation::Reconciliation,
    /// The result, once it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ReconciliationResult>,
    /// What the log says of its findings, once it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examined: Option<Examination>,
    /// How its findings ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closing>,
}

impl From<Reconciled> for ReconciliationView {
    fn from(one: Reconciled) -> Self {
        Self {
            reconciliation: one.id,
            member: one.member,
            reason: one.content.begun.reason,
            state: one.state,
            started_at: one.started_at,
            ended_at: one.ended_at,
            result: one.content.result,
            examined: one.content.examined,
            closed: one.content.closed,
            repaired: one.content.begun.repaired,
            log_index: one.log_index,
        }
    }
}
