//! What officers decide for the whole federation, who may decide it, and what members publish.

use serde_json::json;
use tanqiao_protocol::asset::AssetConflictState;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::view::Outcome;

use super::check_text;
use super::mapping::{Changed, recheck};
use super::membership::change_governance;
use crate::ledger::command::{Command, Decision, Origin, Signed};
use crate::ledger::objects::{Officer, Policy, Published, Role, SheetVersion};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// How many different officers a decision needs.
const fn officers_needed(decision: &Decision) -> usize {
    match decision {
        Decision::Sweep
        | Decision::TokensArrived { .. }
        | Decision::Screened(_)
        | Decision::AbandonIssuance { .. }
        | Decision::GiveUpScreening { .. }
        | Decision::SettleConflict { .. }
        | Decision::FindingsExamined { .. } => 0,
        // Serials are taken away.
        Decision::ResolveConflict {
            outcome: ConflictOutcome::Later,
            ..
        }
        | Decision::ReverseRemoval { .. }
        | Decision::ResolveAssetConflict {
            ruling: AssetConflictState::Upheld,
            ..
        }
        | Decision::RevokeMapping { .. }
        | Decision::Foreclose { .. }
        | Decision::CancelFrozen { .. }
        | Decision::CloseFindings { .. }
        | Decision::NewOrigin { .. }
        | Decision::ReplaceKeys { .. }
        | Decision::DistrustKey { .. }
        | Decision::AdmitWitness { .. }
        | Decision::RemoveWitness { .. }
        | Decision::SetWitnessQuorum { .. }
        | Decision::AcknowledgeForks { .. }
        | Decision::RotateLogKey { .. }
        | Decision::RetireLogKey { .. } => 2,
        _ => 1,
    }
}

/// What the hub does by itself, and nobody else.
const fn is_of_hub(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Sweep
            | Decision::TokensArrived { .. }
            | Decision::Screened(_)
            | Decision::AbandonIssuance { .. }
            | Decision::GiveUpScreening { .. }
            | Decision::SettleConflict { .. }
            | Decision::FindingsExamined { .. }
    )
}

/// G01, G02: enough different officers, each with the role. The hub itself sweeps, and makes the first officer and policy.
pub fn authorise(working: &Working, command: &Command, officers: &[Name], decision: &Decision) -> Decided<()> {
    if matches!(command.origin, Origin::Hub) {
        let founding = working.governance.officers.is_empty()
            && matches!(decision, Decision::PutOfficer { .. } | Decision::SetPolicy(_));
        // The hub's calendar asks members to reconcile, and officers may.
        let calendar = matches!(decision, Decision::RequestReconciliation { .. });
        return ensure(is_of_hub(decision) || calendar || founding, || {
            Refusal::new(CheckCode::G02, "Officers decide this, not the hub itself.")
        });
    }
    ensure(!is_of_hub(decision), || {
        Refusal::new(CheckCode::G02, "The hub itself does this, not officers.")
    })?;
    let mut different: Vec<&Name> = officers.iter().collect();
    different.sort_unstable();
    different.dedup();
    ensure(different.len() == officers.len(), || {
        Refusal::new(
            CheckCode::G01,
            "The same officer was named twice: two different people decide this.",
        )
    })?;
    ensure(different.len() >= officers_needed(decision), || {
        Refusal::new(CheckCode::G01, "This needs two different officers.")
            .expected(officers_needed(decision), different.len())
    })?;
    let organiser_may = matches!(
        decision,
        Decision::PlanEvent(_)
            | Decision::SetInventory { .. }
            | Decision::CloseEvent { .. }
            | Decision::AcceptDonation { .. }
            | Decision::DeclineDonation { .. }
    );
    for officer in officers {
        let role = working
            .governance
            .officers
            .get(officer)
            .filter(|o| o.active)
            .map(|o| o.role);
        let may = role == Some(Role::Officer) || (organiser_may && role == Some(Role::Organiser));
        ensure(may, || {
            Refusal::new(CheckCode::G02, format!("`{officer}` has no role that may decide this."))
        })?;
    }
    Ok(())
}

/// G02: an event is run by its own organiser, or by officers.
pub(super) fn check_runs_event(working: &Working, officers: &[Name], organiser: &Name) -> Decided<()> {
    let runs = officers.iter().all(|account| {
        account == organiser
            || working
                .governance
                .officers
                .get(account)
                .is_some_and(|o| o.active && o.role == Role::Officer)
    });
    ensure(runs, || {
        Refusal::new(CheckCode::G02, "Another organiser runs this event.")
    })
}

/// Sets the policy. The trust domain is set once.
pub fn set_policy(working: &mut Working, officers: &[Name], policy: &Policy) -> Decided<Outcome> {
    let before = &working.governance.policy.trust_domain;
    ensure(before.as_str().is_empty() || *before == policy.trust_domain, || {
        Refusal::new(CheckCode::M11, "The trust domain of a federation never changes.")
    })?;
    let log_index = working.carry_out(Step {
        r#type: "policy.set",
        subject: "policy".to_owned(),
        data: json!({ "policy": policy_leaf(policy) }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| governance.policy = policy.clone());
    Ok(working.outcome("policy".to_owned(), None, log_index))
}

/// Leaves hold strings and integers only: a flag is 0 or 1.
fn policy_leaf(policy: &Policy) -> serde_json::Value {
    json!({
        "trust_domain": policy.trust_domain, "demonstration": i64::from(policy.demonstration),
        "first_dealing_delay_s": policy.first_dealing_delay_s,
        "second_approval_from_g": policy.second_approval_from_g.map_or(0, tanqiao_protocol::quantity::Grams::get),
        "smallest_piece_g": policy.smallest_piece_g, "screening": i64::from(policy.screening),
        "token_suite": policy.token_suite,
        "mapping_comment_period_s": policy.mapping_comment_period_s,
    })
}

/// Makes or changes an account. Its password's hash is not logged.
pub fn put_officer(
    working: &mut Working,
    officers: &[Name],
    account: &Name,
    role: Role,
    password_hash: &str,
    active: bool,
) -> Decided<Outcome> {
    let subject = format!("officer/{account}");
    let log_index = working.carry_out(Step {
        r#type: "officer.put",
        subject: subject.clone(),
        data: json!({ "role": role, "active": i64::from(active) }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        governance.officers.insert(
            account.clone(),
            Officer {
                role,
                password_hash: password_hash.to_owned(),
                active,
            },
        );
    });
    Ok(working.outcome(subject, None, log_index))
}

/// The regulator's global stop, and its end.
pub fn stop(working: &mut Working, officers: &[Name], stopped: bool, reason: &str) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let log_index = working.carry_out(Step {
        r#type: if stopped { "hub.stopped" } else { "hub.resumed" },
        subject: "hub".to_owned(),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    working.head.frozen = stopped;
    working.written.head = true;
    Ok(working.outcome(
        "hub".to_owned(),
        Some(if stopped { "stopped" } else { "running" }),
        log_index,
    ))
}

/// A member publishes a methodology version for its own region. Versions are append-only.
pub fn publish_methodology(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &Methodology,
) -> Decided<Outcome> {
    for (text, field, max) in [
        (&content.title_zh, "title_zh", 300),
        (&content.title_en, "title_en", 300),
        (&content.activity_unit, "activity_unit", 20),
        (&content.source, "source", 500),
    ] {
        check_text(text, field, max)?;
    }
    let schema = |detail: &str| Refusal::new(CheckCode::M02, detail);
    let member = working
        .governance
        .members
        .get(&signed.member)
        .ok_or_else(|| schema("unknown member"))?;
    ensure(
        member.region == content.region || member.region.contains(&content.region),
        || {
            Refusal::new(
                CheckCode::N05,
                "A member publishes methodologies of its own region only.",
            )
            .expected(member.region, content.region)
        },
    )?;
    ensure(
        !working.governance.methodologies.contains_key(&content.methodology),
        || schema("This version was published already and never changes: publish the next version."),
    )?;
    let by_other = working
        .governance
        .methodologies
        .iter()
        .any(|(r, p)| r.id() == content.methodology.id() && p.publisher != signed.member);
    ensure(!by_other, || {
        Refusal::new(CheckCode::N05, "Another member publishes under this methodology id.")
    })?;
    let of_federation =
        |version: &SheetVersion| version.sheet.reference && version.sheet.methodology.id() == content.methodology.id();
    ensure(!working.governance.sheets.values().any(of_federation), || {
        Refusal::new(
            CheckCode::N05,
            "This id is that of a reference methodology: officers publish its versions.",
        )
    })?;
    ensure(
        content.vintage_first <= content.vintage_last && !content.uses.is_empty(),
        || schema("`vintage_first` must not be after `vintage_last`, and `uses` not empty."),
    )?;
    if let Some(factor) = &content.factor_g_per_unit {
        let good = rust_decimal::Decimal::from_str_exact(factor).is_ok_and(|d| d.is_sign_positive() && !d.is_zero());
        ensure(good, || {
            schema("`factor_g_per_unit` must be an exact decimal above 0, such as \"78.4\".")
        })?;
    }
    let subject = format!("methodology/{}", content.methodology);
    let log_index = working.carry_out(Step {
        r#type: "methodology.published",
        subject: subject.clone(),
        data: json!({ "methodology": content }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        governance.methodologies.insert(
            content.methodology.clone(),
            Published {
                publisher: signed.member.clone(),
                content: content.clone(),
                log_index,
            },
        );
    });
    recheck(working, &Changed::Methodology(content.methodology.clone()))?;
    Ok(working.outcome(subject, None, log_index))
}
