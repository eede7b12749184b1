//! Challenge audits: officers ask a member for a random sample of what it issued; the member's sealed answer; the result.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tanqiao_protocol::challenge::{
    ANSWER_DAYS_MAX, ChallengeAnswer, ChallengeState, MAILBOX_BYTES_MAX, SAMPLE_MAX, SEALED_BYTES_MAX, draw,
};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::Outcome;

use super::check_words;
use crate::ledger::command::{Command, OpenChallenge, Signed};
use crate::ledger::objects::{Answered, Challenge, ChallengeContent};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(id: MessageId) -> String {
    format!("challenge/{id}")
}

fn schema(detail: impl Into<String>) -> Refusal {
    Refusal::new(CheckCode::M02, detail)
}

/// Draws a sample and asks the issuer for it. The beacon is the chain over the log under the lock: whoever asks cannot choose it.
pub fn open(working: &mut Working, officers: &[Name], id: MessageId, asked: &OpenChallenge) -> Decided<Outcome> {
    ensure((1..=SAMPLE_MAX).contains(&asked.count), || {
        schema(format!("`count` must be 1 to {SAMPLE_MAX}."))
    })?;
    ensure((1..=ANSWER_DAYS_MAX).contains(&asked.answer_days), || {
        schema(format!("`answer_days` must be 1 to {ANSWER_DAYS_MAX}."))
    })?;
    let pem = asked.mailbox_pem.as_str();
    ensure(
        pem.len() <= MAILBOX_BYTES_MAX && pem.trim_start().starts_with("-----BEGIN CERTIFICATE-----"),
        || {
            schema(format!(
                "`mailbox_pem` must be one X.509 certificate in PEM of {MAILBOX_BYTES_MAX} bytes at most."
            ))
        },
    )?;
    let issuance = working
        .issuances
        .get(&asked.issuance)?
        .ok_or_else(|| schema(format!("There is no issuance {}.", asked.issuance)))?;
    ensure(
        !matches!(issuance.state, IssuanceState::Refused | IssuanceState::Abandoned),
        || {
            Refusal::new(
                CheckCode::G05,
                "The issuance has come to nothing: there is nothing to examine.",
            )
            .expected("an issuance that counts", issuance.state)
        },
    )?;
    let (member, activities) = (issuance.issuer.clone(), issuance.content.activity_count);
    let beacon = working.head.chain;
    let content = ChallengeContent {
        positions: draw(id, &beacon, asked.count, activities),
        beacon,
        mailbox_pem: asked.mailbox_pem.clone(),
        answer: None,
        notes: None,
    };
    let answer_until = working.now.plus_micros(i64::from(asked.answer_days) * DAY_US);
    let log_index = working.carry_out(Step {
        r#type: "challenge.opened",
        subject: subject(id),
        state: Some(ChallengeState::Opened.word()),
        data: json!({
            "answer_until": answer_until, "beacon": beacon, "issuance": asked.issuance,
            "mailbox_sha256": Sha256::of(pem.as_bytes()), "positions": content.positions,
        }),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: member.clone(),
            r#type: "challenge.opened",
            body: json!({
                "answer_until": answer_until, "beacon": beacon, "challenge": id, "issuance": asked.issuance,
                "mailbox_pem": pem, "positions": content.positions,
            }),
        }],
        ..Step::default()
    })?;
    let challenge = Challenge {
        id,
        issuance: asked.issuance,
        member,
        state: ChallengeState::Opened,
        opened_at: working.now,
        answer_until,
        ended_at: None,
        answer_envelope: None,
        sealed_kept: false,
        content,
        log_index,
    };
    working.challenges.put(id, challenge);
    Ok(working.outcome(subject(id), Some(ChallengeState::Opened.word()), log_index))
}

fn find(working: &Working, id: MessageId) -> Decided<Challenge> {
    let found = working.challenges.get(&id)?.cloned();
    found.ok_or_else(|| schema(format!("There is no challenge {id}.")).into())
}

/// G05: the table permits the step.
fn check_step(challenge: &Challenge, to: ChallengeState) -> Decided<()> {
    ensure(ChallengeState::permits(Some(challenge.state), to), || {
        let before: Vec<&str> = ChallengeState::TRANSITIONS
            .iter()
            .filter(|(_, end)| *end == to)
            .filter_map(|(from, _)| from.map(ChallengeState::word))
            .collect();
        Refusal::new(CheckCode::G05, format!("The challenge is `{}`.", challenge.state))
            .expected(before.join(" or "), challenge.state)
    })
}

/// The member's sealed answer. What is in it the hub cannot read.
pub fn answer(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &ChallengeAnswer,
) -> Decided<Outcome> {
    let mut challenge = find(working, content.challenge)?;
    ensure(challenge.member == signed.member, || {
        Refusal::new(CheckCode::N05, "Another member was asked.")
    })?;
    check_step(&challenge, ChallengeState::Answered)?;
    ensure(working.now < challenge.answer_until, || {
        Refusal::new(CheckCode::G05, "The time to answer is over.")
            .expected(format!("before {}", challenge.answer_until), working.now)
    })?;
    check_sealed(content)?;
    challenge.state = ChallengeState::Answered;
    challenge.answer_envelope = Some(signed.envelope.sha256);
    challenge.sealed_kept = true;
    challenge.content.answer = Some(Answered {
        message: command.id,
        sealed_sha256: content.sealed_sha256,
        sealed_bytes: content.sealed_bytes,
        at: working.now,
    });
    challenge.log_index = working.carry_out(Step {
        r#type: "challenge.answered",
        subject: subject(challenge.id),
        state: Some(ChallengeState::Answered.word()),
        data: json!({ "sealed_bytes": content.sealed_bytes, "sealed_sha256": content.sealed_sha256 }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: vec![Notice {
            to: signed.member.clone(),
            r#type: "challenge.answered",
            body: json!({ "challenge": challenge.id, "sealed_sha256": content.sealed_sha256 }),
        }],
        ..Step::default()
    })?;
    let outcome = working.outcome(
        subject(challenge.id),
        Some(ChallengeState::Answered.word()),
        challenge.log_index,
    );
    working.challenges.put(challenge.id, challenge);
    Ok(outcome)
}

/// M02: the sealed bytes are those of the hash, and look like CMS in DER.
fn check_sealed(content: &ChallengeAnswer) -> Decided<()> {
    let bytes = STANDARD
        .decode(&content.sealed)
        .map_err(|_| schema("`sealed` must be base64 (RFC 4648, section 4)."))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    ensure(
        bytes.len() <= SEALED_BYTES_MAX && length == content.sealed_bytes,
        || {
            schema(format!(
                "`sealed` must have `sealed_bytes` bytes, {SEALED_BYTES_MAX} at most."
            ))
            .expected(content.sealed_bytes, length)
        },
    )?;
    let found = Sha256::of(&bytes);
    ensure(found == content.sealed_sha256, || {
        schema("`sealed` has another hash than `sealed_sha256`.").expected(content.sealed_sha256, found)
    })?;
    ensure(bytes.first() == Some(&0x30), || schema("`sealed` must be CMS in DER."))
}

/// Officers record what they found in the answer, or that none came in time.
pub fn record(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    verdict: ChallengeState,
    notes: &str,
) -> Decided<Outcome> {
    check_words(notes, "notes", 500)?;
    let challenge = find(working, id)?;
    ensure(verdict.is_final(), || {
        schema("`verdict` must be `passed`, `failed` or `unanswered`.")
    })?;
    check_step(&challenge, verdict)?;
    ensure(
        verdict != ChallengeState::Unanswered || working.now >= challenge.answer_until,
        || {
            Refusal::new(CheckCode::G05, "The member may still answer.")
                .expected(format!("at or after {}", challenge.answer_until), working.now)
        },
    )?;
    end(working, challenge, officers, verdict, notes)
}

/// The sweep's part: no answer came in time.
pub fn expire(working: &mut Working, challenge: Challenge) -> Decided<()> {
    if challenge.state == ChallengeState::Opened && working.now >= challenge.answer_until {
        end(
            working,
            challenge,
            &[],
            ChallengeState::Unanswered,
            "nothing came in time",
        )?;
    }
    Ok(())
}

fn end(
    working: &mut Working,
    mut challenge: Challenge,
    officers: &[Name],
    verdict: ChallengeState,
    notes: &str,
) -> Decided<Outcome> {
    challenge.state = verdict;
    challenge.ended_at = Some(working.now);
    challenge.content.notes = Some(notes.to_owned());
    let r#type = match verdict {
        ChallengeState::Passed => "challenge.passed",
        ChallengeState::Failed => "challenge.failed",
        _ => "challenge.unanswered",
    };
    challenge.log_index = working.carry_out(Step {
        r#type,
        subject: subject(challenge.id),
        state: Some(verdict.word()),
        data: json!({ "issuance": challenge.issuance, "notes": notes }),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: challenge.member.clone(),
            r#type,
            body: json!({ "challenge": challenge.id, "issuance": challenge.issuance, "notes": notes }),
        }],
        ..Step::default()
    })?;
    let outcome = working.outcome(subject(challenge.id), Some(verdict.word()), challenge.log_index);
    working.challenges.put(challenge.id, challenge);
    Ok(outcome)
}
