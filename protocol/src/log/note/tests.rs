use super::*;
use crate::signing::Algorithm;

/// The example of the specification of signed notes.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// Two heads of Go's checksum database, as it served them.
const GO_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const GO: [&str; 2] = [
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n— sum.golang.org \
     Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n",
    "go.sum database tree\n65664258\nWVVNVD2qx+fTq31zkj6UAqxT5X6HvGphGM+o8Thnbsg=\n\n— sum.golang.org \
     Az3grligJmgX7KGyGPKybykNTh3VgsbLvUuvOwrM5zLVlulmFp2wdvbxOw74/gcNxURShXEpb7RXcs3+BYflYN+w0gQ=\n",
];

/// A head of a log of Certificate Transparency with cosignatures of public witnesses, and a signature of a kind (0x05) that
/// is not known here.
const WITNESSED: &str = "arche2025h1.staging.ct.transparency.dev\n1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIg\
    IpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev \
    ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — transparency.dev/DEV:witness-little-garden \
    2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    — witness1.smartit.nu/witness1 \
    pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n\
    — remora.n621.de \
    2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n\
    — witness.stagemole.eu \
    Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
const WITNESSED_KEYS: [&str; 5] = [
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
];

fn keys(texts: &[&str]) -> Vec<NoteKey> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn note(text: &str) -> Note {
    Note::parse(text.as_bytes()).unwrap()
}

#[test]
fn notes_that_others_have_signed_verify_and_stay_as_they_are() {
    for (key, text) in [(EXAMPLE_KEY, EXAMPLE), (GO_KEY, GO[0]), (GO_KEY, GO[1])] {
        let (known, read) = (keys(&[key]), note(text));
        assert_eq!(read.to_string(), text);
        assert_eq!(
            read.verify(&known).unwrap(),
            [Signed {
                key: &known[0],
                at: None
            }]
        );
        assert_eq!(known[0].to_string(), key);
    }
}

#[test]
fn a_checkpoint_of_a_public_log_verifies_with_its_public_witnesses() {
    let (known, read) = (keys(&WITNESSED_KEYS), note(WITNESSED));
    assert_eq!(read.to_string(), WITNESSED);
    let signed = read.verify(&known).unwrap();
    let names: Vec<&str> = signed.iter().map(|found| found.key.name()).collect();
    let expected: Vec<&str> = known.iter().map(NoteKey::name).collect();
    assert_eq!(names, expected);
    assert_eq!(signed[0].at, None);
    assert!(signed[1..].iter().all(|found| found.at == Some(0x6a12_2120)));
    // One digit of the size: every key that is known refuses.
    let other = note(&WITNESSED.replace("1432088532", "1432088533"));
    for key in &known {
        assert!(matches!(other.verify([key]), Err(NoteError::Signature(name)) if name == key.name()));
    }
}

fn pair(algorithm: Algorithm, name: &str, kind: NoteKind) -> (NoteKey, SigningKey) {
    let secret = SigningKey::generate(algorithm).unwrap();
    let key = NoteKey::of_kind(name, kind, secret.verifying_key().clone()).unwrap();
    (key, secret)
}

#[test]
fn log_witness_and_sm2_sign_one_note() {
    let text = "hub.example/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let (log, log_secret) = pair(Algorithm::Ed25519, "hub.example/log", NoteKind::Note);
    let (witness, witness_secret) = pair(Algorithm::Ed25519, "wuhan.example/witness", NoteKind::Cosignature);
    let (sm2, sm2_secret) = pair(Algorithm::Sm2, "hub.example/log", NoteKind::NoteSm2);
    let mut signed = Note::unsigned(text).unwrap();
    signed
        .add(SignatureLine::sign(text, &log, &log_secret).unwrap())
        .unwrap();
    signed
        .add(SignatureLine::sign(text, &sm2, &sm2_secret).unwrap())
        .unwrap();
    signed
        .add(SignatureLine::cosign(text, &witness, &witness_secret, 1_790_000_000).unwrap())
        .unwrap();
    let read = note(&signed.to_string());
    assert_eq!(read, signed);
    let known = [witness.clone(), log.clone(), sm2.clone()];
    let found = read.verify(&known).unwrap();
    assert_eq!(
        found.iter().map(|one| one.key).collect::<Vec<_>>(),
        [&log, &sm2, &witness]
    );
    assert_eq!(
        found.iter().map(|one| one.at).collect::<Vec<_>>(),
        [None, None, Some(1_790_000_000)]
    );
    for key in &known {
        assert_eq!(key.to_string().parse::<NoteKey>().unwrap(), *key);
        assert_eq!(
            read.verify([key]).unwrap().len(),
            1,
            "the others are unknown then, and ignored"
        );
    }
    // The time of a cosignature is signed too.
    let mut moved = signed.signatures()[2].clone();
    moved.signature[7] ^= 1;
    assert!(signed.signatures()[2].verify(text, &witness) && !moved.verify(text, &witness));
    moved.signature[7] ^= 1;
    moved.signature[0] |= 0x80;
    assert!(!moved.verify(text, &witness), "beyond 2^63 - 1");
}

#[test]
fn a_key_signs_what_its_kind_is_for_and_nothing_else() {
    let text = "text\n";
    let (log, secret) = pair(Algorithm::Ed25519, "hub.example/log", NoteKind::Note);
    let witness = NoteKey::of_kind("hub.example/log", NoteKind::Cosignature, secret.verifying_key().clone()).unwrap();
    assert_ne!(log.id(), witness.id());
    assert!(matches!(
        SignatureLine::cosign(text, &log, &secret, 1),
        Err(NoteError::Kind(_))
    ));
    assert!(matches!(
        SignatureLine::sign(text, &witness, &secret),
        Err(NoteError::Kind(_))
    ));
    assert!(matches!(
        SignatureLine::cosign(text, &witness, &secret, 1 << 63),
        Err(NoteError::Kind(_))
    ));
    let other = SigningKey::generate(Algorithm::Ed25519).unwrap();
    assert!(matches!(
        SignatureLine::sign(text, &log, &other),
        Err(NoteError::OtherKey(_))
    ));
    let mut line = SignatureLine::sign(text, &log, &secret).unwrap();
    line.id = witness.id();
    assert!(!line.verify(text, &witness), "a signature without a time");
    for kind in [NoteKind::Note, NoteKind::Cosignature] {
        let sm2 = SigningKey::generate(Algorithm::Sm2).unwrap();
        assert!(NoteKey::of_kind("hub.example/log", kind, sm2.verifying_key().clone()).is_err());
    }
}

#[test]
fn unknown_keys_are_ignored_and_a_known_keys_bad_signature_refuses_the_note() {
    let text = "text\n";
    let (known, secret) = pair(Algorithm::Ed25519, "a", NoteKind::Note);
    let (same_name, other_secret) = pair(Algorithm::Ed25519, "a", NoteKind::Note);
    let mut signed = Note::unsigned(text).unwrap();
    let good = SignatureLine::sign(text, &known, &secret).unwrap();
    let mut unknown = SignatureLine::sign(text, &same_name, &other_secret).unwrap();
    unknown.signature[5] ^= 1;
    signed.add(unknown.clone()).unwrap();
    assert!(
        matches!(signed.verify([&known]), Err(NoteError::Unsigned)),
        "the name alone is not the key"
    );
    assert!(matches!(signed.verify([&same_name]), Err(NoteError::Signature(_))));
    signed.add(good.clone()).unwrap();
    signed.add(good.clone()).unwrap();
    assert_eq!(signed.signatures().len(), 2, "the same line is added once");
    assert_eq!(
        signed.verify([&known, &known]).unwrap().len(),
        1,
        "the same key given twice is one key"
    );
    let mut bad = good;
    bad.signature[5] ^= 1;
    signed.add(bad).unwrap();
    assert!(matches!(signed.verify([&known]), Err(NoteError::Signature(name)) if name == "a"));
    let collides = same_name.with_id(known.id());
    assert!(matches!(
        signed.verify([&known, &collides]),
        Err(NoteError::Ambiguous(_))
    ));
}

#[test]
fn only_notes_are_read_as_notes() {
    let line = EXAMPLE.lines().last().unwrap();
    let shape = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(Note::parse(b"\xff\n\n"), Err(NoteError::Characters)));
    for text in ["", "text", "text\n", "text\n\n", "text\n\nx", EXAMPLE.trim_end()] {
        assert!(matches!(shape(text), NoteError::Shape | NoteError::Line(1)), "{text:?}");
    }
    for broken in [
        line.replace('—', "-"),
        line.replace("— ", "—"),
        line.replace("— ", "—  "),
        line.replace("foo ", "foo  "),
        line.replace("foo ", "foo\u{a0}"),
        line.replace("foo", "f+o"),
        line.replace("foo", "f\u{3000}o"),
        line.replace("example.com/foo", ""),
        line.replace("aQM=", "aQM"),
        line.replace("aQM=", "aQN="),
        line.replace("aQM=", "aQM= "),
        "— example.com/foo Uw2QOg==".to_owned(),
        "— example.com/foo Uw2Q".to_owned(),
        "— example.com/foo".to_owned(),
    ] {
        let text = format!("text\n\n{line}\n{broken}\n");
        assert!(matches!(shape(&text), NoteError::Line(2)), "{text:?}");
    }
    for text in ["te\0xt\n", "te\txt\n", "te\rxt\n"] {
        assert!(
            matches!(shape(&format!("{text}\n{line}\n")), NoteError::Characters),
            "{text:?}"
        );
        assert!(matches!(Note::unsigned(text), Err(NoteError::Characters)));
    }
    assert!(matches!(Note::unsigned("text"), Err(NoteError::Text)));
    // The last empty line separates: a text may have some.
    let read = note(&format!("one\n\ntwo\n\n\n{line}\n"));
    assert_eq!(read.text(), "one\n\ntwo\n\n");
    let nothing = note(&format!("\n\n{line}\n"));
    assert_eq!(nothing.text(), "\n");
}

#[test]
fn a_note_has_a_limit() {
    let line = EXAMPLE.lines().last().unwrap();
    let most = format!("text\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX));
    assert_eq!(note(&most).signatures().len(), SIGNATURES_MAX);
    assert_eq!(note(&most).to_string(), most, "equal lines survive");
    assert!(matches!(
        Note::parse(format!("{most}{line}\n").as_bytes()),
        Err(NoteError::Signatures)
    ));
    let mut full = note(&most);
    let other: SignatureLine = "— other AAAAAAA=".parse().unwrap();
    assert!(matches!(full.add(other), Err(NoteError::Signatures)));
    let long = format!("{}\n\n{line}\n", "x".repeat(NOTE_BYTES_MAX));
    assert!(matches!(Note::parse(long.as_bytes()), Err(NoteError::Size(_))));
}

#[test]
fn lines_of_unknown_kinds_survive() {
    let text = format!("text\n\n— a {}\n— b.c/文 AAAAAAA=\n", STANDARD.encode([0xff; 3_000]));
    assert_eq!(note(&text).to_string(), text);
    assert_eq!(signature_lines("— a AAAAAAA=\n").unwrap()[0].signature(), [0]);
    assert!(signature_lines("").is_err() && signature_lines("— a AAAAAAA=\n\n").is_err());
}
