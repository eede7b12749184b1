//! What is expected of a federation at the end of every story.

use serde_json::Value;

use crate::federation::Federation;

impl Federation {
    /// Waits until every running node has read its feed to the end and sent everything.
    pub async fn in_step(&self) {
        for member in self.running() {
            let head = self.ledger.feed_head(&member).await;
            let look = |status: &Value| {
                let read = status["feed_seq"].as_i64() >= Some(head.seq);
                read && status["outbox_waiting"] == 0 && status["feed"] == "following"
            };
            let what = format!("feed entry {}", head.seq);
            self.platform(&member).until_status(&what, look).await;
        }
    }

    /// Every node's book is what the hub expects of it, every invariant holds over the whole ledger, and every gram that
    /// was issued is in exactly one block.
    pub async fn reckon(&self) {
        self.in_step().await;
        for member in self.running() {
            let (status, head) = (
                self.platform(&member).status().await,
                self.ledger.feed_head(&member).await,
            );
            let digest = status["digest"].as_str();
            assert_eq!(
                digest,
                Some(head.digest.as_str()),
                "the book of {member} at entry {}: {status}",
                head.seq
            );
        }
        self.ledger.assert_sound().await;
        let totals = self.ledger.totals().await;
        assert_eq!(totals.by_state_g.values().sum::<i64>(), totals.issued_g, "{totals:?}");
    }
}
