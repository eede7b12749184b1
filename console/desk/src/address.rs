//! Addresses of pages.

use tanqiao_console::html;

use crate::house::House;
use crate::visit::Visit;

/// The same page, same filters, in the other language.
#[must_use]
pub fn in_other_language<H: House>(visit: &Visit<H>) -> String {
    html::address(
        &visit.path,
        visit.query.iter().map(|(k, v)| (k.as_str(), v.as_str())),
        ("lang", visit.language.other().code()),
    )
}

/// A path of ours that somebody asked to be led back to; the beginning for everything else.
#[must_use]
pub fn back_to(asked: &str, otherwise: &str) -> String {
    let ours = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains(['\\', '\r', '\n']);
    if ours { asked.to_owned() } else { otherwise.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for evil in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "javascript:alert(1)",
            "/a\r\nb: c",
        ] {
            assert_eq!(back_to(evil, "/"), "/", "{evil}");
        }
        assert_eq!(back_to("/members/wuhan", "/"), "/members/wuhan");
    }
}
