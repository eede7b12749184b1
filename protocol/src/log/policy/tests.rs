use std::fmt::Write as _;

use super::*;
use crate::id::Sha256;
use crate::log::checkpoint::Head;
use crate::log::note::SignatureLine;
use crate::signing::SigningKey;

const ORIGIN: &str = "hub.example/log";

fn secret(number: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[number; 32]).unwrap()
}

fn log_key() -> NoteKey {
    NoteKey::new(ORIGIN, secret(1).verifying_key().clone()).unwrap()
}

fn witness_key(number: u8) -> NoteKey {
    let name = format!("w{number}.example");
    NoteKey::of_kind(
        &name,
        NoteKind::Cosignature,
        secret(100 + number).verifying_key().clone(),
    )
    .unwrap()
}

fn policy(rest: &str) -> Policy {
    let mut text = format!("log {}\n", log_key());
    for number in 1..=6 {
        writeln!(text, "witness W{number} {}", witness_key(number)).unwrap();
    }
    Policy::parse(format!("{text}{rest}").as_bytes()).unwrap()
}

fn checkpoint() -> Checkpoint {
    let head = Head {
        size: 1,
        root: Sha256::of(b"root"),
    };
    Checkpoint::new(ORIGIN, head).unwrap()
}

fn signed(by_log: bool, witnesses: &[u8]) -> Note {
    let text = checkpoint().to_string();
    let mut note = Note::unsigned(&text).unwrap();
    if by_log {
        note.add(SignatureLine::sign(&text, &log_key(), &secret(1)).unwrap())
            .unwrap();
    }
    for &number in witnesses {
        let line = SignatureLine::cosign(&text, &witness_key(number), &secret(100 + number), u64::from(number));
        note.add(line.unwrap()).unwrap();
    }
    note
}

fn accepts(policy: &Policy, by_log: bool, witnesses: &[u8]) -> bool {
    let found = policy.evaluate(&signed(by_log, witnesses), &checkpoint()).unwrap();
    found.accepted()
}

#[test]
fn the_default_quorum_is_that_of_the_table() {
    let table = [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 3),
        (5, 4),
        (7, 5),
        (8, 6),
        (10, 7),
        (31, 21),
        (32, 22),
    ];
    for (witnesses, quorum) in table {
        assert_eq!(default_quorum(witnesses), quorum, "{witnesses}");
    }
    for n in 1..1_000 {
        assert_eq!(default_quorum(n), 1 + 2 * n / 3);
        assert!(default_quorum(n) <= n);
    }
    assert!(default_quorum(usize::MAX) > usize::MAX / 2);
}

#[test]
fn groups_count_their_members() {
    let nested = policy("group X 2 W1 W2 W3\ngroup Y any W4 W5\ngroup all all X Y\nquorum all\n");
    for (witnesses, enough) in [
        (&[1_u8, 2, 4][..], true),
        (&[1, 3, 5], true),
        (&[1, 2, 3, 4, 5, 6], true),
        (&[1, 2, 3], false),
        (&[1, 4, 5], false),
        (&[6], false),
        (&[], false),
    ] {
        assert_eq!(accepts(&nested, true, witnesses), enough, "{witnesses:?}");
        assert!(
            !accepts(&nested, false, witnesses),
            "without the log nothing is accepted"
        );
    }
    let one = policy("quorum W6\n");
    assert!(accepts(&one, true, &[6]) && !accepts(&one, true, &[1, 2, 3, 4, 5]));
    let none = policy("quorum none\n");
    assert!(accepts(&none, true, &[]) && !accepts(&none, false, &[1]));
}

#[test]
fn an_evaluation_says_who_signed_and_when() {
    let policy = policy("group G 3 W1 W2 W3 W4 W5 W6\nquorum G\n");
    let note = signed(true, &[5, 2, 5]);
    let found = policy.evaluate(&note, &checkpoint()).unwrap();
    assert_eq!(found.log, Some(&log_key()));
    let witnesses: Vec<_> = found
        .witnesses
        .iter()
        .map(|one| (one.witness.name.to_string(), one.at))
        .collect();
    assert_eq!(witnesses, [("W2".to_owned(), 2), ("W5".to_owned(), 5)]);
    assert!(!found.quorum, "a witness counts once");
    // Signed by a log of the policy, but under another origin.
    let other = Checkpoint::new("other.example/log", checkpoint().head()).unwrap();
    assert_eq!(policy.evaluate(&note, &other).unwrap().log, None);
    let mut forged = note;
    let text = "another text\n";
    forged
        .add(SignatureLine::cosign(text, &witness_key(3), &secret(103), 3).unwrap())
        .unwrap();
    assert!(matches!(policy.evaluate(&forged, &checkpoint()), Err(NoteError::Signature(name)) if name == "w3.example"));
}

#[test]
fn a_policy_is_read_as_it_is_printed() {
    let text = format!(
        "# of the federation\n\n \t \n log\t{}   https://hub.example/log  \n\twitness 武汉 {} https://w\u{e9}.example\nwitness b {}\n  \
         # indented\ngroup any any 武汉\ngroup 1 all any b\nquorum 1\n",
        log_key(),
        witness_key(1),
        witness_key(2)
    );
    let read = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(read.logs()[0].url.as_deref(), Some(&b"https://hub.example/log"[..]));
    assert_eq!(read.witnesses()[0].name.as_bytes(), "武汉".as_bytes());
    assert_eq!(Policy::parse(&read.print()).unwrap(), read);
    assert!(accepts(&read, true, &[1, 2]) && !accepts(&read, true, &[1]));
    // Names are bytes: this one is GB 18030.
    let mut bytes = b"witness \xce\xe4\xba\xba ".to_vec();
    bytes.extend(format!("{}\nquorum ", witness_key(1)).bytes());
    bytes.extend(b"\xce\xe4\xba\xba\n");
    let read = Policy::parse(&bytes).unwrap();
    assert_eq!(read.print(), bytes);
    let none = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(none.print(), b"quorum none\n");
    assert!(!accepts(&none, true, &[]), "no log is known: nothing is accepted");
}

#[test]
fn a_federation_has_one_log_and_a_threshold() {
    let witnesses = |count| {
        (1..=count)
            .map(|n| (format!("W{n}"), witness_key(n)))
            .collect::<Vec<_>>()
    };
    let made = Policy::of(log_key(), witnesses(4), default_quorum(4)).unwrap();
    assert_eq!(Policy::parse(&made.print()).unwrap(), made);
    assert!(accepts(&made, true, &[1, 2, 4]) && !accepts(&made, true, &[2, 4]));
    assert!(accepts(&Policy::of(log_key(), vec![], 0).unwrap(), true, &[]));
    assert_eq!(Policy::of(log_key(), witnesses(3), 4), Err(PolicyFault::Threshold(3)));
    assert_eq!(Policy::of(log_key(), witnesses(3), 0), Err(PolicyFault::Threshold(3)));
    let same = [witnesses(1), witnesses(1)].concat();
    assert_eq!(Policy::of(log_key(), same, 1), Err(PolicyFault::SameKey("witness")));
    let spaced = vec![("W 1".to_owned(), witness_key(1))];
    assert_eq!(
        Policy::of(log_key(), spaced, 1),
        Err(PolicyFault::Name("W 1".to_owned()))
    );
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one table: each line is a policy and what is said of it"
)]
fn an_error_names_the_line_and_what_to_do() {
    let (log, w1, w2) = (log_key(), witness_key(1), witness_key(2));
    let same_key = NoteKey::of_kind("other", NoteKind::Cosignature, w1.key().clone()).unwrap();
    let same_log = NoteKey::new("other", log.key().clone()).unwrap();
    let head = format!("witness a {w1}\nwitness b {w2}\n");
    for (text, line, says) in [
        (format!("{head}log\n"), 3, "`log <vkey> [<url>]`"),
        (format!("log {log} u u\n"), 1, "`log <vkey> [<url>]`"),
        (format!("log {w1}\n"), 1, "a log needs one for the notes of a log"),
        (
            format!("log {log}\nlog {same_log}\n"),
            2,
            "another log has the same public key",
        ),
        ("log x\n".to_owned(), 1, "not a verifier key"),
        (format!("witness {w1}\n"), 1, "`witness <name> <vkey> [<url>]`"),
        (
            format!("witness a {log}\n"),
            1,
            "a witness needs one for the cosignatures",
        ),
        (
            format!("{head}witness a {}\n", witness_key(3)),
            3,
            "`a` is the name of another",
        ),
        (
            format!("{head}witness c {same_key}\n"),
            3,
            "another witness has the same public key",
        ),
        (format!("witness none {w1}\n"), 1, "`none` cannot be the name"),
        (
            format!("{head}group g 1\n"),
            3,
            "`group <name> <any, all or number> <name>…`",
        ),
        (format!("{head}group g 0 a b\n"), 3, "a number from 1 to 2"),
        (format!("{head}group g 3 a b\n"), 3, "a number from 1 to 2"),
        (format!("{head}group g 01 a b\n"), 3, "a number from 1 to 2"),
        (format!("{head}group g +1 a b\n"), 3, "a number from 1 to 2"),
        (format!("{head}group g Any a b\n"), 3, "a number from 1 to 2"),
        (format!("{head}group a any b\n"), 3, "`a` is the name of another"),
        (
            format!("{head}group g any a a\n"),
            3,
            "`a` is a member of a group already",
        ),
        (
            format!("{head}group g any a\ngroup h any a\n"),
            4,
            "`a` is a member of a group already",
        ),
        (
            format!("{head}group g any g\n"),
            3,
            "no witness or group named `g` is defined above",
        ),
        (
            format!("{head}group g any none\n"),
            3,
            "no witness or group named `none`",
        ),
        (
            format!("quorum a\n{head}"),
            1,
            "no witness or group named `a` is defined above",
        ),
        (format!("{head}quorum a b\n"), 3, "`quorum <name>`"),
        (
            format!("{head}quorum a\nquorum a\n"),
            4,
            "the quorum is defined above already",
        ),
        (format!("{head}\n\nQuorum a\n"), 5, "`Quorum` begins no line"),
        (format!("{head}quorum a"), 3, "does not end with a newline"),
        (format!("{head}quorum a\r\n"), 3, "control characters"),
        ("# \u{7f}\n".to_owned(), 1, "control characters"),
    ] {
        let error = Policy::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("line {line} of the policy: ")) && error.contains(says),
            "{text}{error}"
        );
    }
    assert_eq!(Policy::parse(head.as_bytes()), Err(PolicyError::NoQuorum));
    assert_eq!(Policy::parse(b""), Err(PolicyError::NoQuorum));
    let long = vec![b'#'; POLICY_BYTES_MAX + 1];
    assert_eq!(Policy::parse(&long), Err(PolicyError::Size(POLICY_BYTES_MAX + 1)));
}
