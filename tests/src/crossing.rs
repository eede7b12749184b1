//! One transfer of metro rides from Wuhan to Harbin, through both nodes; and the proof that it happened exactly once.

use tanqiao_hub::serve::new_id;
use tanqiao_protocol::id::MessageId;

use crate::federation::Federation;
use crate::platform::{Asked, HOLDER, offering};

/// What both sides had and what the hub had done, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Books {
    wuhan_g: i64,
    harbin_g: i64,
    committed: i64,
    issued_g: i64,
}

impl Books {
    async fn of(federation: &Federation) -> Self {
        let totals = federation.ledger.totals().await;
        Self {
            wuhan_g: federation.platform("wuhan").grams_of(HOLDER, "total_g").await,
            harbin_g: federation.platform("harbin").grams_of("house", "total_g").await,
            committed: totals.transfers_committed,
            issued_g: totals.issued_g,
        }
    }
}

/// A transfer, and how things stood before it.
#[derive(Debug)]
pub struct Crossing {
    /// Its id.
    pub id: MessageId,
    quantity_g: i64,
    before: Books,
}

impl Crossing {
    /// A transfer that nobody has ordered yet. Both nodes must run and be in step.
    pub async fn planned(federation: &Federation, quantity_g: i64) -> Self {
        Self {
            id: new_id(),
            quantity_g,
            before: Books::of(federation).await,
        }
    }

    /// Orders it at Wuhan's node; `Err` if the node gave no answer. Again, it is the same order.
    pub async fn try_order(&self, federation: &Federation) -> Result<Asked, String> {
        let body = offering(self.id, self.quantity_g);
        federation.platform("wuhan").try_order("/api/v1/transfers", &body).await
    }

    /// Orders it; the node must take the order.
    pub async fn order(&self, federation: &Federation) {
        self.try_order(federation).await.unwrap().unwrap();
    }

    /// Waits until it is committed on both sides, and looks whether it happened once: what Wuhan has parted with, what has
    /// come to Harbin, what the hub has counted; and that books, digests and invariants hold.
    pub async fn happened_once(&self, federation: &Federation) {
        let at_source = federation.platform("wuhan").until_transfer(self.id, "committed").await;
        let at_target = federation.platform("harbin").until_transfer(self.id, "committed").await;
        federation.reckon().await;
        let delivered_g = at_source["delivered_g"].as_i64().unwrap();
        assert_eq!(at_target["delivered_g"], delivered_g, "{at_target}");
        let parts = ["delivered_g", "buffered_g", "cancelled_g"].map(|part| at_source[part].as_i64().unwrap());
        assert_eq!(parts.iter().sum::<i64>(), self.quantity_g, "{at_source}");
        assert!(
            parts.iter().all(|part| *part > 0),
            "there is a discount and a buffer: {at_source}"
        );
        let expected = Books {
            wuhan_g: self.before.wuhan_g - self.quantity_g,
            harbin_g: self.before.harbin_g + delivered_g,
            committed: self.before.committed + 1,
            issued_g: self.before.issued_g,
        };
        assert_eq!(Books::of(federation).await, expected);
    }
}
