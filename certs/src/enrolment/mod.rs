//! Joining a federation: one-time codes, key pairs, signing requests.
//!
//! An officer invites a member ([`CodeRecord::invite`]) and hands the code over on another channel. The node makes its
//! key ([`TlsKey::generate`]), sends a signing request with the code, and the hub redeems the code once
//! ([`CodeRecord::redeem`]). The private key never leaves the node; the code is never stored.

mod code;
mod request;

pub use code::{CODE_VALIDITY_DAYS_DEFAULT, CodeRecord, CodeRefusal, OneTimeCode, RandomError};
pub use request::{CertificateRequest, KeyAlgorithm, KeyError, RequestError, TlsKey};
