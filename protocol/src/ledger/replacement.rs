//! One block is replaced by one or more blocks over the same serials.

use crate::block::{Block, BlockChange, BlockState, SplitOf};
use crate::quantity::Grams;
use crate::serial::{BlockRef, SerialRange, SeriesRef};

/// A block as it was and the blocks that take its place, ascending; or a first block of new serials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The block before; `None` for an issuance.
    pub before: Option<Block>,
    /// The blocks after: the same serials, none left out, none added.
    pub after: Vec<Block>,
}

/// A change that the rules of 1-domain forbid. It names the block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The pieces are not the serials of the block before.
    #[error("{block}: the blocks after the change do not cover exactly its serials (invariant 1)")]
    Coverage {
        /// The block.
        block: BlockRef,
    },
    /// The table of states does not permit it.
    #[error("{block}: may not go from `{}` to `{to}` (invariant 3)", from.map_or("not issued", BlockState::word))]
    Transition {
        /// The block.
        block: BlockRef,
        /// Its state before.
        from: Option<BlockState>,
        /// The state asked for.
        to: BlockState,
    },
    /// A block changed hands although nothing bound it.
    #[error("{block}: a holder changes only when a transfer or a foreclosure ends")]
    Holder {
        /// The block.
        block: BlockRef,
    },
    /// What binds it does not fit its state.
    #[error("{block}: a block that is `{state}` {rule} (invariants 4 and 5)")]
    Binding {
        /// The block.
        block: BlockRef,
        /// Its state.
        state: BlockState,
        /// What is asked of it.
        rule: &'static str,
    },
    /// The factor paid rose, the issuance changed, or the buffer flag was taken back.
    #[error("{block}: {rule}")]
    Terms {
        /// The block.
        block: BlockRef,
        /// What is asked of it.
        rule: &'static str,
    },
    /// A change speaks of a block that is not in the ledger, or not as it says.
    #[error("{block}: {rule}")]
    Mismatch {
        /// The block.
        block: BlockRef,
        /// What does not fit.
        rule: &'static str,
    },
}

impl Replacement {
    /// New serials, held by their issuer.
    #[must_use]
    pub fn issue(block: Block) -> Self {
        Self {
            before: None,
            after: vec![block],
        }
    }

    /// The serials concerned.
    #[must_use]
    pub fn reference(&self) -> Option<BlockRef> {
        self.before
            .as_ref()
            .or_else(|| self.after.first())
            .map(Block::reference)
    }

    /// Checks the change against the rules of 1-domain: coverage, transition table, holder, binding, terms.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn check(&self) -> Result<(), Violation> {
        if let Some(before) = &self.before {
            self.check_coverage(before)?;
        }
        self.after
            .iter()
            .try_for_each(|after| check_piece(self.before.as_ref(), after))
    }

    fn check_coverage(&self, before: &Block) -> Result<(), Violation> {
        let refuse = || Violation::Coverage {
            block: before.reference(),
        };
        let mut next = before.range.first();
        for piece in &self.after {
            if piece.series != before.series || piece.range.first() != next {
                return Err(refuse());
            }
            next = piece.range.last() + 1;
        }
        if next == before.range.last() + 1 {
            Ok(())
        } else {
            Err(refuse())
        }
    }

    /// The change of each piece, as feeds and leaves carry it.
    pub fn changes(&self) -> impl Iterator<Item = BlockChange> + '_ {
        let before = self.before.as_ref();
        self.after.iter().map(move |after| BlockChange {
            block: after.reference(),
            from: before.map(|b| b.status.clone()),
            split_of: before.filter(|b| b.range != after.range).map(|b| SplitOf(b.range)),
            terms: before
                .is_none_or(|b| b.terms != after.terms || b.status.holder != after.status.holder)
                .then(|| after.terms.clone()),
            to: after.status.clone(),
        })
    }

    /// Σ of the serials concerned, in grams.
    #[must_use]
    pub fn quantity(&self) -> Grams {
        self.after.iter().map(Block::quantity).sum()
    }
}

fn check_piece(before: Option<&Block>, after: &Block) -> Result<(), Violation> {
    let from = before.map(|b| b.status.state);
    let to = after.status.state;
    let unchanged = before.is_some_and(|b| b.status == after.status && b.terms == after.terms);
    if unchanged {
        return Ok(());
    }
    if !BlockState::permits(from, to) {
        return Err(Violation::Transition {
            block: after.reference(),
            from,
            to,
        });
    }
    let bound = after.status.bound_to.is_some();
    let rule = match to {
        BlockState::Held if bound => Some("is bound to nothing"),
        BlockState::Reserved | BlockState::Pledged if !bound => Some("names what binds it"),
        BlockState::Retired | BlockState::Cancelled | BlockState::Exported if !bound => Some("names what ended it"),
        BlockState::Frozen if !matches!(after.status.state_before, Some(BlockState::Held | BlockState::Pledged)) => {
            Some("remembers whether it was `held` or `pledged`")
        }
        _ if to != BlockState::Frozen && after.status.state_before.is_some() => Some("remembers no state before"),
        _ => None,
    };
    if let Some(rule) = rule {
        return Err(Violation::Binding {
            block: after.reference(),
            state: to,
            rule,
        });
    }
    before.map_or(Ok(()), |before| check_inheritance(before, after))
}

fn check_inheritance(before: &Block, after: &Block) -> Result<(), Violation> {
    let changes_hands = matches!(before.status.state, BlockState::Reserved | BlockState::Pledged)
        && after.status.state == BlockState::Held;
    if before.status.holder != after.status.holder && !changes_hands {
        return Err(Violation::Holder {
            block: after.reference(),
        });
    }
    let rule = if after.terms.factor_paid > before.terms.factor_paid {
        Some("the factor paid never rises")
    } else if after.terms.issuance != before.terms.issuance {
        Some("a block stays with its issuance")
    } else if before.terms.buffered && !after.terms.buffered {
        Some("a buffer that was taken stays taken")
    } else {
        None
    };
    rule.map_or(Ok(()), |rule| {
        Err(Violation::Terms {
            block: after.reference(),
            rule,
        })
    })
}

/// Turns the changes of one leaf or feed entry back into replacements: changes that name the same `split_of` are the
/// pieces of one block. `find` gives the block that stands over a range now. Where a feed tells only the pieces that
/// concern its member, `whole` is false and the pieces need not cover the block that they were split from.
///
/// # Errors
/// [`Violation`] when a change speaks of a block that `find` does not give, or whose status is not as the change says.
pub fn replacements(
    changes: &[BlockChange],
    mut find: impl FnMut(&SeriesRef, SerialRange) -> Option<Block>,
) -> Result<Vec<Replacement>, Violation> {
    let mut out: Vec<Replacement> = Vec::with_capacity(changes.len());
    for change in changes {
        let over = change.split_of.map_or(change.block.range, |s| s.0);
        let continues = out
            .last()
            .and_then(|r| r.before.as_ref())
            .is_some_and(|b| change.split_of.is_some() && b.series == change.block.series && b.range == over);
        let before = match (&change.from, continues) {
            (None, _) => None,
            (Some(_), true) => out.last().and_then(|r| r.before.clone()),
            (Some(_), false) => Some(find(&change.block.series, over).ok_or_else(|| Violation::Mismatch {
                block: change.block.clone(),
                rule: "the block that this change speaks of is not in the ledger",
            })?),
        };
        if change.from.as_ref() != before.as_ref().map(|b| &b.status) {
            return Err(Violation::Mismatch {
                block: change.block.clone(),
                rule: "holder or state before the change is not as the ledger has it",
            });
        }
        let terms = change
            .terms
            .clone()
            .or_else(|| before.as_ref().map(|b| b.terms.clone()))
            .ok_or_else(|| Violation::Mismatch {
                block: change.block.clone(),
                rule: "new serials without terms",
            })?;
        let after = Block {
            series: change.block.series.clone(),
            range: change.block.range,
            status: change.to.clone(),
            terms,
        };
        match out.last_mut() {
            Some(last) if continues => last.after.push(after),
            _ => out.push(Replacement {
                before,
                after: vec![after],
            }),
        }
    }
    Ok(out)
}
