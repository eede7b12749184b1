//! E1 to E7, to the last digit.

use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::Division;

use super::world::{World, by_grid, charging, counted_in_kwh};
use crate::equivalence::formula::{FormulaInputs, GasTerm, compute};
use crate::equivalence::{UncertaintyBand, assess, batch_factor};
use crate::gwp::GwpTable;
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::tests::{hide, metro, put};
use crate::sheet::value::{GramsRange, GwpSet};
use crate::sheet::{AttributeName, Sheet};

fn grams(g: i64) -> Grams {
    Grams::new(g).unwrap()
}

fn kwh(total: &str) -> (rust_decimal::Decimal, crate::unit::Unit) {
    (total.parse().unwrap(), "kW.h".parse().unwrap())
}

/// The factor for a batch of 1,000 kg of `NaaS` that was issued at so many grams a kWh.
fn disclosed(world: &World, naas: &Sheet, wuhan: &Sheet, total: &str) -> String {
    let assessment = assess(&world.question(naas, wuhan), &world.library());
    let (total, unit) = kwh(total);
    batch_factor(&assessment, naas, grams(1_000_000), total, &unit)
        .unwrap()
        .to_string()
}

#[test]
fn e1_charging_between_wuhan_and_naas() {
    let world = World::new();
    let (wuhan, naas) = (
        charging("CN-4201-ev-charging", "409.4"),
        charging("CN-ORG-naas-ev-charging", "500..800"),
    );
    assert_eq!(world.factor(&wuhan, &naas), "1.000000");
    assert_eq!(world.factor(&naas, &wuhan), "0.511750");
    // The batch discloses its factor: 1,000 kg at 800, 650 and 500 g/kWh.
    assert_eq!(disclosed(&world, &naas, &wuhan, "1250"), "0.511750");
    assert_eq!(disclosed(&world, &naas, &wuhan, "2000"), "0.818800");
    let batch_at_650 = charging("CN-ORG-naas-ev-charging", "650");
    assert_eq!(world.factor(&batch_at_650, &wuhan), "0.629846");
    let batch_at_500 = charging("CN-ORG-naas-ev-charging", "500");
    assert_eq!(world.factor(&batch_at_500, &wuhan), "0.818800");
    // A round trip gains nothing.
    let there = Factor::new(1_000_000).unwrap().reduce(grams(1_000_000), Factor::ONE);
    assert_eq!(Factor::new(511_750).unwrap().reduce(there, Factor::ONE), grams(511_750));
    // The recorded total of 2024 would at most enter so.
    assert_eq!(
        Factor::new(511_750)
            .unwrap()
            .reduce(grams(3_224_900_000_000), Factor::ONE)
            .get()
            / 1_000_000,
        1_650_342
    );
}

#[test]
fn e1_undisclosed_uncertainty_takes_the_worst_band() {
    let world = World::new();
    let (mut naas, wuhan) = (
        charging("CN-ORG-naas-ev-charging", "500..800"),
        charging("CN-4201-ev-charging", "409.4"),
    );
    hide(&mut naas, AttributeName::Uncertainty);
    assert_eq!(world.factor(&naas, &wuhan), "0.373577");
    put(&mut naas, AttributeName::Uncertainty, "80");
    assert_eq!(world.factor(&naas, &wuhan), "0.419635");
}

/// 1,250 kWh at 800 g are 1,000 kg; at 409.4 g they are 511.75 kg: re-quantification gives the same.
#[test]
fn e1_requantification_is_the_control() {
    let world = World::new();
    let (naas, wuhan) = (
        charging("CN-ORG-naas-ev-charging", "500..800"),
        charging("CN-4201-ev-charging", "409.4"),
    );
    let assessment = assess(&world.question(&naas, &wuhan), &world.library());
    let (total, unit) = kwh("1.25");
    // Also in another unit of the same kind, but never in kilometres.
    assert_eq!(
        batch_factor(&assessment, &naas, grams(1_000_000), total, &"MW.h".parse().unwrap()),
        assessment.factor()
    );
    assert_eq!(
        batch_factor(&assessment, &naas, grams(1_000_000), total, &"km".parse().unwrap()),
        None
    );
    assert_eq!(batch_factor(&assessment, &naas, Grams::ZERO, total, &unit), None);
    assert_eq!(
        assessment.factor().unwrap().reduce(grams(1_000_000), Factor::ONE),
        grams(511_750)
    );
}

/// Wuhan's 525 g/kWh against what the target's rule takes for Hubei.
#[test]
fn e2_electricity_saved_with_the_source_regions_grid() {
    let world = World::new();
    let wuhan = counted_in_kwh(
        "CN-4201-residential-demand-response",
        "residential-electricity-saving",
        "demand-response-event",
        "525",
    );
    for (rule, factor) in [
        ("grid=province; kind=average; year=2022", "0.831238"),
        ("grid=province; kind=average; year=lowest", "0.699428"),
        ("grid=grid-region; kind=average; year=2023", "1.000000"),
        ("grid=national; kind=average; year=2023", "1.000000"),
    ] {
        assert_eq!(
            world.factor(&wuhan, &by_grid("CN-31-residential-electricity", rule)),
            factor,
            "{rule}"
        );
    }
    let raw = |rule: &str| {
        let target = by_grid("CN-31-residential-electricity", rule);
        let assessment = assess(&world.question(&wuhan, &target), &world.library());
        assessment.computation.unwrap().candidates[0].raw.shown()
    };
    assert_eq!(raw("grid=grid-region; kind=average; year=2023"), "1.004000");
    assert_eq!(raw("grid=national; kind=average; year=2023"), "1.010666");
    // The wrong parameter, the target's own grid, would show itself by a ratio above 1.
    let target = by_grid(
        "CN-31-residential-electricity",
        "grid=province; kind=average; year=2022",
    );
    let wrong = crate::equivalence::Question {
        source_region: "310000".parse().unwrap(),
        ..world.question(&wuhan, &target)
    };
    let wrong = assess(&wrong, &world.library()).computation.unwrap();
    assert_eq!(wrong.candidates[0].raw.shown(), "1.114095");
    assert_eq!(wrong.factor, Factor::ONE);
}

#[test]
fn e2_other_baselines_stop_the_pair_unless_it_is_quantified_again() {
    let world = World::new();
    let wuhan = counted_in_kwh(
        "CN-4201-residential-demand-response",
        "residential-electricity-saving",
        "demand-response-event",
        "525",
    );
    let mut shenzhen = by_grid(
        "CN-4403-residential-electricity",
        "grid=province; kind=average; year=2022",
    );
    put(&mut shenzhen, AttributeName::Baseline, "per-capita");
    let mut question = world.question(&wuhan, &shenzhen);
    assert_eq!(assess(&question, &world.library()).factor(), None);
    question.mode = crate::gates::Mode::Requantify;
    assert_eq!(
        assess(&question, &world.library()).factor().unwrap().to_string(),
        "0.831238"
    );
}

#[test]
fn e3_metro_between_wuhan_and_shanghai() {
    let world = World::new();
    let wuhan = metro("CN-4201-metro", "420100", "78.4");
    let mut shanghai = metro("CN-31-metro", "310000", "71");
    assert_eq!(world.factor(&wuhan, &shanghai), "0.905612");
    put(&mut shanghai, AttributeName::Uncertainty, "25");
    assert_eq!(world.factor(&wuhan, &shanghai), "0.851275");
    let shanghai = metro("CN-31-metro", "310000", "97");
    assert_eq!(world.factor(&wuhan, &shanghai), "1.000000");
    assert_eq!(world.factor(&shanghai, &wuhan), "0.808247");
}

/// Two sides that differ in their weights only.
fn weights(gases: &str, source: GwpSet, target: GwpSet) -> String {
    let world = World::new();
    let refrigerants = |id: &str, set: GwpSet| {
        let mut sheet = counted_in_kwh(id, "ev-charging", "replaced-device", "500");
        put(&mut sheet, AttributeName::Gases, gases);
        put(&mut sheet, AttributeName::GwpSet, set.word());
        sheet
    };
    world.factor(&refrigerants("A", source), &refrigerants("B", target))
}

#[test]
fn e4_gas_weights() {
    use GwpSet::{Ar4, Ar5, Ar6};
    assert_eq!(weights("R-410A", Ar6, Ar5), "0.852804");
    assert_eq!(weights("R-410A", Ar4, Ar5), "0.921437");
    assert_eq!(weights("HFC-134a", Ar4, Ar5), "0.909090");
    assert_eq!(weights("CH4", Ar5, Ar4), "0.892857");
    assert_eq!(weights("CH4", Ar5, Ar6), "0.996428");
    assert_eq!(weights("N2O", Ar4, Ar5), "0.889261");
    // The gain on nitrous oxide is not passed on.
    assert_eq!(weights("CH4=80; N2O=20", Ar5, Ar6), "0.997142");
    // Shares not disclosed: the least favourable gas stands for all.
    assert_eq!(weights("CH4; N2O", Ar5, Ar6), "0.996428");
}

#[test]
fn e5_photovoltaics_and_size_limits() {
    let world = World::new();
    let project = |id: &str, factor: &str| {
        let mut sheet = counted_in_kwh(id, "distributed-pv", "grid-average", factor);
        put(&mut sheet, AttributeName::KindAndActor, "project; operator");
        sheet
    };
    let xinyi = project("CN-3205-xinyi", "994.4");
    let highspeed = project("CN-37-highspeed", "884.6");
    let rule = |rule: &str| {
        let mut sheet = project("CN-B", "1*grid");
        put(
            &mut sheet,
            AttributeName::Provenance,
            &format!("{rule}; publisher=the ministry"),
        );
        sheet
    };
    let factor = |origin: &Sheet, target: &Sheet, region: &str| {
        let question = crate::equivalence::Question {
            source_region: region.parse().unwrap(),
            ..world.question(origin, target)
        };
        assess(&question, &world.library()).factor().unwrap().to_string()
    };
    assert_eq!(
        factor(&xinyi, &rule("grid=province; kind=average; year=2022"), "320500"),
        "0.601166"
    );
    assert_eq!(
        factor(&xinyi, &rule("grid=grid-region; kind=average; year=2023"), "320500"),
        "0.553097"
    );
    assert_eq!(
        factor(&highspeed, &rule("grid=province; kind=average; year=2022"), "370000"),
        "0.724621"
    );
}

/// E7: one floor, the buffer rounded up, the rest cancelled.
#[test]
fn e7_booking() {
    let k = Factor::new(511_750).unwrap();
    let buffer = Factor::new(30_000).unwrap();
    let division = Division::of(grams(1_000_000), Factor::ONE, k, buffer, false);
    assert_eq!(
        (
            division.delivered.get(),
            division.buffered.get(),
            division.cancelled.get()
        ),
        (496_397, 15_353, 488_250)
    );
    // A thousand single grams would deliver nothing: one floor a lot.
    assert_eq!(k.reduce(grams(1), Factor::ONE), Grams::ZERO);
    assert_eq!(k.reduce(grams(1_000), Factor::ONE), grams(511));
}

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
