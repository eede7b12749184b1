use super::*;
use crate::challenge::ChallengeState;
use crate::fingerprint::{Epoch, StreamRecord, StreamSums, Token, TokenEntry, TokenKind, TokenSuite, encode};
use crate::merkle::ProofBuilder;
use crate::message::{RightsBasis, Verification};

const COUNT: u32 = 20;

fn record(position: u32) -> String {
    format!(
        r#"{{"account":"h:{position}","ended_at":"2025-03-0{day}T01:00:00Z","methodology":"wuhan-metro.v1","place":"420100","quantity":"1.5","record_id":"r-{position}","reduction_g":{},"source":"metro","started_at":"2025-03-0{day}T00:00:00Z","unit":"km"}}"#,
        100 + position,
        day = 1 + position % 9,
    )
}

fn salt(position: u32) -> String {
    format!("{position:032x}")
}

fn leaf(position: u32) -> Vec<u8> {
    [hex::decode(salt(position)).unwrap(), record(position).into_bytes()].concat()
}

fn tokens(position: u32) -> Vec<u8> {
    let entry = TokenEntry {
        kind: TokenKind::Record,
        epoch: Epoch::from_number(302).unwrap(),
        token: Token([u8::try_from(position).unwrap(); 16]),
    };
    let mut out = Vec::new();
    encode(
        &StreamRecord {
            index: position,
            grams: Grams::new(i64::from(100 + position)).unwrap(),
            tokens: vec![entry],
        },
        &mut out,
    );
    out
}

/// An issuance of 20 salted records with tokens, a challenge of `sample` of them, and its right answer.
fn story(sample: u32) -> (ChallengeView, Issuance, Answer) {
    let challenge: MessageId = "01900000-0000-7000-8000-000000000001".parse().unwrap();
    let beacon = Sha256::of(b"chain");
    let positions = draw(challenge, &beacon, sample, COUNT);
    let wanted: Vec<u64> = positions.iter().map(|p| u64::from(*p)).collect();
    let (mut records, mut stream) = (ProofBuilder::new(wanted.clone()), ProofBuilder::new(wanted));
    let mut sums = StreamSums::default();
    for position in 0..COUNT {
        records.add(&leaf(position));
        let bytes = tokens(position);
        stream.add(&bytes);
        let (read, _) = decode(&bytes).unwrap().unwrap();
        assert!(sums.add(&read, &bytes));
    }
    let (root, paths) = records.finish();
    let (_, token_paths) = stream.finish();
    let header = header(root, sums.commitment(TokenSuite::Voprf));
    let shown = paths
        .into_iter()
        .zip(token_paths)
        .map(|((position, path), (_, token_path))| {
            let position = u32::try_from(position).unwrap();
            RevealedRecord {
                position,
                record: record(position),
                salt: Some(salt(position)),
                path: path_text(&path),
                tokens: Some(TokenProof {
                    record: STANDARD.encode(tokens(position)),
                    path: path_text(&token_path),
                }),
                subject: Some(format!("subject {position}")),
            }
        });
    let view = view(challenge, beacon, positions);
    let bytes = write(&view, &shown.collect::<Vec<_>>()).unwrap();
    let answer = read(&bytes).unwrap();
    (view, header, answer)
}

fn view(challenge: MessageId, beacon: Sha256, positions: Vec<u32>) -> ChallengeView {
    ChallengeView {
        challenge,
        state: ChallengeState::Answered,
        member: "wuhan".parse().unwrap(),
        issuance: "01900000-0000-7000-8000-000000000002".parse().unwrap(),
        positions,
        beacon,
        opened_at: Timestamp::from_micros(0),
        answer_until: Timestamp::from_micros(1),
        mailbox_pem: String::new(),
        answered_at: None,
        sealed_sha256: None,
        ended_at: None,
        notes: None,
        log_index: 0,
    }
}

fn header(records_root: Sha256, tokens: Option<crate::fingerprint::TokenCommitment>) -> Issuance {
    let total: i64 = (0..COUNT).map(|p| i64::from(100 + p)).sum();
    let header = serde_json::json!({
        "methodology": "wuhan-metro.v1", "region_of_act": "420000", "vintage": 2025, "quantity_g": total, "verified_g": total,
        "activity_count": COUNT, "activity_total": "30", "period_from": "2025-03-01T00:00:00Z", "period_until": "2025-03-31T00:00:00Z",
        "rights_basis": RightsBasis::TransferredByHolders, "records_root": records_root, "local_reference": "ref",
        "verification": Verification { body: "test".to_owned(), report_sha256: Sha256::of(b"report"), verified_at: Timestamp::from_micros(0) },
    });
    Issuance {
        tokens,
        ..serde_json::from_value(header).unwrap()
    }
}

/// What is found after a change, beyond single records and at the first one.
fn found(change: impl FnOnce(&mut ChallengeView, &mut Issuance, &mut Answer)) -> (Vec<String>, Vec<String>) {
    let (mut view, mut header, mut answer) = story(5);
    change(&mut view, &mut header, &mut answer);
    let report = judge(&view, &header, &answer);
    assert!(!report.passed);
    (report.findings, report.records[0].findings.clone())
}

fn first(change: impl FnOnce(&mut RevealedRecord)) -> Vec<String> {
    let (overall, first) = found(|_, _, answer| change(&mut answer.records[0]));
    assert!(overall.is_empty(), "{overall:?}");
    first
}

#[test]
fn what_was_committed_to_passes_in_part_and_whole() {
    for sample in [1, 5, 19, 20] {
        let (view, header, answer) = story(sample);
        let report = judge(&view, &header, &answer);
        assert!(report.passed, "{report:?}");
        assert_eq!((report.records.len(), report.with_subject), (sample as usize, sample));
    }
}

#[test]
fn one_changed_record_is_found_at_its_position_and_its_words_are_not_repeated() {
    let findings = first(|r| r.record = r.record.replace("\"reduction_g\":1", "\"reduction_g\":9"));
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].contains("not the record that was committed to"));
    assert!(findings[1].contains("tokens are those of another position, or of other grams"));
    let (view, header, mut answer) = story(5);
    answer.records[2].record = answer.records[3].record.clone();
    let report = judge(&view, &header, &answer);
    let wrong: Vec<bool> = report.records.iter().map(|r| r.ok).collect();
    assert_eq!(wrong, [true, true, false, true, true]);
    assert!(
        !serde_json::to_string(&report).unwrap().contains("h:"),
        "nothing of a record is in the report"
    );
}

#[test]
fn wrong_proofs_salts_and_tokens_are_found() {
    let committed = "it is not the record that was committed to at this position";
    assert_eq!(first(|r| r.path = path_text(&[Sha256::of(b"x")])), [committed]);
    assert_eq!(first(|r| r.path = "no base64".to_owned()), [committed]);
    assert_eq!(first(|r| r.salt = None), [committed]);
    assert_eq!(
        first(|r| r.salt = Some("00".to_owned())),
        ["its salt is not 16 bytes", committed]
    );
    assert_eq!(first(|r| r.tokens = None), ["its tokens are not shown"]);
    let tokens = "its tokens are not those that were committed to at this position";
    assert_eq!(first(|r| r.tokens.as_mut().unwrap().path.clear()), [tokens]);
    let none = first(|r| r.tokens.as_mut().unwrap().record.clear());
    assert_eq!(none, [tokens, "its tokens are no record of a token stream"]);
    let (_, unneeded) = found(|_, header, _| header.tokens = None);
    assert_eq!(unneeded, ["it has tokens, and the issuance has no token stream"]);
}

#[test]
fn missing_unasked_repeated_and_misdrawn_positions_are_found() {
    let (overall, missing) = found(|_, _, answer| drop(answer.records.remove(0)));
    assert_eq!((overall.len(), missing), (0, vec!["was not shown".to_owned()]));
    let (overall, _) = found(|view, _, _| view.positions.truncate(4));
    assert!(overall.iter().any(|f| f.contains("was not asked for")), "{overall:?}");
    assert!(overall.iter().any(|f| f.contains("beacon draws")), "{overall:?}");
    let (overall, _) = found(|_, _, answer| {
        let again = answer.records[1].clone();
        answer.records.push(again);
    });
    assert!(overall[0].contains("is shown twice"));
    let (overall, _) = found(|_, _, answer| answer.revealing.member = "harbin".parse().unwrap());
    assert!(overall[0].contains("another challenge"));
}

#[test]
fn a_record_must_have_everything_and_lie_inside_its_issuance() {
    // Each is a record that was committed to like this: the proof holds, and it is wrong all the same.
    let mut header = story(1).1;
    for (change, finding) in [
        (r#""account":""#, "its `account` is empty"),
        (r#""methodology":"other.v1"#, "its methodology is not"),
        (r#""place":"430100"#, "its place lies outside"),
        (r#""quantity":"1,5"#, "its quantity is no exact decimal"),
        (r#""started_at":"2024-03-01T00:00:00Z"#, "its time lies outside"),
    ] {
        let member = change.split_once(':').unwrap().0;
        let text = record(3);
        let (before, rest) = text.split_once(member).unwrap();
        let (_, after) = rest.split_once("\",").unwrap();
        let changed = format!("{before}{change}\",{after}");
        assert!(is_canonical(changed.as_bytes()), "{changed}");
        let shown = RevealedRecord {
            position: 0,
            record: changed.clone(),
            salt: None,
            path: String::new(),
            tokens: None,
            subject: None,
        };
        header.activity_count = 1;
        header.tokens = None;
        header.records_root = Sha256::of_parts(&[&[0], changed.as_bytes()]);
        let mut wrong = Vec::new();
        look_at(&header, &shown, &mut wrong);
        assert_eq!(wrong.len(), 1, "{change}: {wrong:?}");
        assert!(wrong[0].contains(finding), "{wrong:?}");
    }
    assert!(
        first(|r| r.record = "{}".to_owned())
            .iter()
            .any(|f| f.contains("lacks a required member"))
    );
    assert!(
        first(|r| r.record = format!("{} ", r.record))
            .iter()
            .any(|f| f.contains("RFC 8785"))
    );
}

#[test]
fn all_records_together_are_the_whole_issuance() {
    let (view, mut header, answer) = story(20);
    header.quantity_g = Grams::new(header.quantity_g.get() + 1).unwrap();
    let report = judge(&view, &header, &answer);
    assert!(!report.passed && report.findings[0].contains("add up to"), "{report:?}");
}

#[test]
fn bytes_that_are_no_answer_are_refused_by_the_line() {
    let (view, _, answer) = story(5);
    let bytes = write(&view, &answer.records).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let refuse = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert!(refuse("").contains("line 1"));
    assert!(refuse(&text.replace(ANSWER_FORMAT, "another/v9")).contains("format"));
    assert!(refuse(&text.replacen("\"records\":5", "\"records\":6", 1)).contains("6 records, and there are 5"));
    let cut = text.trim_end().rsplit_once('}').unwrap().0;
    assert_eq!(refuse(cut), "line 6: it is no record of an answer");
}
