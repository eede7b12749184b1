//! Why a command is refused.

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::serial::BlockRef;

/// A refusal: the check that failed and what it saw. Blocks named at most: [`Refusal::BLOCKS_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The check.
    pub check: CheckCode,
    /// What a person should do.
    pub detail: String,
    /// The blocks concerned.
    pub blocks: Vec<BlockRef>,
    /// The transfer or donation concerned.
    pub transfer: Option<MessageId>,
    /// What would have passed.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
}

/// What deciding may end in, besides an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// A check refused it.
    Refused(Box<Refusal>),
    /// The decision asked for something that was not loaded: a fault of the program, which writes nothing.
    NotLoaded(String),
    /// The decision would break a rule of the ledger: a fault of the program, which writes nothing.
    Broken(String),
}

/// The result of deciding.
pub type Decided<T> = Result<T, Rejection>;

impl Refusal {
    /// The most blocks that a refusal names.
    pub const BLOCKS_MAX: usize = 20;

    /// A refusal by `check`.
    #[must_use]
    pub fn new(check: CheckCode, detail: impl Into<String>) -> Self {
        Self {
            check,
            detail: detail.into(),
            blocks: Vec::new(),
            transfer: None,
            expected: None,
            found: None,
        }
    }

    /// Names a block.
    #[must_use]
    pub fn block(mut self, block: BlockRef) -> Self {
        if self.blocks.len() < Self::BLOCKS_MAX {
            self.blocks.push(block);
        }
        self
    }

    /// Names the transfer or donation.
    #[must_use]
    pub const fn transfer(mut self, id: Option<MessageId>) -> Self {
        self.transfer = id;
        self
    }

    /// Says what would have passed and what was found.
    #[must_use]
    pub fn expected(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }
}

impl Rejection {
    /// A rule of the ledger that a decision would break.
    pub fn broken(what: impl ToString) -> Self {
        Self::Broken(what.to_string())
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Refuses unless `passes`.
///
/// # Errors
/// The refusal.
pub fn ensure(passes: bool, refusal: impl FnOnce() -> Refusal) -> Decided<()> {
    if passes { Ok(()) } else { Err(refusal().into()) }
}
