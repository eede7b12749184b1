//! One conflict: what both sides declared, the rule, the evidence, and its decision by two officers.

use tanqiao_console::parts::{Column, Definitions, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::conflict::{ConflictOutcome, ConflictSide, ConflictState, ConflictView};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;

use super::conflicts::left;
use super::{leaf_link, member_link, methodologies};
use crate::console::described::described;
use crate::console::proposing::{Proposing, decided_already, reason, reason_field, shown};
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Issuance, Position, Role};
use crate::store::read::{conflicts, dealings};

/// A conflict with what both sides declared.
struct Found {
    view: ConflictView,
    sides: [Option<Issuance>; 2],
    positions: [Option<Position>; 2],
}

async fn find(visit: &Visit) -> Result<Found, Fault> {
    let id: MessageId = visit.parameter("conflict")?;
    let found = visit.hub.read(move |c| {
        let Some(view) = conflicts::conflict_of(c, id)? else {
            return Ok(None);
        };
        let activities = [&view.earlier, &view.later].map(|side| side.activity.clone());
        let positions = conflicts::positions(c, &activities.iter().cloned().collect())?;
        let sides = [
            dealings::issuance(c, view.earlier.activity.issuance)?,
            dealings::issuance(c, view.later.activity.issuance)?,
        ];
        let positions = activities.map(|one| positions.get(&one).copied());
        Ok(Some(Found { view, sides, positions }))
    });
    found.await?.ok_or(Fault::NotFound)
}

/// `GET /conflicts/{conflict}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let found = find(&visit).await?;
    let one = &found.view;
    let names = [said.earlier, said.later];
    let declared = [&one.earlier, &one.later]
        .into_iter()
        .zip(&found.sides)
        .zip(&found.positions);
    let sides = declared.zip(names).map(|(((side, issuance), position), name)| {
        let body = declared_by(&visit, side, issuance.as_ref(), position.as_ref());
        html::section(name, &body)
    });
    let body = facts(&visit, one)
        .and(&actions(&visit, one))
        .and(&html::columns(sides))
        .and(&html::section(said.hit, &rule(&visit, one)))
        .and(&html::section(said.statements, &statements(&visit, one)));
    Ok(Reply::page(format!("{} {}", said.conflict, one.conflict), body))
}

fn facts(visit: &Visit, one: &ConflictView) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let open = one.state == ConflictState::Open;
    let outcome = one.outcome.map(|one| Html::text(states::conflict_outcome(one, words)));
    let remaining = open.then(|| left(one.deadline, visit.hub.now(), words).render());
    Definitions::new()
        .fact(words.state, states::conflict(one.state, words).render())
        .maybe(said.ruling, outcome)
        .maybe(words.reason, one.reason.as_ref().map(Html::text))
        .maybe(said.decided_at, one.resolved_at.map(format::time))
        .fact(said.deadline, format::time(one.deadline))
        .maybe(said.time_left, remaining)
        .fact(
            format!("{} ({})", said.contested_quantity, words.unit_tco2e),
            format::quantity(one.quantity_g),
        )
        .fact(words.leaf, leaf_link(one.log_index))
        .render()
}

/// What officers may propose.
fn actions(visit: &Visit, one: &ConflictView) -> Html {
    if !visit.is(Role::Officer) || one.state != ConflictState::Open {
        return Html::default();
    }
    let link = |outcome: &ConflictOutcome| {
        let href = format!("/conflicts/{}/decisions/{outcome}", one.conflict);
        html::link(&href, states::conflict_outcome(*outcome, visit.words()))
    };
    html::actions(ConflictOutcome::ALL.iter().map(link))
}

/// What one side has declared: the header of its issuance, and which activity of it is meant.
fn declared_by(visit: &Visit, side: &ConflictSide, issuance: Option<&Issuance>, position: Option<&Position>) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let facts = Definitions::new()
        .fact(words.member, member_link(&side.member))
        .fact(words.issuance, html::code(side.activity.issuance))
        .fact(
            said.activity_no,
            Html::text(format::number(i64::from(side.activity.index))),
        );
    let Some(issuance) = issuance else {
        return facts.render();
    };
    let header = &issuance.content;
    let period = |at: Timestamp| format::time(at);
    let serials = position.zip(issuance.block.as_ref()).map(|(position, block)| {
        let first = block.range.first().saturating_add(position.before);
        let last = first.saturating_add(position.grams - 1);
        let serials = format!("{}/{first}-{last}", block.series);
        html::code_link(&format!("/serials?serial={}", html::query_value(&serials)), serials)
    });
    let verified = header
        .verification
        .as_ref()
        .map(|one| Html::text(format!("{} · ", one.body)).and(&html::code(one.report_sha256)));
    let schemes = header.other_schemes.as_ref().map(|all| {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        Html::text(if names.is_empty() {
            words.none.to_owned()
        } else {
            names.join(", ")
        })
    });
    facts
        .fact(words.state, states::issuance(issuance.state, words).render())
        .fact(words.recognition.methodology, methodologies::link(&header.methodology))
        .fact(
            said.region_of_act,
            Html::text(frame::region(header.region_of_act.as_str(), visit.language)),
        )
        .fact(words.recognition.vintages, Html::text(header.vintage))
        .fact(
            said.period,
            period(header.period_from)
                .and(&Html::text(" – "))
                .and(&period(header.period_until)),
        )
        .fact(
            format!("{} ({})", said.issued_in_all, words.unit_tco2e),
            format::quantity(header.quantity_g),
        )
        .fact(
            said.activities,
            Html::text(format::number(i64::from(header.activity_count))),
        )
        .fact(words.serial, serials.unwrap_or_else(|| Html::text(said.no_serials)))
        .maybe(said.verified_by, verified)
        .maybe(said.other_schemes, schemes)
        .fact(said.registered_at, format::time(issuance.registered_at))
        .fact(said.records_root, html::code(header.records_root))
        .fact(words.leaf, leaf_link(issuance.log_index))
        .render()
}

/// Which tokens are the same, what follows by the rule, and why.
fn rule(visit: &Visit, one: &ConflictView) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let kinds: Vec<String> = one
        .kinds
        .iter()
        .map(|kind| format!("{} · {kind}", states::token_kind(*kind, words)))
        .collect();
    let facts = Definitions::new()
        .fact(said.same_tokens, Html::text(kinds.join(", ")))
        .fact(said.rule, Html::text(states::conflict_outcome(one.rule, words)));
    facts.render().and(&html::paragraph(said.rule_how))
}

fn statements(visit: &Visit, one: &ConflictView) -> Html {
    let words = visit.words();
    let said = words.oversight;
    if one.evidence.is_empty() {
        return html::paragraph(said.no_statements);
    }
    let rows = one.evidence.iter().map(|statement| {
        let gives_up = if statement.concede { said.gives_up } else { "" };
        vec![
            format::time(statement.at),
            member_link(&statement.member),
            Html::text(&statement.statement),
            Html::text(gives_up),
            leaf_link(statement.log_index),
        ]
    });
    let columns = [words.when, words.who, said.statement, said.concession, words.leaf];
    Table::new(said.statements, columns.map(Column::text).into())
        .rows(rows)
        .render()
}

/// The page before a proposal; `None` once the conflict is decided.
async fn form(visit: &Visit) -> Result<Option<Proposing>, Fault> {
    let outcome: ConflictOutcome = visit.parameter("decision")?;
    let one = find(visit).await?.view;
    if one.state != ConflictState::Open {
        return Ok(None);
    }
    Ok(Some(Proposing {
        said: described(
            &Decision::ResolveConflict {
                conflict: one.conflict,
                outcome,
                reason: String::new(),
            },
            visit,
        ),
        fields: vec![reason_field(visit)],
        submit: visit.words().recognition.propose,
        back: format!("/conflicts/{}", one.conflict),
    }))
}

/// `GET /conflicts/{conflict}/decisions/{decision}`
pub(in crate::console) async fn decision_form(visit: Visit) -> Turn {
    Ok(shown(&visit, form(&visit).await?))
}

/// `POST /conflicts/{conflict}/decisions/{decision}`
pub(in crate::console) async fn propose(visit: Visit) -> Turn {
    let Some(form) = form(&visit).await? else {
        return Ok(decided_already(&visit).outcome("decided-already"));
    };
    let (conflict, outcome) = (visit.parameter("conflict")?, visit.parameter("decision")?);
    let entered = reason(&visit).map(|reason| Decision::ResolveConflict {
        conflict,
        outcome,
        reason,
    });
    form.propose(&visit, entered).await
}
