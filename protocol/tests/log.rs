//! The formats of the transparency log against vectors that a second implementation made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "log/vectors.rs"]
mod vectors;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, NoteError, SignatureLine};
use tanqiao_protocol::log::policy::{Policy, PolicyError};
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::{Bundle, Tile, TileBuilder, TileReader, changed_bundles, changed_tiles};
use tanqiao_protocol::log::witness::{AddCheckpoint, judge};
use tanqiao_protocol::merkle::{consistency, consistent, includes, inclusion, root};
use tanqiao_protocol::signing::SigningKey;
use vectors::Vectors;

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/log.json")).unwrap()
}

fn hash(text: &str) -> Sha256 {
    Sha256(STANDARD.decode(text).unwrap().try_into().unwrap())
}

fn hashes(texts: &[String]) -> Vec<Sha256> {
    texts.iter().map(|text| hash(text)).collect()
}

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"index\":{index}}}").into_bytes()
}

/// The tiles and bundles of the vectors' log, under their paths.
fn files(size: u64) -> BTreeMap<String, Vec<u8>> {
    let mut builder = TileBuilder::new();
    (0..size).for_each(|index| builder.add(leaf_hash(&entry(index))));
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (tile, bytes) in builder.take() {
        files.insert(tile.to_string(), bytes);
    }
    for tile in changed_bundles(0, size) {
        let mut bundle = Bundle::new();
        for index in tile.start()..tile.start() + u64::from(tile.width()) {
            bundle.add(&entry(index)).unwrap();
        }
        files.insert(tile.to_string(), bundle.into_bytes());
    }
    files
}

#[test]
fn notes_have_the_signers_that_the_vectors_state() {
    for case in vectors().notes {
        let verified = Note::parse(case.note.as_bytes()).and_then(|note| {
            assert_eq!(note.to_string(), case.note, "{}", case.name);
            let signed = note.verify(&case.known)?;
            Ok(signed
                .into_iter()
                .map(|found| (found.key.clone(), found.at))
                .collect::<Vec<_>>())
        });
        match verified {
            Ok(signed) => assert_eq!((case.error, signed), (None, case.signed), "{}", case.name),
            Err(error) => {
                let stated = case.error.expect(&case.name);
                assert!(format!("{error:?}").starts_with(&stated), "{}: {error:?}", case.name);
            }
        }
    }
}

#[test]
fn cosignatures_are_the_same_to_the_byte() {
    for case in vectors().cosignatures {
        let mut seed = [0; 32];
        hex::decode_to_slice(&case.seed_hex, &mut seed).unwrap();
        let secret = SigningKey::from_ed25519_seed(&seed).unwrap();
        let line = SignatureLine::cosign(&case.text, &case.vkey, &secret, case.at).unwrap();
        assert_eq!(line.to_string(), case.line);
        assert!(line.verify(&case.text, &case.vkey));
    }
}

#[test]
fn checkpoints_are_read_or_refused_as_the_vectors_state() {
    let cases = vectors().checkpoints;
    for case in cases.read {
        let read: Checkpoint = case.text.parse().unwrap();
        assert_eq!(
            (read.origin(), read.size(), *read.root()),
            (&*case.origin, case.size, hash(&case.root))
        );
        assert!(case.text.starts_with(&read.to_string()));
    }
    for text in cases.refused {
        assert!(text.parse::<Checkpoint>().is_err(), "{text:?}");
    }
}

#[test]
fn tiles_and_bundles_are_the_same_to_the_byte() {
    let cases = vectors().tiles;
    for case in cases.growth {
        let found: Vec<String> = changed_tiles(case.old, case.size)
            .map(|tile| tile.to_string())
            .collect();
        assert_eq!(found, case.tiles, "{} to {}", case.old, case.size);
        let found: Vec<String> = changed_bundles(case.old, case.size)
            .map(|tile| tile.to_string())
            .collect();
        assert_eq!(found, case.bundles, "{} to {}", case.old, case.size);
    }
    for path in cases.paths {
        assert_eq!(path.parse::<Tile>().unwrap().to_string(), path);
    }
    for path in cases.refused {
        assert!(path.parse::<Tile>().is_err(), "{path}");
    }
    let whole = cases.seventy_thousand;
    let files = files(whole.size);
    assert_eq!(files.len(), whole.tiles + whole.bundles);
    for content in whole.contents {
        assert_eq!(Sha256::of(&files[&content.path]), content.sha256, "{}", content.path);
    }
    let mut reader = TileReader::new(whole.size, |tile| files.get(&tile.to_string()).cloned().ok_or(tile));
    assert_eq!(root(whole.size, |node| reader.node(node)).unwrap(), hash(&whole.root));
}

#[test]
fn proofs_from_tiles_are_the_same_to_the_byte() {
    let cases = vectors().proofs;
    let mut kept = BTreeMap::new();
    for size in cases
        .inclusion
        .iter()
        .map(|case| case.size)
        .chain(cases.consistency.iter().map(|case| case.size))
    {
        kept.entry(size).or_insert_with(|| files(size));
    }
    let reader = |size| {
        TileReader::new(size, {
            let files = &kept[&size];
            move |tile: Tile| files.get(&tile.to_string()).cloned().ok_or(tile)
        })
    };
    for case in &cases.inclusion {
        let mut reader = reader(case.size);
        let path = inclusion(case.index, case.size, |node| reader.node(node)).unwrap();
        assert_eq!(path, hashes(&case.path), "{} of {}", case.index, case.size);
        assert!(includes(
            &hash(&case.root),
            case.size,
            case.index,
            &entry(case.index),
            &path
        ));
    }
    for case in &cases.consistency {
        let mut reader = reader(case.size);
        let proof = consistency(case.old, case.size, |node| reader.node(node)).unwrap();
        assert_eq!(proof, hashes(&case.proof), "{} to {}", case.old, case.size);
        assert!(consistent(
            case.old,
            &hash(&case.old_root),
            case.size,
            &hash(&case.root),
            &proof
        ));
    }
    for case in &cases.inconsistent {
        let proof = hashes(&case.proof);
        assert!(!consistent(
            case.old,
            &hash(&case.old_root),
            case.size,
            &hash(&case.root),
            &proof
        ));
    }
}

#[test]
fn policies_accept_the_witnesses_that_the_vectors_state() {
    let vectors = vectors();
    let secret = |byte: usize| SigningKey::from_ed25519_seed(&[u8::try_from(byte).unwrap(); 32]).unwrap();
    let head = Head {
        size: 1,
        root: Sha256::of(b""),
    };
    let checkpoint = Checkpoint::new(vectors.keys.log.name(), head).unwrap();
    let text = checkpoint.to_string();
    for case in &vectors.policies.evaluated {
        let policy = Policy::parse(case.policy.as_bytes()).unwrap();
        assert_eq!(Policy::parse(&policy.print()).unwrap(), policy);
        let sets = case
            .accepted
            .iter()
            .map(|set| (set, true))
            .chain(case.refused.iter().map(|set| (set, false)));
        for (set, accepted) in sets {
            let mut note = Note::unsigned(&text).unwrap();
            note.add(SignatureLine::sign(&text, &vectors.keys.log, &secret(1)).unwrap())
                .unwrap();
            for number in set {
                let key = &vectors.keys.witnesses[number - 1];
                note.add(SignatureLine::cosign(&text, key, &secret(10 + number), 1).unwrap())
                    .unwrap();
            }
            let found = policy.evaluate(&note, &checkpoint).unwrap();
            assert_eq!(found.accepted(), accepted, "{}: {set:?}", case.name);
        }
    }
    for case in &vectors.policies.refused {
        let line = match Policy::parse(case.policy.as_bytes()).unwrap_err() {
            PolicyError::Line { line, .. } => Some(line),
            PolicyError::NoQuorum | PolicyError::Size(_) => None,
        };
        assert_eq!(line, case.line, "{}", case.policy);
    }
}

#[test]
fn receipts_prove_what_the_vectors_state() {
    let cases = vectors().receipts;
    for case in cases.verified {
        let policy = Policy::parse(case.policy.as_bytes()).unwrap();
        let receipt = Receipt::parse(case.receipt.as_bytes()).unwrap();
        assert_eq!(receipt.to_string(), case.receipt, "{}", case.name);
        let proven = receipt.verify(case.entry.as_bytes(), &policy).unwrap();
        let found = &proven.evaluation;
        assert_eq!(
            (proven.included, found.log.is_some(), found.quorum),
            (case.included, case.log, case.quorum),
            "{}",
            case.name
        );
        let witnesses: Vec<String> = found.witnesses.iter().map(|one| one.witness.name.to_string()).collect();
        assert_eq!(witnesses, case.witnesses, "{}", case.name);
        assert_eq!(proven.complete(), case.included && case.log && case.quorum);
        // A witness's line that was tampered with refuses the receipt.
        let forged = case.receipt.replace("\n300\n", "\n301\n");
        let forged = Receipt::parse(forged.as_bytes()).unwrap();
        assert!(matches!(
            forged.verify(case.entry.as_bytes(), &policy),
            Err(NoteError::Signature(_))
        ));
    }
    for text in cases.refused {
        assert!(Receipt::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn witnesses_answer_as_the_vectors_state() {
    let vectors = vectors();
    for case in vectors.witness.judged {
        let request = AddCheckpoint::parse(case.request.as_bytes()).unwrap();
        assert_eq!(request.to_string(), case.request, "{}", case.name);
        let last = case.last.map(|last| Head {
            size: last.size,
            root: hash(&last.root),
        });
        let verdict = judge(last, &request, &vectors.keys.log);
        assert_eq!(
            (verdict.status(), verdict.is_evidence()),
            (case.status, case.evidence),
            "{}",
            case.name
        );
    }
    for text in vectors.witness.refused {
        assert!(AddCheckpoint::parse(text.as_bytes()).is_err(), "{text}");
    }
}
