//! Random sheets and catalogues in which most pairs can be mapped, and a runner that proves that they were.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use super::world::counted_in_kwh;
use crate::sheet::tests::{hide, metro, put};
use crate::sheet::{AttributeName, Sheet};

/// The regions of a random catalogue; the reference methodologies are the country's.
pub(super) const REGIONS: [&str; 4] = ["420100", "310000", "320000", "370000"];

/// Counts the cases of a property, and those in which there was something to test.
#[derive(Default)]
pub(super) struct Share {
    all: Cell<u32>,
    telling: Cell<u32>,
}

impl Share {
    pub(super) fn note(&self, telling: bool) {
        self.all.set(self.all.get() + 1);
        self.telling.set(self.telling.get() + u32::from(telling));
    }
}

/// Runs a property on so many cases, of which at least `percent` per cent of what it noted must have been telling.
pub(super) fn holds<S: Strategy>(
    cases: u32,
    percent: u32,
    strategy: &S,
    property: impl Fn(S::Value, &Share) -> TestCaseResult,
) where
    S::Value: std::fmt::Debug,
{
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let share = Share::default();
    let outcome = TestRunner::new(config).run(strategy, |value| property(value, &share));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let (all, telling) = (share.all.get(), share.telling.get());
    assert!(
        all > 0 && telling * 100 >= all * percent,
        "only {telling} of {all} were telling, {percent} % wanted: the property is empty"
    );
}

/// What a sheet says; every combination is well formed, and passes the gates against most others of its activity.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    factor: (u32, u32),
    form: u8,
    in_mwh: bool,
    boundary: &'static str,
    gases: &'static str,
    set: &'static str,
    width: u32,
    leakage: u32,
    monitoring: &'static str,
    rule: &'static str,
    years: u32,
    reserve: u32,
}

pub(super) fn figures() -> impl Strategy<Value = Figures> {
    let numbers = (150_u32..900, 0_u32..90, 0_u8..4, any::<bool>());
    let words = (
        prop::sample::select(vec![
            "none",
            "vans=20",
            "vans=20; upstream=35",
            "upstream=60",
            "vans=30; stations=5",
        ]),
        prop::sample::select(vec![
            "CO2",
            "CO2",
            "CH4=80; CO2=20",
            "CH4=35; CO2=50; N2O=15",
            "CH4; CO2; N2O",
        ]),
        prop::sample::select(vec!["AR4", "AR5", "AR6"]),
        prop::sample::select(vec!["meter", "transaction", "trip-chain", "app-estimate"]),
        prop::sample::select(vec![
            "grid=province; kind=average; year=2022",
            "grid=province; kind=average; year=vintage",
            "grid=national; kind=average; year=latest",
            "grid=grid-region; kind=average; year=2023",
            "grid=province; kind=average; year=lowest",
        ]),
    );
    let shares = (0_u32..140, 0_u32..40, 20_u32..60, 0_u32..40);
    (numbers, words, shares).prop_map(
        |((low, spread, form, in_mwh), (boundary, gases, set, monitoring, rule), (width, leakage, years, reserve))| {
            Figures {
                factor: (low, spread),
                form,
                in_mwh,
                boundary,
                gases,
                set,
                width,
                leakage,
                monitoring,
                rule,
                years,
                reserve,
            }
        },
    )
}

/// Charging of vehicles by these figures.
pub(super) fn charging_by(id: &str, figures: &Figures) -> Sheet {
    let Figures {
        factor: (low, spread), ..
    } = figures;
    let factor = match figures.form {
        0 | 1 => low.to_string(),
        2 => format!("{low}..{}", low + spread),
        _ => format!("{} - 0.5*grid", low + 400),
    };
    let mut sheet = counted_in_kwh(id, "ev-charging", "replaced-device", &factor);
    if figures.in_mwh && figures.form < 3 {
        put(&mut sheet, AttributeName::ActivityUnit, "MW.h");
        put(
            &mut sheet,
            AttributeName::UnitFactor,
            &format!("{factor} kg{{CO2}}/(MW.h)"),
        );
    }
    details(&mut sheet, figures);
    if figures.in_mwh && figures.form < 3 {
        let larger = figures
            .boundary
            .replace("=20", "=20000")
            .replace("=35", "=35000")
            .replace("=60", "=60000");
        put(&mut sheet, AttributeName::Boundary, &larger);
    }
    sheet
}

/// Rail transit by these figures, in grams a passenger-kilometre.
pub(super) fn metro_by(id: &str, figures: &Figures) -> Sheet {
    let mut sheet = metro(id, "420100", &format!("{}", 20 + figures.factor.0 / 4));
    details(&mut sheet, figures);
    sheet
}

/// A sink of carbon, counted by the hectare and year and confirmed by its issuer, since no band knows it.
pub(super) fn sink_by(id: &str, figures: &Figures) -> Sheet {
    let factor = format!("{} t{{CO2}}/(ha.a)", figures.factor.0);
    let mut sheet = metro(id, "420100", "1");
    put(&mut sheet, AttributeName::Activity, "forestry-management");
    put(&mut sheet, AttributeName::ActivityUnit, "ha.a");
    put(&mut sheet, AttributeName::UnitFactor, &factor);
    details(&mut sheet, figures);
    let Figures { years, reserve, .. } = figures;
    put(
        &mut sheet,
        AttributeName::Permanence,
        &format!("years={years}; buffer={reserve}"),
    );
    put(&mut sheet, AttributeName::Boundary, "none");
    sheet.confirmation = Some(crate::sheet::Confirmation {
        unit_factor: sheet.attributes.unit_factor.value().unwrap().to_string(),
        on: "2026-02-01".parse().unwrap(),
        document: tanqiao_protocol::id::Sha256::of(b"a letter"),
    });
    sheet
}

fn details(sheet: &mut Sheet, figures: &Figures) {
    for (name, value) in [
        (AttributeName::Boundary, figures.boundary),
        (AttributeName::Gases, figures.gases),
        (AttributeName::GwpSet, figures.set),
        (AttributeName::Uncertainty, &figures.width.to_string()),
        (AttributeName::Leakage, &figures.leakage.to_string()),
        (AttributeName::Monitoring, figures.monitoring),
        (
            AttributeName::Provenance,
            &format!("{}; publisher=the ministry", figures.rule),
        ),
    ] {
        put(sheet, name, value);
    }
}

/// A sheet of one of three activities.
pub(super) fn sheet_by(kind: u8, id: &str, figures: &Figures) -> Sheet {
    match kind {
        0 => charging_by(id, figures),
        1 => metro_by(id, figures),
        _ => sink_by(id, figures),
    }
}

/// Sheets of one activity, named by their letters.
pub(super) fn alike<const N: usize>(letters: [&'static str; N]) -> impl Strategy<Value = [Sheet; N]> {
    let all = prop::collection::vec(figures(), N);
    (0_u8..3, all).prop_map(move |(kind, all)| {
        let mut all = all.into_iter();
        letters.map(|letter| sheet_by(kind, letter, &all.next().unwrap()))
    })
}

/// A catalogue: of each of three activities one methodology in each region, and a reference methodology. Some say less than
/// they know, of what has a worst case.
pub(super) fn catalogue() -> impl Strategy<Value = Vec<Sheet>> {
    let one = (figures(), prop::option::weighted(0.2, 0_usize..24));
    prop::collection::vec(one, 3 * (REGIONS.len() + 1)).prop_map(|all| {
        let places = (0..3_u8).flat_map(|kind| REGIONS.iter().map(Some).chain([None]).map(move |place| (kind, place)));
        all.into_iter()
            .zip(places)
            .map(|((figures, hidden), (kind, place))| named(kind, place.copied(), &figures, hidden))
            .collect()
    })
}

fn named(kind: u8, region: Option<&str>, figures: &Figures, hidden: Option<usize>) -> Sheet {
    let word = ["charging", "metro", "sink"][usize::from(kind)];
    let mut sheet = sheet_by(kind, &format!("CN-{}-{word}", region.unwrap_or("STD")), figures);
    sheet.region = region.map(|code| code.parse().unwrap());
    sheet.reference = region.is_none();
    let hidden = hidden.map(|position| AttributeName::ALL[position]);
    if let Some(name) = hidden.filter(|name| !name.is_gate() && *name != AttributeName::UnitFactor) {
        hide(&mut sheet, name);
    }
    sheet
}

/// The generators make what they say.
#[test]
fn random_sheets_are_well_formed_and_differ() {
    let mut runner = TestRunner::deterministic();
    let mut factors = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let sheets = catalogue().new_tree(&mut runner).unwrap().current();
        assert_eq!(
            (sheets.len(), sheets.iter().filter(|sheet| sheet.reference).count()),
            (15, 3)
        );
        factors.extend(
            sheets
                .iter()
                .map(|sheet| sheet.attributes.unit_factor.value().unwrap().to_string()),
        );
    }
    assert!(factors.len() > 300, "{}", factors.len());
}
