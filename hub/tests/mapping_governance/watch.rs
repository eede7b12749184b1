//! What a mapping rests on is watched.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::Registry;
use tanqiao_mappings::factors::FactorRecord;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::mapping::MappingProposal;
use tanqiao_protocol::time::{DAY_US, SECOND_US};

use super::saying::{
    BOTH, Said, approve, endorse, grounded, lift, propose, publish_version, reference, state, three_members, wanted,
    why,
};
use crate::support::{Federation, Refused, methodology, name, node, on_each_database, proposal, sheet, sheet_with};

const M: &str = "wuhan-to-harbin.v1";

fn open(f: &Federation) {
    three_members(f);
    f.open_mapping("wuhan", &wanted(f)).unwrap();
}

fn open_proposal(f: &Federation, by: &str, proposal: &MappingProposal) -> Said {
    let mapping = proposal.mapping.to_string();
    propose(f, by, proposal)?;
    endorse(f, by, &mapping)?;
    endorse(f, proposal.endorsed_by.as_str(), &mapping)?;
    approve(f, &BOTH, &mapping)
}

#[test]
fn a_new_revision_of_either_sheet_stops_what_recognises_and_voids_what_is_not_approved() {
    on_each_database(|f| {
        open(&f);
        let mut second = wanted(&f);
        second.mapping = reference("wuhan-to-harbin.v2");
        f.agree_on_mapping("wuhan", &second).unwrap();
        let before = f.record_sha256(&second.mapping);
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "99"))
            .unwrap();
        assert_eq!(
            (state(&f, M), state(&f, "wuhan-to-harbin.v2")),
            ("suspended", "evidence-complete")
        );
        assert_ne!(f.record_sha256(&second.mapping), before);
        endorse(&f, "harbin", "wuhan-to-harbin.v2").refused_by("G05");
        endorse(&f, "wuhan", "wuhan-to-harbin.v2").unwrap();
        endorse(&f, "harbin", "wuhan-to-harbin.v2").unwrap();
        // The target's sheet no longer says what it needs: back to candidate.
        let target = sheet_with("REF-wuhan-to-harbin-2.v1", None, "84.211", &[("baseline", None)]);
        f.publish_reference(target).unwrap();
        assert_eq!(state(&f, "wuhan-to-harbin.v2"), "candidate");
        assert_eq!(f.feed("harbin").iter().filter(|t| *t == "mapping.suspended").count(), 1);
        assert!(f.feed("harbin").contains(&"mapping.examined".to_owned()));
    });
}

#[test]
fn what_does_not_concern_a_mapping_leaves_it_alone() {
    on_each_database(|f| {
        open(&f);
        let index = |f: &Federation| f.sequencer.governance().mapping_versions[&reference(M)].log_index;
        let before = index(&f);
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "98"))
            .unwrap();
        f.publish_sheet("shenzhen", sheet("shenzhen-metro.v1", Some("440300"), "70"))
            .unwrap();
        f.publish_reference(sheet("REF-other.v1", None, "70")).unwrap();
        publish_version(&f, "shenzhen", "440300", 2).unwrap();
        publish(&f, &grid_record("GRID-CN-2024", 2024, "0.5"), &BOTH[..1]).unwrap();
        f.prove_registry("wuhan");
        f.prove_registry("harbin");
        f.sweep();
        assert_eq!((state(&f, M), index(&f)), ("active", before));
    });
}

#[test]
fn a_new_version_of_a_reference_methodology_stops_what_goes_by_the_old_one() {
    on_each_database(|f| {
        open(&f);
        f.publish_reference(sheet("REF-wuhan-to-harbin-1.v2", None, "80"))
            .unwrap();
        assert_eq!(state(&f, M), "suspended");
        assert!(
            why(&f, M).contains("REF-wuhan-to-harbin-1.v2 follows"),
            "{}",
            why(&f, M)
        );
        lift(&f, "harbin", M).refused_by("G03");
    });
}

#[test]
fn a_registry_that_is_no_longer_proven_stops_the_mappings_of_its_member() {
    on_each_database(|f| {
        open(&f);
        let registry = Registry {
            conformance_report: None,
            verification_bodies: vec!["test body".to_owned()],
        };
        let member = node("wuhan");
        f.by_officers(&BOTH[..1], Decision::SetRegistry { member, registry })
            .unwrap();
        assert_eq!(state(&f, M), "suspended");
        lift(&f, "wuhan", M).refused_by("G03");
        f.prove_registry("wuhan");
        for by in ["wuhan", "harbin", "officers"] {
            lift(&f, by, M).unwrap();
        }
    });
}

#[test]
fn a_proposal_of_a_suspended_member_waits_until_the_member_is_back() {
    on_each_database(|f| {
        three_members(&f);
        let proposal = grounded(&f);
        f.suspend("wuhan").unwrap();
        propose(&f, "harbin", &proposal).unwrap();
        assert_eq!(state(&f, M), "candidate");
        f.by_officers(&BOTH[..1], Decision::Reinstate { member: node("wuhan") })
            .unwrap();
        assert_eq!(state(&f, M), "evidence-complete");
    });
}

#[test]
fn a_mapping_expires_by_the_sweep_and_once() {
    on_each_database(|f| {
        three_members(&f);
        let mut record = wanted(&f);
        record.valid_until = f.now().plus_micros(10 * DAY_US);
        f.open_mapping("wuhan", &record).unwrap();
        f.sweep();
        assert_eq!(state(&f, M), "active");
        f.clock.store(
            record.valid_until.micros() - SECOND_US,
            std::sync::atomic::Ordering::SeqCst,
        );
        f.sweep();
        assert_eq!(state(&f, M), "active");
        f.pass(1);
        f.sweep();
        assert_eq!(state(&f, M), "expired");
        let head = f.head();
        f.sweep();
        assert_eq!(f.head(), head);
    });
}

#[test]
fn a_validity_in_the_past_begins_with_the_examination_and_lasts_a_year_at_most() {
    on_each_database(|f| {
        three_members(&f);
        let mut proposal = grounded(&f);
        proposal.valid_from = f.now().plus_micros(-300 * DAY_US);
        proposal.valid_until = None;
        let before = f.now();
        propose(&f, "wuhan", &proposal).unwrap();
        let governance = f.sequencer.governance();
        let record = governance.mapping_versions[&reference(M)].record().unwrap().clone();
        assert!(record.valid_from >= before);
        assert!(record.valid_until.micros() - record.valid_from.micros() <= 366 * DAY_US);
    });
}

fn grid_record(id: &str, year: u16, value: &str) -> FactorRecord {
    FactorRecord {
        id: name(id),
        area: "CN".parse().unwrap(),
        kind: "average".parse().unwrap(),
        year,
        value: value.parse().unwrap(),
        value_max: None,
        unit: "kg{CO2}/(kW.h)".parse().unwrap(),
        publisher: "the ministry".to_owned(),
        published: Some("2026-05-01".parse().unwrap()),
        next_expected: None,
        status: "published".parse().unwrap(),
        source: "an announcement".to_owned(),
    }
}

fn publish(f: &Federation, record: &FactorRecord, by: &[&str]) -> Said {
    f.by_officers(by, Decision::PutFactorRecords(vec![record.clone()]))
}

fn kwh(methodology: &str, region: Option<&str>, rule: &str) -> Sheet {
    let cells = [
        ("activity", Some("residential-electricity-saving")),
        ("activity-unit", Some("kW.h")),
        ("baseline", Some("demand-response-event")),
        ("unit-factor", Some("1*grid g{CO2}/(kW.h)")),
        ("factor-provenance", Some(rule)),
    ];
    sheet_with(methodology, region, "1", &cells)
}

/// Wuhan counts a saved kWh at the newest factor of the country, the reference at that of 2022.
fn by_grid(f: &Federation, rule: &str) -> MappingProposal {
    let mut content = methodology("wuhan", "420100");
    content.methodology = "wuhan-power.v1".parse().unwrap();
    content.activity = name("residential-electricity-saving");
    "kWh".clone_into(&mut content.activity_unit);
    content.factor_g_per_unit = None;
    f.by_member("wuhan", Body::Methodology(Box::new(content))).unwrap();
    f.publish_sheet("wuhan", kwh("wuhan-power.v1", Some("420100"), rule))
        .unwrap();
    let target = kwh(
        "REF-power.v1",
        None,
        "grid=national; kind=average; year=2022; publisher=the ministry",
    );
    f.publish_reference(target.clone()).unwrap();
    let mut record = wanted(f);
    record.mapping = reference("wuhan-power-to-harbin.v1");
    record.origin = "wuhan-power.v1".parse().unwrap();
    record.source_region = Some("420100".parse().unwrap());
    proposal(&record, &target)
}

#[test]
fn a_newly_published_year_of_the_grid_stops_what_takes_the_latest_and_nothing_else() {
    on_each_database(|f| {
        three_members(&f);
        let latest = "grid=national; kind=average; year=latest; publisher=the ministry";
        let taking = by_grid(&f, latest);
        open_proposal(&f, "wuhan", &taking).unwrap();
        let power = "wuhan-power-to-harbin.v1";
        publish(&f, &grid_record("GRID-230000-2024", 2024, "0.5"), &BOTH[..1])
            .map(|_| ())
            .unwrap();
        assert_eq!(state(&f, power), "suspended");
        assert!(why(&f, power).contains("GRID-230000-2024"), "{}", why(&f, power));
        lift(&f, "wuhan", power).refused_by("G03");
        let mut next = taking.clone();
        next.mapping = reference("wuhan-power-to-harbin.v2");
        open_proposal(&f, "wuhan", &next).unwrap();
        // Another type of factor, and an older year, are none of its inputs.
        let mut fossil = grid_record("GRID-CN-2025-F", 2025, "0.8");
        fossil.kind = "fossil".parse().unwrap();
        publish(&f, &fossil, &BOTH[..1]).unwrap();
        publish(&f, &grid_record("GRID-CN-2020", 2020, "0.6"), &BOTH[..1]).unwrap();
        assert_eq!(state(&f, "wuhan-power-to-harbin.v2"), "active");
        // One that is to be published later would be looked at by nobody on that day.
        let mut later = grid_record("GRID-CN-2026", 2026, "0.4");
        later.published = Some("2027-05-01".parse().unwrap());
        publish(&f, &later, &BOTH[..1]).refused_by("M02");
        publish(&f, &grid_record("GRID-CN-2025", 2025, "0.4"), &["organiser"]).refused_by("G02");
    });
}
