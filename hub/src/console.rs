//! Pages for people: officers, auditors, organisers, and the public.
//!
//! Who comes, and whether a page is for them, is [`tanqiao_desk`]'s business; every page has its line in [`table::ROUTES`]. Pages read; what
//! changes the ledger is a [`crate::ledger::command::Decision`] and goes through the sequencer.

pub mod table;

mod approvals;
mod described;
mod frame;
mod glance;
mod pages;
mod proposing;
mod states;
mod visit;

use actix_web::web::{Data, ServiceConfig};
use tanqiao_console::{Html, Language};
use tanqiao_desk::{Account, DeskStore, House, Keeping, StoreFault};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::Timestamp;

use crate::api::Hub;
use crate::api::answer::Refused;
use crate::ledger::objects::Role;
use glance::Glances;
use visit::{Fault, Visit};

/// What the pages of one process share.
#[derive(Debug)]
pub struct Console {
    keeping: Keeping,
    /// What the overview shows.
    pub(crate) glances: Glances,
}

impl Console {
    /// Of a listener with or without TLS.
    #[must_use]
    pub fn new(tls: bool) -> Self {
        Self {
            keeping: Keeping::new(tls),
            glances: Glances::default(),
        }
    }
}

/// What a page asks.
#[derive(Debug, Clone)]
pub struct Hall {
    /// The hub.
    pub(crate) hub: Data<Hub>,
    /// What pages share.
    pub(crate) console: Data<Console>,
}

impl Hall {
    async fn with<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, Fault> {
        Ok(self.hub.read(move |connection| Ok(work(connection)?)).await?)
    }
}

impl House for Hall {
    type Role = Role;

    fn routes() -> &'static [table::Route] {
        table::ROUTES
    }

    fn home(role: Role) -> &'static str {
        if role == Role::Organiser { "/account" } else { "/" }
    }

    fn role(role: Role, language: Language) -> &'static str {
        frame::role(role, language.words())
    }

    fn issuer(&self) -> String {
        self.hub.settings.trust_domain.to_string()
    }

    fn now(&self) -> Timestamp {
        self.hub.now()
    }

    fn new_id(&self) -> MessageId {
        crate::serve::new_id()
    }

    fn keeping(&self) -> Keeping {
        self.console.keeping
    }

    async fn account(&self, name: &Name) -> Result<Option<Account<Role>>, Fault> {
        let governance = self.hub.sequencer.governance();
        Ok(governance.officers.get(name).map(|officer| Account {
            role: officer.role,
            password_hash: officer.password_hash.clone(),
            active: officer.active,
        }))
    }

    async fn look<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.with(work).await
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.with(work).await
    }

    fn fault(&self, error: &dyn std::error::Error) -> Problem {
        *Refused::fault(error).0
    }

    async fn frame(visit: &Visit, title: String, body: Html) -> String {
        frame::page(visit, title, body).await
    }
}

/// Puts the pages into the application of the console's listener.
pub fn mount(hub: &Data<Hub>, console: &Data<Console>, config: &mut ServiceConfig) {
    let hall = Hall {
        hub: hub.clone(),
        console: console.clone(),
    };
    tanqiao_desk::mount(&hall, config);
}
