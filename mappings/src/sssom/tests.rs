//! Mapping sets: read, written, refused with their place.

use super::*;
use crate::gates::Mode;
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::r#use::Use;

const SHIPPED: &str = include_str!("../../catalogue/candidate_mappings.sssom.tsv");

const HEAD: &str = "#curie_map:\n#  m: https://example.org/m/\n#mapping_set_id: https://example.org/set\n#license: https://example.org/licence\n#mapping_date: \"2026-01-02\"\n#extension_definitions:\n#  - slot_name: ext_factor\n#    property: m:factor\n";
const COLUMNS: &str = "subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\text_factor\n";

fn set(rows: &str) -> Result<Import, Vec<SssomFault>> {
    read(&format!("{HEAD}{COLUMNS}{rows}"))
}

fn refused(text: &str) -> (usize, usize, String) {
    let faults = read(text).unwrap_err();
    let fault = faults.into_iter().next().unwrap();
    assert!(!fault.problem.is_empty());
    (fault.line, fault.column, fault.slot)
}

#[test]
fn the_shipped_candidates_are_read_and_written_without_a_loss() {
    let import = read(SHIPPED).unwrap();
    assert_eq!((import.set.mappings.len(), import.discarded.len()), (140, 0));
    let not = import.set.mappings.iter().filter(|row| row.negated).count();
    let nothing = import.set.mappings.iter().filter(|row| row.object.is_none()).count();
    assert_eq!((not, nothing), (14, 10));
    let text = write(&import.set).unwrap();
    let again = read(&text).unwrap();
    assert_eq!(again.set, import.set);
    assert_eq!(again.set.content_hash(), import.set.content_hash());
    assert_eq!(write(&again.set).unwrap(), text);
}

#[test]
fn a_row_is_typed_and_the_header_counts_for_all() {
    let import = set("m:A.v1\tskos:closeMatch\tm:B.v1\tsemapv:MappingReview\t0.5\t0.511750\n").unwrap();
    let row = &import.set.mappings[0];
    assert_eq!(
        (row.relation, row.negated, row.confidence),
        (Relation::Close, false, Some("0.5".parse().unwrap()))
    );
    assert_eq!(row.slots.get("mapping_date").unwrap(), "2026-01-02");
    let proposed = ProposedMapping::of(row).unwrap();
    assert_eq!(proposed.origin.to_string(), "A.v1");
    assert_eq!(proposed.factor.unwrap().to_string(), "0.511750");
}

#[test]
fn refusals_have_their_line_and_column() {
    let bad = |row: &str| {
        refused(&format!(
            "{HEAD}{COLUMNS}m:A\tskos:exactMatch\tm:Z\tsemapv:MappingReview\t1\t\n{row}\n"
        ))
    };
    let slot = |line, column, slot: &str| (line, column, slot.to_owned());
    assert_eq!(
        bad("m:A\towl:sameAs\tm:B\tsemapv:MappingReview\t1\t"),
        slot(11, 2, "predicate_id")
    );
    assert_eq!(
        bad("m:A\tskos:closeMatch\tx:B\tsemapv:MappingReview\t1\t"),
        slot(11, 3, "object_id")
    );
    assert_eq!(
        bad("m:A\tskos:closeMatch\tm:B\tsemapv:AgentBasedMatching\t1\t"),
        slot(11, 4, "mapping_justification")
    );
    assert_eq!(
        bad("m:A\tskos:closeMatch\tm:B\tsemapv:MappingReview\t1.1\t"),
        slot(11, 5, "confidence")
    );
    assert_eq!(
        bad("m:A\tskos:closeMatch\tm:B\tsemapv:MappingReview\t1\t1.000001"),
        slot(11, 6, "ext_factor")
    );
    assert_eq!(
        bad("m:A\tskos:closeMatch\tm:B\tsemapv:MappingReview\t1\t0.1234567"),
        slot(11, 6, "ext_factor")
    );
    assert_eq!(bad("m:A\tskos:closeMatch\tm:B"), slot(11, 4, "*"));
    assert_eq!(
        bad("\tskos:closeMatch\tm:B\tsemapv:MappingReview\t1\t"),
        slot(11, 1, "subject_id")
    );
    assert_eq!(
        bad("m:A\tskos:exactMatch\tm:Z\tsemapv:MappingReview\t1\t"),
        slot(11, 1, "record_id")
    );
    assert_eq!(
        bad(" m:A\tskos:exactMatch\tm:Y\tsemapv:MappingReview\t1\t"),
        slot(11, 1, "subject_id")
    );
}

#[test]
fn a_header_that_breaks_its_rules_is_refused_with_its_place() {
    let header = |lines: &str| refused(&format!("{lines}\n{COLUMNS}"));
    assert_eq!(
        header("#mapping_set_id: https://example.org/set"),
        (1, 1, "license".into())
    );
    assert_eq!(
        header("#license: none\n#mapping_set_id: https://example.org/s"),
        (1, 10, "license".into())
    );
    assert_eq!(header("#curie_map:\n#  skos: https://example.org/").0, 2);
    assert_eq!(header("#comment: &a x\n#other: *a").0, 1);
    assert_eq!(header("#comment: a\n#comment: b").0, 2);
    assert_eq!(header("#comment: [a").2, "*");
    assert_eq!(header("#- a").2, "*");
    assert_eq!(refused("").2, "*");
    assert_eq!(refused(HEAD).2, "*");
    assert_eq!(
        refused(&format!(
            "{HEAD}subject_id\tsubject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        ))
        .1,
        2
    );
    assert_eq!(
        refused(&format!("{HEAD}subject_id\tpredicate_id\tobject_id\n")).2,
        "mapping_justification"
    );
}

#[test]
fn what_nobody_declared_is_discarded_and_said() {
    let text = format!(
        "{HEAD}#my_slot: 1\nsubject_id\tpredicate_id\tobject_id\tmapping_justification\tmine\nm:A\tskos:broadMatch\tm:B\tsemapv:MappingReview\tx\n"
    );
    let import = read(&text).unwrap();
    assert_eq!(import.discarded, ["my_slot", "mine"]);
    assert!(import.set.mappings[0].extensions.is_empty());
    let mut set = import.set;
    set.mappings[0].extensions.insert("mine".into(), "x".into());
    assert!(matches!(write(&set), Err(WriteFault::Undefined { .. })));
}

#[test]
fn texts_with_tabs_and_quotes_come_through_and_control_characters_do_not() {
    let mut set = set("m:A\tskos:closeMatch\tm:B\tsemapv:MappingReview\t1\t\n")
        .unwrap()
        .set;
    set.mappings[0]
        .slots
        .insert("comment", "says \"close\", nothing else".into());
    assert_eq!(read(&write(&set).unwrap()).unwrap().set, set);
    set.mappings[0].slots.insert("comment", "a\nb".into());
    assert!(matches!(write(&set), Err(WriteFault::Control { .. })));
}

pub(crate) fn governed() -> GovernedMapping {
    GovernedMapping {
        record: MappingRecord {
            mapping: "CN-4201-metro-to-310000.v2".parse().unwrap(),
            origin: "CN-4201-metro.v1".parse().unwrap(),
            to: "310000".parse().unwrap(),
            endorsed_by: "shanghai".parse().unwrap(),
            counterpart: Some("CN-31-metro.v1".parse().unwrap()),
            reference: Some("REF-metro.v1".parse().unwrap()),
            through: None,
            source_region: Some("420100".parse().unwrap()),
            vintages: Some((2024, 2026)),
            batch: None,
            explanation_sha256: None,
            excluded_schemes: Vec::new(),
            predicate: Predicate::Close,
            factor: Factor::new(905_612).unwrap(),
            buffer: Factor::new(30_000).unwrap(),
            uses: [Use::EventNeutrality, Use::PublicWelfare].into_iter().collect(),
            cap_g: Some(tanqiao_protocol::quantity::Grams::new(5_000_000_000).unwrap()),
            valid_from: "2026-03-01T00:00:00Z".parse().unwrap(),
            valid_until: "2027-03-01T00:00:00Z".parse().unwrap(),
            reason_zh: "目标方法学每单位 71 g".into(),
            reason_en: "the target's methodology\ncounts 71 g".into(),
            demonstration: true,
        },
        record_sha256: Sha256::of(b"payload"),
        state: MappingState::Active,
        target: "CN-31-metro.v1".parse().unwrap(),
        titles: ("Wuhan Rail Transit".into(), "Shanghai Rail Transit".into()),
        mode: Mode::Factor,
        justification: Justification::MappingReview,
        confidence: Some("0.9".parse().unwrap()),
        overlap_group: Some("OG-TRIP".parse().unwrap()),
        explanation_sha256: Some(Sha256::of(b"explanation")),
        replaces: Some("CN-4201-metro-to-310000.v1".parse().unwrap()),
        endorsements: vec![
            (Party::Source, None),
            (Party::Target, Some("shanghai".parse().unwrap())),
        ],
        approvals: vec!["li".parse().unwrap(), "wang".parse().unwrap()],
    }
}

#[test]
fn the_hubs_mappings_become_a_set_and_a_proposal_again() {
    let one = governed();
    let namespace = Namespace::of(&"tanqiao.local".parse().unwrap());
    let set = governed_set(
        &namespace,
        "active",
        "https://example.org/licence",
        std::slice::from_ref(&one),
    )
    .unwrap();
    let import = read(&write(&set).unwrap()).unwrap();
    assert!(import.discarded.is_empty());
    let row = &import.set.mappings[0];
    assert_eq!(
        row.record_id.as_ref().unwrap().to_string(),
        "tqmap:CN-4201-metro-to-310000.v2"
    );
    assert_eq!(row.extensions["ext_factor_record"], one.record_sha256.to_string());
    for (slot, text) in [
        ("ext_version", "2"),
        ("ext_replaces", "CN-4201-metro-to-310000.v1"),
        ("ext_reference", "REF-metro.v1"),
        ("ext_source_region", "420100"),
        ("ext_vintages", "2024..2026"),
        ("ext_endorsements", "source|target=shanghai"),
        ("ext_approvals", "li|wang"),
    ] {
        assert_eq!(row.extensions[slot], text);
    }
    let proposed = ProposedMapping::of(row).unwrap();
    assert_eq!((proposed.origin, proposed.target), (one.record.origin, one.target));
    assert_eq!(
        (proposed.factor, proposed.buffer),
        (Some(one.record.factor), Some(one.record.buffer))
    );
    assert_eq!(
        (proposed.uses, proposed.cap_g, proposed.to),
        (one.record.uses, one.record.cap_g, Some(one.record.to))
    );
    assert_eq!(
        proposed.valid,
        (Some(one.record.valid_from), Some(one.record.valid_until))
    );
}

/// The factor of what nobody approved must not look like an approved one, nor a row without confidence like certainty.
#[test]
fn before_approval_a_factor_is_for_review_and_confidence_is_always_written() {
    let namespace = Namespace::of(&"tanqiao.local".parse().unwrap());
    for (state, slot, other) in [
        (MappingState::Active, "ext_factor", "ext_factor_forward"),
        (MappingState::Suspended, "ext_factor", "ext_factor_forward"),
        (MappingState::Candidate, "ext_factor_forward", "ext_factor"),
        (MappingState::TargetEndorsed, "ext_factor_forward", "ext_factor"),
        (MappingState::Rejected, "ext_factor_forward", "ext_factor"),
    ] {
        let one = GovernedMapping {
            state,
            confidence: None,
            ..governed()
        };
        let set = governed_set(&namespace, "some", "https://example.org/licence", &[one]).unwrap();
        let row = read(&write(&set).unwrap()).unwrap().set.mappings.remove(0);
        assert_eq!(
            row.extensions.get(slot).map(String::as_str),
            Some("0.905612"),
            "{state}"
        );
        assert_eq!(row.extensions.get(other), None, "{state}");
        assert_eq!(row.confidence, Some(0.into()), "{state}");
        assert_eq!(row.negated, state == MappingState::Rejected);
        assert_eq!(ProposedMapping::of(&row).unwrap().factor.unwrap().millionths(), 905_612);
    }
}

#[test]
fn a_large_set_is_read_with_progress() {
    use std::fmt::Write as _;
    let mut rows = String::new();
    for n in 0..10_000 {
        let _ = writeln!(rows, "m:A{n}\tskos:closeMatch\tm:B{n}\tsemapv:LexicalMatching\t0.5\t");
    }
    let mut reports = Vec::new();
    let import = read_observed(&format!("{HEAD}{COLUMNS}{rows}"), &mut |read| reports.push(read)).unwrap();
    assert_eq!(import.set.mappings.len(), 10_000);
    assert!(reports.len() >= 20 && reports.is_sorted());
}

#[test]
fn faults_are_told_together_and_not_without_end() {
    let rows = "m:A\tno\tm:B\tno\tno\tno\n".repeat(100);
    let faults = set(&rows).unwrap_err();
    assert!(faults.len() >= FAULTS_MAX && faults.len() < FAULTS_MAX + 6);
    assert!(faults.is_sorted_by_key(|fault| fault.line));
}
