//! What was done under a signing key: the messages that were accepted with its signature, and the words of its member that
//! others have passed on.

use std::collections::BTreeMap;

use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::{Action, Batch, Message};
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::view::Outcome;

use super::{MEMBER_NO, id_of, limit, many_bytes, one_of_bytes, rows};
use crate::store::convert::{content, message_id, sha256};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{EnvelopeRow, MessageRow};

/// Messages of one query.
const STEP: usize = 200;

/// One thing that was done under a key.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Act {
    /// The message.
    pub message: MessageId,
    /// What was asked.
    pub action: Action,
    /// True for a pledgee's consent that the debtor has sent in its own message.
    pub consent: bool,
    /// What came of it, with its leaf.
    pub outcome: Outcome,
}

/// Every accepted act of `member` under `key` whose leaf is `since` or later, in the order of the log.
///
/// # Errors
/// [`StoreError`].
pub fn of_key(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    key: &VerifyingKey,
    since: i64,
) -> Result<Vec<Act>, StoreError> {
    let own = format!("member_no = {MEMBER_NO} AND status < 300 AND id > ? ORDER BY id LIMIT ?");
    let mut acts = Vec::new();
    each(connection, &own, Some(member), &mut |row, envelope| {
        if signed(envelope, key)? {
            acts.extend(Some(act(row, false)?).filter(|act| act.outcome.log_index >= since));
        }
        Ok(())
    })?;
    // A consent stands in the message of another member.
    let (release, foreclosure) = (Action::PledgeRelease.code(), Action::PledgeForeclosure.code());
    let others = format!("action IN ({release}, {foreclosure}) AND status < 300 AND id > ? ORDER BY id LIMIT ?");
    each(connection, &others, None, &mut |row, envelope| {
        let consent = consent_in(row, envelope)?;
        if consent.is_some_and(|consent| consent.verify(std::slice::from_ref(key)).is_ok()) {
            acts.extend(Some(act(row, true)?).filter(|act| act.outcome.log_index >= since));
        }
        Ok(())
    })?;
    acts.sort_by_key(|act| (act.outcome.log_index, act.message));
    Ok(acts)
}

/// Gives every message under a condition with the envelope that it came in, page by page.
fn each(
    connection: &mut ReadConnection<'_>,
    condition: &str,
    member: Option<&NodeId>,
    take: &mut dyn FnMut(&MessageRow, &EnvelopeRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after: Vec<u8> = Vec::new();
    loop {
        let mut binds: Vec<_> = member.map(id_of).into_iter().collect();
        binds.extend([after.clone().into(), limit(STEP)]);
        let page: Vec<MessageRow> = rows(connection, condition, binds)?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        let mut wanted: Vec<Vec<u8>> = page.iter().filter_map(|row| row.envelope_sha256.clone()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let condition = one_of_bytes(connection, "sha256");
        let wanted = many_bytes(connection, wanted);
        let envelopes: Vec<EnvelopeRow> = rows(connection, &condition, vec![wanted])?;
        let envelopes: BTreeMap<&[u8], &EnvelopeRow> =
            envelopes.iter().map(|row| (row.sha256.as_slice(), row)).collect();
        for row in &page {
            let named = row.envelope_sha256.as_deref();
            if let Some(envelope) = named.and_then(|sha256| envelopes.get(sha256)) {
                take(row, envelope)?;
            }
        }
    }
}

/// True if the key has signed the envelope. Of one whose payload was emptied (a sealed answer to a challenge), the hub has
/// checked the signature when it came: that it names the key is all that is left.
fn signed(row: &EnvelopeRow, key: &VerifyingKey) -> Result<bool, StoreError> {
    let signatures = serde_json::from_str(&row.signatures).map_err(content)?;
    let envelope = Envelope::from_parts(&row.payload_type, row.payload.clone(), signatures).map_err(content)?;
    let kept = Sha256::of(&row.payload) == sha256(&row.sha256)?;
    Ok(if kept {
        envelope.verify(std::slice::from_ref(key)).is_ok()
    } else {
        let name = key.id().to_string();
        let names = |hint: &str| hint.is_empty() || hint == name;
        envelope.signatures().iter().any(|signature| names(&signature.key_id))
    })
}

fn act(row: &MessageRow, consent: bool) -> Result<Act, StoreError> {
    let action = Action::from_code(row.action).ok_or_else(|| content(format!("unknown action {}", row.action)))?;
    Ok(Act {
        message: message_id(&row.id)?,
        action,
        consent,
        outcome: serde_json::from_str(&row.answer).map_err(content)?,
    })
}

/// The consent in a message, which may be one of a batch.
fn consent_in(row: &MessageRow, envelope: &EnvelopeRow) -> Result<Option<Envelope>, StoreError> {
    let item = match row.item {
        None => None,
        Some(item) => {
            let batch: Message<Batch> = serde_json::from_slice(&envelope.payload).map_err(content)?;
            let item = usize::try_from(item).ok();
            item.and_then(|item| batch.content.items.into_iter().nth(item))
        }
    };
    let payload = item
        .as_ref()
        .map_or(envelope.payload.as_slice(), |item| item.payload.as_bytes());
    let message: serde_json::Value = serde_json::from_slice(payload).map_err(content)?;
    let consent = message.pointer("/content/consent").or_else(|| message.get("consent"));
    consent
        .map(|one| serde_json::from_value(one.clone()).map_err(content))
        .transpose()
}
