//! The node's side: blind, check, combine, finish.

use std::fmt;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::VoprfError;
use super::transcript::{Side, finalize, hash_to_group, proof_holds};
use crate::fingerprint::element::{BATCH_ITEMS_MAX, Elements, point_of};
use crate::fingerprint::epoch_keys::CheckedKeys;
use crate::fingerprint::evaluation::Evaluation;
use crate::id::Sha256;

/// What the function gives for one input: the 64 bytes that a token is made of. Secret: who has it and the input can show
/// that they belong together.
pub type Output = Zeroizing<[u8; 64]>;

/// Inputs under their blinds, from sending them to finishing. Neither inputs nor blinds are shown or sent; the blinds are
/// overwritten when it is dropped.
pub struct Blinding<I> {
    inputs: Vec<I>,
    blinds: Zeroizing<Vec<Scalar>>,
    points: Vec<RistrettoPoint>,
    blinded: Elements,
}

impl<I> fmt::Debug for Blinding<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blinding({} inputs)", self.inputs.len())
    }
}

/// An evaluation whose proof held.
#[derive(Debug, Clone)]
pub struct Verified {
    number: u8,
    /// Which batch, and under which group key.
    of: Sha256,
    points: Vec<RistrettoPoint>,
}

impl Verified {
    /// Which evaluator made it.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }
}

impl<I: AsRef<[u8]>> Blinding<I> {
    /// Blinds 1 to 65,535 canonical inputs (RFC 9497 §3.3.1, `Blind`); about 45 µs each.
    ///
    /// # Errors
    /// [`VoprfError::Inputs`], [`VoprfError::Input`].
    pub fn new<R: RngCore + CryptoRng>(inputs: Vec<I>, rng: &mut R) -> Result<Self, VoprfError> {
        let random = |rng: &mut R| loop {
            let mut bytes = Zeroizing::new([0; 64]);
            rng.fill_bytes(&mut *bytes);
            let scalar = Scalar::from_bytes_mod_order_wide(&bytes);
            if scalar != Scalar::ZERO {
                return scalar;
            }
        };
        let blinds = (0..inputs.len().min(BATCH_ITEMS_MAX)).map(|_| random(rng)).collect();
        Self::with_blinds(inputs, blinds)
    }

    fn with_blinds(inputs: Vec<I>, blinds: Vec<Scalar>) -> Result<Self, VoprfError> {
        let blinds = Zeroizing::new(blinds);
        let count = inputs.len();
        if !(1..=BATCH_ITEMS_MAX).contains(&count) {
            return Err(VoprfError::Inputs(count));
        }
        // Points are encoded twice as fast in a batch, which doubles them first: so half of each is computed.
        let half = Scalar::from(2_u8).invert();
        let mut halves = Vec::with_capacity(count);
        for (position, (input, blind)) in inputs.iter().zip(blinds.iter()).enumerate() {
            let input = input.as_ref();
            let element = hash_to_group(input);
            if input.is_empty() || u16::try_from(input.len()).is_err() || element.is_identity() {
                return Err(VoprfError::Input(position));
            }
            halves.push(element * (blind * half));
        }
        let encodings = RistrettoPoint::double_and_compress_batch(&halves);
        let blinded = Elements::new(encodings.iter().map(CompressedRistretto::to_bytes).collect());
        Ok(Self {
            inputs,
            blinds,
            points: halves.iter().map(|half| half + half).collect(),
            blinded: blinded.ok_or(VoprfError::Inputs(count))?,
        })
    }

    /// What is sent to the evaluators: the same to each.
    #[must_use]
    pub const fn blinded(&self) -> &Elements {
        &self.blinded
    }

    /// Checks one evaluator's answer against its share key of the month.
    ///
    /// # Errors
    /// [`VoprfError`]: the answer is of another month, incomplete, not readable, or its proof does not hold.
    pub fn verify(&self, keys: &CheckedKeys, evaluation: &Evaluation) -> Result<Verified, VoprfError> {
        let number = evaluation.number;
        if evaluation.epoch != keys.epoch {
            return Err(VoprfError::Epoch {
                expected: keys.epoch,
                found: evaluation.epoch,
            });
        }
        let evaluator = keys.evaluator(number).ok_or(VoprfError::Evaluator(number))?;
        if evaluation.evaluated.count() != self.blinded.count() {
            return Err(VoprfError::Count {
                number,
                expected: self.blinded.count(),
                found: evaluation.evaluated.count(),
            });
        }
        let points = points_of(&evaluation.evaluated)?;
        let share_key = evaluator.public_key.point().ok_or(VoprfError::Proof(number))?;
        let before = Side {
            points: &self.points,
            encodings: self.blinded.as_slice(),
        };
        let after = Side {
            points: &points,
            encodings: evaluation.evaluated.as_slice(),
        };
        let key = (share_key, evaluator.public_key.as_bytes());
        if !proof_holds(key, before, after, &evaluation.proof.0) {
            return Err(VoprfError::Proof(number));
        }
        Ok(Verified {
            number,
            of: self.mark(keys),
            points,
        })
    }

    /// The outputs, in the order of the inputs, from the evaluations of any two evaluators.
    ///
    /// # Errors
    /// [`VoprfError::Pair`] if they are of one evaluator, of another batch, or under other keys.
    pub fn finish(&self, keys: &CheckedKeys, one: &Verified, other: &Verified) -> Result<Vec<Output>, VoprfError> {
        let (low, high) = if one.number < other.number {
            (one, other)
        } else {
            (other, one)
        };
        let mark = self.mark(keys);
        if low.number == high.number || low.of != mark || high.of != mark {
            return Err(VoprfError::Pair);
        }
        // With shares i < j the element is (j·Zᵢ − i·Zⱼ) / (j − i). The divisor goes into the blind's inverse, and so does
        // the half that the encoding in a batch wants.
        let divisor = Scalar::from(high.number - low.number) * Scalar::from(2_u8);
        let mut unblind = self.blinds.clone();
        for blind in unblind.iter_mut() {
            *blind *= divisor;
        }
        Scalar::batch_invert(&mut unblind);
        let pairs = low.points.iter().zip(&high.points).zip(unblind.iter());
        let halves: Vec<RistrettoPoint> = pairs
            .map(|((z_low, z_high), factor)| (times(high.number, z_low) - times(low.number, z_high)) * factor)
            .collect();
        let encodings = RistrettoPoint::double_and_compress_batch(&halves);
        let outputs = self.inputs.iter().zip(encodings);
        Ok(outputs
            .map(|(input, element)| Zeroizing::new(finalize(input.as_ref(), element.as_bytes())))
            .collect())
    }

    fn mark(&self, keys: &CheckedKeys) -> Sha256 {
        Sha256::of_parts(&[keys.public_key.as_bytes(), self.blinded.as_bytes()])
    }
}

/// A small multiple by addition: `count` is a number of an evaluator.
fn times(count: u8, point: &RistrettoPoint) -> RistrettoPoint {
    (1..count).fold(*point, |sum, _| sum + point)
}

/// Decodes elements that a peer sent.
fn points_of(elements: &Elements) -> Result<Vec<RistrettoPoint>, VoprfError> {
    let encodings = elements.as_slice().iter().enumerate();
    encodings
        .map(|(position, encoding)| point_of(encoding).ok_or(VoprfError::Element { position }))
        .collect()
}
