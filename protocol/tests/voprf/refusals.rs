//! What an evaluator, or somebody between, may send instead of the answer.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use tanqiao_protocol::fingerprint::{Blinding, Elements, Evaluation, KeyShare, Proof, VoprfError};
use voprf::{BlindedElement, EvaluationElement, Ristretto255, VoprfClient};

use crate::federation::{Federation, rng};

fn batch(count: u8) -> (Federation, Blinding<Vec<u8>>) {
    let inputs = (0..count).map(|n| vec![n, 1, 2]).collect();
    (Federation::new(21), Blinding::new(inputs, &mut rng(5)).unwrap())
}

fn changed(evaluation: &Evaluation, change: impl FnOnce(&mut Vec<[u8; 32]>)) -> Evaluation {
    let mut list = evaluation.evaluated.as_slice().to_vec();
    change(&mut list);
    Evaluation {
        evaluated: Elements::new(list).unwrap(),
        ..evaluation.clone()
    }
}

#[test]
fn an_evaluator_that_uses_another_key_is_refused() {
    let (federation, blinding) = batch(5);
    let honest = federation.evaluate(&blinding, 2);
    // Its own share of another month, evaluated and proved correctly.
    let (evaluated, proof) = Federation::new(22).shares[1]
        .evaluate(blinding.blinded(), &mut rng(6))
        .unwrap();
    let lying = Evaluation {
        evaluated,
        proof,
        ..honest.clone()
    };
    assert_eq!(
        blinding.verify(&federation.keys, &lying).unwrap_err(),
        VoprfError::Proof(2)
    );
    // Another evaluator's answer under its number.
    let borrowed = Evaluation {
        number: 2,
        ..federation.evaluate(&blinding, 1)
    };
    assert_eq!(
        blinding.verify(&federation.keys, &borrowed).unwrap_err(),
        VoprfError::Proof(2)
    );
    blinding.verify(&federation.keys, &honest).unwrap();
}

#[test]
fn an_answer_in_another_order_or_of_another_batch_is_refused() {
    let (federation, blinding) = batch(4);
    let honest = federation.evaluate(&blinding, 1);
    let swapped = changed(&honest, |list| list.swap(1, 2));
    assert_eq!(
        blinding.verify(&federation.keys, &swapped).unwrap_err(),
        VoprfError::Proof(1)
    );
    let doubled = changed(&honest, |list| list[3] = list[2]);
    assert_eq!(
        blinding.verify(&federation.keys, &doubled).unwrap_err(),
        VoprfError::Proof(1)
    );
    let other = Blinding::new((0..4).map(|n| vec![n, 1, 2]).collect(), &mut rng(77)).unwrap();
    assert_eq!(
        blinding
            .verify(&federation.keys, &federation.evaluate(&other, 1))
            .unwrap_err(),
        VoprfError::Proof(1)
    );
    let short = changed(&honest, |list| list.truncate(3));
    assert!(matches!(
        blinding.verify(&federation.keys, &short).unwrap_err(),
        VoprfError::Count {
            number: 1,
            expected: 4,
            found: 3
        }
    ));
}

#[test]
fn the_identity_and_what_is_no_canonical_encoding_are_refused_on_both_sides() {
    let (federation, blinding) = batch(3);
    let honest = federation.evaluate(&blinding, 3);
    let mut negative = RISTRETTO_BASEPOINT_POINT.compress().to_bytes();
    negative[0] ^= 1;
    for bad in [[0; 32], [0xff; 32], negative] {
        let answered = changed(&honest, |list| list[1] = bad);
        assert_eq!(
            blinding.verify(&federation.keys, &answered).unwrap_err(),
            VoprfError::Element { position: 1 }
        );
        let asked = Elements::new(vec![blinding.blinded().as_slice()[0], bad]).unwrap();
        assert_eq!(
            federation.shares[0].evaluate(&asked, &mut rng(1)).unwrap_err(),
            VoprfError::Element { position: 1 }
        );
    }
    assert_eq!(KeyShare::from_bytes(&[0; 32]).unwrap_err(), VoprfError::Share);
    assert_eq!(KeyShare::from_bytes(&[0xff; 32]).unwrap_err(), VoprfError::Share);
}

#[test]
fn a_changed_proof_is_refused() {
    let (federation, blinding) = batch(2);
    let honest = federation.evaluate(&blinding, 1);
    let refused = |bytes: [u8; 64]| {
        let evaluation = Evaluation {
            proof: Proof(bytes),
            ..honest.clone()
        };
        blinding.verify(&federation.keys, &evaluation).unwrap_err()
    };
    for position in [0, 31, 32, 63] {
        let mut bytes = honest.proof.0;
        bytes[position] ^= 1;
        assert_eq!(refused(bytes), VoprfError::Proof(1));
    }
    // The same scalar in an encoding that is not canonical: c + the group's order.
    let order_minus_one = -Scalar::ONE;
    let mut bytes = honest.proof.0;
    let mut carry = 1_u16;
    for (to, of) in bytes[..32].iter_mut().zip(order_minus_one.as_bytes()) {
        carry += u16::from(*to) + u16::from(*of);
        [*to, _] = carry.to_le_bytes();
        carry >>= 8;
    }
    assert_eq!(refused(bytes), VoprfError::Proof(1));
    assert_eq!(refused([0; 64]), VoprfError::Proof(1));
}

#[test]
fn two_evaluations_must_be_of_two_evaluators_and_of_this_batch() {
    let (federation, blinding) = batch(2);
    let verified = |blinding: &Blinding<Vec<u8>>, number| {
        blinding
            .verify(&federation.keys, &federation.evaluate(blinding, number))
            .unwrap()
    };
    let (first, again, second) = (verified(&blinding, 1), verified(&blinding, 1), verified(&blinding, 2));
    assert_eq!(
        blinding.finish(&federation.keys, &first, &again).unwrap_err(),
        VoprfError::Pair
    );
    let other = Blinding::new(vec![vec![9], vec![8]], &mut rng(9)).unwrap();
    assert_eq!(
        blinding
            .finish(&federation.keys, &first, &verified(&other, 2))
            .unwrap_err(),
        VoprfError::Pair
    );
    assert_eq!(
        blinding.finish(&Federation::new(23).keys, &first, &second).unwrap_err(),
        VoprfError::Pair
    );
    blinding.finish(&federation.keys, &first, &second).unwrap();
}

#[test]
fn an_answer_for_another_month_or_of_no_evaluator_is_refused() {
    let (federation, blinding) = batch(1);
    let honest = federation.evaluate(&blinding, 1);
    let other_month = Evaluation {
        epoch: "2026-06".parse().unwrap(),
        ..honest.clone()
    };
    assert!(matches!(
        blinding.verify(&federation.keys, &other_month).unwrap_err(),
        VoprfError::Epoch { .. }
    ));
    let nobody = Evaluation { number: 4, ..honest };
    assert_eq!(
        blinding.verify(&federation.keys, &nobody).unwrap_err(),
        VoprfError::Evaluator(4)
    );
}

#[test]
fn inputs_that_cannot_be_evaluated_are_named() {
    let refused = |inputs: Vec<Vec<u8>>| Blinding::new(inputs, &mut rng(1)).unwrap_err();
    assert_eq!(refused(vec![]), VoprfError::Inputs(0));
    assert_eq!(refused(vec![vec![1], vec![]]), VoprfError::Input(1));
    assert_eq!(refused(vec![vec![1], vec![0; 65_536]]), VoprfError::Input(1));
}

#[test]
fn a_blinding_shows_neither_inputs_nor_blinds() {
    let blinding = Blinding::new(vec![b"secret input".to_vec()], &mut rng(1)).unwrap();
    assert_eq!(format!("{blinding:?}"), "Blinding(1 inputs)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The check of a proof agrees with the `voprf` crate's on what holds and on what does not.
    #[test]
    fn proofs_hold_exactly_where_the_crate_says_so(seed: u64, count in 1_usize..230, change in 0_u8..4) {
        let federation = Federation::new(seed);
        let inputs: Vec<Vec<u8>> = (0..count).map(|n| n.to_be_bytes().to_vec()).collect();
        let blinding = Blinding::new(inputs, &mut rng(seed ^ 1)).unwrap();
        let honest = federation.evaluate(&blinding, 1);
        let mut evaluation = honest.clone();
        match change {
            1 => evaluation.proof.0[5] ^= 0x10,
            2 => evaluation = changed(&evaluation, |list| list[count / 2] = list[count - 1]),
            3 => evaluation = changed(&evaluation, |list| list.reverse()),
            _ => {}
        }
        let ours = blinding.verify(&federation.keys, &evaluation).is_ok();

        let blinded: Vec<_> = blinding.blinded().as_slice().to_vec();
        // Its clients are made of any blind: it plays no part in the check.
        let clients: Vec<VoprfClient<Ristretto255>> = blinded
            .iter()
            .map(|element| VoprfClient::deserialize(&[[1; 32], *element].concat()).unwrap())
            .collect();
        prop_assert!(blinded.iter().all(|element| BlindedElement::<Ristretto255>::deserialize(element).is_ok()));
        let elements: Vec<EvaluationElement<Ristretto255>> = evaluation
            .evaluated
            .as_slice()
            .iter()
            .map(|element| EvaluationElement::deserialize(element).unwrap())
            .collect();
        let proof = voprf::Proof::deserialize(&evaluation.proof.0);
        let key = curve25519_dalek::ristretto::CompressedRistretto(*federation.keys.evaluators[0].public_key.as_bytes());
        let theirs = proof.is_ok_and(|proof| {
            let none: [&[u8]; 0] = [];
            VoprfClient::batch_finalize(&none, &clients, &elements, &proof, key.decompress().unwrap()).is_ok()
        });
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(ours, evaluation == honest);
    }
}
