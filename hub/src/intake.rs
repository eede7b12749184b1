//! From a request's body to commands whose signatures have been found good.
//!
//! **Architecture invariant:** what is refused here never reaches the sequencer and is never stored, so that the same id
//! may be sent again (2-protocol, Idempotency). Nothing here reads the database: members and keys come from the governance
//! that the sequencer last committed, and the sequencer checks standing and key once more under its lock.

mod consent;
mod content;
mod envelope;
mod header;
mod request;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::Timestamp;

use crate::ledger::command::{Body, Command};
use crate::ledger::objects::Governance;

pub use request::Request;

/// What is known when a request comes in.
#[derive(Debug, Clone)]
pub struct Reception {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// Members and their keys.
    pub governance: Arc<Governance>,
    /// The member at the other end of the TLS connection.
    pub caller: NodeId,
    /// The hub's clock.
    pub now: Timestamp,
    /// What this address takes.
    pub place: Place,
}

/// What an address takes.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The one action; `None` for any.
    pub action: Option<Action>,
    /// What the path names: the content must name the same.
    pub named: Option<Named>,
}

/// An object that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A transfer.
    Transfer(MessageId),
    /// A donation.
    Donation(MessageId),
    /// A conflict.
    Conflict(MessageId),
    /// A pledge.
    Pledge(MessageId),
    /// An event.
    Event(String),
    /// A listing.
    Listing(String),
    /// A methodology version.
    Methodology(String),
    /// A mapping version.
    Mapping(MappingRef),
    /// A challenge.
    Challenge(MessageId),
    /// A reconciliation.
    Reconciliation(MessageId),
}

/// One item of a request, in its order.
#[derive(Debug)]
pub enum Item {
    /// For the sequencer.
    Command(Box<Command>),
    /// Refused here.
    Refused {
        /// Its id, if one could be read.
        id: Option<MessageId>,
        /// Why.
        problem: Box<Problem>,
    },
}

/// A request whose items have been checked.
#[derive(Debug)]
pub struct Received {
    /// The items, in the order of the request.
    pub items: Vec<Item>,
    /// True if the request was one envelope around one message: the answer is then its outcome and not a list.
    pub single: bool,
}

impl Reception {
    /// Checks every envelope of a request; costs a signature check each and runs off the async threads.
    ///
    /// # Errors
    /// The problem of the request as a whole: not readable, too large, or a single envelope that is refused.
    pub fn receive(&self, body: &[u8]) -> Result<Received, Problem> {
        let request = Request::read(body)?;
        request.check_count(request.envelopes.len())?;
        let single = request.single;
        let opened = envelope::open_all(self, &request.envelopes);
        let mut items = Vec::with_capacity(opened.len());
        let mut batch = false;
        for opened in opened {
            batch |= opened.batch;
            items.extend(opened.items);
        }
        request.check_count(items.len())?;
        request.check_blocks(items.iter().map(Item::blocks).sum())?;
        Ok(Received {
            items,
            single: single && !batch,
        })
    }
}

impl Received {
    /// What is for the sequencer.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.items.iter().filter_map(|item| match item {
            Item::Command(command) => Some(&**command),
            Item::Refused { .. } => None,
        })
    }

    /// Refuses the commands that do not pass.
    #[must_use]
    pub fn refusing(mut self, check: impl Fn(&Command) -> Result<(), Problem>) -> Self {
        for item in &mut self.items {
            if let Item::Command(command) = item
                && let Err(problem) = check(command)
            {
                *item = Item::Refused {
                    id: Some(command.id),
                    problem: Box::new(problem),
                };
            }
        }
        self
    }
}

impl Item {
    fn blocks(&self) -> usize {
        match self {
            Self::Command(command) => command.body.blocks().len(),
            Self::Refused { .. } => 0,
        }
    }
}

impl Place {
    /// Anything: `POST /v1/messages`.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// One action.
    #[must_use]
    pub const fn of(action: Action) -> Self {
        Self {
            action: Some(action),
            named: None,
        }
    }

    /// One action about one object.
    #[must_use]
    pub const fn about(action: Action, named: Named) -> Self {
        Self {
            action: Some(action),
            named: Some(named),
        }
    }

    /// Where the content names another object than the path: the path of the member, what the path says, what it says.
    fn mismatch(&self, body: &Body) -> Option<(&'static str, String, String)> {
        let (member, expected, found) = match (self.named.as_ref()?, body) {
            (Named::Transfer(id), Body::TransferAcceptance(c)) => {
                ("content.transfer", id.to_string(), c.transfer.to_string())
            }
            (Named::Transfer(id), Body::TransferDecline(c)) => {
                ("content.transfer", id.to_string(), c.transfer.to_string())
            }
            (Named::Transfer(id), Body::TransferWithdrawal(c)) => {
                ("content.transfer", id.to_string(), c.transfer.to_string())
            }
            (Named::Donation(id), Body::DonationWithdrawal(c)) => {
                ("content.donation", id.to_string(), c.donation.to_string())
            }
            (Named::Pledge(id), Body::PledgeRelease(c, _)) => ("content.pledge", id.to_string(), c.pledge.to_string()),
            (Named::Pledge(id), Body::PledgeForeclosure(c, _)) => {
                ("content.pledge", id.to_string(), c.pledge.to_string())
            }
            (Named::Conflict(id), Body::ConflictEvidence(c)) => {
                ("content.conflict", id.to_string(), c.conflict.to_string())
            }
            (Named::Event(name), Body::Donation(c)) => ("content.event", name.clone(), c.event.to_string()),
            (Named::Listing(name), Body::Listing(c)) => ("content.listing", name.clone(), c.listing.to_string()),
            (Named::Methodology(name), Body::Methodology(c)) => {
                ("content.methodology", name.clone(), c.methodology.to_string())
            }
            (Named::Methodology(name), Body::Sheet(c)) => {
                ("content.methodology", name.clone(), c.methodology.to_string())
            }
            (Named::Challenge(id), Body::ChallengeAnswer(c)) => {
                ("content.challenge", id.to_string(), c.challenge.to_string())
            }
            (Named::Reconciliation(id), Body::ReconciliationResult(c)) => {
                ("content.reconciliation", id.to_string(), c.reconciliation.to_string())
            }
            (Named::Mapping(name), body) => ("content.mapping", name.to_string(), body.mapping()?.to_string()),
            _ => return None,
        };
        (expected != found).then_some((member, expected, found))
    }
}
