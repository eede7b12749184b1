//! Taking back what a restored hub has lost: from its members' files ([`tanqiao_protocol::recovery`]) and from the journal of
//! officers' decisions.
//!
//! Nothing is taken on trust. Each lost batch is decided again, at its own time and from the signed messages, and what comes
//! out is compared with what the members hold: the same leaves, the same feed entries, byte for byte. At the end the chain over
//! all leaves must be that of the high-water mark. Until then nothing is committed: a message that its member has signed and
//! that never reached the hub looks like a lost one, and only the chain shows that it is none. A recovery that stops, or is
//! killed, leaves nothing, and is run again with more files.

mod again;
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
use crate::ledger::high_water::Noted;
use crate::store::database::StoreError;

pub use missing::Missing;
pub use origin::{NewOrigin, begun};
pub use run::{begin_anew, recover};

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
    pub mark: Option<Noted>,
}

/// What was taken back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Recovered {
    /// Leaves before.
    pub from: i64,
    /// Leaves that the files and journals prove.
    pub size: i64,
    /// Chain over them.
    pub chain: Option<Sha256>,
    /// True if the log has them now; where something is missing it has what it had before.
    pub kept: bool,
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
    /// What does not fit, and is given up where the log begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// Leaves that the files tell of, where something is missing or differs.
    #[serde(skip)]
    pub told: i64,
}

impl Recovered {
    /// True if nothing is missing.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.missing.is_none() && self.differs.is_none()
    }

    /// How many of the leaves taken back no mark covers: they stand on the word of members alone.
    #[must_use]
    pub fn beyond_the_mark(&self) -> i64 {
        self.size - self.expected.unwrap_or(0).clamp(self.from, self.size)
    }
}

/// Why a recovery stopped, and left nothing.
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
