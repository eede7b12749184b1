//! Receipts and certificates.

use std::path::Path;

use serde_json::json;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{
    CertificateFile, RECEIPT_FILE_BYTES_MAX, ReceiptFile, ReceiptRefusal, Statement, verify, verify_certificate,
};
use tanqiao_verify::words::Language;

use super::read;
use super::report::{Failure, Report};

pub(super) fn receipt(file: &Path, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let bytes = read(file, RECEIPT_FILE_BYTES_MAX)?;
    let found = ReceiptFile::parse(&bytes).and_then(|file| verify(&file, policy));
    Ok(statement(&found, language))
}

pub(super) fn certificate(file: &Path, policy: &Policy, language: Language) -> Result<Report, Failure> {
    let bytes = read(file, RECEIPT_FILE_BYTES_MAX)?;
    let found = CertificateFile::parse(&bytes).and_then(|file| verify_certificate(&file, policy));
    Ok(statement(&found, language))
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
