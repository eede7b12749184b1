//! The inputs of fingerprint tokens: the vectors, and a second implementation in Python that has to agree with this one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use tanqiao_protocol::fingerprint::{
    ActivityFacts, EvidenceClass, EvidenceError, HmacSm3Key, IdentifierError, LocalFunction as _, RecordTime,
    SubjectError, SubjectKey, SubjectKind, canonical_identifier, token_inputs,
};

const VECTORS: &str = include_str!("../vectors/fingerprint.json");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fingerprint_inputs.py");

#[derive(Deserialize)]
struct Vectors {
    hmac_sm3_key_hex: String,
    identifiers: Vec<Identifier>,
    subjects: Vec<Subject>,
    activities: Vec<Activity>,
}

#[derive(Deserialize)]
struct Identifier {
    text: String,
    canonical: Option<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct Subject {
    text: String,
    kind_named: Option<SubjectKind>,
    kind: Option<SubjectKind>,
    canonical: Option<String>,
    refused: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Activity {
    name: String,
    #[serde(flatten)]
    record: Record,
    #[serde(flatten)]
    result: Outcome,
}

/// What a platform says of one activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    activity: String,
    start: String,
    end: String,
    source: Option<String>,
    record: Option<String>,
    asset: Option<String>,
    subject: Option<String>,
    subject_kind: Option<SubjectKind>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Outcome {
    #[serde(default)]
    inputs: Vec<Input>,
    refused: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Input {
    kind: String,
    epoch: String,
    bytes_hex: String,
    /// The token of suite `hmac-sm3` under the key of the vectors; the second implementation's stream has none.
    token: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).unwrap()
}

fn identifier_word(why: IdentifierError) -> &'static str {
    match why {
        IdentifierError::Empty => "empty",
        IdentifierError::Invisible => "invisible",
        IdentifierError::Long => "long",
    }
}

fn subject_word(why: SubjectError) -> &'static str {
    match why {
        SubjectError::Identifier(why) => identifier_word(why),
        SubjectError::Kind(_) => "kind",
        SubjectError::CheckCharacter => "check-character",
    }
}

fn evidence_word(why: EvidenceError) -> String {
    match why {
        EvidenceError::Missing { kind, .. } => format!("missing {kind}"),
        EvidenceError::Identifier { why, .. } => identifier_word(why).to_owned(),
        EvidenceError::Order => "order".to_owned(),
        EvidenceError::Epoch => "epoch".to_owned(),
        EvidenceError::ShortPeriod => "short-period".to_owned(),
        EvidenceError::LongPeriod => "long-period".to_owned(),
    }
}

fn subject_of(kind: Option<SubjectKind>, text: &str) -> Result<SubjectKey, SubjectError> {
    match kind {
        Some(kind) => SubjectKey::of_kind(kind, text),
        None => text.parse(),
    }
}

/// What this implementation makes of a record.
fn outcome(record: &Record, key: Option<&HmacSm3Key>) -> Outcome {
    let refused = |word: String| Outcome {
        refused: Some(word),
        ..Outcome::default()
    };
    let subject = record
        .subject
        .as_deref()
        .map(|text| subject_of(record.subject_kind, text));
    let subject = match subject.transpose() {
        Ok(subject) => subject,
        Err(why) => return refused(subject_word(why).to_owned()),
    };
    let facts = ActivityFacts {
        activity: &record.activity.parse().unwrap(),
        start: record.start.parse().unwrap(),
        end: record.end.parse().unwrap(),
        source: record.source.as_deref(),
        record: record.record.as_deref(),
        asset: record.asset.as_deref(),
        subject: subject.as_ref(),
    };
    match token_inputs(&facts) {
        Err(why) => refused(evidence_word(why)),
        Ok(inputs) => Outcome {
            inputs: inputs
                .iter()
                .map(|input| Input {
                    kind: input.kind.to_string(),
                    epoch: input.epoch.to_string(),
                    bytes_hex: hex::encode(&*input.bytes),
                    token: key.map(|key| key.token(input.epoch, input.kind, &input.bytes).to_string()),
                })
                .collect(),
            refused: None,
        },
    }
}

#[test]
fn identifiers_are_spelt_and_refused_as_the_vectors_say() {
    for case in vectors().identifiers {
        let found = canonical_identifier(&case.text);
        assert_eq!(found.as_deref().ok(), case.canonical.as_ref(), "{:?}", case.text);
        assert_eq!(
            found.err().map(identifier_word),
            case.refused.as_deref(),
            "{:?}",
            case.text
        );
    }
}

#[test]
fn subjects_are_read_and_refused_as_the_vectors_say() {
    for case in vectors().subjects {
        let found = subject_of(case.kind_named, &case.text);
        let read = found.as_ref().ok();
        assert_eq!(read.map(SubjectKey::kind), case.kind, "{:?}", case.text);
        assert_eq!(
            read.map(SubjectKey::expose),
            case.canonical.as_deref(),
            "{:?}",
            case.text
        );
        assert_eq!(
            found.err().map(subject_word),
            case.refused.as_deref(),
            "{:?}",
            case.text
        );
    }
}

#[test]
fn activities_give_the_inputs_and_tokens_of_the_vectors() {
    let vectors = vectors();
    let mut key = [0; 32];
    hex::decode_to_slice(&vectors.hmac_sm3_key_hex, &mut key).unwrap();
    let key = HmacSm3Key::new(key);
    for case in &vectors.activities {
        assert_eq!(outcome(&case.record, Some(&key)), case.result, "{}", case.name);
    }
    let of = |name: &str| {
        &vectors
            .activities
            .iter()
            .find(|case| case.name.starts_with(name))
            .unwrap()
            .result
            .inputs
    };
    let share = |a: &[Input], b: &[Input], kind: &str| a.iter().any(|one| one.kind == kind && b.contains(one));
    let (one, other) = (of("a metro ride"), of("the same ride"));
    assert!(share(one, other, "S") && !share(one, other, "R"));
    let (one, other) = (of("a charging session"), of("the same session"));
    assert!(share(one, other, "R") && share(one, other, "A"));
}

/// Python 3, or nothing outside CI.
fn python() -> Option<Command> {
    let found = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    assert!(found || !ci, "python3 is not installed: tests/run installs it");
    if !found {
        eprintln!("python3 is not installed, so that nothing is compared: tests/run installs it");
        return None;
    }
    let mut command = Command::new("python3");
    command
        .arg(SCRIPT)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8");
    Some(command)
}

#[test]
fn a_second_implementation_computes_the_same_vectors() {
    let Some(mut python) = python() else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/fingerprint.json");
    let output = python.arg("check").arg(path).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("0 differ"), "{said}");
}

/// Texts of what people type and of what nobody types, in characters that every version of Unicode in use knows.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9]{1,12}",
        2 => "[a-z0-9 \\-_:/\u{3000}\u{a0}\u{2013}]{0,14}",
        2 => "[\u{4e00}-\u{9fa5}\u{ff01}-\u{ff5e}]{1,8}",
        1 => "[\u{a0}-\u{17f}\u{391}-\u{3a1}\u{3b1}-\u{3c9}\u{300}-\u{315}\u{1100}-\u{1112}\u{1161}-\u{1175}\u{2460}-\u{2473}\u{fb00}-\u{fb06} -]{1,8}",
        1 => "[\u{0}-\u{20}\u{7f}-\u{a0}\u{200b}-\u{200f}\u{2028}\u{2029}\u{feff}a]{1,4}",
        1 => "[a-z]{250,260}",
    ]
}

fn subject_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(\\+86|0086|86)?[ -]?1[2-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}",
        3 => "[019][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])([012][0-9]|3[01])[0-9]{3}[0-9Xx]",
        2 => "[0-9]{6}[0-9]{2}(0[1-9]|1[0-2])[012][0-9][0-9]{4}",
        1 => "91[0-9]{6}MA[0-9A-Z]{8}",
        2 => text(),
    ]
}

/// A moment around a border of a month (UTC+8), or anywhere; sometimes in the last century.
fn moment() -> impl Strategy<Value = i64> {
    const US: i64 = 1_000_000;
    prop_oneof![
        6 => 946_656_000 * US..4_102_444_800 * US,
        4 => (2000i32..2100, 1u32..=12, -90_000 * US..90_000 * US).prop_map(|(year, month, by)| {
            let border = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap().and_time(chrono::NaiveTime::MIN);
            border.and_utc().timestamp_micros() - 8 * 3_600 * US + by
        }),
        1 => 900_000_000 * US..946_656_000 * US,
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let mut activities: Vec<&'static str> = EvidenceClass::all()
        .unwrap()
        .iter()
        .map(|class| class.activity)
        .collect();
    activities.push("kite-flying");
    let kind = prop_oneof![6 => Just(None), 1 => proptest::sample::select(SubjectKind::ALL).prop_map(Some)];
    let some = |text: BoxedStrategy<String>| proptest::option::weighted(0.9, text);
    let texts = (
        some(text().boxed()),
        some(text().boxed()),
        some(text().boxed()),
        some(subject_text().boxed()),
    );
    (
        proptest::sample::select(activities),
        moment(),
        any::<(u32, u8)>(),
        texts,
        kind,
    )
        .prop_map(
            |(activity, start, (by, how), (source, record, asset, subject), subject_kind)| {
                let class = EvidenceClass::of(&activity.parse().unwrap());
                let by = i64::from(by);
                let length = match (class.records, how % 8) {
                    (_, 0) => -by,
                    (_, 1) => 0,
                    // Up to 71 minutes, or up to 16 months.
                    (RecordTime::Period, _) => by * 10_000,
                    _ => by,
                };
                let text = |micros| tanqiao_protocol::time::Timestamp::from_micros(micros).to_string();
                Record {
                    activity: activity.to_owned(),
                    start: text(start),
                    end: text(start + length),
                    source,
                    record,
                    asset,
                    subject,
                    subject_kind,
                }
            },
        )
}

#[test]
fn a_second_implementation_agrees_on_records_that_nobody_thought_of() {
    let Some(mut python) = python() else { return };
    let mut runner = TestRunner::deterministic();
    let strategy = record();
    let records: Vec<Record> = (0..4_000)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    let lines: String = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect();
    let mut child = python
        .arg("lines")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Outcome> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), records.len());
    for (record, answer) in records.iter().zip(&answers) {
        assert_eq!(&outcome(record, None), answer, "{record:?}");
    }
    // The comparison means something: both ends of it occur often.
    let made = answers.iter().filter(|answer| answer.refused.is_none()).count();
    assert!((500..3_500).contains(&made), "{made} of {} were made", answers.len());
}
