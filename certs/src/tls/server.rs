//! Configurations of a listener.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    server::{NoServerSessionStorage, WantsServerCert, danger::ClientCertVerifier},
    version::TLS13,
};

use super::{
    ALPN, TlsError, TlsFiles, provider,
    state::TlsState,
    verify::{Expected, OwnCertificate, PeerVerifier},
};
use crate::{Time, identity::TrustDomain};

/// The TLS of the hub's listeners, or of a node's own. Cloning it gives another handle on the same state.
#[derive(Debug, Clone)]
pub struct ServerTls(Arc<TlsState>);

impl ServerTls {
    /// Reads the files, which must include a certificate and key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(files: TlsFiles, trust_domain: TrustDomain, now: Time) -> Result<Self, TlsError> {
        if files.identity.is_none() {
            return Err(TlsError::NoIdentity);
        }
        Ok(Self(Arc::new(TlsState::load(files, trust_domain, now)?)))
    }

    /// For the federation listener, and for a node's exposure listener: TLS 1.3, a member's certificate is demanded, no
    /// resumption. Made once; it follows every reload.
    ///
    /// # Errors
    /// [`TlsError::Config`].
    pub fn federation_config(&self) -> Result<ServerConfig, TlsError> {
        let verifier: Arc<dyn ClientCertVerifier> =
            Arc::new(PeerVerifier::new(Arc::clone(&self.0), Expected::AnyMember));
        Ok(self.finish(builder()?.with_client_cert_verifier(verifier)))
    }

    /// For the enrolment listener, and for consoles: TLS 1.3 without a client certificate, no resumption.
    ///
    /// # Errors
    /// [`TlsError::Config`].
    pub fn enrolment_config(&self) -> Result<ServerConfig, TlsError> {
        Ok(self.finish(builder()?.with_no_client_auth()))
    }

    /// The state: identities, revocations, health.
    #[must_use]
    pub fn state(&self) -> &Arc<TlsState> {
        &self.0
    }

    /// As [`TlsState::reload`].
    ///
    /// # Errors
    /// [`TlsError`]; what it names stays as it was.
    pub fn reload(&self, now: Time) -> Result<(), TlsError> {
        self.0.reload(now)
    }

    /// As [`TlsState::reload_if_changed`].
    ///
    /// # Errors
    /// [`TlsError`]; what it names stays as it was.
    pub fn reload_if_changed(&self, now: Time) -> Result<bool, TlsError> {
        self.0.reload_if_changed(now)
    }

    fn finish(&self, builder: rustls::ConfigBuilder<ServerConfig, WantsServerCert>) -> ServerConfig {
        let mut config = builder.with_cert_resolver(Arc::new(OwnCertificate(Arc::clone(&self.0))));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        config
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Config)
}
