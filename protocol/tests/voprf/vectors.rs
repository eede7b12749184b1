//! RFC 9497, appendix A.1.2.

use curve25519_dalek::scalar::Scalar;
use rand_core::{CryptoRng, RngCore};
use serde_json::Value;
use tanqiao_protocol::fingerprint::{Blinding, Elements, Evaluation, KeyShare, Proof};

use crate::federation::Federation;

const VECTORS: &str = include_str!("../data/rfc9497-ristretto255-voprf.json");

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(read).collect()
}

fn elements(value: &Value) -> Elements {
    Elements::new(list(value, array::<32>)).unwrap()
}

/// Gives the scalars of a vector, each in the 64 bytes that a random scalar is reduced from.
struct Given(std::vec::IntoIter<u8>);

impl Given {
    fn scalars(scalars: Vec<[u8; 32]>) -> Self {
        let wide = scalars.into_iter().flat_map(|scalar| [scalar, [0; 32]].concat());
        Self(wide.collect::<Vec<u8>>().into_iter())
    }
}

impl RngCore for Given {
    fn next_u32(&mut self) -> u32 {
        unreachable!("scalars are read as bytes")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("scalars are read as bytes")
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.next().expect("the vector has a scalar for each use");
        }
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Given {}

#[test]
fn blinding_evaluation_proof_and_output_are_the_rfc_s() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let secret: [u8; 32] = array(&file["secret_key"]);
    let secret_scalar = Scalar::from_canonical_bytes(secret).unwrap();
    let slope = Scalar::from(0x5eed_u64);
    // The RFC's key is that of the group, and in another federation the share of the first evaluator.
    let group = Federation::on_line(secret_scalar, slope);
    let first = Federation::on_line(secret_scalar - slope, slope);
    assert_eq!(group.keys.public_key.to_string(), file["public_key"].as_str().unwrap());
    assert_eq!(first.shares[0].public_key(), group.keys.public_key);
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let inputs = list(&vector["inputs"], bytes);
        let mut blinds = Given::scalars(list(&vector["blinds"], array::<32>));
        let blinding = Blinding::new(inputs, &mut blinds).unwrap();
        assert_eq!(*blinding.blinded(), elements(&vector["blinded"]));

        let mut random = Given::scalars(vec![array(&vector["proof_random_scalar"])]);
        let share = KeyShare::from_bytes(&secret).unwrap();
        let (evaluated, proof) = share.evaluate(blinding.blinded(), &mut random).unwrap();
        assert_eq!(evaluated, elements(&vector["evaluated"]));
        assert_eq!(proof, Proof(array(&vector["proof"])));

        // The RFC's own evaluation and proof, as evaluator 1 would send them.
        let evaluation = Evaluation {
            epoch: first.keys.epoch,
            number: 1,
            evaluated: elements(&vector["evaluated"]),
            proof: Proof(array(&vector["proof"])),
        };
        blinding.verify(&first.keys, &evaluation).unwrap();

        let outputs = list(&vector["outputs"], bytes);
        for (one, other) in [(1, 2), (1, 3), (2, 3)] {
            let found = group.derive(&blinding, one, other).unwrap();
            let found: Vec<Vec<u8>> = found.iter().map(|output| output.to_vec()).collect();
            assert_eq!(found, outputs, "evaluators {one} and {other}");
        }
    }
}
