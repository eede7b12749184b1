//! Public keys: parsed once, ready to verify.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Public};

use super::{Algorithm, KeyError, KeyId, SIGNATURE_BYTES, pem, sm2};
use crate::text::serde_as_text;

/// `SubjectPublicKeyInfo` up to the 32 bytes of an Ed25519 key (RFC 8410 §4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Encodings of points of order 1, 2, 4 and 8 on edwards25519, canonical or not, without the sign bit.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// A public key. On the wire `ed25519:<base64 of 32 bytes>` or `sm2:<base64 of the 65-byte uncompressed point>`, base64
/// standard with padding (RFC 4648 §4); in files PEM of a `SubjectPublicKeyInfo`.
#[derive(Clone)]
pub struct VerifyingKey {
    id: KeyId,
    inner: Inner,
}

#[derive(Clone)]
enum Inner {
    Ed25519([u8; 32]),
    Sm2(Box<Sm2Public>),
}

#[derive(Clone)]
struct Sm2Public {
    point: sm2::PointBytes,
    identity: [u8; 32],
    key: PKey<Public>,
}

impl VerifyingKey {
    /// The Ed25519 key of these 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::SmallOrder`] for the few encodings under which a signature fits many messages.
    pub fn ed25519(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let mut magnitude = bytes;
        if let Some(last) = magnitude.last_mut() {
            *last &= 0x7f;
        }
        if SMALL_ORDER.contains(&hex::encode(magnitude).as_str()) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self::with(Inner::Ed25519(bytes)))
    }

    /// The SM2 key of this uncompressed point, `0x04 ‖ x ‖ y`.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`] if it is not a finite point of the curve.
    pub fn sm2(point: [u8; 65]) -> Result<Self, KeyError> {
        let key = sm2::public_from_point(&point)?;
        Ok(Self::with(Inner::Sm2(Box::new(Sm2Public {
            point,
            identity: sm2::identity_digest(&point)?,
            key,
        }))))
    }

    fn with(inner: Inner) -> Self {
        Self {
            id: KeyId::of_spki(&spki(&inner)),
            inner,
        }
    }

    /// The key of a `SubjectPublicKeyInfo` in DER. Only the one encoding that DER allows is read.
    ///
    /// # Errors
    /// [`KeyError::Container`] if it is of another kind; the errors of [`Self::ed25519`] and [`Self::sm2`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        if let Some(Ok(bytes)) = der.strip_prefix(&ED25519_SPKI).map(<[u8; 32]>::try_from) {
            return Self::ed25519(bytes);
        }
        match der.strip_prefix(&sm2::SPKI).map(<[u8; 65]>::try_from) {
            Some(Ok(point)) => Self::sm2(point),
            _ => Err(KeyError::Container),
        }
    }

    /// The key of a PEM text with one `PUBLIC KEY` block (RFC 7468 §13).
    ///
    /// # Errors
    /// [`KeyError::Pem`], or those of [`Self::from_spki_der`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_spki_der(&pem::decode(pem::PUBLIC, text)?)
    }

    /// The `SubjectPublicKeyInfo` in DER: 44 bytes for Ed25519, 91 for SM2.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        spki(&self.inner)
    }

    /// The PEM text of [`Self::spki_der`].
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(pem::PUBLIC, &self.spki_der()).to_string()
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.inner {
            Inner::Ed25519(_) => Algorithm::Ed25519,
            Inner::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// The key's name.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The raw key: 32 bytes for Ed25519, the 65-byte uncompressed point for SM2.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        raw(&self.inner)
    }

    /// True if `signature` (64 bytes) is this key's over `message`. Any other length, and an `S` or `s` out of its range,
    /// is false: a signature has one encoding only (RFC 8032 §5.1.7, GB/T 32918.2 §7.1).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        if signature.len() != SIGNATURE_BYTES {
            return false;
        }
        match &self.inner {
            Inner::Ed25519(bytes) => UnparsedPublicKey::new(&ED25519, bytes)
                .verify(message, signature)
                .is_ok(),
            Inner::Sm2(key) => sm2::verify(&key.key, &key.identity, message, signature),
        }
    }
}

fn raw(inner: &Inner) -> &[u8] {
    match inner {
        Inner::Ed25519(bytes) => bytes,
        Inner::Sm2(key) => &key.point,
    }
}

fn spki(inner: &Inner) -> Vec<u8> {
    let prefix: &[u8] = match inner {
        Inner::Ed25519(_) => &ED25519_SPKI,
        Inner::Sm2(_) => &sm2::SPKI,
    };
    [prefix, raw(inner)].concat()
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm() == other.algorithm() && self.raw() == other.raw()
    }
}

impl Eq for VerifyingKey {}

impl std::hash::Hash for VerifyingKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (algorithm, encoded) = text.split_once(':').ok_or(KeyError::Wire)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Wire)?;
        match algorithm.parse() {
            Ok(Algorithm::Ed25519) => Self::ed25519(bytes.try_into().map_err(|_| KeyError::Wire)?),
            Ok(Algorithm::Sm2) => Self::sm2(bytes.try_into().map_err(|_| KeyError::Wire)?),
            Err(_) => Err(KeyError::Wire),
        }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm(), STANDARD.encode(self.raw()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

serde_as_text!(VerifyingKey, "a key such as `ed25519:<base64>` or `sm2:<base64>`");
