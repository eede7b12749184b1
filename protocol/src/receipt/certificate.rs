//! A certificate with the receipt that proves it.

use serde::{Deserialize, Serialize};

use super::deed::cover;
use super::file::{RECEIPT_FILE_BYTES_MAX, ReceiptFile, ReceiptKind};
use super::refusal::{ReceiptFault, ReceiptRefusal};
use super::statement::{NotProven, Statement};
use super::verify::verify_public;
use crate::event::Certificate;
use crate::leaf::leaf_hash;
use crate::log::policy::Policy;
use crate::strict;

/// A certificate as the hub gives it. Without a receipt it is the hub's word only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFile {
    /// What is certified.
    #[serde(flatten)]
    pub certificate: Certificate,
    /// The receipt of the retirement or donation; absent until enough witnesses have seen its leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptFile>,
}

impl CertificateFile {
    /// The certificate in these bytes.
    ///
    /// # Errors
    /// [`ReceiptFault::Malformed`], with the place.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptRefusal> {
        strict::from_slice_within(bytes, RECEIPT_FILE_BYTES_MAX)
            .map_err(|error| ReceiptRefusal::new(ReceiptFault::Malformed, "", error))
    }
}

/// What a certificate's receipt proves, where the certificate says the same. Its donor's name (without the signed message),
/// permitted uses and screening are the hub's word.
///
/// # Errors
/// [`ReceiptRefusal`]: [`ReceiptFault::Certificate`] where the two differ, or there is no receipt.
pub fn verify_certificate(file: &CertificateFile, policy: &Policy) -> Result<Statement, ReceiptRefusal> {
    let refuse = |place: &str, detail: &str| Err(ReceiptRefusal::new(ReceiptFault::Certificate, place, detail));
    let Some(receipt) = &file.receipt else {
        return refuse(
            "receipt",
            "the certificate has no receipt: it is the hub's word only. Fetch it again once its leaf is witnessed",
        );
    };
    if receipt.kind == ReceiptKind::Transfer {
        return refuse("receipt.kind", "a certificate is of a donation or a retirement");
    }
    let mut proven = verify_public(receipt, policy)?;
    let stated = &file.certificate;
    let member = proven.parties.first().map(|party| &party.member);
    let first = receipt.leaves.first().map(|leaf| leaf_hash(&leaf.entry.0));
    let holds = [
        ("certificate", stated.certificate == proven.id),
        ("member", Some(&stated.member) == member),
        ("claim", Some(&stated.claim) == proven.claim.as_ref()),
        ("blocks", cover(&stated.blocks) == cover(&proven.delivered)),
        ("quantity_g", stated.quantity_g == proven.delivered_g),
        ("given_g", stated.given_g == proven.given_g),
        ("buffered_g", stated.buffered_g == proven.buffered_g),
        ("cancelled_g", stated.cancelled_g == proven.cancelled_g),
        ("committed_at", stated.committed_at == proven.at),
        ("log_index", u64::try_from(stated.log_index) == Ok(proven.log_index)),
        ("log_origin", stated.log_origin == proven.tree.origin),
        ("leaf_hash", Some(stated.leaf_hash) == first),
        (
            "donor",
            proven.signatures.is_empty() || stated.donor == proven.donor_name,
        ),
    ];
    if let Some((name, _)) = holds.iter().find(|(_, holds)| !holds) {
        return refuse(name, "the certificate says something else than its receipt proves");
    }
    proven.not_proven.push(NotProven::CertificateExtras);
    Ok(proven)
}
