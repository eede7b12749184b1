//! DSSE envelopes against data that a second implementation made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::{Envelope, EnvelopeRefusal, MAX_BYTES, pae};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::signing::{Algorithm, SigningKey, VerifyingKey};

#[derive(Deserialize)]
struct Vectors {
    pae: Vec<PaeCase>,
    key: VerifyingKey,
    private_pkcs8_pem: String,
    payload_type: String,
    payload_hex: String,
    payload_sha256: String,
    signature_hex: String,
    accepted: Vec<Case>,
    refused: Vec<Case>,
}

#[derive(Deserialize)]
struct PaeCase {
    name: String,
    payload_type: String,
    body_hex: String,
    pae_hex: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    envelope: String,
    code: Option<CheckCode>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/dsse.json")).unwrap()
}

#[test]
fn the_signed_bytes_are_those_of_dsse() {
    for case in vectors().pae {
        let body = hex::decode(&case.body_hex).unwrap();
        assert_eq!(
            hex::encode(pae(&case.payload_type, &body)),
            case.pae_hex,
            "{}",
            case.name
        );
    }
}

#[test]
fn every_accepted_form_is_the_same_message() {
    let vectors = vectors();
    for case in &vectors.accepted {
        let envelope = Envelope::decode(case.envelope.as_bytes()).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(hex::encode(envelope.payload()), vectors.payload_hex, "{}", case.name);
        assert_eq!(
            envelope.payload_sha256().to_string(),
            vectors.payload_sha256,
            "{}",
            case.name
        );
        assert_eq!(
            envelope.verify(std::slice::from_ref(&vectors.key)),
            Ok(vectors.key.id()),
            "{}",
            case.name
        );
        assert_eq!(
            envelope.signers(std::slice::from_ref(&vectors.key)),
            [vectors.key.id()],
            "{}",
            case.name
        );
        let again = Envelope::decode(&envelope.to_json().unwrap()).unwrap();
        assert_eq!(
            again, envelope,
            "nothing is lost on the way through JSON: {}",
            case.name
        );
    }
}

#[test]
fn every_refused_form_is_refused_by_its_check() {
    let vectors = vectors();
    for case in &vectors.refused {
        let outcome =
            Envelope::decode(case.envelope.as_bytes()).and_then(|e| e.verify(std::slice::from_ref(&vectors.key)));
        let refusal = outcome.expect_err(&case.name);
        assert_eq!(Some(refusal.check()), case.code, "{}: {refusal}", case.name);
        assert_eq!(Problem::from(&refusal).check, case.code, "{}", case.name);
    }
}

#[test]
fn signing_makes_the_vector_again() {
    let vectors = vectors();
    let key = SigningKey::from_pem(&vectors.private_pkcs8_pem).unwrap();
    let payload = hex::decode(&vectors.payload_hex).unwrap();
    let envelope = Envelope::sign(&vectors.payload_type, payload, &key).unwrap();
    assert_eq!(hex::encode(&envelope.signatures()[0].sig), vectors.signature_hex);
    let json: serde_json::Value = serde_json::from_slice(&envelope.to_json().unwrap()).unwrap();
    let first: serde_json::Value = serde_json::from_str(&vectors.accepted[0].envelope).unwrap();
    assert_eq!(json, first);
}

#[test]
fn while_a_key_rotates_either_one_will_do_and_two_signers_are_told_apart() {
    let (old, new, pledgee) = (
        SigningKey::generate(Algorithm::Ed25519).unwrap(),
        SigningKey::generate(Algorithm::Ed25519).unwrap(),
        SigningKey::generate(Algorithm::Sm2).unwrap(),
    );
    let member = [old.verifying_key().clone(), new.verifying_key().clone()];
    let mut envelope = Envelope::sign("t", b"{}".to_vec(), &new).unwrap();
    assert_eq!(envelope.verify(&member), Ok(new.id()));
    assert_eq!(envelope.verify(&member[..1]).unwrap_err().check(), CheckCode::M05);
    assert_eq!(envelope.verify(&[]).unwrap_err().check(), CheckCode::M05);
    envelope.add_signature(&pledgee).unwrap();
    let everyone = [member.as_slice(), &[pledgee.verifying_key().clone()]].concat();
    assert_eq!(envelope.signers(&everyone), [new.id(), pledgee.id()]);
}

#[test]
fn parts_without_a_signature_make_no_envelope() {
    assert_eq!(
        Envelope::from_parts("t", Vec::new(), Vec::new()),
        Err(EnvelopeRefusal::Unsigned)
    );
}

#[test]
fn an_envelope_over_the_limit_is_refused_unread() {
    let text = vec![b' '; MAX_BYTES + 1];
    assert_eq!(Envelope::decode(&text).unwrap_err().check(), CheckCode::M03);
    assert!(matches!(Envelope::decode(b""), Err(EnvelopeRefusal::Json(_))));
}
