//! How many tokens one core makes in a second: at a node that asks evaluators, at an evaluator, and with a key of HMAC-SM3.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::fingerprint::{
    ActivityFacts, Blinding, CheckedKeys, Epoch, EpochKeys, Evaluation, EvaluatorKey, HmacSm3Key, KeyShare,
    LocalFunction as _, RECOGNITION_WINDOW_MONTHS_DEFAULT, SubjectKey, THRESHOLD, TokenInput, TokenSuite, VoprfError,
    token_inputs, token_of, window,
};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::{SECOND_US, Timestamp};
use zeroize::Zeroizing;

use super::rate;
use crate::cli::report::{Failure, Report};

/// The bench's own key and its shares: small numbers, which cost what others cost.
const KEY: u64 = 1_000_003;
const SLOPE: u64 = 77;
const PARTIES: [&str; 3] = ["first", "second", "third"];

/// Tokens a second on one core.
#[derive(Debug, Serialize)]
struct Round {
    /// Canonical inputs of activities.
    inputs_per_s: u64,
    /// A node: blind, check two proofs, combine, finish.
    node_per_s: u64,
    /// One evaluator: evaluate and prove.
    evaluator_per_s: u64,
    /// HMAC-SM3, inputs not counted.
    hmac_sm3_per_s: u64,
}

#[derive(Debug, Serialize)]
struct Measured {
    activities: u64,
    tokens: u64,
    batch: usize,
    rounds: Vec<Round>,
    /// Two different pairs of evaluators made the same tokens in every round.
    valid: bool,
}

/// Measures so many activities a round, in batches as a node sends them.
pub(super) fn measure(activities: u64, rounds: u64, batch: usize) -> Result<Report, Failure> {
    let failed = |error: VoprfError| Failure::new("tokens", error.to_string());
    let shares = shares().map_err(failed)?;
    let epoch: Epoch = "2026-05".parse().map_err(crate::error::NodeError::from)?;
    let keys = keys(epoch, &shares)?;
    let mut measured = Measured {
        activities,
        tokens: 0,
        batch,
        rounds: Vec::new(),
        valid: true,
    };
    for _ in 0..rounds {
        let began = Instant::now();
        let inputs = inputs(activities)?;
        let making = began.elapsed();
        measured.tokens = inputs.len() as u64;
        let (node, evaluator, valid) = threshold(&keys, &shares, &inputs, batch).map_err(failed)?;
        measured.valid &= valid;
        let hmac = hmac(&inputs);
        measured.rounds.push(Round {
            inputs_per_s: rate(measured.tokens, making),
            node_per_s: rate(measured.tokens, node),
            evaluator_per_s: rate(measured.tokens, evaluator),
            hmac_sm3_per_s: rate(measured.tokens, hmac),
        });
    }
    Ok(Report::new(words(&measured), &measured)?.refused(!measured.valid))
}

fn shares() -> Result<Vec<KeyShare>, VoprfError> {
    (1..=3)
        .map(|number| KeyShare::from_bytes(&scalar(KEY + SLOPE * number)))
        .collect()
}

/// A small number as a scalar of ristretto255.
fn scalar(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(number.to_le_bytes()) {
        *to = from;
    }
    bytes
}

fn keys(epoch: Epoch, shares: &[KeyShare]) -> Result<CheckedKeys, Failure> {
    let wrong = |error: String| Failure::new("tokens", error);
    let group = KeyShare::from_bytes(&scalar(KEY)).map_err(|e| wrong(e.to_string()))?;
    let open = window(epoch, RECOGNITION_WINDOW_MONTHS_DEFAULT);
    let (opens_at, closes_at) = open.ok_or_else(|| wrong("no window".to_owned()))?;
    let mut evaluators = Vec::new();
    for ((id, share), number) in PARTIES.into_iter().zip(shares).zip(1..) {
        evaluators.push(EvaluatorKey {
            id: id.parse().map_err(crate::error::NodeError::from)?,
            number,
            public_key: share.public_key(),
        });
    }
    let keys = EpochKeys {
        epoch,
        suite: TokenSuite::Voprf,
        threshold: THRESHOLD,
        public_key: group.public_key(),
        evaluators,
        opens_at,
        closes_at,
    };
    keys.checked().map_err(|e| wrong(e.to_string()))
}

/// Rides of persons that do not exist, as a metro has them.
fn inputs(activities: u64) -> Result<Vec<TokenInput>, Failure> {
    let activity: Name = "rail-transit".parse().map_err(crate::error::NodeError::from)?;
    let begins: Timestamp = "2026-05-10T00:00:00Z".parse().map_err(crate::error::NodeError::from)?;
    let mut all = Vec::new();
    for n in 0..activities {
        let record = format!("ride-{n:09}");
        let subject: SubjectKey = format!("P0000{:07}", n % 50_000)
            .parse()
            .map_err(|e| Failure::new("tokens", format!("{e}")))?;
        let second = i64::try_from(n % 86_400).unwrap_or(0);
        let start = begins.plus_micros(second * SECOND_US);
        let facts = ActivityFacts {
            activity: &activity,
            start,
            end: start.plus_micros(1_800 * SECOND_US),
            source: Some("bench-metro"),
            record: Some(&record),
            asset: None,
            subject: Some(&subject),
        };
        all.extend(token_inputs(&facts).map_err(|e| Failure::new("tokens", e.to_string()))?);
    }
    Ok(all)
}

/// The time of a node and of one evaluator; whether another pair of evaluators makes the same tokens.
fn threshold(
    keys: &CheckedKeys,
    shares: &[KeyShare],
    inputs: &[TokenInput],
    batch: usize,
) -> Result<(Duration, Duration, bool), VoprfError> {
    let (mut node, mut evaluator, mut valid) = (Duration::ZERO, Duration::ZERO, true);
    for some in inputs.chunks(batch) {
        let bytes: Vec<Zeroizing<Vec<u8>>> = some.iter().map(|input| input.bytes.clone()).collect();
        let began = Instant::now();
        let blinding = Blinding::new(bytes, &mut rand_core::OsRng)?;
        node += began.elapsed();
        let mut evaluations = Vec::new();
        for (share, number) in shares.iter().zip(1..) {
            let began = Instant::now();
            let (evaluated, proof) = share.evaluate(blinding.blinded(), &mut rand_core::OsRng)?;
            if number == 1 {
                evaluator += began.elapsed();
            }
            evaluations.push(Evaluation {
                epoch: keys.epoch,
                number,
                evaluated,
                proof,
            });
        }
        let [first, second, third] = evaluations.as_slice() else {
            return Err(VoprfError::Pair);
        };
        let began = Instant::now();
        let (first, second) = (blinding.verify(keys, first)?, blinding.verify(keys, second)?);
        let outputs = blinding.finish(keys, &first, &second)?;
        let tokens: Vec<_> = outputs
            .iter()
            .zip(some)
            .map(|(output, input)| token_of(keys.epoch, input.kind, output.as_slice()))
            .collect();
        node += began.elapsed();
        let others = blinding.finish(keys, &second, &blinding.verify(keys, third)?)?;
        valid &= outputs == others && tokens.len() == some.len();
    }
    Ok((node, evaluator, valid))
}

fn hmac(inputs: &[TokenInput]) -> Duration {
    let key = HmacSm3Key::new([7; 32]);
    let began = Instant::now();
    for input in inputs {
        std::hint::black_box(key.token(input.epoch, input.kind, &input.bytes));
    }
    began.elapsed()
}

fn words(measured: &Measured) -> String {
    let mut text = format!(
        "{} activities, {} tokens a round, batches of {}; tokens a second on one core\n",
        measured.activities, measured.tokens, measured.batch
    );
    for round in &measured.rounds {
        let _ = writeln!(
            text,
            "  node (evaluators) {:>8}/s   evaluator {:>8}/s   HMAC-SM3 {:>9}/s   inputs alone {:>9}/s",
            round.node_per_s, round.evaluator_per_s, round.hmac_sm3_per_s, round.inputs_per_s
        );
    }
    let _ = writeln!(text, "valid: {}", if measured.valid { "yes" } else { "no" });
    text
}
