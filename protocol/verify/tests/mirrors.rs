//! Whole logs as files: what holds is replayed, and whatever was changed is found and named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::view::PublicTotals;
use tanqiao_verify::mirror::Mirror;
use tanqiao_verify::replay::{Asked, AuditFault, Audited, audit};
use tanqiao_verify::sample::Sample;

const QUORUM: [u8; 3] = [0, 1, 2];

fn policy() -> Policy {
    Sample::policy(4, 3).unwrap()
}

/// A log with dealings in it, of so many leaves.
fn sample(size: u64) -> Sample {
    let mut sample = Sample::default();
    let wuhan = sample.admit("wuhan", 2).unwrap();
    let hubei = sample.admit("hubei", 3).unwrap();
    sample.admit_witnesses(4).unwrap();
    let blocks: Vec<_> = (0..4).map(|_| sample.issue(&wuhan, 1_000).unwrap()).collect();
    sample.transfer((&wuhan, &hubei), &blocks[..1], false, 2).unwrap();
    sample.donate(&wuhan, &blocks[1..2], false).unwrap();
    sample.retire(&wuhan, &blocks[2..3]).unwrap();
    sample.pad(size).unwrap();
    sample
}

fn mirror_of(sample: &Sample, directory: &Path) {
    sample.write(directory, &QUORUM, &policy()).unwrap();
}

fn audited(directory: &Path, asked: &Asked<'_>) -> Result<Audited, AuditFault> {
    audit(&Mirror::new(directory.to_owned()), asked, |_, _| {})
}

fn by_own_policy(directory: &Path) -> Audited {
    let policy = policy();
    let asked = Asked {
        policy: Some(&policy),
        ..Asked::default()
    };
    audited(directory, &asked).unwrap()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_whole_log_holds_and_adds_up_to_what_was_published() {
    let directory = tempfile::tempdir().unwrap();
    let sample = sample(700);
    mirror_of(&sample, directory.path());
    let found = by_own_policy(directory.path());
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.replayed, found.witnesses.len()), (700, 3));
    let totals = found.totals.unwrap();
    let sum: i64 = totals.totals.iter().map(|line| line.quantity_g.get()).sum();
    assert_eq!(sum, 4_000);
    for (change, differs) in [(0, 0), (1, 1)] {
        let mut published = totals.clone();
        published.totals[0].blocks += change;
        let asked = Asked {
            published: Some(&published),
            ..Asked::default()
        };
        let found = audited(directory.path(), &asked).unwrap();
        assert_eq!((found.differences.len(), found.compared), (differs, true));
        assert_eq!(found.holds(), differs == 0);
    }
    let mut published = totals.clone();
    published.totals.remove(1);
    let differences = tanqiao_verify::replay::compare(&totals, &published);
    assert_eq!((differences.len(), differences[0].published_g), (1, 0));
}

#[test]
fn a_log_is_replayed_as_far_as_the_published_totals_say() {
    let directory = tempfile::tempdir().unwrap();
    let whole = sample(300);
    mirror_of(&whole, directory.path());
    let at_ten = Asked {
        size: Some(10),
        ..Asked::default()
    };
    let found = audited(directory.path(), &at_ten).unwrap();
    assert_eq!((found.replayed, found.size, found.holds()), (10, 300, true));
    let published = found.totals.unwrap();
    assert_eq!((published.log_size, published.totals.len()), (10, 1));
    let asked = Asked {
        published: Some(&published),
        ..Asked::default()
    };
    assert!(audited(directory.path(), &asked).unwrap().holds());
    let beyond = PublicTotals {
        log_size: 301,
        ..published
    };
    let asked = Asked {
        published: Some(&beyond),
        ..Asked::default()
    };
    assert!(matches!(
        audited(directory.path(), &asked),
        Err(AuditFault::Beyond { .. })
    ));
    // Between the two parts of one change nothing can be added up.
    let inside = Asked {
        size: Some(12),
        ..Asked::default()
    };
    assert!(audited(directory.path(), &inside).unwrap().broken.is_some());
}

/// Bytes of a file that are tried: all of a small one, and some of each part of a large one.
fn places(length: usize) -> Vec<usize> {
    let step = (length / 97).max(1);
    let mut places: Vec<usize> = (0..length).step_by(step).collect();
    places.extend([0, 1, length / 2, length - 1]);
    places
}

#[test]
fn any_changed_byte_is_found_and_its_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let sample = sample(600);
    mirror_of(&sample, directory);
    // What a log that grew has left: a narrower tile and bundle beside those that took their place.
    for (path, of, narrow) in [("tile/0", 32, "000.p/7"), ("tile/entries", 0, "001.p/1")] {
        let from = directory.join(path).join(narrow.split('.').next().unwrap());
        let bytes = fs::read(from).unwrap();
        let length = if of == 0 {
            2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
        } else {
            7 * of
        };
        let narrow = directory.join(path).join(narrow);
        fs::create_dir_all(narrow.parent().unwrap()).unwrap();
        fs::write(narrow, &bytes[..length]).unwrap();
    }
    assert!(by_own_policy(directory).holds());
    let own = files(directory);
    assert_eq!(own.len(), 11, "{own:?}");
    for path in own {
        let name = path.strip_prefix(directory).unwrap().display().to_string();
        let whole = fs::read(&path).unwrap();
        for place in places(whole.len()) {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).unwrap();
            let found = by_own_policy(directory);
            assert!(!found.holds(), "{name} byte {place}");
            for finding in &found.findings {
                assert_eq!(finding.file, name, "byte {place}: {found:?}");
            }
            if name == "tile/entries/000" && found.findings.iter().any(|finding| finding.leaf.is_some()) {
                let leaf = found.findings[0].leaf.unwrap();
                let end: usize = sample.leaves()[..=usize::try_from(leaf).unwrap()]
                    .iter()
                    .map(|leaf| leaf.len() + 2)
                    .sum();
                assert!(place < end, "byte {place} is in leaf {leaf}");
            }
        }
        fs::remove_file(&path).unwrap();
        let gone = audited(
            directory,
            &Asked {
                policy: Some(&policy()),
                ..Asked::default()
            },
        );
        let narrow = name == "tile/0/000.p/7" || name == "tile/entries/001.p/1";
        match gone {
            // What has been replaced, and a policy where the auditor has one, may be missing.
            Ok(found) => assert_eq!(found.holds(), narrow || name == "policy", "{name}: {found:?}"),
            Err(error) => assert_eq!(name, "checkpoint", "{error}"),
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(by_own_policy(directory).holds());
}

#[test]
fn a_log_that_breaks_a_rule_is_stopped_at_the_leaf() {
    let directory = tempfile::tempdir().unwrap();
    let mut broken = sample(20);
    let retirement = broken
        .leaves()
        .iter()
        .position(|leaf| leaf.windows(10).any(|w| w == b"retirement"))
        .unwrap();
    // The hub signs a log in which a leaf is told twice.
    broken.tell_again(retirement);
    mirror_of(&broken, directory.path());
    let found = by_own_policy(directory.path());
    assert!(found.findings.is_empty(), "{found:?}");
    assert!(found.broken.unwrap().starts_with("leaf 20:"), "named by its place");
    assert!(found.totals.is_none());
}

#[test]
fn a_log_that_was_cut_or_belongs_to_somebody_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let long = sample(300);
    mirror_of(&long, directory.path());
    let other = Sample::policy(2, 2).unwrap();
    let asked = Asked {
        policy: Some(&other),
        ..Asked::default()
    };
    assert!(
        audited(directory.path(), &asked).unwrap().holds(),
        "two of its witnesses are known and signed"
    );
    let without = Policy::of(Sample::log_key().unwrap(), Vec::new(), 0).unwrap();
    fs::write(directory.path().join("policy"), without.print()).unwrap();
    let found = by_own_policy(directory.path());
    assert!(
        found.findings.iter().any(|f| f.file == "policy"),
        "fewer than officers have decided: {found:?}"
    );
    fs::write(directory.path().join("policy"), policy().print()).unwrap();
    let older = Sample::note(200, long.tree().root(200).unwrap(), &QUORUM).unwrap();
    fs::write(directory.path().join("checkpoint"), older.to_string()).unwrap();
    let found = by_own_policy(directory.path());
    assert!(
        !found.holds() && found.findings.iter().any(|f| f.file == "tile/0/000.p/200"),
        "{found:?}"
    );
    let few = Sample::note(300, long.tree().root(300).unwrap(), &[0, 1]).unwrap();
    fs::write(directory.path().join("checkpoint"), few.to_string()).unwrap();
    let found = by_own_policy(directory.path());
    assert_eq!(found.findings[0].file, "checkpoint");
}
