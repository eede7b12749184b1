//! Receipts and certificates.

use std::path::Path;

use serde_json::json;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{
    CertificateFile, NotProven, RECEIPT_FILE_BYTES_MAX, ReceiptFile, ReceiptRefusal, Statement, attached, is_pdf,
    verify, verify_certificate,
};
use tanqiao_verify::words::Language;

use super::read;
use super::report::{Failure, Report};

pub(super) fn receipt(file: &Path, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let bytes = read(file, RECEIPT_FILE_BYTES_MAX)?;
    let found = ReceiptFile::parse(&bytes).and_then(|file| verify(&file, policy));
    Ok(statement(&found, language))
}

/// What a PDF has beside the attached file: the page, and its fonts' subsets.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A certificate as JSON, or as the PDF that it is attached to.
pub(super) fn certificate(file: &Path, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let bytes = read(file, RECEIPT_FILE_BYTES_MAX + PAGE_BYTES_MAX)?;
    let found = if is_pdf(&bytes) {
        on_paper(&bytes, policy)
    } else {
        CertificateFile::parse(&bytes).and_then(|file| verify_certificate(&file, policy))
    };
    Ok(statement(&found, language))
}

fn on_paper(pdf: &[u8], policy: &Policy) -> Result<Statement, ReceiptRefusal> {
    let mut proven = verify_certificate(&CertificateFile::parse(attached(pdf)?)?, policy)?;
    proven.not_proven.push(NotProven::PrintedPage);
    Ok(proven)
}

fn statement(found: &Result<Statement, ReceiptRefusal>, language: Language) -> Report {
    match found {
        Ok(statement) => Report {
            text: language.statement(statement),
            json: json!({ "proven": true, "statement": statement }),
            proven: true,
        },
        Err(refusal) => Report {
            text: language.refusal(refusal),
            json: json!({
                "proven": false, "fault": refusal.fault(), "place": refusal.place(), "detail": refusal.detail(),
            }),
            proven: false,
        },
    }
}
