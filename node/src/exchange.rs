//! Dealing with the hub: what goes out (outbox), what comes in (feed), what is decided about offers, and who signs.
//!
//! The hub never dials this node: everything here is this node's own question. What is sent was written durably before,
//! and is sent again with the same id until the hub has decided it; what is applied moves the cursor in the same
//! transaction, so that each effect happens once.

mod again;
mod apply;
mod backoff;
mod batch;
mod feed;
mod follow;
mod hub;
mod made_good;
mod note;
mod offer;
mod outbox;
mod policy;
mod rebuild;
pub(crate) mod reconciling;
mod renewal;
mod screened;
mod send;
mod signer;
mod upload;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use again::once_more;
pub(crate) use apply::{apply as apply_entries, block_of, lattice_of, start};
pub(crate) use backoff::Backoff;
pub(crate) use batch::{again as batch_again, items_of as batch_items};
pub(crate) use feed::{Checked, Cursor, check};
pub use feed::{Contradiction, ReceivedPage};
pub use follow::follow;
pub use hub::{HubClient, HubError};
pub(crate) use note::note;
pub(crate) use offer::{accept, decline, offer_of, open_offer};
pub use offer::{decide_waiting, verify_offer};
pub use outbox::{Outgoing, enqueue};
pub(crate) use outbox::{content_of, id_reused};
pub use policy::{Rule, Verdict};
pub(crate) use rebuild::rebuild;
pub(crate) use renewal::renew;
pub(crate) use screened::{complete as complete_held, held_by_account};
pub(crate) use send::reached;
pub use send::send;
pub use signer::Signer;
pub use upload::upload;

use crate::ledger::dealing::stored_words;

stored_words! {
    /// How far a message of the outbox is.
    OutboxState {
        /// Written; not sent yet.
        Pending = 1 "pending",
        /// Sent; the answer is not known.
        Sent = 2 "sent",
        /// The hub did it.
        Answered = 10 "answered",
        /// The hub refused it for good.
        Refused = 11 "refused",
        /// It came too late and was refused.
        Expired = 12 "expired",
    }
}

impl OutboxState {
    /// States of messages that have to be sent, or sent again.
    pub const WAITING: &'static [i16] = &[Self::Pending.code(), Self::Sent.code()];

    /// True if the hub has decided.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Answered | Self::Refused | Self::Expired)
    }
}

stored_words! {
    /// Whether the feed is followed.
    FeedState {
        /// It is; every entry fitted.
        Following = 1 "following",
        /// What this node holds is not what the hub says. Nothing further is applied or sent.
        Diverged = 2 "diverged",
        /// The hub's feed is not the one that this node has read. Nothing further is applied or sent.
        Forked = 3 "forked",
    }
}

/// What cannot be dealt with.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A message could not be signed.
    #[error("cannot sign: {0}")]
    Sign(#[from] tanqiao_protocol::signing::KeyError),
    /// A message could not be written.
    #[error("a message cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A message has a signature too many, or none.
    #[error("a message has no envelope: {0}")]
    Envelope(#[from] tanqiao_protocol::envelope::EnvelopeRefusal),
    /// What stands in the way of canonical bytes.
    #[error("an entry has no canonical form: {0}")]
    Canonical(#[from] tanqiao_protocol::canonical::CanonicalError),
    /// The feed contradicts this node.
    #[error("the hub's feed contradicts this node at entry {}: it says {}, this node has {}", .0.seq, .0.expected, .0.found)]
    Contradiction(Box<Contradiction>),
    /// An offer is not what its source signed.
    #[error("the offer is not what its source signed: {0}")]
    Offer(String),
    /// The certificate's renewal.
    #[error(transparent)]
    Renewal(#[from] tanqiao_certs::renewal::RenewalError),
    /// TLS files.
    #[error("TLS: {0}")]
    Tls(#[from] tanqiao_certs::TlsError),
    /// The connection cannot be set up.
    #[error("the connection to the hub cannot be set up: {0}")]
    Connection(String),
}
