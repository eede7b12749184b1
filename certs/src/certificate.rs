//! The facts of one certificate, as operators and alarms need them.

use std::net::IpAddr;

use chrono::DateTime;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::Serialize;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::{
    Time,
    identity::{CertificateKey, Serial, SpiffeId},
};

/// Days left at which an alarm is due: each value once, as the days run out.
pub const EXPIRY_ALARM_DAYS: [i64; 4] = [30, 14, 7, 1];

/// The bytes or the text hold no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no readable X.509 certificate found: give a PEM file with a CERTIFICATE block")]
pub struct NoCertificate;

/// What one certificate says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateFacts {
    /// The subject's distinguished name in text.
    pub subject: String,
    /// The issuer's distinguished name in text.
    pub issuer: String,
    /// The SPIFFE id, when there is exactly one URI SAN and it is one of a federation.
    pub spiffe_id: Option<SpiffeId>,
    /// DNS names it is valid for.
    pub dns: Vec<String>,
    /// IP addresses it is valid for.
    pub ips: Vec<IpAddr>,
    /// Serial number, hexadecimal.
    pub serial: Serial,
    /// First second of the validity.
    pub not_before: Time,
    /// Last second of the validity.
    pub not_after: Time,
    /// Extended key usages: `clientAuth`, `serverAuth`, or the word `other` (RFC 5280 §4.2.1.12).
    pub extended_key_usage: Vec<&'static str>,
    /// Whether it is a CA.
    pub is_ca: bool,
    /// SHA-256 over the DER, hexadecimal.
    pub fingerprint_sha256: String,
    /// Issuer and serial: what a revocation names.
    pub key: CertificateKey,
}

impl CertificateFacts {
    /// Reads a certificate's DER; its signature is not checked here.
    ///
    /// # Errors
    /// [`NoCertificate`] when the bytes are not exactly one certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, NoCertificate> {
        let parsed = parse(der).ok_or(NoCertificate)?;
        let (not_before, not_after) = validity(&parsed).ok_or(NoCertificate)?;
        let (mut uris, mut dns, mut ips) = (Vec::new(), Vec::new(), Vec::new());
        let names = parsed.subject_alternative_name().map_err(|_| NoCertificate)?;
        for name in names.iter().flat_map(|san| &san.value.general_names) {
            match name {
                GeneralName::URI(uri) => uris.push(*uri),
                GeneralName::DNSName(name) => dns.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => ips.extend(ip_address(bytes)),
                _ => {}
            }
        }
        Ok(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            spiffe_id: if let [uri] = uris.as_slice() {
                uri.parse().ok()
            } else {
                None
            },
            dns,
            ips,
            serial: Serial::from_bytes(parsed.raw_serial()),
            not_before,
            not_after,
            extended_key_usage: extended_key_usage(&parsed),
            is_ca: parsed.is_ca(),
            fingerprint_sha256: hex::encode(sha256(der)),
            key: CertificateKey::of(&parsed),
        })
    }

    /// Reads every CERTIFICATE block of a PEM text, in order.
    ///
    /// # Errors
    /// [`NoCertificate`] when there is none, or one cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Vec<Self>, NoCertificate> {
        certificates_of_pem(pem)?
            .iter()
            .map(|der| Self::from_der(der))
            .collect()
    }

    /// Whole days until the end of the validity, rounded down; negative once it has ended.
    #[must_use]
    pub fn days_left(&self, now: Time) -> i64 {
        days_left(self.not_after, now)
    }

    /// When renewal falls due: after two thirds of the validity.
    #[must_use]
    pub fn renewal_due_at(&self) -> Time {
        self.not_before + (self.not_after - self.not_before) * 2 / 3
    }

    /// The alarm that applies now, one of [`EXPIRY_ALARM_DAYS`]; nothing with more than 30 days left.
    #[must_use]
    pub fn expiry_alarm(&self, now: Time) -> Option<i64> {
        expiry_alarm(self.not_after, now)
    }
}

/// Whether renewal of `certificate` is due at `now`: two thirds of its validity have passed.
#[must_use]
pub fn renewal_due(certificate: &CertificateFacts, now: Time) -> bool {
    now >= certificate.renewal_due_at()
}

/// The alarm that applies at `now` to what ends at `not_after`, one of [`EXPIRY_ALARM_DAYS`]; nothing with more than 30 days left.
#[must_use]
pub fn expiry_alarm(not_after: Time, now: Time) -> Option<i64> {
    let left = days_left(not_after, now);
    EXPIRY_ALARM_DAYS.into_iter().rev().find(|threshold| left <= *threshold)
}

/// Whole days from `now` to `not_after`, rounded down; negative once it has passed.
#[must_use]
pub fn days_left(not_after: Time, now: Time) -> i64 {
    (not_after - now).num_seconds().div_euclid(86_400)
}

/// The only URI SAN of a certificate: a CA of a federation names its trust domain there.
pub(crate) fn only_uri(der: &[u8]) -> Option<String> {
    let parsed = parse(der)?;
    let names = parsed.subject_alternative_name().ok()??;
    let mut uris = names.value.general_names.iter().filter_map(|name| {
        if let GeneralName::URI(uri) = name {
            Some(*uri)
        } else {
            None
        }
    });
    let first = uris.next()?;
    uris.next().is_none().then(|| first.to_owned())
}

/// The certificates of a PEM text, in order.
pub(crate) fn certificates_of_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoCertificate> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| NoCertificate)?;
    if found.is_empty() {
        Err(NoCertificate)
    } else {
        Ok(found)
    }
}

/// Parses exactly one certificate; bytes after it are refused.
pub(crate) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], parsed)) => Some(parsed),
        _ => None,
    }
}

/// The validity's two ends.
pub(crate) fn validity(parsed: &X509Certificate<'_>) -> Option<(Time, Time)> {
    let validity = parsed.validity();
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    Some((
        at(validity.not_before.timestamp())?,
        at(validity.not_after.timestamp())?,
    ))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .ok()
        .or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())
}

fn extended_key_usage(parsed: &X509Certificate<'_>) -> Vec<&'static str> {
    let Ok(Some(usage)) = parsed.extended_key_usage() else {
        return Vec::new();
    };
    let usage = usage.value;
    let other = usage.any
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing
        || !usage.other.is_empty();
    [
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (other, "other"),
    ]
    .into_iter()
    .filter_map(|(present, name)| present.then_some(name))
    .collect()
}
