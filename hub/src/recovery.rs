//! Taking back what a restored hub has lost: from its members' files ([`tanqiao_protocol::recovery`]) and from the journal of
//! officers' decisions.
//!
//! Nothing is taken on trust. Each lost batch is decided again, at its own time and from the signed messages, and what comes
//! out is compared with what the members hold before it is committed: the same leaves, the same feed entries, byte for byte.
//! At the end the chain over all leaves must be that of the high-water mark. What was committed stays, so that a recovery
//! that stops is run again with more files and goes on where it stood.

mod compare;
mod file;
mod missing;
mod origin;
mod refusals;
mod run;
mod speaker;
mod timeline;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use tanqiao_protocol::id::{NodeId, Sha256, TrustDomain};
use tanqiao_protocol::problem::Problem;

use crate::ledger::batch::BatchError;
use crate::ledger::high_water::Mark;
use crate::store::database::StoreError;

pub use missing::Missing;
pub use origin::{NewOrigin, begin, begun};
pub use run::recover;

/// What a recovery works from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// What members have exported.
    pub files: Vec<PathBuf>,
    /// Journals of officers' decisions; those that do not exist are passed over.
    pub decisions: Vec<PathBuf>,
    /// The head that the hub had answered for, where it is known.
    pub mark: Option<Mark>,
    /// True if the log begins anew after what is found: a batch of which a part may be missing then stays as it is known.
    pub anew: bool,
}

/// What was taken back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Recovered {
    /// Leaves before.
    pub from: i64,
    /// Leaves now.
    pub size: i64,
    /// Chain over all leaves now.
    pub chain: Option<Sha256>,
    /// Leaves that the hub had answered for.
    pub expected: Option<i64>,
    /// Batches that were decided again.
    pub batches: u64,
    /// Transfers that were committed in them.
    pub transfers: u64,
    /// Feed entries that were written, by member.
    pub entries: BTreeMap<NodeId, u64>,
    /// Messages whose refusal is remembered again.
    pub refusals: u64,
    /// Refusals that could not be checked and are not remembered; the same message would be decided anew.
    pub refusals_left: u64,
    /// What is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

impl Recovered {
    /// True if nothing is missing.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.missing.is_none()
    }
}

/// Why a recovery stopped. What it had committed before stays.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A file is not what a node exports, or was changed.
    #[error("{}: {what}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// What a member holds, or a message says, does not follow from the log and the signed messages.
    #[error("{what}: expected {expected}, found {found}")]
    Differs {
        /// Leaves that the files tell of.
        told: i64,
        /// What: a leaf, an entry of a member's feed, a message.
        what: String,
        /// What the member or the mark says.
        expected: String,
        /// What follows here.
        found: String,
    },
    /// A check refused the new origin.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// A batch could not be decided.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal of decisions, or another text.
    #[error("{0}")]
    Text(String),
}

impl RecoveryError {
    fn differs(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Differs {
            told: 0,
            what: what.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
