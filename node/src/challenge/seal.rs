//! Sealing to a mailbox: CMS `AuthEnvelopedData` (RFC 5083) with AES-256-GCM (RFC 5084), in DER, to an X.509 certificate with an
//! RSA or elliptic-curve key (RFC 5652 §6.2). Whoever has the key opens it with any CMS program, such as `openssl cms -decrypt`.

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;

use crate::error::NodeError;

/// Errors name the certificate only: what is sealed is somebody's data.
fn refused(what: &str) -> NodeError {
    NodeError::refused("mailbox", format!("the mailbox's certificate {what}"))
}

fn certificate(pem: &[u8]) -> Result<X509, NodeError> {
    let mut all = X509::stack_from_pem(pem).map_err(|_| refused("is no X.509 certificate in PEM"))?;
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(refused("must be one certificate in PEM, and nothing else")),
    }
}

/// True if both are the same certificate.
pub(super) fn same_certificate(one: &[u8], other: &[u8]) -> Result<bool, NodeError> {
    let der = |pem| certificate(pem)?.to_der().map_err(|_| refused("cannot be read"));
    Ok(der(one)? == der(other)?)
}

/// Seals bytes.
pub(super) fn seal(mailbox_pem: &[u8], plain: &[u8]) -> Result<Vec<u8>, NodeError> {
    let certificate = certificate(mailbox_pem)?;
    let seal = || {
        let mut recipients = Stack::new()?;
        recipients.push(certificate)?;
        CmsContentInfo::encrypt(&recipients, plain, Cipher::aes_256_gcm(), CMSOptions::BINARY)?.to_der()
    };
    seal().map_err(|_: openssl::error::ErrorStack| {
        refused("has a key to which nothing can be sealed: an RSA or EC key is needed")
    })
}
