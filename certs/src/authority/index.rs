//! The index: every certificate that the authority ever issued, and what became of it.
//!
//! One JSON file, rewritten whole and atomically for each change; the record is on disk before the certificate leaves.
//! A few thousand members mean a few megabytes and milliseconds, and an operator can read it.

use std::{fmt, net::IpAddr, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{AuthorityError, Profile};
use crate::{
    Time, durable,
    identity::{Serial, SpiffeId, TrustDomain},
};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// Why a certificate was revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationReason {
    /// No reason given.
    Unspecified,
    /// The private key is or may be in other hands.
    KeyCompromise,
    /// The authority's own key is or may be in other hands.
    CaCompromise,
    /// The owner's name or membership changed.
    AffiliationChanged,
    /// Another certificate replaces it.
    Superseded,
    /// The owner no longer operates.
    CessationOfOperation,
    /// The member was suspended or isolated.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The word for it, as in the index and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        }
    }

    pub(super) fn code(self) -> Option<rcgen::RevocationReason> {
        match self {
            // RFC 5280 §5.3.1: leave the code out rather than say "unspecified".
            Self::Unspecified => None,
            Self::KeyCompromise => Some(rcgen::RevocationReason::KeyCompromise),
            Self::CaCompromise => Some(rcgen::RevocationReason::CaCompromise),
            Self::AffiliationChanged => Some(rcgen::RevocationReason::AffiliationChanged),
            Self::Superseded => Some(rcgen::RevocationReason::Superseded),
            Self::CessationOfOperation => Some(rcgen::RevocationReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(rcgen::RevocationReason::PrivilegeWithdrawn),
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let words = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no reason: use one of {}", words()))
    }
}

/// Whether a certificate may still be used, apart from its validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Issued.
    Good,
    /// Revoked.
    Revoked,
}

/// Which of the two keys signed a certificate, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The issuing CA, signed by the root.
    IssuingCa,
    /// A node, the hub or a console, signed by the issuing CA.
    #[serde(untagged)]
    Leaf(Profile),
}

/// One issued certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Serial number, hexadecimal.
    pub serial: Serial,
    /// The SPIFFE id in it; none for a CA or a console.
    pub spiffe_id: Option<SpiffeId>,
    /// Whom it is for.
    pub subject: Subject,
    /// DNS names in it.
    pub dns: Vec<String>,
    /// IP addresses in it.
    pub ips: Vec<IpAddr>,
    /// First second of its validity.
    pub not_before: Time,
    /// Last second of its validity.
    pub not_after: Time,
    /// SHA-256 over its DER, hexadecimal.
    pub fingerprint_sha256: String,
    /// The certificate that it renews.
    pub renews: Option<Serial>,
    /// Good or revoked.
    pub status: Status,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// Why it was revoked.
    pub reason: Option<RevocationReason>,
}

/// The index as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    format: u32,
    pub trust_domain: TrustDomain,
    /// Number of the issuing CA's last CRL (RFC 5280 §5.2.3).
    pub crl_number: u64,
    /// Number of the root's last CRL.
    pub root_crl_number: u64,
    pub certificates: Vec<Record>,
}

impl Index {
    pub fn new(trust_domain: TrustDomain) -> Self {
        Self {
            format: FORMAT,
            trust_domain,
            crl_number: 0,
            root_crl_number: 0,
            certificates: Vec::new(),
        }
    }

    pub fn load(path: &Path) -> Result<Self, AuthorityError> {
        let unreadable = || AuthorityError::Index(path.to_owned());
        let index: Self = serde_json::from_slice(&durable::read(path)?).map_err(|_| unreadable())?;
        if index.format == FORMAT {
            Ok(index)
        } else {
            Err(unreadable())
        }
    }

    pub fn save(&self, path: &Path) -> Result<(), AuthorityError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|_| AuthorityError::Index(path.to_owned()))?;
        text.push(b'\n');
        Ok(durable::write_public(path, &text)?)
    }

    pub fn find(&self, serial: &Serial) -> Option<&Record> {
        self.certificates.iter().find(|record| record.serial == *serial)
    }

    pub fn find_mut(&mut self, serial: &Serial) -> Option<&mut Record> {
        self.certificates.iter_mut().find(|record| record.serial == *serial)
    }
}
