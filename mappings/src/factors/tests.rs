//! Which factor a rule takes.

use std::collections::BTreeMap;

use super::*;
use crate::sheet::Status;
use crate::sheet::value::{GridKind, GridLevel, GridRule, GridYear};

fn record(id: &str, area: &str, year: u16, value: &str, published: &str) -> FactorRecord {
    FactorRecord {
        id: id.parse().unwrap(),
        area: area.parse().unwrap(),
        kind: GridKind::Average,
        year,
        value: value.parse().unwrap(),
        value_max: None,
        unit: "kg{CO2}/(kW.h)".parse().unwrap(),
        publisher: "the ministry".into(),
        published: Some(published.parse().unwrap()),
        next_expected: None,
        status: Status::Published,
        source: "an announcement".into(),
    }
}

fn library() -> GridFactors {
    let mut margin = record("OM", "central", 2014, "0.8976", "2016-01-01");
    margin.kind = GridKind::OperatingMargin;
    GridFactors::new(
        vec![
            record("H21", "420000", 2021, "0.3672", "2024-04-12"),
            record("H22", "420000", 2022, "0.4364", "2024-12-26"),
            record("C22", "central", 2022, "0.5395", "2024-12-26"),
            record("C23", "central", 2023, "0.5271", "2025-12-31"),
            record("B22", "110000", 2022, "0.5580", "2024-12-26"),
            margin,
        ],
        BTreeMap::from([("420000".parse().unwrap(), vec![GridRegion::Central])]),
    )
}

fn ask(rule: Option<(GridLevel, GridYear)>, vintage: u16, as_of: &str) -> Option<(String, GridBasis)> {
    let rule = rule.map(|(level, year)| GridRule {
        level,
        kind: GridKind::Average,
        year,
    });
    let library = library();
    let question = GridQuestion {
        rule: rule.as_ref(),
        region: "420100".parse().unwrap(),
        vintage,
        as_of: as_of.parse().unwrap(),
        of_what: "CO2",
    };
    library
        .resolve(&question)
        .map(|value| (value.range.to_string(), value.basis))
}

const LATE: &str = "2026-03-01T00:00:00Z";

#[test]
fn a_rule_takes_the_record_that_it_names() {
    use GridLevel::{GridRegion, National, Province};
    let named = |text: &str| Some((text.to_owned(), GridBasis::Named));
    assert_eq!(ask(Some((Province, GridYear::Vintage)), 2022, LATE), named("436.4"));
    assert_eq!(ask(Some((Province, GridYear::Fixed(2021))), 2025, LATE), named("367.2"));
    assert_eq!(ask(Some((Province, GridYear::Lowest)), 2025, LATE), named("367.2"));
    assert_eq!(ask(Some((GridRegion, GridYear::Latest)), 2025, LATE), named("527.1"));
    assert_eq!(ask(Some((National, GridYear::Latest)), 2025, LATE), None);
}

#[test]
fn a_publication_counts_from_its_day() {
    let latest = Some((GridLevel::GridRegion, GridYear::Latest));
    assert_eq!(ask(latest, 2025, "2025-12-30T15:59:59Z").unwrap().0, "539.5");
    assert_eq!(ask(latest, 2025, "2025-12-30T16:00:00Z").unwrap().0, "527.1");
}

#[test]
fn a_year_that_is_not_published_is_the_range_of_the_last_three() {
    let vintage = Some((GridLevel::Province, GridYear::Vintage));
    assert_eq!(
        ask(vintage, 2025, LATE),
        Some(("367.2–436.4".into(), GridBasis::YearNotPublished))
    );
}

#[test]
fn without_a_rule_everything_published_for_the_region_counts() {
    assert_eq!(
        ask(None, 2025, LATE),
        Some(("367.2–897.6".into(), GridBasis::RuleUnknown))
    );
}

#[test]
fn carbon_dioxide_and_its_equivalents_are_not_mixed() {
    let library = library();
    let question = |of_what| GridQuestion {
        rule: None,
        region: "420100".parse().unwrap(),
        vintage: 2025,
        as_of: LATE.parse().unwrap(),
        of_what,
    };
    assert!(library.resolve(&question("CO2")).is_some());
    assert!(library.resolve(&question("CO2e")).is_none());
}
