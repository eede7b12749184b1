//! The two CA certificates and their keys, as files in the authority's directory.
//!
//! Whatever is missing is made, whatever is there is kept: an `init` that was cut off anywhere can be run again, and no
//! key is ever overwritten.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use chrono::DateTime;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SanType, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use x509_parser::time::ASN1Time;

use super::{AuthorityError, order::BACKDATE_SECONDS};
use crate::{
    Span, Time, certificate,
    certificate::CertificateFacts,
    durable::{self, FileError},
    enrolment::TlsKey,
    identity::TrustDomain,
};

/// Validity of the root, in days: ten years.
const ROOT_VALIDITY_DAYS: i64 = 3_652;
/// Validity of the issuing CA, in days: three years.
const ISSUING_VALIDITY_DAYS: i64 = 1_095;
/// Bytes of a serial number: 126 random bits (RFC 5280 §4.1.2.2 permits 20 bytes).
const SERIAL_BYTES: usize = 16;

/// Where the authority's files are.
#[derive(Debug, Clone)]
pub(super) struct Layout(PathBuf);

impl Layout {
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
    pub fn root_certificate(&self) -> PathBuf {
        self.0.join("root.pem")
    }
    pub fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }
    pub fn issuing_certificate(&self) -> PathBuf {
        self.0.join("issuing.pem")
    }
    pub fn issuing_key(&self) -> PathBuf {
        self.0.join("issuing.key")
    }
    pub fn bundle(&self) -> PathBuf {
        self.0.join("ca.pem")
    }
    pub fn index(&self) -> PathBuf {
        self.0.join("index.json")
    }
    pub fn crl(&self) -> PathBuf {
        self.0.join("crl.pem")
    }
    pub fn root_crl(&self) -> PathBuf {
        self.0.join("root-crl.pem")
    }

    /// Takes the directory for one change; other processes and threads wait. Released when the file is dropped.
    pub fn lock(&self) -> Result<File, FileError> {
        let path = self.0.join(".lock");
        let attempt = || {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        attempt().map_err(|e| FileError::new("lock", &path, e))
    }
}

/// A CA certificate with its PEM.
#[derive(Debug, Clone)]
pub(super) struct CaCertificate {
    pub der: CertificateDer<'static>,
    pub pem: String,
    pub facts: CertificateFacts,
}

impl CaCertificate {
    pub fn load(path: &Path) -> Result<Self, AuthorityError> {
        let pem = String::from_utf8_lossy(&durable::read(path)?).into_owned();
        let unreadable = || AuthorityError::CaFile(path.to_owned());
        let der = certificate::certificates_of_pem(pem.as_bytes())
            .map_err(|_| unreadable())?
            .into_iter()
            .next()
            .ok_or_else(unreadable)?;
        let facts = CertificateFacts::from_der(&der).map_err(|_| unreadable())?;
        if facts.is_ca {
            Ok(Self { der, pem, facts })
        } else {
            Err(unreadable())
        }
    }

    fn create(path: &Path, made: &rcgen::Certificate) -> Result<Self, AuthorityError> {
        durable::write_public(path, made.pem().as_bytes())?;
        Self::load(path)
    }

    fn same_trust_domain(&self, asked: &TrustDomain) -> Result<(), AuthorityError> {
        let found = certificate::only_uri(&self.der).unwrap_or_default();
        if found == asked.uri() {
            return Ok(());
        }
        Err(AuthorityError::OtherTrustDomain {
            asked: asked.clone(),
            found,
        })
    }

    /// The issuer that signs in this certificate's name; refused when the key is another one's.
    pub fn issuer(&self, key: KeyPair, key_path: &Path) -> Result<Issuer<'static, KeyPair>, AuthorityError> {
        let mismatch = || AuthorityError::CaFile(key_path.to_owned());
        let parsed = certificate::parse(&self.der).ok_or_else(mismatch)?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(mismatch());
        }
        Issuer::from_ca_cert_der(&self.der, key).map_err(AuthorityError::Crypto)
    }
}

/// Reads or makes the root and the issuing CA, and returns the latter.
pub(super) fn complete(
    layout: &Layout,
    trust_domain: &TrustDomain,
    now: Time,
) -> Result<CaCertificate, AuthorityError> {
    let root_path = layout.root_certificate();
    let root_key = load_or_generate(&layout.root_key(), &root_path)?;
    let root = if root_path.exists() {
        CaCertificate::load(&root_path)?
    } else {
        let params = ca_params(trust_domain, "Root CA", 1, ROOT_VALIDITY_DAYS, now)?;
        CaCertificate::create(
            &root_path,
            &params.self_signed(&root_key).map_err(AuthorityError::Crypto)?,
        )?
    };
    root.same_trust_domain(trust_domain)?;
    let root_issuer = root.issuer(root_key, &layout.root_key())?;

    let issuing_path = layout.issuing_certificate();
    let issuing_key = load_or_generate(&layout.issuing_key(), &issuing_path)?;
    let issuing = if issuing_path.exists() {
        CaCertificate::load(&issuing_path)?
    } else {
        let params = ca_params(trust_domain, "Issuing CA", 0, ISSUING_VALIDITY_DAYS, now)?;
        CaCertificate::create(
            &issuing_path,
            &params
                .signed_by(&issuing_key, &root_issuer)
                .map_err(AuthorityError::Crypto)?,
        )?
    };
    issuing.same_trust_domain(trust_domain)?;
    durable::write_public(&layout.bundle(), format!("{}{}", root.pem, issuing.pem).as_bytes())?;
    Ok(issuing)
}

/// The key of a certificate that is made next; a certificate that is there without its key is damage.
fn load_or_generate(path: &Path, certificate: &Path) -> Result<KeyPair, AuthorityError> {
    if path.exists() {
        return Ok(TlsKey::load(path)?.into_pair());
    }
    if certificate.exists() {
        return Err(AuthorityError::CaFile(path.to_owned()));
    }
    let key = TlsKey::generate(crate::enrolment::KeyAlgorithm::P256)?;
    key.save_new(path)?;
    Ok(key.into_pair())
}

fn ca_params(
    trust_domain: &TrustDomain,
    name: &str,
    path_length: u8,
    days: i64,
    now: Time,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, trust_domain.as_str());
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Tanqiao {name}"));
    // A signing certificate carries the trust domain's id without a path (X509-SVID §3.2).
    params.subject_alt_names = vec![SanType::URI(
        trust_domain.uri().try_into().map_err(AuthorityError::Crypto)?,
    )];
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(random_serial()?);
    set_validity(&mut params, now, now + Span::days(days))?;
    Ok(params)
}

/// A positive random serial number of 16 bytes.
pub(super) fn random_serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = [0_u8; SERIAL_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| AuthorityError::Random)?;
    if let Some(first) = bytes.first_mut() {
        // Positive, and always 16 bytes long.
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}

/// Sets the validity from five minutes before `now` to `not_after`.
pub(super) fn set_validity(params: &mut CertificateParams, now: Time, not_after: Time) -> Result<(), AuthorityError> {
    params.not_before = asn1(now - Span::seconds(BACKDATE_SECONDS))?.to_datetime();
    params.not_after = asn1(not_after)?.to_datetime();
    Ok(())
}

/// A time as X.509 writes it, in whole seconds.
pub(super) fn asn1(at: DateTime<chrono::Utc>) -> Result<ASN1Time, AuthorityError> {
    ASN1Time::from_timestamp(at.timestamp()).map_err(|_| AuthorityError::Validity)
}
