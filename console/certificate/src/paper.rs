//! What stands on the paper, in no language yet.

use tanqiao_console::qr::QrCode;
use tanqiao_protocol::event::Certificate;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::receipt::ReceiptKind;

use crate::Document;
use crate::error::CertificateError;

/// A document with what its receipt and its settings come to.
#[derive(Debug)]
pub struct Paper<'a> {
    pub document: &'a Document<'a>,
    pub certificate: &'a Certificate,
    pub kind: ReceiptKind,
    /// The checkpoint of the receipt.
    pub checkpoint: Checkpoint,
    /// Whose signatures it has: the log's, then those of witnesses.
    pub signers: Vec<String>,
    pub code: QrCode,
}

impl<'a> Paper<'a> {
    /// Reads the receipt, and makes the code.
    pub fn of(document: &'a Document<'a>) -> Result<Self, CertificateError> {
        let receipt = document.file.receipt.as_ref().ok_or(CertificateError::NotProven)?;
        let unreadable = |error: String| CertificateError::Receipt(error);
        let first = receipt
            .leaves
            .first()
            .ok_or_else(|| unreadable("it has no leaf".to_owned()))?;
        let proof = Receipt::parse(first.proof.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let signers = proof.note().signatures().iter().map(|line| line.name().to_owned());
        let code = QrCode::of(&document.code()).map_err(|error| CertificateError::Fault(error.to_string()))?;
        Ok(Self {
            document,
            certificate: &document.file.certificate,
            kind: receipt.kind,
            checkpoint: proof.checkpoint().clone(),
            signers: signers.collect(),
            code,
        })
    }

    /// Where the public verifies, without a slash at its end.
    pub fn verify_at(&self) -> &str {
        self.document.verify_at.trim_end_matches('/')
    }

    /// The name of the attached file.
    pub fn attachment(&self) -> String {
        format!("{}.certificate.json", self.certificate.certificate)
    }
}
