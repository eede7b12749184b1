//! Who a certificate speaks for.
//!
//! The peer's identity comes from the verified certificate only, never from a header or a body. It is read once, when
//! the connection opens ([`peer_identity_of`]), and judged again at every request
//! ([`RevocationSet::check_request`](crate::tls::RevocationSet::check_request)), because an open connection outlives
//! both a revocation and an expiry.

mod peer;
mod spiffe;

pub use peer::{CertificateKey, IdentityRefusal, PeerIdentity, Serial, SerialError, peer_identity, peer_identity_of};
pub use spiffe::{IdError, MemberId, Role, SpiffeId, TrustDomain};
