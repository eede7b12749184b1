//! What one end holds at a time, and how it is replaced.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::{
    CrlState, IdentityFiles, RevocationSet, TlsError, TlsFiles, provider,
    revocation::Revocations,
    trust::{self, Trust},
};
use crate::{
    Time, certificate,
    certificate::CertificateFacts,
    durable,
    identity::{self, IdentityRefusal, PeerIdentity, TrustDomain},
};

/// What was in a set of files when they were looked at, by the hash of their content: two writes within one tick of the
/// file system's clock are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesSeen(Vec<(PathBuf, Option<[u8; 32]>)>);

impl FilesSeen {
    /// Looks at the files; one that cannot be read counts as absent.
    #[must_use]
    pub fn look<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let content = |path: &PathBuf| durable::read(path).ok().map(|bytes| certificate::sha256(&bytes));
        Self(paths.into_iter().map(|path| (path.clone(), content(path))).collect())
    }
}

impl TlsFiles {
    /// Every file of this end.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let identity = self.identity.iter().flat_map(|files| [&files.certificate, &files.key]);
        std::iter::once(&self.ca).chain(&self.crl).chain(identity)
    }
}

/// The own certificate with its key.
#[derive(Debug)]
struct OwnIdentity {
    key: Arc<CertifiedKey>,
    facts: CertificateFacts,
}

/// Everything but the revocations, which have a set of their own.
#[derive(Debug)]
pub(super) struct Snapshot {
    identity: Option<Arc<OwnIdentity>>,
    pub trust: Trust,
}

/// The reloadable state behind a [`ServerTls`](super::ServerTls) or a [`ClientTls`](super::ClientTls).
#[derive(Debug)]
pub struct TlsState {
    files: TlsFiles,
    trust_domain: TrustDomain,
    snapshot: ArcSwap<Snapshot>,
    revocations: RevocationSet,
    /// What the files in force contained; held during a reload, so that only one runs at a time.
    seen: Mutex<FilesSeen>,
}

impl TlsState {
    pub(super) fn load(files: TlsFiles, trust_domain: TrustDomain, now: Time) -> Result<Self, TlsError> {
        let seen = FilesSeen::look(files.paths());
        let authorities = trust::authorities(&files.ca)?;
        let revocations = RevocationSet::default();
        revocations.replace(read_crls(&files, &authorities, None)?);
        let trust = Trust::new(&files.ca, authorities, &revocations.in_force())?;
        let snapshot = ArcSwap::from_pointee(Snapshot {
            identity: read_identity(&files, now)?,
            trust,
        });
        Ok(Self {
            files,
            trust_domain,
            snapshot,
            revocations,
            seen: Mutex::new(seen),
        })
    }

    /// Reads all files again and puts what is good in force, for the handshakes and requests that follow.
    ///
    /// # Errors
    /// [`TlsError`]: what it names stays as it was, and so does everything when it is the CA file.
    pub fn reload(&self, now: Time) -> Result<(), TlsError> {
        let mut seen = self.reloading();
        let found = FilesSeen::look(self.files.paths());
        self.replace(now)?;
        *seen = found;
        Ok(())
    }

    /// Reloads when a file differs from what is in force; says whether it did. For a loop that polls, every few seconds.
    /// Files that are wrong are tried, and reported, again at each call.
    ///
    /// # Errors
    /// As [`TlsState::reload`].
    pub fn reload_if_changed(&self, now: Time) -> Result<bool, TlsError> {
        let mut seen = self.reloading();
        // Looked at before reading: what changes in between is a difference the next time.
        let found = FilesSeen::look(self.files.paths());
        if *seen == found {
            return Ok(false);
        }
        self.replace(now)?;
        *seen = found;
        Ok(true)
    }

    fn reloading(&self) -> MutexGuard<'_, FilesSeen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A CRL takes effect although the own certificate is wrong, and the other way round: neither may delay the other.
    fn replace(&self, now: Time) -> Result<(), TlsError> {
        let authorities = trust::authorities(&self.files.ca)?;
        let crls = read_crls(&self.files, &authorities, Some(&self.revocations.in_force()));
        let crls = crls.map(|revocations| self.revocations.replace(revocations));
        let trust = Trust::new(&self.files.ca, authorities, &self.revocations.in_force())?;
        let (identity, own) = match read_identity(&self.files, now) {
            Ok(identity) => (identity, Ok(())),
            Err(error) => (self.snapshot.load().identity.clone(), Err(error)),
        };
        self.snapshot.store(Arc::new(Snapshot { identity, trust }));
        crls.and(own)
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// The federation.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The revoked certificates: a handle that follows every reload.
    #[must_use]
    pub fn revocations(&self) -> RevocationSet {
        self.revocations.clone()
    }

    /// The own certificate in force: its days left belong in the health report.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateFacts> {
        self.snapshot.load().identity.as_ref().map(|own| own.facts.clone())
    }

    /// How current the CRLs are.
    #[must_use]
    pub fn crl_state(&self, now: Time) -> CrlState {
        self.revocations.crl_state(now)
    }

    /// Who is at the other end: give it what `peer_certificates()` of the finished handshake returns, once per
    /// connection, and keep the answer with the connection.
    ///
    /// # Errors
    /// As [`identity::peer_identity_of`].
    pub fn peer(&self, chain: Option<&[CertificateDer<'_>]>) -> Result<PeerIdentity, IdentityRefusal> {
        identity::peer_identity_of(chain, &self.trust_domain)
    }

    /// As [`RevocationSet::check_request`].
    ///
    /// # Errors
    /// [`IdentityRefusal`].
    pub fn check_request(&self, peer: &PeerIdentity, now: Time) -> Result<(), IdentityRefusal> {
        self.revocations.check_request(peer, now)
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(super) fn certified_key(&self) -> Option<Arc<CertifiedKey>> {
        self.snapshot.load().identity.as_ref().map(|own| Arc::clone(&own.key))
    }
}

fn read_crls(
    files: &TlsFiles,
    authorities: &[CertificateDer<'static>],
    in_force: Option<&Revocations>,
) -> Result<Revocations, TlsError> {
    files.crl.as_ref().map_or_else(
        || Ok(Revocations::default()),
        |path| Revocations::load(path, authorities, in_force),
    )
}

fn read_identity(files: &TlsFiles, now: Time) -> Result<Option<Arc<OwnIdentity>>, TlsError> {
    files
        .identity
        .as_ref()
        .map(|files| read_own(files, now).map(Arc::new))
        .transpose()
}

/// Reads a certificate and its key as this end would use them: they belong together, and the certificate is valid at `now`.
pub(crate) fn read_pair(files: &IdentityFiles, now: Time) -> Result<CertificateFacts, TlsError> {
    read_own(files, now).map(|own| own.facts)
}

fn read_own(files: &IdentityFiles, now: Time) -> Result<OwnIdentity, TlsError> {
    let refuse = |source| TlsError::Identity {
        files: files.clone(),
        source,
    };
    let chain = certificate::certificates_of_pem(&durable::read(&files.certificate)?).map_err(|_| refuse(None))?;
    let first = chain.first().ok_or_else(|| refuse(None))?;
    let facts = CertificateFacts::from_der(first).map_err(|_| refuse(None))?;
    let key = PrivateKeyDer::from_pem_slice(&durable::read(&files.key)?).map_err(|_| refuse(None))?;
    let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|e| refuse(Some(e)))?;
    if now < facts.not_before || now > facts.not_after {
        let (not_before, not_after) = (facts.not_before, facts.not_after);
        return Err(TlsError::Validity {
            path: files.certificate.clone(),
            not_before,
            not_after,
        });
    }
    Ok(OwnIdentity {
        key: Arc::new(key),
        facts,
    })
}
