//! Pages for people: officers, auditors, organisers, and the public.
//!
//! **Architecture invariant:** a page exists only through its line in [`table::ROUTES`], which says who may see it; [`gate`] asks that line
//! before any page runs. Pages read; what changes the ledger is a [`crate::ledger::command::Decision`] and goes through the sequencer.

pub mod factor;
pub mod table;

mod approvals;
mod frame;
mod gate;
mod glance;
mod pages;
mod session;
mod states;
mod visit;

use actix_web::web::{Data, ServiceConfig};

pub use session::Keeping;

use glance::Glances;

/// What the pages of one process share.
#[derive(Debug)]
pub struct Console {
    /// How sessions are kept.
    pub(crate) keeping: Keeping,
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

/// Puts the pages into the application of the console's listener.
pub fn mount(console: &Data<Console>, config: &mut ServiceConfig) {
    config.app_data(console.clone());
    table::mount(config);
}
