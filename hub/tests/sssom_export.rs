//! The governed set as a file: what it says, and that the tool of the SSSOM community accepts it. `tests/run` installs `sssom` and
//! names it in `TANQIAO_SSSOM`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{on_each_database, on_sqlite};
use tanqiao_hub::api::mappings::governed_sssom;
use tanqiao_mappings::sssom::read;

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

#[test]
fn the_governed_set_says_what_the_records_say() {
    on_each_database(|federation| {
        federation.two_regions();
        let set = read(&governed_sssom(&federation.sequencer.governance()).unwrap())
            .unwrap()
            .set;
        let governance = federation.sequencer.governance();
        assert_eq!(set.mappings.len(), governance.mapping_versions.len());
        for row in &set.mappings {
            let mapping = row.record_id.as_ref().unwrap().local().parse().unwrap();
            let version = &governance.mapping_versions[&mapping];
            let record = version.record().unwrap();
            let cell = |slot: &str| row.extensions.get(slot).map(String::as_str);
            assert_eq!(cell("ext_factor"), Some(record.factor.to_string().as_str()));
            assert_eq!(cell("ext_factor_record"), Some(record.sha256().to_string().as_str()));
            assert_eq!(cell("ext_version"), Some("1"));
            assert_eq!(cell("ext_replaces"), None);
            assert_eq!(cell("ext_mode"), Some("factor"));
            assert_eq!(cell("ext_valid_until"), Some(record.valid_until.to_string().as_str()));
            assert_eq!(
                cell("ext_reference"),
                record.reference.as_ref().map(ToString::to_string).as_deref()
            );
            assert_eq!(
                cell("ext_vintages"),
                record
                    .vintages
                    .map(|(first, last)| format!("{first}..{last}"))
                    .as_deref()
            );
            assert_eq!(cell("ext_approvals"), Some("first-officer|second-officer"));
            let endorsements = cell("ext_endorsements").unwrap();
            assert!(
                endorsements.contains("source=") && endorsements.contains("target="),
                "{endorsements}"
            );
        }
    });
}

#[test]
fn sssom_validate_accepts_the_governed_set() {
    let Some(sssom) = sssom() else {
        eprintln!("sssom is not installed, so that nothing is validated: tests/run installs it");
        return;
    };
    on_sqlite(|federation| {
        federation.two_regions();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("governed.sssom.tsv");
        std::fs::write(&file, governed_sssom(&federation.sequencer.governance()).unwrap()).unwrap();
        let output = Command::new(&sssom).arg("validate").arg(&file).output().unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{said}");
        // It reports some faults without failing.
        for word in [
            "ERROR",
            "is not a valid",
            "does not match",
            "Missing prefix",
            "Traceback",
        ] {
            assert!(!said.contains(word), "{said}");
        }
    });
}
