//! Challenges: the regulator asks for a random sample of what this member issued, and the node shows those records, sealed to
//! the regulator's mailbox. The hub carries the sealed bytes and can read nothing of them.
//!
//! **Architecture invariant:** records are sealed to a mailbox that this node's own configuration (or a person at this node)
//! names, never to one that only the hub names: whoever runs the hub could name a mailbox of its own.

mod records;
mod seal;

#[cfg(test)]
mod tests;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tanqiao_protocol::challenge::{ChallengeAnswer, ChallengeState, ChallengeView, SEALED_BYTES_MAX, draw, write};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::Issuance;

use crate::error::NodeError;
use crate::exchange::Outgoing;
use crate::exchange::enqueue;
use crate::service::{Node, Staffed};

/// Feed entries read at a time.
const ENTRIES_A_QUERY: i64 = 500;

/// A challenge and what this node makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Challenged {
    /// As the hub has it.
    #[serde(flatten)]
    pub challenge: ChallengeView,
    /// The message of the answer, once this node has written one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<MessageId>,
    /// Why the node does not answer by itself, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
}

/// Every challenge to this member, oldest first.
///
/// # Errors
/// [`NodeError::Hub`] if the hub could not be asked; a database error.
pub async fn list(node: &Node) -> Result<Vec<Challenged>, NodeError> {
    let mut out = Vec::new();
    for challenge in node.hub().challenges(false).await? {
        let answer = answered(node, &challenge).await?;
        let waits = match (challenge.state, answer) {
            (ChallengeState::Opened, None) => hindrance(node, &challenge),
            _ => None,
        };
        out.push(Challenged {
            challenge,
            answer,
            waits,
        });
    }
    Ok(out)
}

/// Whether a challenge has come since entry `seen` of the feed; without `seen`, yes. With the last entry that there is.
///
/// # Errors
/// A database error.
pub(crate) async fn come(node: &Node, seen: Option<i64>) -> Result<(i64, bool), NodeError> {
    node.read(move |tx| {
        let Some(mut last) = seen else {
            return Ok((tx.cursor()?.map_or(0, |cursor| cursor.seq), true));
        };
        let mut come = false;
        loop {
            let entries = tx.entries(last, ENTRIES_A_QUERY)?;
            let Some(end) = entries.last() else {
                return Ok((last, come));
            };
            last = end.seq;
            come |= entries.iter().any(|entry| entry.kind == "challenge.opened");
        }
    })
    .await
}

/// Answers what may be answered without a person. How many answers were written.
///
/// # Errors
/// [`NodeError::Hub`] if the hub could not be asked; a database error.
pub async fn answer_waiting(node: &Node) -> Result<usize, NodeError> {
    let mut written = 0;
    for challenge in node.hub().challenges(true).await? {
        if challenge.state != ChallengeState::Opened || answered(node, &challenge).await?.is_some() {
            continue;
        }
        if let Some(why) = hindrance(node, &challenge) {
            tracing::warn!(challenge = %challenge.challenge, until = %challenge.answer_until, why, "a challenge waits for a person");
            continue;
        }
        match answer(node, Staffed::default(), challenge.clone(), None).await {
            Ok(_) => written += 1,
            // It stays open, and is shown with the reason that a person will get too.
            Err(error @ NodeError::Refused { .. }) => {
                tracing::warn!(challenge = %challenge.challenge, error = %error, "a challenge cannot be answered");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// Answers one challenge. With `mailbox`, a person at this node has said that the certificate in this file is the regulator's.
///
/// # Errors
/// [`NodeError::NotFound`]; [`NodeError::Refused`] as [`answer_waiting`] logs it.
pub async fn answer_one(
    node: &Node,
    by: Staffed,
    id: MessageId,
    mailbox: Option<&Path>,
) -> Result<MessageId, NodeError> {
    let challenge = node.hub().challenges(false).await?;
    let challenge = challenge
        .into_iter()
        .find(|one| one.challenge == id)
        .ok_or_else(|| NodeError::not_found("challenge", id))?;
    if let Some(answer) = answered(node, &challenge).await? {
        return Ok(answer);
    }
    if challenge.state != ChallengeState::Opened {
        return Err(NodeError::refused(
            "ended",
            format!("challenge {id} is {}", challenge.state),
        ));
    }
    answer(node, by, challenge, mailbox).await
}

/// Why the node does not answer by itself.
fn hindrance(node: &Node, challenge: &ChallengeView) -> Option<String> {
    let config = &node.config().challenges;
    if !config.answer {
        return Some("`challenges.answer` is false: a person answers with `tanqiao-node challenge answer`".to_owned());
    }
    trusted(config.mailbox.as_deref(), challenge)
        .err()
        .map(|error| error.to_string())
}

/// The mailbox is the one in this file.
fn trusted(mailbox: Option<&Path>, challenge: &ChallengeView) -> Result<(), NodeError> {
    let refuse = |detail: String| NodeError::refused("mailbox", detail);
    let path = mailbox.ok_or_else(|| {
        refuse(
            "this node does not know the regulator's mailbox: set `challenges.mailbox` to its certificate, which the regulator \
             gives you and not the hub, or name the file with --mailbox"
                .to_owned(),
        )
    })?;
    let known = std::fs::read(path).map_err(|error| refuse(format!("cannot read {}: {error}", path.display())))?;
    if seal::same_certificate(&known, challenge.mailbox_pem.as_bytes())? {
        Ok(())
    } else {
        Err(refuse(format!(
            "the challenge names another mailbox than {}: ask the regulator, by another way than the hub, whose it is",
            path.display()
        )))
    }
}

/// The id of the answer is made from the challenge's: however often a node that crashed begins again, there is one answer.
fn answer_id(challenge: &ChallengeView) -> MessageId {
    let hash = Sha256::of_parts(&[b"tanqiao-challenge-answer", challenge.challenge.uuid().as_bytes()]);
    let random = hash.0.first_chunk::<10>().copied().unwrap_or_default();
    MessageId::from_parts(challenge.opened_at, &random)
}

async fn answered(node: &Node, challenge: &ChallengeView) -> Result<Option<MessageId>, NodeError> {
    let id = answer_id(challenge);
    node.read(move |tx| Ok(tx.outbox(&id.to_string())?.map(|_| id))).await
}

async fn answer(
    node: &Node,
    by: Staffed,
    challenge: ChallengeView,
    mailbox: Option<&Path>,
) -> Result<MessageId, NodeError> {
    trusted(mailbox.or(node.config().challenges.mailbox.as_deref()), &challenge)?;
    let header = header_of(node, &challenge).await?;
    let asked = u32::try_from(challenge.positions.len()).unwrap_or(u32::MAX);
    let drawn = draw(challenge.challenge, &challenge.beacon, asked, header.activity_count);
    if drawn != challenge.positions {
        return Err(NodeError::refused(
            "positions",
            "the positions that the hub asks for are not those that the challenge's beacon draws: nothing is shown. Tell the regulator",
        ));
    }
    let subjects = node.subjects().clone();
    let (sought, root) = (challenge.clone(), header.records_root);
    let mut records = node
        .read(move |tx| records::gather(tx, &subjects, &sought, root))
        .await?;
    if let Some(commitment) = header.tokens {
        let (streams, sought) = (node.streams().clone(), challenge.clone());
        let adding = move || records::add_tokens(&streams, &sought, &commitment, &mut records).map(|()| records);
        records = tokio::task::spawn_blocking(adding)
            .await
            .map_err(NodeError::cancelled)??;
    }
    let plain = write(&challenge, &records).map_err(crate::exchange::ExchangeError::from)?;
    let sealed = seal::seal(challenge.mailbox_pem.as_bytes(), &plain)?;
    if sealed.len() > SEALED_BYTES_MAX {
        return Err(NodeError::refused(
            "too-large",
            format!(
                "the sealed records have {} bytes, and {SEALED_BYTES_MAX} may be sent: ask the regulator for a smaller sample",
                sealed.len()
            ),
        ));
    }
    let content = ChallengeAnswer {
        challenge: challenge.challenge,
        sealed_sha256: Sha256::of(&sealed),
        sealed_bytes: u64::try_from(sealed.len()).unwrap_or(u64::MAX),
        sealed: STANDARD.encode(&sealed),
    };
    let message = Outgoing {
        id: answer_id(&challenge),
        now: node.now(),
        staff: by.staff,
    };
    let signer = node.signer().clone();
    node.write(move |tx| {
        // Sealing the same records twice gives different bytes: whoever was first has answered.
        if tx.outbox(&message.id.to_string())?.is_none() {
            enqueue(tx, &signer, &message, &content)?;
        }
        Ok(message.id)
    })
    .await
}

/// The header of the issuance as this node signed it, never as the hub has it.
async fn header_of(node: &Node, challenge: &ChallengeView) -> Result<Issuance, NodeError> {
    let missing = || {
        NodeError::refused(
            "no-records",
            format!(
                "this node has not issued {}, or no longer knows what it said: nothing can be shown",
                challenge.issuance
            ),
        )
    };
    let dealing = match node.dealing(challenge.issuance).await {
        Ok(dealing) => dealing,
        Err(NodeError::NotFound { .. }) => return Err(missing()),
        Err(error) => return Err(error),
    };
    serde_json::from_value(dealing.content).map_err(|_| missing())
}
