//! The records of a sample, each with the proof that the issuance committed to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tanqiao_protocol::challenge::{ChallengeView, RevealedRecord, TokenProof, path_text};
use tanqiao_protocol::fingerprint::{RECORD_BYTES_MAX, TokenCommitment, decode};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::merkle::ProofBuilder;
use tanqiao_protocol::time::Timestamp;

use crate::activity::Activity;
use crate::error::NodeError;
use crate::issuing::{Members, Streams};
use crate::quantification::CanonicalRecord;
use crate::store::activities::ActivitySeriesRow;
use crate::store::{StoreError, Tx};
use crate::subjects::Subjects;

/// Activities read at a time.
const ACTIVITIES_AT_ONCE: usize = 50_000;
/// Bytes of a token stream read at a time.
const STREAM_BYTES_AT_ONCE: usize = 1024 * 1024;

/// A wanted record.
struct Wanted {
    text: String,
    account: String,
}

/// Reads the whole issuance once, as it was read when it was issued; keeps what is wanted, and a few hashes.
///
/// # Errors
/// [`NodeError::Refused`] with `no-records` if this node has not the records that the header commits to.
pub(super) fn gather(
    tx: &mut dyn Tx,
    subjects: &Subjects,
    challenge: &ChallengeView,
    records_root: Sha256,
) -> Result<Vec<RevealedRecord>, NodeError> {
    let issuance = challenge.issuance.to_string();
    let members = Members::of(tx, &issuance)?.ok_or_else(|| lost(challenge))?;
    let series = tx
        .activity_series()?
        .into_iter()
        .find(|series| series.id == members.series_id())
        .ok_or_else(|| StoreError::Corrupt(format!("the series of issuance {issuance}")))?;
    let mut reading = Reading {
        proofs: ProofBuilder::new(positions(challenge)),
        wanted: Vec::new(),
        sources: tx.sources()?.into_iter().collect(),
        series,
        text: String::with_capacity(512),
    };
    let mut after = 0;
    while let Some(last) = members.read(tx, after, ACTIVITIES_AT_ONCE, &mut |_, activity| reading.add(activity))? {
        after = last;
    }
    let Reading { proofs, wanted, .. } = reading;
    let (root, paths) = proofs.finish();
    if root != records_root || paths.len() != wanted.len() || paths.len() != challenge.positions.len() {
        return Err(lost(challenge));
    }
    let mut known = identifiers(tx, subjects, &wanted)?;
    let shown = paths
        .into_iter()
        .zip(wanted)
        .map(|((position, path), record)| RevealedRecord {
            position: u32::try_from(position).unwrap_or(u32::MAX),
            path: path_text(&path),
            record: record.text,
            salt: None,
            tokens: None,
            subject: known.get_mut(&record.account).cloned(),
        });
    Ok(shown.collect())
}

fn positions(challenge: &ChallengeView) -> Vec<u64> {
    challenge
        .positions
        .iter()
        .map(|position| u64::from(*position))
        .collect()
}

fn lost(challenge: &ChallengeView) -> NodeError {
    NodeError::refused(
        "no-records",
        format!(
            "this node has not the records that issuance {} committed to: restore the activities from a backup",
            challenge.issuance
        ),
    )
}

/// Adds the tokens of each record with their proofs: reads the whole stream once.
///
/// # Errors
/// [`NodeError::Refused`] with `no-records` if this node has not the stream that the header commits to.
pub(super) fn add_tokens(
    streams: &Streams,
    challenge: &ChallengeView,
    commitment: &TokenCommitment,
    records: &mut [RevealedRecord],
) -> Result<(), NodeError> {
    let missing = || {
        NodeError::refused(
            "no-records",
            format!(
                "this node has not the token stream that issuance {} committed to: restore it from a backup",
                challenge.issuance
            ),
        )
    };
    let issuance = challenge.issuance.to_string();
    let mut proofs = ProofBuilder::new(positions(challenge));
    let mut wanted: Vec<String> = Vec::with_capacity(records.len());
    let (mut kept, mut offset) = (Vec::new(), 0);
    loop {
        let piece = streams.piece(&issuance, offset, STREAM_BYTES_AT_ONCE)?;
        if piece.is_empty() {
            break;
        }
        offset += piece.len() as u64;
        kept.extend_from_slice(&piece);
        let mut used = 0;
        while let Some((_, length)) = kept.get(used..).and_then(|rest| decode(rest).ok().flatten()) {
            let bytes = kept.get(used..used + length).unwrap_or_default();
            if proofs.wants_next() {
                wanted.push(STANDARD.encode(bytes));
            }
            proofs.add(bytes);
            used += length;
        }
        kept.drain(..used);
        if kept.len() >= RECORD_BYTES_MAX {
            return Err(missing());
        }
    }
    let (root, paths) = proofs.finish();
    if root != commitment.root || paths.len() != records.len() || wanted.len() != records.len() {
        return Err(missing());
    }
    for ((record, (_, path)), bytes) in records.iter_mut().zip(paths).zip(wanted) {
        record.tokens = Some(TokenProof {
            record: bytes,
            path: path_text(&path),
        });
    }
    Ok(())
}

/// The persons' identifiers, where this node has them.
fn identifiers(tx: &mut dyn Tx, subjects: &Subjects, wanted: &[Wanted]) -> Result<BTreeMap<String, String>, NodeError> {
    let mut accounts: Vec<&str> = wanted.iter().map(|one| one.account.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    tx.subjects(&accounts)?
        .into_iter()
        .map(|row| {
            let identifier = subjects.open(&row.account, &row.sealed)?;
            Ok((row.account, identifier))
        })
        .collect()
}

struct Reading {
    proofs: ProofBuilder,
    wanted: Vec<Wanted>,
    sources: BTreeMap<i64, String>,
    series: ActivitySeriesRow,
    text: String,
}

impl Reading {
    /// The canonical bytes of the next record, as the issuance was made of them.
    fn add(&mut self, activity: &Activity<'_>) -> Result<(), NodeError> {
        let source = self
            .sources
            .get(&activity.source_id)
            .ok_or_else(|| StoreError::Corrupt("the platform of an activity".into()))?;
        let mut quantity = String::new();
        let _ = write!(quantity, "{}", activity.quantity);
        self.text.clear();
        CanonicalRecord {
            account: activity.account,
            asset: activity.asset,
            ended_at: Timestamp::from_micros(activity.ended_at),
            methodology: &self.series.methodology,
            place: activity.place,
            quantity: &quantity,
            record_id: activity.record_id,
            reduction_g: activity.reduction_g,
            source,
            started_at: Timestamp::from_micros(activity.started_at),
            unit: &self.series.unit,
        }
        .write(&mut self.text);
        if self.proofs.wants_next() {
            self.wanted.push(Wanted {
                text: self.text.clone(),
                account: activity.account.to_owned(),
            });
        }
        self.proofs.add(self.text.as_bytes());
        Ok(())
    }
}
