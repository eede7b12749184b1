//! The PKI of a Tanqiao federation.
//!
//! A federation has one trust domain, one root that is kept offline, one issuing CA, and a certificate for each
//! member node and for the hub. A certificate names its owner by a SPIFFE id in its URI SAN, and by nothing else.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`identity`] | who a verified certificate speaks for, and whether a request on an open connection may still be served |
//! | [`certificate`] | the facts of one certificate: validity, days left, when renewal is due |
//! | [`enrolment`] | one-time codes, key pairs and certificate signing requests |
//! | [`authority`] | root and issuing CA in a directory: issue, renew, revoke, CRL |
//! | [`renewal`] | a new key and certificate in the place of the old, and the alarms before one runs out |
//! | [`tls`] | rustls configurations of hub and node, reloaded without a restart |
//! | [`durable`] | files that are written whole or not at all |
//!
//! No deciding function reads a clock: the time is an argument. Only rustls itself asks the system clock, during a
//! handshake.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authority;
pub mod certificate;
pub mod durable;
pub mod enrolment;
pub mod identity;
pub mod renewal;
pub mod tls;

pub use authority::{Authority, AuthorityError, Issued, Order, Profile, RevocationReason};
pub use certificate::{CertificateFacts, days_left, renewal_due};
pub use enrolment::{CertificateRequest, CodeRecord, CodeRefusal, OneTimeCode, TlsKey};
pub use identity::{
    CertificateKey, IdentityRefusal, MemberId, PeerIdentity, Role, Serial, SpiffeId, TrustDomain, peer_identity,
    peer_identity_of,
};
pub use tls::{ClientTls, CrlState, RevocationSet, ServerTls, TlsError, TlsFiles, install_crypto_provider};

/// A point in time, UTC.
pub type Time = chrono::DateTime<chrono::Utc>;
/// A length of time.
pub type Span = chrono::TimeDelta;
