//! How fast one core evaluates, and derives tokens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_core::OsRng;
use serde::Serialize;
use tanqiao_protocol::fingerprint::{
    Blinding, CheckedKeys, Epoch, EpochKeys, EpochKeysError, Evaluation, EvaluatorKey, KeyShare, TokenKind, TokenSuite,
    VoprfError, token_of, window,
};

use crate::dkg::{self, DkgError, First, Outcome, Package, Point, Second};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The key generation.
    #[error(transparent)]
    Dkg(#[from] DkgError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] EpochKeysError),
    /// The evaluation.
    #[error(transparent)]
    Voprf(#[from] VoprfError),
    /// A name.
    #[error("{0}")]
    Text(#[from] tanqiao_protocol::id::TextError),
    /// A party is missing.
    #[error("the bench has no evaluator {0}")]
    Missing(u8),
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Of what.
    pub what: &'static str,
    /// How much.
    pub figure: u64,
    /// In what.
    pub unit: &'static str,
}

/// A whole key generation in one process: three parties' arithmetic, without the network.
///
/// # Errors
/// [`BenchError`].
pub fn generate(epoch: Epoch) -> Result<(CheckedKeys, Vec<KeyShare>), BenchError> {
    let mut firsts: BTreeMap<u8, First> = BTreeMap::new();
    for number in 1..=3 {
        firsts.insert(number, dkg::first(number)?);
    }
    let others = |number: u8| -> BTreeMap<u8, Package> {
        let other = firsts.iter().filter(|(one, _)| **one != number);
        other.map(|(one, first)| (*one, first.package.clone())).collect()
    };
    let mut seconds: BTreeMap<u8, Second> = BTreeMap::new();
    for (number, first) in &firsts {
        seconds.insert(*number, dkg::second(first, &others(*number))?);
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (number, second) in &seconds {
        let given = seconds.iter().filter(|(one, _)| *one != number);
        let points: BTreeMap<u8, Point> = given
            .filter_map(|(one, other)| Some((*one, other.point_for(*number)?.clone())))
            .collect();
        outcomes.push(second.finish(&others(*number), &points)?);
    }
    let first = outcomes.first().ok_or(BenchError::Missing(1))?;
    let mut evaluators = Vec::new();
    for ((id, number), public_key) in ["regulator", "notary", "exchange"]
        .iter()
        .zip(1..)
        .zip(&first.share_keys)
    {
        evaluators.push(EvaluatorKey {
            id: id.parse()?,
            number,
            public_key: *public_key,
        });
    }
    let (opens_at, closes_at) = window(epoch, 24).ok_or(BenchError::Missing(0))?;
    let keys = EpochKeys {
        epoch,
        suite: TokenSuite::Voprf,
        threshold: 2,
        public_key: first.public_key,
        evaluators,
        opens_at,
        closes_at,
    };
    let shares = outcomes.iter().map(|outcome| KeyShare::from_bytes(&outcome.share));
    Ok((keys.checked()?, shares.collect::<Result<_, _>>()?))
}

/// Time that this thread has been running, so that a busy machine does not count; the time of day where the system does
/// not say.
fn running(begun: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// Repeats `work` for `time` and gives how many a second of this thread's running, if one pass does `count`.
fn per_second<T>(
    time: Duration,
    count: u64,
    mut work: impl FnMut() -> Result<T, BenchError>,
) -> Result<u64, BenchError> {
    let begun = Instant::now();
    let before = running(begun);
    let mut done = 0_u64;
    while begun.elapsed() < time {
        work()?;
        done += count;
    }
    let spent = running(begun).saturating_sub(before);
    let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX).max(1);
    Ok(done.saturating_mul(1_000_000) / micros)
}

/// Measures on one core, with batches of `batch` inputs, each step for about `time`.
///
/// # Errors
/// [`BenchError`].
pub fn run(batch: u32, time: Duration) -> Result<Vec<Figure>, BenchError> {
    let epoch: Epoch = "2026-05".parse()?;
    let (keys, shares) = generate(epoch)?;
    let count = u64::from(batch);
    let inputs: Vec<Vec<u8>> = (0..batch)
        .map(|n| format!("cih-fp/v1 activity {n:060}").into_bytes())
        .collect();
    let share = |number: u8| shares.get(usize::from(number) - 1).ok_or(BenchError::Missing(number));
    let answer = |blinding: &Blinding<Vec<u8>>, number: u8| -> Result<Evaluation, BenchError> {
        let (evaluated, proof) = share(number)?.evaluate(blinding.blinded(), &mut OsRng)?;
        Ok(Evaluation {
            epoch,
            number,
            evaluated,
            proof,
        })
    };
    let blinding = Blinding::new(inputs.clone(), &mut OsRng)?;
    let (one, other) = (answer(&blinding, 1)?, answer(&blinding, 3)?);
    let (verified_one, verified_other) = (blinding.verify(&keys, &one)?, blinding.verify(&keys, &other)?);
    let whole = |inputs: Vec<Vec<u8>>| -> Result<(), BenchError> {
        // Blinded for the cost only: the evaluators' answers at hand are to the batch above.
        drop(Blinding::new(inputs, &mut OsRng)?);
        let (one, other) = (blinding.verify(&keys, &one)?, blinding.verify(&keys, &other)?);
        for output in blinding.finish(&keys, &one, &other)? {
            std::hint::black_box(token_of(epoch, TokenKind::Record, &*output));
        }
        Ok(())
    };
    let figure = |what, figure| Figure {
        what,
        figure,
        unit: "a second and core",
    };
    Ok(vec![
        figure(
            "evaluator: inputs evaluated and proved",
            per_second(time, count, || answer(&blinding, 1))?,
        ),
        figure(
            "node: inputs blinded",
            per_second(time, count, || Ok(Blinding::new(inputs.clone(), &mut OsRng)?))?,
        ),
        figure(
            "node: elements of one evaluator checked",
            per_second(time, count, || Ok(blinding.verify(&keys, &one)?))?,
        ),
        figure(
            "node: elements of two evaluators combined and finished",
            per_second(time, count, || {
                Ok(blinding.finish(&keys, &verified_one, &verified_other)?)
            })?,
        ),
        figure(
            "node: tokens derived, all steps",
            per_second(time, count, || whole(inputs.clone()))?,
        ),
        figure(
            "key generations, arithmetic of all three",
            per_second(time, 1, || generate(epoch))?,
        ),
    ])
}
