//! QR codes (ISO/IEC 18004) of addresses that a telephone shall open, error correction M.

use std::fmt::{self, Write as _};

use qrcodegen::QrCodeEcc;

use crate::html::{Html, escape};

/// Light modules around a code, as the standard wants.
pub const QUIET: u32 = 4;

/// A text is longer than a code can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are more than a QR code holds")]
pub struct TooLong(pub usize);

/// A code: a square of dark and light modules.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode(qrcodegen::QrCode);

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QrCode({} modules a side)", self.0.size())
    }
}

/// Dark modules side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where it begins, in modules from the left edge of the quiet zone.
    pub x: u32,
    /// Its row, in modules from the upper edge of the quiet zone.
    pub y: u32,
    /// Its modules.
    pub length: u32,
}

impl QrCode {
    /// The smallest code of a text.
    ///
    /// # Errors
    /// [`TooLong`] above about 2,300 bytes.
    pub fn of(text: &str) -> Result<Self, TooLong> {
        let code = qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium);
        code.map(Self).map_err(|_| TooLong(text.len()))
    }

    /// Modules of a side, with the quiet zone.
    #[must_use]
    pub fn side(&self) -> u32 {
        u32::try_from(self.0.size()).unwrap_or(0) + 2 * QUIET
    }

    /// The dark modules, row by row.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let size = self.0.size();
        let mut runs: Vec<Run> = Vec::new();
        for (row, y) in (0..size).zip(QUIET..) {
            let mut open: Option<Run> = None;
            for (column, x) in (0..size).zip(QUIET..) {
                open = match (open, self.0.get_module(column, row)) {
                    (Some(run), true) => Some(Run {
                        length: run.length + 1,
                        ..run
                    }),
                    (None, true) => Some(Run { x, y, length: 1 }),
                    (ended, false) => {
                        runs.extend(ended);
                        None
                    }
                };
            }
            runs.extend(open);
        }
        runs
    }

    /// The code as a picture in a page, dark on white in either theme.
    #[must_use]
    pub fn picture(&self, label: &str) -> Html {
        let (side, mut path) = (self.side(), String::new());
        for run in self.runs() {
            let _ = write!(path, "M{} {}h{}v1h-{}z", run.x, run.y, run.length, run.length);
        }
        Html::written(format!(
            "<svg width=\"{width}\" height=\"{width}\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
             aria-label=\"{}\" shape-rendering=\"crispEdges\"><path fill=\"#ffffff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path \
             fill=\"#000000\" d=\"{path}\"/></svg>",
            escape(label),
            width = side * 4,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader of codes sees in this one, four points a module.
    fn read(code: &QrCode) -> String {
        let (side, runs) = (code.side(), code.runs());
        let width = usize::try_from(side * 4).unwrap();
        let dark = |x: usize, y: usize| {
            let (x, y) = (u32::try_from(x / 4).unwrap(), u32::try_from(y / 4).unwrap());
            runs.iter()
                .any(|run| run.y == y && (run.x..run.x + run.length).contains(&x))
        };
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| if dark(x, y) { 0 } else { 255 });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_code_says_what_it_was_made_of() {
        for text in [
            "a",
            "otpauth://totp/tanqiao.example:wang?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=tanqiao.example",
            "https://hub.example/verify/0197a1c2-7c3a-7d10-9a51-0123456789ab",
        ] {
            assert_eq!(read(&QrCode::of(text).unwrap()), text);
        }
    }

    #[test]
    fn a_code_has_its_quiet_zone_and_an_end() {
        let code = QrCode::of("https://hub.example/").unwrap();
        let side = code.side();
        for run in code.runs() {
            assert!(run.x >= QUIET && run.x + run.length <= side - QUIET, "{run:?}");
            assert!(run.y >= QUIET && run.y < side - QUIET, "{run:?}");
        }
        assert_eq!(QrCode::of(&"a".repeat(3_000)), Err(TooLong(3_000)));
    }

    #[test]
    fn a_picture_has_a_name_and_no_style() {
        let picture = QrCode::of("x").unwrap().picture("\"><script>");
        assert!(picture.as_str().contains("aria-label=\"&quot;&gt;&lt;script&gt;\""));
        assert!(!picture.as_str().contains("style"));
    }
}
