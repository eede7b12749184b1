//! Sheets and their values.

use super::value::{ActivityScope, CreditingPeriod, Eligibility, ScopeRelation, UnitFactor};
use super::*;
use crate::ratio::Ratio;
use crate::sheet::value::GramsRange;

pub(crate) fn evidence() -> Evidence {
    Evidence::new(Status::Declared, "a letter", Some(Sha256::of(b"letter"))).unwrap()
}

/// Puts a value on a sheet, with evidence.
pub(crate) fn put(sheet: &mut Sheet, name: AttributeName, value: &str) {
    sheet
        .attributes
        .put(name, Cell::known(value, evidence()))
        .unwrap_or_else(|e| panic!("{name} {value}: {e}"));
}

/// Takes a value from a sheet.
pub(crate) fn hide(sheet: &mut Sheet, name: AttributeName) {
    let nothing = Cell {
        value: None,
        evidence: Evidence::unknown("").unwrap(),
    };
    sheet.attributes.put(name, nothing).unwrap();
}

/// A metro methodology of which everything is known.
pub(crate) fn metro(id: &str, region: &str, grams: &str) -> Sheet {
    let title = Phrase::new("轨道交通", "rail transit");
    let mut sheet = Sheet::blank(
        format!("{id}.v1").parse().unwrap(),
        Some(region.parse().unwrap()),
        title,
    );
    for (name, value) in [
        (AttributeName::Activity, "rail-transit"),
        (AttributeName::ActivityUnit, "km{passenger}"),
        (AttributeName::KindAndActor, "scenario; person"),
        (AttributeName::Boundary, "none"),
        (AttributeName::Baseline, "all-mode-average"),
        (AttributeName::Gases, "CO2"),
        (AttributeName::GwpSet, "AR5"),
        (AttributeName::UnitFactor, &format!("{grams} g{{CO2}}/km{{passenger}}")),
        (AttributeName::Provenance, "prescribed; publisher=the issuer"),
        (AttributeName::Uncertainty, "0"),
        (AttributeName::Additionality, "positive-list"),
        (AttributeName::Monitoring, "transaction"),
        (AttributeName::Identity, "person-key"),
        (AttributeName::CreditingPeriod, "vintages=2024..2030; age=unlimited"),
        (AttributeName::Eligibility, "none"),
        (AttributeName::Safeguards, "other-platform"),
        (AttributeName::Verification, "third-party"),
        (AttributeName::Permanence, "not a sink"),
        (AttributeName::Leakage, "0"),
        (
            AttributeName::Uses,
            "event-neutrality; corporate-neutrality; public-welfare",
        ),
        (AttributeName::Ownership, "owner=person; ground=assignment"),
        (AttributeName::Standing, "status=final; from=2024-01-01; until=open"),
        (AttributeName::Rounding, "g"),
        (AttributeName::DataProtection, "aggregates-only"),
    ] {
        put(&mut sheet, name, value);
    }
    sheet
}

#[test]
fn a_sheet_is_the_same_after_it_was_written_and_read() {
    let mut sheet = metro("CN-4201-metro", "420100", "78.4");
    hide(&mut sheet, AttributeName::Uncertainty);
    let text = serde_json::to_string(&sheet).unwrap();
    let again: Sheet = serde_json::from_str(&text).unwrap();
    assert_eq!(again, sheet);
    assert_eq!(again.content_hash(), sheet.content_hash());
    assert_eq!(sheet.unknown().collect::<Vec<_>>(), [AttributeName::Uncertainty]);
    assert_eq!(sheet.undocumented().count(), 0);
}

#[test]
fn every_change_of_a_value_or_its_evidence_changes_the_hash() {
    let sheet = metro("CN-4201-metro", "420100", "78.4");
    let mut other = sheet.clone();
    put(&mut other, AttributeName::UnitFactor, "78.5 g{CO2}/km{passenger}");
    assert_ne!(other.content_hash(), sheet.content_hash());
    let mut other = sheet.clone();
    let letter = Evidence::new(Status::Published, "a letter", None).unwrap();
    other
        .attributes
        .put(AttributeName::Leakage, Cell::known("0", letter))
        .unwrap();
    assert_ne!(other.content_hash(), sheet.content_hash());
}

#[test]
fn a_value_and_its_status_agree() {
    let mut attributes = Attributes::default();
    let unknown = Evidence::unknown("not in the White Paper").unwrap();
    let error = attributes
        .put(AttributeName::Leakage, Cell::known("0", unknown))
        .unwrap_err();
    assert_eq!(error.part, CellPart::Status);
    let error = attributes
        .put(
            AttributeName::Leakage,
            Cell {
                value: None,
                evidence: evidence(),
            },
        )
        .unwrap_err();
    assert_eq!(error.part, CellPart::Value);
    assert!(Evidence::new(Status::Declared, "", None).is_err());
    assert!(Evidence::new(Status::Declared, "=cmd", None).is_err());
    assert!(Evidence::new(Status::Declared, &"长".repeat(401), None).is_err());
}

#[test]
fn values_are_written_as_they_were_read() {
    let mut sheet = metro("A", "420100", "78.4");
    for (name, texts) in [
        (
            AttributeName::Activity,
            vec!["public-transport: bus, rail-transit", "low-carbon-travel: not listed"],
        ),
        (AttributeName::Boundary, vec!["stations=2; traction=31.5; upstream=?"]),
        (AttributeName::Gases, vec!["CH4=80; N2O=20", "HFC-125; HFC-32"]),
        (
            AttributeName::UnitFactor,
            vec![
                "500..800 g{CO2}/(kW.h)",
                "1*grid g{CO2}/(kW.h)",
                "640 - 1*grid g{CO2}/(kW.h)",
                "10..12 + 0.5*grid kg{CO2e}/{order}",
            ],
        ),
        (
            AttributeName::Provenance,
            vec![
                "grid=province; kind=average; year=vintage; publisher=the ministry",
                "grid=grid-region; kind=average; year=2023; publisher=the ministry",
            ],
        ),
        (
            AttributeName::Additionality,
            vec!["none", "required-by-law", "positive-list; regulatory-surplus"],
        ),
        (AttributeName::CreditingPeriod, vec!["vintages=2024..2030; age=5"]),
        (AttributeName::Eligibility, vec!["capacity<1 MW; area>=1 ha"]),
        (AttributeName::Permanence, vec!["years=40; buffer=12.5"]),
        (
            AttributeName::Standing,
            vec![
                "status=trial",
                "status=enterprise; from=2024-01-01; until=2026-12-31; adopted-by=420000",
            ],
        ),
    ] {
        for text in texts {
            put(&mut sheet, name, text);
            assert_eq!(sheet.attributes.cell(name).value.as_deref(), Some(text));
        }
    }
}

#[test]
fn other_texts_are_refused() {
    let mut attributes = Attributes::default();
    for (name, texts) in [
        (
            AttributeName::UnitFactor,
            vec![
                "78.4",
                "78.4 km",
                "800..500 g/km",
                "-1 g/km",
                "1e3 g/km",
                "0 g/km",
                "1*net g/km",
                "78.4g/km",
            ],
        ),
        (
            AttributeName::Gases,
            vec!["CH4=80; N2O", "CH4=80; N2O=10", "CH4; CH4", "", "CO2;"],
        ),
        (
            AttributeName::Boundary,
            vec!["traction", "traction=x", "traction=1; traction=2"],
        ),
        (AttributeName::Uncertainty, vec!["1001", "-1", "10%"]),
        (AttributeName::Leakage, vec!["100", "101"]),
        (
            AttributeName::Provenance,
            vec![
                "prescribed",
                "prescribed; publisher=a\nb",
                "prescribed; publisher==x",
                "grid=city; kind=average; year=2022; publisher=x",
            ],
        ),
        (
            AttributeName::Permanence,
            vec!["years=40", "sink", "years=40; buffer=100"],
        ),
        (
            AttributeName::CreditingPeriod,
            vec!["2024..2030", "vintages=2030..2024; age=1", "vintages=2024..2030"],
        ),
        (
            AttributeName::Standing,
            vec![
                "final",
                "status=perhaps",
                "status=final; from=2025-06",
                "status=final; since=2025-01-01",
            ],
        ),
        (
            AttributeName::Uses,
            vec!["charity", "event-neutrality; event-neutrality"],
        ),
        (
            AttributeName::Eligibility,
            vec!["capacity", "capacity<1", "capacity<x MW", "capacity<1 PS"],
        ),
        (AttributeName::KindAndActor, vec!["scenario", "person; scenario"]),
        (AttributeName::Activity, vec!["rail transit", "public-transport:", ""]),
    ] {
        for text in texts {
            let cell = Cell::known(text, evidence());
            assert!(attributes.put(name, cell).is_err(), "{name}: {text}");
        }
    }
    assert_eq!(attributes, Attributes::default());
}

#[test]
fn activities_contain_one_another_or_do_not() {
    let scope = |text: &str| text.parse::<ActivityScope>().unwrap();
    let (metro, travel) = (scope("rail-transit"), scope("public-transport: bus, rail-transit"));
    assert_eq!(metro.relation(&metro), ScopeRelation::Equal);
    assert_eq!(metro.relation(&travel), ScopeRelation::Within);
    assert_eq!(travel.relation(&metro), ScopeRelation::Contains);
    assert_eq!(
        travel.relation(&scope("low-carbon-travel: rail-transit, bike-share")),
        ScopeRelation::Overlaps
    );
    assert_eq!(metro.relation(&scope("bus")), ScopeRelation::Disjoint);
    assert_eq!(
        metro.relation(&scope("low-carbon-travel: not listed")),
        ScopeRelation::NotListed
    );
}

#[test]
fn a_stricter_limit_is_within_a_wider_one() {
    let limit = |text: &str| text.parse::<Eligibility>().unwrap().0.remove(0);
    assert!(limit("capacity<6 MW").includes(&limit("capacity<1 MW")));
    assert!(limit("capacity<6 MW").includes(&limit("capacity<6000 kW")));
    assert!(limit("capacity<=6 MW").includes(&limit("capacity<6 MW")));
    assert!(!limit("capacity<6 MW").includes(&limit("capacity<=6 MW")));
    assert!(!limit("capacity<1 MW").includes(&limit("capacity<6 MW")));
    assert!(!limit("capacity<1 MW").includes(&limit("area<1 ha")));
    assert!(limit("saving>=10 %").includes(&limit("saving>12 %")));
    let forty_one = rust_decimal::Decimal::from(41);
    assert_eq!(
        limit("capacity<1 MW").admits(forty_one, &"MW".parse().unwrap()),
        Some(false)
    );
    assert_eq!(
        limit("capacity<1 MW").admits(forty_one, &"kW".parse().unwrap()),
        Some(true)
    );
    assert_eq!(limit("capacity<1 MW").admits(forty_one, &"ha".parse().unwrap()), None);
}

#[test]
fn a_factor_computes_with_the_grid_of_the_source() {
    let grid = GramsRange {
        low: Ratio::whole(500),
        high: Ratio::whole(600),
    };
    let grams = |text: &str| {
        text.parse::<UnitFactor>()
            .unwrap()
            .grams(Some(&grid))
            .unwrap()
            .to_string()
    };
    assert_eq!(grams("1*grid g{CO2}/(kW.h)"), "500–600");
    assert_eq!(grams("640 - 1*grid g{CO2}/(kW.h)"), "40–140");
    assert_eq!(grams("100..700 - 1*grid g{CO2}/(kW.h)"), "0–200");
    assert_eq!(grams("0.0784 kg{CO2}/km{passenger}"), "78.4");
    let factor: UnitFactor = "1*grid g{CO2}/(kW.h)".parse().unwrap();
    assert_eq!(factor.grams(None), None);
}

#[test]
fn periods_meet_or_do_not() {
    let period = |text: &str| text.parse::<CreditingPeriod>().unwrap();
    let early = period("vintages=2020..2023; age=unlimited");
    assert!(!early.meets(&period("vintages=2024..open; age=3")));
    assert!(early.meets(&period("vintages=2023..2024; age=3")));
    assert!(early.contains(2023) && !early.contains(2024));
}

/// What a member publishes fills what was unknown, and changes nothing that a sheet knows.
#[test]
fn a_publication_fills_what_is_unknown() {
    let catalogue = crate::catalogue::Catalogue::shipped().unwrap();
    let terms = crate::catalogue::PublicationTerms {
        in_force_from: "2024-01-01T00:00:00Z".parse().unwrap(),
        in_force_until: None,
        vintage_first: 2024,
        vintage_last: 2026,
    };
    let published = catalogue.publication("CN-4201-metro", &terms).unwrap();
    let blank = Sheet::blank(published.methodology.clone(), None, Phrase::new("甲", "A"));
    let payload = Sha256::of(b"payload");
    let filled = blank.with_publication(&published, payload).unwrap();
    let value = |sheet: &Sheet, name| sheet.attributes.cell(name).value.unwrap_or_default();
    assert_eq!(value(&filled, AttributeName::UnitFactor), "78.4 g{CO2e}/km{passenger}");
    assert_eq!(
        value(&filled, AttributeName::CreditingPeriod),
        "vintages=2024..2026; age=unlimited"
    );
    assert_eq!(filled.unknown().count(), 19);
    let evidence = filled.attributes.uses.evidence();
    assert_eq!((evidence.status, evidence.document), (Status::Declared, Some(payload)));
    let known = metro("CN-4201-metro", "420100", "70");
    assert_eq!(known.with_publication(&published, payload).unwrap(), known);
}
