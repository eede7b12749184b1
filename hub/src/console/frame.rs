//! The frame around every page: menu by role, who looks, the environment, and how old the data are.

use tanqiao_console::layout::{MenuEntry, Page, Viewer};
use tanqiao_console::{Html, Language, Words, format};

use super::table;
use super::visit::Visit;
use crate::ledger::objects::Role;
use crate::store::console;
use crate::store::read::statistics;

/// An address of the menu, and its name.
type Place = (&'static str, fn(&Words) -> &'static str);

/// The menu in its order.
const MENU: &[Place] = &[
    ("/", |words| words.overview),
    ("/members", |words| words.members),
    ("/transfers", |words| words.transfers),
    ("/methodologies", |words| words.recognition.methodologies),
    ("/mappings", |words| words.recognition.mappings),
    ("/recognition", |words| words.recognition.matrix),
    ("/conflicts", |words| words.oversight.conflicts),
    ("/reconciliations", |words| words.oversight.reconciliations),
    ("/events", |words| words.events.events),
    ("/certificates", |words| words.events.certificates),
    ("/asset-register", |words| words.oversight.assets),
    ("/asset-conflicts", |words| words.oversight.asset_conflicts),
    ("/approvals", |words| words.approvals),
    ("/log", |words| words.log),
    ("/activity", |words| words.activity),
    ("/officers", |words| words.events.officers),
    ("/account", |words| words.account),
    ("/verify", |words| words.verify),
    ("/statistics", |words| words.statistics),
    ("/glossary", |words| words.glossary),
];

/// What a role is called.
pub(super) const fn role(role: Role, words: &'static Words) -> &'static str {
    match role {
        Role::Officer => words.role_officer,
        Role::Auditor => words.role_auditor,
        Role::Organiser => words.role_organiser,
    }
}

/// A whole page.
pub(super) async fn page(visit: &Visit, title: String, body: Html) -> String {
    let words = visit.words();
    let now = visit.hub.now();
    let account = visit.who.as_ref().map(|known| known.account.to_string());
    let read = visit.hub.read(move |c| {
        let waiting = match &account {
            Some(account) => console::waiting(c, account, now)?,
            None => 0,
        };
        Ok((statistics::head(c)?, waiting))
    });
    // A page that tells of a fault must come even when nothing can be read.
    let (head, waiting) = read.await.map_or((None, 0), |(head, waiting)| (Some(head), waiting));
    let role_now = visit.who.as_ref().map(|known| known.role);
    let entry = |(href, label): &Place| MenuEntry {
        href: (*href).to_owned(),
        label: label(words).to_owned(),
        waiting: (*href == "/approvals" && waiting > 0 && visit.is(Role::Officer)).then_some(waiting),
    };
    let demonstration = visit.hub.sequencer.governance().policy.demonstration;
    let band = match head {
        Some(head) if head.frozen => Some(words.stopped),
        _ => demonstration.then_some(words.demonstration),
    };
    let size = head.map_or_else(String::new, |head| {
        format!(" · {} {}", words.log_size, format::number(head.size))
    });
    Page {
        language: visit.language,
        console: words.hub_console.to_owned(),
        title,
        other_language_href: tanqiao_desk::address::in_other_language(visit),
        path: visit.path.clone(),
        menu: MENU
            .iter()
            .filter(|(href, _)| table::sees(href, role_now))
            .map(entry)
            .collect(),
        viewer: visit.who.as_ref().map(|known| Viewer {
            account: known.account.to_string(),
            role: role(known.role, words),
            csrf: known.session.csrf.clone(),
        }),
        search: table::sees("/search", role_now).then(|| "/search".to_owned()),
        searched: if visit.path == "/search" {
            visit.asked("q").to_owned()
        } else {
            String::new()
        },
        band: band.map(str::to_owned),
        footer: format!(
            "{} {}{size} · {} {}",
            words.data_as_of,
            format::beijing(now),
            words.version,
            env!("CARGO_PKG_VERSION")
        ),
        body,
    }
    .render()
}

/// A region's name with its code.
pub(super) fn region(code: &str, language: Language) -> String {
    format!("{} {code}", tanqiao_console::regions::name(code, language))
}
