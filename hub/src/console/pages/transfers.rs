//! All transfers, the newest first.

use tanqiao_console::parts::{Column, Empty, FilterField, Table};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::transfer::TransferState;

use super::{ROWS, choice, member_link, member_options, newest_first};
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
    let listing = newest_first(&visit, "/transfers", &FILTERS);
    let filter = listing.filter(fields(&visit), words);
    let empty = Empty {
        why: words.no_transfers,
        next: words.no_transfers_next,
    };
    let rows = part.transfers.iter().map(|transfer| row(transfer, &visit));
    let table = Table::new(words.transfers, columns(words)).rows(rows);
    let next = part.next.map(|next| next.to_string());
    let list = listing.render(&table, next.as_deref(), &empty);
    // The list stays as it is while somebody reads it; above it a line says that there are new ones.
    let newest = part.transfers.first().filter(|_| wanted.before.is_none());
    let news = newest.map(|newest| html::poll(&format!("/transfers/new?after={}", newest.id)));
    Ok(Reply::page(
        words.transfers,
        filter.and(&news.unwrap_or_default()).and(&list),
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

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    let state = |state: &TransferState| (state.to_string(), states::transfer(*state, words).word);
    let stored = TransferState::ALL.iter().filter(|state| {
        !matches!(
            state,
            TransferState::Proposed | TransferState::Refused | TransferState::Accepted
        )
    });
    let open = ("open".to_owned(), words.open.to_owned());
    let states = std::iter::once(open).chain(stored.map(state));
    vec![
        choice(visit, "source", words.from, member_options(visit)),
        choice(visit, "target", words.to, member_options(visit)),
        choice(visit, "state", words.state, states),
    ]
}
