//! Why there is no page.

use std::fmt;

/// Why a certificate cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A text has a character that the fonts cannot draw, or that draws nothing and could hide what a name is.
    #[error("the character {0} cannot be printed; the certificate's page shows it")]
    Character(Unprintable),
    /// The texts of the claim are longer than a page.
    #[error("the texts of this certificate do not fit on one page; its page shows them all")]
    TooLong,
    /// There is no receipt yet: what is printed proves itself or is not printed.
    #[error("the certificate has no receipt yet: enough witnesses have to see its leaf first")]
    NotProven,
    /// The receipt cannot be read.
    #[error("the receipt of the certificate cannot be read: {0}")]
    Receipt(String),
    /// The fonts, the QR code or the PDF: a fault of this program or its settings.
    #[error("the certificate could not be drawn: {0}")]
    Fault(String),
}

impl CertificateError {
    /// True if another certificate could be printed: it is about what this one says.
    #[must_use]
    pub const fn is_of_content(&self) -> bool {
        matches!(self, Self::Character(_) | Self::TooLong)
    }
}

/// A character that cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unprintable(pub char);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.0);
        // What turns or hides the letters around it is named by its number only.
        if self.0.is_alphanumeric() {
            write!(f, "`{}` (U+{code:04X})", self.0)
        } else {
            write!(f, "U+{code:04X}")
        }
    }
}
