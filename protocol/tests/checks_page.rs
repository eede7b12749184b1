//! `docs/checks.md` is the catalogue of checks as the programs have it.

use std::path::Path;

const REGENERATE: &str = "TANQIAO_WRITE_DOCS=1 cargo test -p tanqiao-protocol --test checks_page";

#[test]
fn the_page_of_the_checks_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checks.md");
    let expected = tanqiao_protocol::check::markdown();
    if std::env::var_os("TANQIAO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/checks.md is not what protocol/src/check says. Write it again with\n  {REGENERATE}"
    );
}
