//! How far the witnesses are: judged by what this node can verify itself, and the hub's own policy held against it.

use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::time::SECOND_US;

use super::evidence::{Evidence, signed_alone};
use super::policy::{of_leaves, pinned, policy_of, rules_of};
use super::prefix::is_prefix;
use super::{EvidenceKind, alarm, head_of, pin, size_of, state, stored_size};
use crate::error::NodeError;
use crate::exchange::HubError;
use crate::service::Node;
use crate::store::witness::WitnessRow;

/// How long the hub may name other witnesses than its leaves: a decision is in its policy at once, and in a head a moment later.
const DOUBTED_US: i64 = 60 * SECOND_US;

/// Looks how far the quorum of witnesses has come.
pub(super) async fn see_quorum(node: &Node) -> Result<(), NodeError> {
    let own = pinned(node).await?;
    let row = node.read(state).await?;
    if row.stopped == 1 {
        return Ok(());
    }
    if own.is_none() && row.size > 0 && row.checked == row.size {
        hold_against(node, &row).await?;
    }
    let note = match node.hub().checkpoint().await {
        Ok(note) => note,
        Err(HubError::Problem(problem)) if problem.status == 404 => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Some(head) = believed(node, &row, &note).await? else {
        return Ok(());
    };
    let policy = match own {
        Some(policy) => policy,
        // Who had to cosign it stands in its leaves: it is judged once they were compared.
        None if head.size > size_of(row.checked)? => return Ok(()),
        None => of_leaves(&row)?,
    };
    let seen = stored_size(head.size)?;
    if seen <= row.witnessed || !has_quorum(&policy, &note)? {
        return Ok(());
    }
    node.write(move |tx| {
        let mut row = state(tx)?;
        // What this node has not verified itself is not witnessed to it.
        row.witnessed = row.witnessed.max(seen.min(row.size));
        Ok(tx.put_witness(&row)?)
    })
    .await
}

/// The head of a published note, if the log has signed it and it is of the history that this node has verified. Another root of the
/// same size is a fork.
async fn believed(node: &Node, row: &WitnessRow, note: &Note) -> Result<Option<Head>, NodeError> {
    let keys = pin::keys(row)?;
    let head = checkpoint_of(note)?.head();
    let Some(own) = head_of(row)? else { return Ok(None) };
    if note.verify(&keys).is_err() || head.size > own.size {
        return Ok(None);
    }
    if head.size == own.size && head.root != own.root {
        let detail = format!(
            "The log has published another root of {} leaves than it has shown this witness.",
            own.size
        );
        let second = signed_alone(note, &keys);
        let evidence = Evidence::new(EvidenceKind::Fork, node.now(), &row.note, second, detail);
        alarm::raise(node, evidence.with_proof(note.to_string())).await?;
        return Ok(None);
    }
    let news = stored_size(head.size)? > row.witnessed;
    Ok((news && is_prefix(node, head, own).await?).then_some(head))
}

fn checkpoint_of(note: &Note) -> Result<Checkpoint, NodeError> {
    note.text()
        .parse()
        .map_err(|error| HubError::Unreadable(format!("the published checkpoint: {error}")).into())
}

fn has_quorum(policy: &Policy, note: &Note) -> Result<bool, NodeError> {
    let checkpoint = checkpoint_of(note)?;
    Ok(policy
        .evaluate(note, &checkpoint)
        .is_ok_and(|evaluation| evaluation.accepted()))
}

/// Holds the hub's policy against the leaves of its log, all of which were compared. What it names otherwise for more than a minute is an
/// alarm: whoever asks it for the policy is told whom to believe.
async fn hold_against(node: &Node, row: &WitnessRow) -> Result<(), NodeError> {
    let says = node.hub().log_policy().await?;
    let logs = says.logs().iter().map(|log| log.key.clone()).collect();
    let (own, others) = (policy_of(&rules_of(row)?, logs)?.print(), says.print());
    let now = node.now();
    let doubted_at = (own != others).then(|| row.doubted_at.unwrap_or(now.micros()));
    if doubted_at != row.doubted_at {
        node.write(move |tx| {
            let mut row = state(tx)?;
            row.doubted_at = doubted_at;
            Ok(tx.put_witness(&row)?)
        })
        .await?;
    }
    if doubted_at.is_none_or(|since| now.micros() - since < DOUBTED_US) {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let detail = "The hub names other witnesses, or another quorum, than the leaves of its log have decided: whoever asks it is told \
                  whom to believe. This node judges by the leaves.";
    let evidence = Evidence::new(EvidenceKind::Policy, now, text(&own), text(&others), detail);
    alarm::raise(node, evidence).await
}
