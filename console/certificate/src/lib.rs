//! Certificates of retirement and donation as people print them: one A4 page, as PDF/A-3b with the proof attached, or as SVG.
//!
//! The page is laid out once, in whole thousandths of a point, and drawn by two writers. The same certificate in the same language gives
//! the same marks on every machine: an SVG to the byte, a PDF to the byte within one build, whose packer it is.
//!
//! **Architecture invariant:** pure. No file, no clock, no network; what is not in the certificate is given by the caller.
#![forbid(unsafe_code)]

mod blocks;
mod error;
mod font;
mod guide;
mod page;
mod paper;
mod pdf;
mod sheet;
mod svg;
mod text;
mod wording;

use tanqiao_console::Language;
use tanqiao_protocol::receipt::CertificateFile;

pub use error::CertificateError;

use page::Medium;
use paper::Paper;

/// What is printed.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The certificate with its receipt. What does not hold is not found here: verify it before.
    pub file: &'a CertificateFile,
    /// The event's title in Chinese and English, where the claim is an event's; the claim itself has its name only.
    pub event: Option<(&'a str, &'a str)>,
    /// Where the public verifies: scheme and host, as in `https://hub.example`.
    pub verify_at: &'a str,
}

impl Document<'_> {
    /// The page as PDF/A-3b, with the certificate and its receipt attached as JSON.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn pdf(&self, language: Language) -> Result<Vec<u8>, CertificateError> {
        let paper = Paper::of(self)?;
        let sheet = page::compose(&paper, language, Medium::Pdf)?;
        pdf::write(&paper, &sheet, language)
    }

    /// The page as SVG, its letters as outlines: it looks and prints the same without any font.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn svg(&self, language: Language) -> Result<String, CertificateError> {
        let paper = Paper::of(self)?;
        let sheet = page::compose(&paper, language, Medium::Svg)?;
        svg::write(&paper, &sheet, language)
    }

    /// The address in the QR code: the public page of the certificate, with the leaf's hash as printed, so that the page can say whether
    /// the paper and the log agree.
    #[must_use]
    pub fn code(&self) -> String {
        let certificate = &self.file.certificate;
        let base = self.verify_at.trim_end_matches('/');
        format!(
            "{base}/verify/{}?leaf={}",
            certificate.certificate, certificate.leaf_hash
        )
    }
}
