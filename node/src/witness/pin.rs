//! Which key signs the log: the one of the configuration, or that of the first contact; another one only where a leaf names it that
//! stands in a tree which the pinned key has signed.

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::message::WitnessKey;
use tanqiao_protocol::signing::NoteKey;

use super::evidence::signed_alone;
use super::key::{self, WitnessSigner};
use super::{key_of, stored_size};
use crate::error::NodeError;
use crate::exchange::{HubError, Outgoing, enqueue};
use crate::service::Node;
use crate::store::witness::WitnessRow;

/// The state, made at the first contact. A key that is new in the configuration counts from then on: it is the
/// operator's word.
async fn pinned(node: &Node) -> Result<WitnessRow, NodeError> {
    let known = node.read(|tx| Ok(tx.witness()?)).await?;
    let mut row = match known {
        Some(row) => row,
        None => first_contact(node).await?,
    };
    if let Some(wanted) = node.config().witness.log_key.as_ref().map(ToString::to_string)
        && row.configured_key.as_ref() != Some(&wanted)
    {
        tracing::info!(
            before = row.log_key,
            now = wanted,
            "the log's key is the one of the configuration"
        );
        row = node
            .write(move |tx| {
                let mut row = super::state(tx)?;
                if row.log_key != wanted {
                    row.log_key.clone_from(&wanted);
                    row.next_key = None;
                }
                row.configured_key = Some(wanted.clone());
                tx.put_witness(&row)?;
                Ok(row)
            })
            .await?;
    }
    Ok(row)
}

/// The keys under which this node believes the log, whether it is a witness or not.
///
/// # Errors
/// A database error, or the hub's, at the first contact.
pub async fn believed(node: &Node) -> Result<Vec<NoteKey>, NodeError> {
    keys(&pinned(node).await?)
}

/// The state, with the witness's key proposed.
pub(super) async fn prepare(node: &Node, signer: &WitnessSigner) -> Result<WitnessRow, NodeError> {
    let row = pinned(node).await?;
    propose(node, signer, &row).await?;
    Ok(row)
}

/// Pins the key.
async fn first_contact(node: &Node) -> Result<WitnessRow, NodeError> {
    let key = if let Some(key) = &node.config().witness.log_key {
        key.clone()
    } else {
        let info = node.hub().info().await?;
        let key: NoteKey = info
            .log_public_key
            .parse()
            .map_err(|error| HubError::Unreadable(format!("its log's key: {error}")))?;
        tracing::info!(key = %key, "the hub's log is known by this key from now on");
        key
    };
    let row = WitnessRow {
        id: 1,
        log_key: key.to_string(),
        configured_key: node.config().witness.log_key.as_ref().map(ToString::to_string),
        next_key: None,
        proposed_key: None,
        size: 0,
        root: Sha256::of(&[]).to_string(),
        note: String::new(),
        cosigned_at: 0,
        posted: 0,
        witnessed: 0,
        checked: 0,
        checked_hashes: String::new(),
        reports_read: 0,
        stopped: 0,
        rules: "{}".to_owned(),
        doubted_at: None,
    };
    node.write(move |tx| {
        if let Some(other) = tx.witness()? {
            // Another process of this node was quicker.
            return Ok(other);
        }
        tx.put_witness(&row)?;
        Ok(row.clone())
    })
    .await
}

/// Takes up what the hub has under this witness's own key, where its database is empty or was restored from before it was signed: asked
/// once after every start, and never gone below.
pub(super) async fn catch_up(node: &Node) -> Result<(), NodeError> {
    let config = node.config().clone();
    let signer = tokio::task::spawn_blocking(move || key::open(&config))
        .await
        .map_err(NodeError::cancelled)??;
    let row = prepare(node, &signer).await?;
    let note = match node.hub().cosigned().await {
        Ok(note) => note,
        Err(HubError::Problem(problem)) if matches!(problem.status, 403 | 404) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Some(log) = keys(&row)?.into_iter().find(|key| note.verify([key]).is_ok()) else {
        return Ok(());
    };
    node.write(move |tx| {
        let mut row = super::state(tx)?;
        let known = row.size;
        let mut later = row.clone();
        take_up(&mut later, &note, &log, &signer.key)?;
        if later.size > known {
            tracing::warn!(
                known,
                cosigned = later.size,
                "this witness has cosigned more than its database knows: it is new, or was restored from before"
            );
            row = later;
            tx.put_witness(&row)?;
        }
        Ok(())
    })
    .await
}

fn take_up(row: &mut WitnessRow, note: &Note, log: &NoteKey, own: &NoteKey) -> Result<(), NodeError> {
    let wrong = |why: String| {
        NodeError::from(HubError::Unreadable(format!(
            "what the hub says this witness has cosigned cannot be believed: {why}"
        )))
    };
    note.verify([log]).map_err(|error| wrong(error.to_string()))?;
    // One key of its own file: a witness whose key was made anew has signed nothing yet.
    let Ok(signed) = note.verify([own]) else { return Ok(()) };
    let checkpoint: Checkpoint = note.text().parse().map_err(|error| wrong(format!("{error}")))?;
    row.size = stored_size(checkpoint.size())?;
    row.root = checkpoint.root().to_string();
    row.note = signed_alone(note, std::slice::from_ref(log));
    row.posted = row.size;
    let at = signed.iter().filter_map(|signed| signed.at).max().unwrap_or(0);
    row.cosigned_at = i64::try_from(at).unwrap_or(0);
    Ok(())
}

/// Proposes the witness's key to the hub, once for each key.
async fn propose(node: &Node, signer: &WitnessSigner, row: &WitnessRow) -> Result<(), NodeError> {
    let key = signer.key.to_string();
    if row.stopped == 1 || row.proposed_key.as_ref() == Some(&key) {
        return Ok(());
    }
    let content = WitnessKey {
        witness_key: signer.key.clone(),
    };
    let (message_signer, id, now) = (node.signer().clone(), node.new_id(), node.now());
    node.write(move |tx| {
        let mut row = super::state(tx)?;
        if row.proposed_key.as_ref() == Some(&key) {
            return Ok(());
        }
        enqueue(tx, &message_signer, &Outgoing { id, now, staff: None }, &content)?;
        row.proposed_key = Some(key.clone());
        Ok(tx.put_witness(&row)?)
    })
    .await
}

/// The keys whose signature counts: the pinned one first, and the one that a proven leaf names as the next.
pub(super) fn keys(row: &WitnessRow) -> Result<Vec<NoteKey>, NodeError> {
    std::iter::once(&row.log_key)
        .chain(row.next_key.as_ref())
        .map(|key| key_of(key))
        .collect()
}

/// Takes the next key in the place of the pinned one, which signs no more.
pub(super) async fn follow(node: &Node, next: &NoteKey) -> Result<(), NodeError> {
    let next = next.to_string();
    tracing::info!(key = next, "the log is signed by the key that its own leaf has named");
    node.write(move |tx| {
        let mut row = super::state(tx)?;
        if row.next_key.as_ref() == Some(&next) {
            row.log_key.clone_from(&next);
            row.next_key = None;
            tx.put_witness(&row)?;
        }
        Ok(())
    })
    .await
}
