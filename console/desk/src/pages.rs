//! Pages that every desk has.

pub mod account;
pub mod sign_in;

use tanqiao_console::glossary::TERMS;
use tanqiao_console::parts::{Column, Table};
use tanqiao_console::{Html, assets, html};

use crate::house::House;
use crate::visit::{Fault, Reply, Turn, Visit};

/// Rows of a list.
pub const ROWS: usize = 50;

/// `GET /assets/{name}`
pub async fn asset<H: House>(visit: Visit<H>) -> Turn {
    let name: String = visit.parameter("name")?;
    let found = assets::find(&name).ok_or(Fault::NotFound)?;
    Ok(Reply::file(
        found.media_type,
        None,
        assets::CACHE_CONTROL,
        found.bytes.to_vec(),
    ))
}

/// `GET /glossary`
pub async fn glossary<H: House>(visit: Visit<H>) -> Turn {
    let words = visit.words();
    let (here, other) = (visit.language, visit.language.other());
    let columns = [words.term, other.name(), words.meaning];
    let rows = TERMS.iter().map(|term| {
        vec![
            Html::text(term.term(here)),
            html::in_language(other, term.term(other)),
            Html::text(term.meaning(here)),
        ]
    });
    let table = Table::new(words.glossary, columns.map(Column::text).into()).rows(rows);
    Ok(Reply::page(words.glossary, table.render()))
}
