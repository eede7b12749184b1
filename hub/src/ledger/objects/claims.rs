//! Permissions to link two obligations.

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::permission::{LinkedPermission, PermissionState};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

/// A permission to link two obligations, and how much of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Its id: that of the officers' decision.
    pub id: MessageId,
    /// Its state.
    pub state: PermissionState,
    /// What is permitted.
    pub content: LinkedPermission,
    /// Grams of donations that nobody has decided.
    pub reserved: Grams,
    /// Grams claimed.
    pub used: Grams,
    /// When it was given.
    pub at: Timestamp,
    /// The leaf of its last change.
    pub log_index: i64,
}

impl Permission {
    /// What may still be claimed under it by its quantity.
    #[must_use]
    pub fn left(&self) -> Grams {
        self.content
            .quantity_g
            .saturating_minus(self.reserved)
            .saturating_minus(self.used)
    }
}
