//! What the gates stop, and that not knowing stops as well.

use super::world::{World, charging, now};
use crate::draft::{RecordTerms, draft_record};
use crate::equivalence::{Question, assess};
use crate::gates::{GateName, Mode, NodeFacts, Verdict};
use crate::relation::Relation;
use crate::sheet::tests::{hide, metro, put};
use crate::sheet::{AttributeName, Confirmation, Sheet};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::r#use::Use;

fn metros() -> (Sheet, Sheet) {
    (
        metro("CN-4201-metro", "420100", "78.4"),
        metro("CN-31-metro", "310000", "71"),
    )
}

/// The verdict of one gate when the origin or the target states another value.
fn verdict(gate: GateName, side: u8, name: AttributeName, value: &str) -> Verdict {
    let world = World::new();
    let (mut origin, mut target) = metros();
    put(if side == 0 { &mut origin } else { &mut target }, name, value);
    let assessment = assess(&world.question(&origin, &target), &world.library());
    let found = assessment.gates.finding(gate).unwrap();
    assert!(!found.statement.zh.is_empty() && !found.statement.en.is_empty());
    assert_eq!(
        assessment.factor().is_some(),
        assessment.gates.passes() && assessment.missing.is_empty()
    );
    found.verdict
}

#[test]
fn every_gate_attribute_that_is_not_known_refuses() {
    let world = World::new();
    for name in AttributeName::ALL.iter().copied().filter(|name| name.is_gate()) {
        let (mut origin, target) = metros();
        hide(&mut origin, name);
        let assessment = assess(&world.question(&origin, &target), &world.library());
        assert_eq!(assessment.factor(), None, "{name}");
        assert!(assessment.gates.with(Verdict::Unknown).next().is_some(), "{name}");
        assert!(assessment.raises.iter().any(|raise| raise.up_to.is_none()), "{name}");
    }
}

#[test]
fn kilowatt_hours_never_map_to_kilometres() {
    let world = World::new();
    let (_, shanghai) = metros();
    for (origin, target) in [
        (charging("A", "409.4"), shanghai.clone()),
        (shanghai, charging("A", "409.4")),
    ] {
        let question = Question {
            mode: Mode::Requantify,
            ..world.question(&origin, &target)
        };
        let assessment = assess(&question, &world.library());
        assert_eq!(
            assessment.gates.finding(GateName::ActivityUnit).unwrap().verdict,
            Verdict::Fail
        );
        assert_eq!((assessment.factor(), assessment.computation), (None, None));
    }
    // Not even for one and the same activity.
    assert_eq!(
        verdict(GateName::ActivityUnit, 1, AttributeName::ActivityUnit, "kW.h"),
        Verdict::Fail
    );
    assert_eq!(
        verdict(GateName::ActivityUnit, 1, AttributeName::ActivityUnit, "km{vehicle}"),
        Verdict::Fail
    );
    assert_eq!(
        verdict(GateName::ActivityUnit, 1, AttributeName::ActivityUnit, "km"),
        Verdict::Unknown
    );
}

/// E6: also 2.1/125, which as a target would cut another city's reductions to about 2 %.
#[test]
fn e6_wuhans_two_grams_a_kilometre_stop_until_the_issuer_confirms() {
    let world = World::new();
    let driving = |id: &str, region: &str, grams: &str| {
        let mut sheet = metro(id, region, "1");
        put(&mut sheet, AttributeName::Activity, "ev-driving");
        put(&mut sheet, AttributeName::ActivityUnit, "km");
        put(&mut sheet, AttributeName::UnitFactor, &format!("{grams} g{{CO2}}/km"));
        sheet
    };
    let (mut wuhan, shanghai) = (
        driving("CN-4201-nev-travel", "420100", "2.1"),
        driving("CN-31-ev-driving", "310000", "125"),
    );
    for (origin, target) in [(&wuhan, &shanghai), (&shanghai, &wuhan)] {
        let assessment = assess(&world.question(origin, target), &world.library());
        assert_eq!(
            assessment.gates.finding(GateName::Plausibility).unwrap().verdict,
            Verdict::Fail
        );
        assert_eq!(assessment.factor(), None);
    }
    let confirmed = |factor: &str| Confirmation {
        unit_factor: factor.into(),
        on: "2026-02-01".parse().unwrap(),
        document: Sha256::of(b"a letter"),
    };
    // A confirmation of another number does not open the gate.
    wuhan.confirmation = Some(confirmed("21 g{CO2}/km"));
    assert_eq!(
        assess(&world.question(&wuhan, &shanghai), &world.library()).factor(),
        None
    );
    wuhan.confirmation = Some(confirmed("2.1 g{CO2}/km"));
    assert_eq!(world.certain(&wuhan, &shanghai), "1.000000");
    assert_eq!(world.certain(&shanghai, &wuhan), "0.016800");
}

#[test]
fn integrity_faults_are_not_discounted() {
    use AttributeName as A;
    use Verdict::{Fail, Pass};
    for (gate, side, name, value, expected) in [
        (GateName::Baseline, 1, A::Baseline, "car-only", Fail),
        (GateName::Additionality, 0, A::Additionality, "required-by-law", Fail),
        (
            GateName::Additionality,
            1,
            A::Additionality,
            "positive-list; investment",
            Fail,
        ),
        (
            GateName::Additionality,
            0,
            A::Additionality,
            "positive-list; investment",
            Pass,
        ),
        (GateName::Monitoring, 0, A::Monitoring, "self-report", Fail),
        (GateName::Monitoring, 0, A::Monitoring, "app-estimate", Pass),
        (GateName::Identity, 0, A::Identity, "none", Fail),
        (
            GateName::CreditingPeriod,
            1,
            A::CreditingPeriod,
            "vintages=2031..open; age=3",
            Fail,
        ),
        (GateName::Safeguards, 1, A::Safeguards, "other-platform; ccer", Fail),
        (GateName::Safeguards, 0, A::Safeguards, "other-platform; ccer", Pass),
        (GateName::Verification, 0, A::Verification, "none", Fail),
        (GateName::Verification, 0, A::Verification, "sample", Fail),
        (GateName::Verification, 1, A::Verification, "sample", Pass),
    ] {
        assert_eq!(verdict(gate, side, name, value), expected, "{gate} {value}");
    }
}

#[test]
fn rights_uses_and_validity_are_gates() {
    use AttributeName as A;
    use Verdict::{Fail, Pass};
    for (gate, side, name, value, expected) in [
        (GateName::Permanence, 0, A::Permanence, "years=40; buffer=15", Fail),
        (GateName::Uses, 1, A::Uses, "personal-offset", Fail),
        (GateName::Ownership, 0, A::Ownership, "owner=person; ground=none", Fail),
        (
            GateName::Ownership,
            0,
            A::Ownership,
            "owner=split; ground=consent",
            Fail,
        ),
        (
            GateName::Standing,
            0,
            A::Standing,
            "status=draft; from=2024-01-01; until=open",
            Fail,
        ),
        (
            GateName::Standing,
            0,
            A::Standing,
            "status=final; from=2024-01-01; until=2025-12-31",
            Fail,
        ),
        (
            GateName::Standing,
            1,
            A::Standing,
            "status=enterprise; from=2024-01-01; until=open",
            Fail,
        ),
        (
            GateName::Standing,
            0,
            A::Standing,
            "status=enterprise; from=2024-01-01; until=open; adopted-by=420000",
            Pass,
        ),
        (GateName::Standing, 0, A::Standing, "status=final", Verdict::Unknown),
        (GateName::KindAndActor, 0, A::KindAndActor, "project; operator", Pass),
        (GateName::Relation, 0, A::Activity, "bus", Fail),
        (
            GateName::Relation,
            1,
            A::Activity,
            "low-carbon-travel: not listed",
            Verdict::Unknown,
        ),
    ] {
        assert_eq!(verdict(gate, side, name, value), expected, "{gate} {value}");
    }
}

#[test]
fn a_limit_of_the_target_alone_is_shown_by_every_batch() {
    let world = World::new();
    let (origin, mut target) = metros();
    put(&mut target, AttributeName::Eligibility, "capacity<1 MW");
    let assessment = assess(&world.question(&origin, &target), &world.library());
    let finding = assessment.gates.finding(GateName::Eligibility).unwrap();
    assert_eq!(finding.verdict, Verdict::Pass);
    assert!(finding.statement.en.contains("capacity<1 MW"));
}

#[test]
fn the_claimed_relation_must_be_the_one_that_there_is() {
    let world = World::new();
    let (origin, mut target) = metros();
    put(
        &mut target,
        AttributeName::Activity,
        "public-transport: bus, rail-transit",
    );
    let with = |origin: &Sheet, target: &Sheet, relation| {
        let question = Question {
            relation,
            ..world.question(origin, target)
        };
        assess(&question, &world.library())
            .gates
            .finding(GateName::Relation)
            .unwrap()
            .verdict
    };
    assert_eq!(with(&origin, &target, Relation::Broad), Verdict::Pass);
    assert_eq!(with(&target, &origin, Relation::Narrow), Verdict::Pass);
    for relation in [Relation::Close, Relation::Exact, Relation::Narrow, Relation::Related] {
        assert_eq!(with(&origin, &target, relation), Verdict::Fail, "{relation}");
    }
}

#[test]
fn the_member_has_to_be_proven() {
    let world = World::new();
    let (origin, target) = metros();
    for node in [
        NodeFacts::default(),
        NodeFacts {
            in_good_standing: Some(false),
            ..NodeFacts::PROVEN
        },
        NodeFacts {
            verifiers_listed: None,
            ..NodeFacts::PROVEN
        },
    ] {
        let question = Question {
            node,
            ..world.question(&origin, &target)
        };
        assert_eq!(assess(&question, &world.library()).factor(), None);
    }
}

#[test]
fn a_mapping_is_as_long_as_the_shortest_of_what_it_rests_on() {
    let world = World::new();
    let (mut origin, target) = metros();
    let until = |origin: &Sheet| assess(&world.question(origin, &target), &world.library()).validity;
    let days = |n: i64| now().plus_micros(n * tanqiao_protocol::time::DAY_US);
    assert_eq!(until(&origin).until, days(365));
    put(
        &mut origin,
        AttributeName::Standing,
        "status=trial; from=2024-01-01; until=open",
    );
    assert_eq!(until(&origin).until, days(183));
    put(
        &mut origin,
        AttributeName::Standing,
        "status=trial; from=2024-01-01; until=2026-03-31",
    );
    assert_eq!(until(&origin).until.to_string(), "2026-03-31T16:00:00.000000Z");
}

#[test]
fn the_record_has_the_factor_that_was_computed() {
    let world = World::new();
    let (origin, mut target) = metros();
    let terms = RecordTerms {
        mapping: "metro-wuhan-to-shanghai.v1".parse().unwrap(),
        endorsed_by: "shanghai".parse().unwrap(),
        buffer: Factor::new(30_000).unwrap(),
        cap_g: None,
        vintages: (2024, 2026),
        units: None,
        excluded_schemes: Vec::new(),
    };
    let mut question = world.question(&origin, &target);
    question.uses = [Use::EventNeutrality, Use::EtsOffset].into_iter().collect();
    let record = draft_record(&assess(&question, &world.library()), &terms).unwrap();
    assert_eq!(record.factor.to_string(), "0.887500", "71/78.4 · 0.98");
    assert_eq!(record.uses, [Use::EventNeutrality].into_iter().collect());
    assert_eq!(record.counterpart, Some(target.methodology.clone()));
    assert_eq!(crate::recognition::check_record(&record, now()), []);
    target.reference = true;
    let record = draft_record(&assess(&world.question(&origin, &target), &world.library()), &terms).unwrap();
    assert_eq!(record.counterpart, None);
    hide(&mut target, AttributeName::Baseline);
    assert_eq!(
        draft_record(&assess(&world.question(&origin, &target), &world.library()), &terms),
        None
    );
}
