//! Sheets, factor records, registries and candidates: who publishes them, and what they may say.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::{Candidate, CandidateSet, Registry};
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::r#use::Use;

use super::saying::{BOTH, Said, propose_as, publish_version, reference, state, three_members};
use crate::support::{Federation, Refused, methodology, name, node, on_each_database, sheet, sheet_with};

const M: &str = "wuhan-to-harbin.v1";

fn wuhan(others: &[(&str, Option<&str>)]) -> Sheet {
    sheet_with("wuhan-metro.v1", Some("420100"), "98", others)
}

#[test]
fn a_member_publishes_sheets_of_its_own_methodologies_and_officers_those_of_references() {
    on_each_database(|f| {
        three_members(&f);
        f.publish_sheet("harbin", wuhan(&[])).refused_by("N05");
        f.publish_sheet("wuhan", sheet("wuhan-metro.v9", Some("420100"), "98"))
            .refused_by("S01");
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("230100"), "98"))
            .refused_by("M02");
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", None, "98"))
            .refused_by("G02");
        f.publish_reference(wuhan(&[])).refused_by("M02");
        f.publish_reference(sheet("wuhan-metro.v1", None, "98"))
            .refused_by("N05");
        f.publish_reference(sheet("wuhan-metro.v2", None, "98"))
            .refused_by("N05");
        f.publish_reference(sheet("REF-metro.v1", None, "98")).unwrap();
        // Nobody takes over a reference methodology by publishing under its id, or stops what goes by it.
        for version in [1, 2] {
            let mut content = methodology("harbin", "230100");
            content.methodology = format!("REF-metro.v{version}").parse().unwrap();
            f.by_member("harbin", Body::Methodology(Box::new(content)))
                .refused_by("N05");
        }
    });
}

#[test]
fn a_sheet_does_not_contradict_its_publication() {
    on_each_database(|f| {
        three_members(&f);
        // Published are 1 g for one kilometre of rail transit.
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "0.9"))
            .refused_by("M02");
        f.publish_sheet("wuhan", wuhan(&[("activity", Some("bus"))]))
            .refused_by("M02");
        let hours = [
            ("activity-unit", Some("kW.h")),
            ("unit-factor", Some("98 g{CO2}/(kW.h)")),
        ];
        f.publish_sheet("wuhan", wuhan(&hours)).refused_by("M02");
        f.publish_sheet("wuhan", wuhan(&[])).unwrap();
    });
}

#[test]
fn a_sheet_permits_no_use_that_its_publication_does_not() {
    on_each_database(|f| {
        three_members(&f);
        let mut content = methodology("wuhan", "420100");
        content.methodology = "wuhan-metro.v2".parse().unwrap();
        content.uses = [Use::PublicWelfare, Use::EventNeutrality].into_iter().collect();
        f.by_member("wuhan", Body::Methodology(Box::new(content))).unwrap();
        f.publish_sheet("wuhan", sheet("wuhan-metro.v2", Some("420100"), "98"))
            .unwrap();
        propose_as(&f, "wuhan", |p| {
            p.origin = "wuhan-metro.v2".parse().unwrap();
            p.uses = [Use::CorporateNeutrality, Use::EventNeutrality].into_iter().collect();
        })
        .unwrap();
        let governance = f.sequencer.governance();
        let record = governance.mapping_versions[&reference(M)].record().unwrap().clone();
        assert_eq!(record.uses, [Use::EventNeutrality].into_iter().collect());
    });
}

#[test]
fn the_same_sheet_again_writes_no_leaf_and_every_revision_of_a_batch_is_kept() {
    on_each_database(|f| {
        three_members(&f);
        f.publish_sheet("wuhan", wuhan(&[])).unwrap();
        let (size, _) = f.head();
        f.publish_sheet("wuhan", wuhan(&[])).unwrap();
        assert_eq!(f.head().0, size);
        let say = |grams: &str| {
            let body = Body::Sheet(Box::new(sheet("wuhan-metro.v1", Some("420100"), grams)));
            f.command("wuhan", f.new_id(), body)
        };
        let answers = f.sequencer.submit_blocking(vec![say("97"), say("96")]).unwrap();
        assert!(answers.iter().all(|answer| answer.result.is_ok()));
        let origin = "wuhan-metro.v1".parse().unwrap();
        let read = |revision| {
            f.database
                .read(|c| tanqiao_hub::store::read::mappings::sheet(c, &origin, revision))
                .unwrap()
        };
        assert!((1..=3).all(|revision| read(revision).is_some_and(|one| one.revision == revision)));
        assert!(read(4).is_none());
    });
}

#[test]
fn what_does_not_fit_into_a_leaf_is_refused_and_stops_nobody() {
    on_each_database(|f| {
        three_members(&f);
        let registry = Registry {
            conformance_report: None,
            verification_bodies: vec!["验".repeat(200); 200],
        };
        let member = node("wuhan");
        officer(&f, Decision::SetRegistry { member, registry }).refused_by("M03");
        let row = |n: usize| Candidate {
            key: format!("row-{n}"),
            subject: "wuhan-metro".to_owned(),
            object: None,
            relation: tanqiao_mappings::relation::Relation::Related,
            negated: false,
            cells: [("comment".to_owned(), "注".repeat(400))].into_iter().collect(),
        };
        let set = |rows: usize| CandidateSet {
            id: name("a-set"),
            sha256: Sha256::of(b"set"),
            rows: (0..rows).map(row).collect(),
        };
        officer(&f, Decision::PutCandidates(Box::new(set(60)))).refused_by("M03");
        officer(&f, Decision::PutCandidates(Box::new(set(201)))).refused_by("M03");
        officer(&f, Decision::PutCandidates(Box::new(set(0)))).refused_by("M03");
        officer(&f, Decision::PutCandidates(Box::new(set(20)))).unwrap();
        officer(&f, Decision::PutFactorRecords(Vec::new())).refused_by("M03");
        publish_version(&f, "wuhan", "420100", 2).unwrap();
    });
}

fn officer(f: &Federation, decision: Decision) -> Said {
    f.by_officers(&BOTH[..1], decision)
}

#[test]
fn imported_candidates_recognise_nothing() {
    on_each_database(|f| {
        three_members(&f);
        let row = Candidate {
            key: "row-1".to_owned(),
            subject: "wuhan-metro.v1".to_owned(),
            object: Some("harbin-metro.v1".to_owned()),
            relation: tanqiao_mappings::relation::Relation::Exact,
            negated: false,
            cells: std::collections::BTreeMap::new(),
        };
        let set = CandidateSet {
            id: name("a-set"),
            sha256: Sha256::of(b"set"),
            rows: vec![row.clone(), row],
        };
        officer(&f, Decision::PutCandidates(Box::new(set))).unwrap();
        let block = f.issue("wuhan", "420100", 1_000);
        f.propose("wuhan", "harbin", &[block]).refused_by("R01");
        propose_as(&f, "wuhan", |_| ()).unwrap();
        assert_eq!(state(&f, M), "evidence-complete");
    });
}
