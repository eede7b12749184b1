//! A log of leaves, replayed from nothing.

use std::collections::BTreeMap;

use crate::asset::{AssetConflictState, AssetState};
use crate::challenge::ChallengeState;
use crate::id::{MessageId, Name};
use crate::leaf::{Leaf, LinkChange};
use crate::ledger::{Book, Violation, replacements};
use crate::mapping::MappingState;
use crate::methodology::MappingRef;
use crate::permission::{LinkedPermission, PermissionState};
use crate::reconciliation::ReconciliationState;
use crate::time::Timestamp;
use crate::transfer::{DonationState, IssuanceState, PledgeState, TransferState};

/// What a replayed log adds up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// All blocks.
    pub book: Book,
    /// The state of every subject that has states, such as `transfer/<id>`.
    pub states: BTreeMap<String, String>,
    /// What was given under each mapping version in each year.
    pub caps: BTreeMap<(MappingRef, u16), Cap>,
    /// What each event has been given.
    pub rooms: BTreeMap<Name, Room>,
    /// What was claimed under each permission to link two obligations.
    pub links: BTreeMap<MessageId, Linked>,
    /// The number of leaves replayed, which is the index of the next.
    pub size: i64,
    /// The time in the last leaf.
    pub at: Timestamp,
    parts: Vec<Leaf>,
}

/// What was given under a mapping version in a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// Grams in open transfers and donations.
    pub reserved_g: i64,
    /// Grams in committed ones.
    pub committed_g: i64,
}

/// What an event has been given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Delivered grams of undecided donations.
    pub reserved_g: i64,
    /// Delivered grams of committed ones.
    pub committed_g: i64,
}

/// What was claimed under a permission to link two obligations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Linked {
    /// What is permitted in all.
    pub quantity_g: i64,
    /// Grams of undecided donations.
    pub reserved_g: i64,
    /// Grams claimed.
    pub committed_g: i64,
}

/// A log that cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The bytes are no leaf.
    #[error("leaf {index}: not a leaf: {source}")]
    Malformed {
        /// The place in the log.
        index: i64,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// An index is missing or repeated, or parts of a change are.
    #[error("leaf {index}: {rule}")]
    Order {
        /// The place in the log.
        index: i64,
        /// What is wrong.
        rule: &'static str,
    },
    /// A block changes against the rules.
    #[error("leaf {index}: {source}")]
    Block {
        /// The place in the log.
        index: i64,
        /// The rule that it breaks.
        source: Violation,
    },
    /// A permission to link two obligations is used beyond its quantity, or is not there.
    #[error("leaf {index}: permission/{permission} {rule}")]
    Link {
        /// The place in the log.
        index: i64,
        /// The permission.
        permission: MessageId,
        /// What is wrong.
        rule: &'static str,
    },
    /// A subject goes to a state that its table does not permit.
    #[error("leaf {index}: {subject} may not go from `{from}` to `{to}`")]
    State {
        /// The place in the log.
        index: i64,
        /// The subject.
        subject: String,
        /// The state before.
        from: String,
        /// The state after.
        to: String,
    },
}

impl Replay {
    /// Applies the next leaf. A change in several parts is applied with its last.
    ///
    /// # Errors
    /// [`ReplayError`], naming the leaf and the block.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        let index = self.size;
        let leaf: Leaf = serde_json::from_slice(bytes).map_err(|source| ReplayError::Malformed { index, source })?;
        let order = |rule| Err(ReplayError::Order { index, rule });
        if leaf.index != index {
            return order("its index does not continue the log");
        }
        if leaf.at < self.at {
            return order("its time is before the leaf in front of it");
        }
        self.size += 1;
        self.at = leaf.at;
        let (part, parts) = (leaf.part.unwrap_or(1), leaf.parts.unwrap_or(1));
        let expected = u32::try_from(self.parts.len()).unwrap_or(u32::MAX).saturating_add(1);
        if part != expected
            || part > parts
            || self
                .parts
                .first()
                .is_some_and(|f| f.subject != leaf.subject || f.parts != leaf.parts)
        {
            return order("the parts of one change do not follow each other");
        }
        self.parts.push(leaf);
        if part == parts { self.apply_whole(index) } else { Ok(()) }
    }

    /// True if the log ends inside a change in several parts.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        !self.parts.is_empty()
    }

    fn apply_whole(&mut self, index: i64) -> Result<(), ReplayError> {
        let mut leaves = std::mem::take(&mut self.parts).into_iter();
        let Some(mut leaf) = leaves.next() else { return Ok(()) };
        for part in leaves {
            leaf.changes.extend(part.changes);
        }
        let block = |source| ReplayError::Block { index, source };
        let changes =
            replacements(&leaf.changes, |series, range| self.book.find(series, range).cloned()).map_err(block)?;
        for replacement in &changes {
            self.book.check(replacement).map_err(block)?;
            self.book.apply(replacement);
        }
        for cap in &leaf.caps {
            let total = self.caps.entry((cap.mapping.clone(), cap.year)).or_default();
            total.reserved_g += cap.reserved_g;
            total.committed_g += cap.committed_g;
        }
        if let Some(room) = &leaf.room {
            let total = self.rooms.entry(room.event.clone()).or_default();
            total.reserved_g += room.reserved_g;
            total.committed_g += room.committed_g;
        }
        if leaf.r#type == "permission.granted" {
            self.permit(index, &leaf)?;
        }
        if let Some(change) = &leaf.linked {
            self.link(index, change)?;
        }
        match leaf.state {
            Some(to) => self.move_to(index, leaf.subject, to),
            None => Ok(()),
        }
    }

    fn permit(&mut self, index: i64, leaf: &Leaf) -> Result<(), ReplayError> {
        let malformed = |source| ReplayError::Malformed { index, source };
        let content = leaf.data.get("permission").cloned().unwrap_or_default();
        let content: LinkedPermission = serde_json::from_value(content).map_err(malformed)?;
        let id = leaf.subject.strip_prefix("permission/").and_then(|id| id.parse().ok());
        let Some(id) = id else {
            let rule = "its subject names no permission";
            return Err(ReplayError::Order { index, rule });
        };
        let linked = Linked {
            quantity_g: content.quantity_g.get(),
            ..Linked::default()
        };
        self.links.insert(id, linked);
        Ok(())
    }

    /// Never beyond what is permitted, and nothing is given back that was not reserved.
    fn link(&mut self, index: i64, change: &LinkChange) -> Result<(), ReplayError> {
        let permission = change.permission;
        let refuse = |rule| {
            Err(ReplayError::Link {
                index,
                permission,
                rule,
            })
        };
        let Some(linked) = self.links.get_mut(&permission) else {
            return refuse("was never given");
        };
        linked.reserved_g += change.reserved_g;
        linked.committed_g += change.committed_g;
        if linked.reserved_g < 0 || change.committed_g < 0 {
            return refuse("gives back what was not reserved");
        }
        if linked.reserved_g + linked.committed_g > linked.quantity_g {
            return refuse("is used beyond its quantity");
        }
        Ok(())
    }

    fn move_to(&mut self, index: i64, subject: String, to: String) -> Result<(), ReplayError> {
        let from = self.states.get(&subject).map(String::as_str);
        if permits(&subject, from, &to) {
            self.states.insert(subject, to);
            return Ok(());
        }
        let from = from.unwrap_or("nothing").to_owned();
        Err(ReplayError::State {
            index,
            subject,
            from,
            to,
        })
    }
}

/// True if the subject's table permits the step. A transfer takes several steps in one leaf: what counts is that a path
/// exists that ends in the state that the leaf names.
fn permits(subject: &str, from: Option<&str>, to: &str) -> bool {
    match subject.split('/').next() {
        Some("transfer") => {
            let (from, Ok(to)) = (from.and_then(|f| f.parse().ok()), to.parse()) else {
                return false;
            };
            use TransferState::{Accepted, Proposed, Reserved};
            [&[to][..], &[Proposed, Reserved, to], &[Accepted, to]]
                .iter()
                .any(|path| TransferState::permits_path(from, path))
        }
        Some("donation") => parsed(from, to).is_some_and(|(f, t)| DonationState::permits(f, t)),
        Some("pledge") => parsed(from, to).is_some_and(|(f, t)| PledgeState::permits(f, t)),
        Some("mapping") => parsed(from, to).is_some_and(|(f, t)| MappingState::permits(f, t)),
        Some("reconciliation") => parsed(from, to).is_some_and(|(f, t)| ReconciliationState::permits(f, t)),
        Some("challenge") => parsed(from, to).is_some_and(|(f, t)| ChallengeState::permits(f, t)),
        Some("permission") => parsed(from, to).is_some_and(|(f, t)| PermissionState::permits(f, t)),
        Some("issuance") => match parsed(from, to) {
            // Registered and recognised in one leaf, where the hub recognises without screening.
            Some((None, IssuanceState::Recognised)) => true,
            Some((f, t)) => IssuanceState::permits(f, t),
            None => false,
        },
        Some("asset") => parsed(from, to).is_some_and(|(f, t)| AssetState::permits(f, t)),
        Some("asset-conflict") => parsed(from, to).is_some_and(|(f, t)| AssetConflictState::permits(f, t)),
        _ => true,
    }
}

fn parsed<T: std::str::FromStr>(from: Option<&str>, to: &str) -> Option<(Option<T>, T)> {
    let to = to.parse().ok()?;
    match from {
        None => Some((None, to)),
        Some(from) => Some((Some(from.parse().ok()?), to)),
    }
}
