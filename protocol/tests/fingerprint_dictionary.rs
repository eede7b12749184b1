//! A hub's operator has the whole database: every token, and say that somebody's ride is known to the second. Can they find out
//! whose it was by trying everybody's number? Only with the key that no one has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use curve25519_dalek::scalar::Scalar;
use tanqiao_protocol::fingerprint::{
    ActivityFacts, HmacSm3Key, LocalFunction, SubjectKey, Token, TokenEntry, TokenInput, TokenKind, token_inputs,
    token_of,
};
use tanqiao_protocol::id::Sha256;
use voprf::{Ristretto255, VoprfServer};

/// Whose ride it was, among the candidates.
const RIDER: u32 = 123;
const CANDIDATES: u32 = 500;

/// Numbers that are in no one's hands.
fn number(candidate: u32) -> String {
    format!("199{candidate:08}")
}

/// The inputs of the ride if this candidate took it. All but the rider is in the operator's hands: the member's record was published.
fn inputs_if(candidate: u32) -> Vec<TokenInput> {
    let subject: SubjectKey = number(candidate).parse().unwrap();
    token_inputs(&ActivityFacts {
        activity: &"rail-transit".parse().unwrap(),
        start: "2026-05-23T08:02:11+08:00".parse().unwrap(),
        end: "2026-05-23T08:31:40+08:00".parse().unwrap(),
        source: Some("app-one"),
        record: Some("ORDER-0001"),
        asset: None,
        subject: Some(&subject),
    })
    .unwrap()
}

/// What an attacker computes of one input: every token that it could be.
type Attempt<'a> = dyn Fn(&TokenInput) -> Vec<Token> + 'a;

/// The candidates of whom the stored tokens `S` show that they took the ride.
fn confirmed(stored: &[TokenEntry], attempt: &Attempt<'_>) -> Vec<u32> {
    let is_stored = |input: &TokenInput| {
        let tokens = attempt(input);
        stored.iter().any(|entry| tokens.contains(&entry.token))
    };
    let took_it = |candidate: &u32| {
        let inputs = inputs_if(*candidate);
        inputs
            .iter()
            .filter(|input| input.kind == TokenKind::Subject)
            .any(is_stored)
    };
    (0..CANDIDATES).filter(took_it).collect()
}

/// What the hub's database has of the ride.
fn stored(function: &dyn Fn(&TokenInput) -> Token) -> Vec<TokenEntry> {
    let entry = |input: &TokenInput| TokenEntry {
        kind: input.kind,
        epoch: input.epoch,
        token: function(input),
    };
    inputs_if(RIDER).iter().map(entry).collect()
}

fn first_16(bytes: &[u8]) -> Token {
    Token(*bytes.first_chunk().unwrap())
}

fn digest(algorithm: &'static aws_lc_rs::digest::Algorithm, bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// Tokens by whatever is public: hashes of the input alone, taken as a token or as the output behind one.
fn without_a_key(input: &TokenInput) -> Vec<Token> {
    let sm3 = openssl::hash::hash(openssl::hash::MessageDigest::sm3(), &input.bytes).unwrap();
    let outputs = [
        input.bytes.to_vec(),
        Sha256::of_parts(&[&input.bytes]).0.to_vec(),
        digest(&aws_lc_rs::digest::SHA512, &input.bytes),
        digest(&aws_lc_rs::digest::SHA384, &input.bytes),
        blake3::hash(&input.bytes).as_bytes().to_vec(),
        sm3.to_vec(),
    ];
    outputs
        .iter()
        .flat_map(|output| [first_16(output), token_of(input.epoch, input.kind, output)])
        .collect()
}

fn with_key(key: &HmacSm3Key) -> impl Fn(&TokenInput) -> Token {
    |input| key.token(input.epoch, input.kind, &input.bytes)
}

#[test]
fn hashes_of_every_number_tell_nothing_and_the_key_would_tell_all() {
    let key = HmacSm3Key::new([0x37; 32]);
    let stored = stored(&with_key(&key));
    assert!(stored.iter().any(|entry| entry.kind == TokenKind::Subject));
    assert!(confirmed(&stored, &without_a_key).is_empty());
    // Keys that anyone might try first: nothing, the month, another month's key.
    for guess in [[0; 32], [0xff; 32], Sha256::of_parts(&[b"2026-05"]).0, [0x38; 32]] {
        let guess = HmacSm3Key::new(guess);
        assert!(confirmed(&stored, &|input| vec![with_key(&guess)(input)]).is_empty());
    }
    // The same attack finds the rider, and nobody else, once it has the key: it is the key that protects.
    assert_eq!(confirmed(&stored, &|input| vec![with_key(&key)(input)]), [RIDER]);
}

#[test]
fn a_federation_that_stored_plain_hashes_would_give_its_riders_away() {
    let hashed = stored(&|input| first_16(&Sha256::of_parts(&[&input.bytes]).0));
    assert_eq!(confirmed(&hashed, &without_a_key), [RIDER]);
}

/// The token under a key of the threshold function, or under what somebody takes for one.
fn with_scalar(key: Scalar) -> impl Fn(&TokenInput) -> Token {
    let server = VoprfServer::<Ristretto255>::new_with_key(key.as_bytes()).unwrap();
    move |input| token_of(input.epoch, input.kind, &server.evaluate(&input.bytes).unwrap())
}

#[test]
fn the_hub_and_any_one_evaluator_together_cannot_confirm_a_rider_and_any_two_evaluators_could() {
    // A line through the key: evaluator n has its value at n.
    let (key, slope) = (
        Scalar::from(0x1234_5678_9abc_def1_u64),
        Scalar::from(0xfedc_ba98_7654_3211_u64),
    );
    let (key, slope) = (key * key * key * key, slope * slope * slope * slope);
    let share = |number: u8| key + slope * Scalar::from(number);
    let stored = stored(&with_scalar(key));

    assert!(confirmed(&stored, &without_a_key).is_empty());
    // Each share as it is, and with the weight that it has beside each of the others.
    for number in 1..=3u8 {
        let others = (1..=3u8).filter(|other| *other != number);
        let weight = |other: u8| Scalar::from(other) * (Scalar::from(other) - Scalar::from(number)).invert();
        let weights = std::iter::once(Scalar::ONE).chain(others.map(weight));
        let attempts: Vec<_> = weights.map(|weight| with_scalar(share(number) * weight)).collect();
        let with_one = |input: &TokenInput| attempts.iter().map(|attempt| attempt(input)).collect();
        assert!(confirmed(&stored, &with_one).is_empty(), "evaluator {number}");
    }
    // Two shares are the key: evaluators must not be run by one party, nor by the hub.
    let of_two = share(1) * Scalar::from(2u8) - share(2);
    assert_eq!(confirmed(&stored, &|input| vec![with_scalar(of_two)(input)]), [RIDER]);
}
