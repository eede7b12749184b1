//! Members: all, one, and its suspension by two officers.

use tanqiao_console::parts::{Column, Confirmation, Definitions, Empty, Field, Form, Input, Pager, Table};
use tanqiao_console::{Html, format, html, regions};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::{MemberKind, MemberStatus};

use super::{ROWS, leaf_link, member_link};
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{approvals, frame, states};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Governance, Member, Role};
use crate::store::read::{feed, reconciliations, traffic};

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Open transfers that a member's page shows.
const OPEN_SHOWN: usize = 20;

/// `GET /members`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let governance = visit.hub.sequencer.governance();
    let (after, region) = (visit.asked("after"), visit.asked("region"));
    let fits = |member: &Member| {
        region.is_empty() || regions::containing(member.region.as_str()) == regions::containing(region)
    };
    let mut found: Vec<(&NodeId, &Member)> = governance
        .members
        .iter()
        .filter(|(id, member)| id.as_str() > after && fits(member))
        .take(ROWS + 1)
        .collect();
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    if found.is_empty() {
        let empty = Empty {
            why: words.nothing_of_it,
            next: words.overview,
        };
        return Ok(Reply::page(words.members, empty.render()));
    }
    let rows = found.iter().map(|(id, member)| {
        vec![
            member_link(id),
            Html::text(name(member, &visit)),
            Html::text(frame::region(member.region.as_str(), visit.language)),
            Html::text(states::kind(member.kind, words)),
            states::member(member.status, words).render(),
        ]
    });
    let columns = [words.member, words.member_name, words.region, words.kind, words.state];
    let table = Table::new(words.members, columns.map(Column::text).into()).rows(rows);
    let here = |after: &str| frame::address("/members", [("region", region)].into_iter(), ("after", after));
    let pager = Pager {
        first: (!after.is_empty()).then(|| (here(""), words.back.to_owned())),
        next: found
            .last()
            .filter(|_| more)
            .map(|(id, _)| (here(id.as_str()), words.more.to_owned())),
    };
    Ok(Reply::page(words.members, table.render().and(&pager.render())))
}

fn name<'a>(member: &'a Member, visit: &Visit) -> &'a str {
    visit.language.pick(&member.name_zh, &member.name_en)
}

fn find<'a>(governance: &'a Governance, id: &NodeId) -> Result<&'a Member, Fault> {
    governance.members.get(id).ok_or(Fault::NotFound)
}

/// `GET /members/{member}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let id: NodeId = visit.parameter("member")?;
    let governance = visit.hub.sequencer.governance();
    let member = find(&governance, &id)?;
    let asked = id.clone();
    let (position, reconciled, open) = visit
        .hub
        .read(move |c| {
            Ok((
                feed::latest(c, &asked)?,
                reconciliations::newest(c, &asked)?,
                traffic::open_of(c, &asked, OPEN_SHOWN)?,
            ))
        })
        .await?;
    let reconciled = match reconciled {
        None => Html::text(words.never_reconciled),
        Some(one) => {
            let at = one.ended_at.unwrap_or(one.started_at);
            format::time(at)
                .and(&Html::text(" "))
                .and(&html::code(one.state.word()))
        }
    };
    let facts = Definitions::new()
        .fact(words.state, states::member(member.status, words).render())
        .fact(
            words.region,
            Html::text(frame::region(member.region.as_str(), visit.language)),
        )
        .fact(words.kind, Html::text(states::kind(member.kind, words)))
        .fact(words.feed_position, Html::text(format::number(position)))
        .fact(words.last_reconciliation, reconciled);
    let keys = html::section(words.signing_keys, &keys(&visit, &governance, &id));
    let rows = open.iter().map(|transfer| super::transfers::row(transfer, &visit));
    let table = Table::new(words.open_transfers, super::transfers::columns(words)).rows(rows);
    let open = if open.is_empty() {
        html::paragraph(words.none)
    } else {
        table.render()
    };
    let body = facts.render().and(&actions(&visit, &id, member)).and(&keys);
    let title = format!("{} {id}", name(member, &visit));
    Ok(Reply::page(
        title,
        body.and(&html::section(words.open_transfers, &open)),
    ))
}

/// What officers may do with it.
fn actions(visit: &Visit, id: &NodeId, member: &Member) -> Html {
    let words = visit.words();
    if !visit.is(Role::Officer) || member.kind == MemberKind::Hub {
        return Html::default();
    }
    html::paragraph_of(&match member.status {
        MemberStatus::Admitted => html::link(&format!("/members/{id}/suspension"), words.suspend_member),
        MemberStatus::Suspended => html::link(&format!("/members/{id}/reinstatement"), words.reinstate_member),
        MemberStatus::Candidate => Html::default(),
    })
}

fn keys(visit: &Visit, governance: &Governance, id: &NodeId) -> Html {
    let words = visit.words();
    let mut keys: Vec<_> = governance.keys.iter().filter(|(_, key)| key.member == *id).collect();
    keys.sort_by_key(|(_, key)| key.first_index);
    if keys.is_empty() {
        return html::paragraph(words.none);
    }
    let leaf = |index: Option<i64>| index.map(leaf_link).unwrap_or_default();
    let rows = keys.iter().map(|(key_id, key)| {
        vec![
            html::code(key_id),
            states::key(key.status, key.distrusted_from.is_some(), words).render(),
            leaf(key.first_index),
            leaf(key.last_index),
        ]
    });
    let columns = [words.key, words.state, words.from_leaf, words.until_leaf];
    Table::new(words.signing_keys, columns.map(Column::text).into())
        .rows(rows)
        .render()
}

/// `GET /members/{member}/suspension`
pub(in crate::console) async fn suspension_form(visit: Visit) -> Turn {
    let words = visit.words();
    form(
        &visit,
        MemberStatus::Admitted,
        200,
        Html::default(),
        words.suspend_member,
    )
}

/// `GET /members/{member}/reinstatement`
pub(in crate::console) async fn reinstatement_form(visit: Visit) -> Turn {
    let words = visit.words();
    form(
        &visit,
        MemberStatus::Suspended,
        200,
        Html::default(),
        words.reinstate_member,
    )
}

/// The page before the proposal: consequences, and for a suspension a reason.
fn form(visit: &Visit, from: MemberStatus, status: u16, errors: Html, title: &str) -> Turn {
    let words = visit.words();
    let id: NodeId = visit.parameter("member")?;
    let governance = visit.hub.sequencer.governance();
    let member = find(&governance, &id)?;
    if member.kind == MemberKind::Hub || member.status != from {
        return Ok(Reply::status(409, title, html::paragraph(words.not_suspendable)));
    }
    let (consequences, fields, submit) = if from == MemberStatus::Admitted {
        let reason = Field::new("reason", words.reason, Input::Long).hint(words.reason_hint);
        let lines = vec![
            words.suspend_1,
            words.suspend_2,
            words.suspend_3,
            words.suspend_4,
            words.two_people,
        ];
        (
            lines,
            vec![reason.value(visit.entered("reason"))],
            words.propose_suspension,
        )
    } else {
        (
            vec![words.reinstate_1, words.reinstate_2, words.two_people],
            Vec::new(),
            words.propose_reinstatement,
        )
    };
    let form = Form::new(visit.path.clone(), visit.csrf(), fields, submit);
    let page = Confirmation::new(
        words.consequences,
        consequences,
        form,
        format!("/members/{id}"),
        words.back,
    );
    Ok(Reply::status(
        status,
        format!("{title} {id}"),
        errors.and(&page.render()),
    ))
}

/// `POST /members/{member}/suspension`
pub(in crate::console) async fn propose_suspension(visit: Visit) -> Turn {
    let words = visit.words();
    let reason = visit.entered("reason").to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let said = format!("{}: {}", words.reason, words.required);
        let page = form(
            &visit,
            MemberStatus::Admitted,
            422,
            visit.error("reason", said),
            words.suspend_member,
        )?;
        return Ok(page.outcome("incomplete"));
    }
    let member = standing(&visit, MemberStatus::Admitted)?;
    approvals::propose(&visit, Decision::Suspend { member, reason }).await
}

/// `POST /members/{member}/reinstatement`
pub(in crate::console) async fn propose_reinstatement(visit: Visit) -> Turn {
    let member = standing(&visit, MemberStatus::Suspended)?;
    approvals::propose(&visit, Decision::Reinstate { member }).await
}

/// The member of the path, if it stands so.
fn standing(visit: &Visit, status: MemberStatus) -> Result<NodeId, Fault> {
    let id: NodeId = visit.parameter("member")?;
    let governance = visit.hub.sequencer.governance();
    let member = find(&governance, &id)?;
    if member.kind == MemberKind::Hub || member.status != status {
        return Err(Fault::NotFound);
    }
    Ok(id)
}
