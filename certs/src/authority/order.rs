//! What the authority is asked to certify, and the policy for it.

use std::net::IpAddr;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use rustls_pki_types::DnsName;
use serde::{Deserialize, Serialize};

use super::AuthorityError;
use crate::{
    Span,
    identity::{MemberId, SpiffeId, TrustDomain},
};

/// How long a certificate is valid when nobody says otherwise, in days.
pub const VALIDITY_DAYS_DEFAULT: i64 = 90;
/// The longest validity that is issued, in days.
pub const VALIDITY_DAYS_MAX: i64 = 366;
/// How much earlier than now a validity begins, in seconds: clocks may differ by as much as messages may.
pub(super) const BACKDATE_SECONDS: i64 = 300;

/// Whom a certificate is for, and so everything that stands in it besides the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "member")]
pub enum Profile {
    /// A member node as client of the hub: its SPIFFE id, `clientAuth`.
    Node(MemberId),
    /// A member node that also listens: its SPIFFE id, `clientAuth` and `serverAuth`, host names.
    NodeListener(MemberId),
    /// A token evaluator, which listens and dials the hub and the other two: its SPIFFE id, `clientAuth` and `serverAuth`,
    /// host names.
    Evaluator(MemberId),
    /// The hub's federation and enrolment listeners: the hub's SPIFFE id, `serverAuth`, host names.
    Hub,
    /// A web console: host names and `serverAuth` only. It carries no SPIFFE id, so that a key lost there can never
    /// stand for the hub.
    Console,
}

impl Profile {
    /// The SPIFFE id that goes into the certificate.
    #[must_use]
    pub fn spiffe_id(&self, trust_domain: &TrustDomain) -> Option<SpiffeId> {
        match self {
            Self::Node(id) | Self::NodeListener(id) => Some(trust_domain.member(id.clone())),
            Self::Evaluator(id) => Some(trust_domain.evaluator(id.clone())),
            Self::Hub => Some(trust_domain.hub()),
            Self::Console => None,
        }
    }

    /// Whether the certificate serves a listener, and so needs host names.
    #[must_use]
    pub fn listens(&self) -> bool {
        !matches!(self, Self::Node(_))
    }

    fn common_name(&self) -> &str {
        match self {
            Self::Node(id) | Self::NodeListener(id) | Self::Evaluator(id) => id.as_str(),
            Self::Hub => "hub",
            Self::Console => "console",
        }
    }

    fn usages(&self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Self::Node(_) => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Self::NodeListener(_) | Self::Evaluator(_) => {
                vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth]
            }
            Self::Hub | Self::Console => vec![ExtendedKeyUsagePurpose::ServerAuth],
        }
    }
}

/// An order for a certificate: whom it is for, for how long, and under which host names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whom it is for.
    pub profile: Profile,
    /// How long it is valid from now: more than zero, at most [`VALIDITY_DAYS_MAX`].
    pub validity: Span,
    /// DNS names, for profiles that listen.
    pub dns: Vec<String>,
    /// IP addresses, for profiles that listen.
    pub ips: Vec<IpAddr>,
}

impl Order {
    /// An order with the default validity of 90 days and no host names.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            validity: Span::days(VALIDITY_DAYS_DEFAULT),
            dns: Vec::new(),
            ips: Vec::new(),
        }
    }

    /// The same with another validity.
    #[must_use]
    pub fn valid_for(mut self, validity: Span) -> Self {
        self.validity = validity;
        self
    }

    /// The same with one more DNS name.
    #[must_use]
    pub fn with_dns(mut self, name: impl Into<String>) -> Self {
        self.dns.push(name.into());
        self
    }

    /// The same with one more IP address.
    #[must_use]
    pub fn with_ip(mut self, address: IpAddr) -> Self {
        self.ips.push(address);
        self
    }

    /// The certificate's content as policy wants it, still without serial number and validity.
    pub(super) fn params(&self, trust_domain: &TrustDomain) -> Result<CertificateParams, AuthorityError> {
        if self.validity <= Span::zero() || self.validity > Span::days(VALIDITY_DAYS_MAX) {
            return Err(AuthorityError::Validity);
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, trust_domain.as_str());
        params
            .distinguished_name
            .push(DnType::CommonName, self.profile.common_name());
        params.subject_alt_names = self.names(trust_domain)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.profile.usages();
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn names(&self, trust_domain: &TrustDomain) -> Result<Vec<SanType>, AuthorityError> {
        let named = !self.dns.is_empty() || !self.ips.is_empty();
        if self.profile.listens() != named {
            return Err(if named {
                AuthorityError::HostNamesNotPermitted
            } else {
                AuthorityError::HostNamesMissing
            });
        }
        let mut names = Vec::new();
        if let Some(id) = self.profile.spiffe_id(trust_domain) {
            names.push(SanType::URI(id.to_string().try_into().map_err(AuthorityError::Crypto)?));
        }
        for name in &self.dns {
            let refuse = || AuthorityError::HostName(name.clone());
            DnsName::try_from(name.as_str()).map_err(|_| refuse())?;
            names.push(SanType::DnsName(name.as_str().try_into().map_err(|_| refuse())?));
        }
        names.extend(self.ips.iter().map(|ip| SanType::IpAddress(*ip)));
        Ok(names)
    }
}
