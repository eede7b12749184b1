//! Keys and signatures against published vectors, and against a second implementation of SM2.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use serde::Deserialize;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use tanqiao_protocol::signing::{Algorithm, KeyError, NoteKey, NoteKeyError, SigningKey, VerifyingKey};

#[derive(Deserialize)]
struct Vectors {
    signatures: Vec<SignatureCase>,
    refused_keys: Vec<RefusedKey>,
    note_keys: Vec<NoteCase>,
}

#[derive(Deserialize)]
struct SignatureCase {
    name: String,
    key: VerifyingKey,
    key_id: String,
    spki_der_hex: String,
    private_pkcs8_pem: Option<String>,
    message_utf8: String,
    signature_hex: String,
    valid: bool,
}

#[derive(Deserialize)]
struct RefusedKey {
    name: String,
    key: String,
}

#[derive(Deserialize)]
struct NoteCase {
    name: String,
    vkey: String,
    key: Option<VerifyingKey>,
    error: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/signing.json")).unwrap()
}

#[test]
fn every_signature_vector_has_the_verdict_that_it_states() {
    for case in vectors().signatures {
        let signature = hex::decode(&case.signature_hex).unwrap();
        assert_eq!(
            case.key.verify(case.message_utf8.as_bytes(), &signature),
            case.valid,
            "{}",
            case.name
        );
        assert_eq!(case.key.id().to_string(), case.key_id, "{}", case.name);
        assert_eq!(hex::encode(case.key.spki_der()), case.spki_der_hex, "{}", case.name);
        assert_eq!(VerifyingKey::from_spki_der(&case.key.spki_der()).unwrap(), case.key);
        assert_eq!(VerifyingKey::from_pem(&case.key.to_pem()).unwrap(), case.key);
        if let Some(pem) = case.private_pkcs8_pem {
            let key = SigningKey::from_pem(&pem).unwrap();
            assert_eq!(key.verifying_key(), &case.key, "{}", case.name);
            let again = key.sign(case.message_utf8.as_bytes()).unwrap();
            assert!(case.key.verify(case.message_utf8.as_bytes(), &again));
            if key.algorithm() == Algorithm::Ed25519 && case.valid {
                assert_eq!(again.as_slice(), signature, "Ed25519 is deterministic: {}", case.name);
                assert_eq!(key.to_pem().unwrap().as_str(), pem, "{}", case.name);
            }
        }
    }
}

#[test]
fn keys_that_prove_nothing_are_refused() {
    for case in vectors().refused_keys {
        assert!(case.key.parse::<VerifyingKey>().is_err(), "{}", case.name);
    }
}

#[test]
fn note_keys_are_read_and_written_as_the_specification_of_signed_notes_says() {
    for case in vectors().note_keys {
        match case.vkey.parse::<NoteKey>() {
            Ok(key) => {
                assert_eq!(case.error, None, "{}", case.name);
                assert_eq!(key.to_string(), case.vkey);
                assert_eq!(Some(key.key()), case.key.as_ref(), "{}", case.name);
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), case.error, "{}", case.name),
        }
    }
    let sm2 = SigningKey::generate(Algorithm::Sm2).unwrap();
    assert_eq!(
        NoteKey::new("hub.example/log", sm2.verifying_key().clone()),
        Err(NoteKeyError::Key)
    );
}

#[test]
fn a_signature_fits_one_message_one_key_and_has_one_encoding() {
    for &algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let other = SigningKey::generate(algorithm).unwrap();
        let signature = key.sign(b"ten grams").unwrap();
        let public = key.verifying_key();
        assert!(public.verify(b"ten grams", &signature));
        assert!(!public.verify(b"ten kilograms", &signature));
        assert!(!other.verifying_key().verify(b"ten grams", &signature));
        for shortened in 0..signature.len() {
            assert!(!public.verify(b"ten grams", &signature[..shortened]));
        }
        assert!(!public.verify(b"ten grams", &[&signature[..], &[0]].concat()));
        for bit in 0..signature.len() * 8 {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!public.verify(b"ten grams", &changed), "{algorithm} bit {bit}");
        }
        assert!(!public.verify(b"ten grams", &[0; 64]));
        assert!(!public.verify(b"ten grams", &[0xff; 64]));
    }
}

#[test]
fn an_sm2_half_has_no_negative_twin() {
    let order = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123";
    let order = openssl::bn::BigNum::from_hex_str(order).unwrap();
    let key = SigningKey::generate(Algorithm::Sm2).unwrap();
    let signature = key.sign(b"x").unwrap();
    for at in [0, 32] {
        let half = openssl::bn::BigNum::from_slice(&signature[at..at + 32]).unwrap();
        let mut negative = openssl::bn::BigNum::new().unwrap();
        negative.checked_sub(&order, &half).unwrap();
        let mut changed = signature;
        changed[at..at + 32].copy_from_slice(&negative.to_vec_padded(32).unwrap());
        assert!(!key.verifying_key().verify(b"x", &changed));
    }
}

#[test]
fn openssl_and_rustcrypto_accept_each_others_sm2_signatures() {
    const ID: &str = "1234567812345678";
    let ours = SigningKey::generate(Algorithm::Sm2).unwrap();
    let theirs_public = sm2::dsa::VerifyingKey::from_sec1_bytes(ID, ours.verifying_key().raw()).unwrap();
    let signature = ours.sign(b"message digest").unwrap();
    theirs_public
        .verify(b"message digest", &sm2::dsa::Signature::from_slice(&signature).unwrap())
        .unwrap();

    let secret = sm2::SecretKey::from_slice(
        &hex::decode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap(),
    )
    .unwrap();
    let theirs = sm2::dsa::SigningKey::new(ID, &secret).unwrap();
    let public = VerifyingKey::sm2(
        theirs
            .verifying_key()
            .as_affine()
            .to_sec1_point(false)
            .as_bytes()
            .try_into()
            .unwrap(),
    )
    .unwrap();
    let signature = theirs.sign(b"message digest");
    assert!(public.verify(b"message digest", &signature.to_bytes()));
    assert!(!public.verify(b"message digesu", &signature.to_bytes()));
    let other_id = sm2::dsa::SigningKey::new("ALICE123@YAHOO.COM", &secret)
        .unwrap()
        .sign(b"message digest");
    assert!(
        !public.verify(b"message digest", &other_id.to_bytes()),
        "another user id is another signature"
    );
}

#[test]
fn private_keys_survive_their_file_and_never_show_themselves() {
    for &algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = key.to_pem().unwrap();
        let again = SigningKey::from_pem(&pem).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
        assert!(key.verifying_key().verify(b"x", &again.sign(b"x").unwrap()));
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SigningKey({algorithm}, {})", key.id()));
        let wire: VerifyingKey = key.verifying_key().to_string().parse().unwrap();
        assert_eq!(&wire, key.verifying_key());
        assert_eq!(wire.id(), key.id());
    }
}

#[test]
fn what_is_not_a_key_file_is_refused() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let pem = key.to_pem().unwrap();
    for text in [
        "",
        "hello",
        &pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        &format!("{}{}", *pem, *pem),
        &pem[..pem.len() - 20],
        &key.verifying_key().to_pem(),
    ] {
        assert!(
            matches!(
                SigningKey::from_pem(text),
                Err(KeyError::Pem { .. } | KeyError::Container)
            ),
            "{text}"
        );
    }
    let p256 = openssl::ec::EcKey::generate(
        &openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap(),
    )
    .unwrap();
    let p256 = openssl::pkey::PKey::from_ec_key(p256).unwrap();
    assert!(matches!(
        SigningKey::from_pkcs8_der(&p256.private_key_to_pkcs8().unwrap()),
        Err(KeyError::Container)
    ));
    assert!(VerifyingKey::from_spki_der(&p256.public_key_to_der().unwrap()).is_err());
}
