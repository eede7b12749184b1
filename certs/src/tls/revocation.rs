//! The set of revoked certificates, and the CRLs that it comes from.

use std::{collections::HashSet, path::Path, sync::Arc};

use arc_swap::ArcSwap;
use chrono::DateTime;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use serde::Serialize;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList};

use super::TlsError;
use crate::{
    Time, certificate, durable,
    identity::{CertificateKey, IdentityRefusal, PeerIdentity, Serial},
};

/// How current the CRLs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CrlState {
    /// No CRL is configured.
    Absent,
    /// In date.
    Current {
        /// When the first of them runs out.
        next_update: Time,
    },
    /// Past its date: still enforced, and an alarm.
    Expired {
        /// Since when.
        since: Time,
    },
}

/// One CRL in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CrlFacts {
    issuer_sha256: [u8; 32],
    number: u64,
    next_update: Time,
}

/// All CRLs in force and what they name.
#[derive(Debug, Default)]
pub(super) struct Revocations {
    keys: HashSet<CertificateKey>,
    lists: Vec<CrlFacts>,
}

impl Revocations {
    pub fn contains(&self, key: &CertificateKey) -> bool {
        self.keys.contains(key)
    }

    /// Reads every CRL of a PEM file, or one in DER, and verifies each with a CA of `authorities`.
    pub fn load(
        path: &Path,
        authorities: &[CertificateDer<'static>],
        in_force: Option<&Self>,
    ) -> Result<Self, TlsError> {
        let refuse = |why| TlsError::Crl {
            path: path.to_owned(),
            why,
        };
        let content = durable::read(path)?;
        let ders: Vec<CertificateRevocationListDer<'_>> = if content.first() == Some(&0x30) {
            vec![content.as_slice().into()]
        } else {
            CertificateRevocationListDer::pem_slice_iter(&content)
                .collect::<Result<_, _>>()
                .map_err(|_| refuse("not PEM"))?
        };
        if ders.is_empty() {
            return Err(refuse("no list in it"));
        }
        let authorities: Vec<X509Certificate<'_>> =
            authorities.iter().filter_map(|der| certificate::parse(der)).collect();
        let mut loaded = Self::default();
        for der in &ders {
            loaded.add(der, &authorities).map_err(refuse)?;
        }
        loaded.check_not_older(path, &authorities, in_force)?;
        Ok(loaded)
    }

    fn add(&mut self, der: &[u8], authorities: &[X509Certificate<'_>]) -> Result<(), &'static str> {
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err("not readable");
        };
        let signed_by = |ca: &&X509Certificate<'_>| {
            let may_sign = matches!(ca.key_usage(), Ok(Some(usage)) if usage.value.crl_sign());
            may_sign
                && ca.subject().as_raw() == list.issuer().as_raw()
                && list.verify_signature(ca.public_key()).is_ok()
        };
        if !authorities.iter().any(|ca| signed_by(&ca)) {
            return Err("not signed by a CA of this federation");
        }
        // A delta CRL or one of limited scope says so in a critical extension (RFC 5280 §5.2.4, §5.2.5).
        if list.extensions().iter().any(|extension| extension.critical) {
            return Err("not a complete list");
        }
        let number = list
            .crl_number()
            .and_then(|n| u64::try_from(n).ok())
            .ok_or("no list number")?;
        let next_update = list
            .next_update()
            .and_then(|at| DateTime::from_timestamp(at.timestamp(), 0))
            .ok_or("no date of the next update")?;
        let issuer_sha256 = certificate::sha256(list.issuer().as_raw());
        let serials = list
            .iter_revoked_certificates()
            .map(|entry| Serial::from_bytes(entry.raw_serial()));
        self.keys
            .extend(serials.map(|serial| CertificateKey::from_issuer_hash(issuer_sha256, serial)));
        self.lists.push(CrlFacts {
            issuer_sha256,
            number,
            next_update,
        });
        Ok(())
    }

    /// A list in force is replaced only by one of at least its number, as long as its issuer is still trusted.
    fn check_not_older(
        &self,
        path: &Path,
        authorities: &[X509Certificate<'_>],
        in_force: Option<&Self>,
    ) -> Result<(), TlsError> {
        let trusted: HashSet<[u8; 32]> = authorities
            .iter()
            .map(|ca| certificate::sha256(ca.subject().as_raw()))
            .collect();
        for old in in_force
            .iter()
            .flat_map(|set| &set.lists)
            .filter(|old| trusted.contains(&old.issuer_sha256))
        {
            let kept = self
                .lists
                .iter()
                .any(|new| new.issuer_sha256 == old.issuer_sha256 && new.number >= old.number);
            if !kept {
                return Err(TlsError::CrlRollback {
                    path: path.to_owned(),
                    in_force: old.number,
                });
            }
        }
        Ok(())
    }
}

/// The revoked certificates, shared by the handshake and by every request, and replaced by each reload. Cloning it gives
/// another handle on the same set.
#[derive(Debug, Clone, Default)]
pub struct RevocationSet(Arc<ArcSwap<Revocations>>);

impl RevocationSet {
    /// Whether this peer's certificate is revoked. Costs one hash lookup.
    #[must_use]
    pub fn is_revoked(&self, peer: &PeerIdentity) -> bool {
        self.contains(&peer.key)
    }

    /// Whether this certificate is revoked.
    #[must_use]
    pub fn contains(&self, key: &CertificateKey) -> bool {
        self.0.load().contains(key)
    }

    /// How many certificates are revoked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.load().keys.len()
    }

    /// Whether none is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Judges a request on an open connection: the certificate must be neither revoked nor outside its validity. Call it
    /// for every request, before anything else is done with it.
    ///
    /// # Errors
    /// [`IdentityRefusal::Revoked`], [`IdentityRefusal::Expired`], [`IdentityRefusal::NotYetValid`].
    pub fn check_request(&self, peer: &PeerIdentity, now: Time) -> Result<(), IdentityRefusal> {
        if self.is_revoked(peer) {
            return Err(IdentityRefusal::Revoked(peer.key.serial().clone()));
        }
        peer.check_validity(now)
    }

    /// How current the lists are at `now`; of several, the one that runs out first counts.
    #[must_use]
    pub fn crl_state(&self, now: Time) -> CrlState {
        match self.0.load().lists.iter().map(|list| list.next_update).min() {
            None => CrlState::Absent,
            Some(next_update) if next_update <= now => CrlState::Expired { since: next_update },
            Some(next_update) => CrlState::Current { next_update },
        }
    }

    pub(super) fn in_force(&self) -> Arc<Revocations> {
        self.0.load_full()
    }

    pub(super) fn replace(&self, with: Revocations) {
        self.0.store(Arc::new(with));
    }
}
