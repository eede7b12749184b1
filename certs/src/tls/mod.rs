//! TLS 1.3 configurations of hub and node, reloaded without a restart.
//!
//! * **Members must show a certificate.** The federation listener demands one of our CA, with `clientAuth`, with the
//!   SPIFFE id of a member of our trust domain.
//! * **No session resumption.** A resumed TLS 1.3 session skips the client's certificate (RFC 8446 §2.2), so a revoked
//!   member would be let in. Both sides have it off; there is no early data either.
//! * **The client checks who answers**: chain, host name, and that the certificate's SPIFFE id is the hub's. A member's
//!   certificate with `serverAuth` is not the hub.
//! * **Only self-signed certificates of the CA file are trust anchors.** Other CA certificates in it help to build
//!   chains; unlike anchors, they are checked for validity and revocation.
//! * **One revocation set** answers at the handshake and at every request. CRLs are verified once, when they are loaded,
//!   instead of at each handshake, where the cost grows with the list.
//!
//! # A CRL past its date
//! When `next_update` passes, the last list **stays in force and nobody is locked out**; [`TlsState::crl_state`] says
//! [`CrlState::Expired`], for health, metrics and alarms. Refusing everybody instead would turn a missed cron job at the
//! hub into an outage of the whole federation, reported to members as an unknown CA; and it would gain little, because
//! certificates live 90 days and the hub, which makes the list, checks member status at each request as well. For the
//! same reason a list that is missing, unreadable, signed by someone else or older than the one in force is never
//! loaded: [`TlsState::reload`] keeps what it has and returns the error.
//!
//! # Reload
//! Poll [`TlsState::reload_if_changed`]. CA set, CRLs, and certificate with key are each read and checked; what is wrong
//! keeps the old and is returned as an error, again at each poll until it is mended. A broken certificate does not hold
//! up a revocation, nor a broken CRL a renewed certificate. Open connections keep running: judge each request with
//! [`RevocationSet::check_request`].

mod client;
mod revocation;
mod server;
mod state;
mod trust;
mod verify;

use std::{path::PathBuf, sync::Arc};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

pub use client::ClientTls;
pub use revocation::{CrlState, RevocationSet};
pub use server::ServerTls;
pub(crate) use state::read_pair;
pub use state::{FilesSeen, TlsState};

use crate::{Time, durable::FileError};

/// ALPN protocols, in order of preference (RFC 7301): HTTP/2 and HTTP/1.1.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Makes aws-lc-rs the process-wide crypto provider of rustls. Call it first in `main`; calling it again does nothing.
///
/// The configurations of this module name their provider themselves; other libraries use the process-wide one.
pub fn install_crypto_provider() {
    // The only error is that a provider is installed already, and there is only one in the tree.
    drop(aws_lc_rs::default_provider().install_default());
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

/// Where the files of one end are, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authority's `ca.pem`: root and issuing CA.
    pub ca: PathBuf,
    /// The current CRLs; without a path nothing is revoked at the handshake.
    pub crl: Option<PathBuf>,
    /// Certificate chain and private key of this end; a client that enrols has none yet.
    pub identity: Option<IdentityFiles>,
}

/// Certificate chain and private key of one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, followed by the issuing CA's.
    pub certificate: PathBuf,
    /// The private key, PKCS #8.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Only a CA set: enough for a client that enrols.
    #[must_use]
    pub fn new(ca: impl Into<PathBuf>) -> Self {
        Self {
            ca: ca.into(),
            crl: None,
            identity: None,
        }
    }

    /// The same with CRLs.
    #[must_use]
    pub fn with_crl(mut self, crl: impl Into<PathBuf>) -> Self {
        self.crl = Some(crl.into());
        self
    }

    /// The same with an own certificate and key.
    #[must_use]
    pub fn with_identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some(IdentityFiles {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }
}

/// Why a file of a TLS configuration cannot be loaded. What was in force before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The CA file.
    #[error("{} is no CA bundle: it must hold CA certificates in PEM, with a self-signed root among them", .0.display())]
    Ca(PathBuf),
    /// The CRL file.
    #[error("{} holds no usable CRL ({why}): fetch the hub's current list again", path.display())]
    Crl {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The CRL is older than the one in force, or misses one that is.
    #[error("{} is older than the list in force (number {in_force}): fetch the hub's current list again", path.display())]
    CrlRollback {
        /// The file.
        path: PathBuf,
        /// The number in force.
        in_force: u64,
    },
    /// The own certificate or key.
    #[error("{} and {} are not a certificate and its private key: put the pair that belongs together", files.certificate.display(), files.key.display())]
    Identity {
        /// The two files.
        files: IdentityFiles,
        /// What the TLS library says, when it was the one to refuse.
        #[source]
        source: Option<rustls::Error>,
    },
    /// The own certificate is not valid now.
    #[error("{} is valid from {not_before} to {not_after} only: renew it, or enrol again", path.display())]
    Validity {
        /// The file.
        path: PathBuf,
        /// Start.
        not_before: Time,
        /// End.
        not_after: Time,
    },
    /// A server needs a certificate.
    #[error("a listener needs a certificate and a key: configure both files")]
    NoIdentity,
    /// The TLS library refused the configuration.
    #[error("the TLS configuration is refused: check that the CA file fits this program")]
    Config(#[source] rustls::Error),
}
