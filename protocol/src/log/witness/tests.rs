use std::convert::Infallible;

use super::*;
use crate::leaf::leaf_hash;
use crate::log::note::SignatureLine;
use crate::merkle::{Node, RootBuilder, consistency};
use crate::signing::SigningKey;

const ORIGIN: &str = "hub.example/log";

fn secret() -> SigningKey {
    SigningKey::from_ed25519_seed(&[1; 32]).unwrap()
}

fn log() -> NoteKey {
    NoteKey::new(ORIGIN, secret().verifying_key().clone()).unwrap()
}

/// A log's history: `b'a'` for the true one, another letter for a fork.
fn head(history: u8, size: u64) -> Head {
    let mut root = RootBuilder::new();
    (0..size).for_each(|n| root.add(&[&[history][..], &n.to_be_bytes()].concat()));
    Head {
        size,
        root: root.root(),
    }
}

fn proof(history: u8, old: u64, size: u64) -> Vec<Sha256> {
    let read = |node: Node| {
        let mut root = RootBuilder::new();
        for n in node.index << node.level..(node.index + 1) << node.level {
            root.add_hash(leaf_hash(&[&[history][..], &n.to_be_bytes()].concat()));
        }
        Ok::<_, Infallible>(root.root())
    };
    consistency(old, size, read).unwrap()
}

fn note(head: Head) -> Note {
    let text = Checkpoint::new(ORIGIN, head).unwrap().to_string();
    let mut note = Note::unsigned(&text).unwrap();
    note.add(SignatureLine::sign(&text, &log(), &secret()).unwrap())
        .unwrap();
    note
}

fn request(old: u64, proof: Vec<Sha256>, head: Head) -> AddCheckpoint {
    AddCheckpoint::new(old, proof, note(head)).unwrap()
}

fn verdict(last: Option<Head>, old: u64, proof: Vec<Sha256>, head: Head) -> Verdict {
    judge(last, &request(old, proof, head), &log())
}

#[test]
fn a_witness_signs_what_grows_from_what_it_signed() {
    let mut last = None;
    for (old, size) in [(0, 0), (0, 1), (1, 1), (1, 7), (7, 8), (8, 21)] {
        let next = head(b'a', size);
        let found = verdict(last, old, proof(b'a', old, size), next);
        assert_eq!((found, found.status()), (Verdict::Sign(next), 200), "{old} to {size}");
        last = Some(next);
    }
}

#[test]
fn a_witness_answers_everything_else_as_the_specification_says() {
    let (seven, nine) = (head(b'a', 7), head(b'a', 9));
    let good = || proof(b'a', 7, 9);
    let stale = |size| Verdict::Stale { size, fork: false };
    for (last, old, proof, head, expected, status) in [
        (Some(seven), 10, vec![], nine, Verdict::Backwards, 400),
        (Some(seven), 5, proof(b'a', 5, 9), nine, stale(7), 409),
        (Some(seven), 0, vec![], nine, stale(7), 409),
        (Some(nine), 7, good(), nine, stale(9), 409),
        (Some(nine), 5, vec![], head(b'a', 7), stale(9), 409),
        (Some(nine), 9, vec![], seven, Verdict::Backwards, 400),
        (None, 7, good(), nine, stale(0), 409),
        (None, 0, good(), nine, Verdict::BadProof, 422),
        (Some(seven), 7, vec![], nine, Verdict::BadProof, 422),
        (Some(seven), 7, good(), head(b'b', 9), Verdict::BadProof, 422),
        (Some(seven), 7, proof(b'b', 7, 9), head(b'b', 9), Verdict::BadProof, 422),
        (Some(seven), 7, good(), seven, Verdict::BadProof, 422),
        (Some(seven), 7, vec![], head(b'b', 7), Verdict::Fork, 422),
        (
            None,
            0,
            vec![],
            Head {
                size: 0,
                root: nine.root,
            },
            Verdict::BadProof,
            422,
        ),
        (
            Some(seven),
            3,
            proof(b'b', 3, 7),
            head(b'b', 7),
            Verdict::Stale { size: 7, fork: true },
            409,
        ),
    ] {
        let found = verdict(last, old, proof, head);
        assert_eq!((found, found.status()), (expected, status), "{last:?} {old} {head:?}");
        assert_eq!(
            found.is_evidence(),
            matches!(found, Verdict::Fork | Verdict::Stale { fork: true, .. })
        );
    }
}

#[test]
fn a_witness_believes_the_logs_own_signature_only() {
    let one = head(b'a', 1);
    let good = request(0, vec![], one);
    let renamed = NoteKey::new("other.example/log", secret().verifying_key().clone()).unwrap();
    assert_eq!(judge(None, &good, &renamed), Verdict::UnknownOrigin);
    assert_eq!(Verdict::UnknownOrigin.status(), 404);
    let stranger = SigningKey::from_ed25519_seed(&[2; 32]).unwrap();
    let other = NoteKey::new(ORIGIN, stranger.verifying_key().clone()).unwrap();
    assert_eq!(judge(None, &good, &other), Verdict::Unsigned);
    let forged = good
        .to_string()
        .replace(&line::encode(&one.root), &line::encode(&head(b'b', 1).root));
    let forged = AddCheckpoint::parse(forged.as_bytes()).unwrap();
    assert_eq!(judge(None, &forged, &log()), Verdict::Unsigned);
    assert_eq!(Verdict::Unsigned.status(), 403);
}

#[test]
fn a_request_is_read_as_it_is_written() {
    let request = request(7, proof(b'a', 7, 9), head(b'a', 9));
    assert_eq!(AddCheckpoint::parse(request.to_string().as_bytes()).unwrap(), request);
    assert_eq!((request.old(), request.checkpoint().size()), (7, 9));
    // The specification's own example.
    let example = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\nexample.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa \
        Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    let read = AddCheckpoint::parse(example.as_bytes()).unwrap();
    assert_eq!((read.old(), read.to_string().as_str()), (20_852_014, example));
}

#[test]
fn only_requests_are_read() {
    let text = request(7, proof(b'a', 7, 9), head(b'a', 9)).to_string();
    let error = |text: &str| AddCheckpoint::parse(text.as_bytes()).unwrap_err();
    for old in [
        "old 07",
        "old",
        "old  7",
        "old -7",
        "Old 7",
        "old 7 ",
        "7",
        "old 18446744073709551616",
    ] {
        assert!(
            matches!(error(&text.replacen("old 7", old, 1)), RequestError::Old),
            "{old}"
        );
    }
    let hash = line::encode(&Sha256::of(b""));
    let most = |count| text.replacen("old 7\n", &format!("old 7\n{}", format!("{hash}\n").repeat(count)), 1);
    let own = request(7, proof(b'a', 7, 9), head(b'a', 9)).proof.len();
    assert!(AddCheckpoint::parse(most(PROOF_MAX - own).as_bytes()).is_ok());
    assert!(matches!(error(&most(PROOF_MAX - own + 1)), RequestError::Proof));
    assert!(matches!(
        error(&text.replacen("old 7\n", "old 7\nAAAA\n", 1)),
        RequestError::Proof
    ));
    assert!(matches!(
        error(&text.replacen("\n9\n", "\n09\n", 1)),
        RequestError::Checkpoint(_)
    ));
    assert!(matches!(error(text.trim_end()), RequestError::Note(_)));
    assert!(matches!(
        error(&"x".repeat(REQUEST_BYTES_MAX + 1)),
        RequestError::Size(_)
    ));
    let long = vec![Sha256::of(b""); PROOF_MAX + 1];
    assert!(matches!(
        AddCheckpoint::new(0, long, note(head(b'a', 1))),
        Err(RequestError::Proof)
    ));
}
