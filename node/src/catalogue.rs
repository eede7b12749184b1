//! Methodology versions that this node knows: those that it has quantified with, and what the hub publishes.

use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::time::Timestamp;

use crate::error::NodeError;
use crate::quantification::Rule;
use crate::service::Node;
use crate::store::activities::MethodologyRow;
use crate::store::{Store, StoreError, Tx};

/// A methodology version that is kept here, if it is.
///
/// # Errors
/// A database error.
pub fn kept(tx: &mut dyn Tx, reference: &MethodologyRef) -> Result<Option<Methodology>, NodeError> {
    tx.methodology(&reference.to_string())?
        .map(|row| read(&row))
        .transpose()
}

/// Every methodology version that is kept here.
///
/// # Errors
/// A database error.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Methodology>, NodeError> {
    tx.methodologies()?.iter().map(read).collect()
}

/// Keeps a methodology version. One version has one content: another one is refused.
///
/// # Errors
/// [`NodeError::Refused`]: `methodology-changed`, or `malformed` if its factor is not a decimal.
pub fn keep(tx: &mut dyn Tx, methodology: &Methodology, now: Timestamp) -> Result<(), NodeError> {
    rule(methodology)?;
    match kept(tx, &methodology.methodology)? {
        Some(known) if known == *methodology => Ok(()),
        Some(_) => Err(NodeError::refused(
            "methodology-changed",
            format!(
                "{} is known here with another content: publish a change as a new version",
                methodology.methodology
            ),
        )),
        None => Ok(tx.put_methodology(&MethodologyRow {
            reference: methodology.methodology.to_string(),
            content: serde_json::to_string(methodology).map_err(|e| StoreError::Corrupt(e.to_string()))?,
            learned_at: now.micros(),
        })?),
    }
}

/// Keeps a methodology version that staff give in a file.
///
/// # Errors
/// As [`keep`].
pub fn keep_in(store: &Store, methodology: &Methodology, now: Timestamp) -> Result<(), NodeError> {
    store.write(|tx| keep(tx, methodology, now))
}

/// The rule of a version: as it is kept here, else as the hub publishes it, which is then kept.
///
/// # Errors
/// [`NodeError::Refused`] with `methodology-unknown` (S01), or [`NodeError::Hub`] if the hub cannot be asked.
pub async fn rule_of(node: &Node, reference: &MethodologyRef) -> Result<Rule, NodeError> {
    let wanted = reference.clone();
    if let Some(methodology) = node.read(move |tx| kept(tx, &wanted)).await? {
        return rule(&methodology);
    }
    let published = node.hub().methodologies(&[]).await?;
    let Some(found) = published.into_iter().find(|one| one.content.methodology == *reference) else {
        return Err(NodeError::refused(
            "methodology-unknown",
            format!("nobody has published {reference}: check its name and version, or publish it first"),
        ));
    };
    let now = node.now();
    let methodology = found.content.clone();
    node.write(move |tx| keep(tx, &methodology, now)).await?;
    rule(&found.content)
}

fn rule(methodology: &Methodology) -> Result<Rule, NodeError> {
    Rule::new(methodology).map_err(|e| NodeError::refused("malformed", e.to_string()))
}

fn read(row: &MethodologyRow) -> Result<Methodology, NodeError> {
    let parsed = serde_json::from_str(&row.content);
    Ok(parsed.map_err(|_| StoreError::Corrupt(format!("methodology {}", row.reference)))?)
}
