//! The files that a browser fetches. Their names carry their content's hash, so that they may be kept for ever.

use std::sync::LazyLock;

use tanqiao_protocol::id::Sha256;

/// htmx, as its authors published it: the hash of the file in `assets/`.
pub const HTMX_SHA256: &str = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130";

/// For as long as anybody keeps anything.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A file.
#[derive(Debug)]
pub struct Asset {
    /// Its name with its hash, as in `console.0123456789abcdef.css`.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash = Sha256::of(bytes).to_string();
        let short: String = hash.chars().take(16).collect();
        Self {
            name: format!("{stem}.{short}.{extension}"),
            media_type,
            bytes,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The stylesheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console",
        "css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/console.css"),
    )
});
/// htmx.
pub static HTMX: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("htmx", "js", SCRIPT, include_bytes!("../assets/htmx-4.0.1.min.js")));
/// Our own few lines: arrow keys in the tile grid, `/` for the search.
pub static SCRIPT_OF_OURS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "js", SCRIPT, include_bytes!("../assets/console.js")));

/// The file of a name, if that is exactly what it is called now.
#[must_use]
pub fn find(name: &str) -> Option<&'static Asset> {
    let all: [&'static Asset; 3] = [&STYLE, &HTMX, &SCRIPT_OF_OURS];
    all.into_iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn htmx_is_the_file_that_notice_names() {
        assert_eq!(Sha256::of(HTMX.bytes).to_string(), HTMX_SHA256);
        assert!(include_str!("../../NOTICE").contains(HTMX_SHA256));
    }

    #[test]
    fn a_file_is_found_by_its_whole_name_only() {
        assert_eq!(find(&STYLE.name).unwrap().bytes, STYLE.bytes);
        assert!(find("console.css").is_none());
    }

    #[test]
    fn the_stylesheet_asks_nobody_else_and_needs_no_new_browser() {
        let css = std::str::from_utf8(STYLE.bytes).unwrap();
        for forbidden in ["url(", "@import", "light-dark(", "&:"] {
            assert!(!css.contains(forbidden), "{forbidden}");
        }
    }
}
