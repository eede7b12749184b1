//! Conflicts: opened by screening, argued by both sides, decided by an officer, by whoever gives up, or by the rule.

mod hands;

use std::collections::BTreeSet;

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::conflict::{
    ActivityRef, CONFLICT_US, ConflictEvidence, ConflictOutcome, ConflictSide, ConflictState,
};
use tanqiao_protocol::fingerprint::TokenKind;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::view::{MemberKind, MemberStatus, Outcome};

use self::hands::{check_release, issuance_of, living, refuse, release, take_over};
use super::check_words;
use super::transfer::By;
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::{Collided, Conflict, ConflictContent, Issuance, Said};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The most characters of a statement.
const STATEMENT_MAX: usize = 2_000;

fn subject(id: MessageId) -> String {
    format!("conflict/{id}")
}

/// The id of a conflict: the same whenever the same log is decided again.
fn id_of(working: &Working, later: &ActivityRef, earlier: &ActivityRef) -> MessageId {
    let seed = Sha256::of(format!("tanqiao-conflict/v1 {later:?} {earlier:?}").as_bytes());
    let mut random = [0; 10];
    random.iter_mut().zip(seed.0).for_each(|(to, from)| *to = from);
    MessageId::from_parts(working.now, &random)
}

/// Whose act it is where nobody decides: what a soft token says belongs to the earlier issuance; a hard or strong one to the
/// region in which the act took place, and else to the earlier issuance. Nothing is taken for a member that is suspended.
fn rule(working: &Working, earlier: &Issuance, later: &Issuance, kinds: &[TokenKind]) -> ConflictOutcome {
    let at_home = |issuance: &Issuance| {
        working.governance.members.get(&issuance.issuer).is_some_and(|member| {
            member.kind == MemberKind::Region
                && member.status == MemberStatus::Admitted
                && (member.region == issuance.content.region_of_act
                    || member.region.contains(&issuance.content.region_of_act))
        })
    };
    let soft = kinds.iter().all(|kind| *kind == TokenKind::Subject);
    if !soft && at_home(later) && !at_home(earlier) {
        ConflictOutcome::Later
    } else {
        ConflictOutcome::Earlier
    }
}

/// Opens a conflict for each activity that this one collides with.
pub(super) fn open(working: &mut Working, later: &Issuance, collided: &Collided) -> Decided<()> {
    for collision in &collided.with {
        let earlier = working
            .issuances
            .get(&collision.activity.issuance)?
            .cloned()
            .ok_or_else(|| Rejection::Broken(format!("no issuance {}", collision.activity.issuance)))?;
        let side = |issuance: &Issuance, index| ConflictSide {
            member: issuance.issuer.clone(),
            activity: ActivityRef {
                issuance: issuance.id,
                index,
            },
        };
        let mut content = ConflictContent {
            quantity_g: collided.grams,
            tokens: collision.tokens.clone(),
            rule: ConflictOutcome::Earlier,
            reason: None,
        };
        content.rule = rule(working, &earlier, later, &content.kinds());
        let later = side(later, collided.index);
        let earlier = side(&earlier, collision.activity.index);
        open_one(working, earlier, later, content)?;
    }
    Ok(())
}

fn open_one(
    working: &mut Working,
    earlier: ConflictSide,
    later: ConflictSide,
    content: ConflictContent,
) -> Decided<()> {
    let id = id_of(working, &later.activity, &earlier.activity);
    let deadline = working.now.plus_micros(CONFLICT_US);
    let check = if earlier.member == later.member {
        CheckCode::S10
    } else {
        CheckCode::S11
    };
    let told = |own: &ConflictSide, other: &ConflictSide| Notice {
        to: own.member.clone(),
        r#type: "conflict.opened",
        body: json!({
            "conflict": id, "issuance": own.activity.issuance, "index": own.activity.index, "grams": content.quantity_g,
            "kinds": content.kinds(), "check": check.text(), "held_back": i64::from(own == &later), "rule": content.rule,
            "other": { "member": other.member, "issuance": other.activity.issuance, "index": other.activity.index },
            "deadline": deadline,
        }),
    };
    // A member that collides with itself is told once, as the one that is held back.
    let mut notices = vec![told(&later, &earlier)];
    if earlier.member != later.member {
        notices.push(told(&earlier, &later));
    }
    let log_index = working.carry_out(Step {
        r#type: "conflict.opened",
        subject: subject(id),
        state: Some(ConflictState::Open.word()),
        data: json!({
            "earlier": earlier, "later": later, "kinds": content.kinds(), "quantity_g": content.quantity_g,
            "rule": content.rule, "deadline": deadline,
        }),
        notices,
        ..Step::default()
    })?;
    let key = later.activity.clone();
    working.conflicts.put(
        id,
        Conflict {
            id,
            earlier,
            later,
            state: ConflictState::Open,
            opened_at: working.now,
            deadline,
            outcome: None,
            resolved_at: None,
            content,
            log_index,
            end_log_index: None,
        },
    );
    working.conflicts_of.load(key.clone(), None);
    working.conflicts_of.get_mut(&key)?.push(id);
    Ok(())
}

/// The open conflict of this id.
fn find_open(working: &Working, id: MessageId) -> Decided<Conflict> {
    let conflict = working.conflicts.get(&id)?.cloned();
    let conflict =
        conflict.ok_or_else(|| Rejection::from(Refusal::new(CheckCode::T05, format!("There is no conflict {id}."))))?;
    ensure(conflict.state == ConflictState::Open, || {
        Refusal::new(CheckCode::T05, "This conflict was decided already.")
            .expected(ConflictState::Open, conflict.outcome.map_or("", ConflictOutcome::word))
    })?;
    Ok(conflict)
}

/// A side says something, or gives the activity up.
pub fn say(working: &mut Working, command: &Command, signed: &Signed, content: &ConflictEvidence) -> Decided<Outcome> {
    check_words(&content.statement, "statement", STATEMENT_MAX)?;
    let conflict = find_open(working, content.conflict)?;
    let is_later = conflict.later.member == signed.member;
    ensure(is_later || conflict.earlier.member == signed.member, || {
        Refusal::new(CheckCode::N05, "Only the two sides of a conflict speak about it.")
    })?;
    if content.concede && !is_later {
        check_has_act(working, &conflict, &signed.member)?;
        check_release(working, &conflict.later.activity)?;
    }
    let mut told: BTreeSet<&NodeId> = BTreeSet::from([&conflict.earlier.member, &conflict.later.member]);
    told.remove(&signed.member);
    let body = json!({
        "conflict": conflict.id, "member": signed.member, "statement": content.statement,
        "concede": i64::from(content.concede),
    });
    let log_index = working.carry_out(Step {
        r#type: "conflict.evidence",
        subject: subject(conflict.id),
        state: Some(ConflictState::Open.word()),
        data: json!({ "statement_sha256": Sha256::of(content.statement.as_bytes()), "concede": i64::from(content.concede) }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: told
            .into_iter()
            .map(|to| Notice {
                to: to.clone(),
                r#type: "conflict.evidence",
                body: body.clone(),
            })
            .collect(),
        ..Step::default()
    })?;
    working.written.said.push(Said {
        conflict: conflict.id,
        member: signed.member.clone(),
        at: working.now,
        statement: content.statement.clone(),
        concede: content.concede,
        log_index,
    });
    let id = conflict.id;
    if content.concede {
        let outcome = if is_later {
            ConflictOutcome::Earlier
        } else {
            ConflictOutcome::Later
        };
        let by = By {
            member: Some(signed.member.clone()),
            officers: Vec::new(),
            payload: Some(command.payload_sha256),
        };
        end_conflict(working, conflict, outcome, "a side gave the activity up", &by)?;
        return Ok(working.outcome(subject(id), Some(ConflictState::Resolved.word()), log_index));
    }
    Ok(working.outcome(subject(id), Some(ConflictState::Open.word()), log_index))
}

/// N05: whoever has lost an act already cannot give it away.
fn check_has_act(working: &Working, conflict: &Conflict, speaker: &NodeId) -> Decided<()> {
    let Some(living) = living(working, &conflict.earlier.activity)? else {
        return Ok(());
    };
    let holder = issuance_of(working, &living)?.issuer;
    ensure(holder == *speaker, || {
        Refusal::new(
            CheckCode::N05,
            "The act has gone to another member meanwhile, who alone may give it up.",
        )
        .expected(speaker, &holder)
    })
}

/// An officer decides. Taking serials away needs two.
pub fn decide(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    outcome: ConflictOutcome,
    reason: &str,
) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let conflict = find_open(working, id)?;
    let by = By {
        officers: officers.to_vec(),
        ..By::default()
    };
    let log_index = end_conflict(working, conflict, outcome, reason, &by)?;
    Ok(working.outcome(subject(id), Some(ConflictState::Resolved.word()), log_index))
}

/// Decides a conflict whose deadline has passed by its rule, as it is for whoever has the act now. T05 where it is not so.
pub fn settle_due(working: &mut Working, id: MessageId) -> Decided<Outcome> {
    let conflict = find_open(working, id)?;
    ensure(working.now >= conflict.deadline, || {
        Refusal::new(CheckCode::T05, "Both sides still have time to speak.").expected(conflict.deadline, working.now)
    })?;
    let outcome = match living(working, &conflict.earlier.activity)? {
        Some(living) => {
            let (first, second) = (
                issuance_of(working, &living)?,
                issuance_of(working, &conflict.later.activity)?,
            );
            rule(working, &first, &second, &conflict.content.kinds())
        }
        None => ConflictOutcome::Later,
    };
    let reason = "nobody decided before the deadline: the rule decides";
    let log_index = end_conflict(working, conflict, outcome, reason, &By::default())?;
    Ok(working.outcome(subject(id), Some(ConflictState::Resolved.word()), log_index))
}

fn end_conflict(
    working: &mut Working,
    conflict: Conflict,
    outcome: ConflictOutcome,
    reason: &str,
    by: &By,
) -> Decided<i64> {
    if outcome != ConflictOutcome::Earlier {
        check_release(working, &conflict.later.activity)?;
    }
    let log_index = close(working, &conflict, outcome, reason, by)?;
    let (earlier, later) = (&conflict.earlier.activity, &conflict.later.activity);
    // Whoever has the act now: it may not be the one that had it when the conflict was opened.
    let living = living(working, earlier)?.filter(|living| living != later);
    match (outcome, living) {
        (ConflictOutcome::Earlier, Some(winner)) => refuse(working, later, Some(&winner), conflict.id, by)?,
        (ConflictOutcome::Later, Some(loser)) => {
            take_over(working, &conflict, &loser, reason, by)?;
            release(working, later, by)?;
        }
        (ConflictOutcome::Distinct, Some(living)) => {
            if living != *earlier {
                go_on_with(working, &conflict, &living)?;
            }
            release(working, later, by)?;
        }
        // Nobody has it: it is the later one's.
        (_, None) => release(working, later, by)?,
    }
    Ok(log_index)
}

/// The act that was found to be distinct had gone to another activity, with which nobody has compared the later one.
fn go_on_with(working: &mut Working, conflict: &Conflict, living: &ActivityRef) -> Decided<()> {
    let later = &conflict.later.activity;
    for id in working.conflicts_of.get(later)?.cloned().unwrap_or_default() {
        if working
            .conflicts
            .get(&id)?
            .is_some_and(|known| known.earlier.activity == *living)
        {
            return Ok(());
        }
    }
    let (first, second) = (issuance_of(working, living)?, issuance_of(working, later)?);
    let mut content = conflict.content.clone();
    content.reason = None;
    content.rule = rule(working, &first, &second, &content.kinds());
    let earlier = ConflictSide {
        member: first.issuer,
        activity: living.clone(),
    };
    open_one(working, earlier, conflict.later.clone(), content)
}

/// The leaf, and the word to both sides.
fn close(working: &mut Working, conflict: &Conflict, outcome: ConflictOutcome, reason: &str, by: &By) -> Decided<i64> {
    let told = |side: &ConflictSide| Notice {
        to: side.member.clone(),
        r#type: "conflict.resolved",
        body: json!({
            "conflict": conflict.id, "outcome": outcome, "issuance": side.activity.issuance, "index": side.activity.index,
            "held_back": i64::from(*side == conflict.later), "reason": reason,
        }),
    };
    let mut notices = vec![told(&conflict.later)];
    if conflict.earlier.member != conflict.later.member {
        notices.push(told(&conflict.earlier));
    }
    let log_index = working.carry_out(Step {
        r#type: "conflict.resolved",
        subject: subject(conflict.id),
        state: Some(ConflictState::Resolved.word()),
        data: json!({ "outcome": outcome, "reason": reason }),
        member: by.member.clone(),
        officers: by.officers.clone(),
        payload_sha256: by.payload,
        notices,
        ..Step::default()
    })?;
    let mut resolved = conflict.clone();
    resolved.state = ConflictState::Resolved;
    resolved.outcome = Some(outcome);
    resolved.resolved_at = Some(working.now);
    resolved.content.reason = Some(reason.to_owned());
    resolved.end_log_index = Some(log_index);
    working.conflicts.put(conflict.id, resolved);
    Ok(log_index)
}
