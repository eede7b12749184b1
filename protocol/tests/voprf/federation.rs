//! Three evaluators whose shares come from a dealer: in a test nobody has to be kept from the key.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use rand_core::{CryptoRng, RngCore};
use tanqiao_protocol::fingerprint::{
    Blinding, CheckedKeys, EpochKeys, Evaluation, EvaluatorKey, KeyShare, Output, PublicElement, TokenSuite,
    VoprfError, window,
};

/// Randomness that a test can repeat (splitmix64).
pub struct Seeded(u64);

pub fn rng(seed: u64) -> Seeded {
    Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
}

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32).try_into().unwrap()
    }
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Seeded {}

pub struct Federation {
    pub single_key: [u8; 32],
    pub keys: CheckedKeys,
    pub shares: Vec<KeyShare>,
}

pub fn element(scalar: Scalar) -> PublicElement {
    PublicElement::from_bytes((RISTRETTO_BASEPOINT_POINT * scalar).compress().to_bytes()).unwrap()
}

impl Federation {
    pub fn new(seed: u64) -> Self {
        let mut rng = rng(seed);
        let mut scalar = || Scalar::from(rng.next_u64()) * Scalar::from(rng.next_u64()) * Scalar::from(rng.next_u64());
        Self::on_line(scalar(), scalar())
    }

    /// Shares on the line `key + slope · number`.
    pub fn on_line(key: Scalar, slope: Scalar) -> Self {
        let epoch = "2026-05".parse().unwrap();
        let (opens_at, closes_at) = window(epoch, 24).unwrap();
        let share = |number: u8| key + slope * Scalar::from(number);
        let keys = EpochKeys {
            epoch,
            suite: TokenSuite::Voprf,
            threshold: 2,
            public_key: element(key),
            evaluators: (1..=3)
                .zip(["regulator", "notary", "exchange"])
                .map(|(number, id)| EvaluatorKey {
                    id: id.parse().unwrap(),
                    number,
                    public_key: element(share(number)),
                })
                .collect(),
            opens_at,
            closes_at,
        };
        Self {
            single_key: key.to_bytes(),
            keys: keys.checked().unwrap(),
            shares: (1..=3)
                .map(|n| KeyShare::from_bytes(share(n).as_bytes()).unwrap())
                .collect(),
        }
    }

    /// What evaluator `number` answers.
    pub fn evaluate(&self, blinding: &Blinding<Vec<u8>>, number: u8) -> Evaluation {
        let share = &self.shares[usize::from(number) - 1];
        let (evaluated, proof) = share.evaluate(blinding.blinded(), &mut rng(u64::from(number))).unwrap();
        Evaluation {
            epoch: self.keys.epoch,
            number,
            evaluated,
            proof,
        }
    }

    pub fn derive(&self, blinding: &Blinding<Vec<u8>>, one: u8, other: u8) -> Result<Vec<Output>, VoprfError> {
        let one = blinding.verify(&self.keys, &self.evaluate(blinding, one))?;
        let other = blinding.verify(&self.keys, &self.evaluate(blinding, other))?;
        blinding.finish(&self.keys, &one, &other)
    }
}
