//! The threshold VOPRF against RFC 9497's vectors, against the `voprf` crate, and against what may be sent instead of
//! what was asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "voprf/federation.rs"]
mod federation;
#[path = "voprf/refusals.rs"]
mod refusals;
#[path = "voprf/vectors.rs"]
mod vectors;

use federation::{Federation, rng};
use tanqiao_protocol::fingerprint::{Blinding, TokenKind, token_of};
use voprf::{Ristretto255, VoprfServer};

#[test]
fn any_two_evaluators_give_what_the_single_key_gives() {
    let federation = Federation::new(11);
    let single = VoprfServer::<Ristretto255>::new_with_key(&federation.single_key).unwrap();
    let inputs: Vec<Vec<u8>> = (0..40_u16)
        .map(|n| [b"activity ", &n.to_be_bytes()[..]].concat())
        .collect();
    let expected: Vec<Vec<u8>> = inputs
        .iter()
        .map(|input| single.evaluate(input).unwrap().to_vec())
        .collect();
    for (seed, one, other) in [(0, 1, 2), (1, 2, 1), (2, 1, 3), (3, 3, 1), (4, 2, 3), (5, 3, 2)] {
        let blinding = Blinding::new(inputs.clone(), &mut rng(seed)).unwrap();
        let found = federation.derive(&blinding, one, other).unwrap();
        let found: Vec<Vec<u8>> = found.iter().map(|output| output.to_vec()).collect();
        assert_eq!(found, expected, "evaluators {one} and {other}");
    }
}

#[test]
fn two_nodes_get_the_same_token_and_send_different_elements() {
    let federation = Federation::new(12);
    let input = [b"the same activity".to_vec()];
    let wuhan = Blinding::new(input.to_vec(), &mut rng(1)).unwrap();
    let enterprise = Blinding::new(input.to_vec(), &mut rng(2)).unwrap();
    assert_ne!(wuhan.blinded(), enterprise.blinded());
    let token = |blinding: &Blinding<Vec<u8>>, one, other| {
        let outputs = federation.derive(blinding, one, other).unwrap();
        token_of(federation.keys.epoch, TokenKind::Record, &*outputs[0])
    };
    assert_eq!(token(&wuhan, 1, 2), token(&enterprise, 3, 1));
    let other_month = Federation::new(13);
    let outputs = other_month.derive(&wuhan, 1, 2).unwrap();
    assert_ne!(
        token_of(federation.keys.epoch, TokenKind::Record, &*outputs[0]),
        token(&wuhan, 1, 2)
    );
}

#[test]
fn one_input_and_a_long_one_are_batches_like_any_other() {
    let federation = Federation::new(14);
    for input in [vec![0_u8], vec![7; 65_535]] {
        let single = VoprfServer::<Ristretto255>::new_with_key(&federation.single_key).unwrap();
        let blinding = Blinding::new(vec![input.clone()], &mut rng(3)).unwrap();
        let found = federation.derive(&blinding, 2, 3).unwrap();
        assert_eq!(found[0].as_slice(), &single.evaluate(&input).unwrap()[..]);
    }
}
