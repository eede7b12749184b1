//! The frame around every page.

use tanqiao_console::layout::{MenuEntry, Page, Viewer};
use tanqiao_console::{Html, Words as CommonWords, format};
use tanqiao_desk::{House as _, Visit, address};

use super::words::{self, Words};
use super::{Office, table};

/// An address of the menu, and its name: a word of the node's own, or one that every console has.
type Place = (&'static str, fn(&Words, &CommonWords) -> &'static str);

/// The menu in its order.
const MENU: &[Place] = &[
    ("/", |own, _| own.home),
    ("/holdings", |own, _| own.holdings),
    ("/activity", |_, common| common.activity),
    ("/account", |_, common| common.account),
    ("/glossary", |_, common| common.glossary),
];

/// A whole page.
pub(super) async fn page(visit: &Visit<Office>, title: String, body: Html) -> String {
    let (common, own) = (visit.words(), words::of(visit.language));
    let role = visit.who.as_ref().map(|known| known.role);
    let menu = MENU.iter().filter(|(href, _)| table::sees(href, role));
    Page {
        language: visit.language,
        console: format!("{} · {}", own.node_console, visit.node.member()),
        title,
        other_language_href: address::in_other_language(visit),
        path: visit.path.clone(),
        menu: menu
            .map(|(href, label)| MenuEntry {
                href: (*href).to_owned(),
                label: label(own, common).to_owned(),
                waiting: None,
            })
            .collect(),
        viewer: visit.who.as_ref().map(|known| Viewer {
            account: known.account.to_string(),
            role: Office::role(known.role, visit.language),
            csrf: known.session.csrf.clone(),
        }),
        search: None,
        searched: String::new(),
        band: None,
        footer: format!(
            "{} {} · {} {}",
            common.data_as_of,
            format::beijing(visit.now()),
            common.version,
            env!("CARGO_PKG_VERSION")
        ),
        body,
    }
    .render()
}
