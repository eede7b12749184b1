//! What can go wrong in the node, in words that tell a person what to do.

use tanqiao_protocol::id::{MessageId, TextError};
use tanqiao_protocol::quantity::QuantityError;

use crate::config::ConfigError;
use crate::exchange::{ExchangeError, HubError};
use crate::store::StoreError;

/// A request that the node did not carry out.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration, or a file that it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hub could not be asked, or said no.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The feed or a signature.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A local rule refuses it. Nothing was written.
    #[error("{detail}")]
    Refused {
        /// A stable word for programs, such as `not-enough`.
        code: &'static str,
        /// What to do, for people.
        detail: String,
    },
    /// There is no such thing here.
    #[error("there is no {what} `{name}` at this node")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The hub refused the message; nothing changed.
    #[error("the hub refused message {id}: {}", problem.detail)]
    Answered {
        /// The message.
        id: MessageId,
        /// What the hub said.
        problem: Box<tanqiao_protocol::problem::Problem>,
    },
    /// The program is shutting down.
    #[error("the node is shutting down")]
    Cancelled,
}

impl NodeError {
    /// A local rule refuses.
    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused {
            code,
            detail: detail.into(),
        }
    }

    /// There is no such thing.
    pub fn not_found(what: &'static str, name: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what,
            name: name.to_string(),
        }
    }

    /// A blocking task did not finish.
    pub(crate) fn cancelled(error: tokio::task::JoinError) -> Self {
        if error.is_panic() {
            tracing::error!("a blocking task of the node panicked");
        }
        Self::Cancelled
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Config(_) => "configuration",
            Self::Store(_) => "database",
            Self::Hub(e) => e.code(),
            Self::Exchange(_) => "exchange",
            Self::Refused { code, .. } => code,
            Self::NotFound { .. } => "not-found",
            Self::Answered { problem, .. } => &problem.code,
            Self::Cancelled => "shutting-down",
        }
    }

    /// The HTTP status that says it best.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Config(_) | Self::Store(_) | Self::Exchange(_) => 500,
            Self::Hub(e) => e.status(),
            Self::Refused { code, .. }
                if matches!(
                    *code,
                    "id-reused" | "feed-fork" | "feed-diverged" | "log-fork" | "stale-approval"
                ) =>
            {
                409
            }
            Self::Refused { .. } => 422,
            Self::NotFound { .. } => 404,
            Self::Answered { .. } => 409,
            Self::Cancelled => 503,
        }
    }
}

impl From<QuantityError> for NodeError {
    fn from(error: QuantityError) -> Self {
        Self::refused("quantity", error.to_string())
    }
}

impl From<TextError> for NodeError {
    fn from(error: TextError) -> Self {
        Self::refused("malformed", error.to_string())
    }
}
