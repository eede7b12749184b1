//! Attribute sheets: one with its evidence, and two side by side.

use tanqiao_console::parts::{Chip, Column, Kind, Table};
use tanqiao_console::{Html, Words, html};
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::sheet::{AttributeName, Cell, Sheet, Status};

use crate::console::visit::Visit;

/// A phrase in the reader's language.
pub(super) fn said<'a>(phrase: &'a Phrase, visit: &Visit) -> &'a str {
    visit.language.pick(&phrase.zh, &phrase.en)
}

/// The name of an attribute.
pub(super) fn attribute(name: AttributeName, visit: &Visit) -> Html {
    Html::text(said(&name.title(), visit))
}

pub(super) fn status(status: Status, words: &'static Words) -> Chip {
    let said = words.recognition;
    match status {
        Status::Measured => Chip::new(Kind::Good, said.measured),
        Status::Published => Chip::new(Kind::Good, said.published),
        Status::Declared => Chip::new(Kind::Neutral, said.declared),
        Status::Unknown => Chip::new(Kind::Waiting, said.unknown),
    }
}

/// A sheet, attribute by attribute, each with its evidence.
pub(super) fn table(sheet: &Sheet, visit: &Visit) -> Html {
    let words = visit.words();
    let names = [
        words.recognition.attribute,
        words.recognition.value,
        words.recognition.known_by,
        words.recognition.source,
        words.recognition.document,
    ];
    let rows = AttributeName::ALL.iter().map(|name| {
        let cell = sheet.attributes.cell(*name);
        vec![
            attribute(*name, visit),
            value(&cell, words),
            status(cell.evidence.status, words).render(),
            Html::text(&cell.evidence.source),
            cell.evidence.document.map(html::code).unwrap_or_default(),
        ]
    });
    Table::new(words.recognition.sheet, names.map(Column::text).into())
        .rows(rows)
        .render()
}

fn value(cell: &Cell, words: &'static Words) -> Html {
    cell.value
        .as_ref()
        .map_or_else(|| Html::text(words.recognition.unknown), html::code)
}

/// Sheets side by side, and a mark where the first two differ. Each comes with what stands above it.
pub(super) fn compared(sheets: &[(Html, &Sheet)], visit: &Visit) -> Html {
    let words = visit.words();
    let mut columns = vec![
        Column::text(words.recognition.attribute),
        Column::text(words.recognition.compared),
    ];
    columns.extend(sheets.iter().map(|(name, _)| Column::of(name.clone())));
    let rows = AttributeName::ALL.iter().map(|name| {
        let cells: Vec<Cell> = sheets.iter().map(|(_, sheet)| sheet.attributes.cell(*name)).collect();
        let mut row = vec![attribute(*name, visit), mark(&cells, words).render()];
        row.extend(cells.iter().map(|cell| value(cell, words)));
        row
    });
    Table::new(words.recognition.side_by_side, columns).rows(rows).render()
}

/// Whether the first two say the same.
fn mark(cells: &[Cell], words: &'static Words) -> Chip {
    let said = words.recognition;
    let values: Vec<Option<&String>> = cells.iter().take(2).map(|cell| cell.value.as_ref()).collect();
    match values.as_slice() {
        [Some(one), Some(other)] if one == other => Chip::new(Kind::Good, said.same),
        [Some(_), Some(_)] => Chip::new(Kind::Bad, said.different),
        _ => Chip::new(Kind::Waiting, said.unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_mappings::sheet::Evidence;

    fn cell(value: Option<&str>) -> Cell {
        Cell {
            value: value.map(str::to_owned),
            evidence: Evidence {
                status: if value.is_some() {
                    Status::Published
                } else {
                    Status::Unknown
                },
                source: "a test".to_owned(),
                document: None,
            },
        }
    }

    #[test]
    fn what_is_unknown_on_one_side_is_neither_the_same_nor_different() {
        let words = tanqiao_console::Language::English.words();
        let said = |one, other| mark(&[cell(one), cell(other), cell(Some("c"))], words).word;
        assert_eq!(said(Some("a"), Some("a")), words.recognition.same);
        assert_eq!(said(Some("a"), Some("b")), words.recognition.different);
        for unknown in [said(None, Some("a")), said(Some("a"), None), said(None, None)] {
            assert_eq!(unknown, words.recognition.unknown);
        }
    }
}
