//! Private keys.

use std::fmt;

use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use openssl::pkey::{PKey, Private};
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, KeyId, SIGNATURE_BYTES, VerifyingKey, pem, sm2};

/// PKCS#8 version 1 up to the 32 bytes of an Ed25519 seed (RFC 8410 §7).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A private key with its public half. It has no `Clone`, and its `Debug` shows the public key's id only.
pub struct SigningKey {
    inner: Inner,
    public: VerifyingKey,
}

enum Inner {
    Ed25519(Box<Ed25519KeyPair>),
    Sm2 { key: PKey<Private>, identity: [u8; 32] },
}

impl SigningKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Library`] if there is none.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Library {
                    action: "make an Ed25519 key",
                })?;
                Self::from_ed25519(pair)
            }
            Algorithm::Sm2 => {
                let key = sm2::generate()?;
                let point = sm2::point_of(&key)?;
                Self::from_sm2(key, point)
            }
        }
    }

    /// The Ed25519 key of a seed of 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::Container`] if the library refuses it.
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::from_ed25519(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Container)?)
    }

    fn from_ed25519(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Container)?;
        Ok(Self {
            public: VerifyingKey::ed25519(public)?,
            inner: Inner::Ed25519(Box::new(pair)),
        })
    }

    fn from_sm2(key: PKey<Private>, point: sm2::PointBytes) -> Result<Self, KeyError> {
        let identity = sm2::identity_digest(&point)?;
        Ok(Self {
            public: VerifyingKey::sm2(point)?,
            inner: Inner::Sm2 { key, identity },
        })
    }

    /// The key of an unencrypted PKCS#8 structure (RFC 5958): Ed25519 with or without its public key, or SM2.
    ///
    /// # Errors
    /// [`KeyError::Container`] if it is anything else.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Self::from_ed25519(pair);
        }
        let (key, point) = sm2::from_pkcs8(der)?;
        let key = Self::from_sm2(key, point)?;
        // A file may state a public key that is not the private key's: signing with it would bind the member to nothing.
        let probe = key.sign(&ED25519_PKCS8)?;
        if key.public.verify(&ED25519_PKCS8, &probe) {
            Ok(key)
        } else {
            Err(KeyError::Container)
        }
    }

    /// The key of a PEM text with one `PRIVATE KEY` block (RFC 7468 §10).
    ///
    /// # Errors
    /// [`KeyError::Pem`], or those of [`Self::from_pkcs8_der`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_pkcs8_der(&pem::decode(pem::PRIVATE, text)?)
    }

    /// The unencrypted PKCS#8 structure (version 1, as OpenSSL writes it), in a buffer that is wiped when dropped.
    ///
    /// # Errors
    /// [`KeyError::Library`] if the library cannot export the key.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = KeyError::Library {
            action: "export a private key",
        };
        match &self.inner {
            Inner::Ed25519(pair) => {
                let Ok(seed) = pair.seed().and_then(|seed| seed.as_be_bytes()) else {
                    return Err(failed);
                };
                let mut der = Zeroizing::new(Vec::with_capacity(48));
                der.extend_from_slice(&ED25519_PKCS8);
                der.extend_from_slice(seed.as_ref());
                Ok(der)
            }
            Inner::Sm2 { key, .. } => key.private_key_to_pkcs8().map(Zeroizing::new).map_err(|_| failed),
        }
    }

    /// The PEM text of [`Self::to_pkcs8_der`], in a buffer that is wiped when dropped.
    ///
    /// # Errors
    /// Those of [`Self::to_pkcs8_der`].
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(pem::encode(pem::PRIVATE, &self.to_pkcs8_der()?))
    }

    /// The public key.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The key's name.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.public.id()
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The signature of `message`. Ed25519 gives the same one every time, SM2 another one every time.
    ///
    /// # Errors
    /// [`KeyError::Library`] if there is no memory or, for SM2, no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyError> {
        match &self.inner {
            Inner::Ed25519(pair) => pair
                .try_sign(message)
                .ok()
                .and_then(|signature| signature.as_ref().try_into().ok())
                .ok_or(KeyError::Library {
                    action: "sign with Ed25519",
                }),
            Inner::Sm2 { key, identity } => sm2::sign(key, identity, message),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.algorithm(), self.id())
    }
}
