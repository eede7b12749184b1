//! Addresses of pages.

use tanqiao_console::html;

use crate::house::House;
use crate::visit::Visit;

/// An address with its query, in which one field is set, or taken away where it is empty.
pub fn with<'a>(
    path: &str,
    query: impl Iterator<Item = (&'a str, &'a str)>,
    (name, value): (&'a str, &'a str),
) -> String {
    let fields = query.filter(|(key, value)| *key != name && !value.is_empty());
    let all: Vec<String> = fields
        .chain((!value.is_empty()).then_some((name, value)))
        .map(|(key, value)| format!("{}={}", html::query_value(key), html::query_value(value)))
        .collect();
    if all.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", all.join("&"))
    }
}

/// The same page, same filters, in the other language.
#[must_use]
pub fn in_other_language<H: House>(visit: &Visit<H>) -> String {
    with(
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

    #[test]
    fn a_field_of_an_address_is_set_once() {
        let query = [("state", "open"), ("lang", "zh"), ("from", "")];
        assert_eq!(
            with("/transfers", query.into_iter(), ("lang", "en")),
            "/transfers?state=open&lang=en"
        );
        assert_eq!(with("/transfers", [("a", "1")].into_iter(), ("a", "")), "/transfers");
    }
}
