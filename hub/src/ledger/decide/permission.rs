//! Linked obligations: officers permit them, retirements and donations name the permission and use it up (U02).

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::event::{Claim, ClaimantKind, LinkedObligation};
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::leaf::LinkChange;
use tanqiao_protocol::message::Donation;
use tanqiao_protocol::permission::{LinkedPermission, PermissionState};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Outcome};

use super::blocks::Selection;
use super::check_words;
use super::retirement::{check_claimant, check_use, check_year};
use crate::ledger::objects::{Event, Permission};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(id: MessageId) -> String {
    format!("permission/{id}")
}

fn schema(detail: impl Into<String>) -> Refusal {
    Refusal::new(CheckCode::M02, detail)
}

/// Officers permit that reductions used for one claim also meet an obligation that the law links to it.
pub fn grant(working: &mut Working, officers: &[Name], id: MessageId, content: &LinkedPermission) -> Decided<Outcome> {
    check_content(working, content)?;
    let log_index = working.carry_out(Step {
        r#type: "permission.granted",
        subject: subject(id),
        state: Some(PermissionState::Active.word()),
        data: json!({ "permission": content }),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: content.member.clone(),
            r#type: "permission.granted",
            body: json!({ "permission": id, "content": content }),
        }],
        ..Step::default()
    })?;
    let permission = Permission {
        id,
        state: PermissionState::Active,
        content: content.clone(),
        reserved: Grams::ZERO,
        used: Grams::ZERO,
        at: working.now,
        log_index,
    };
    working.permissions.put(id, permission);
    Ok(working.outcome(subject(id), Some(PermissionState::Active.word()), log_index))
}

fn check_content(working: &Working, content: &LinkedPermission) -> Decided<()> {
    let member = working.governance.members.get(&content.member);
    ensure(
        member.is_some_and(|m| matches!(m.kind, MemberKind::Region | MemberKind::Enterprise)),
        || schema(format!("`{}` is no member that could make a claim.", content.member)),
    )?;
    check_claimant(&content.claimant, content.claimant_kind, content.linked_use, "claimant")?;
    check_words(&content.reason, "reason", 500)?;
    ensure(
        content.claimant_kind != ClaimantKind::Event && content.linked_use != Use::EventNeutrality,
        || {
            schema(
                "An event is no linked obligation: it claims what is donated to it. Permit the donation's other obligation instead.",
            )
        },
    )?;
    ensure(content.r#use != content.linked_use, || {
        schema("`use` and `linked_use` must be two different uses.")
    })?;
    ensure(
        content.event.is_some() == (content.r#use == Use::EventNeutrality),
        || schema("`event` must be named for the use `event-neutrality`, and for no other."),
    )?;
    if let Some(event) = &content.event {
        ensure(working.events.get(event)?.is_some(), || {
            Refusal::new(CheckCode::D01, format!("There is no event `{event}`."))
        })?;
    }
    ensure(content.quantity_g > Grams::ZERO, || {
        schema("`quantity_g` must be 1 g at least.")
    })?;
    ensure(content.until > working.now, || {
        schema("`until` must lie in the future.").expected(format!("after {}", working.now), content.until)
    })
}

/// Officers take a permission back. What was claimed or reserved under it stands.
pub fn revoke(working: &mut Working, officers: &[Name], id: MessageId, reason: &str) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let mut permission = working
        .permissions
        .get(&id)?
        .cloned()
        .ok_or_else(|| schema(format!("There is no permission {id}.")))?;
    ensure(
        PermissionState::permits(Some(permission.state), PermissionState::Revoked),
        || {
            Refusal::new(CheckCode::T05, "The permission was taken back already.")
                .expected(PermissionState::Active, permission.state)
        },
    )?;
    permission.state = PermissionState::Revoked;
    permission.log_index = working.carry_out(Step {
        r#type: "permission.revoked",
        subject: subject(id),
        state: Some(PermissionState::Revoked.word()),
        data: json!({ "reason": reason, "used_g": permission.used }),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: permission.content.member.clone(),
            r#type: "permission.revoked",
            body: json!({ "permission": id, "reason": reason, "used_g": permission.used }),
        }],
        ..Step::default()
    })?;
    let log_index = permission.log_index;
    working.permissions.put(id, permission);
    Ok(working.outcome(subject(id), Some(PermissionState::Revoked.word()), log_index))
}

/// A retirement that also meets a linked obligation of its claimant: takes the quantity from the permission.
pub fn take(
    working: &Working,
    member: &NodeId,
    claim: &Claim,
    linked: &LinkedObligation,
    selection: &Selection,
) -> Decided<LinkChange> {
    check_linked(working, linked, selection)?;
    ensure(
        (&linked.claimant, linked.claimant_kind) == (&claim.claimant, claim.claimant_kind),
        || {
            Refusal::new(
                CheckCode::U02,
                "In a retirement both obligations are the claimant's own. What others owe takes blocks of its own.",
            )
            .expected(&claim.claimant, &linked.claimant)
        },
    )?;
    check_permitted(working, member, (claim.r#use, None), linked, selection.quantity)?;
    Ok(LinkChange {
        committed_g: selection.quantity.get(),
        permission: linked.permission,
        reserved_g: 0,
    })
}

/// A donation that also meets a linked obligation: reserves what it would deliver under the permission.
pub fn reserve(
    working: &Working,
    donor: &NodeId,
    event: &Event,
    donation: &Donation,
    selection: &Selection,
    quote: &Quote,
) -> Decided<Option<LinkChange>> {
    let Some(linked) = &donation.linked else {
        return Ok(None);
    };
    check_linked(working, linked, selection)?;
    let claim = (Use::EventNeutrality, Some(&event.plan.event));
    check_permitted(working, donor, claim, linked, quote.delivered_g)?;
    Ok(Some(LinkChange {
        committed_g: 0,
        permission: linked.permission,
        reserved_g: quote.delivered_g.get(),
    }))
}

/// U01, U02, U03, U05 for the linked obligation by itself.
fn check_linked(working: &Working, linked: &LinkedObligation, selection: &Selection) -> Decided<()> {
    check_claimant(&linked.claimant, linked.claimant_kind, linked.r#use, "linked.claimant")?;
    ensure(
        linked.claimant_kind != ClaimantKind::Event && linked.r#use != Use::EventNeutrality,
        || {
            Refusal::new(
                CheckCode::U02,
                "An event's claim is made by a donation to the event, which may name the other obligation as linked.",
            )
        },
    )?;
    check_year(working, linked.year, selection)?;
    check_use(linked.r#use, selection)
}

/// U02: officers allowed just this, it still holds, and its quantity suffices.
fn check_permitted(
    working: &Working,
    member: &NodeId,
    (r#use, event): (Use, Option<&Name>),
    linked: &LinkedObligation,
    quantity: Grams,
) -> Decided<()> {
    let refuse = |detail: String| Refusal::new(CheckCode::U02, detail);
    let id = linked.permission;
    let permission = working
        .permissions
        .get(&id)?
        .ok_or_else(|| refuse(format!("No officers' decision {id} allows this second purpose.")))?;
    ensure(permission.state == PermissionState::Active, || {
        refuse(format!("The permission {id} was taken back.")).expected(PermissionState::Active, permission.state)
    })?;
    ensure(working.now < permission.content.until, || {
        refuse(format!("The time of the permission {id} is over."))
            .expected(format!("before {}", permission.content.until), working.now)
    })?;
    if let Some((differs, permitted, said)) = permission.content.misfit(member, r#use, event, linked) {
        return Err(refuse(format!("The permission {id} is for another `{differs}`."))
            .expected(permitted, said)
            .into());
    }
    ensure(quantity <= permission.left(), || {
        refuse(format!("The permission {id} allows less than this quantity."))
            .expected(permission.left().get(), quantity.get())
    })
}
