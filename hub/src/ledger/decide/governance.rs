//! What officers decide for the whole federation, who may decide it, and what members publish.

use serde_json::json;
use tanqiao_mappings::recognition::{MappingEntry, check_record};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::view::{MappingStatus, MemberKind, Outcome};

use super::check_text;
use super::membership::change_governance;
use crate::ledger::command::{Command, Decision, Origin, Signed};
use crate::ledger::objects::{MappingVersion, Officer, Policy, Published, Role};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// How many different officers a decision needs.
const fn officers_needed(decision: &Decision) -> usize {
    match decision {
        Decision::Sweep => 0,
        Decision::ActivateMapping { .. }
        | Decision::Foreclose { .. }
        | Decision::CancelFrozen { .. }
        | Decision::NewOrigin { .. } => 2,
        _ => 1,
    }
}

/// G01, G02: enough different officers, each with the role. The hub itself sweeps, and makes the first officer and policy.
pub fn authorise(working: &Working, command: &Command, officers: &[Name], decision: &Decision) -> Decided<()> {
    if matches!(command.origin, Origin::Hub) {
        let founding = working.governance.officers.is_empty()
            && matches!(decision, Decision::PutOfficer { .. } | Decision::SetPolicy(_));
        return ensure(matches!(decision, Decision::Sweep) || founding, || {
            Refusal::new(CheckCode::G02, "Officers decide this, not the hub itself.")
        });
    }
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
        "smallest_piece_g": policy.smallest_piece_g,
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
    Ok(working.outcome(subject, None, log_index))
}

/// Lets a mapping version recognise: signed by the origin's publisher and by the using region's member over one content,
/// decided by two officers. Earlier versions of the same mapping are superseded.
pub fn activate_mapping(
    working: &mut Working,
    officers: &[Name],
    record: &MappingRecord,
    envelope: &str,
    signed_by: &[NodeId],
) -> Decided<Outcome> {
    let refuse = |check, detail: String| Refusal::new(check, detail);
    if let Some(fault) = check_record(record, working.now).first() {
        return Err(refuse(CheckCode::M02, fault.to_string()).into());
    }
    let governance = &working.governance;
    let origin = governance.methodologies.get(&record.origin).ok_or_else(|| {
        refuse(
            CheckCode::S01,
            format!("Methodology {} is not published.", record.origin),
        )
    })?;
    let user = governance
        .members
        .get(&record.endorsed_by)
        .ok_or_else(|| refuse(CheckCode::N03, format!("`{}` is not a member.", record.endorsed_by)))?;
    ensure(record.to.contains(&user.region), || {
        refuse(
            CheckCode::G02,
            format!(
                "`{}` does not lie in {} and cannot sign for it.",
                record.endorsed_by, record.to
            ),
        )
    })?;
    for signer in [&origin.publisher, &record.endorsed_by] {
        ensure(signed_by.contains(signer), || {
            refuse(
                CheckCode::M04,
                format!("The signature of `{signer}` over this record is missing."),
            )
        })?;
    }
    ensure(!governance.mapping_versions.contains_key(&record.mapping), || {
        refuse(
            CheckCode::M02,
            "This mapping version exists and never changes: make the next version.".to_owned(),
        )
    })?;
    let earlier: Vec<MappingRef> = governance
        .mapping_versions
        .iter()
        .filter(|(r, v)| r.id() == record.mapping.id() && v.status == MappingStatus::Active)
        .map(|(r, _)| r.clone())
        .collect();
    ensure(earlier.iter().all(|r| r.version() < record.mapping.version()), || {
        refuse(CheckCode::G03, "A later version of this mapping is active.".to_owned())
    })?;
    let subject = format!("mapping/{}", record.mapping);
    let notices = mapping_notices(working, record, "mapping.activated");
    let log_index = working.carry_out(Step {
        r#type: "mapping.activated",
        subject: subject.clone(),
        data: mapping_leaf(record),
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        for old in earlier {
            set_mapping(governance, &old, MappingStatus::Superseded, log_index);
        }
        governance.mappings = governance
            .mappings
            .with(MappingEntry::new(record.clone(), MappingStatus::Active));
        let version = MappingVersion {
            status: MappingStatus::Active,
            record: record.clone(),
            envelope: envelope.to_owned(),
            log_index,
        };
        governance.mapping_versions.insert(record.mapping.clone(), version);
    });
    Ok(working.outcome(subject, Some(MappingStatus::Active.word()), log_index))
}

/// Leaves hold strings and integers only.
fn mapping_leaf(record: &MappingRecord) -> serde_json::Value {
    let mut data = json!({ "record": record });
    if let Some(flag) = data.pointer_mut("/record/demonstration") {
        *flag = i64::from(record.demonstration).into();
    }
    data
}

fn mapping_notices(working: &Working, record: &MappingRecord, r#type: &'static str) -> Vec<Notice> {
    let mut told: Vec<NodeId> = working
        .governance
        .methodologies
        .get(&record.origin)
        .map(|m| m.publisher.clone())
        .into_iter()
        .collect();
    if !told.contains(&record.endorsed_by) {
        told.push(record.endorsed_by.clone());
    }
    told.retain(|m| {
        working
            .governance
            .members
            .get(m)
            .is_some_and(|m| m.kind != MemberKind::Party)
    });
    told.into_iter()
        .map(|to| Notice {
            to,
            r#type,
            body: json!({ "mapping": record.mapping }),
        })
        .collect()
}

fn set_mapping(
    governance: &mut crate::ledger::objects::Governance,
    mapping: &MappingRef,
    status: MappingStatus,
    log_index: i64,
) {
    if let Some(version) = governance.mapping_versions.get_mut(mapping) {
        version.status = status;
        version.log_index = log_index;
        governance.mappings = governance
            .mappings
            .with(MappingEntry::new(version.record.clone(), status));
    }
}

/// Stops a mapping version. Open transfers keep the terms of their offer.
pub fn suspend_mapping(
    working: &mut Working,
    officers: &[Name],
    mapping: &MappingRef,
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let version = working
        .governance
        .mapping_versions
        .get(mapping)
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::R01, "There is no such mapping version."))?;
    ensure(version.status == MappingStatus::Active, || {
        Refusal::new(CheckCode::R02, "Only an active mapping can be suspended.")
            .expected(MappingStatus::Active, version.status)
    })?;
    let subject = format!("mapping/{mapping}");
    let notices = mapping_notices(working, &version.record, "mapping.suspended");
    let log_index = working.carry_out(Step {
        r#type: "mapping.suspended",
        subject: subject.clone(),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        set_mapping(governance, mapping, MappingStatus::Suspended, log_index);
    });
    Ok(working.outcome(subject, Some(MappingStatus::Suspended.word()), log_index))
}
