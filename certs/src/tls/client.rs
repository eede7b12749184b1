//! Configurations of a client.

use std::sync::Arc;

use rustls::{
    ClientConfig,
    client::{Resumption, danger::ServerCertVerifier},
    version::TLS13,
};

use super::{
    ALPN, TlsError, TlsFiles, provider,
    state::TlsState,
    verify::{Expected, OwnCertificate, PeerVerifier},
};
use crate::{
    Time,
    identity::{Role, TrustDomain},
};

/// The TLS of a node towards the hub, or towards another member's listener. Cloning it gives another handle on the same
/// state.
#[derive(Debug, Clone)]
pub struct ClientTls(Arc<TlsState>);

impl ClientTls {
    /// Reads the files. Without a certificate and key the client can only enrol.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(files: TlsFiles, trust_domain: TrustDomain, now: Time) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(TlsState::load(files, trust_domain, now)?)))
    }

    /// For connections to the hub: TLS 1.3, our CA only, the host name and the hub's SPIFFE id are checked, no resumption.
    /// Made once; it follows every reload.
    ///
    /// # Errors
    /// [`TlsError::Config`].
    pub fn hub_config(&self) -> Result<ClientConfig, TlsError> {
        self.config_for(Role::Hub)
    }

    /// The same for connections to `role`, such as another member's exposure listener.
    ///
    /// # Errors
    /// [`TlsError::Config`].
    pub fn config_for(&self, role: Role) -> Result<ClientConfig, TlsError> {
        let verifier: Arc<dyn ServerCertVerifier> =
            Arc::new(PeerVerifier::new(Arc::clone(&self.0), Expected::Only(role)));
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsError::Config)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(OwnCertificate(Arc::clone(&self.0))));
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }

    /// The state: own certificate, revocations, health.
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
}
