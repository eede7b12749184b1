//! The gates of a batch.

use std::collections::BTreeMap;

use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::r#use::Use;

use super::*;
use crate::ratio::Ratio;
use crate::sheet::tests::{hide, metro, put};
use crate::sheet::value::GramsRange;
use crate::sheet::{AttributeName, Sheet};

fn sheets() -> (Sheet, Sheet) {
    (
        metro("CN-4201-metro", "420100", "78.4"),
        metro("CN-31-metro", "310000", "71"),
    )
}

fn facts() -> BatchFacts {
    BatchFacts {
        vintage: 2025,
        acts: (
            "2025-02-01T00:00:00Z".parse().unwrap(),
            "2025-11-30T00:00:00Z".parse().unwrap(),
        ),
        recognised_at: "2026-03-01T00:00:00Z".parse().unwrap(),
        r#use: Use::EventNeutrality,
        issued: Grams::new(784_000).unwrap(),
        verified: Grams::new(784_000).unwrap(),
        other_schemes: Some(Vec::new()),
        overlap: Some(Overlap::Clear),
        activity: None,
        measures: BTreeMap::new(),
        activity_total: Some((10_000.into(), "km{passenger}".parse().unwrap())),
    }
}

fn judge(origin: &Sheet, target: &Sheet, facts: &BatchFacts) -> GateReport {
    let own = GramsRange::exactly(Ratio::of("78.4".parse().unwrap()));
    batch_gates(origin, target, facts, Some(&own))
}

fn verdict(gate: GateName, change: impl FnOnce(&mut BatchFacts)) -> Verdict {
    let (origin, target) = sheets();
    let mut facts = facts();
    change(&mut facts);
    judge(&origin, &target, &facts).finding(gate).unwrap().verdict
}

#[test]
fn a_batch_of_which_everything_is_known_passes() {
    let (origin, target) = sheets();
    let report = judge(&origin, &target, &facts());
    assert!(report.passes(), "{report:#?}");
}

#[test]
fn recorded_is_not_issued() {
    let gate = GateName::BatchIssued;
    assert_eq!(verdict(gate, |facts| facts.issued = Grams::ZERO), Verdict::Fail);
    assert_eq!(
        verdict(gate, |facts| facts.verified = Grams::new(783_999).unwrap()),
        Verdict::Fail
    );
}

#[test]
fn what_is_not_known_of_a_batch_stops_it() {
    assert_eq!(
        verdict(GateName::BatchOverlap, |facts| facts.overlap = None),
        Verdict::Unknown
    );
    assert_eq!(
        verdict(GateName::BatchDeclarations, |facts| facts.other_schemes = None),
        Verdict::Unknown
    );
}

#[test]
fn the_same_kilometre_is_not_recognised_twice() {
    let plug = Overlap::Counted("CN-4201-ev-charging".parse().unwrap());
    assert_eq!(
        verdict(GateName::BatchOverlap, |facts| facts.overlap = Some(plug)),
        Verdict::Fail
    );
    let elsewhere = vec!["other-platform".parse().unwrap()];
    assert_eq!(
        verdict(GateName::BatchDeclarations, |facts| facts.other_schemes =
            Some(elsewhere)),
        Verdict::Fail
    );
}

#[test]
fn vintages_and_validity_are_looked_at_on_the_day_of_the_act() {
    assert_eq!(
        verdict(GateName::BatchVintage, |facts| facts.vintage = 2031),
        Verdict::Fail
    );
    let early = "2023-12-31T00:00:00Z".parse().unwrap();
    assert_eq!(
        verdict(GateName::BatchStanding, |facts| facts.acts.0 = early),
        Verdict::Fail
    );
    assert_eq!(
        verdict(GateName::BatchUse, |facts| facts.r#use = Use::EtsOffset),
        Verdict::Fail
    );
    let (origin, mut target) = sheets();
    put(
        &mut target,
        AttributeName::CreditingPeriod,
        "vintages=2020..open; age=2",
    );
    let mut old = facts();
    old.recognised_at = "2027-12-31T00:00:00Z".parse().unwrap();
    assert!(judge(&origin, &target, &old).passes());
    old.recognised_at = "2028-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(
        judge(&origin, &target, &old)
            .finding(GateName::BatchVintage)
            .unwrap()
            .verdict,
        Verdict::Fail
    );
}

#[test]
fn a_batch_of_a_composite_methodology_says_its_activity() {
    let (mut origin, target) = sheets();
    put(
        &mut origin,
        AttributeName::Activity,
        "public-transport: bus, rail-transit",
    );
    let of = |activity: Option<&str>| {
        let mut facts = facts();
        facts.activity = activity.map(|name| name.parse().unwrap());
        judge(&origin, &target, &facts)
            .finding(GateName::BatchActivity)
            .unwrap()
            .verdict
    };
    assert_eq!(of(None), Verdict::Unknown);
    assert_eq!(of(Some("rail-transit")), Verdict::Pass);
    assert_eq!(of(Some("bus")), Verdict::Fail);
}

/// E5: 41 MW fail Shenzhen's limit whatever the factor.
#[test]
fn a_plant_of_forty_one_megawatts_fails_a_limit_of_one() {
    let (origin, mut target) = sheets();
    put(&mut target, AttributeName::Eligibility, "capacity<1 MW");
    let of = |measure: Option<(u32, &str)>| {
        let mut facts = facts();
        facts
            .measures
            .extend(measure.map(|(value, unit)| ("capacity".parse().unwrap(), (value.into(), unit.parse().unwrap()))));
        judge(&origin, &target, &facts)
            .finding(GateName::BatchEligibility)
            .unwrap()
            .verdict
    };
    assert_eq!(of(None), Verdict::Unknown);
    assert_eq!(of(Some((41, "MW"))), Verdict::Fail);
    assert_eq!(of(Some((999, "kW"))), Verdict::Pass);
    hide(&mut target, AttributeName::Eligibility);
    assert_eq!(
        judge(&origin, &target, &facts())
            .finding(GateName::BatchEligibility)
            .unwrap()
            .verdict,
        Verdict::Unknown
    );
}

#[test]
fn a_batch_above_its_own_methodologys_factor_is_stopped() {
    let gate = GateName::BatchFactor;
    assert_eq!(verdict(gate, |facts| facts.activity_total = None), Verdict::Pass);
    let less = Some((9_999.into(), "km{passenger}".parse().unwrap()));
    assert_eq!(verdict(gate, |facts| facts.activity_total = less), Verdict::Fail);
    let other = Some((10_000.into(), "kW.h".parse().unwrap()));
    assert_eq!(verdict(gate, |facts| facts.activity_total = other), Verdict::Unknown);
}

/// A mapping's factor repairs no other baseline: such a batch is quantified again from its activity data, or does not cross.
#[test]
fn a_batch_of_another_baseline_needs_its_activity_data() {
    let (origin, mut target) = sheets();
    put(&mut target, AttributeName::Baseline, "car-only");
    let of = |facts: &BatchFacts| {
        judge(&origin, &target, facts)
            .finding(GateName::BatchFactor)
            .unwrap()
            .verdict
    };
    assert_eq!(of(&facts()), Verdict::Pass);
    let mut without = facts();
    without.activity_total = None;
    assert_eq!(of(&without), Verdict::Fail);
}

/// The sealed total, the range and the methodology's factor may be in other units of the same kind.
#[test]
fn a_batchs_factor_is_compared_in_the_methodologys_unit_of_activity() {
    let (mut origin, target) = sheets();
    put(&mut origin, AttributeName::UnitFactor, "78400 g{CO2}/Mm{passenger}");
    let of = |total: i64, unit: &str| {
        let mut facts = facts();
        facts.activity_total = Some((total.into(), unit.parse().unwrap()));
        judge(&origin, &target, &facts)
            .finding(GateName::BatchFactor)
            .unwrap()
            .verdict
    };
    assert_eq!(of(10_000, "km{passenger}"), Verdict::Pass);
    assert_eq!(of(9_999, "km{passenger}"), Verdict::Fail);
    assert_eq!(of(10_000_000, "m{passenger}"), Verdict::Pass);
    assert_eq!(of(-10_000, "km{passenger}"), Verdict::Unknown);
    assert_eq!(of(0, "km{passenger}"), Verdict::Unknown);
}
