//! All transfers, the newest first.

use tanqiao_console::parts::{Active, Column, Empty, Filter, FilterField, Pager, Table};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::transfer::TransferState;

use super::{ROWS, member_link};
use crate::console::frame::address;
use crate::console::states;
use crate::console::visit::{Reply, Turn, Visit};
use crate::ledger::objects::Transfer;
use crate::store::read::traffic::{self, Wanted};

/// Fields of the filter.
const FILTERS: [&str; 3] = ["source", "target", "state"];

/// The columns of a list of transfers.
pub(super) fn columns(words: &'static Words) -> Vec<Column> {
    let tonnes = |what: &str| Column::number(format!("{what} ({})", words.unit_tco2e));
    vec![
        Column::text(words.transfer),
        Column::text(words.from),
        Column::text(words.to),
        tonnes(words.given),
        tonnes(words.delivered),
        Column::text(words.use_word),
        Column::text(words.state),
        Column::text(words.updated),
    ]
}

/// A row of it.
pub(super) fn row(transfer: &Transfer, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    vec![
        html::code_link(&format!("/transfers/{}", transfer.id), transfer.id),
        member_link(&transfer.source),
        member_link(&transfer.target),
        format::quantity(transfer.content.quote.given_g),
        format::quantity(transfer.content.quote.delivered_g),
        Html::text(states::use_name(transfer.r#use, words)),
        states::transfer(transfer.state, words).render(),
        format::time(transfer.ended_at.unwrap_or(transfer.proposed_at)),
    ]
}

/// `GET /transfers`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let wanted = Wanted {
        source: visit.asked("source").parse().ok(),
        target: visit.asked("target").parse().ok(),
        state: visit.asked("state").parse().ok(),
        open: visit.asked("state") == "open",
        before: visit.asked("before").parse().ok(),
        limit: ROWS,
    };
    let asked = wanted.clone();
    let part = visit.hub.read(move |c| traffic::transfers(c, &asked)).await?;
    let here = |before: &str| {
        let kept = FILTERS.iter().map(|name| (*name, visit.asked(name)));
        address("/transfers", kept, ("before", before))
    };
    let pager = Pager {
        first: wanted.before.map(|_| (here(""), words.newest.to_owned())),
        next: part.next.map(|next| (here(&next.to_string()), words.older.to_owned())),
    };
    let filter = filter(&visit).render();
    let list = if part.transfers.is_empty() {
        let empty = Empty {
            why: words.no_transfers,
            next: words.no_transfers_next,
        };
        empty.render()
    } else {
        let rows = part.transfers.iter().map(|transfer| row(transfer, &visit));
        Table::new(words.transfers, columns(words)).rows(rows).render()
    };
    // The list stays as it is while somebody reads it; above it a line says that there are new ones.
    let newest = part.transfers.first().filter(|_| wanted.before.is_none());
    let news = newest.map(|newest| html::poll(&format!("/transfers/new?after={}", newest.id)));
    Ok(Reply::page(
        words.transfers,
        filter.and(&news.unwrap_or_default()).and(&list).and(&pager.render()),
    ))
}

/// `GET /transfers/new`: a line if there are newer ones, and nothing if not.
pub(in crate::console) async fn newer(visit: Visit) -> Turn {
    let Ok(after) = visit.asked("after").parse() else {
        return Ok(Reply::fragment(Html::default()));
    };
    let there = visit.hub.read(move |c| traffic::is_any_after(c, after)).await?;
    let line = there.then(|| html::notice("/transfers", visit.words().new_ones_show));
    Ok(Reply::fragment(line.unwrap_or_default()))
}

fn filter(visit: &Visit) -> Filter {
    let words = visit.words();
    let governance = visit.hub.sequencer.governance();
    let any = (String::new(), words.any.to_owned());
    let nodes = governance.members.iter().filter(|(_, member)| member.kind.has_node());
    let name = |id: &NodeId, zh: &str, en: &str| (id.to_string(), format!("{} {id}", visit.language.pick(zh, en)));
    let members: Vec<(String, String)> = std::iter::once(any.clone())
        .chain(nodes.map(|(id, member)| name(id, &member.name_zh, &member.name_en)))
        .collect();
    let state = |state: &TransferState| (state.to_string(), states::transfer(*state, words).word);
    let stored = TransferState::ALL.iter().filter(|state| {
        !matches!(
            state,
            TransferState::Proposed | TransferState::Refused | TransferState::Accepted
        )
    });
    let states: Vec<(String, String)> = [any, ("open".to_owned(), words.open.to_owned())]
        .into_iter()
        .chain(stored.map(state))
        .collect();
    let [source, target, state] = FILTERS;
    let fields: Vec<FilterField> = [
        (source, words.from, members.clone()),
        (target, words.to, members),
        (state, words.state, states),
    ]
    .into_iter()
    .map(|(name, label, options)| FilterField {
        name,
        label: label.to_owned(),
        options,
        value: visit.asked(name).to_owned(),
    })
    .collect();
    Filter {
        action: "/transfers".to_owned(),
        label: words.filter,
        active: fields.iter().filter_map(|field| active(field, visit)).collect(),
        fields,
        apply: words.apply,
        remove: words.remove_filter,
    }
}

/// The chip of a filter that is on.
fn active(field: &FilterField, visit: &Visit) -> Option<Active> {
    let chosen = field
        .options
        .iter()
        .find(|(value, _)| !value.is_empty() && *value == field.value)?;
    let kept = FILTERS.iter().map(|name| (*name, visit.asked(name)));
    Some(Active {
        label: format!("{}: {}", field.label, chosen.1),
        without: address("/transfers", kept, (field.name, "")),
    })
}
