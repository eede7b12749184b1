//! Who looks at a batch after it was written and before it is committed.
//!
//! Two do: the journal of officers' decisions ([`super::decisions`]), and recovery, which compares what is decided again
//! with what the members hold ([`crate::recovery`]).

use std::fmt::Debug;

use super::batch::{Answer, HeadSeen};
use super::command::Command;
use super::working::Working;

/// A batch that was decided and written, and is not committed yet.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The head before it.
    pub from: HeadSeen,
    /// What was asked.
    pub commands: &'a [Command],
    /// What was answered, in the order of the commands.
    pub answers: &'a [Answer],
    /// What was changed.
    pub working: &'a Working,
}

impl<'a> Shown<'a> {
    /// What was decided from this head on.
    #[must_use]
    pub const fn new(from: HeadSeen, commands: &'a [Command], answers: &'a [Answer], working: &'a Working) -> Self {
        Self {
            from,
            commands,
            answers,
            working,
        }
    }

    /// The head after it.
    #[must_use]
    pub fn until(&self) -> HeadSeen {
        (self.working.next_index(), self.working.head.chain)
    }
}

/// Looks at every batch that writes something.
pub trait Onlooker: Debug + Send + Sync {
    /// Sees a batch before its commit.
    ///
    /// # Errors
    /// A text for the operator; the batch is then rolled back.
    fn see(&self, batch: &Shown<'_>) -> Result<(), String>;
}
