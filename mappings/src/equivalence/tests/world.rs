//! Sheets of which everything is known, and published data.

use std::collections::BTreeMap;

use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use crate::equivalence::{Library, Question};
use crate::factors::{FactorRecord, GridFactors, GridRegion};
use crate::gates::{Mode, NodeFacts, PlausibleBand, PlausibleBands};
use crate::gwp::GwpTable;
use crate::relation::Relation;
use crate::sheet::tests::{metro, put};
use crate::sheet::value::{GridKind, GwpSet, Kind};
use crate::sheet::{AttributeName, Sheet, Status};

/// Published data in small.
pub(crate) struct World {
    grid: GridFactors,
    gwp: GwpTable,
    bands: PlausibleBands,
}

/// On 1 March 2026, after the factors of 2023 were published.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

const GRID: &[(&str, &str, u16, &str)] = &[
    ("H21", "420000", 2021, "0.3672"),
    ("H22", "420000", 2022, "0.4364"),
    ("S22", "310000", 2022, "0.5849"),
    ("J22", "320000", 2022, "0.5978"),
    ("SD22", "370000", 2022, "0.6410"),
    ("C23", "central", 2023, "0.5271"),
    ("E23", "east", 2023, "0.5500"),
    ("N23", "CN", 2023, "0.5306"),
];

const GWP: &[(&str, [&str; 3])] = &[
    ("CO2", ["1", "1", "1"]),
    ("CH4", ["25", "28", "27.9"]),
    ("N2O", ["298", "265", "273"]),
    ("HFC-134a", ["1430", "1300", "1530"]),
    ("R-410A", ["2087.5", "1923.5", "2255.5"]),
];

const BANDS: &[(&str, Kind, &str, u32, u32)] = &[
    ("rail-transit", Kind::Scenario, "km{passenger}", 20, 250),
    ("ev-driving", Kind::Scenario, "km", 20, 300),
    ("ev-charging", Kind::Scenario, "kW.h", 150, 1_500),
    ("residential-electricity-saving", Kind::Scenario, "kW.h", 100, 1_000),
    ("distributed-pv", Kind::Project, "kW.h", 100, 1_000),
];

impl World {
    pub(crate) fn new() -> Self {
        Self::with_vague_grid(0)
    }

    /// With grid factors that are published as a range of so many ten-thousandths to both sides.
    pub(crate) fn with_vague_grid(by: i64) -> Self {
        let by = rust_decimal::Decimal::new(by, 4);
        let record = |(id, area, year, value): &(&str, &str, u16, &str)| FactorRecord {
            id: id.parse().unwrap(),
            area: area.parse().unwrap(),
            kind: GridKind::Average,
            year: *year,
            value: value.parse::<rust_decimal::Decimal>().unwrap() - by,
            value_max: Some(value.parse::<rust_decimal::Decimal>().unwrap() + by).filter(|_| !by.is_zero()),
            unit: "kg{CO2}/(kW.h)".parse().unwrap(),
            publisher: "the ministry".into(),
            published: Some("2025-12-31".parse().unwrap()),
            next_expected: None,
            status: Status::Published,
            source: "an announcement".into(),
        };
        let grids = [
            ("420000", GridRegion::Central),
            ("310000", GridRegion::East),
            ("320000", GridRegion::East),
        ];
        let grids = grids
            .into_iter()
            .map(|(code, grid)| (code.parse().unwrap(), vec![grid]));
        let sets = [GwpSet::Ar4, GwpSet::Ar5, GwpSet::Ar6];
        let weights = |(gas, values): &(&str, [&str; 3])| {
            let gas: crate::sheet::value::Gas = gas.parse().unwrap();
            let values = values.map(|value| value.parse().unwrap());
            sets.into_iter()
                .zip(values)
                .map(move |(set, value)| (gas.clone(), set, value))
                .collect::<Vec<_>>()
        };
        let band = |(activity, kind, unit, low, high): &(&str, Kind, &str, u32, u32)| PlausibleBand {
            activity: activity.parse().unwrap(),
            kind: *kind,
            unit: unit.parse().unwrap(),
            low: (*low).into(),
            high: (*high).into(),
        };
        Self {
            grid: GridFactors::new(GRID.iter().map(record).collect(), grids.collect::<BTreeMap<_, _>>()),
            gwp: GWP.iter().flat_map(weights).collect(),
            bands: BANDS.iter().map(band).collect(),
        }
    }

    pub(crate) fn library(&self) -> Library<'_> {
        Library {
            grid: &self.grid,
            gwp: &self.gwp,
            bands: &self.bands,
        }
    }

    /// From Wuhan, of 2025, to Shanghai, for an event, by factor.
    #[expect(clippy::unused_self, reason = "a question is asked of a world")]
    pub(crate) fn question<'a>(&self, origin: &'a Sheet, target: &'a Sheet) -> Question<'a> {
        Question {
            origin,
            target,
            reference: None,
            relation: Relation::Close,
            mode: Mode::Factor,
            to: "310000".parse().unwrap(),
            source_region: "420100".parse().unwrap(),
            vintage: 2025,
            uses: [Use::EventNeutrality].into_iter().collect(),
            at: now(),
            until: None,
            node: NodeFacts::PROVEN,
        }
    }

    pub(crate) fn factor(&self, origin: &Sheet, target: &Sheet) -> String {
        let assessment = crate::equivalence::assess(&self.question(origin, target), &self.library());
        assert!(assessment.gates.passes(), "{:#?}", assessment.refusals());
        assessment.factor().map_or("none".into(), |factor| factor.to_string())
    }

    /// The factor without its multiplier for uncertainty, which most examples leave aside.
    pub(crate) fn certain(&self, origin: &Sheet, target: &Sheet) -> String {
        certain_factor(&self.question(origin, target), &self.library())
    }
}

/// As [`World::certain`], of any question.
pub(crate) fn certain_factor(question: &Question<'_>, library: &Library<'_>) -> String {
    let assessment = crate::equivalence::assess(question, library);
    assert!(assessment.gates.passes(), "{:#?}", assessment.refusals());
    let computation = assessment.computation.unwrap();
    let others = [&computation.k_gwp, &computation.k_bnd, &computation.k_perm];
    let product = others
        .into_iter()
        .fold(computation.k_ef.clone(), |product, k| &product * k);
    product.trunc6().to_string()
}

/// Everything known, counted in kWh.
pub(crate) fn counted_in_kwh(id: &str, activity: &str, baseline: &str, factor: &str) -> Sheet {
    let mut sheet = metro(id, "420100", "1");
    for (name, value) in [
        (AttributeName::Activity, activity),
        (AttributeName::ActivityUnit, "kW.h"),
        (AttributeName::Baseline, baseline),
        (AttributeName::UnitFactor, &format!("{factor} g{{CO2}}/(kW.h)")),
    ] {
        put(&mut sheet, name, value);
    }
    sheet
}

/// Electric vehicles charged, at `grams` for one kWh.
pub(crate) fn charging(id: &str, grams: &str) -> Sheet {
    counted_in_kwh(id, "ev-charging", "replaced-device", grams)
}

/// Electricity of which a kWh counts what the grid emits, by a rule.
pub(crate) fn by_grid(id: &str, rule: &str) -> Sheet {
    let mut sheet = counted_in_kwh(id, "residential-electricity-saving", "demand-response-event", "1*grid");
    put(
        &mut sheet,
        AttributeName::Provenance,
        &format!("{rule}; publisher=the ministry"),
    );
    sheet
}
