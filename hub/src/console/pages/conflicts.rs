//! Conflicts: those that wait by the time that is left, and those that were decided.

use tanqiao_console::parts::{Chip, Column, Empty, FilterField, Kind, Table, cut};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::{DAY_US, SECOND_US, Timestamp};

use super::{ROWS, choice, listing, member_link, member_options};
use crate::console::states;
use crate::console::visit::{Reply, Turn, Visit};
use crate::ledger::objects::Conflict;
use crate::store::read::oversight;

/// Fields of the filter.
const FILTERS: [&str; 2] = ["state", "member"];
/// An hour.
const HOUR_US: i64 = 3_600 * SECOND_US;
/// From how much time left on a conflict is urgent.
const URGENT_US: i64 = 2 * DAY_US;

/// How much time is left, in words.
pub(super) fn left(deadline: Timestamp, now: Timestamp, words: &'static Words) -> Chip {
    let left = deadline.micros().saturating_sub(now.micros());
    let said = words.oversight;
    if left <= 0 {
        return Chip::new(Kind::Bad, said.deadline_over);
    }
    let (days, hours) = (left / DAY_US, left % DAY_US / HOUR_US);
    let kind = if left < URGENT_US { Kind::Bad } else { Kind::Waiting };
    Chip::new(kind, format!("{days} {} {hours} {}", said.days, said.hours))
}

/// `GET /conflicts`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let decided = visit.asked("state") == "decided";
    let member: Option<NodeId> = visit.asked("member").parse().ok();
    let from = visit.asked("from").to_owned();
    let found = visit
        .hub
        .read(move |c| {
            if decided {
                let before: Option<MessageId> = from.parse().ok();
                oversight::decided_conflicts(c, member.as_ref(), before, ROWS + 1)
            } else {
                oversight::open_conflicts(c, member.as_ref(), place(&from), ROWS + 1)
            }
        })
        .await?;
    let (found, next) = cut(found, ROWS, |one| {
        if decided {
            one.id.to_string()
        } else {
            format!("{}~{}", one.deadline.micros(), one.id)
        }
    });
    let ways = [words.back, words.more];
    let listing = listing(&visit, "/conflicts", &FILTERS, ("from", ways));
    let rows = found.iter().map(|one| row(one, &visit));
    let table = Table::new(words.oversight.conflicts, columns(words)).rows(rows);
    let empty = Empty {
        why: if listing.is_filtered() {
            words.oversight.none_fits
        } else {
            words.oversight.no_conflicts
        },
        next: words.oversight.no_conflicts_next,
    };
    let list = listing.render(&table, next.as_deref(), &empty);
    let how = html::paragraph(words.oversight.conflicts_how);
    Ok(Reply::page(
        words.oversight.conflicts,
        how.and(&listing.filter(fields(&visit), words)).and(&list),
    ))
}

/// Where a part of the queue begins: deadline and id of the last one before.
fn place(from: &str) -> Option<(Timestamp, MessageId)> {
    let (deadline, id) = from.split_once('~')?;
    Some((Timestamp::from_micros(deadline.parse().ok()?), id.parse().ok()?))
}

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    let states = [("", words.oversight.c_open), ("decided", words.oversight.c_resolved)];
    let state = FilterField {
        name: "state",
        label: words.state.to_owned(),
        options: states.map(|(value, word)| (value.to_owned(), word.to_owned())).into(),
        value: visit.asked("state").to_owned(),
    };
    vec![state, choice(visit, "member", words.member, member_options(visit))]
}

fn columns(words: &'static Words) -> Vec<Column> {
    let said = words.oversight;
    vec![
        Column::text(said.conflict),
        Column::text(said.hit),
        Column::text(said.earlier),
        Column::text(said.later),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
        Column::text(said.rule),
        Column::text(said.time_left),
    ]
}

fn row(one: &Conflict, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let kinds: Vec<&str> = one
        .content
        .kinds()
        .into_iter()
        .map(|kind| states::token_kind(kind, words))
        .collect();
    let end = match one.outcome {
        None => left(one.deadline, visit.hub.now(), words).render(),
        Some(outcome) => Html::text(states::conflict_outcome(outcome, words))
            .and(&Html::text(" · "))
            .and(&one.resolved_at.map(format::time).unwrap_or_default()),
    };
    vec![
        html::code_link(&format!("/conflicts/{}", one.id), one.id),
        Html::text(kinds.join(", ")),
        member_link(&one.earlier.member),
        member_link(&one.later.member),
        format::quantity(one.content.quantity_g),
        Html::text(states::conflict_outcome(one.content.rule, words)),
        end,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_console::Language;

    #[test]
    fn what_is_urgent_says_so() {
        let words = Language::English.words();
        let now = Timestamp::from_micros(1_780_272_000_000_000);
        let chip = |later: i64| left(now.plus_micros(later), now, words);
        assert_eq!(chip(3 * DAY_US + 5 * HOUR_US).word, "3 d 5 h");
        assert_eq!((chip(3 * DAY_US).kind, chip(DAY_US).kind), (Kind::Waiting, Kind::Bad));
        assert_eq!(chip(0).word, words.oversight.deadline_over);
    }

    #[test]
    fn a_place_in_the_queue_is_a_deadline_and_an_id() {
        let id = "01990000-0000-7000-8000-000000000001";
        assert_eq!(
            place(&format!("17~{id}")),
            Some((Timestamp::from_micros(17), id.parse().unwrap()))
        );
        for wrong in ["", "17", id, "x~y"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
