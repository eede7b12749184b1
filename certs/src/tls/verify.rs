//! The verifiers that rustls calls during a handshake. Both ask the state in force, so a reload takes effect at once.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::{
        ResolvesClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    server::{
        ClientHello, ResolvesServerCert,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::state::TlsState;
use crate::{
    certificate,
    identity::{self, CertificateKey, IdentityRefusal, PeerIdentity, Role},
};

/// Who may be at the other end.
#[derive(Debug, Clone)]
pub(super) enum Expected {
    /// Any member: what a listener expects of its clients.
    AnyMember,
    /// Exactly this one: what a client expects of its server.
    Only(Role),
}

/// Verifies the other end's chain, revocation and SPIFFE id.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    state: Arc<TlsState>,
    expected: Expected,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PeerVerifier {
    pub fn new(state: Arc<TlsState>, expected: Expected) -> Self {
        Self {
            state,
            expected,
            algorithms: super::provider().signature_verification_algorithms,
        }
    }

    /// Judges a chain whose signatures, names and validity have been verified.
    fn admit(&self, end_entity: &CertificateDer<'_>, sent: &[CertificateDer<'_>]) -> Result<(), Error> {
        let revocations = self.state.revocations();
        for der in std::iter::once(end_entity).chain(sent) {
            let parsed = certificate::parse(der).ok_or(CertificateError::BadEncoding)?;
            if revocations.contains(&CertificateKey::of(&parsed)) {
                return Err(CertificateError::Revoked.into());
            }
        }
        let peer = identity::peer_identity(end_entity, self.state.trust_domain()).map_err(refused)?;
        self.expect(&peer).map_err(refused)
    }

    fn expect(&self, peer: &PeerIdentity) -> Result<(), IdentityRefusal> {
        match &self.expected {
            Expected::AnyMember => peer.expect_member(),
            Expected::Only(role) => peer.expect_role(role),
        }
    }
}

fn refused(refusal: IdentityRefusal) -> Error {
    CertificateError::Other(OtherError(Arc::new(refusal))).into()
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // They would have to outlive a reload; an empty list is permitted (RFC 8446 §4.2.4) and a node has one certificate.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let snapshot = self.state.snapshot();
        let trust = &snapshot.trust;
        let verified = trust
            .clients
            .verify_client_cert(end_entity, &trust.with_known(intermediates), now)?;
        self.admit(end_entity, intermediates)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let snapshot = self.state.snapshot();
        let trust = &snapshot.trust;
        let chain = trust.with_known(intermediates);
        let verified = trust
            .servers
            .verify_server_cert(end_entity, &chain, server_name, ocsp_response, now)?;
        self.admit(end_entity, intermediates)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Gives rustls the own certificate in force.
#[derive(Debug)]
pub(super) struct OwnCertificate(pub Arc<TlsState>);

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.certified_key()
    }
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.certified_key()
    }

    fn has_certs(&self) -> bool {
        self.0.certified_key().is_some()
    }
}
