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

/// The examples are computed on a small world; the shipped tables say the same.
#[test]
fn the_shipped_grids_and_weights_are_those_of_the_examples() {
    let catalogue = crate::catalogue::Catalogue::shipped().unwrap();
    let library = catalogue.library();
    let grid = |region: &str, rule: &str| {
        let provenance: crate::sheet::value::Provenance = format!("{rule}; publisher=the ministry").parse().unwrap();
        let crate::sheet::value::ParameterRule::Grid(rule) = provenance.rule else {
            panic!("{rule} names no grid")
        };
        let question = crate::factors::GridQuestion {
            rule: Some(&rule),
            region: region.parse().unwrap(),
            vintage: 2022,
            as_of: super::world::now(),
            of_what: "CO2",
        };
        library.grid.resolve(&question).unwrap().range.to_string()
    };
    for (region, rule, grams) in [
        ("420100", "grid=province; kind=average; year=2022", "436.4"),
        ("420100", "grid=province; kind=average; year=vintage", "436.4"),
        ("420100", "grid=province; kind=average; year=lowest", "367.2"),
        ("420100", "grid=grid-region; kind=average; year=2023", "527.1"),
        ("420100", "grid=national; kind=average; year=2023", "530.6"),
        ("310000", "grid=province; kind=average; year=2022", "584.9"),
        ("320500", "grid=province; kind=average; year=2022", "597.8"),
        ("320500", "grid=grid-region; kind=average; year=latest", "550"),
        ("370000", "grid=province; kind=average; year=2022", "641"),
        // Not published: the published years stand for it, from the least to the greatest.
        ("420100", "grid=province; kind=average; year=2023", "367.2–436.4"),
    ] {
        assert_eq!(grid(region, rule), grams, "{region} {rule}");
    }
    let weight = |gas: &str, source: GwpSet, target: GwpSet| {
        let ratio = library.gwp.ratio(&gas.parse().unwrap(), Some(source), Some(target));
        ratio.map_or("none".into(), |ratio| ratio.trunc6().to_string())
    };
    use GwpSet::{Ar4, Ar5, Ar5Feedback, Ar6};
    for (gas, source, target, k) in [
        ("R-410A", Ar6, Ar5, "0.852804"),
        ("R-410A", Ar4, Ar5, "0.921437"),
        ("HFC-134a", Ar4, Ar5, "0.909090"),
        ("CH4", Ar5, Ar4, "0.892857"),
        ("CH4", Ar5, Ar6, "0.996428"),
        ("N2O", Ar4, Ar5, "0.889261"),
        ("N2O", Ar5, Ar6, "1.000000"),
        ("CH4", Ar5Feedback, Ar5, "0.823529"),
        ("CH4-fossil", Ar6, Ar5, "none"),
    ] {
        assert_eq!(weight(gas, source, target), k, "{gas} {source} {target}");
    }
}
