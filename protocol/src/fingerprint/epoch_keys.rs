//! The public keys of one month, which all evaluators sign and the hub logs once.

use serde::{Deserialize, Serialize};

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;

use super::element::PublicElement;
use super::epoch::Epoch;
use super::suite::TokenSuite;
use crate::HUB_BUFFER;
use crate::id::NodeId;
use crate::time::{DAY_US, Timestamp};

/// How many evaluators a federation has.
pub const EVALUATORS: u8 = 3;
/// How many of them make a token together. One alone cannot; one may be away.
pub const THRESHOLD: u8 = 2;
/// How long after the month's end its key is kept when nobody says otherwise, in months.
pub const RECOGNITION_WINDOW_MONTHS_DEFAULT: u16 = 24;
/// The longest that a key may be kept after its month's end, in months.
pub const RECOGNITION_WINDOW_MONTHS_MAX: u16 = 120;
/// How long before the month's first instant its key may be used: an act just before midnight on the last day has tokens
/// of both months.
const OPENS_EARLY_US: i64 = DAY_US;

/// The keys of one month. Everything in it is public; the log has it before the first token of the month, so that no
/// evaluator can show different keys to different nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochKeys {
    /// The month.
    pub epoch: Epoch,
    /// How tokens are made; only the threshold VOPRF has evaluators.
    pub suite: TokenSuite,
    /// How many evaluators make a token together: [`THRESHOLD`].
    pub threshold: u8,
    /// The public key of the function that any two evaluators compute.
    pub public_key: PublicElement,
    /// The three evaluators, in the order of their numbers.
    pub evaluators: Vec<EvaluatorKey>,
    /// From when on the evaluators evaluate.
    pub opens_at: Timestamp,
    /// When they stop, and destroy their shares.
    pub closes_at: Timestamp,
}

/// Keys that have passed [`EpochKeys::check`]: tokens are made under these only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedKeys(EpochKeys);

impl std::ops::Deref for CheckedKeys {
    type Target = EpochKeys;
    fn deref(&self) -> &EpochKeys {
        &self.0
    }
}

/// One evaluator's part in the keys of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluatorKey {
    /// Which member it is.
    pub id: NodeId,
    /// Its place in the secret sharing, 1 to 3.
    pub number: u8,
    /// The public key of its share: its proofs are checked against this.
    pub public_key: PublicElement,
}

/// The content of the message by which an evaluator states the keys of a month. The hub logs them when all three
/// evaluators have stated the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEpoch {
    /// The keys.
    pub keys: EpochKeys,
}

/// Why keys are none that a federation may use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpochKeysError {
    /// A suite without evaluators.
    #[error("the suite `{0}` has no evaluators: use `voprf-ristretto255-sha512`")]
    Suite(TokenSuite),
    /// One evaluator would do.
    #[error("a threshold of {0} lets one evaluator make tokens alone: it must be 2")]
    Alone(u8),
    /// A threshold that is not 2.
    #[error("the threshold is {0}, and it must be 2: three evaluators, any two of which make a token")]
    Threshold(u8),
    /// Not three evaluators.
    #[error("there are {0} evaluators, and there must be three")]
    Count(usize),
    /// Numbers that are not 1, 2, 3.
    #[error("the evaluators must be numbered 1, 2, 3 in this order; `{id}` has number {number}")]
    Number {
        /// The evaluator.
        id: NodeId,
        /// Its number.
        number: u8,
    },
    /// One party in two places.
    #[error("`{0}` is named as two evaluators, and would make tokens alone: name three different members")]
    Same(NodeId),
    /// The hub among the evaluators.
    #[error("`{0}` is the hub's own, and the hub compares tokens: it may not evaluate them as well")]
    Hub(NodeId),
    /// A share that is the whole key, or the share of another.
    #[error("the share key of `{0}` is the group's key or another's share key: it would make tokens alone")]
    Share(NodeId),
    /// Keys that do not belong together.
    #[error("the share keys of evaluators {0} and {1} do not combine to the group's key: run the key generation again")]
    Combination(u8, u8),
    /// A window that is not one.
    #[error(
        "the window from {opens_at} to {closes_at} does not fit the month {epoch}: it opens a day early at most, and closes after the month's end"
    )]
    Window {
        /// The month.
        epoch: Epoch,
        /// Its start.
        opens_at: Timestamp,
        /// Its end.
        closes_at: Timestamp,
    },
}

/// When the key of a month may be used: from a day before it begins until `months` after it ends. `None` where that is
/// beyond 2099, or `months` is not 1 to [`RECOGNITION_WINDOW_MONTHS_MAX`].
#[must_use]
pub fn window(epoch: Epoch, months: u16) -> Option<(Timestamp, Timestamp)> {
    if !(1..=RECOGNITION_WINDOW_MONTHS_MAX).contains(&months) {
        return None;
    }
    let closing = Epoch::from_number(epoch.number() + 1 + months)?;
    Some((epoch.starts_at().plus_micros(-OPENS_EARLY_US), closing.starts_at()))
}

/// Refuses a set of evaluators in which the hub, or one party alone, could make tokens: three different members in the
/// order of their numbers, none of them the hub's, and any two of them needed.
///
/// # Errors
/// [`EpochKeysError`].
pub fn check_parties<'a>(
    threshold: u8,
    parties: impl ExactSizeIterator<Item = (&'a NodeId, u8)>,
) -> Result<(), EpochKeysError> {
    match threshold {
        THRESHOLD => {}
        0 | 1 => return Err(EpochKeysError::Alone(threshold)),
        other => return Err(EpochKeysError::Threshold(other)),
    }
    if parties.len() != usize::from(EVALUATORS) {
        return Err(EpochKeysError::Count(parties.len()));
    }
    let mut seen: Vec<&NodeId> = Vec::new();
    for ((id, number), expected) in parties.zip(1..=EVALUATORS) {
        if number != expected {
            return Err(EpochKeysError::Number { id: id.clone(), number });
        }
        if matches!(id.as_str(), HUB_BUFFER | "hub") {
            return Err(EpochKeysError::Hub(id.clone()));
        }
        if seen.contains(&id) {
            return Err(EpochKeysError::Same(id.clone()));
        }
        seen.push(id);
    }
    Ok(())
}

impl EpochKeys {
    /// Checks everything that can be known from the keys themselves: nobody can make tokens alone, the share keys belong
    /// to the group's key, and the window fits the month. Checked by the evaluators, by the hub, and by every node.
    ///
    /// # Errors
    /// [`EpochKeysError`].
    pub fn check(&self) -> Result<(), EpochKeysError> {
        if self.suite != TokenSuite::Voprf {
            return Err(EpochKeysError::Suite(self.suite));
        }
        check_parties(self.threshold, self.evaluators.iter().map(|one| (&one.id, one.number)))?;
        self.check_shares()?;
        let opens_earliest = self.epoch.starts_at().plus_micros(-OPENS_EARLY_US);
        let ends = self.epoch.next().map(Epoch::starts_at);
        let longest = window(self.epoch, RECOGNITION_WINDOW_MONTHS_MAX).map(|(_, closes_at)| closes_at);
        let fits = self.opens_at >= opens_earliest
            && self.opens_at < self.closes_at
            && ends.is_some_and(|ends| self.closes_at > ends)
            && longest.is_none_or(|longest| self.closes_at <= longest);
        if fits {
            Ok(())
        } else {
            Err(EpochKeysError::Window {
                epoch: self.epoch,
                opens_at: self.opens_at,
                closes_at: self.closes_at,
            })
        }
    }

    /// The same keys, once they are checked.
    ///
    /// # Errors
    /// As [`EpochKeys::check`].
    pub fn checked(self) -> Result<CheckedKeys, EpochKeysError> {
        self.check().map(|()| CheckedKeys(self))
    }

    /// Any two share keys must give the group's key: then all three lie on one line, and the share of none is the key.
    fn check_shares(&self) -> Result<(), EpochKeysError> {
        let pairs = || {
            let others = |position| self.evaluators.iter().skip(position + 1);
            (self.evaluators.iter().enumerate()).flat_map(move |(at, one)| others(at).map(move |other| (one, other)))
        };
        let whole = self.evaluators.iter().find(|one| one.public_key == self.public_key);
        let equal = pairs().find(|(one, other)| one.public_key == other.public_key);
        if let Some(one) = whole.or(equal.map(|(one, _)| one)) {
            return Err(EpochKeysError::Share(one.id.clone()));
        }
        let group = self.public_key.point();
        match pairs().find(|(one, other)| group.is_none() || combine(one, other) != group) {
            Some((one, other)) => Err(EpochKeysError::Combination(one.number, other.number)),
            None => Ok(()),
        }
    }

    /// The evaluator of this number.
    #[must_use]
    pub fn evaluator(&self, number: u8) -> Option<&EvaluatorKey> {
        self.evaluators.iter().find(|one| one.number == number)
    }

    /// Whether the evaluators evaluate at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opens_at <= now && now < self.closes_at
    }
}

fn combine(one: &EvaluatorKey, other: &EvaluatorKey) -> Option<RistrettoPoint> {
    let (for_one, for_other) = coefficients(one.number, other.number)?;
    Some(one.public_key.point()? * for_one + other.public_key.point()? * for_other)
}

/// The Lagrange coefficients at zero of two evaluators: `j / (j − i)` and `i / (i − j)`. `None` if they are the same, or
/// one has no number of an evaluator.
fn coefficients(i: u8, j: u8) -> Option<(Scalar, Scalar)> {
    let known = |number: u8| (1..=EVALUATORS).contains(&number);
    if i == j || !known(i) || !known(j) {
        return None;
    }
    let (i, j) = (Scalar::from(i), Scalar::from(j));
    Some((j * (j - i).invert(), i * (i - j).invert()))
}

#[cfg(test)]
mod tests;
