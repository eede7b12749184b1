//! The transparency log's witnesses and keys, and what witnesses find wrong with it.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::default_quorum;
use tanqiao_protocol::message::{FORK_NOTES_BYTES_MAX, LogFork, WitnessKey, proves_fork};
use tanqiao_protocol::signing::{NoteKey, NoteKind};
use tanqiao_protocol::view::Outcome;

use super::membership::change_governance;
use super::{check_text, origin};
use crate::ledger::command::{Command, Decision, Signed};
use crate::ledger::objects::{LogKey, WitnessStanding};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// What the log's own leaves are about.
const LOG: &str = "log";

/// What officers decide about the keys and witnesses of the log.
pub fn decide(working: &mut Working, officers: &[Name], decision: &Decision) -> Decided<Outcome> {
    match decision {
        Decision::AdmitWitness { member, key } => admit_witness(working, officers, member, key),
        Decision::RemoveWitness { member, reason } => remove_witness(working, officers, member, reason),
        Decision::SetWitnessQuorum { quorum } => set_quorum(working, officers, *quorum),
        Decision::RotateLogKey { previous, key } => rotate_key(working, officers, previous, key),
        Decision::RetireLogKey { key } => retire_key(working, officers, key),
        _ => Err(Refusal::new(CheckCode::M02, "This is not about the log.").into()),
    }
}

fn subject(member: &NodeId) -> String {
    format!("witness/{member}")
}

/// A member proposes the key of its witness: one of its own that signs nothing else. The same key again changes nothing.
pub fn propose_witness(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &WitnessKey,
) -> Decided<Outcome> {
    let (member, key) = (&signed.member, &content.witness_key);
    let name = format!("{}/witness/{member}", working.governance.policy.trust_domain);
    ensure(key.kind() == NoteKind::Cosignature && key.name() == name, || {
        Refusal::new(
            CheckCode::M02,
            "The key of a witness is one for cosignatures (type 0x04), under the member's own name.",
        )
        .expected(&name, key)
    })?;
    let has_node = working
        .governance
        .members
        .get(member)
        .is_some_and(|m| m.kind.has_node());
    ensure(has_node, || {
        Refusal::new(CheckCode::N05, "A witness is a member that runs a node.")
    })?;
    let governance = &working.governance;
    let signs_messages = governance.keys.values().any(|other| other.key == *key.key());
    let witnesses = governance.log.witnesses.iter();
    let of_others = witnesses
        .filter(|(other, _)| *other != member)
        .flat_map(|(_, witness)| [&witness.candidate, &witness.admitted])
        .flatten()
        .any(|other| other.key() == key.key());
    ensure(!signs_messages && !of_others, || {
        Refusal::new(
            CheckCode::M02,
            "This key signs something else already: make one of its own for the witness.",
        )
    })?;
    let log_index = working.carry_out(Step {
        r#type: "witness.proposed",
        subject: subject(member),
        data: json!({ "key": key }),
        member: Some(member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: vec![Notice {
            to: member.clone(),
            r#type: "witness.proposed",
            body: json!({ "key": key }),
        }],
        ..Step::default()
    })?;
    let admitted = standing(working, member).and_then(|known| known.admitted);
    let state = if admitted.as_ref() == Some(key) {
        "admitted"
    } else {
        "proposed"
    };
    let candidate = (admitted.as_ref() != Some(key)).then(|| key.clone());
    put(working, member, candidate, admitted, log_index);
    Ok(working.outcome(subject(member), Some(state), log_index))
}

fn standing(working: &Working, member: &NodeId) -> Option<WitnessStanding> {
    working.governance.log.witnesses.get(member).cloned()
}

fn put(working: &mut Working, member: &NodeId, candidate: Option<NoteKey>, admitted: Option<NoteKey>, log_index: i64) {
    change_governance(working, |governance| {
        let standing = WitnessStanding {
            candidate,
            admitted,
            log_index,
        };
        governance.log.witnesses.insert(member.clone(), standing);
    });
}

/// Officers let a member's witness count, with the key that they have read.
pub fn admit_witness(working: &mut Working, officers: &[Name], member: &NodeId, key: &NoteKey) -> Decided<Outcome> {
    let candidate = standing(working, member).and_then(|known| known.candidate);
    ensure(candidate.as_ref() == Some(key), || {
        let refusal = Refusal::new(
            CheckCode::G03,
            format!(
                "`{member}` has proposed no such key for its witness: its node does, once it is configured as one."
            ),
        );
        match &candidate {
            Some(proposed) => refusal.expected(proposed, key),
            None => refusal,
        }
    })?;
    let log_index = change_witness(working, officers, "witness.admitted", member, key, None)?;
    put(working, member, None, Some(key.clone()), log_index);
    Ok(working.outcome(subject(member), Some("admitted"), log_index))
}

/// Officers let a member's witness, or the key that it has proposed, count no more.
pub fn remove_witness(working: &mut Working, officers: &[Name], member: &NodeId, reason: &str) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let known = standing(working, member);
    let key = known.and_then(|known| known.admitted.or(known.candidate));
    let key = key.ok_or_else(|| Refusal::new(CheckCode::G03, format!("`{member}` has no witness.")))?;
    let log_index = change_witness(working, officers, "witness.removed", member, &key, Some(reason))?;
    put(working, member, None, None, log_index);
    Ok(working.outcome(subject(member), Some("removed"), log_index))
}

fn change_witness(
    working: &mut Working,
    officers: &[Name],
    r#type: &'static str,
    member: &NodeId,
    key: &NoteKey,
    reason: Option<&str>,
) -> Decided<i64> {
    let mut body = json!({ "key": key, "member": member });
    if let (Some(reason), Some(object)) = (reason, body.as_object_mut()) {
        object.insert("reason".to_owned(), json!(reason));
    }
    working.carry_out(Step {
        r#type,
        subject: subject(member),
        data: body.clone(),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: member.clone(),
            r#type,
            body,
        }],
        ..Step::default()
    })
}

/// Officers ask for another number of cosignatures: never fewer than the usual, nor more than there are witnesses.
pub fn set_quorum(working: &mut Working, officers: &[Name], quorum: usize) -> Decided<Outcome> {
    let witnesses = working.governance.log.admitted().count();
    let usual = default_quorum(witnesses);
    ensure((usual..=witnesses).contains(&quorum), || {
        Refusal::new(
            CheckCode::G03,
            "A quorum is at least 1 + 2n/3 (rounded down) of n admitted witnesses: fewer could be deceived apart.",
        )
        .expected(format!("{usual} to {witnesses}"), quorum)
    })?;
    let log_index = working.carry_out(Step {
        r#type: "witness.quorum-set",
        subject: LOG.to_owned(),
        data: json!({ "quorum": quorum, "witnesses": witnesses }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| governance.log.rules.quorum = Some(quorum));
    Ok(working.outcome(LOG.to_owned(), None, log_index))
}

/// Officers let another key sign the log from this leaf on, beside the one that signs now.
pub fn rotate_key(working: &mut Working, officers: &[Name], previous: &NoteKey, key: &NoteKey) -> Decided<Outcome> {
    let current = working.governance.log.rules.signing(previous);
    ensure(current == [previous.clone()], || {
        let detail =
            "The log is signed by other keys now: end the rotation that was begun first (`admin log-key retire-old`).";
        let found: Vec<String> = current.iter().map(ToString::to_string).collect();
        Refusal::new(CheckCode::G03, detail).expected(previous, found.join(", "))
    })?;
    let fits = key.kind() != NoteKind::Cosignature && key.name() == previous.name();
    let used = working
        .governance
        .log
        .rules
        .ever(previous)
        .iter()
        .any(|other| other.key() == key.key());
    ensure(fits && !used, || {
        Refusal::new(
            CheckCode::G03,
            "The log's next key has the log's name, and has never signed it before.",
        )
    })?;
    let log_index = working.carry_out(Step {
        r#type: "log.key-rotated",
        subject: LOG.to_owned(),
        data: json!({ "key": key, "previous": previous }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        let keys = &mut governance.log.rules.keys;
        let of = |key: &NoteKey, first_index| LogKey {
            key: key.clone(),
            first_index,
            last_index: None,
        };
        if keys.is_empty() {
            keys.push(of(previous, 0));
        }
        keys.push(of(key, log_index));
    });
    Ok(working.outcome(LOG.to_owned(), None, log_index))
}

/// Officers let the older of two keys sign the log no more.
pub fn retire_key(working: &mut Working, officers: &[Name], key: &NoteKey) -> Decided<Outcome> {
    let current: Vec<&NoteKey> = working.governance.log.rules.current().collect();
    let fits = matches!(current.as_slice(), [old, _] if *old == key);
    ensure(fits, || {
        Refusal::new(
            CheckCode::G03,
            "Only the older of two keys that sign the log can be retired: a log without a key could not go on.",
        )
    })?;
    let log_index = working.carry_out(Step {
        r#type: "log.key-retired",
        subject: LOG.to_owned(),
        data: json!({ "key": key }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        let keys = governance.log.rules.keys.iter_mut();
        for retired in keys.filter(|known| known.key == *key) {
            retired.last_index = Some(log_index);
        }
    });
    Ok(working.outcome(LOG.to_owned(), None, log_index))
}

/// A member shows two notes of the log that contradict each other. Everybody gets to know, and judges by the notes; the hub itself
/// goes on trading until officers stop it. That a key of the log has signed both was found before.
pub fn report_fork(working: &mut Working, command: &Command, signed: &Signed, content: &LogFork) -> Decided<Outcome> {
    check_text(&content.detail, "detail", 500)?;
    let read = |text: &str, field: &str| -> Decided<Note> {
        ensure(text.len() <= FORK_NOTES_BYTES_MAX, || {
            let detail = format!("`{field}` has at most {FORK_NOTES_BYTES_MAX} bytes: leave cosignatures out.");
            Refusal::new(CheckCode::M02, detail)
        })?;
        let note = Note::parse(text.as_bytes());
        Ok(note.map_err(|error| Refusal::new(CheckCode::M02, format!("`{field}` is not a note: {error}.")))?)
    };
    let (first, second) = (read(&content.first, "first")?, read(&content.second, "second")?);
    let proven = proves_fork(&first, &second);
    let mut body = json!({
        "kind": content.kind, "first": content.first, "second": content.second, "detail": content.detail,
        "reported_by": signed.member,
    });
    let mut data = body.clone();
    if let (Some(data), Some(body)) = (data.as_object_mut(), body.as_object_mut()) {
        // Leaves hold strings and integers only.
        data.insert("proven".to_owned(), json!(i64::from(proven)));
        body.insert("proven".to_owned(), json!(proven));
    }
    let notices = origin::told(working).map(|to| Notice {
        to: to.clone(),
        r#type: "log.fork-reported",
        body: body.clone(),
    });
    let notices = notices.collect();
    let log_index = working.carry_out(Step {
        r#type: "log.fork-reported",
        subject: LOG.to_owned(),
        data,
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices,
        ..Step::default()
    })?;
    let state = if proven { "proven" } else { "reported" };
    Ok(working.outcome(LOG.to_owned(), Some(state), log_index))
}
