//! What is recognised where: methodologies by regions, each with its factor, or why there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tanqiao_console::charts::{Recognised, RecognisedCell, RecognisedRow};
use tanqiao_console::parts::{Chip, Empty, FilterField, Kind, cut};
use tanqiao_console::{format, html, regions};
use tanqiao_mappings::matrix::{CellState, MatrixCell};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::MethodologyRef;

use super::mappings::{origin, target_region};
use super::{ROWS, by_name, choice, is_within, region_options};
use crate::api::answer::Refused;
use crate::api::mappings::matrix_of;
use crate::console::states;
use crate::console::visit::{Reply, Turn, Visit};
use crate::ledger::objects::Governance;

/// Fields of the filter.
const FILTERS: [&str; 3] = ["activity", "methodology", "region"];

/// The cells of one methodology.
type Row = (MethodologyRef, Vec<MatrixCell>);

/// `GET /recognition`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.recognition;
    let governance = visit.hub.sequencer.governance();
    let (activity, now) = (visit.asked("activity").parse::<Name>().ok(), visit.hub.now());
    let shared = Arc::clone(&governance);
    let cells = actix_web::web::block(move || matrix_of(&shared, activity.as_ref(), now))
        .await
        .map_err(|error| Refused::fault(&error))?;
    let after: Option<MethodologyRef> = visit.asked("after").parse().ok();
    let found: Vec<Row> = by_methodology(cells)
        .into_iter()
        .filter(|(one, cells)| {
            let home = cells.first().map(|cell| cell.from.to_string()).unwrap_or_default();
            after.as_ref().is_none_or(|after| one > after)
                && one.to_string().starts_with(visit.asked("methodology"))
                && is_within(&home, visit.asked("region"))
        })
        .take(ROWS + 1)
        .collect();
    let (found, next) = cut(found, ROWS, |(one, _)| one.to_string());
    let listing = by_name(&visit, "/recognition", &FILTERS);
    let filter = listing.filter(fields(&visit, &governance), words);
    let body = if found.is_empty() {
        let empty = Empty {
            why: if listing.is_filtered() {
                said.none_fits
            } else {
                said.no_methodologies
            },
            next: said.methodologies_next,
        };
        empty.render()
    } else {
        let matrix = matrix(&visit, &governance, &found).render();
        matrix.and(&listing.pager(next.as_deref()))
    };
    let machine = html::actions([html::link("/mappings", said.mappings)]);
    Ok(Reply::page(
        said.matrix,
        machine.and(&filter).and(&html::paragraph(said.matrix_how)).and(&body),
    ))
}

/// Cells by methodology, in the order of these.
fn by_methodology(cells: Vec<MatrixCell>) -> BTreeMap<MethodologyRef, Vec<MatrixCell>> {
    let mut rows = BTreeMap::<MethodologyRef, Vec<MatrixCell>>::new();
    for cell in cells {
        rows.entry(cell.methodology.clone()).or_default().push(cell);
    }
    rows
}

fn fields(visit: &Visit, governance: &Governance) -> Vec<FilterField> {
    let words = visit.words();
    let said = words.recognition;
    let published = governance.methodologies.values();
    let activities: BTreeSet<String> = published.map(|one| one.content.activity.to_string()).collect();
    let methodologies = governance.methodologies.keys().map(ToString::to_string);
    vec![
        choice(
            visit,
            "activity",
            said.activity,
            activities.into_iter().map(|one| (one.clone(), one)),
        ),
        choice(
            visit,
            "methodology",
            said.methodology,
            methodologies.map(|one| (one.clone(), one)),
        ),
        choice(visit, "region", words.from, region_options(visit)),
    ]
}

fn matrix(visit: &Visit, governance: &Governance, found: &[Row]) -> Recognised {
    let said = visit.words().recognition;
    let name = |code: &str| regions::name(code, visit.language);
    let first = found.first().map(|(_, cells)| cells.as_slice()).unwrap_or_default();
    let rows = found.iter().map(|(methodology, cells)| RecognisedRow {
        region: cells.first().map(|cell| name(cell.from.as_str())).unwrap_or_default(),
        methodology: methodology.to_string(),
        href: format!("/methodologies/{methodology}"),
        cells: cells.iter().map(|cell| cell_of(cell, visit, governance)).collect(),
    });
    Recognised {
        label: said.matrix.to_owned(),
        heads: [said.home_region, said.methodology],
        columns: first.iter().map(|cell| name(cell.to.as_str())).collect(),
        rows: rows.collect(),
    }
}

fn cell_of(cell: &MatrixCell, visit: &Visit, governance: &Governance) -> RecognisedCell {
    let words = visit.words();
    let said = words.recognition;
    let chip = match cell.state {
        CellState::Recognised => None,
        CellState::Home => Some(Chip::new(Kind::Good, said.at_home)),
        CellState::Stopped => Some(Chip::new(Kind::Waiting, said.cell_stopped)),
        CellState::Rejected => Some(Chip::new(Kind::Bad, said.m_rejected)),
        CellState::Nothing => Some(Chip::new(Kind::Neutral, said.cell_nothing)),
    };
    let recognised = cell.recognised.iter().map(|one| {
        let href = format!("/mappings/{}", one.mapping);
        (format::factor(one.factor), href, states::uses(one.uses, words))
    });
    let lines = if cell.recognised.is_empty() && cell.state != CellState::Home {
        behind(cell, visit, governance)
    } else {
        recognised.collect()
    };
    RecognisedCell { chip, lines }
}

/// The mappings that lead there and do not recognise: where each stands.
fn behind(cell: &MatrixCell, visit: &Visit, governance: &Governance) -> Vec<(String, String, String)> {
    let words = visit.words();
    let leads = governance.mapping_versions.iter().filter(|(_, version)| {
        origin(version) == Some(&cell.methodology)
            && target_region(version).is_some_and(|to| to == cell.to || to.contains(&cell.to))
            && version.state != MappingState::Draft
    });
    leads
        .map(|(mapping, version)| {
            let state = states::mapping(version.state, words).word;
            (mapping.to_string(), format!("/mappings/{mapping}"), state)
        })
        .collect()
}
