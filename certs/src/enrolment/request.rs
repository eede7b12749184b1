//! Key pairs for TLS and signing requests (PKCS #10, RFC 2986).

use std::{fmt, path::Path, str::FromStr};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData, SubjectPublicKeyInfo};
use rustls_pki_types::{CertificateSigningRequestDer, pem::PemObject};
use x509_parser::{certification_request::X509CertificationRequest, prelude::FromDer};

use crate::{
    certificate::sha256,
    durable::{self, FileError},
};

/// Longest signing request that is read, in bytes of DER: ours have about 250.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// Algorithm of a TLS key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256: understood everywhere.
    #[default]
    P256,
    /// Ed25519 (RFC 8410).
    Ed25519,
}

impl FromStr for KeyAlgorithm {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "p256" => Ok(Self::P256),
            "ed25519" => Ok(Self::Ed25519),
            _ => Err(format!("`{text}` is no key algorithm: use `p256` or `ed25519`")),
        }
    }
}

/// A key pair could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no private key that can be used here.
    #[error("the private key cannot be read: give a PKCS #8 PEM file with a P-256, P-384 or Ed25519 key")]
    Unreadable(#[source] rcgen::Error),
    /// The crypto library refused.
    #[error("the key cannot be made or used: try again, and check the system's random source")]
    Crypto(#[source] rcgen::Error),
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A private key for TLS. Its `Debug` hides the key.
pub struct TlsKey(KeyPair);

impl TlsKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let algorithm = match algorithm {
            KeyAlgorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
        };
        KeyPair::generate_for(algorithm).map(Self).map_err(KeyError::Crypto)
    }

    /// Reads a PKCS #8 PEM text.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        KeyPair::from_pem(pem).map(Self).map_err(KeyError::Unreadable)
    }

    /// Reads a PKCS #8 PEM file.
    ///
    /// # Errors
    /// [`KeyError::File`], [`KeyError::Unreadable`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&String::from_utf8_lossy(&durable::read(path)?))
    }

    /// The private key as PKCS #8 PEM. Secret.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// Writes the private key to a new file with mode 0600; an existing file is never overwritten.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn save_new(&self, path: &Path) -> Result<(), KeyError> {
        Ok(durable::write_secret(path, self.to_pem().as_bytes())?)
    }

    /// A signing request for this key, in PEM. `name` goes into the subject for people to read: the authority takes the
    /// public key from the request, and nothing else.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn request_pem(&self, name: &str) -> Result<String, KeyError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .serialize_request(&self.0)
            .and_then(|request| request.pem())
            .map_err(KeyError::Crypto)
    }

    #[cfg(test)]
    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }

    pub(crate) fn into_pair(self) -> KeyPair {
        self.0
    }
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsKey({:?}, hidden)", self.0.algorithm())
    }
}

/// Why a signing request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not one PKCS #10 request.
    #[error("the certificate signing request cannot be read: send one PKCS #10 request in PEM or DER, at most 16 KiB")]
    Unreadable,
    /// The request is not signed by the key that it names (RFC 2986 §3): whoever sends it does not hold the key.
    #[error("the signature of the certificate signing request is wrong: make a new request with the node's own key")]
    Signature,
    /// The key's algorithm is not one of ours.
    #[error("the key of the certificate signing request is of a kind not accepted here: use P-256, P-384 or Ed25519")]
    Algorithm,
}

/// A signing request whose signature has been verified. Only its public key is kept: names, usages and extensions that
/// it asks for are ignored, because they come from policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    public_key: SubjectPublicKeyInfo,
    public_key_sha256: String,
}

impl CertificateRequest {
    /// Reads PEM or DER, whichever it is, and verifies the request's own signature.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        // A DER request starts with the tag of a SEQUENCE; no PEM text does.
        if bytes.first() == Some(&0x30) {
            return Self::from_der(bytes);
        }
        let der = CertificateSigningRequestDer::from_pem_slice(bytes).map_err(|_| RequestError::Unreadable)?;
        Self::from_der(&der)
    }

    /// Reads PEM and verifies the request's own signature.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_pem(pem: &str) -> Result<Self, RequestError> {
        Self::parse(pem.as_bytes())
    }

    /// Reads DER and verifies the request's own signature.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::Unreadable);
        }
        let Ok(([], request)) = X509CertificationRequest::from_der(der) else {
            return Err(RequestError::Unreadable);
        };
        let spki = &request.certification_request_info.subject_pki;
        let public_key = SubjectPublicKeyInfo::from_der(spki.raw).map_err(|_| RequestError::Algorithm)?;
        let accepted = [
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ED25519,
        ];
        if !accepted.contains(&public_key.algorithm()) {
            return Err(RequestError::Algorithm);
        }
        request.verify_signature().map_err(|_| RequestError::Signature)?;
        Ok(Self {
            public_key_sha256: hex::encode(sha256(spki.raw)),
            public_key,
        })
    }

    /// SHA-256 over the public key's `SubjectPublicKeyInfo`, hexadecimal: what two people compare on the telephone.
    #[must_use]
    pub fn public_key_sha256(&self) -> &str {
        &self.public_key_sha256
    }

    pub(crate) fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.public_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_key_that_signed_it() {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
            let key = TlsKey::generate(algorithm).unwrap();
            let request = CertificateRequest::from_pem(&key.request_pem("wuhan").unwrap()).unwrap();
            assert_eq!(
                request.public_key_sha256(),
                hex::encode(sha256(&key.pair().subject_public_key_info()))
            );
            let again = TlsKey::from_pem(&key.to_pem()).unwrap();
            assert_eq!(again.pair().public_key_raw(), key.pair().public_key_raw());
        }
    }

    #[test]
    fn a_tampered_request_is_refused() {
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        let pem = key.request_pem("wuhan").unwrap();
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes()).unwrap();
        let mut tampered = der.to_vec();
        let place = tampered.windows(5).position(|w| w == b"wuhan").unwrap();
        tampered[place] = b'W';
        assert_eq!(CertificateRequest::from_der(&tampered), Err(RequestError::Signature));
        let mut longer = der.to_vec();
        longer.push(0);
        assert_eq!(CertificateRequest::from_der(&longer), Err(RequestError::Unreadable));
        assert_eq!(CertificateRequest::parse(b"nothing"), Err(RequestError::Unreadable));
        assert_eq!(CertificateRequest::parse(b""), Err(RequestError::Unreadable));
    }

    #[test]
    fn a_key_stays_hidden() {
        let key = TlsKey::generate(KeyAlgorithm::Ed25519).unwrap();
        assert!(!format!("{key:?}").contains("PRIVATE"));
        assert!(TlsKey::from_pem("nothing").is_err());
    }
}
