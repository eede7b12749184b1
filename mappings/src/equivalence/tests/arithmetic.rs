//! What the arithmetic does beside the worked examples.

use super::world::{World, charging};
use crate::equivalence::formula::{FormulaInputs, GasTerm, compute};
use crate::equivalence::{UncertaintyBand, assess};
use crate::gwp::GwpTable;
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::tests::{hide, put};
use crate::sheet::value::{GramsRange, GwpSet};
use crate::sheet::{AttributeName, Sheet};

#[test]
fn one_standard_needs_no_ratio_of_factors() {
    let world = World::new();
    let text = tanqiao_protocol::id::Sha256::of(b"DB11/T 3043-2024");
    let mut beijing = charging("CN-11-low-carbon-travel", "500..800");
    let mut hebei = charging("CN-1301-low-carbon-travel", "500..800");
    (beijing.document, hebei.document) = (Some(text), Some(text));
    let exact = |origin: &Sheet, target: &Sheet| {
        let question = crate::equivalence::Question {
            relation: Relation::Exact,
            ..world.question(origin, target)
        };
        assess(&question, &world.library())
            .factor()
            .map(|factor| factor.to_string())
    };
    assert_eq!(exact(&beijing, &hebei).as_deref(), Some("1.000000"));
    hide(&mut beijing, AttributeName::Uncertainty);
    assert_eq!(exact(&beijing, &hebei).as_deref(), Some("0.730000"));
    hebei.document = None;
    put(&mut hebei, AttributeName::Identity, "device-key");
    assert_eq!(
        exact(&beijing, &hebei),
        None,
        "not one text, and not all alike: closeMatch at most"
    );
}

#[test]
fn boundary_leakage_and_permanence_reduce() {
    let inputs = FormulaInputs {
        source: GramsRange {
            low: Ratio::whole(50),
            high: Ratio::whole(100),
        },
        target: GramsRange::exactly(Ratio::whole(90)),
        reference: Some(GramsRange::exactly(Ratio::whole(80))),
        gases: vec![GasTerm {
            gas: "CO2".parse().unwrap(),
            share: Some(100.into()),
            ratio: Ratio::one(),
        }],
        beyond_boundary: Ratio::whole(5),
        leakage: (Ratio::zero(), Ratio::percent(10.into())),
        uncertainty: UncertaintyBand::None,
        permanence: Some((Ratio::percent(10.into()), Ratio::percent(19.into()))),
    };
    let computation = compute(&inputs).unwrap();
    // 80/100, 1 − 5/50 and 0.9, and 0.81/0.9.
    assert_eq!(
        (
            computation.k_ef.shown(),
            computation.k_bnd.shown(),
            computation.k_perm.shown()
        ),
        ("0.800000".into(), "0.810000".into(), "0.900000".into())
    );
    assert_eq!(computation.factor.to_string(), "0.583200");
}

#[test]
fn no_set_is_lowest_for_every_gas() {
    let table: GwpTable = [
        ("CH4", GwpSet::Ar4, 25),
        ("CH4", GwpSet::Ar5, 28),
        ("N2O", GwpSet::Ar4, 298),
        ("N2O", GwpSet::Ar5, 265),
    ]
    .into_iter()
    .map(|(gas, set, value)| (gas.parse().unwrap(), set, value.into()))
    .collect();
    let lowest = |gas: &str| {
        GwpSet::ALL
            .iter()
            .copied()
            .filter_map(|set| Some((table.potential(&gas.parse().unwrap(), set)?, set)))
            .min()
            .unwrap()
            .1
    };
    assert_ne!(lowest("CH4"), lowest("N2O"));
}

/// Decision 20/CMP.1, row by row; the half-widths of both sides are added.
#[test]
fn every_band_of_uncertainty_has_its_factor() {
    let percent = |width: &str| UncertaintyBand::of(width.parse().unwrap()).factor().shown();
    for (width, factor) in [
        ("0", "0.980000"),
        ("10", "0.980000"),
        ("10.1", "0.940000"),
        ("30", "0.940000"),
        ("30.1", "0.890000"),
        ("50", "0.890000"),
        ("50.1", "0.820000"),
        ("100", "0.820000"),
        ("100.1", "0.730000"),
        ("1000", "0.730000"),
    ] {
        assert_eq!(percent(width), factor, "{width} %");
    }
    let both = |origin: Option<i64>, target: Option<i64>| {
        UncertaintyBand::of_ratio(origin.map(Into::into), target.map(Into::into))
    };
    assert_eq!(both(Some(60), Some(41)), UncertaintyBand::Above100);
    assert_eq!(both(Some(6), Some(5)), UncertaintyBand::UpTo30);
    assert_eq!(both(Some(5), None), UncertaintyBand::Above100, "not disclosed");
    assert_eq!(UncertaintyBand::UpTo50.worse(1), UncertaintyBand::UpTo100);
    assert_eq!(UncertaintyBand::UpTo50.worse(9), UncertaintyBand::Above100);
}

/// Sizes of sources and plausible bands are for one unit of activity of the sheet that states them.
#[test]
fn a_methodology_that_counts_megawatt_hours_is_compared_in_kilowatt_hours() {
    let world = World::new();
    let origin = charging("A", "500");
    let mut small = charging("B", "500");
    put(&mut small, AttributeName::Boundary, "vans=50");
    let mut large = small.clone();
    for (name, value) in [
        (AttributeName::ActivityUnit, "MW.h"),
        (AttributeName::UnitFactor, "500000 g{CO2}/(MW.h)"),
        (AttributeName::Boundary, "vans=50000"),
    ] {
        put(&mut large, name, value);
    }
    assert_eq!(world.certain(&origin, &small), "0.900000");
    assert_eq!(world.certain(&origin, &large), "0.900000");
    let mut counted_in_mwh = large.clone();
    put(&mut counted_in_mwh, AttributeName::Boundary, "none");
    assert_eq!(world.certain(&counted_in_mwh, &small), "0.900000");
    // 500 g/MWh is half a gram a kWh, which no band takes for plausible, whichever side states it.
    put(&mut large, AttributeName::UnitFactor, "500 g{CO2}/(MW.h)");
    for (origin, target) in [(&origin, &large), (&large, &origin)] {
        let assessment = assess(&world.question(origin, target), &world.library());
        let finding = assessment.gates.finding(crate::gates::GateName::Plausibility).unwrap();
        assert_eq!(finding.verdict, crate::gates::Verdict::Fail, "{}", finding.statement.en);
    }
}
