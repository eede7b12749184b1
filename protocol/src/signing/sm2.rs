//! SM2 signatures with SM3 (GB/T 32918.2-2016 §6 and §7) on the curve of GB/T 32918.5, through OpenSSL.
//!
//! OpenSSL's safe interface hashes messages with an **empty** user id, which no other implementation of the standard
//! accepts. So the digest `e = SM3(Z_A ‖ M)` is formed here, with the user id of GM/T 0009 §10, and OpenSSL is given
//! those 32 bytes to sign or verify as they are.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, PKey, Private, Public};
use openssl::pkey_ctx::PkeyCtx;

use super::{KeyError, SIGNATURE_BYTES};

/// The user id that GM/T 0009 §10 prescribes where none is agreed.
pub const STANDARD_USER_ID: &[u8; 16] = b"1234567812345678";

/// `a ‖ b ‖ x_G ‖ y_G` of the curve of GB/T 32918.5 (big-endian, 32 bytes each), as they enter `Z_A`.
const CURVE: &str = concat!(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
);

/// `SubjectPublicKeyInfo` up to the 65 bytes of an SM2 point: id-ecPublicKey with the curve 1.2.156.10197.1.301
/// (GM/T 0009 §7, RFC 5480 §2).
pub(super) const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf,
    0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
];

/// A point in uncompressed form: `0x04 ‖ x ‖ y`.
pub(super) type PointBytes = [u8; 65];

const fn failed(action: &'static str) -> impl Fn(ErrorStack) -> KeyError {
    move |_| KeyError::Library { action }
}

pub(super) fn group() -> Result<EcGroup, KeyError> {
    EcGroup::from_curve_name(Nid::SM2).map_err(failed("load the SM2 curve"))
}

/// A new key from the operating system's randomness.
pub(super) fn generate() -> Result<PKey<Private>, KeyError> {
    let key = EcKey::generate(&*group()?).map_err(failed("make an SM2 key"))?;
    PKey::from_ec_key(key).map_err(failed("make an SM2 key"))
}

/// The key of an unencrypted PKCS#8 structure (RFC 5208) with an SM2 key in it, and its uncompressed point.
pub(super) fn from_pkcs8(der: &[u8]) -> Result<(PKey<Private>, PointBytes), KeyError> {
    let key = PKey::private_key_from_pkcs8(der).map_err(|_| KeyError::Container)?;
    let point = point_of(&key)?;
    Ok((key, point))
}

/// The public key of an uncompressed point, checked to be on the curve and not at infinity.
pub(super) fn public_from_point(bytes: &PointBytes) -> Result<PKey<Public>, KeyError> {
    let build = || -> Result<PKey<Public>, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::SM2)?;
        let mut context = BigNumContext::new()?;
        let point = EcPoint::from_bytes(&group, bytes, &mut context)?;
        let key = EcKey::from_public_key(&group, &point)?;
        key.check_key()?;
        PKey::from_ec_key(key)
    };
    if bytes.first() != Some(&0x04) {
        return Err(KeyError::NotOnCurve);
    }
    build().map_err(|_| KeyError::NotOnCurve)
}

/// The uncompressed point of a key, read from its `SubjectPublicKeyInfo`: OpenSSL gives no `EcKey` for an SM2 key that it
/// has decoded itself.
pub(super) fn point_of<T: HasPublic>(key: &PKey<T>) -> Result<PointBytes, KeyError> {
    let spki = key.public_key_to_der().map_err(|_| KeyError::Container)?;
    spki.strip_prefix(&SPKI)
        .and_then(|point| point.try_into().ok())
        .ok_or(KeyError::Container)
}

/// `Z_A = SM3(ENTL ‖ ID ‖ a ‖ b ‖ x_G ‖ y_G ‖ x_A ‖ y_A)` with the standard user id (GB/T 32918.2 §5.5).
pub(super) fn identity_digest(point: &PointBytes) -> Result<[u8; 32], KeyError> {
    let mut curve = [0_u8; 128];
    hex::decode_to_slice(CURVE, &mut curve).map_err(|_| KeyError::Container)?;
    let bits: u16 = 128; // ENTL: the length of the user id in bits
    let (_, coordinates) = point.split_at(1);
    sm3(&[&bits.to_be_bytes(), STANDARD_USER_ID, &curve, coordinates])
}

fn sm3(parts: &[&[u8]]) -> Result<[u8; 32], KeyError> {
    let hash = || -> Result<[u8; 32], ErrorStack> {
        let mut hasher = Hasher::new(MessageDigest::sm3())?;
        for part in parts {
            hasher.update(part)?;
        }
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(hasher.finish()?.iter()) {
            *to = *from;
        }
        Ok(out)
    };
    hash().map_err(failed("compute SM3"))
}

/// The signature `r ‖ s` of `message` (GB/T 32918.2 §6.1).
pub(super) fn sign(
    key: &PKey<Private>,
    identity: &[u8; 32],
    message: &[u8],
) -> Result<[u8; SIGNATURE_BYTES], KeyError> {
    let digest = sm3(&[identity, message])?;
    let sign = || -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        let mut context = PkeyCtx::new(key)?;
        context.sign_init()?;
        let mut der = Vec::new();
        context.sign_to_vec(&digest, &mut der)?;
        let pair = EcdsaSig::from_der(&der)?;
        Ok((pair.r().to_vec_padded(32)?, pair.s().to_vec_padded(32)?))
    };
    let (r, s) = sign().map_err(failed("sign with SM2"))?;
    let mut out = [0; SIGNATURE_BYTES];
    for (to, from) in out.iter_mut().zip(r.iter().chain(&s)) {
        *to = *from;
    }
    Ok(out)
}

/// True if `signature` is `r ‖ s` of `message` (GB/T 32918.2 §7.1; OpenSSL demands `1 ≤ r, s < n`).
pub(super) fn verify(key: &PKey<Public>, identity: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    if signature.len() != SIGNATURE_BYTES {
        return false;
    }
    let Ok(digest) = sm3(&[identity, message]) else {
        return false;
    };
    let check = || -> Result<bool, ErrorStack> {
        let (r, s) = signature.split_at(32);
        let der = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()?;
        let mut context = PkeyCtx::new(key)?;
        context.verify_init()?;
        context.verify(&digest, &der)
    };
    let verdict = check().unwrap_or(false);
    if !verdict {
        drop(ErrorStack::get()); // OpenSSL leaves its reasons in a queue of the thread; nobody else shall read them
    }
    verdict
}
