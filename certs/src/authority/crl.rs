//! Certificate revocation lists (RFC 5280 §5).
//!
//! The issuing CA's list is made often, and names nodes and hubs. The root's list exists for one case, a lost issuing
//! key: it names the issuing CA, so that everything below it is refused at once, and needs the root's key. Peers read
//! both from one file; a federation that never lost a key has no root list, and none is asked for.

use rcgen::{CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber};

use super::{
    Authority, AuthorityError, Status, Subject, ca,
    index::{Index, Record},
};
use crate::{Span, Time, durable, enrolment::TlsKey};

/// How long a CRL may be used when nobody says otherwise, in days. Make a new one every day.
pub const CRL_VALIDITY_DAYS_DEFAULT: i64 = 7;
/// The longest validity of a CRL, in days.
pub const CRL_VALIDITY_DAYS_MAX: i64 = 366;
/// How long an expired certificate stays listed, in days: RFC 5280 §3.3 wants it on one list after its expiry.
const LISTED_AFTER_EXPIRY_DAYS: i64 = 7;

/// A signed list.
#[derive(Debug, Clone)]
pub struct Crl {
    /// DER.
    pub der: Vec<u8>,
    /// PEM.
    pub pem: String,
    /// Its number: one more than that of the list before (RFC 5280 §5.2.3).
    pub number: u64,
    /// When it was made.
    pub this_update: Time,
    /// By when the next one is out.
    pub next_update: Time,
    /// How many certificates it names.
    pub revoked: usize,
}

impl Authority {
    /// Signs the issuing CA's next list, valid for [`CRL_VALIDITY_DAYS_DEFAULT`] days, and writes it to `crl.pem`.
    ///
    /// # Errors
    /// As [`Authority::crl_valid_for`].
    pub fn crl(&self, now: Time) -> Result<Crl, AuthorityError> {
        self.crl_valid_for(now, Span::days(CRL_VALIDITY_DAYS_DEFAULT))
    }

    /// The same with another validity: at least one second, at most [`CRL_VALIDITY_DAYS_MAX`] days.
    ///
    /// # Errors
    /// [`AuthorityError::Validity`]; unwritable files. A number once taken is not used again.
    pub fn crl_valid_for(&self, now: Time, validity: Span) -> Result<Crl, AuthorityError> {
        let _lock = self.layout.lock()?;
        self.publish_issuing(now, validity)
    }

    /// Signs the root's next list, which names a revoked issuing CA; the root's key must be in the directory. The issuing
    /// CA's next list is written with it, so that `crl.pem` holds both.
    ///
    /// # Errors
    /// [`AuthorityError::RootKeyOffline`]; as [`Authority::crl_valid_for`].
    pub fn root_crl(&self, now: Time, validity: Span) -> Result<Crl, AuthorityError> {
        let key_path = self.layout.root_key();
        if !key_path.exists() {
            return Err(AuthorityError::RootKeyOffline(key_path));
        }
        let issuer = self.root.issuer(TlsKey::load(&key_path)?.into_pair(), &key_path)?;
        let _lock = self.layout.lock()?;
        let mut index = Index::load(&self.layout.index())?;
        index.root_crl_number += 1;
        let listed = |record: &Record| matches!(record.subject, Subject::IssuingCa);
        let crl = sign(&index, &issuer, index.root_crl_number, (now, validity), listed)?;
        index.save(&self.layout.index())?;
        durable::write_public(&self.layout.root_crl(), crl.pem.as_bytes())?;
        self.publish_issuing(now, Span::days(CRL_VALIDITY_DAYS_DEFAULT))?;
        Ok(crl)
    }

    /// Under the lock: takes the next number, signs, and writes `crl.pem`, so that a later number is never overwritten by
    /// an earlier one.
    fn publish_issuing(&self, now: Time, validity: Span) -> Result<Crl, AuthorityError> {
        let mut index = Index::load(&self.layout.index())?;
        index.crl_number += 1;
        let listed = |record: &Record| matches!(record.subject, Subject::Leaf(_));
        let crl = sign(&index, &self.issuer, index.crl_number, (now, validity), listed)?;
        index.save(&self.layout.index())?;
        let mut content = crl.pem.clone().into_bytes();
        if self.layout.root_crl().exists() {
            content.extend(durable::read(&self.layout.root_crl())?);
        }
        durable::write_public(&self.layout.crl(), &content)?;
        Ok(crl)
    }
}

fn sign(
    index: &Index,
    issuer: &Issuer<'_, KeyPair>,
    number: u64,
    (now, validity): (Time, Span),
    listed: impl Fn(&Record) -> bool,
) -> Result<Crl, AuthorityError> {
    if validity < Span::seconds(1) || validity > Span::days(CRL_VALIDITY_DAYS_MAX) {
        return Err(AuthorityError::Validity);
    }
    let current = |record: &&Record| {
        record.status == Status::Revoked && record.not_after + Span::days(LISTED_AFTER_EXPIRY_DAYS) > now
    };
    let revoked_certs = index
        .certificates
        .iter()
        .filter(current)
        .filter(|record| listed(record))
        .map(|record| revoked_entry(record, now))
        .collect::<Result<Vec<_>, _>>()?;
    let revoked = revoked_certs.len();
    let next_update = now + validity;
    let params = CertificateRevocationListParams {
        this_update: ca::asn1(now)?.to_datetime(),
        next_update: ca::asn1(next_update)?.to_datetime(),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let signed = params.signed_by(issuer).map_err(AuthorityError::Crypto)?;
    let pem = signed.pem().map_err(AuthorityError::Crypto)?;
    Ok(Crl {
        der: signed.der().to_vec(),
        pem,
        number,
        this_update: now,
        next_update,
        revoked,
    })
}

fn revoked_entry(record: &Record, now: Time) -> Result<RevokedCertParams, AuthorityError> {
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from(record.serial.to_bytes()),
        revocation_time: ca::asn1(record.revoked_at.unwrap_or(now))?.to_datetime(),
        reason_code: record.reason.and_then(super::RevocationReason::code),
        invalidity_date: None,
    })
}
