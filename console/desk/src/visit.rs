//! What a page is given, and what it gives.

use std::collections::BTreeMap;

use std::ops::Deref;

use tanqiao_console::parts::Errors;
use tanqiao_console::{Html, Language, Words};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::problem::Problem;

use crate::house::{House, Session};

/// Named texts of an address, a query or a form.
pub type Fields = BTreeMap<String, String>;

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub struct Known<R> {
    /// The account.
    pub account: Name,
    /// Its role now.
    pub role: R,
    /// The session.
    pub session: Session,
}

/// One request, once the gate has let it pass.
#[derive(Debug, Clone)]
pub struct Visit<H: House> {
    /// The service.
    pub house: H,
    /// The reader's language.
    pub language: Language,
    /// Who has signed in.
    pub who: Option<Known<H::Role>>,
    /// The address, without its query.
    pub path: String,
    /// What the route's pattern has found in the path.
    pub parameters: Fields,
    /// The address's query.
    pub query: Fields,
    /// The form's fields.
    pub form: Fields,
    /// From where.
    pub address: String,
}

/// A page asks the service, and the service is the house.
impl<H: House> Deref for Visit<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.house
    }
}

impl<H: House> Visit<H> {
    /// What is said in the reader's language.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// [`Fault::NotFound`] for one that is none: it names nothing.
    pub fn parameter<T: std::str::FromStr>(&self, name: &str) -> Result<T, Fault> {
        let found = self.parameters.get(name).and_then(|text| text.parse().ok());
        found.ok_or(Fault::NotFound)
    }

    /// A text of the query; empty if there is none.
    #[must_use]
    pub fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", |text| text.trim())
    }

    /// A text of the form; empty if there is none.
    #[must_use]
    pub fn entered(&self, name: &str) -> &str {
        self.form.get(name).map_or("", |text| text.trim())
    }

    /// Who has signed in. The gate lets nobody else reach a page that asks.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if nobody has.
    pub fn known(&self) -> Result<&Known<H::Role>, Fault> {
        self.who.as_ref().ok_or(Fault::NotFound)
    }

    /// The token of the session's forms.
    #[must_use]
    pub fn csrf(&self) -> Option<&str> {
        self.who.as_ref().map(|known| known.session.csrf.as_str())
    }

    /// True if somebody of this role has signed in.
    #[must_use]
    pub fn is(&self, role: H::Role) -> bool {
        self.who.as_ref().is_some_and(|known| known.role == role)
    }

    /// What is wrong with a form, if this is.
    pub fn error(&self, field: &str, what: impl Into<String>) -> Html {
        Errors::new(self.words().problem).error(field, what).render()
    }
}

/// What comes of a visit.
pub type Turn = Result<Reply, Fault>;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// What kind of.
    pub kind: Kind,
    /// `Set-Cookie`.
    pub cookies: Vec<String>,
    /// What the record says came of it.
    pub outcome: String,
}

/// What kind of answer.
#[derive(Debug)]
pub enum Kind {
    /// A page.
    Page {
        /// Its status.
        status: u16,
        /// What it is called.
        title: String,
        /// What stands in the frame.
        body: Html,
    },
    /// Another address, by GET.
    See(String),
    /// A part of a page.
    Fragment(Html),
    /// A file.
    File {
        /// Its media type.
        media_type: &'static str,
        /// Under which name it is kept; shown in the browser where there is none.
        name: Option<String>,
        /// `Cache-Control`.
        cache: &'static str,
        /// Its content.
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
    #[must_use]
    pub fn page(title: impl Into<String>, body: Html) -> Self {
        Self::status(200, title, body)
    }

    /// A page with another status than 200.
    #[must_use]
    pub fn status(status: u16, title: impl Into<String>, body: Html) -> Self {
        Self::of(Kind::Page {
            status,
            title: title.into(),
            body,
        })
    }

    /// Another page.
    #[must_use]
    pub fn see(path: impl Into<String>) -> Self {
        Self::of(Kind::See(path.into()))
    }

    /// A part of a page.
    #[must_use]
    pub fn fragment(html: Html) -> Self {
        Self::of(Kind::Fragment(html))
    }

    /// A file.
    #[must_use]
    pub fn file(media_type: &'static str, name: Option<String>, cache: &'static str, bytes: Vec<u8>) -> Self {
        Self::of(Kind::File {
            media_type,
            name,
            cache,
            bytes,
        })
    }

    /// With a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// With what the record says.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = outcome.into();
        self
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Fault {
    /// Nothing is there.
    NotFound,
    /// The service, or what it asked, refused.
    Refused(Box<Problem>),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        if problem.status == 404 {
            Self::NotFound
        } else {
            Self::Refused(Box::new(problem))
        }
    }
}
