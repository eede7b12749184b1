//! Whose cosignatures are enough. The hub's own word on it counts for nothing where this node knows better: by the policy that its
//! operator has pinned, or by the leaves of the log that it has verified and compared.

use std::io;
use std::path::Path;

use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::rules::WitnessRules;
use tanqiao_protocol::signing::NoteKey;

use super::pin;
use crate::config::ConfigError;
use crate::error::NodeError;
use crate::service::Node;
use crate::store::StoreError;
use crate::store::witness::WitnessRow;

/// Who judges.
#[derive(Debug)]
pub(crate) enum Judge {
    /// The file `receipts.policy`.
    Pinned(Policy),
    /// The leaves that were compared: their witnesses and quorum, of the keys that are believed.
    Leaves(Policy),
    /// Nobody but the hub: this node is no witness, or has compared nothing yet.
    Hub,
}

/// Who judges at this node now.
///
/// # Errors
/// [`NodeError::Config`] for a policy file that cannot be read; a database error.
pub(crate) async fn judge(node: &Node) -> Result<Judge, NodeError> {
    if let Some(policy) = pinned(node).await? {
        return Ok(Judge::Pinned(policy));
    }
    let row = node.read(|tx| Ok(tx.witness()?)).await?;
    match row.filter(|row| node.config().witness.enabled && row.checked > 0) {
        Some(row) => Ok(Judge::Leaves(of_leaves(&row)?)),
        None => Ok(Judge::Hub),
    }
}

/// The policy of the configuration.
pub(super) async fn pinned(node: &Node) -> Result<Option<Policy>, NodeError> {
    let Some(path) = &node.config().receipts.policy else {
        return Ok(None);
    };
    let bytes = tokio::fs::read(path).await.map_err(|error| unreadable(path, error))?;
    let policy = Policy::parse(&bytes).map_err(|error| unreadable(path, io::Error::other(error.to_string())))?;
    Ok(Some(policy))
}

fn unreadable(path: &Path, source: io::Error) -> NodeError {
    let path = path.to_owned();
    ConfigError::Read { path, source }.into()
}

/// The policy that the compared leaves make.
pub(super) fn of_leaves(row: &WitnessRow) -> Result<Policy, NodeError> {
    policy_of(&rules_of(row)?, pin::keys(row)?)
}

pub(super) fn policy_of(rules: &WitnessRules, logs: Vec<NoteKey>) -> Result<Policy, NodeError> {
    rules
        .policy(logs)
        .map_err(|fault| StoreError::Corrupt(format!("the witnesses of the log: {fault}")).into())
}

pub(super) fn rules_of(row: &WitnessRow) -> Result<WitnessRules, NodeError> {
    serde_json::from_str(&row.rules)
        .map_err(|error| StoreError::Corrupt(format!("the witnesses of the log: {error}")).into())
}

/// As the database has them.
pub(super) fn written(rules: &WitnessRules) -> Result<String, NodeError> {
    serde_json::to_string(rules)
        .map_err(|error| StoreError::Corrupt(format!("the witnesses of the log: {error}")).into())
}
