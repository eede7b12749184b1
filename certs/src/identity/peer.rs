//! The identity in a peer's certificate, and the reasons to refuse it.

use std::{fmt, str::FromStr};

use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use super::spiffe::{Role, SpiffeId, TrustDomain, serde_as_text};
use crate::{Time, certificate};

/// Why a certificate, or a request on its connection, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRefusal {
    /// The connection has no peer certificate.
    #[error("no client certificate was presented: configure this node's certificate and key")]
    NoCertificate,
    /// The bytes are no certificate.
    #[error("the certificate cannot be read: send the DER of one X.509 certificate")]
    Unreadable,
    /// A CA certificate was presented as a peer's own.
    #[error(
        "the certificate belongs to a certificate authority: present the certificate of the hub, of a node or of an evaluator"
    )]
    Authority,
    /// There is no URI SAN.
    #[error("the certificate names no SPIFFE id: enrol again to receive one with a URI SAN")]
    NoUri,
    /// There are several URI SANs (X509-SVID §2 permits exactly one).
    #[error("the certificate names {0} URIs, and exactly one is permitted: enrol again")]
    ManyUris(usize),
    /// The URI is no SPIFFE id of a federation.
    #[error("the certificate's URI `{0}` is no SPIFFE id of the hub, of a node or of an evaluator: enrol again")]
    NotSpiffe(String),
    /// The id belongs to another federation.
    #[error(
        "the certificate belongs to trust domain `{found}`, and this is `{expected}`: use the certificate of this federation"
    )]
    OtherTrustDomain {
        /// The trust domain of this federation.
        expected: TrustDomain,
        /// The trust domain that the certificate names.
        found: TrustDomain,
    },
    /// The id is of this federation but not the one that belongs at the other end.
    #[error(
        "the certificate speaks for {found}, and {expected} is expected here: check the address and the certificate"
    )]
    OtherRole {
        /// Who belongs at the other end, in words.
        expected: String,
        /// Who the certificate speaks for, in words.
        found: String,
    },
    /// The certificate is on the revocation list.
    #[error("certificate {0} is revoked: enrol again with a new one-time code")]
    Revoked(Serial),
    /// The certificate's validity ended.
    #[error("the certificate expired at {0}: reconnect with the renewed one, or enrol again")]
    Expired(Time),
    /// The certificate's validity has not begun.
    #[error("the certificate is valid from {0} only: check the clock at both ends")]
    NotYetValid(Time),
}

/// A text that is no certificate serial number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no serial number: give 1 to 20 bytes in hexadecimal, as `show` prints them")]
pub struct SerialError(String);

/// A certificate's serial number (RFC 5280 §4.1.2.2): positive, at most 20 bytes, printed as lower-case hexadecimal
/// without leading zero bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(String);

impl Serial {
    /// From the bytes of the DER integer, most significant first; a leading zero byte carries no value.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len());
        let magnitude = bytes.get(start..).unwrap_or_default();
        Self(if magnitude.is_empty() {
            "00".to_owned()
        } else {
            hex::encode(magnitude)
        })
    }

    /// Lower-case hexadecimal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes, most significant first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        hex::decode(&self.0).unwrap_or_default()
    }
}

impl FromStr for Serial {
    type Err = SerialError;
    /// Reads hexadecimal in either case, with or without `:` between bytes.
    fn from_str(text: &str) -> Result<Self, SerialError> {
        match hex::decode(text.replace(':', "")) {
            Ok(bytes) if (1..=20).contains(&bytes.len()) => Ok(Self::from_bytes(&bytes)),
            _ => Err(SerialError(text.to_owned())),
        }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What names one certificate for ever: its issuer and its serial number (RFC 5280 §4.1.2.2).
///
/// Printed and serialised as `<SHA-256 of the issuer's name in DER>:<serial>`, both in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateKey {
    issuer_sha256: [u8; 32],
    serial: Serial,
}

impl CertificateKey {
    /// From the issuer's distinguished name in DER, and the serial number.
    #[must_use]
    pub fn new(issuer_der: &[u8], serial: Serial) -> Self {
        Self {
            issuer_sha256: certificate::sha256(issuer_der),
            serial,
        }
    }

    /// From an already computed issuer hash: a CRL hashes its issuer once for all its entries.
    pub(crate) fn from_issuer_hash(issuer_sha256: [u8; 32], serial: Serial) -> Self {
        Self { issuer_sha256, serial }
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Self {
        Self::new(
            certificate.issuer().as_raw(),
            Serial::from_bytes(certificate.raw_serial()),
        )
    }
}

impl fmt::Display for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", hex::encode(self.issuer_sha256), self.serial)
    }
}

impl FromStr for CertificateKey {
    type Err = SerialError;
    fn from_str(text: &str) -> Result<Self, SerialError> {
        let refuse = || SerialError(text.to_owned());
        let (issuer, serial) = text.split_once(':').ok_or_else(refuse)?;
        let mut issuer_sha256 = [0; 32];
        hex::decode_to_slice(issuer, &mut issuer_sha256).map_err(|_| refuse())?;
        Ok(Self {
            issuer_sha256,
            serial: serial.parse()?,
        })
    }
}

serde_as_text!(Serial);
serde_as_text!(CertificateKey);

/// Who is at the other end of a connection, as its verified certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerIdentity {
    /// The SPIFFE id, of our own trust domain.
    pub spiffe: SpiffeId,
    /// Issuer and serial number: what a revocation names.
    pub key: CertificateKey,
    /// Start of the validity.
    pub not_before: Time,
    /// Last second of the validity: checked at every request, since connections stay open past it.
    pub not_after: Time,
    /// SHA-256 over the certificate's DER, lower-case hexadecimal.
    pub fingerprint_sha256: String,
}

impl PeerIdentity {
    /// Whether the validity covers `now`, both ends included (RFC 5280 §4.1.2.5).
    ///
    /// # Errors
    /// [`IdentityRefusal::Expired`] or [`IdentityRefusal::NotYetValid`].
    pub fn check_validity(&self, now: Time) -> Result<(), IdentityRefusal> {
        if now > self.not_after {
            return Err(IdentityRefusal::Expired(self.not_after));
        }
        if now < self.not_before {
            return Err(IdentityRefusal::NotYetValid(self.not_before));
        }
        Ok(())
    }

    /// Refuses anyone but `role`.
    ///
    /// # Errors
    /// [`IdentityRefusal::OtherRole`].
    pub fn expect_role(&self, role: &Role) -> Result<(), IdentityRefusal> {
        if self.spiffe.role() == role {
            return Ok(());
        }
        Err(IdentityRefusal::OtherRole {
            expected: role.to_string(),
            found: self.spiffe.role().to_string(),
        })
    }

    /// Refuses the hub: what is left are member nodes and evaluators.
    ///
    /// # Errors
    /// [`IdentityRefusal::OtherRole`].
    pub fn expect_member(&self) -> Result<(), IdentityRefusal> {
        match self.spiffe.role() {
            Role::Member(_) | Role::Evaluator(_) => Ok(()),
            Role::Hub => Err(IdentityRefusal::OtherRole {
                expected: "a member".to_owned(),
                found: Role::Hub.to_string(),
            }),
        }
    }
}

/// Reads the identity in a certificate that **has been verified** (chain, signature, validity): it must carry exactly
/// one URI SAN, a SPIFFE id of `trust_domain` (X509-SVID §2), and must not be a CA (X509-SVID §4.1).
///
/// # Errors
/// The [`IdentityRefusal`] that says which of these fails.
pub fn peer_identity(certificate_der: &[u8], trust_domain: &TrustDomain) -> Result<PeerIdentity, IdentityRefusal> {
    let parsed = certificate::parse(certificate_der).ok_or(IdentityRefusal::Unreadable)?;
    if parsed.is_ca() {
        return Err(IdentityRefusal::Authority);
    }
    let names = parsed
        .subject_alternative_name()
        .map_err(|_| IdentityRefusal::Unreadable)?;
    let uris: Vec<&str> = names
        .iter()
        .flat_map(|san| &san.value.general_names)
        .filter_map(|name| {
            if let GeneralName::URI(uri) = name {
                Some(*uri)
            } else {
                None
            }
        })
        .collect();
    let uri = match uris.as_slice() {
        [uri] => *uri,
        [] => return Err(IdentityRefusal::NoUri),
        many => return Err(IdentityRefusal::ManyUris(many.len())),
    };
    let spiffe: SpiffeId = uri.parse().map_err(|_| IdentityRefusal::NotSpiffe(uri.to_owned()))?;
    if spiffe.trust_domain() != trust_domain {
        let found = spiffe.trust_domain().clone();
        return Err(IdentityRefusal::OtherTrustDomain {
            expected: trust_domain.clone(),
            found,
        });
    }
    let (not_before, not_after) = certificate::validity(&parsed).ok_or(IdentityRefusal::Unreadable)?;
    let fingerprint_sha256 = hex::encode(certificate::sha256(certificate_der));
    Ok(PeerIdentity {
        spiffe,
        key: CertificateKey::of(&parsed),
        not_before,
        not_after,
        fingerprint_sha256,
    })
}

/// The identity of a TLS peer, from the chain that the TLS stack hands over after the handshake
/// (`rustls::CommonState::peer_certificates`); the peer's own certificate is the first (RFC 8446 §4.4.2).
///
/// # Errors
/// [`IdentityRefusal::NoCertificate`] when there is none, otherwise as [`peer_identity`].
pub fn peer_identity_of(
    chain: Option<&[CertificateDer<'_>]>,
    trust_domain: &TrustDomain,
) -> Result<PeerIdentity, IdentityRefusal> {
    let first = chain.and_then(<[_]>::first).ok_or(IdentityRefusal::NoCertificate)?;
    peer_identity(first, trust_domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_have_one_spelling() {
        let serial: Serial = "00:AB:01".parse().unwrap();
        assert_eq!(serial.as_str(), "ab01");
        assert_eq!(serial, Serial::from_bytes(&[0, 0, 0xab, 1]));
        assert_eq!(Serial::from_bytes(&[]).as_str(), "00");
        assert!("xyz".parse::<Serial>().is_err());
        assert!("".parse::<Serial>().is_err());
    }

    #[test]
    fn keys_survive_storage() {
        let key = CertificateKey::new(b"issuer", Serial::from_bytes(&[7]));
        assert_eq!(
            serde_json::from_str::<CertificateKey>(&serde_json::to_string(&key).unwrap()).unwrap(),
            key
        );
    }

    #[test]
    fn no_chain_is_no_identity() {
        let domain = "tanqiao.example".parse().unwrap();
        assert_eq!(peer_identity_of(None, &domain), Err(IdentityRefusal::NoCertificate));
        assert_eq!(
            peer_identity_of(Some(&[]), &domain),
            Err(IdentityRefusal::NoCertificate)
        );
        assert_eq!(
            peer_identity(b"no certificate", &domain),
            Err(IdentityRefusal::Unreadable)
        );
    }
}
