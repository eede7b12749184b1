//! The token keys of a month: they hold once all three of its evaluators have stated the same.

use std::collections::BTreeSet;

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::fingerprint::{EpochKeys, TokenCommitment, TokenEpoch, TokenSuite};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::{MemberKind, MemberStatus, Outcome};

use super::membership::change_governance;
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::EpochStanding;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

fn subject(keys: &EpochKeys) -> String {
    format!("token-epoch/{}", keys.epoch)
}

/// N03: all three are evaluators of this federation, each a member of its own.
fn check_evaluators(working: &Working, keys: &EpochKeys, speaker: &NodeId) -> Decided<()> {
    ensure(keys.evaluators.iter().any(|one| one.id == *speaker), || {
        Refusal::new(
            CheckCode::N05,
            "An evaluator states the keys of months that it is an evaluator of.",
        )
    })?;
    for evaluator in &keys.evaluators {
        let admitted = working
            .governance
            .members
            .get(&evaluator.id)
            .is_some_and(|m| m.kind == MemberKind::Evaluator && m.status == MemberStatus::Admitted);
        ensure(admitted, || {
            Refusal::new(
                CheckCode::N03,
                format!(
                    "`{}` is not an evaluator of this federation. Ask the regulator.",
                    evaluator.id
                ),
            )
        })?;
    }
    Ok(())
}

/// An evaluator states the keys of a month. Others than those that hold are refused; others than those that only some have
/// stated take their place, since a key generation that broke off is done again.
pub fn state(working: &mut Working, command: &Command, signed: &Signed, content: &TokenEpoch) -> Decided<Outcome> {
    let keys = &content.keys;
    keys.check()
        .map_err(|error| Refusal::new(CheckCode::M02, format!("These keys cannot be used: {error}.")))?;
    check_evaluators(working, keys, &signed.member)?;
    let known = working.governance.token_epochs.get(&keys.epoch);
    let same = known.filter(|known| known.keys == *keys);
    ensure(
        same.is_some() || known.is_none_or(|known| known.log_index.is_none()),
        || {
            Refusal::new(
                CheckCode::T05,
                "Other keys of this month are in the log already, and never change.",
            )
        },
    )?;
    let mut stated_by: BTreeSet<NodeId> = same.map(|known| known.stated_by.clone()).unwrap_or_default();
    let published = same.and_then(|known| known.log_index);
    stated_by.insert(signed.member.clone());
    let complete = keys.evaluators.iter().all(|one| stated_by.contains(&one.id));
    let holds = complete && published.is_none();
    let data = if holds {
        json!({ "keys": keys })
    } else {
        json!({ "epoch": keys.epoch, "public_key": keys.public_key })
    };
    let log_index = working.carry_out(Step {
        r#type: if holds {
            "token-epoch.published"
        } else {
            "token-epoch.stated"
        },
        subject: subject(keys),
        data,
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        ..Step::default()
    })?;
    let standing = EpochStanding {
        keys: keys.clone(),
        stated_by,
        log_index: published.or(holds.then_some(log_index)),
    };
    change_governance(working, |governance| {
        governance.token_epochs.insert(keys.epoch, standing);
    });
    let state = if complete { "published" } else { "stated" };
    Ok(working.outcome(subject(keys), Some(state), log_index))
}

/// S08: tokens are made as the policy says, since tokens of two suites never meet, and with keys that are in the log.
pub(super) fn check_suite(working: &Working, tokens: &TokenCommitment) -> Decided<()> {
    let suite = working.governance.policy.token_suite;
    ensure(tokens.suite == suite, || {
        Refusal::new(CheckCode::S08, "This federation makes its tokens in another way.").expected(suite, tokens.suite)
    })?;
    if suite != TokenSuite::Voprf {
        return Ok(());
    }
    let mut month = Some(tokens.first_epoch);
    while let Some(epoch) = month.filter(|epoch| *epoch <= tokens.last_epoch) {
        let known = working.governance.token_epochs.get(&epoch);
        ensure(known.is_some_and(|standing| standing.log_index.is_some()), || {
            Refusal::new(
                CheckCode::S08,
                format!("There are no token keys of {epoch} in the log: the evaluators have to publish them first."),
            )
        })?;
        month = epoch.next();
    }
    Ok(())
}
