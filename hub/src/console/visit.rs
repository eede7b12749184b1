//! What a page is given, and what it gives.

use std::collections::BTreeMap;

use actix_web::web::Data;
use tanqiao_console::parts::Errors;
use tanqiao_console::{Html, Language, Words};
use tanqiao_protocol::id::Name;

use super::Console;
use crate::api::Hub;
use crate::api::answer::Refused;
use crate::ledger::objects::Role;
use crate::store::console::Session;

/// Named texts of an address, a query or a form.
pub(super) type Fields = BTreeMap<String, String>;

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The account.
    pub account: Name,
    /// Its role now.
    pub role: Role,
    /// The session.
    pub session: Session,
}

/// One request, once the gate has let it pass.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub hub: Data<Hub>,
    pub console: Data<Console>,
    pub language: Language,
    pub who: Option<Known>,
    pub path: String,
    pub parameters: Fields,
    pub query: Fields,
    pub form: Fields,
    pub address: String,
}

impl Visit {
    /// What is said in the reader's language.
    pub fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// A parameter of the path.
    pub fn parameter<T: std::str::FromStr>(&self, name: &str) -> Result<T, Fault> {
        let found = self.parameters.get(name).and_then(|text| text.parse().ok());
        found.ok_or(Fault::NotFound)
    }

    /// A text of the query; empty if there is none.
    pub fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", |text| text.trim())
    }

    /// A text of the form; empty if there is none.
    pub fn entered(&self, name: &str) -> &str {
        self.form.get(name).map_or("", |text| text.trim())
    }

    /// Who has signed in. The gate lets nobody else reach a page that asks.
    pub fn known(&self) -> Result<&Known, Fault> {
        self.who.as_ref().ok_or(Fault::NotFound)
    }

    /// The token of the session's forms.
    pub fn csrf(&self) -> Option<&str> {
        self.who.as_ref().map(|known| known.session.csrf.as_str())
    }

    /// True for officers.
    pub fn is_officer(&self) -> bool {
        self.who.as_ref().is_some_and(|known| known.role == Role::Officer)
    }

    /// What is wrong with a form, if this is.
    pub fn error(&self, field: &str, what: impl Into<String>) -> Html {
        Errors::new(self.words().problem).error(field, what).render()
    }
}

/// What comes of a visit.
pub(super) type Turn = Result<Reply, Fault>;

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub kind: Kind,
    /// `Set-Cookie`.
    pub cookies: Vec<String>,
    /// What the record says came of it.
    pub outcome: String,
}

/// What kind of answer.
#[derive(Debug)]
pub(super) enum Kind {
    /// A page.
    Page { status: u16, title: String, body: Html },
    /// Another address, by GET.
    See(String),
    /// A part of a page.
    Fragment(Html),
    /// A file.
    File {
        media_type: &'static str,
        name: Option<String>,
        cache: &'static str,
        bytes: Vec<u8>,
    },
}

impl Reply {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            cookies: Vec::new(),
            outcome: "done".to_owned(),
        }
    }

    /// A page.
    pub fn page(title: impl Into<String>, body: Html) -> Self {
        Self::status(200, title, body)
    }

    /// A page with another status than 200.
    pub fn status(status: u16, title: impl Into<String>, body: Html) -> Self {
        Self::of(Kind::Page {
            status,
            title: title.into(),
            body,
        })
    }

    /// Another page.
    pub fn see(path: impl Into<String>) -> Self {
        Self::of(Kind::See(path.into()))
    }

    /// A part of a page.
    pub fn fragment(html: Html) -> Self {
        Self::of(Kind::Fragment(html))
    }

    /// A file.
    pub fn file(media_type: &'static str, name: Option<String>, cache: &'static str, bytes: Vec<u8>) -> Self {
        Self::of(Kind::File {
            media_type,
            name,
            cache,
            bytes,
        })
    }

    /// With a cookie.
    pub fn cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// With what the record says.
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = outcome.into();
        self
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing is there.
    NotFound,
    /// The service, or what it asked, refused.
    Refused(Refused),
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        if refused.0.status == 404 {
            Self::NotFound
        } else {
            Self::Refused(refused)
        }
    }
}
