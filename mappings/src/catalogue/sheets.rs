//! The attribute sheets of the catalogue: what its tables say of each methodology, and what `sheets.tsv` adds. What neither says is
//! unknown.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use tanqiao_protocol::methodology::MethodologyRef;

use super::factor::{EmissionFactor, FactorBasis, FactorScope};
use super::methodology::{CatalogueMethodology, MethodologyKind, MethodologyStatus};
use super::table::{Row, TableError, read_rows};
use crate::phrase::Phrase;
use crate::sheet::{AttributeName, Cell, CellPart, Evidence, Sheet, Status};
use crate::unit::Unit;

const FILE: &str = "sheets.tsv";
const COLUMNS: &[&str] = &[
    "methodology",
    "attribute",
    "value",
    "status",
    "source",
    "document_sha256",
];
const WHITE_PAPER: &str = "White Paper on Carbon Inclusion Development 2025";

struct Added {
    line: u64,
    methodology: String,
    attribute: AttributeName,
    cell: Cell,
}

pub(super) fn read(
    text: &str,
    methodologies: &[CatalogueMethodology],
    factors: &[EmissionFactor],
) -> Result<Vec<Sheet>, TableError> {
    let mut sheets = Vec::with_capacity(methodologies.len());
    let mut places = BTreeMap::new();
    for methodology in methodologies {
        places.insert(methodology.id.clone(), sheets.len());
        sheets.push(sheet(methodology, factors).map_err(|problem| refuse(0, "methodology", problem))?);
    }
    for added in read_rows(FILE, text, COLUMNS, added)? {
        let place = places.get(&added.methodology).copied();
        let Some(sheet) = place.and_then(|place| sheets.get_mut(place)) else {
            let problem = format!("there is no methodology {}", added.methodology);
            return Err(refuse(added.line, "methodology", problem));
        };
        sheet.attributes.put(added.attribute, added.cell).map_err(|error| {
            let column = match error.part {
                CellPart::Value => "value",
                CellPart::Status => "status",
                CellPart::Source => "source",
                CellPart::Document => "document_sha256",
            };
            refuse(added.line, column, error.problem)
        })?;
    }
    Ok(sheets)
}

fn refuse(line: u64, column: &str, problem: String) -> TableError {
    TableError {
        file: FILE,
        line,
        column: column.into(),
        problem,
    }
}

fn added(row: &Row<'_>) -> Result<Added, TableError> {
    Ok(Added {
        line: row.line(),
        methodology: row.text("methodology")?,
        attribute: row.value("attribute")?,
        cell: Cell {
            value: Some(row.text("value")?),
            evidence: Evidence {
                status: row.value("status")?,
                source: row.text("source")?,
                document: row.optional_value("document_sha256")?,
            },
        },
    })
}

/// What the tables say.
fn sheet(methodology: &CatalogueMethodology, factors: &[EmissionFactor]) -> Result<Sheet, String> {
    let reference = MethodologyRef::new(&methodology.id, 1).map_err(|error| error.to_string())?;
    let title = Phrase::new(&methodology.title_zh, &methodology.title_en);
    let mut sheet = Sheet::blank(reference, methodology.region, title);
    sheet.reference = methodology.kind == MethodologyKind::ReferenceStandard;
    let section = format!("{WHITE_PAPER}, {}", methodology.source);
    let activity = methodology.activity.to_string();
    let mut values = vec![(AttributeName::Activity, Some(activity), section.clone())];
    let unit = methodology.activity_unit.as_deref().map(Unit::of_word).transpose();
    let unit = unit.map_err(|error| error.to_string())?.map(|unit| unit.to_string());
    values.push((AttributeName::ActivityUnit, unit, section.clone()));
    let kind = match methodology.kind {
        MethodologyKind::Scenario => Some("scenario; person"),
        MethodologyKind::Project => Some("project; operator"),
        MethodologyKind::ReferenceStandard => None,
    };
    values.push((AttributeName::KindAndActor, kind.map(Into::into), section.clone()));
    values.push((
        AttributeName::Standing,
        standing(methodology.status).map(Into::into),
        section,
    ));
    let stated = factors.iter().find(|factor| is_unit_factor(factor, &methodology.id));
    if let Some(factor) = stated {
        let source = format!("{WHITE_PAPER}, {}", factor.source_section);
        values.push((AttributeName::UnitFactor, Some(unit_factor(factor)), source));
    }
    for (name, value, source) in values {
        if let Some(value) = value {
            let evidence = Evidence::new(Status::Published, &source, None).map_err(|error| error.to_string())?;
            let put = sheet.attributes.put(name, Cell::known(value, evidence));
            put.map_err(|error| format!("{}: {name}: {error}", methodology.id))?;
        }
    }
    Ok(sheet)
}

fn is_unit_factor(factor: &EmissionFactor, methodology: &str) -> bool {
    factor.methodology.as_deref() == Some(methodology)
        && factor.basis == FactorBasis::Stated
        && factor.scope == FactorScope::ReductionPerActivityUnit
}

fn unit_factor(factor: &EmissionFactor) -> String {
    let text = |value: Decimal| value.normalize().to_string();
    let low = text(factor.value);
    match factor.value_max {
        Some(high) => format!("{low}..{} {}", text(high), factor.ucum),
        None => format!("{low} {}", factor.ucum),
    }
}

/// The status only: from when a methodology is in force the White Paper does not say.
const fn standing(status: MethodologyStatus) -> Option<&'static str> {
    match status {
        MethodologyStatus::Final | MethodologyStatus::Revised | MethodologyStatus::Edition => Some("status=final"),
        MethodologyStatus::Trial => Some("status=trial"),
        MethodologyStatus::ExpertReviewed | MethodologyStatus::Draft => Some("status=draft"),
        MethodologyStatus::GroupStandard => Some("status=standard"),
        MethodologyStatus::Enterprise => Some("status=enterprise"),
        MethodologyStatus::ScenarioOnly => Some("status=scenario-only"),
        MethodologyStatus::NotStated => None,
    }
}
