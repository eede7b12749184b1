//! The certificate authority: a root and an issuing CA in one directory.
//!
//! | file | what |
//! | --- | --- |
//! | `root.pem`, `root.key` | the root, ten years; **take `root.key` offline** after `init`: only [`Authority::root_crl`] needs it |
//! | `issuing.pem`, `issuing.key` | the issuing CA, three years, `pathlen:0`; signs everything else |
//! | `ca.pem` | root and issuing CA: what every hub and node is given |
//! | `index.json` | every issued certificate and its status; written last by `init`, so it marks a complete authority |
//! | `crl.pem` | the current CRLs, the issuing CA's first |
//!
//! Keys have mode 0600. Every change takes a lock on the directory, reads the index, and writes it back atomically, so
//! that the hub and an operator's command can work on one directory.
//!
//! **What a certificate says comes from policy** ([`Order`]). Of a signing request only the public key is used.

mod ca;
mod crl;
mod index;
mod order;

use std::path::{Path, PathBuf};

use rcgen::{Issuer, KeyPair};
use rustls_pki_types::CertificateDer;

pub use crl::{CRL_VALIDITY_DAYS_DEFAULT, CRL_VALIDITY_DAYS_MAX, Crl};
pub use index::{Record, RevocationReason, Status, Subject};
pub use order::{Order, Profile, VALIDITY_DAYS_DEFAULT, VALIDITY_DAYS_MAX};

use crate::{
    Time, certificate,
    certificate::CertificateFacts,
    durable::FileError,
    enrolment::{CertificateRequest, KeyError, RequestError, TlsKey},
    identity::{self, IdentityRefusal, PeerIdentity, Serial, SpiffeId, TrustDomain},
};
use ca::{CaCertificate, Layout};
use index::Index;

/// Why the authority refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The directory is another federation's.
    #[error("the directory holds the authority of `{found}`, not of `{asked}`: choose another directory")]
    OtherTrustDomain {
        /// The trust domain that was asked for.
        asked: TrustDomain,
        /// The trust domain that the directory belongs to.
        found: String,
    },
    /// There is no authority in the directory.
    #[error("{} holds no complete authority: run `init-ca` on it first", .0.display())]
    NotInitialised(PathBuf),
    /// A CA certificate or key is damaged, or the two do not belong together.
    #[error("{} is damaged or does not match its certificate: restore it from backup", .0.display())]
    CaFile(PathBuf),
    /// The index is damaged.
    #[error("{} is damaged or of a newer version: restore it from backup, or use the program that wrote it", .0.display())]
    Index(PathBuf),
    /// The root's key is not there.
    #[error("{} is not there: bring the root key from its safe for this step, and take it away afterwards", .0.display())]
    RootKeyOffline(PathBuf),
    /// The validity asked for is not permitted.
    #[error("the validity is not permitted: ask for at least one second and at most {VALIDITY_DAYS_MAX} days")]
    Validity,
    /// The issuing CA cannot issue at this time.
    #[error("the issuing CA is valid until {0} only: make a new one before issuing")]
    IssuingCaExpired(Time),
    /// A listener's certificate needs a name.
    #[error("a listener's certificate needs at least one host name: add a DNS name or an IP address")]
    HostNamesMissing,
    /// A client's certificate has none.
    #[error("a node that does not listen gets no host names: leave them out, or ask for a node listener's certificate")]
    HostNamesNotPermitted,
    /// Not a DNS name.
    #[error("`{0}` is no DNS name: write it in ASCII letters, digits, hyphens and dots")]
    HostName(String),
    /// The signing request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The certificate to renew.
    #[error(transparent)]
    Identity(#[from] IdentityRefusal),
    /// The authority never issued it.
    #[error("certificate {0} was not issued here: check the serial number with `show`")]
    Unknown(Serial),
    /// The record names someone else.
    #[error("certificate {0} was issued to someone else: renew with the certificate of the same member")]
    NotTheSame(Serial),
    /// No random bytes.
    #[error("the operating system gave no random bytes: check its random source and try again")]
    Random,
    /// The crypto library refused.
    #[error("the certificate or list could not be signed: check the authority's keys")]
    Crypto(#[source] rcgen::Error),
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A certificate that was just issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub der: CertificateDer<'static>,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The certificate and the issuing CA's in PEM: what a TLS configuration loads and a peer receives.
    pub chain_pem: String,
    /// The entry in the index.
    pub record: Record,
}

/// The authority of one federation.
#[derive(Debug)]
pub struct Authority {
    layout: Layout,
    trust_domain: TrustDomain,
    root: CaCertificate,
    issuing: CaCertificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes root and issuing CA in `dir`, or opens what is there when it is of the same trust domain. A run that was
    /// cut off is completed.
    ///
    /// # Errors
    /// [`AuthorityError::OtherTrustDomain`] when the directory is another federation's; damaged or unwritable files.
    pub fn init(dir: &Path, trust_domain: &TrustDomain, now: Time) -> Result<Self, AuthorityError> {
        std::fs::create_dir_all(dir).map_err(|e| FileError::new("create", dir, e))?;
        let layout = Layout::new(dir);
        let lock = layout.lock()?;
        if !layout.index().exists() {
            let issuing = ca::complete(&layout, trust_domain, now)?;
            let mut index = Index::new(trust_domain.clone());
            index
                .certificates
                .push(record_of(&issuing.facts, Subject::IssuingCa, None));
            index.save(&layout.index())?;
        }
        drop(lock);
        let authority = Self::open(dir)?;
        if authority.trust_domain != *trust_domain {
            return Err(AuthorityError::OtherTrustDomain {
                asked: trust_domain.clone(),
                found: authority.trust_domain.to_string(),
            });
        }
        Ok(authority)
    }

    /// Opens a complete authority. The root's key may be away.
    ///
    /// # Errors
    /// [`AuthorityError::NotInitialised`]; damaged or unreadable files.
    pub fn open(dir: &Path) -> Result<Self, AuthorityError> {
        let layout = Layout::new(dir);
        if !layout.index().exists() {
            return Err(AuthorityError::NotInitialised(dir.to_owned()));
        }
        let trust_domain = Index::load(&layout.index())?.trust_domain;
        let root = CaCertificate::load(&layout.root_certificate())?;
        let issuing = CaCertificate::load(&layout.issuing_certificate())?;
        let key_path = layout.issuing_key();
        let issuer = issuing.issuer(TlsKey::load(&key_path)?.into_pair(), &key_path)?;
        Ok(Self {
            layout,
            trust_domain,
            root,
            issuing,
            issuer,
        })
    }

    /// Issues a certificate for the request's key, with the content that policy gives to `order`. The validity begins
    /// five minutes before `now` and ends with the issuing CA's at the latest.
    ///
    /// # Errors
    /// What is wrong with the order; [`AuthorityError::IssuingCaExpired`]; unwritable index.
    pub fn issue(&self, request: &CertificateRequest, order: &Order, now: Time) -> Result<Issued, AuthorityError> {
        self.changing(|index| self.issue_into(index, request, order, None, now))
    }

    /// Renews: a new certificate with the same content for the request's key. `old` is the identity of the verified
    /// connection, or of [`Authority::verify`]. It may be renewed at any time while it is valid; it is due at two thirds
    /// ([`crate::renewal_due`]). The old certificate stays valid until it expires.
    ///
    /// # Errors
    /// [`AuthorityError::Identity`] when the old one is revoked, expired or not yet valid; [`AuthorityError::Unknown`];
    /// as [`Authority::issue`].
    pub fn renew(&self, request: &CertificateRequest, old: &PeerIdentity, now: Time) -> Result<Issued, AuthorityError> {
        self.changing(|index| {
            let order = Self::renewal_order(index, old, now)?;
            self.issue_into(index, request, &order, Some(old.key.serial().clone()), now)
        })
    }

    /// Revokes a certificate, the issuing CA's own included. Revoking twice changes nothing: the first time and reason
    /// stand. It takes effect at the peers with the next [`Authority::crl`] ([`Authority::root_crl`] for the issuing CA).
    ///
    /// # Errors
    /// [`AuthorityError::Unknown`]; unwritable index.
    pub fn revoke(&self, serial: &Serial, reason: RevocationReason, now: Time) -> Result<Record, AuthorityError> {
        self.changing(|index| {
            let record = index
                .find_mut(serial)
                .ok_or_else(|| AuthorityError::Unknown(serial.clone()))?;
            if record.status == Status::Good {
                record.status = Status::Revoked;
                record.revoked_at = Some(now);
                record.reason = Some(reason);
            }
            Ok(record.clone())
        })
    }

    /// Checks a certificate against this authority: signed by the issuing CA, in the index, not revoked, valid at `now`.
    ///
    /// # Errors
    /// [`AuthorityError::Identity`], [`AuthorityError::Unknown`].
    pub fn verify(&self, certificate_der: &[u8], now: Time) -> Result<PeerIdentity, AuthorityError> {
        let peer = identity::peer_identity(certificate_der, &self.trust_domain)?;
        let unknown = || AuthorityError::Unknown(peer.key.serial().clone());
        let parsed = certificate::parse(certificate_der).ok_or_else(unknown)?;
        let issuing = certificate::parse(&self.issuing.der).ok_or_else(unknown)?;
        parsed
            .verify_signature(Some(issuing.public_key()))
            .map_err(|_| unknown())?;
        let index = Index::load(&self.layout.index())?;
        Self::renewal_order(&index, &peer, now)?;
        Ok(peer)
    }

    /// Every issued certificate, oldest first, the issuing CA's own included.
    ///
    /// # Errors
    /// Unreadable index.
    pub fn records(&self) -> Result<Vec<Record>, AuthorityError> {
        Ok(Index::load(&self.layout.index())?.certificates)
    }

    /// One issued certificate's record.
    ///
    /// # Errors
    /// [`AuthorityError::Unknown`]; unreadable index.
    pub fn record(&self, serial: &Serial) -> Result<Record, AuthorityError> {
        let index = Index::load(&self.layout.index())?;
        index
            .find(serial)
            .cloned()
            .ok_or_else(|| AuthorityError::Unknown(serial.clone()))
    }

    /// The federation.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The root's facts.
    #[must_use]
    pub fn root(&self) -> &CertificateFacts {
        &self.root.facts
    }

    /// The issuing CA's facts; watch its days left.
    #[must_use]
    pub fn issuing(&self) -> &CertificateFacts {
        &self.issuing.facts
    }

    /// Root and issuing CA in PEM: the content of `ca.pem`.
    #[must_use]
    pub fn bundle_pem(&self) -> String {
        format!("{}{}", self.root.pem, self.issuing.pem)
    }

    /// Where `ca.pem` is.
    #[must_use]
    pub fn bundle_path(&self) -> PathBuf {
        self.layout.bundle()
    }

    /// Where [`Authority::crl`] writes the current CRLs.
    #[must_use]
    pub fn crl_path(&self) -> PathBuf {
        self.layout.crl()
    }

    /// Runs one change of the index under the directory's lock; what is returned is on disk.
    fn changing<T>(&self, change: impl FnOnce(&mut Index) -> Result<T, AuthorityError>) -> Result<T, AuthorityError> {
        let _lock = self.layout.lock()?;
        let path = self.layout.index();
        let mut index = Index::load(&path)?;
        let before = index.clone();
        let result = change(&mut index)?;
        if index != before {
            index.save(&path)?;
        }
        Ok(result)
    }

    fn issue_into(
        &self,
        index: &mut Index,
        request: &CertificateRequest,
        order: &Order,
        renews: Option<Serial>,
        now: Time,
    ) -> Result<Issued, AuthorityError> {
        let mut params = order.params(&self.trust_domain)?;
        let end_of_ca = self.issuing.facts.not_after;
        if now >= end_of_ca {
            return Err(AuthorityError::IssuingCaExpired(end_of_ca));
        }
        params.serial_number = Some(ca::random_serial()?);
        ca::set_validity(&mut params, now, (now + order.validity).min(end_of_ca))?;
        let made = params
            .signed_by(request.public_key(), &self.issuer)
            .map_err(AuthorityError::Crypto)?;
        let facts = CertificateFacts::from_der(made.der())
            .map_err(|_| AuthorityError::CaFile(self.layout.issuing_certificate()))?;
        let record = record_of(&facts, Subject::Leaf(order.profile.clone()), renews);
        index.certificates.push(record.clone());
        let certificate_pem = made.pem();
        let chain_pem = format!("{certificate_pem}{}", self.issuing.pem);
        Ok(Issued {
            der: made.der().clone(),
            certificate_pem,
            chain_pem,
            record,
        })
    }

    /// The order that repeats `old`, when the index says that it may be repeated.
    fn renewal_order(index: &Index, old: &PeerIdentity, now: Time) -> Result<Order, AuthorityError> {
        let serial = old.key.serial();
        let record = index
            .find(serial)
            .ok_or_else(|| AuthorityError::Unknown(serial.clone()))?;
        let Subject::Leaf(profile) = &record.subject else {
            return Err(AuthorityError::NotTheSame(serial.clone()));
        };
        if record.fingerprint_sha256 != old.fingerprint_sha256 || record.spiffe_id.as_ref() != Some(&old.spiffe) {
            return Err(AuthorityError::NotTheSame(serial.clone()));
        }
        if record.status == Status::Revoked {
            return Err(IdentityRefusal::Revoked(serial.clone()).into());
        }
        old.check_validity(now)?;
        let issued_at = record.not_before + crate::Span::seconds(order::BACKDATE_SECONDS);
        let validity = record.not_after - issued_at;
        Ok(Order {
            profile: profile.clone(),
            validity,
            dns: record.dns.clone(),
            ips: record.ips.clone(),
        })
    }
}

fn record_of(facts: &CertificateFacts, subject: Subject, renews: Option<Serial>) -> Record {
    let spiffe_id: Option<SpiffeId> = facts.spiffe_id.clone();
    Record {
        serial: facts.serial.clone(),
        spiffe_id,
        subject,
        dns: facts.dns.clone(),
        ips: facts.ips.clone(),
        not_before: facts.not_before,
        not_after: facts.not_after,
        fingerprint_sha256: facts.fingerprint_sha256.clone(),
        renews,
        status: Status::Good,
        revoked_at: None,
        reason: None,
    }
}
