//! What the node holds, by series.

use tanqiao_console::parts::{Column, Empty, Table};
use tanqiao_console::{format, html};
use tanqiao_desk::{Reply, Turn, Visit};

use crate::console::Office;
use crate::console::words;

/// `GET /holdings`
pub(in crate::console) async fn show(visit: Visit<Office>) -> Turn {
    let words = words::of(visit.language);
    let holdings = visit.node.holdings().await?;
    if holdings.series.is_empty() {
        let empty = Empty {
            why: words.nothing_held,
            next: words.nothing_held_next,
        };
        return Ok(Reply::page(words.holdings, empty.render()));
    }
    let columns = [Column::text(words.series)].into_iter().chain(
        [
            words.held,
            words.reserved,
            words.pledged,
            words.frozen,
            words.retired,
            words.cancelled,
            words.exported,
        ]
        .map(Column::number),
    );
    let rows = holdings.series.iter().map(|one| {
        let quantities = [
            one.held_g,
            one.reserved_g,
            one.pledged_g,
            one.frozen_g,
            one.retired_g,
            one.cancelled_g,
            one.exported_g,
        ];
        std::iter::once(html::code(&one.series))
            .chain(quantities.map(format::quantity))
            .collect()
    });
    let table = Table::new(words.holdings, columns.collect()).rows(rows);
    let as_of = html::paragraph(format!("{} {}", words.as_of_entry, format::number(holdings.feed_seq)));
    Ok(Reply::page(words.holdings, table.render().and(&as_of)))
}
