//! Events: all, and one with how far it is covered, by whom, and its donations.

use tanqiao_console::charts::Coverage;
use tanqiao_console::parts::{Column, Definitions, Empty, FilterField, Table, cut};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::event::{EventState, InventoryBasis};
use tanqiao_protocol::id::{MessageId, Name};

use super::{ROWS, by_name, donation, leaf_link, newest_first};
use crate::console::described::described;
use crate::console::proposing::Proposing;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Event, Role};
use crate::store::read::events as store;
use crate::store::read::oversight::{self, GivenFrom};

/// `GET /events`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.events;
    let after = visit.asked("after").to_owned();
    let found = visit.hub.read(move |c| store::list(c, &after, ROWS + 1)).await?;
    let (found, next) = cut(found, ROWS, |one| one.plan.event.to_string());
    let tonnes = |what: &str| Column::number(format!("{what} ({})", words.unit_tco2e));
    let columns = vec![
        Column::text(said.event),
        Column::text(said.title),
        Column::text(words.region),
        Column::text(words.state),
        tonnes(said.target),
        tonnes(said.given),
        tonnes(said.missing),
        Column::text(said.donations_until),
    ];
    let rows = found.iter().map(|one| {
        vec![
            link(&one.plan.event),
            Html::text(title(one, &visit)),
            Html::text(frame::region(one.plan.region.as_str(), visit.language)),
            states::event(one.state, words).render(),
            format::quantity(one.target),
            format::quantity(one.committed),
            format::quantity(one.room()),
            format::time(one.plan.donations_until),
        ]
    });
    let table = Table::new(said.events, columns).rows(rows);
    let empty = Empty {
        why: said.no_events,
        next: said.no_events_next,
    };
    let list = by_name(&visit, "/events", &[]).render(&table, next.as_deref(), &empty);
    Ok(Reply::page(said.events, list))
}

/// An event, leading to its page.
pub(super) fn link(event: &Name) -> Html {
    html::code_link(&format!("/events/{event}"), event)
}

fn title<'a>(event: &'a Event, visit: &Visit) -> &'a str {
    visit.language.pick(&event.plan.title_zh, &event.plan.title_en)
}

async fn find(visit: &Visit) -> Result<Event, Fault> {
    let name: Name = visit.parameter("event")?;
    let found = visit.hub.read(move |c| store::find(c, name.as_str())).await?;
    found.ok_or(Fault::NotFound)
}

/// `GET /events/{event}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let said = visit.words().events;
    let one = find(&visit).await?;
    let coverage = Coverage {
        target: one.target,
        done: one.committed,
        waiting: one.reserved,
    };
    let name = one.plan.event.clone();
    let given = visit.hub.read(move |c| oversight::given_to(c, &name)).await?;
    let coverage = coverage.render(visit.language).and(&html::paragraph(said.coverage_how));
    let body = facts(&visit, &one)
        .and(&actions(&visit, &one))
        .and(&html::section(said.coverage, &coverage))
        .and(&html::columns([
            html::section(said.donors, &donors(&visit, &given)),
            html::section(said.inventory, &inventory(&visit, &one)),
        ]))
        .and(&html::section(said.donations, &donations(&visit, &one).await?));
    let title = format!("{} {}", title(&one, &visit), one.plan.event);
    Ok(Reply::page(title, body))
}

fn facts(visit: &Visit, one: &Event) -> Html {
    let words = visit.words();
    let said = words.events;
    let plan = &one.plan;
    let tonnes = |what: &str| format!("{what} ({})", words.unit_tco2e);
    let basis = match one.basis {
        InventoryBasis::Planned => said.planned,
        InventoryBasis::Verified => said.verified,
    };
    let policy = if plan.policy.accept_at_once {
        said.at_once
    } else {
        said.by_organiser
    };
    let activities: Vec<String> = plan.policy.activities.iter().map(ToString::to_string).collect();
    let activities = (!activities.is_empty()).then(|| Html::text(activities.join(", ")));
    Definitions::new()
        .fact(words.state, states::event(one.state, words).render())
        .fact(
            words.region,
            Html::text(frame::region(plan.region.as_str(), visit.language)),
        )
        .fact(said.organiser, html::code(&plan.organiser))
        .fact(said.starts_at, format::time(plan.starts_at))
        .fact(said.ends_at, format::time(plan.ends_at))
        .fact(said.donations_until, format::time(plan.donations_until))
        .fact(tonnes(said.target), format::quantity(one.target))
        .fact(tonnes(said.given), format::quantity(one.committed))
        .fact(tonnes(said.undecided), format::quantity(one.reserved))
        .fact(tonnes(said.missing), format::quantity(one.room()))
        .fact(said.basis, Html::text(basis))
        .fact(said.policy, Html::text(policy))
        .maybe(words.recognition.activity, activities)
        .maybe(said.vintage_from, plan.policy.vintage_first.map(Html::text))
        .fact(words.leaf, leaf_link(one.log_index))
        .render()
}

fn actions(visit: &Visit, one: &Event) -> Html {
    if !visit.is(Role::Officer) || one.state != EventState::Open {
        return Html::default();
    }
    let href = format!("/events/{}/closing", one.plan.event);
    html::actions([html::link(&href, visit.words().events.d_close)])
}

fn donors(visit: &Visit, given: &[GivenFrom]) -> Html {
    let words = visit.words();
    let said = words.events;
    if given.is_empty() {
        return html::paragraph(said.nobody_gave);
    }
    let columns = vec![
        Column::text(words.region),
        Column::number(said.donations),
        Column::number(format!("{} ({})", said.given, words.unit_tco2e)),
    ];
    let rows = given.iter().map(|one| {
        vec![
            Html::text(frame::region(&one.region, visit.language)),
            Html::text(format::number(one.donations)),
            format::quantity(one.delivered),
        ]
    });
    Table::new(said.donors, columns).rows(rows).render()
}

fn inventory(visit: &Visit, one: &Event) -> Html {
    let words = visit.words();
    let said = words.events;
    let columns = vec![
        Column::text(said.category),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
        Column::text(words.recognition.source),
    ];
    let rows = one.plan.inventory.iter().map(|item| {
        vec![
            html::code(&item.category),
            format::quantity(item.quantity_g),
            Html::text(&item.source),
        ]
    });
    Table::new(said.inventory, columns).rows(rows).render()
}

async fn donations(visit: &Visit, one: &Event) -> Result<Html, Fault> {
    let words = visit.words();
    let said = words.events;
    let open = visit.asked("state") == "open";
    let before: Option<MessageId> = visit.asked("before").parse().ok();
    let event = one.plan.event.clone();
    let found = visit
        .hub
        .read(move |c| oversight::donations_to(c, &event, open, before, ROWS + 1))
        .await?;
    let (found, next) = cut(found, ROWS, |donation| donation.id.to_string());
    let listing = newest_first(visit, &format!("/events/{}", one.plan.event), &["state"]);
    let options = [("", words.any), ("open", said.undecided)];
    let field = FilterField {
        name: "state",
        label: words.state.to_owned(),
        options: options.map(|(value, word)| (value.to_owned(), word.to_owned())).into(),
        value: visit.asked("state").to_owned(),
    };
    let rows = found.iter().map(|one| donation::row(one, visit));
    let table = Table::new(said.donations, donation::columns(words)).rows(rows);
    let empty = Empty {
        why: said.no_donations,
        next: said.no_donations_next,
    };
    Ok(listing
        .filter(vec![field], words)
        .and(&listing.render(&table, next.as_deref(), &empty)))
}

async fn closing(visit: &Visit) -> Result<Option<Proposing>, Fault> {
    let one = find(visit).await?;
    if one.state != EventState::Open {
        return Ok(None);
    }
    let event = one.plan.event;
    Ok(Some(Proposing {
        back: format!("/events/{event}"),
        said: described(&Decision::CloseEvent { event }, visit),
        fields: Vec::new(),
        submit: visit.words().recognition.propose,
    }))
}

fn closed(visit: &Visit) -> Reply {
    let words = visit.words();
    Reply::status(409, words.problem, html::paragraph(words.events.closed_already))
}

/// `GET /events/{event}/closing`
pub(in crate::console) async fn closing_form(visit: Visit) -> Turn {
    match closing(&visit).await? {
        Some(form) => Ok(form.page(&visit, 200, &Html::default())),
        None => Ok(closed(&visit)),
    }
}

/// `POST /events/{event}/closing`
pub(in crate::console) async fn propose_closing(visit: Visit) -> Turn {
    let Some(form) = closing(&visit).await? else {
        return Ok(closed(&visit).outcome("closed-already"));
    };
    let event: Name = visit.parameter("event")?;
    form.propose(&visit, Ok(Decision::CloseEvent { event })).await
}
