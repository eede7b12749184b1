//! Routes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;

use super::*;
use crate::equivalence::tests::world::{World, charging, now};
use crate::relation::Relation::{self, Broad, Close, Exact, Narrow};
use crate::sheet::AttributeName;
use crate::sheet::tests::put;

fn day(n: i64) -> Timestamp {
    now().plus_micros(n * DAY_US)
}

fn methodology(id: &str) -> MethodologyRef {
    format!("{id}.v1").parse().unwrap()
}

fn leg(from: &str, to: &str, relation: Relation, millionths: i64) -> Leg {
    Leg {
        mapping: format!("{from}-to-{to}.v1").parse().unwrap(),
        from: methodology(from),
        to: methodology(to),
        relation,
        factor: Factor::new(millionths).unwrap(),
        parameters: Parameters {
            source_region: "420100".parse().unwrap(),
            vintage: 2025,
        },
        buffer: Factor::new(30_000).unwrap(),
        uses: [Use::EventNeutrality, Use::PublicWelfare].into_iter().collect(),
        cap_g: None,
        valid_from: day(0),
        valid_until: day(365),
        overlap_groups: BTreeSet::new(),
        confidence: None,
    }
}

fn route(rulings: &Rulings, from: &str, to: &str) -> Result<Route, RouteRefusal> {
    rulings.route(
        &methodology(from),
        &methodology(to),
        Use::EventNeutrality,
        day(1),
        |_| None,
    )
}

fn recognised(legs: &[Leg]) -> Vec<Ruling> {
    legs.iter().cloned().map(Ruling::Recognised).collect()
}

#[test]
fn a_route_leads_through_one_reference_and_takes_the_narrower_of_both() {
    let mut first = leg("A", "R", Exact, 900_000);
    let mut second = leg("R", "B", Broad, 800_001);
    first.cap_g = Some(Grams::new(5).unwrap());
    first.overlap_groups.insert("OG-TRIP".parse().unwrap());
    second.overlap_groups.insert("OG-EV-KM".parse().unwrap());
    second.uses = [Use::EventNeutrality].into_iter().collect();
    second.valid_until = day(90);
    second.buffer = Factor::new(50_000).unwrap();
    (first.confidence, second.confidence) = (Some("0.9".parse().unwrap()), Some("0.5".parse().unwrap()));
    let rulings = Rulings::new(recognised(&[first, second]), [methodology("R")]);
    let Ok(Route::Composed(route)) = route(&rulings, "A", "B") else {
        panic!()
    };
    assert_eq!(route.factor.to_string(), "0.720000");
    assert_eq!(route.uses, [Use::EventNeutrality].into_iter().collect());
    assert_eq!(
        (route.valid_until, route.cap_g),
        (day(90), Some(Grams::new(5).unwrap()))
    );
    assert_eq!((route.relation, route.proposal), (Broad, false));
    assert_eq!((route.overlap_groups.len(), route.buffer.millionths()), (2, 50_000));
    assert_eq!(route.confidence, Some("0.45".parse().unwrap()));
}

#[test]
fn another_regions_methodology_is_no_reference_and_two_are_too_many() {
    let legs = [leg("A", "C", Exact, 900_000), leg("C", "B", Exact, 900_000)];
    let rulings = Rulings::new(recognised(&legs), [methodology("R")]);
    assert!(matches!(route(&rulings, "A", "B"), Err(RouteRefusal::Nothing { .. })));
    let legs = [
        leg("A", "R", Exact, 900_000),
        leg("R", "S", Exact, 900_000),
        leg("S", "B", Exact, 900_000),
    ];
    let rulings = Rulings::new(recognised(&legs), [methodology("R"), methodology("S")]);
    assert!(matches!(route(&rulings, "A", "B"), Err(RouteRefusal::Nothing { .. })));
    assert!(matches!(route(&rulings, "A", "S"), Ok(Route::Composed(_))));
}

#[test]
fn a_direct_mapping_always_wins_also_a_smaller_one_and_a_rejection() {
    let round = [leg("A", "R", Exact, 1_000_000), leg("R", "B", Exact, 1_000_000)];
    let mut with_direct = recognised(&round);
    with_direct.push(Ruling::Recognised(leg("A", "B", Close, 100_000)));
    let rulings = Rulings::new(with_direct, [methodology("R")]);
    assert!(matches!(route(&rulings, "A", "B"), Ok(Route::Direct(leg)) if leg.factor.millionths() == 100_000));
    // One for other uses, or not yet in force, decides as well: no detour stands in for it. One that has expired does not.
    let asked = |wanted, on| {
        let route = rulings.route(&methodology("A"), &methodology("B"), wanted, day(on), |_| None);
        route.map_err(|refusal| refusal.code())
    };
    assert_eq!(asked(Use::EtsOffset, 1), Err("R04"));
    assert_eq!(asked(Use::EventNeutrality, -1), Err("R02"));
    assert_eq!(
        asked(Use::EventNeutrality, 365),
        Err("R01"),
        "the legs have expired too"
    );
    let mut expired = leg("A", "B", Close, 100_000);
    expired.valid_until = day(1);
    let mut with_expired = recognised(&round);
    with_expired.push(Ruling::Recognised(expired));
    let with_expired = Rulings::new(with_expired, [methodology("R")]);
    assert!(matches!(route(&with_expired, "A", "B"), Ok(Route::Composed(_))));
    let mut with_rejection = recognised(&round);
    let mapping = "A-to-B.v1".parse().unwrap();
    with_rejection.push(Ruling::Rejected {
        mapping,
        from: methodology("A"),
        to: methodology("B"),
    });
    let rulings = Rulings::new(with_rejection.clone(), [methodology("R")]);
    assert_eq!(route(&rulings, "A", "B").unwrap_err().code(), "R03");
    with_rejection.push(Ruling::Recognised(leg("A", "B", Close, 100_000)));
    let rulings = Rulings::new(with_rejection, [methodology("R")]);
    assert!(matches!(route(&rulings, "A", "B"), Ok(Route::Direct(_))));
}

#[test]
fn a_rejected_leg_blocks_the_route() {
    let mut rulings = recognised(&[leg("A", "R", Exact, 1_000_000), leg("R", "B", Exact, 1_000_000)]);
    rulings.push(Ruling::Rejected {
        mapping: "no.v1".parse().unwrap(),
        from: methodology("R"),
        to: methodology("B"),
    });
    assert!(matches!(
        route(&Rulings::new(rulings, [methodology("R")]), "A", "B"),
        Err(RouteRefusal::Nothing { .. })
    ));
}

#[test]
fn close_legs_make_a_proposal_and_no_recognition() {
    for (first, second) in [(Close, Close), (Exact, Close), (Close, Exact)] {
        let legs = [leg("A", "R", first, 900_000), leg("R", "B", second, 900_000)];
        let refusal = route(&Rulings::new(recognised(&legs), [methodology("R")]), "A", "B").unwrap_err();
        let RouteRefusal::ProposalOnly(proposal) = refusal else {
            panic!("{first} {second}")
        };
        assert_eq!((proposal.relation, proposal.factor.millionths()), (Close, 810_000));
    }
    assert_eq!(
        compose(&leg("A", "R", Broad, 1), &leg("R", "B", Narrow, 1), None),
        Err(LegFault::NoRelation(Broad, Narrow))
    );
    assert!(matches!(
        compose(&leg("A", "R", Relation::Related, 1), &leg("R", "B", Exact, 1), None),
        Err(LegFault::CarriesNoFactor(_))
    ));
    assert!(matches!(
        compose(&leg("A", "R", Exact, 1), &leg("S", "B", Exact, 1), None),
        Err(LegFault::NotJoined { .. })
    ));
}

#[test]
fn approving_one_direction_does_not_create_the_other() {
    let rulings = Rulings::new(recognised(&[leg("A", "B", Exact, 1_000_000)]), []);
    assert!(route(&rulings, "A", "B").is_ok());
    assert!(matches!(route(&rulings, "B", "A"), Err(RouteRefusal::Nothing { .. })));
    assert_eq!(route(&rulings, "A", "A"), Ok(Route::Same));
}

/// A source that the reference lists small and the target large would make the detour pay; the direct comparison bounds it.
#[test]
fn a_detour_through_another_list_of_sources_does_not_pay() {
    let world = World::new();
    let (origin, mut reference, mut target) = (charging("A", "400"), charging("R", "400"), charging("B", "400"));
    reference.reference = true;
    put(&mut reference, AttributeName::Boundary, "vans=4");
    put(&mut target, AttributeName::Boundary, "vans=40");
    let route = assess_through(
        &world.question(&origin, &target),
        &reference,
        (Close, Close),
        &world.library(),
    );
    assert_eq!(
        (
            route.first.factor().unwrap().to_string(),
            route.second.factor().unwrap().to_string()
        ),
        ("0.970200".into(), "0.980000".into())
    );
    assert_eq!(route.factor().unwrap().to_string(), "0.882000", "the direct 0.9 · 0.98");
    assert!(route.proposal());
    let terms = crate::draft::RecordTerms {
        mapping: "a-to-b.v1".parse().unwrap(),
        endorsed_by: "b".parse().unwrap(),
        buffer: Factor::ZERO,
        cap_g: None,
        vintages: (2024, 2026),
        units: None,
        excluded_schemes: Vec::new(),
    };
    let record = crate::draft::draft_composed(
        &route,
        (&"a-to-r.v1".parse().unwrap(), &"r-to-b.v1".parse().unwrap()),
        &terms,
    )
    .unwrap();
    assert_eq!(
        (record.factor.millionths(), record.counterpart),
        (882_000, Some(target.methodology.clone()))
    );
    assert!(record.reason_en.contains("through R.v1, 0.970200 times 0.980000"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn composition_never_beats_the_direct_route(
        a in 150_u32..1_400, r in 150_u32..1_400, b in 150_u32..1_400,
        widths in (0_u32..60, 0_u32..60, 0_u32..60), gases in prop::sample::select(vec!["CO2", "CH4=80; N2O=20", "CH4=20; CO2=30; N2O=50"]),
        sets in prop::collection::vec(prop::sample::select(vec!["AR4", "AR5", "AR6"]), 3),
        lists in prop::collection::vec(prop::sample::select(vec!["none", "vans=10", "vans=90", "vans=10; upstream=40"]), 3),
    ) {
        let world = World::new();
        let sheet = |id: &str, grams: u32, width: u32, position: usize| {
            let mut sheet = charging(id, &grams.to_string());
            put(&mut sheet, AttributeName::Uncertainty, &width.to_string());
            put(&mut sheet, AttributeName::Gases, gases);
            put(&mut sheet, AttributeName::GwpSet, sets[position]);
            put(&mut sheet, AttributeName::Boundary, lists[position]);
            sheet
        };
        let (origin, reference, target) = (sheet("A", a, widths.0, 0), sheet("R", r, widths.1, 1), sheet("B", b, widths.2, 2));
        let question = world.question(&origin, &target);
        let route = assess_through(&question, &reference, (Close, Close), &world.library());
        let direct = crate::equivalence::assess(&question, &world.library()).factor();
        prop_assert!(route.factor() <= direct, "{:?} > {:?}", route.factor(), direct);
    }

    /// On a random catalogue: whatever is composed is at most 1, at most each leg, and no cycle exceeds 1.
    #[test]
    fn no_route_and_no_cycle_gains(factors in prop::collection::vec(0_i64..=1_000_000, 12)) {
        let names = ["A", "B", "C"];
        let mut legs = Vec::new();
        let mut next = factors.iter().copied().cycle();
        for name in names {
            legs.push(leg(name, "R", Exact, next.next().unwrap()));
            legs.push(leg("R", name, Exact, next.next().unwrap()));
        }
        let rulings = Rulings::new(recognised(&legs), [methodology("R")]);
        let factor = |from: &str, to: &str| match route(&rulings, from, to) {
            Ok(Route::Composed(composed)) => composed.factor.millionths(),
            _ => 0,
        };
        for from in names {
            for to in names.into_iter().filter(|to| *to != from) {
                let there = factor(from, to);
                prop_assert!(there <= 1_000_000);
                for one in legs.iter().filter(|leg| leg.from == methodology(from) || leg.to == methodology(to)) {
                    prop_assert!(there <= one.factor.millionths());
                }
                prop_assert!(i128::from(there) * i128::from(factor(to, from)) <= 1_000_000_000_000);
            }
        }
    }
}

/// A leg from the reference to the target is another number for acts elsewhere, or of another year.
#[test]
fn both_legs_have_to_be_computed_for_the_same_acts() {
    let first = leg("A", "R", Exact, 900_000);
    let mut elsewhere = leg("R", "B", Exact, 990_000);
    elsewhere.parameters.source_region = "510100".parse().unwrap();
    let mut earlier = leg("R", "B", Exact, 990_000);
    earlier.parameters.vintage = 2024;
    for other in [&elsewhere, &earlier] {
        assert!(matches!(
            compose(&first, other, None),
            Err(LegFault::OtherParameters { .. })
        ));
    }
    let alone = Rulings::new(recognised(&[first.clone(), elsewhere.clone()]), [methodology("R")]);
    assert!(matches!(route(&alone, "A", "B"), Err(RouteRefusal::Nothing { .. })));
    let fitting = leg("R", "B", Exact, 800_000);
    let all = Rulings::new(recognised(&[first, elsewhere, earlier, fitting]), [methodology("R")]);
    let Ok(Route::Composed(composed)) = route(&all, "A", "B") else {
        panic!()
    };
    assert_eq!(composed.factor.to_string(), "0.720000");
}
