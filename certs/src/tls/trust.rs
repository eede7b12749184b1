//! What one end trusts: anchors, and CA certificates that help to build chains.

use std::{path::Path, sync::Arc};

use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::CertificateDer;

use super::{TlsError, provider, revocation::Revocations};
use crate::{certificate, durable, identity::CertificateKey};

/// A loaded CA set.
#[derive(Debug)]
pub(super) struct Trust {
    /// Verifies members' chains.
    pub clients: Arc<dyn ClientCertVerifier>,
    /// Verifies servers' chains and names.
    pub servers: Arc<dyn ServerCertVerifier>,
    /// CA certificates that are no anchors and not revoked.
    known: Vec<CertificateDer<'static>>,
}

/// Every CA certificate of the CA file.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refuse = || TlsError::Ca(path.to_owned());
    let found = certificate::certificates_of_pem(&durable::read(path)?).map_err(|_| refuse())?;
    let all_are_cas = found
        .iter()
        .all(|der| certificate::parse(der).is_some_and(|parsed| parsed.is_ca()));
    if all_are_cas { Ok(found) } else { Err(refuse()) }
}

impl Trust {
    pub fn new(
        path: &Path,
        authorities: Vec<CertificateDer<'static>>,
        revoked: &Revocations,
    ) -> Result<Self, TlsError> {
        let refuse = || TlsError::Ca(path.to_owned());
        let mut roots = RootCertStore::empty();
        let mut known = Vec::new();
        for der in authorities {
            let parsed = certificate::parse(&der).ok_or_else(refuse)?;
            let self_issued = parsed.subject().as_raw() == parsed.issuer().as_raw();
            let is_revoked = revoked.contains(&CertificateKey::of(&parsed));
            drop(parsed);
            if self_issued {
                roots.add(der).map_err(|_| refuse())?;
            } else if !is_revoked {
                known.push(der);
            }
        }
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .build()
            .map_err(|_| refuse())?;
        let servers = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|_| refuse())?;
        Ok(Self {
            clients,
            servers,
            known,
        })
    }

    /// The intermediates that the peer sent, and then the ones that are known here: a peer that forgets its issuing CA's
    /// certificate is understood nevertheless.
    pub fn with_known<'a>(&'a self, sent: &'a [CertificateDer<'_>]) -> Vec<CertificateDer<'a>> {
        sent.iter()
            .map(AsRef::as_ref)
            .chain(self.known.iter().map(AsRef::as_ref))
            .map(CertificateDer::from)
            .collect()
    }
}
