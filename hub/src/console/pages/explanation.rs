//! Why a factor is what it is: gates, candidates, multipliers, every step, and what it rests on.

use tanqiao_console::parts::{Chip, Column, Kind, Table};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_mappings::equivalence::formula::Binding;
use tanqiao_mappings::explanation::Explanation;
use tanqiao_mappings::gates::{GateReport, Side, Verdict};
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::sheet::AttributeName;

use super::sheet::{attribute, said};
use crate::console::visit::Visit;

/// The whole explanation, one part after another.
pub(super) fn render(found: &Explanation, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let mut parts = vec![html::paragraph(said(&found.summary, visit))];
    if !found.refusals.is_empty() {
        parts.push(html::subsection(of.refusals, &phrases(&found.refusals, visit)));
    }
    parts.extend([
        html::subsection(of.candidates, &candidates(found, visit)),
        html::subsection(of.multipliers, &multipliers(found, visit)),
        html::subsection(of.steps, &phrases(&found.steps, visit)),
        html::subsection(of.gates, &gates(&found.gates, visit)),
        html::subsection(of.assumptions, &assumptions(found, visit)),
        html::subsection(of.raises, &raises(found, visit)),
        html::subsection(of.inputs, &inputs(found, words)),
    ]);
    let until = html::paragraph(format!(
        "{}: {} · {}",
        of.valid_until,
        format::beijing(found.valid_until),
        said(&found.valid_until_because, visit)
    ));
    parts.push(until);
    Html::all(parts)
}

fn phrases(all: &[Phrase], visit: &Visit) -> Html {
    if all.is_empty() {
        return html::paragraph(visit.words().none);
    }
    html::list(all.iter().map(|one| said(one, visit)))
}

fn columns<const N: usize>(names: [&str; N]) -> Vec<Column> {
    names.map(Column::text).into()
}

fn side(side: Side, visit: &Visit) -> Html {
    Html::text(said(&side.title(), visit))
}

fn candidates(found: &Explanation, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let rows = found.candidates.iter().map(|line| {
        let name = match line.of {
            Binding::Issued => of.issued,
            Binding::Target => of.of_target,
            Binding::Reference => of.of_reference,
        };
        let binds = line.binds.then(|| Chip::new(Kind::Good, of.binds).render());
        vec![
            Html::text(name),
            Html::text(format!("{} g", line.grams)),
            Html::text(&line.ratio),
            binds.unwrap_or_default(),
        ]
    });
    let mut head = vec![Column::text(of.candidate)];
    head.extend([of.per_unit, of.ratio].map(Column::number));
    head.push(Column::text(of.bound));
    table(of.candidates, head, rows, words)
}

fn table(name: &str, columns: Vec<Column>, rows: impl Iterator<Item = Vec<Html>>, words: &'static Words) -> Html {
    let rows: Vec<Vec<Html>> = rows.collect();
    if rows.is_empty() {
        return html::paragraph(words.none);
    }
    Table::new(name, columns).rows(rows).render()
}

fn multipliers(found: &Explanation, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let rows = found.multipliers.iter().map(|line| {
        vec![
            html::code(line.name),
            Html::text(&line.value),
            Html::text(said(&line.statement, visit)),
        ]
    });
    let factor = found.factor.map_or_else(|| "–".to_owned(), format::factor);
    let product = vec![html::code("k"), Html::text(factor), Html::text(of.product)];
    let head = vec![
        Column::text(of.multiplier),
        Column::number(of.value),
        Column::text(of.why),
    ];
    table(of.multipliers, head, rows.chain(std::iter::once(product)), words)
}

fn gates(report: &GateReport, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let rows = report.0.iter().map(|finding| {
        let chip = match finding.verdict {
            Verdict::Pass => Chip::new(Kind::Good, of.gate_open),
            Verdict::Fail => Chip::new(Kind::Bad, of.gate_shut),
            Verdict::Unknown => Chip::new(Kind::Waiting, of.unknown),
        };
        let rests = finding.evidence.iter().map(|one| {
            let (side, name) = (one.side.title(), one.attribute.title());
            html::paragraph(format!(
                "{} · {}: {}",
                said(&side, visit),
                said(&name, visit),
                one.value.as_deref().unwrap_or(of.unknown)
            ))
        });
        let rests = Html::all(rests);
        let why = Html::text(said(&finding.statement, visit));
        let why = if rests.is_empty() {
            why
        } else {
            why.and(&html::disclosure(of.rests_on, &rests))
        };
        vec![html::code(finding.gate), chip.render(), why]
    });
    let head = columns([of.gate, of.verdict, of.why]);
    table(of.gates, head, rows, words)
}

/// What was taken for what is not said, and what is missing.
fn assumptions(found: &Explanation, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let row = |side_of: Side, name: AttributeName, chip: Chip, statement: &Phrase| {
        vec![
            side(side_of, visit),
            attribute(name, visit),
            chip.render(),
            Html::text(said(statement, visit)),
        ]
    };
    let assumed = found.assumptions.iter().map(|one| {
        let chip = Chip::new(Kind::Waiting, of.assumed);
        row(one.side, one.attribute, chip, &one.statement)
    });
    let missing = found.missing.iter().map(|one| {
        let chip = Chip::new(Kind::Bad, of.missing);
        row(one.side, one.attribute, chip, &one.statement)
    });
    let head = columns([of.side, of.attribute, words.state, of.taken]);
    table(of.assumptions, head, assumed.chain(missing), words)
}

fn raises(found: &Explanation, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let rows = found.raises.iter().map(|one| {
        vec![
            Html::text(said(&one.action, visit)),
            Html::text(one.up_to.map_or_else(|| "–".to_owned(), format::factor)),
        ]
    });
    let head = vec![Column::text(of.raise), Column::number(of.up_to)];
    table(of.raises, head, rows, words)
}

fn inputs(found: &Explanation, words: &'static Words) -> Html {
    let of = words.recognition;
    let rows = found.inputs.iter().map(|one| {
        vec![
            html::code(one.kind),
            html::code(&one.id),
            html::code(one.sha256),
            one.expires.map(format::time).unwrap_or_default(),
        ]
    });
    let head = columns([words.kind, of.input, of.hash, of.expires]);
    table(of.inputs, head, rows, words)
}
