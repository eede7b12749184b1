//! Lists that are read part by part, with what a visit asks of them.

use tanqiao_console::parts::{FilterField, Listing};

use crate::house::House;
use crate::visit::Visit;

/// A list whose newest item is first.
#[must_use]
pub fn newest_first<H: House>(visit: &Visit<H>, path: &str, filters: &[&'static str]) -> Listing {
    let words = visit.words();
    listing(visit, path, filters, ("before", [words.newest, words.older]))
}

/// A list in the order of names.
#[must_use]
pub fn by_name<H: House>(visit: &Visit<H>, path: &str, filters: &[&'static str]) -> Listing {
    let words = visit.words();
    listing(visit, path, filters, ("after", [words.back, words.more]))
}

/// A list with a key of its own, and what the ways to the first and the next part are called.
#[must_use]
pub fn listing<H: House>(
    visit: &Visit<H>,
    path: &str,
    filters: &[&'static str],
    (key, ways): (&'static str, [&'static str; 2]),
) -> Listing {
    Listing {
        path: path.to_owned(),
        filters: filters
            .iter()
            .map(|name| (*name, visit.asked(name).to_owned()))
            .collect(),
        key,
        from: visit.asked(key).to_owned(),
        ways,
    }
}

/// A choice of a filter, with what is asked for; the first of its options is any.
pub fn choice<H: House>(
    visit: &Visit<H>,
    name: &'static str,
    label: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> FilterField {
    let any = (String::new(), visit.words().any.to_owned());
    FilterField {
        name,
        label: label.to_owned(),
        options: std::iter::once(any).chain(options).collect(),
        value: visit.asked(name).to_owned(),
    }
}

/// A text of a filter, with what is asked for.
#[must_use]
pub fn entry<H: House>(visit: &Visit<H>, name: &'static str, label: &str) -> FilterField {
    FilterField {
        name,
        label: label.to_owned(),
        options: Vec::new(),
        value: visit.asked(name).to_owned(),
    }
}
