//! E1 to E7, to the last digit. Where an example leaves uncertainty aside its multiplier is left out ([`World::certain`]).

use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::Division;

use super::world::{World, by_grid, certain_factor, charging, counted_in_kwh};
use crate::equivalence::formula::requantified;
use crate::equivalence::{Question, assess, batch_factor};
use crate::gates::{BatchFacts, GateName, Mode, Overlap, Verdict, batch_gates};
use crate::ratio::Ratio;
use crate::sheet::tests::{hide, metro, put};
use crate::sheet::value::GwpSet;
use crate::sheet::{AttributeName, Sheet};

fn grams(g: i64) -> Grams {
    Grams::new(g).unwrap()
}

fn factor(millionths: i64) -> Factor {
    Factor::new(millionths).unwrap()
}

fn wuhan_and_naas() -> (Sheet, Sheet) {
    (
        charging("CN-4201-ev-charging", "409.4"),
        charging("CN-ORG-naas-ev-charging", "500..800"),
    )
}

/// What a batch of `NaaS` crosses at that was issued at `issued` g for `kwh`, uncertainty left aside.
fn by_activity_data(issued: i64, kwh: i64) -> String {
    let world = World::new();
    let (wuhan, naas) = wuhan_and_naas();
    let assessment = assess(&world.question(&naas, &wuhan), &world.library());
    let mut computation = assessment.computation.unwrap();
    computation.k_unc = Ratio::one();
    requantified(&computation, grams(issued), &Ratio::whole(kwh))
        .unwrap()
        .to_string()
}

#[test]
fn e1_every_row() {
    let world = World::new();
    let (wuhan, naas) = wuhan_and_naas();
    assert_eq!(world.certain(&wuhan, &naas), "1.000000");
    let assessment = assess(&world.question(&wuhan, &naas), &world.library());
    assert_eq!(
        assessment.computation.unwrap().candidates[0].raw.shown(),
        "1.221299",
        "1.2213"
    );
    assert_eq!(
        world.certain(&naas, &wuhan),
        "0.511750",
        "undisclosed: the top of the range"
    );
    // A batch that was issued at 650 and at 500, said by a sheet and by activity data.
    for (issued_at, k) in [("650", "0.629846"), ("500", "0.818800")] {
        assert_eq!(
            world.certain(&charging("CN-ORG-naas-ev-charging", issued_at), &wuhan),
            k
        );
    }
    assert_eq!(by_activity_data(650_000, 1_000), "0.629846");
    assert_eq!(by_activity_data(500_000, 1_000), "0.818800");
    let recognised = |k: i64| factor(k).reduce(grams(1_000_000), Factor::ONE).get();
    assert_eq!(
        [1_000_000, 511_750, 629_846, 818_800].map(recognised),
        [1_000_000, 511_750, 629_846, 818_800],
        "1,000 kg in grams"
    );
    assert_eq!(
        (recognised(629_846) - recognised(511_750)) / 1_000,
        118,
        "kg over-credited a tonne"
    );
}

/// 1,250 kWh at 800 g are 1,000 kg; at 409.4 g they are 511.75 kg: the same answer.
#[test]
fn e1_requantification_is_the_control() {
    assert_eq!(by_activity_data(1_000_000, 1_250), "0.511750");
    let direct = &Ratio::whole(1_250) * &Ratio::of("409.4".parse().unwrap());
    assert_eq!(direct.grams_down(), Some(grams(511_750)));
    // In another unit of the same kind, but never in kilometres, and not of nothing.
    let world = World::new();
    let (wuhan, naas) = wuhan_and_naas();
    let assessment = assess(&world.question(&naas, &wuhan), &world.library());
    let batch = |issued, total: &str, unit: &str| {
        batch_factor(
            &assessment,
            &naas,
            issued,
            total.parse().unwrap(),
            &unit.parse().unwrap(),
        )
    };
    assert_eq!(batch(grams(1_000_000), "1.25", "MW.h"), assessment.factor());
    assert_eq!(batch(grams(1_000_000), "1250", "kW.h"), assessment.factor());
    assert_eq!(batch(grams(1_000_000), "1250", "km"), None);
    assert_eq!(batch(Grams::ZERO, "1250", "kW.h"), None);
}

#[test]
fn e1_a_round_trip_gains_nothing_and_the_scale_is_as_stated() {
    let there = Factor::ONE.reduce(grams(1_000_000), Factor::ONE);
    assert_eq!(factor(511_750).reduce(there, Factor::ONE), grams(511_750));
    let total_of_2024 = grams(3_224_900_000_000);
    assert_eq!(
        factor(511_750).reduce(total_of_2024, Factor::ONE).get() / 1_000_000,
        1_650_342
    );
}

#[test]
fn e1_undisclosed_uncertainty_takes_the_worst_band_and_a_documented_one_its_own() {
    let world = World::new();
    let (wuhan, mut naas) = wuhan_and_naas();
    hide(&mut naas, AttributeName::Uncertainty);
    assert_eq!(world.factor(&naas, &wuhan), "0.373577");
    for width in ["51", "80", "100"] {
        put(&mut naas, AttributeName::Uncertainty, width);
        assert_eq!(world.factor(&naas, &wuhan), "0.419635", "{width} %");
    }
    put(&mut naas, AttributeName::Uncertainty, "101");
    assert_eq!(world.factor(&naas, &wuhan), "0.373577", "above 100 %");
}

fn demand_response() -> Sheet {
    let (id, activity) = ("CN-4201-residential-demand-response", "residential-electricity-saving");
    counted_in_kwh(id, activity, "demand-response-event", "525")
}

/// Wuhan's 525 g/kWh against what the target's rule takes for Hubei.
#[test]
fn e2_electricity_saved_with_the_source_regions_grid() {
    let world = World::new();
    let wuhan = demand_response();
    for (rule, grams, k, raw) in [
        (
            "grid=province; kind=average; year=2022",
            "436.4",
            "0.831238",
            "0.831238",
        ),
        (
            "grid=province; kind=average; year=lowest",
            "367.2",
            "0.699428",
            "0.699428",
        ),
        (
            "grid=grid-region; kind=average; year=2023",
            "527.1",
            "1.000000",
            "1.004000",
        ),
        (
            "grid=national; kind=average; year=2023",
            "530.6",
            "1.000000",
            "1.010666",
        ),
    ] {
        let target = by_grid("CN-31-residential-electricity", rule);
        assert_eq!(world.certain(&wuhan, &target), k, "{rule}");
        let assessment = assess(&world.question(&wuhan, &target), &world.library());
        let candidate = &assessment.computation.unwrap().candidates[0];
        assert_eq!(
            (candidate.grams.to_string().as_str(), candidate.raw.shown().as_str()),
            (grams, raw),
            "{rule}"
        );
    }
}

/// The batch's vintage selects the year where the rule says so.
#[test]
fn e2_the_vintage_of_the_batch_selects_the_year() {
    let world = World::new();
    let (wuhan, target) = (
        demand_response(),
        by_grid(
            "CN-31-residential-electricity",
            "grid=province; kind=average; year=vintage",
        ),
    );
    for (vintage, k) in [(2022, "0.831238"), (2021, "0.699428")] {
        let question = Question {
            vintage,
            ..world.question(&wuhan, &target)
        };
        // Acts of 2021 and 2022 are outside the crediting period of these sheets, which is another matter.
        let computation = assess(&question, &world.library()).computation.unwrap();
        assert_eq!(computation.k_ef.trunc6().to_string(), k, "{vintage}");
    }
}

/// The wrong parameter, the target's own grid, shows itself by a ratio above 1; it is capped, and said.
#[test]
fn e2_the_targets_own_grid_is_the_wrong_parameter() {
    let world = World::new();
    let (wuhan, target) = (
        demand_response(),
        by_grid(
            "CN-31-residential-electricity",
            "grid=province; kind=average; year=2022",
        ),
    );
    let wrong = Question {
        source_region: "310000".parse().unwrap(),
        ..world.question(&wuhan, &target)
    };
    let wrong = assess(&wrong, &world.library()).computation.unwrap();
    assert_eq!(wrong.candidates[0].grams.to_string(), "584.9");
    assert_eq!(wrong.candidates[0].raw.shown(), "1.114095");
    assert_eq!(wrong.k_ef, Ratio::one());
}

#[test]
fn e2_other_baselines_stop_the_pair_unless_it_is_quantified_again() {
    let world = World::new();
    let wuhan = demand_response();
    let mut shenzhen = by_grid(
        "CN-4403-residential-electricity",
        "grid=province; kind=average; year=2022",
    );
    put(&mut shenzhen, AttributeName::Baseline, "per-capita");
    let mut question = world.question(&wuhan, &shenzhen);
    let stopped = assess(&question, &world.library());
    assert_eq!(
        stopped.gates.finding(GateName::Baseline).unwrap().verdict,
        Verdict::Fail
    );
    assert_eq!(stopped.factor(), None);
    question.mode = Mode::Requantify;
    assert_eq!(certain_factor(&question, &world.library()), "0.831238");
    // Then batch by batch: without knowing how their activity data convert there is no record.
    let assessment = assess(&question, &world.library());
    assert!(assessment.needs_activity_data);
    let terms = crate::draft::RecordTerms {
        mapping: "m.v1".parse().unwrap(),
        endorsed_by: "shenzhen".parse().unwrap(),
        buffer: Factor::ZERO,
        cap_g: None,
        vintages: (2024, 2026),
        units: None,
        excluded_schemes: Vec::new(),
    };
    assert_eq!(crate::draft::draft_record(&assessment, &terms), None);
}

#[test]
fn e3_metro_between_wuhan_and_shanghai() {
    let world = World::new();
    let wuhan = metro("CN-4201-metro", "420100", "78.4");
    let mut shanghai = metro("CN-31-metro", "310000", "71");
    assert_eq!(world.certain(&wuhan, &shanghai), "0.905612");
    for width in ["11", "25", "30"] {
        put(&mut shanghai, AttributeName::Uncertainty, width);
        assert_eq!(world.factor(&wuhan, &shanghai), "0.851275", "{width} %");
    }
    let shanghai = metro("CN-31-metro", "310000", "97");
    assert_eq!(world.certain(&wuhan, &shanghai), "1.000000");
    assert_eq!(world.certain(&shanghai, &wuhan), "0.808247");
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
    world.certain(&refrigerants("A", source), &refrigerants("B", target))
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
    assert_eq!(weights("N2O", Ar5, Ar6), "1.000000");
    // Shares not disclosed: the least favourable gas stands for all.
    assert_eq!(weights("CH4; N2O", Ar5, Ar6), "0.996428");
}

fn plant(id: &str, factor: &str) -> Sheet {
    let mut sheet = counted_in_kwh(id, "distributed-pv", "grid-average", factor);
    put(&mut sheet, AttributeName::KindAndActor, "project; operator");
    sheet
}

#[test]
fn e5_photovoltaics_against_the_grid_of_their_region() {
    let world = World::new();
    let (xinyi, highspeed) = (plant("CN-3205-xinyi", "994.4"), plant("CN-37-highspeed", "884.6"));
    let k = |origin: &Sheet, rule: &str, region: &str| {
        let mut target = plant("CN-B", "1*grid");
        put(
            &mut target,
            AttributeName::Provenance,
            &format!("{rule}; publisher=the ministry"),
        );
        let question = Question {
            source_region: region.parse().unwrap(),
            ..world.question(origin, &target)
        };
        certain_factor(&question, &world.library())
    };
    assert_eq!(
        k(&xinyi, "grid=province; kind=average; year=2022", "320500"),
        "0.601166"
    );
    assert_eq!(
        k(&xinyi, "grid=grid-region; kind=average; year=2023", "320500"),
        "0.553097"
    );
    assert_eq!(
        k(&highspeed, "grid=province; kind=average; year=2022", "370000"),
        "0.724621"
    );
}

#[test]
fn e5_size_limits_are_gates_whatever_the_factor() {
    let xinyi = plant("CN-3205-xinyi", "994.4");
    let verdict = |limit: &str, megawatts: i64| {
        let mut target = plant("CN-B", "994.4");
        put(&mut target, AttributeName::Eligibility, limit);
        let facts = BatchFacts {
            vintage: 2025,
            acts: (
                "2025-02-01T00:00:00Z".parse().unwrap(),
                "2025-11-30T00:00:00Z".parse().unwrap(),
            ),
            recognised_at: super::world::now(),
            r#use: tanqiao_protocol::r#use::Use::EventNeutrality,
            issued: grams(1),
            verified: grams(1),
            other_schemes: Some(Vec::new()),
            overlap: Some(Overlap::Clear),
            activity: None,
            measures: [("capacity".parse().unwrap(), (megawatts.into(), "MW".parse().unwrap()))].into(),
            activity_total: None,
        };
        let report = batch_gates(&xinyi, &target, &facts, None);
        report.finding(GateName::BatchEligibility).unwrap().verdict
    };
    assert_eq!(verdict("capacity<1 MW", 41), Verdict::Fail, "Shenzhen");
    assert_eq!(verdict("capacity<6 MW", 41), Verdict::Fail, "Wuhan, as reported");
    assert_eq!(verdict("capacity<6 MW", 5), Verdict::Pass);
}

/// E7: one floor, the buffer rounded up, the rest cancelled.
#[test]
fn e7_booking() {
    let (k, buffer) = (factor(511_750), factor(30_000));
    let q = k.reduce(grams(1_000_000), Factor::ONE);
    assert_eq!((q, buffer.share_up(q)), (grams(511_750), grams(15_353)), "of 15,352.5");
    let division = Division::of(grams(1_000_000), Factor::ONE, k, buffer, false);
    let parts = [division.delivered, division.buffered, division.cancelled].map(Grams::get);
    assert_eq!(parts, [496_397, 15_353, 488_250]);
    assert_eq!(parts.iter().sum::<i64>(), 1_000_000);
    // A thousand single grams would deliver nothing: one floor a lot.
    assert_eq!(k.reduce(grams(1), Factor::ONE), Grams::ZERO);
    assert_eq!(k.reduce(grams(1_000), Factor::ONE), grams(511));
}
