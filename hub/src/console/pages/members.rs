//! Members: all, one, and its suspension by two officers.

use tanqiao_console::parts::{Column, Definitions, Empty, Table, cut};
use tanqiao_console::{Html, format, html, regions};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::{MemberKind, MemberStatus};

use super::{ROWS, by_name, leaf_link, member_link};
use crate::console::described::described;
use crate::console::proposing::{Proposing, reason, reason_field};
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Governance, Member, Role};
use crate::store::read::{feed, reconciliations, traffic};

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
    let found: Vec<(&NodeId, &Member)> = governance
        .members
        .iter()
        .filter(|(id, member)| id.as_str() > after && fits(member))
        .take(ROWS + 1)
        .collect();
    let (found, next) = cut(found, ROWS, |(id, _)| id.to_string());
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
    let empty = Empty {
        why: words.nothing_of_it,
        next: words.overview,
    };
    let list = by_name(&visit, "/members", &["region"]).render(&table, next.as_deref(), &empty);
    Ok(Reply::page(words.members, list))
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
                .and(&states::reconciliation(one.state, words).render())
                .and(&Html::text(" "))
                .and(&html::link(&format!("/reconciliations/{}", one.id), words.show))
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
    html::actions(match member.status {
        MemberStatus::Admitted => vec![
            html::link(&format!("/members/{id}/suspension"), words.suspend_member),
            html::link(&format!("/members/{id}/reconciliation"), words.oversight.request),
        ],
        MemberStatus::Suspended => vec![html::link(
            &format!("/members/{id}/reinstatement"),
            words.reinstate_member,
        )],
        MemberStatus::Candidate => Vec::new(),
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
    Ok(form(&visit, MemberStatus::Admitted)?
        .map_or_else(|| not_now(&visit), |form| form.page(&visit, 200, &Html::default())))
}

/// `GET /members/{member}/reinstatement`
pub(in crate::console) async fn reinstatement_form(visit: Visit) -> Turn {
    Ok(form(&visit, MemberStatus::Suspended)?
        .map_or_else(|| not_now(&visit), |form| form.page(&visit, 200, &Html::default())))
}

fn not_now(visit: &Visit) -> Reply {
    let words = visit.words();
    Reply::status(409, words.problem, html::paragraph(words.not_suspendable))
}

/// The page before the proposal; `None` if the member does not stand so.
fn form(visit: &Visit, from: MemberStatus) -> Result<Option<Proposing>, Fault> {
    let words = visit.words();
    let member: NodeId = visit.parameter("member")?;
    let governance = visit.hub.sequencer.governance();
    let known = find(&governance, &member)?;
    if known.kind == MemberKind::Hub || known.status != from {
        return Ok(None);
    }
    let back = format!("/members/{member}");
    Ok(Some(if from == MemberStatus::Admitted {
        let reason = String::new();
        Proposing {
            said: described(&Decision::Suspend { member, reason }, visit),
            fields: vec![reason_field(visit)],
            submit: words.propose_suspension,
            back,
        }
    } else {
        Proposing {
            said: described(&Decision::Reinstate { member }, visit),
            fields: Vec::new(),
            submit: words.propose_reinstatement,
            back,
        }
    }))
}

/// `POST /members/{member}/suspension`
pub(in crate::console) async fn propose_suspension(visit: Visit) -> Turn {
    let member = standing(&visit, MemberStatus::Admitted)?;
    let form = form(&visit, MemberStatus::Admitted)?.ok_or(Fault::NotFound)?;
    let entered = reason(&visit).map(|reason| Decision::Suspend { member, reason });
    form.propose(&visit, entered).await
}

/// `POST /members/{member}/reinstatement`
pub(in crate::console) async fn propose_reinstatement(visit: Visit) -> Turn {
    let member = standing(&visit, MemberStatus::Suspended)?;
    let form = form(&visit, MemberStatus::Suspended)?.ok_or(Fault::NotFound)?;
    form.propose(&visit, Ok(Decision::Reinstate { member })).await
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
