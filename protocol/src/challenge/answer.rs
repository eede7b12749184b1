//! What a sealed answer says once it is opened: JSON lines, a heading and one line a record, and how they are judged against what
//! the member committed to when it issued.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{ChallengeView, SAMPLE_MAX, draw};
use crate::canonical::is_canonical;
use crate::fingerprint::decode;
use crate::id::{MessageId, NodeId, Sha256};
use crate::merkle::includes;
use crate::message::Issuance;
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::strict;
use crate::time::Timestamp;

/// What the first line names as its format.
pub const ANSWER_FORMAT: &str = "tanqiao-challenge-answer/v1";

/// The first line: whose answer to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revealing {
    /// [`ANSWER_FORMAT`]
    pub format: String,
    /// The challenge.
    pub challenge: MessageId,
    /// The issuance.
    pub issuance: MessageId,
    /// The member.
    pub member: NodeId,
    /// How many lines follow.
    pub records: u32,
}

/// One record, with the proofs that it is the one that was committed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealedRecord {
    /// Its position in the issuance, from 0.
    pub position: u32,
    /// The canonical record as committed: RFC 8785 JSON.
    pub record: String,
    /// 16 bytes in 32 hexadecimal digits in front of the record in its leaf, where the member salts its records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The audit path under `records_root`, leaf level first: 32 bytes each, together in base64.
    pub path: String,
    /// Its tokens, where the issuance has a token stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenProof>,
    /// The person's normalised identifier, where the member has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// A record of the token stream, with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenProof {
    /// The record's bytes in base64 ([`crate::fingerprint::encode`]).
    pub record: String,
    /// The audit path under the stream's root, as [`RevealedRecord::path`].
    pub path: String,
}

/// An opened answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The first line.
    pub revealing: Revealing,
    /// The others.
    pub records: Vec<RevealedRecord>,
}

/// Bytes that are no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// A line is not what it should be; from 1.
    #[error("line {line}: {what}")]
    Line {
        /// Which.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// There are more or fewer lines than the first one says.
    #[error("the first line speaks of {said} records, and there are {found}")]
    Count {
        /// By the first line.
        said: u32,
        /// Lines.
        found: usize,
    },
}

/// The lines of an answer.
///
/// # Errors
/// That of the JSON writer.
pub fn write(challenge: &ChallengeView, records: &[RevealedRecord]) -> Result<Vec<u8>, serde_json::Error> {
    let revealing = Revealing {
        format: ANSWER_FORMAT.to_owned(),
        challenge: challenge.challenge,
        issuance: challenge.issuance,
        member: challenge.member.clone(),
        records: u32::try_from(records.len()).unwrap_or(u32::MAX),
    };
    let mut out = serde_json::to_vec(&revealing)?;
    out.push(b'\n');
    for record in records {
        serde_json::to_writer(&mut out, record)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A path as it is written.
#[must_use]
pub fn path_text(path: &[Sha256]) -> String {
    STANDARD.encode(path.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>())
}

fn path_of(text: &str) -> Option<Vec<Sha256>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty()
        .then(|| hashes.iter().map(|hash| Sha256(*hash)).collect())
}

/// Reads an opened answer.
///
/// # Errors
/// [`AnswerError`]
pub fn read(bytes: &[u8]) -> Result<Answer, AnswerError> {
    let most = usize::try_from(SAMPLE_MAX).unwrap_or(usize::MAX);
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .zip(1..);
    let wrong = |line: usize, what: &dyn std::fmt::Display| AnswerError::Line {
        line,
        what: what.to_string(),
    };
    let (first, _) = lines.next().ok_or_else(|| wrong(1, &"there is nothing"))?;
    let revealing: Revealing = strict::from_slice(first).map_err(|error| wrong(1, &error))?;
    if revealing.format != ANSWER_FORMAT {
        return Err(wrong(1, &format!("its format is not {ANSWER_FORMAT}")));
    }
    let mut records = Vec::new();
    for (text, line) in lines {
        if records.len() == most {
            return Err(wrong(line, &format!("there are more than {SAMPLE_MAX} records")));
        }
        // What the parser found is not repeated: it may be somebody's data.
        let record = strict::from_slice(text).map_err(|_| wrong(line, &"it is no record of an answer"))?;
        records.push(record);
    }
    if u32::try_from(records.len()).ok() != Some(revealing.records) {
        return Err(AnswerError::Count {
            said: revealing.records,
            found: records.len(),
        });
    }
    Ok(Answer { revealing, records })
}

/// How one record was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its position.
    pub position: u32,
    /// True if nothing was found wrong.
    pub ok: bool,
    /// What was found, without anything of the record itself.
    pub findings: Vec<String>,
}

/// How an answer was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The challenge.
    pub challenge: MessageId,
    /// True if everything was shown as committed.
    pub passed: bool,
    /// What was found beyond single records.
    pub findings: Vec<String>,
    /// One for each position that was asked for, ascending.
    pub records: Vec<Verdict>,
    /// Σ grams of the records shown.
    pub sample_g: Grams,
    /// How many records came with a person's identifier.
    pub with_subject: u32,
}

/// What a canonical record must have; it may have more.
#[derive(Deserialize)]
struct Record<'a> {
    account: &'a str,
    ended_at: Timestamp,
    methodology: &'a str,
    place: &'a str,
    quantity: &'a str,
    record_id: &'a str,
    reduction_g: Grams,
    source: &'a str,
    started_at: Timestamp,
    unit: std::borrow::Cow<'a, str>,
}

/// Judges an opened answer against the challenge and the header that the member signed.
#[must_use]
pub fn judge(challenge: &ChallengeView, header: &Issuance, answer: &Answer) -> Report {
    let mut findings = Vec::new();
    let said = &answer.revealing;
    if (said.challenge, said.issuance, &said.member) != (challenge.challenge, challenge.issuance, &challenge.member) {
        findings.push("it answers another challenge, or speaks of another issuance or member".to_owned());
    }
    let asked = u32::try_from(challenge.positions.len()).unwrap_or(u32::MAX);
    if draw(challenge.challenge, &challenge.beacon, asked, header.activity_count) != challenge.positions {
        findings.push("the positions are not those that the beacon draws".to_owned());
    }
    let mut shown: BTreeMap<u32, &RevealedRecord> = BTreeMap::new();
    for record in &answer.records {
        if challenge.positions.binary_search(&record.position).is_err() {
            findings.push(format!("position {} was not asked for", record.position));
        }
        if shown.insert(record.position, record).is_some() {
            findings.push(format!("position {} is shown twice", record.position));
        }
    }
    let mut sample: i64 = 0;
    let mut with_subject = 0;
    let mut records = Vec::with_capacity(challenge.positions.len());
    for position in &challenge.positions {
        let found = shown.get(position);
        let mut wrong = Vec::new();
        match found {
            None => wrong.push("was not shown".to_owned()),
            Some(record) => {
                with_subject += u32::from(record.subject.is_some());
                sample = sample.saturating_add(look_at(header, record, &mut wrong));
            }
        }
        records.push(Verdict {
            position: *position,
            ok: wrong.is_empty(),
            findings: wrong,
        });
    }
    let all = asked == header.activity_count && records.iter().all(|record| record.ok);
    if sample > header.quantity_g.get() || (all && sample != header.quantity_g.get()) {
        findings.push(format!(
            "the records shown add up to {sample} g, and the issuance has {} g",
            header.quantity_g.get()
        ));
    }
    Report {
        challenge: challenge.challenge,
        passed: findings.is_empty() && records.iter().all(|record| record.ok),
        findings,
        records,
        sample_g: Grams::new(sample).unwrap_or_default(),
        with_subject,
    }
}

/// Looks at one record; gives its grams.
fn look_at(header: &Issuance, shown: &RevealedRecord, wrong: &mut Vec<String>) -> i64 {
    let mut leaf = Vec::new();
    if let Some(salt) = &shown.salt {
        match hex::decode(salt) {
            Ok(salt) if salt.len() == 16 => leaf.extend_from_slice(&salt),
            _ => wrong.push("its salt is not 16 bytes".to_owned()),
        }
    }
    leaf.extend_from_slice(shown.record.as_bytes());
    let count = u64::from(header.activity_count);
    let proven = path_of(&shown.path)
        .is_some_and(|path| includes(&header.records_root, count, u64::from(shown.position), &leaf, &path));
    if !proven {
        wrong.push("it is not the record that was committed to at this position".to_owned());
    }
    if !is_canonical(shown.record.as_bytes()) {
        wrong.push("it is not RFC 8785 JSON".to_owned());
    }
    let Ok(record) = serde_json::from_str::<Record<'_>>(&shown.record) else {
        wrong.push("it lacks a required member, or one of a wrong form".to_owned());
        return 0;
    };
    check_record(header, &record, wrong);
    check_tokens(header, shown, record.reduction_g, wrong);
    record.reduction_g.get()
}

fn check_record(header: &Issuance, record: &Record<'_>, wrong: &mut Vec<String>) {
    let texts = [
        ("account", record.account),
        ("record_id", record.record_id),
        ("source", record.source),
        ("unit", &record.unit),
    ];
    for (member, text) in texts {
        if text.is_empty() {
            wrong.push(format!("its `{member}` is empty"));
        }
    }
    if record.methodology != header.methodology.to_string() {
        wrong.push("its methodology is not that of the issuance".to_owned());
    }
    if !is_decimal(record.quantity) {
        wrong.push("its quantity is no exact decimal".to_owned());
    }
    let inside = record
        .place
        .parse::<RegionCode>()
        .is_ok_and(|place| header.region_of_act.contains(&place));
    if !inside {
        wrong.push("its place lies outside the issuance's region of the act".to_owned());
    }
    if record.started_at > record.ended_at
        || record.started_at < header.period_from
        || record.ended_at > header.period_until
    {
        wrong.push("its time lies outside the issuance's period".to_owned());
    }
}

/// Digits, with a point and digits after it where there is a fraction.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn check_tokens(header: &Issuance, shown: &RevealedRecord, grams: Grams, wrong: &mut Vec<String>) {
    let (commitment, tokens) = match (&header.tokens, &shown.tokens) {
        (None, None) => return,
        (None, Some(_)) => return wrong.push("it has tokens, and the issuance has no token stream".to_owned()),
        (Some(_), None) => return wrong.push("its tokens are not shown".to_owned()),
        (Some(commitment), Some(tokens)) => (commitment, tokens),
    };
    let bytes = STANDARD.decode(&tokens.record).unwrap_or_default();
    let (count, position) = (u64::from(header.activity_count), u64::from(shown.position));
    let proven = path_of(&tokens.path).is_some_and(|path| includes(&commitment.root, count, position, &bytes, &path));
    if !proven {
        wrong.push("its tokens are not those that were committed to at this position".to_owned());
    }
    match decode(&bytes) {
        Ok(Some((record, length))) if length == bytes.len() => {
            if (record.index, record.grams) != (shown.position, grams) {
                wrong.push("its tokens are those of another position, or of other grams".to_owned());
            }
        }
        _ => wrong.push("its tokens are no record of a token stream".to_owned()),
    }
}

#[cfg(test)]
mod tests;
