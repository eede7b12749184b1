use super::*;
use crate::log::checkpoint::Head;
use crate::log::note::SignatureLine;
use crate::merkle::ProofBuilder;
use crate::signing::{NoteKey, NoteKind, SigningKey};

const ORIGIN: &str = "hub.example/log";

fn secret(number: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[number; 32]).unwrap()
}

fn witness(number: u8) -> NoteKey {
    let name = format!("w{number}.example");
    NoteKey::of_kind(&name, NoteKind::Cosignature, secret(number).verifying_key().clone()).unwrap()
}

fn log() -> NoteKey {
    NoteKey::new(ORIGIN, secret(1).verifying_key().clone()).unwrap()
}

fn policy() -> Policy {
    let witnesses = (2..=4).map(|n| (format!("W{n}"), witness(n))).collect();
    Policy::of(log(), witnesses, 2).unwrap()
}

fn entry(index: u64) -> Vec<u8> {
    format!(r#"{{"index":{index}}}"#).into_bytes()
}

/// For the third of eleven entries, signed by the log if it is to, and by these witnesses.
fn receipt(by_log: bool, witnesses: &[u8]) -> Receipt {
    let mut builder = ProofBuilder::new(vec![2]);
    (0..11).for_each(|index| builder.add(&entry(index)));
    let (root, paths) = builder.finish();
    let text = Checkpoint::new(ORIGIN, Head { size: 11, root }).unwrap().to_string();
    let mut note = Note::unsigned(&text).unwrap();
    if by_log {
        note.add(SignatureLine::sign(&text, &log(), &secret(1)).unwrap())
            .unwrap();
    }
    for &number in witnesses {
        note.add(SignatureLine::cosign(&text, &witness(number), &secret(number), 1_790_000_000).unwrap())
            .unwrap();
    }
    Receipt::new(2, paths[0].1.clone(), note).unwrap()
}

#[test]
fn a_receipt_says_what_it_proves() {
    let (policy, whole) = (policy(), receipt(true, &[2, 4]));
    let read = Receipt::parse(whole.to_string().as_bytes()).unwrap();
    assert_eq!(read, whole);
    let entry = entry(2);
    let proven = read.verify(&entry, &policy).unwrap();
    assert!(proven.complete() && proven.included && proven.evaluation.quorum);
    assert_eq!((proven.index, proven.checkpoint.size()), (2, 11));
    let names: Vec<String> = proven
        .evaluation
        .witnesses
        .iter()
        .map(|one| one.witness.name.to_string())
        .collect();
    assert_eq!(names, ["W2", "W4"]);

    let other_entry = read.verify(b"another entry", &policy).unwrap();
    assert!(!other_entry.included && other_entry.evaluation.accepted() && !other_entry.complete());
    let few = receipt(true, &[3]);
    let few = few.verify(&entry, &policy).unwrap();
    assert!(few.included && few.evaluation.log.is_some() && !few.evaluation.quorum && !few.complete());
    let not_by_log = receipt(false, &[2, 3, 4]);
    let not_by_log = not_by_log.verify(&entry, &policy).unwrap();
    assert!(not_by_log.included && not_by_log.evaluation.quorum && !not_by_log.complete());
}

#[test]
fn no_changed_character_of_a_receipt_passes() {
    let (policy, text) = (policy(), receipt(true, &[2, 4]).to_string());
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] ^= 1;
        let complete = Receipt::parse(&changed)
            .is_ok_and(|read| read.verify(&entry(2), &policy).is_ok_and(|proven| proven.complete()));
        assert!(!complete, "byte {place}");
    }
}

#[test]
fn extra_data_is_carried_and_proves_nothing() {
    for extra in [&b""[..], b"opaque \xff"] {
        let with = receipt(true, &[2, 3]).with_extra(extra.to_vec()).unwrap();
        let text = with.to_string();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        let read = Receipt::parse(text.as_bytes()).unwrap();
        assert_eq!((&read, read.extra()), (&with, Some(extra)));
        assert!(read.verify(&entry(2), &policy()).unwrap().complete());
    }
    let long = vec![0; EXTRA_BYTES_MAX + 1];
    assert!(matches!(receipt(true, &[]).with_extra(long), Err(ReceiptError::Extra)));
}

#[test]
fn only_receipts_are_read() {
    let text = receipt(true, &[2]).to_string();
    let error = |text: String| Receipt::parse(text.as_bytes()).unwrap_err();
    let first = text.lines().nth(2).unwrap();
    assert!(matches!(error(text.replace("@v1", "@v2")), ReceiptError::Header));
    assert!(matches!(
        error(text.replace("index 2", "extra !\nindex 2")),
        ReceiptError::Extra
    ));
    assert!(matches!(
        error("c2sp.org/tlog-proof@v1\nextra AA==".to_owned()),
        ReceiptError::Extra
    ));
    for index in [
        "index 02",
        "index  2",
        "index +2",
        "index -2",
        "index",
        "Index 2",
        "index 2 ",
        "index 18446744073709551616",
    ] {
        assert!(
            matches!(error(text.replace("index 2", index)), ReceiptError::Index),
            "{index}"
        );
    }
    assert!(matches!(
        error(text.replace("index 2", "index 2\nextra AA==")),
        ReceiptError::Path
    ));
    assert!(
        matches!(error(text.replace(first, "AAAA")), ReceiptError::Path),
        "not 32 bytes"
    );
    assert!(matches!(
        error(text.replace(first, &vec![first; 62].join("\n"))),
        ReceiptError::Path
    ));
    assert!(matches!(
        error(text.replace("\n11\n", "\n011\n")),
        ReceiptError::Checkpoint(_)
    ));
    assert!(matches!(
        error(text.replace(ORIGIN, "")),
        ReceiptError::Note(_) | ReceiptError::Checkpoint(_)
    ));
    assert!(matches!(
        error("x".repeat(RECEIPT_BYTES_MAX + 1)),
        ReceiptError::Size(_)
    ));
    let bare = Note::unsigned(receipt(true, &[]).note().text()).unwrap();
    assert!(matches!(
        Receipt::new(0, Vec::new(), bare),
        Err(ReceiptError::Note(NoteError::Unsigned))
    ));
}

#[test]
fn a_log_of_one_entry_has_receipts_without_a_path() {
    let mut root = crate::merkle::RootBuilder::new();
    root.add(b"only");
    let text = Checkpoint::new(
        ORIGIN,
        Head {
            size: 1,
            root: root.root(),
        },
    )
    .unwrap()
    .to_string();
    let mut note = Note::unsigned(&text).unwrap();
    note.add(SignatureLine::sign(&text, &log(), &secret(1)).unwrap())
        .unwrap();
    let receipt = Receipt::new(0, Vec::new(), note).unwrap();
    assert!(
        receipt
            .to_string()
            .starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nhub.example/log\n1\n")
    );
    let read = Receipt::parse(receipt.to_string().as_bytes()).unwrap();
    let policy = Policy::of(log(), Vec::new(), 0).unwrap();
    assert!(read.verify(b"only", &policy).unwrap().complete());
}
