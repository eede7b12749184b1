//! What the catalogue knows for the engine: sheets, grid factors, potentials.

use tanqiao_protocol::r#use::Use;

use super::{decimal, shipped};
use crate::catalogue::{Catalogue, CatalogueTexts};

#[test]
fn every_methodology_has_a_sheet_and_what_nobody_published_is_unknown() {
    use crate::sheet::{AttributeName, Status};
    let catalogue = shipped();
    assert_eq!(catalogue.sheets().len(), 73);
    for (methodology, sheet) in catalogue.methodologies().iter().zip(catalogue.sheets()) {
        assert_eq!(sheet.methodology.id(), methodology.id);
        assert_eq!(
            sheet.undocumented().count() + sheet.unknown().count(),
            24,
            "no document is at hand"
        );
        assert!(sheet.unknown().count() >= 17, "{}", methodology.id);
    }
    let value = |id: &str, name| {
        let sheet = catalogue.sheet(&format!("{id}.v1").parse().unwrap()).unwrap();
        sheet.attributes.cell(name)
    };
    let naas = value("CN-ORG-naas-ev-charging", AttributeName::UnitFactor);
    assert_eq!(naas.value.as_deref(), Some("500..800 g{CO2}/(kW.h)"));
    assert_eq!(naas.evidence.status, Status::Published);
    let metro = value("CN-4201-metro", AttributeName::UnitFactor);
    assert_eq!(metro.value.as_deref(), Some("78.4 g{CO2}/km{passenger}"));
    assert_eq!(
        value("CN-31-metro", AttributeName::UnitFactor).evidence.status,
        Status::Unknown
    );
    let composite = value("CN-4403-public-transport", AttributeName::Activity);
    assert_eq!(composite.value.as_deref(), Some("public-transport: bus, rail-transit"));
}

#[test]
fn grid_factors_and_potentials_are_those_of_the_reference() {
    use crate::factors::GridQuestion;
    use crate::sheet::value::{GridKind, GridLevel, GridRule, GridYear, GwpSet};
    let catalogue = shipped();
    assert_eq!(catalogue.grid_factors().records().len(), 105);
    let ask = |region: &str, level, kind, year| {
        let rule = GridRule {
            level,
            kind,
            year: GridYear::Fixed(year),
        };
        let question = GridQuestion {
            rule: Some(&rule),
            region: region.parse().unwrap(),
            vintage: 2025,
            as_of: "2026-03-01T00:00:00Z".parse().unwrap(),
            of_what: "CO2",
        };
        catalogue.grid_factors().resolve(&question).unwrap().range.to_string()
    };
    assert_eq!(ask("420100", GridLevel::Province, GridKind::Average, 2022), "436.4");
    assert_eq!(ask("310000", GridLevel::GridRegion, GridKind::Average, 2023), "550");
    assert_eq!(ask("510100", GridLevel::GridRegion, GridKind::Average, 2021), "211.3");
    assert_eq!(
        ask("420100", GridLevel::GridRegion, GridKind::OperatingMargin, 2012),
        "943.7"
    );
    assert_eq!(ask("440300", GridLevel::National, GridKind::Fossil, 2023), "827.3");
    // Inner Mongolia lies in two grids.
    assert_eq!(
        ask("150000", GridLevel::GridRegion, GridKind::Average, 2022),
        "556.4–677.6"
    );
    let potential = |gas: &str, set| catalogue.gwp().potential(&gas.parse().unwrap(), set);
    assert_eq!(potential("R-410A", GwpSet::Ar6), Some(decimal("2255.5")));
    assert_eq!(potential("NF3", GwpSet::Sar), None);
    assert_eq!(catalogue.gwp().gases().count(), 16);
}

/// No pair of regions has a factor on both sides, and no methodology all its gates: nothing can be recognised from the catalogue.
#[test]
fn the_catalogue_alone_recognises_nothing() {
    use crate::equivalence::{Question, assess};
    use crate::gates::{Mode, NodeFacts};
    let catalogue = shipped();
    for one in catalogue.candidates().iter().filter(|one| !one.negated) {
        let sheet = |id: &str| catalogue.sheet(&format!("{id}.v1").parse().unwrap());
        let Some((origin, target)) = sheet(&one.subject).zip(one.object.as_deref().and_then(sheet)) else {
            continue;
        };
        let question = Question {
            origin,
            target,
            reference: None,
            relation: one.predicate,
            mode: Mode::Requantify,
            to: "310000".parse().unwrap(),
            source_region: "420100".parse().unwrap(),
            vintage: 2025,
            uses: [Use::EventNeutrality].into_iter().collect(),
            at: "2026-03-01T00:00:00Z".parse().unwrap(),
            until: None,
            node: NodeFacts::PROVEN,
        };
        let assessment = assess(&question, &catalogue.library());
        assert_eq!(assessment.factor(), None, "{}", one.record_id);
        assert!(!assessment.raises.is_empty());
    }
}

#[test]
fn a_bad_line_of_a_sheet_is_refused_with_its_place() {
    let refusal = |from: &str, to: &str| {
        let sheets = CatalogueTexts::SHIPPED.sheets.replacen(from, to, 1);
        assert_ne!(sheets, CatalogueTexts::SHIPPED.sheets);
        let texts = CatalogueTexts {
            sheets: &sheets,
            ..CatalogueTexts::SHIPPED
        };
        Catalogue::read(&texts).unwrap_err().to_string()
    };
    assert!(
        refusal("CN-44-textile-recycling\t", "CN-44-nothing\t").starts_with("sheets.tsv, line 4, column `methodology`")
    );
    assert!(refusal("not a sink", "a sink").starts_with("sheets.tsv, line 2, column `value`"));
    assert!(refusal("\tdeclared\t", "\tunknown\t").starts_with("sheets.tsv, line 2, column `status`"));
}
