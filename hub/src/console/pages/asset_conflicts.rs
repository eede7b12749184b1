//! Conflicts about registered assets: all, one with both sides, and its decision by two officers.

use tanqiao_console::parts::{Column, Definitions, Empty, FilterField, Table, cut};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::asset::AssetConflictState;

use super::{ROWS, assets, by_name, choice, leaf_link, member_link, member_options};
use crate::console::described::described;
use crate::console::proposing::{Proposing, decided_already, reason, reason_field, shown};
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::objects::{AssetConflict, Contender, Role};
use crate::store::read::assets::{self as store, ConflictsAsked};

/// Fields of the filter.
const FILTERS: [&str; 2] = ["state", "member"];

/// `GET /asset-conflicts`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let asked = ConflictsAsked {
        asset: None,
        member: visit.asked("member").parse().ok(),
        open: Some(visit.asked("state") != "decided"),
        after: visit.asked("after").parse().ok(),
    };
    let found = visit.hub.read(move |c| store::conflicts(c, &asked, ROWS + 1)).await?;
    let (found, next) = cut(found, ROWS, |one| one.id.to_string());
    let listing = by_name(&visit, "/asset-conflicts", &FILTERS);
    let empty = Empty {
        why: if listing.is_filtered() {
            said.none_fits
        } else {
            said.no_conflicts
        },
        next: said.no_asset_conflicts_next,
    };
    let list = listing.render(&table(&found, &visit), next.as_deref(), &empty);
    Ok(Reply::page(
        said.asset_conflicts,
        listing.filter(fields(&visit), words).and(&list),
    ))
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

/// A table of conflicts about assets.
pub(super) fn table(found: &[AssetConflict], visit: &Visit) -> Table {
    let words = visit.words();
    let said = words.oversight;
    let columns = [
        said.conflict,
        said.hit,
        said.first,
        said.second,
        said.overlap_from,
        said.overlap_until,
        words.state,
    ];
    let rows = found.iter().map(|one| {
        vec![
            html::code_link(&format!("/asset-conflicts/{}", one.id), format!("#{}", one.id)),
            Html::text(states::asset_conflict_kind(one.kind, words)),
            side(&Contender::Asset(one.first.clone())),
            side(&one.second),
            format::time(one.content.from),
            format::time(one.content.until),
            states::asset_conflict(one.state, words).render(),
        ]
    });
    Table::new(said.asset_conflicts, columns.map(Column::text).into()).rows(rows)
}

fn side(contender: &Contender) -> Html {
    match contender {
        Contender::Asset(key) => assets::link(&key.asset)
            .and(&Html::text(" "))
            .and(&member_link(&key.member)),
        Contender::Entry(key) => html::code(key),
    }
}

async fn find(visit: &Visit) -> Result<AssetConflict, Fault> {
    let number: i64 = visit.parameter("number")?;
    // By its number: the one after the number before.
    let asked = ConflictsAsked {
        after: Some(number.saturating_sub(1)),
        ..ConflictsAsked::default()
    };
    let found = visit.hub.read(move |c| store::conflicts(c, &asked, 1)).await?;
    found.into_iter().find(|one| one.id == number).ok_or(Fault::NotFound)
}

/// `GET /asset-conflicts/{number}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let one = find(&visit).await?;
    let content = &one.content;
    let facts = Definitions::new()
        .fact(words.state, states::asset_conflict(one.state, words).render())
        .fact(said.hit, Html::text(states::asset_conflict_kind(one.kind, words)))
        .fact(said.first, side(&Contender::Asset(one.first.clone())))
        .fact(said.second, side(&one.second))
        .fact(said.overlap_from, format::time(content.from))
        .fact(said.overlap_until, format::time(content.until))
        .fact(said.opened_at, format::time(content.opened_at))
        .maybe(said.decided_at, content.ended_at.map(format::time))
        .maybe(words.reason, content.reason.as_ref().map(Html::text))
        .fact(words.leaf, leaf_link(one.log_index));
    let body = facts
        .render()
        .and(&actions(&visit, &one))
        .and(&html::section(said.frozen_for_it, &frozen(&visit, &one)));
    Ok(Reply::page(format!("{} #{}", said.asset_conflict, one.id), body))
}

fn frozen(visit: &Visit, one: &AssetConflict) -> Html {
    let words = visit.words();
    if one.content.frozen.is_empty() {
        return html::paragraph(words.none);
    }
    let columns = vec![
        Column::text(words.block),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = one.content.frozen.iter().map(|block| {
        let href = format!("/serials?serial={}", html::query_value(&block.to_string()));
        vec![html::code_link(&href, block), format::quantity(block.quantity())]
    });
    Table::new(words.oversight.frozen_for_it, columns).rows(rows).render()
}

fn actions(visit: &Visit, one: &AssetConflict) -> Html {
    if !visit.is(Role::Officer) || one.state != AssetConflictState::Open {
        return Html::default();
    }
    let link = |ruling: &AssetConflictState| {
        let href = format!("/asset-conflicts/{}/decisions/{ruling}", one.id);
        html::link(&href, states::asset_conflict(*ruling, visit.words()).word)
    };
    let possible = AssetConflictState::ALL.iter().filter(|ruling| ruling.decides(one.kind));
    html::actions(possible.map(link))
}

/// The page before a proposal; `None` once the conflict is decided.
async fn form(visit: &Visit) -> Result<Option<Proposing>, Fault> {
    let ruling: AssetConflictState = visit.parameter("decision")?;
    let one = find(visit).await?;
    if !ruling.decides(one.kind) {
        return Err(Fault::NotFound);
    }
    if one.state != AssetConflictState::Open {
        return Ok(None);
    }
    Ok(Some(Proposing {
        said: described(
            &Decision::ResolveAssetConflict {
                conflict: one.id,
                ruling,
                reason: String::new(),
            },
            visit,
        ),
        fields: vec![reason_field(visit)],
        submit: visit.words().recognition.propose,
        back: format!("/asset-conflicts/{}", one.id),
    }))
}

/// `GET /asset-conflicts/{number}/decisions/{decision}`
pub(in crate::console) async fn decision_form(visit: Visit) -> Turn {
    Ok(shown(&visit, form(&visit).await?))
}

/// `POST /asset-conflicts/{number}/decisions/{decision}`
pub(in crate::console) async fn propose(visit: Visit) -> Turn {
    let Some(form) = form(&visit).await? else {
        return Ok(decided_already(&visit).outcome("decided-already"));
    };
    let (conflict, ruling) = (visit.parameter("number")?, visit.parameter("decision")?);
    let entered = reason(&visit).map(|reason| Decision::ResolveAssetConflict {
        conflict,
        ruling,
        reason,
    });
    form.propose(&visit, entered).await
}
