//! Pages for the platform's staff.
//!
//! Who comes, and whether a page is for them, is [`tanqiao_desk`]'s business; every page has its line in [`table::ROUTES`]. Pages show what the
//! node's own API shows; what becomes a message to the hub goes through the same commands as the API's.

pub mod table;

mod frame;
mod pages;
mod words;

#[cfg(test)]
mod tests;

use actix_web::web::ServiceConfig;
use tanqiao_console::{Html, Language};
use tanqiao_desk::{Account, DeskStore, Fault, House, Keeping, StoreFault, Visit};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::time::Timestamp;

use crate::api::problem_of;
use crate::error::NodeError;
use crate::service::Node;
use crate::staff::{self, StaffRole};
use crate::store::desk::Desk;

/// What a page asks.
#[derive(Debug, Clone)]
pub struct Office {
    /// The node.
    pub(crate) node: Node,
    keeping: Keeping,
}

impl From<NodeError> for Fault {
    fn from(error: NodeError) -> Self {
        problem_of(error).into()
    }
}

impl House for Office {
    type Role = StaffRole;

    fn routes() -> &'static [table::Route] {
        table::ROUTES
    }

    fn home(_: StaffRole) -> &'static str {
        "/"
    }

    fn role(role: StaffRole, language: Language) -> &'static str {
        let words = words::of(language);
        match role {
            StaffRole::Viewer => words.role_viewer,
            StaffRole::Operator => words.role_operator,
            StaffRole::Approver => words.role_approver,
        }
    }

    fn issuer(&self) -> String {
        format!("{}.{}", self.node.member(), self.node.config().trust_domain)
    }

    fn now(&self) -> Timestamp {
        self.node.now()
    }

    fn new_id(&self) -> MessageId {
        self.node.new_id()
    }

    fn keeping(&self) -> Keeping {
        self.keeping
    }

    async fn account(&self, name: &Name) -> Result<Option<Account<StaffRole>>, Fault> {
        let name = name.clone();
        Ok(self.node.read(move |tx| staff::account(tx, &name)).await?)
    }

    async fn look<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, Fault> {
        Ok(self.node.read(move |tx| Ok(work(&mut Desk(tx))?)).await?)
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, Fault> {
        Ok(self.node.write(move |tx| Ok(work(&mut Desk(tx))?)).await?)
    }

    fn fault(&self, error: &dyn std::error::Error) -> Problem {
        tracing::error!(error = %error, "a page failed");
        Problem::api(ApiProblem::Internal)
    }

    async fn frame(visit: &Visit<Self>, title: String, body: Html) -> String {
        frame::page(visit, title, body).await
    }
}

/// Puts the pages into the application of the API's listener.
pub fn mount(node: &Node, tls: bool, config: &mut ServiceConfig) {
    let office = Office {
        node: node.clone(),
        keeping: Keeping::new(tls),
    };
    tanqiao_desk::mount(&office, config);
}
