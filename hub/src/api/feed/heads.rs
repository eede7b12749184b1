//! How far every feed goes, for readers that wait: one look at the database for each commit, whatever the number of readers,
//! and none while the hub is idle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tanqiao_protocol::id::NodeId;
use tokio::sync::watch;

use crate::store::database::Database;
use crate::store::read::feed;

/// Commits within this time share one look.
const BREATH: Duration = Duration::from_millis(2);
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// The last entry of every feed. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct FeedHeads(Arc<Mutex<BTreeMap<NodeId, watch::Sender<i64>>>>);

impl FeedHeads {
    /// The last entry of a member's feed, as it grows. A reader of a member that nobody knows waits for nothing.
    #[must_use]
    pub fn subscribe(&self, member: &NodeId) -> watch::Receiver<i64> {
        self.heads()
            .entry(member.clone())
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe()
    }

    /// The last entries that are known.
    #[must_use]
    pub fn known(&self) -> BTreeMap<NodeId, i64> {
        self.heads()
            .iter()
            .map(|(member, head)| (member.clone(), *head.borrow()))
            .collect()
    }

    fn heads(&self) -> MutexGuard<'_, BTreeMap<NodeId, watch::Sender<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the readers whose feed has grown, and nobody else.
    fn learn(&self, found: Vec<(NodeId, i64)>) {
        let mut heads = self.heads();
        for (member, seq) in found {
            let head = heads.entry(member).or_insert_with(|| watch::Sender::new(0));
            head.send_if_modified(|head| {
                let grown = *head < seq;
                *head = seq.max(*head);
                grown
            });
        }
    }

    /// Looks after every commit, until the sequencer is gone.
    pub async fn follow(self, database: Database, mut log_size: watch::Receiver<i64>) {
        log_size.mark_changed();
        while log_size.changed().await.is_ok() {
            log_size.mark_unchanged();
            let database = database.clone();
            match tokio::task::spawn_blocking(move || database.read(feed::heads)).await {
                Ok(Ok(found)) => self.learn(found),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the feeds' heads cannot be read");
                    log_size.mark_changed();
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => tracing::warn!(%error, "the feeds' heads cannot be read"),
            }
            tokio::time::sleep(BREATH).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_readers_of_feeds_that_grew_are_woken() {
        let heads = FeedHeads::default();
        let (wuhan, shanghai): (NodeId, NodeId) = ("wuhan".parse().unwrap(), "shanghai".parse().unwrap());
        let (mut first, mut second) = (heads.subscribe(&wuhan), heads.subscribe(&shanghai));
        heads.learn(vec![(wuhan.clone(), 3), (shanghai.clone(), 0)]);
        assert!(first.has_changed().unwrap() && !second.has_changed().unwrap());
        assert_eq!(*first.borrow_and_update(), 3);
        heads.learn(vec![(wuhan, 3), (shanghai, 1)]);
        assert!(!first.has_changed().unwrap() && second.has_changed().unwrap());
        assert_eq!(*second.borrow_and_update(), 1);
    }
}
