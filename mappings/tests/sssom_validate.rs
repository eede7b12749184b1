//! What is exported passes the tool of the SSSOM community, `sssom validate`. `tests/run` installs it and names it in
//! `TANQIAO_SSSOM`; without it this test says so, and fails in CI.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tanqiao_mappings::gates::Mode;
use tanqiao_mappings::sssom::{GovernedMapping, Justification, Namespace, governed_set, read, write};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::r#use::Use;

/// The tool, or nothing outside CI.
fn sssom() -> Option<PathBuf> {
    let named = std::env::var_os("TANQIAO_SSSOM").map(PathBuf::from);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/venv/bin/sssom");
    let found = named.or(Some(installed)).filter(|path| path.is_file());
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    assert!(found.is_some() || !ci, "sssom is not installed: tests/run installs it");
    if found.is_none() {
        eprintln!("sssom is not installed, so that nothing is validated: tests/run installs it");
    }
    found
}

fn validate(sssom: &Path, name: &str, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(format!("{name}.sssom.tsv"));
    std::fs::write(&file, text).unwrap();
    let output = Command::new(sssom).arg("validate").arg(&file).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{name}: {said}");
    // It reports some faults without failing.
    for word in [
        "ERROR",
        "is not a valid",
        "does not match",
        "Missing prefix",
        "Traceback",
    ] {
        assert!(!said.contains(word), "{name}: {said}");
    }
}

const CANDIDATES: &str = include_str!("../catalogue/candidate_mappings.sssom.tsv");

fn governed(number: u32, predicate: Predicate, state: MappingState) -> GovernedMapping {
    GovernedMapping {
        record: MappingRecord {
            mapping: format!("metro-{number}.v1").parse().unwrap(),
            origin: format!("CN-4201-metro-{number}.v1").parse().unwrap(),
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
            predicate,
            factor: Factor::new(905_612).unwrap(),
            buffer: Factor::new(30_000).unwrap(),
            uses: [Use::EventNeutrality, Use::PublicWelfare].into_iter().collect(),
            cap_g: Some(Grams::new(5_000_000_000).unwrap()),
            valid_from: "2026-03-01T00:00:00Z".parse().unwrap(),
            valid_until: "2027-03-01T00:00:00Z".parse().unwrap(),
            reason_zh: "目标方法学每单位 71 g，签发按 78.4 g".into(),
            reason_en: "the target's methodology says \"71 g\"; issued were 78.4 g".into(),
            demonstration: number.is_multiple_of(2),
        },
        record_sha256: Sha256::of(b"payload"),
        state,
        target: "CN-31-metro.v1".parse().unwrap(),
        titles: (
            "武汉轨道交通 Wuhan Rail Transit".into(),
            "Shanghai: Rail Transit".into(),
        ),
        mode: Mode::Factor,
        justification: Justification::MappingReview,
        confidence: Some("0.9".parse().unwrap()),
        overlap_group: Some("OG-TRIP".parse().unwrap()),
        explanation_sha256: Some(Sha256::of(b"explanation")),
        replaces: Some("metro-0.v1".parse().unwrap()),
        endorsements: vec![
            (Party::Source, None),
            (Party::Target, Some("shanghai".parse().unwrap())),
        ],
        approvals: vec!["li".parse().unwrap(), "wang".parse().unwrap()],
    }
}

#[test]
fn what_is_exported_passes_sssom_validate() {
    let Some(sssom) = sssom() else { return };
    let candidates = read(CANDIDATES).unwrap().set;
    validate(&sssom, "candidates", CANDIDATES);
    validate(&sssom, "candidates-rewritten", &write(&candidates).unwrap());
    let mappings = [
        governed(1, Predicate::Exact, MappingState::Active),
        governed(2, Predicate::Close, MappingState::Suspended),
        governed(3, Predicate::Broad, MappingState::Rejected),
        governed(4, Predicate::Narrow, MappingState::Candidate),
    ];
    let namespace = Namespace::of(&"tanqiao.example".parse().unwrap());
    let set = governed_set(
        &namespace,
        "active",
        "https://www.apache.org/licenses/LICENSE-2.0",
        &mappings,
    )
    .unwrap();
    validate(&sssom, "governed", &write(&set).unwrap());
}
