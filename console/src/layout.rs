//! The frame of every page: menu, header with search and language, footer.

use askama::Template;

use crate::assets::{HTMX, SCRIPT_OF_OURS, STYLE};
use crate::html::Html;
use crate::language::Language;
use crate::words::Words;

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: String,
    /// How much waits there.
    pub waiting: Option<i64>,
}

/// Who looks at the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The account.
    pub account: String,
    /// Its role, in words.
    pub role: &'static str,
    /// The token of its session's forms.
    pub csrf: String,
}

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The language.
    pub language: Language,
    /// What the console is called.
    pub console: String,
    /// What the page is called.
    pub title: String,
    /// Path and query of this page in the other language.
    pub other_language_href: String,
    /// The path, by which the menu knows where we are.
    pub path: String,
    /// The menu.
    pub menu: Vec<MenuEntry>,
    /// Who looks; absent for the public.
    pub viewer: Option<Viewer>,
    /// Where the search goes; absent where there is none.
    pub search: Option<String>,
    /// What was searched for.
    pub searched: String,
    /// A band that says in what kind of environment this is.
    pub band: Option<String>,
    /// What stands in the footer beside the zone.
    pub footer: String,
    /// The content.
    pub body: Html,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    page: &'a Page,
    words: &'static Words,
    style: String,
    htmx: String,
    script: String,
}

impl Page {
    /// The whole page.
    #[must_use]
    pub fn render(&self) -> String {
        let layout = Layout {
            page: self,
            words: self.language.words(),
            style: STYLE.path(),
            htmx: HTMX.path(),
            script: SCRIPT_OF_OURS.path(),
        };
        Html::of(&layout).to_string()
    }

    fn is_here(&self, entry: &MenuEntry) -> bool {
        entry.href == self.path || (entry.href != "/" && self.path.starts_with(&format!("{}/", entry.href)))
    }
}
