//! Reconciliations: each member's days, and all of them with the newest first.

use std::collections::BTreeMap;

use tanqiao_console::charts::{Day, DayCell, DayWords, Heatmap};
use tanqiao_console::parts::{Column, Empty, FilterField, Table, cut};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::ReconciliationState;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::view::MemberStatus;

use super::{ROWS, choice, member_link, member_options, newest_first};
use crate::console::states;
use crate::console::visit::{Reply, Turn, Visit};
use crate::ledger::objects::Reconciled;
use crate::store::read::oversight;

/// Fields of the filter.
const FILTERS: [&str; 2] = ["member", "state"];
/// Days of the picture.
const DAYS: i64 = 14;

/// `GET /reconciliations`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let now = visit.hub.now();
    let since = now.plus_micros(-(DAYS - 1) * DAY_US);
    let began = format::day_began(since);
    let member: Option<NodeId> = visit.asked("member").parse().ok();
    let state: Option<ReconciliationState> = visit.asked("state").parse().ok();
    let before: Option<MessageId> = visit.asked("before").parse().ok();
    let (recent, found) = visit
        .hub
        .read(move |c| {
            Ok((
                oversight::reconciliations_since(c, began)?,
                oversight::reconciliations(c, member.as_ref(), state, before, ROWS + 1)?,
            ))
        })
        .await?;
    let (found, next) = cut(found, ROWS, |one| one.id.to_string());
    let listing = newest_first(&visit, "/reconciliations", &FILTERS);
    let rows = found.iter().map(|one| row(one, &visit));
    let table = Table::new(said.reconciliations, columns(words)).rows(rows);
    let empty = Empty {
        why: if listing.is_filtered() {
            said.none_fits
        } else {
            said.no_reconciliations
        },
        next: said.no_reconciliations_next,
    };
    let list = listing
        .filter(fields(&visit), words)
        .and(&listing.render(&table, next.as_deref(), &empty));
    let body = contradicted(&visit)
        .and(&html::section(said.days_of_members, &days(&visit, &recent, now)))
        .and(&list);
    Ok(Reply::page(said.reconciliations, body))
}

/// What the log contradicts and officers have not closed: it stands first, because serials stand still for it.
fn contradicted(visit: &Visit) -> Html {
    let words = visit.words();
    let governance = visit.hub.sequencer.governance();
    let open = governance.contradictions.iter().filter(|(_, found)| found.open);
    let links: Vec<Html> = open
        .map(|(id, found)| {
            let said = format!("{} · {} {}", found.member, found.blocks.len(), words.oversight.runs);
            html::link(&format!("/reconciliations/{id}"), said)
        })
        .collect();
    if links.is_empty() {
        return Html::default();
    }
    html::section(
        words.oversight.contradictions,
        &html::paragraph(words.oversight.contradictions_how).and(&html::actions(links)),
    )
}

/// What a day says: the gravest of its reconciliations, of which a newer one counts before an older one.
fn of_day(one: &Reconciled) -> Day {
    let faults = one.content.result.as_ref().map_or(0, |result| result.counts.faults());
    match one.state {
        ReconciliationState::Started => Day::UnderWay,
        ReconciliationState::Agreed => Day::Agrees,
        ReconciliationState::Different => Day::Differs(faults),
        ReconciliationState::Closed => Day::Closed(faults),
    }
}

/// How grave a day is: open differences first, then what was closed, agreements, and what has no result.
const fn gravity(day: Day) -> u8 {
    match day {
        Day::Differs(_) => 4,
        Day::Closed(_) => 3,
        Day::Agrees => 2,
        Day::UnderWay => 1,
        Day::NotRun => 0,
    }
}

fn days(visit: &Visit, recent: &[Reconciled], now: Timestamp) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let columns: Vec<String> = (0..DAYS)
        .rev()
        .map(|ago| format::day(now.plus_micros(-ago * DAY_US)))
        .collect();
    let mut cells: BTreeMap<(&NodeId, String), DayCell> = BTreeMap::new();
    for one in recent {
        let at = one.ended_at.unwrap_or(one.started_at);
        let found = (of_day(one), Some(format!("/reconciliations/{}", one.id)));
        let cell = cells
            .entry((&one.member, format::day(at)))
            .or_insert((Day::NotRun, None));
        if gravity(found.0) > gravity(cell.0) {
            *cell = found;
        }
    }
    let governance = visit.hub.sequencer.governance();
    let nodes = governance
        .members
        .iter()
        .filter(|(_, member)| member.kind.has_node() && member.status != MemberStatus::Candidate);
    let rows = nodes.map(|(id, member)| {
        let name = visit.language.pick(&member.name_zh, &member.name_en);
        let days = columns
            .iter()
            .map(|day| cells.get(&(id, day.clone())).cloned().unwrap_or((Day::NotRun, None)));
        (
            format!("{name} {id}"),
            format!("/reconciliations?member={id}"),
            days.collect(),
        )
    });
    let map = Heatmap {
        label: said.days_of_members.to_owned(),
        member: words.member,
        words: DayWords {
            not_run: said.not_run,
            agrees: words.agrees,
            differs: words.differs,
            under_way: words.under_way,
            closed: said.closed,
        },
        // The year is the same or just over: month and day tell the days apart.
        days: columns
            .iter()
            .map(|day| day.get(5..).unwrap_or(day).to_owned())
            .collect(),
        rows: rows.collect(),
    };
    map.render()
}

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    let state = |one: &ReconciliationState| (one.to_string(), states::reconciliation(*one, words).word);
    vec![
        choice(visit, "member", words.member, member_options(visit)),
        choice(visit, "state", words.state, ReconciliationState::ALL.iter().map(state)),
    ]
}

fn columns(words: &'static Words) -> Vec<Column> {
    let said = words.oversight;
    vec![
        Column::text(said.reconciliation),
        Column::text(words.member),
        Column::text(words.state),
        Column::number(said.differences),
        Column::text(said.why),
        Column::text(said.began),
        Column::text(said.ended),
    ]
}

fn row(one: &Reconciled, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let faults = one
        .content
        .result
        .as_ref()
        .map(|result| i64::from(result.counts.faults()));
    vec![
        html::code_link(&format!("/reconciliations/{}", one.id), one.id),
        member_link(&one.member),
        states::reconciliation(one.state, words).render(),
        faults.map_or_else(|| Html::text("–"), |faults| Html::text(format::number(faults))),
        Html::text(states::reconciliation_reason(one.content.begun.reason, words)),
        format::time(one.started_at),
        one.ended_at.map(format::time).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_differences_are_not_hidden_by_a_later_agreement() {
        let order = [Day::NotRun, Day::UnderWay, Day::Agrees, Day::Closed(1), Day::Differs(1)];
        assert!(order.is_sorted_by_key(|day| gravity(*day)));
    }
}
