//! Why the quickstart stops, in words that say what to do.

use std::error::Error;
use std::path::PathBuf;

/// Why the quickstart stops.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something that was needed could not be done.
    #[error("{doing}: {cause}")]
    Doing {
        /// What was being done.
        doing: String,
        /// Why it could not be.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A figure or an answer is not what the story says.
    #[error("{what}: expected {expected}, found {found}")]
    Unexpected {
        /// What was looked at.
        what: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A port is in use.
    #[error(
        "port {port} ({what}) cannot be used: {cause}. Choose other ports with --port-base N, such as --port-base 20000"
    )]
    Port {
        /// The port.
        port: u16,
        /// What it is for.
        what: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The directory belongs to a federation with other addresses, or is in use.
    #[error("{}: {why}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// A process ended by itself.
    #[error("the process of {who} ended ({how}); its log is {}", log.display())]
    Ended {
        /// Whose.
        who: String,
        /// How.
        how: String,
        /// Where its log is.
        log: PathBuf,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What the quickstart does, or why it stops.
pub type Outcome<T> = Result<T, Failure>;

/// Says what was being done when something failed.
pub trait Doing<T> {
    /// With what was being done.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    fn doing(self, what: impl Into<String>) -> Outcome<T>;
}

impl<T, E: Error + Send + Sync + 'static> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Into<String>) -> Outcome<T> {
        self.map_err(|cause| Failure::Doing {
            doing: what.into(),
            cause: Box::new(cause),
        })
    }
}

/// Compares, and says what was looked at where it differs.
///
/// # Errors
/// [`Failure::Unexpected`].
pub fn expect<T: PartialEq + std::fmt::Display>(what: impl Into<String>, expected: T, found: T) -> Outcome<()> {
    if expected == found {
        return Ok(());
    }
    Err(unexpected(what, expected, found))
}

/// Something is not what the story says.
pub fn unexpected(what: impl Into<String>, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Failure {
    Failure::Unexpected {
        what: what.into(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}
