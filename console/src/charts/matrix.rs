use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Flow;
use crate::format::signed_tonnes;
use crate::html::{Html, escape};
use crate::language::Language;

/// A table: row from, column to, sums at the edges.
pub(super) fn draw(label: &str, flows: &[Flow], language: Language) -> Html {
    let words = language.words();
    let mut cells: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let (mut from, mut to) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, i64>::new());
    for flow in flows {
        for sum in [
            cells.entry((&flow.from, &flow.to)).or_default(),
            from.entry(&flow.from).or_default(),
            to.entry(&flow.to).or_default(),
        ] {
            *sum = sum.saturating_add(flow.grams);
        }
    }
    let largest = cells.values().copied().max().unwrap_or(0);
    let mut table = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption class=\"unseen\">{0}</caption><thead><tr><th scope=\"col\">{1} ╲ {2} ({3})</th>",
        escape(label),
        words.from,
        words.to,
        words.unit_tco2e
    );
    for name in to.keys() {
        let _ = write!(table, "<th scope=\"col\" class=\"number\">{}</th>", escape(name));
    }
    let _ = write!(
        table,
        "<th scope=\"col\" class=\"number\">{}</th></tr></thead><tbody>",
        words.sum
    );
    let columns: BTreeSet<&str> = to.keys().copied().collect();
    for (name, sum) in &from {
        let _ = write!(table, "<tr><th scope=\"row\">{}</th>", escape(name));
        for column in &columns {
            let _ = match cells.get(&(*name, *column)) {
                Some(grams) => write!(
                    table,
                    "<td class=\"number shade {}\">{}</td>",
                    tint(*grams, largest),
                    signed_tonnes(*grams)
                ),
                None => write!(table, "<td></td>"),
            };
        }
        let _ = write!(table, "<td class=\"number\">{}</td></tr>", signed_tonnes(*sum));
    }
    let _ = write!(table, "<tr><th scope=\"row\">{}</th>", words.sum);
    for sum in to.values() {
        let _ = write!(table, "<td class=\"number\">{}</td>", signed_tonnes(*sum));
    }
    let total = to.values().copied().fold(0, i64::saturating_add);
    let _ = write!(
        table,
        "<td class=\"number\">{}</td></tr></tbody></table></div>",
        signed_tonnes(total)
    );
    Html::written(table)
}

/// The shade of a cell, by thirds of the largest.
fn tint(grams: i64, largest: i64) -> &'static str {
    match grams.saturating_mul(3).checked_div(largest.max(1)).unwrap_or(0) {
        0 => "still",
        1 => "in1",
        _ => "in2",
    }
}
