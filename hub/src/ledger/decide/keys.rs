//! With which keys members sign, and from where in the log on a key is not trusted.
//!
//! A signature counts if its key was active at the leaf of its message: after `first_index`, before `last_index`, and before
//! `distrusted_from` where that is given. What was signed before stays verifiable, whatever becomes of the key.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::message::KeyProposal;
use tanqiao_protocol::signing::{KeyId, VerifyingKey};
use tanqiao_protocol::view::{KeyStatus, Outcome};

use super::check_text;
use super::membership::{change_governance, find};
use super::origin::told;
use crate::ledger::command::{Command, Decision, Signed};
use crate::ledger::objects::Key;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The most keys of one member that may be active at once: two, while one rotates.
const ACTIVE_KEYS_MAX: usize = 2;

/// What officers decide about members' keys.
pub fn decide(working: &mut Working, officers: &[Name], decision: &Decision) -> Decided<Outcome> {
    match decision {
        Decision::ApproveKey { key } => set_key(working, officers, key, KeyStatus::Active),
        Decision::RetireKey { key } => set_key(working, officers, key, KeyStatus::Retired),
        Decision::ReplaceKeys { member, key, reason } => replace_keys(working, officers, member, key, reason),
        Decision::DistrustKey {
            member,
            key,
            from_index,
            reason,
        } => distrust(working, officers, member, key, *from_index, reason),
        _ => Err(Refusal::new(CheckCode::M02, "This is not about a member's key.").into()),
    }
}

/// A member proposes a new key under the signature of an active one.
pub fn propose_key(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &KeyProposal,
) -> Decided<Outcome> {
    let id = content.key.id();
    ensure(!working.governance.keys.contains_key(&id), || {
        Refusal::new(CheckCode::M02, "This signing key is known already.")
    })?;
    let subject = format!("key/{id}");
    let log_index = working.carry_out(Step {
        r#type: "key.proposed",
        subject: subject.clone(),
        data: json!({ "key": content.key }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: vec![Notice {
            to: signed.member.clone(),
            r#type: "key.proposed",
            body: json!({ "key": content.key }),
        }],
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        let key = Key {
            member: signed.member.clone(),
            key: content.key.clone(),
            status: KeyStatus::Proposed,
            first_index: None,
            last_index: None,
            distrusted_from: None,
        };
        governance.keys.insert(id, key);
    });
    Ok(working.outcome(subject, Some(KeyStatus::Proposed.word()), log_index))
}

/// Officers let a proposed key count, or an active one count no more.
fn set_key(working: &mut Working, officers: &[Name], id: &KeyId, status: KeyStatus) -> Decided<Outcome> {
    let key = working
        .governance
        .keys
        .get(id)
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::M05, "There is no such signing key."))?;
    let active = working
        .governance
        .keys
        .values()
        .filter(|k| k.member == key.member && k.status == KeyStatus::Active)
        .count();
    let (r#type, fits) = match status {
        KeyStatus::Active => (
            "key.approved",
            key.status == KeyStatus::Proposed && active < ACTIVE_KEYS_MAX,
        ),
        _ => ("key.retired", key.status == KeyStatus::Active),
    };
    ensure(fits, || {
        Refusal::new(
            CheckCode::G03,
            "Only a proposed key can be approved (two may be active at once), and only an active one retired.",
        )
        .expected(format!("to become {status}"), key.status)
    })?;
    let subject = format!("key/{id}");
    let kind = find(working, &key.member)?.kind;
    let notices = if kind.has_feed() {
        vec![Notice {
            to: key.member.clone(),
            r#type,
            body: json!({ "key": key.key }),
        }]
    } else {
        Vec::new()
    };
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject.clone(),
        data: json!({ "key": key.key, "member": key.member }),
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        if let Some(key) = governance.keys.get_mut(id) {
            key.status = status;
            match status {
                KeyStatus::Active => key.first_index = Some(log_index),
                _ => key.last_index = Some(log_index),
            }
        }
    });
    Ok(working.outcome(subject, Some(status.word()), log_index))
}

/// A member that has lost its signing keys enrols again: the new key counts at once, and no other of its keys does any more,
/// nor can one that was proposed under them (5-trust, PKI).
fn replace_keys(
    working: &mut Working,
    officers: &[Name],
    member: &NodeId,
    new: &VerifyingKey,
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let kind = find(working, member)?.kind;
    let id = new.id();
    ensure(!working.governance.keys.contains_key(&id), || {
        Refusal::new(
            CheckCode::M02,
            "This signing key is known already: a new enrolment has a new key.",
        )
    })?;
    let others = working.governance.keys.iter();
    let lost: Vec<KeyId> = others
        .filter(|(_, key)| key.member == *member && key.status != KeyStatus::Retired)
        .map(|(id, _)| *id)
        .collect();
    let subject = format!("key/{id}");
    let body = json!({ "key": new, "member": member, "retired": lost, "reason": reason });
    let notices = if kind.has_feed() {
        vec![Notice {
            to: member.clone(),
            r#type: "key.replaced",
            body: body.clone(),
        }]
    } else {
        Vec::new()
    };
    let log_index = working.carry_out(Step {
        r#type: "key.replaced",
        subject: subject.clone(),
        data: body,
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        for id in &lost {
            if let Some(key) = governance.keys.get_mut(id) {
                key.status = KeyStatus::Retired;
                key.last_index = Some(log_index);
            }
        }
        let key = Key {
            member: member.clone(),
            key: new.clone(),
            status: KeyStatus::Active,
            first_index: Some(log_index),
            last_index: None,
            distrusted_from: None,
        };
        governance.keys.insert(id, key);
    });
    Ok(working.outcome(subject, Some(KeyStatus::Active.word()), log_index))
}

/// A key came into other hands: from the leaf `from_index` on nothing counts that it has signed. It signs no more, and all
/// members are told, because what it signed since may lie with any of them. Said again with an earlier leaf, once more is known.
fn distrust(
    working: &mut Working,
    officers: &[Name],
    member: &NodeId,
    id: &KeyId,
    from_index: i64,
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let key = working.governance.keys.get(id).filter(|key| key.member == *member);
    let key = key.cloned().ok_or_else(|| {
        Refusal::new(
            CheckCode::M05,
            format!("`{member}` has no such signing key: `admin key list` shows the keys."),
        )
    })?;
    check_from_index(working, &key, from_index)?;
    let subject = format!("key/{id}");
    let body = json!({ "key": key.key, "member": member, "from_index": from_index, "reason": reason });
    let notices = told(working).map(|to| Notice {
        to: to.clone(),
        r#type: "key.distrusted",
        body: body.clone(),
    });
    let notices = notices.collect();
    let log_index = working.carry_out(Step {
        r#type: "key.distrusted",
        subject: subject.clone(),
        data: body,
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        if let Some(key) = governance.keys.get_mut(id) {
            key.status = KeyStatus::Retired;
            key.last_index = key.last_index.or(Some(log_index));
            key.distrusted_from = Some(from_index);
        }
    });
    Ok(working.outcome(subject, Some(KeyStatus::Retired.word()), log_index))
}

/// The leaf lies in the life of the key, and before the one that was named already: trust does not come back.
fn check_from_index(working: &Working, key: &Key, from_index: i64) -> Decided<()> {
    let wrong =
        |text: &'static str, expected: String| Refusal::new(CheckCode::G03, text).expected(expected, from_index);
    let Some(first) = key.first_index else {
        return Err(Refusal::new(
            CheckCode::G03,
            "This key was proposed and never approved: it has signed nothing, and counts for nothing.",
        )
        .into());
    };
    let last = key.last_index.unwrap_or_else(|| working.next_index());
    ensure((first..=last).contains(&from_index), || {
        let text = "A key is distrusted from a leaf on at which it could sign.";
        wrong(text, format!("a leaf from {first} to {last}"))
    })?;
    ensure(key.distrusted_from.is_none_or(|named| from_index < named), || {
        let named = key.distrusted_from.unwrap_or(last);
        let text = "This key is distrusted from that leaf on, or from an earlier one, already.";
        wrong(text, format!("a leaf before {named}"))
    })
}
