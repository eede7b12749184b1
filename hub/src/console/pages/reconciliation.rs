//! One reconciliation: its result, its findings, its report, what the log contradicts, and how officers close it or ask for another.

use tanqiao_console::parts::{Column, Definitions, Field, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::{
    ComparedTotal, Finding, ReconciliationReport, ReconciliationState, ReconciliationView, ReportFormat, Version,
};
use tanqiao_protocol::view::{MemberKind, MemberStatus};

use super::{ROWS, leaf_link, listing, member_link, methodologies};
use crate::api::answer::Refused;
use crate::console::described::described;
use crate::console::proposing::{Proposing, reason, reason_field};
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::objects::Role;
use crate::reconciliation::examine::before_closing;
use crate::store::findings;
use crate::store::read::reconciliations;

/// Blocks of a finding, or runs of serials, that are shown.
const SHOWN: usize = 20;

async fn find(visit: &Visit) -> Result<ReconciliationView, Fault> {
    let id: MessageId = visit.parameter("reconciliation")?;
    let found = visit.hub.read(move |c| reconciliations::reconciliation(c, id)).await?;
    found.map(ReconciliationView::from).ok_or(Fault::NotFound)
}

/// The member's report, once it has given one. It may be long: it is read where nobody waits for it.
async fn report(visit: &Visit, id: MessageId) -> Result<Option<ReconciliationReport>, Fault> {
    let Some(bytes) = visit.hub.read(move |c| findings::report(c, id)).await? else {
        return Ok(None);
    };
    let read = actix_web::web::block(move || serde_json::from_slice(&bytes)).await;
    let report = read.map_err(|error| Refused::fault(&error))?;
    Ok(Some(report.map_err(|error| Refused::fault(&error))?))
}

/// `GET /reconciliations/{reconciliation}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let one = find(&visit).await?;
    let report = report(&visit, one.reconciliation).await?;
    let found = match &report {
        None => html::paragraph(said.no_report),
        Some(report) => downloads(&visit, one.reconciliation).and(&listed(&visit, &one, report)),
    };
    let totals = report
        .as_ref()
        .filter(|report| !report.totals.is_empty())
        .map(|report| html::section(said.totals, &totals(&visit, &report.totals)));
    let body = facts(&visit, &one, report.as_ref())
        .and(&actions(&visit, &one))
        .and(&counts(&visit, &one))
        .and(&contradictions(&visit, &one))
        .and(&html::section(said.findings, &found))
        .and(&totals.unwrap_or_default());
    Ok(Reply::page(
        format!("{} {}", said.reconciliation, one.reconciliation),
        body,
    ))
}

fn facts(visit: &Visit, one: &ReconciliationView, report: Option<&ReconciliationReport>) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let number = |count: i64| Html::text(format::number(count));
    let blocks = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX));
    let repaired = one
        .repaired
        .map(|id| html::code_link(&format!("/reconciliations/{id}"), id));
    Definitions::new()
        .fact(words.state, states::reconciliation(one.state, words).render())
        .fact(words.member, member_link(&one.member))
        .fact(said.why, Html::text(states::reconciliation_reason(one.reason, words)))
        .fact(said.began, format::time(one.started_at))
        .maybe(said.ended, one.ended_at.map(format::time))
        .maybe(
            said.feed_entry,
            one.result.as_ref().map(|result| number(result.cut.seq)),
        )
        .maybe(
            words.log_size,
            one.result.as_ref().map(|result| number(result.cut.log_size)),
        )
        .maybe(said.hub_blocks, report.map(|report| blocks(report.hub_blocks)))
        .maybe(said.node_blocks, report.map(|report| blocks(report.node_blocks)))
        .maybe(
            said.examined,
            one.examined.map(|found| number(i64::from(found.findings))),
        )
        .maybe(said.repaired, repaired)
        .maybe(
            said.closed_at,
            one.closed.as_ref().map(|closing| format::time(closing.at)),
        )
        .maybe(
            said.closed_because,
            one.closed.as_ref().map(|closing| Html::text(&closing.reason)),
        )
        .fact(words.leaf, leaf_link(one.log_index))
        .render()
}

/// What officers may propose.
fn actions(visit: &Visit, one: &ReconciliationView) -> Html {
    let said = visit.words().oversight;
    if !visit.is(Role::Officer) {
        return Html::default();
    }
    let again = html::link(&format!("/members/{}/reconciliation", one.member), said.request);
    let close = (one.state == ReconciliationState::Different).then(|| {
        html::link(
            &format!("/reconciliations/{}/closing", one.reconciliation),
            said.d_close,
        )
    });
    html::actions(close.into_iter().chain([again]))
}

/// How many findings of each class.
fn counts(visit: &Visit, one: &ReconciliationView) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let Some(result) = &one.result else {
        return html::paragraph(said.no_result);
    };
    let counts = &result.counts;
    let figure = |name, count: u32| (name, format::number(i64::from(count)), "");
    html::figures([
        figure(said.missing_at_node, counts.missing_at_node),
        figure(said.missing_at_hub, counts.missing_at_hub),
        figure(said.state_differs, counts.state),
        figure(said.holder_differs, counts.holder),
        figure(said.quantity_differs, counts.quantity),
        figure(said.in_flight, counts.in_flight),
    ])
}

/// The runs of serials of which the ledger does not say what the log says.
fn contradictions(visit: &Visit, one: &ReconciliationView) -> Html {
    let said = visit.words().oversight;
    let governance = visit.hub.sequencer.governance();
    let Some(found) = governance
        .contradictions
        .get(&one.reconciliation)
        .filter(|found| found.open)
    else {
        return Html::default();
    };
    let runs = found.blocks.iter().take(SHOWN).map(|block| {
        let href = format!("/serials?serial={}", html::query_value(&block.to_string()));
        html::paragraph_of(&html::code_link(&href, block))
    });
    let more = found.blocks.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| html::paragraph(format!("+ {more}")));
    let body = html::paragraph(said.contradictions_how)
        .and(&Html::all(runs))
        .and(&more.unwrap_or_default());
    html::section(said.contradictions, &body)
}

fn downloads(visit: &Visit, id: MessageId) -> Html {
    let said = visit.words().oversight;
    let link = |format: &ReportFormat| {
        let href = format!("/reconciliations/{id}/report?format={format}");
        html::link(&href, format!("{} ({})", said.download, format.word().to_uppercase()))
    };
    html::actions(ReportFormat::ALL.iter().map(link))
}

/// A part of the findings, by their place in the report.
fn listed(visit: &Visit, one: &ReconciliationView, report: &ReconciliationReport) -> Html {
    let words = visit.words();
    let said = words.oversight;
    if report.findings.is_empty() {
        return html::paragraph(said.no_findings);
    }
    let from: usize = visit.asked("from").parse().unwrap_or(0);
    let rows = report
        .findings
        .iter()
        .skip(from)
        .take(ROWS)
        .map(|finding| row(finding, visit));
    let columns = [said.class, said.at_hub, said.at_node, said.cause, said.repair];
    let table = Table::new(said.findings, columns.map(Column::text).into()).rows(rows);
    let end = from.saturating_add(ROWS);
    let path = format!("/reconciliations/{}", one.reconciliation);
    let listing = listing(visit, &path, &[], ("from", [words.back, words.more]));
    let next = (end < report.findings.len()).then(|| end.to_string());
    table.render().and(&listing.pager(next.as_deref()))
}

fn row(finding: &Finding, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let (zh, en) = finding.class.cause();
    vec![
        states::finding(finding.class, words).render(),
        versions(&finding.hub, visit),
        versions(&finding.node, visit),
        Html::text(visit.language.pick(zh, en)),
        Html::text(states::repair(finding.repair, words)),
    ]
}

/// What one side has: blocks, and what each is bound to and recognised for, in which the sides may differ too.
fn versions(all: &[Version], visit: &Visit) -> Html {
    if all.is_empty() {
        return Html::text("–");
    }
    let shown = all.iter().take(SHOWN).map(|one| version(one, visit));
    let more = all.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| html::paragraph(format!("+ {more}")));
    Html::all(shown).and(&more.unwrap_or_default())
}

fn version(one: &Version, visit: &Visit) -> Html {
    let words = visit.words();
    let href = format!("/serials?serial={}", html::query_value(&one.block.to_string()));
    let space = Html::text(" ");
    let block = html::code_link(&href, &one.block)
        .and(&space)
        .and(&member_link(&one.status.holder))
        .and(&space)
        .and(&states::block(one.status.state, words).render());
    let terms = &one.terms;
    let buffered = if terms.buffered { words.yes } else { words.no };
    let mut said = vec![
        format!("{} {}", words.factor, format::factor(terms.factor_paid)),
        format!("{} {buffered}", words.buffered),
    ];
    said.extend(
        terms
            .mapping
            .as_ref()
            .map(|mapping| format!("{} {mapping}", words.mapping)),
    );
    said.extend(
        one.status
            .bound_to
            .map(|id| format!("{} {id}", words.oversight.bound_to)),
    );
    let uses = html::disclosure(
        words.recognition.uses,
        &html::paragraph(states::uses(terms.uses, words)),
    );
    html::paragraph_of(&block)
        .and(&html::paragraph(said.join(" · ")))
        .and(&uses)
}

/// What both sides have by state, methodology and year.
fn totals(visit: &Visit, all: &[ComparedTotal]) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let tonnes = |what: &str| Column::number(format!("{what} ({})", words.unit_tco2e));
    let columns = vec![
        Column::text(words.state),
        Column::text(words.recognition.methodology),
        Column::text(words.recognition.vintages),
        Column::number(said.hub_blocks),
        tonnes(said.at_hub),
        Column::number(said.node_blocks),
        tonnes(said.at_node),
    ];
    let count = |blocks: u64| Html::text(format::number(i64::try_from(blocks).unwrap_or(i64::MAX)));
    let rows = all.iter().map(|line| {
        vec![
            states::block(line.state, words).render(),
            methodologies::link(&line.methodology),
            Html::text(line.vintage),
            count(line.hub_blocks),
            format::quantity(line.hub_g),
            count(line.node_blocks),
            format::quantity(line.node_g),
        ]
    });
    Table::new(said.totals, columns).rows(rows).render()
}

/// `GET /reconciliations/{reconciliation}/report`
pub(in crate::console) async fn download(visit: Visit) -> Turn {
    let id: MessageId = visit.parameter("reconciliation")?;
    let format: ReportFormat = visit.asked("format").parse().unwrap_or_default();
    let report = report(&visit, id).await?.ok_or(Fault::NotFound)?;
    let written = actix_web::web::block(move || format.write(&report)).await;
    let bytes = written.map_err(|error| Refused::fault(&error))?.into_bytes();
    let name = format!("{id}.{format}");
    Ok(Reply::file(format.media_type(), Some(name), "no-store", bytes))
}

/// Why findings are not closed: the log still contradicts the hub's book about them, or was asked again since officers looked.
pub(in crate::console) async fn not_closed(
    visit: &Visit,
    id: MessageId,
    asked: Option<i64>,
) -> Result<Option<String>, Fault> {
    let said = visit.words().oversight;
    let (database, governance) = (visit.hub.database.clone(), visit.hub.sequencer.governance());
    let found = actix_web::web::block(move || before_closing(&database, &governance, id)).await;
    let found = found
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| Refused::fault(&error))?;
    if let Some(first) = found.contradicted.first() {
        let runs = found.contradicted.len();
        return Ok(Some(format!("{} ({runs}: {first})", said.still_contradicted)));
    }
    Ok((found.asked != asked).then(|| said.asked_meanwhile.to_owned()))
}

async fn closing(visit: &Visit) -> Result<Option<Proposing>, Fault> {
    let one = find(visit).await?;
    if one.state != ReconciliationState::Different {
        return Ok(None);
    }
    // Officers close what they have seen: if the log is asked again meanwhile, they look again.
    let asked = one.examined.map(|found| found.log_size);
    let seen = Field::hidden("asked", asked.map_or_else(String::new, |size| size.to_string()));
    Ok(Some(Proposing {
        said: described(
            &Decision::CloseFindings {
                reconciliation: one.reconciliation,
                reason: String::new(),
                asked,
            },
            visit,
        ),
        fields: vec![seen, reason_field(visit)],
        submit: visit.words().recognition.propose,
        back: format!("/reconciliations/{}", one.reconciliation),
    }))
}

fn nothing_open(visit: &Visit) -> Reply {
    let words = visit.words();
    Reply::status(409, words.problem, html::paragraph(words.oversight.nothing_to_close))
}

/// `GET /reconciliations/{reconciliation}/closing`
pub(in crate::console) async fn closing_form(visit: Visit) -> Turn {
    match closing(&visit).await? {
        Some(form) => Ok(form.page(&visit, 200, &Html::default())),
        None => Ok(nothing_open(&visit)),
    }
}

/// `POST /reconciliations/{reconciliation}/closing`
pub(in crate::console) async fn propose_closing(visit: Visit) -> Turn {
    let Some(form) = closing(&visit).await? else {
        return Ok(nothing_open(&visit).outcome("nothing-open"));
    };
    let reconciliation: MessageId = visit.parameter("reconciliation")?;
    let asked = visit.entered("asked").parse().ok();
    let entered = reason(&visit).map(|reason| Decision::CloseFindings {
        reconciliation,
        reason,
        asked,
    });
    form.propose(&visit, entered).await
}

/// The page before a member is asked to reconcile; only of one that has a node and speaks with the hub.
fn request(visit: &Visit) -> Result<Proposing, Fault> {
    let member: NodeId = visit.parameter("member")?;
    let governance = visit.hub.sequencer.governance();
    let known = governance.members.get(&member).filter(|known| {
        known.kind.has_node() && known.kind != MemberKind::Hub && known.status == MemberStatus::Admitted
    });
    known.ok_or(Fault::NotFound)?;
    Ok(Proposing {
        back: format!("/members/{member}"),
        said: described(
            &Decision::RequestReconciliation {
                member,
                reason: String::new(),
            },
            visit,
        ),
        fields: vec![reason_field(visit)],
        submit: visit.words().recognition.propose,
    })
}

/// `GET /members/{member}/reconciliation`
pub(in crate::console) async fn request_form(visit: Visit) -> Turn {
    Ok(request(&visit)?.page(&visit, 200, &Html::default()))
}

/// `POST /members/{member}/reconciliation`
pub(in crate::console) async fn propose_request(visit: Visit) -> Turn {
    let form = request(&visit)?;
    let member: NodeId = visit.parameter("member")?;
    let entered = reason(&visit).map(|reason| Decision::RequestReconciliation { member, reason });
    form.propose(&visit, entered).await
}
