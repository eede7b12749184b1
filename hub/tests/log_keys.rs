//! The keys of the log: one takes the place of another, both sign meanwhile, and a verifier with the old one is not left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::Path;

use support::{Federation, Refused as _, node, on_each_database, signing_key};
use tanqiao_hub::config::Config;
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::store::checkpoints;
use tanqiao_hub::transparency::{KeeperError, LogFiles, LogKeeper, SignedMark, Signers, ensure_log_key, verifier_key};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::message::{ForkKind, LogFork, WitnessKey};
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};

const BOTH: [&str; 2] = ["first-officer", "second-officer"];

fn config(directory: &Path) -> Config {
    let text = "trust_domain = \"tanqiao.test\"\n[database]\nurl = \"sqlite:hub.db\"\n[tls]\nca = \"c\"\ncertificate = \"c\"\nkey = \"k\"\n\
                crl = \"c\"\n[log]\nkey = \"log.key\"\nnext_key = \"log.next.key\"\n";
    Config::read(text, &directory.join("hub.toml"), std::iter::empty()).unwrap()
}

fn keeper(f: &Federation, config: &Config) -> LogKeeper {
    let mark = SignedMark::open(config.signed_mark()).unwrap();
    let files = LogFiles::new(config.log_dir());
    LogKeeper::with(f.database.clone(), files, Signers::load(config).unwrap(), Some(mark))
}

/// The keeper of a hub that was started again.
fn reopened(f: &Federation, config: &Config) -> LogKeeper {
    keeper(f, config)
}

fn published(config: &Config) -> (Note, Policy) {
    let read = |name| std::fs::read(config.log_dir().join(name)).unwrap();
    (
        Note::parse(&read("checkpoint")).unwrap(),
        Policy::parse(&read("policy")).unwrap(),
    )
}

fn grow(f: &Federation) {
    f.set_policy(|policy| policy.first_dealing_delay_s += 1);
}

#[test]
fn the_next_key_signs_beside_the_old_one_until_officers_retire_that() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        let next_file = config.log.next_key.clone().unwrap();
        ensure_log_key(&config.log.key).unwrap();
        let old = verifier_key(&config, &config.log.key).unwrap();
        let mut keeper = keeper(&f, &config);
        keeper.work().unwrap();
        assert_eq!(published(&config).0.verify([&old]).unwrap().len(), 1);
        // The next key is made while the hub runs.
        assert!(ensure_log_key(&next_file).unwrap());
        let new = verifier_key(&config, &next_file).unwrap();
        let rotate = |officers: &[&str]| {
            let (previous, key) = (old.clone(), new.clone());
            f.by_officers(officers, Decision::RotateLogKey { previous, key })
        };
        rotate(&BOTH[..1]).refused_by("G01");
        let rotated = rotate(&BOTH).unwrap();
        rotate(&BOTH).refused_by("G03");
        let head = keeper.work().unwrap();
        let (note, policy) = published(&config);
        for key in [&old, &new] {
            assert_eq!(
                note.verify([key]).unwrap().len(),
                1,
                "a verifier with either key accepts"
            );
        }
        assert_eq!(policy.logs().len(), 2);
        // The old key vouches for the leaf that names the new one.
        let index = u64::try_from(rotated.log_index).unwrap();
        assert!(index < head.size);
        let leaf = f
            .database
            .read(|c| checkpoints::leaves(c, index, index + 1))
            .unwrap()
            .remove(0);
        let leaf: Leaf = serde_json::from_slice(&leaf).unwrap();
        assert_eq!(
            (leaf.r#type.as_str(), leaf.data["key"].as_str().unwrap()),
            ("log.key-rotated", &*new.to_string())
        );
        let retire = |key: &NoteKey| f.by_officers(&BOTH, Decision::RetireLogKey { key: key.clone() });
        retire(&new).refused_by("G03");
        retire(&old).unwrap();
        retire(&new).refused_by("G03");
        keeper.work().unwrap();
        let (note, policy) = published(&config);
        assert!(note.verify([&old]).is_err() && note.verify([&new]).is_ok());
        assert_eq!(policy.logs()[0].key, new);
        // The file takes the place of the old one, and the log goes on.
        std::fs::rename(&next_file, &config.log.key).unwrap();
        grow(&f);
        reopened(&f, &config).work().unwrap();
        assert!(published(&config).0.verify([&new]).is_ok());
        let rules = f.sequencer.governance().log.rules.clone();
        assert_eq!(rules.keys[0].last_index, Some(rotated.log_index + 1));
        // A key that has signed once never comes back.
        let (previous, key) = (new.clone(), old.clone());
        f.by_officers(&BOTH, Decision::RotateLogKey { previous, key })
            .refused_by("G03");
    });
}

#[test]
fn without_the_private_key_that_officers_have_let_sign_nothing_is_signed() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        ensure_log_key(&config.log.key).unwrap();
        let previous = verifier_key(&config, &config.log.key).unwrap();
        let secret = SigningKey::from_ed25519_seed(&[3; 32]).unwrap();
        let key = NoteKey::new(previous.name(), secret.verifying_key().clone()).unwrap();
        let mut keeper = keeper(&f, &config);
        let signed = keeper.work().unwrap();
        f.by_officers(&BOTH, Decision::RotateLogKey { previous, key }).unwrap();
        assert!(matches!(keeper.work(), Err(KeeperError::Key(_))));
        assert_eq!(
            f.database.read(|c| checkpoints::heads(c, f.now())).unwrap().newest,
            Some(signed)
        );
        // Once it is there, the head that was claimed is signed.
        let pem = secret.to_pem().unwrap();
        let file = config.log.next_key.clone().unwrap();
        std::fs::write(&file, pem.as_bytes()).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let head = keeper.work().unwrap();
        let note = Note::parse(head.note.unwrap().as_bytes()).unwrap();
        assert_eq!(note.signatures().len(), 2);
    });
}

#[test]
fn a_database_from_before_the_last_signed_head_is_not_signed() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        ensure_log_key(&config.log.key).unwrap();
        let mut keeper_of_before = keeper(&f, &config);
        keeper_of_before.work().unwrap();
        let mark = std::fs::read(config.signed_mark()).unwrap();
        // As if ten leaves more had been signed before the database was restored.
        let text = String::from_utf8(mark.clone()).unwrap();
        let size = f.database.read(checkpoints::leaf_count).unwrap();
        std::fs::write(
            config.signed_mark(),
            text.replace(&format!("\n{size}\n"), &format!("\n{}\n", size + 10)),
        )
        .unwrap();
        let refused = keeper(&f, &config).work();
        assert!(
            matches!(refused, Err(KeeperError::Forked { signed, .. }) if signed == size + 10),
            "{refused:?}"
        );
        // Nor is another history of the same size.
        grow(&f);
        let other = text.replacen(
            text.lines().nth(2).unwrap(),
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            1,
        );
        std::fs::write(config.signed_mark(), other).unwrap();
        assert!(matches!(keeper(&f, &config).work(), Err(KeeperError::Forked { .. })));
        std::fs::write(config.signed_mark(), mark).unwrap();
        keeper(&f, &config).work().unwrap();
    });
}

#[test]
fn a_log_with_another_name_begins_anew() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path());
        ensure_log_key(&config.log.key).unwrap();
        let before = keeper(&f, &config).work().unwrap();
        config.log.origin = Some("tanqiao.test/log/2".to_owned());
        grow(&f);
        let after = keeper(&f, &config).work().unwrap();
        assert!(before.size < after.size);
        let note = published(&config).0;
        assert!(note.text().starts_with("tanqiao.test/log/2\n"));
        assert_eq!(f.database.read(checkpoints::all).unwrap().len(), 1);
    });
}

#[test]
fn a_witness_is_a_key_of_its_own_that_two_officers_admit() {
    on_each_database(|f| {
        f.two_regions();
        let of = |name: &str, seed: u8| {
            let secret = SigningKey::from_ed25519_seed(&[seed; 32]).unwrap();
            NoteKey::of_kind(name, NoteKind::Cosignature, secret.verifying_key().clone()).unwrap()
        };
        let propose = |member: &str, witness_key: NoteKey| {
            f.by_member(member, Body::WitnessKey(Box::new(WitnessKey { witness_key })))
        };
        let wuhan = of("tanqiao.test/witness/wuhan", 1);
        propose("wuhan", of("tanqiao.test/witness/harbin", 1)).refused_by("M02");
        let own = signing_key("wuhan").verifying_key().clone();
        let own = NoteKey::of_kind("tanqiao.test/witness/wuhan", NoteKind::Cosignature, own).unwrap();
        propose("wuhan", own).refused_by("M02");
        let plain = SigningKey::from_ed25519_seed(&[1; 32]).unwrap();
        let plain = NoteKey::new("tanqiao.test/witness/wuhan", plain.verifying_key().clone()).unwrap();
        propose("wuhan", plain).refused_by("M02");
        propose("wuhan", wuhan.clone()).unwrap();
        propose("harbin", of("tanqiao.test/witness/harbin", 1)).refused_by("M02");
        let admit = |officers: &[&str], key: &NoteKey| {
            let (member, key) = (node("wuhan"), key.clone());
            f.by_officers(officers, Decision::AdmitWitness { member, key })
        };
        admit(&BOTH[..1], &wuhan).refused_by("G01");
        admit(&BOTH, &of("tanqiao.test/witness/wuhan", 2)).refused_by("G03");
        admit(&BOTH, &wuhan).unwrap();
        // The same proposal again changes nothing.
        assert_eq!(
            propose("wuhan", wuhan.clone()).unwrap().state.as_deref(),
            Some("admitted")
        );
        assert_eq!(f.sequencer.governance().log.quorum(), 1);
        let quorum = |quorum| f.by_officers(&BOTH, Decision::SetWitnessQuorum { quorum });
        quorum(0).refused_by("G03");
        quorum(2).refused_by("G03");
        quorum(1).unwrap();
        let feed = f.feed("wuhan");
        assert!(feed.contains(&"witness.proposed".to_owned()) && feed.contains(&"witness.admitted".to_owned()));
        let (member, reason) = (node("wuhan"), "gone".to_owned());
        f.by_officers(&BOTH, Decision::RemoveWitness { member, reason })
            .unwrap();
        assert_eq!(f.sequencer.governance().log.quorum(), 0);
        // Another process reads the same from the store.
        let other = f.second_process();
        assert_eq!(other.governance().log, f.sequencer.governance().log);
        other.stop();
    });
}

#[test]
fn what_members_show_of_the_log_stays_until_two_officers_acknowledge_it() {
    on_each_database(|f| {
        f.two_regions();
        let report = |member: &str, size: u64| {
            let note = |root: u8| {
                use base64::Engine as _;
                let root = base64::engine::general_purpose::STANDARD.encode([root; 32]);
                format!("tanqiao.test/log\n{size}\n{root}\n\n— tanqiao.test/log AAAAAAAA\n")
            };
            let fork = LogFork {
                kind: ForkKind::Inconsistent,
                first: note(1),
                second: note(if size > 100 { 2 } else { 1 }),
                detail: "no proof was given".to_owned(),
            };
            f.by_member(member, Body::LogFork(Box::new(fork)))
        };
        let first = report("wuhan", 101).unwrap();
        assert_eq!(first.state.as_deref(), Some("proven"));
        let again = report("harbin", 101).unwrap();
        assert_eq!(again.log_index, first.log_index, "the same notes are one report");
        for size in 1..=4 {
            assert_eq!(report("wuhan", size).unwrap().state.as_deref(), Some("reported"));
        }
        report("wuhan", 5).refused_by("G03");
        report("harbin", 5).unwrap();
        assert_eq!(f.sequencer.governance().log.rules.forks.len(), 6);
        let reason = "looked into".to_owned();
        f.by_officers(&BOTH, Decision::AcknowledgeForks { reason }).unwrap();
        assert!(f.sequencer.governance().log.rules.forks.is_empty());
        report("wuhan", 5).unwrap();
    });
}
