//! The hashes of RFC 9497 for ristretto255-SHA512 in the mode VOPRF (§2.2, §3.3, §4.1).

use aws_lc_rs::digest::{Context, SHA512};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;

use crate::fingerprint::element::PROOF_BYTES;

const SEED_DST: &[u8] = b"Seed-OPRFV1-\x01-ristretto255-SHA512";
const TO_GROUP_DST: &[u8] = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512";
const TO_SCALAR_DST: &[u8] = b"HashToScalar-OPRFV1-\x01-ristretto255-SHA512";
/// SHA-512's block: `Z_pad` of RFC 9380 §5.3.1.
const BLOCK: [u8; 128] = [0; 128];

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut context = Context::new(&SHA512);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 64];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// `I2OSP(length, 2)`. Everything that is hashed here is at most 65,535 long.
fn length_of(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

/// `expand_message_xmd` to 64 bytes, which is one output of SHA-512 (RFC 9380 §5.3.1).
fn expand(message: &[&[u8]], dst: &[u8]) -> [u8; 64] {
    let dst_length = [u8::try_from(dst.len()).unwrap_or(u8::MAX)];
    let mut context = Context::new(&SHA512);
    context.update(&BLOCK);
    for part in message {
        context.update(part);
    }
    for part in [&[0, 64, 0][..], dst, &dst_length] {
        context.update(part);
    }
    sha512(&[context.finish().as_ref(), &[1], dst, &dst_length])
}

/// `HashToGroup`.
pub(super) fn hash_to_group(input: &[u8]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&expand(&[input], TO_GROUP_DST))
}

/// `HashToScalar`.
fn hash_to_scalar(message: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&expand(message, TO_SCALAR_DST))
}

/// `Finalize` after unblinding: the output of an input and its evaluated element (§3.3.1).
pub(super) fn finalize(input: &[u8], element: &[u8; 32]) -> [u8; 64] {
    sha512(&[&length_of(input), input, &length_of(element), element, b"Finalize"])
}

/// One side of a batch: elements, and their encodings.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub points: &'a [RistrettoPoint],
    pub encodings: &'a [[u8; 32]],
}

/// `VerifyProof` (§2.2.2) that every element of `after` is the one of `before` times the key of `public_key`. Everything
/// here is public, so the arithmetic may take a time that depends on it.
pub(super) fn proof_holds(
    (public_key, public_key_encoding): (RistrettoPoint, &[u8; 32]),
    before: Side<'_>,
    after: Side<'_>,
    proof: &[u8; PROOF_BYTES],
) -> bool {
    let (halves, _) = proof.as_chunks::<32>();
    let scalar = |half: Option<&[u8; 32]>| half.and_then(|bytes| Scalar::from_canonical_bytes(*bytes).into_option());
    let (Some(c), Some(s)) = (scalar(halves.first()), scalar(halves.get(1))) else {
        return false;
    };
    let weights = composite_weights(public_key_encoding, before.encodings, after.encodings);
    let m = RistrettoPoint::vartime_multiscalar_mul(&weights, before.points);
    let z = RistrettoPoint::vartime_multiscalar_mul(&weights, after.points);
    let t2 = RISTRETTO_BASEPOINT_TABLE * &s + public_key * c;
    let t3 = RistrettoPoint::vartime_multiscalar_mul([s, c], [m, z]);
    let compressed = [m, z, t2, t3].map(|point| point.compress().to_bytes());
    let [a0, a1, a2, a3] = &compressed;
    let two = length_of(a0);
    hash_to_scalar(&[
        &two,
        public_key_encoding,
        &two,
        a0,
        &two,
        a1,
        &two,
        a2,
        &two,
        a3,
        b"Challenge",
    ]) == c
}

/// The weights of `ComputeComposites` (§2.2.1), one a pair of elements.
fn composite_weights(public_key: &[u8; 32], before: &[[u8; 32]], after: &[[u8; 32]]) -> Vec<Scalar> {
    let seed = sha512(&[&length_of(public_key), public_key, &length_of(SEED_DST), SEED_DST]);
    let (seed_length, two) = (length_of(&seed), length_of(public_key));
    let pairs = before.iter().zip(after).zip(0_u16..);
    pairs
        .map(|((c, d), i)| hash_to_scalar(&[&seed_length, &seed, &i.to_be_bytes(), &two, c, &two, d, b"Composite"]))
        .collect()
}
