//! What the keeper has last seen, for handlers that answer from it or wait for it.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::files::LogFiles;
use crate::store::checkpoints::Heads;

/// What the keeper has last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// How many leaves have their tiles in the directory.
    pub built: u64,
    /// Heads; those that witnesses are asked to cosign have their tiles here.
    pub heads: Heads,
    /// Why the log is not signed any further, where it is not.
    pub trouble: Option<String>,
    /// True once nothing will be signed any more.
    pub ended: bool,
}

/// Where the keeper posts what it has seen. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Board {
    files: LogFiles,
    posted: watch::Sender<Posted>,
    changed: Arc<Notify>,
}

impl Board {
    /// A board on which nothing is posted yet.
    #[must_use]
    pub fn new(files: LogFiles) -> Self {
        Self {
            files,
            posted: watch::Sender::default(),
            changed: Arc::default(),
        }
    }

    /// The files of the log.
    #[must_use]
    pub const fn files(&self) -> &LogFiles {
        &self.files
    }

    /// What is posted, as it changes.
    #[must_use]
    pub fn posted(&self) -> watch::Receiver<Posted> {
        self.posted.subscribe()
    }

    /// Posts, and wakes whom it concerns.
    pub(crate) fn post(&self, posted: Posted) {
        self.posted.send_if_modified(|known| {
            let changed = *known != posted;
            *known = posted;
            changed
        });
    }

    /// Tells the keeper that something was published by another hand.
    pub fn published(&self) {
        self.changed.notify_one();
    }

    /// Until something was published by another hand.
    pub(crate) async fn until_published(&self) {
        self.changed.notified().await;
    }
}
