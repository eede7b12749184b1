//! Lots after a new origin: the book is what it was at the last common entry, and the accounts follow it.
//!
//! What an account holds now and the book still has, it keeps. What left an account in the part of the feed that was given
//! up comes back to it, even where it was given to another account since: the journal says from where it left. What came in
//! that part and is not in the book any more goes.
//! Serials of which nothing says whose they are go to `suspense`.

use std::collections::BTreeSet;

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::serial::{BlockRef, SerialRange};

use crate::error::NodeError;
use crate::ledger::{AccountId, Journal, JournalKind, block_ref};
use crate::store::Tx;
use crate::store::rows::{BlockRow, JournalRow, LotRow};

/// Serials and the account that they left first.
#[derive(Debug, Default)]
pub(super) struct Left(Vec<JournalRow>);

impl Left {
    /// Reads the journal lines of the entries `seqs`, oldest first.
    pub(super) fn read(tx: &mut dyn Tx, seqs: impl Iterator<Item = i64>) -> Result<Self, NodeError> {
        let mut left = Vec::new();
        for seq in seqs {
            let lines = tx.journal_entry(&format!("feed/{seq}"))?;
            left.extend(lines.into_iter().filter(|line| line.kind == JournalKind::Left.code()));
        }
        Ok(Self(left))
    }

    /// The account that `range` left, cut where it changes; what nobody knows is without one.
    fn accounts(&self, series: &str, first: i64, last: i64) -> Vec<(i64, i64, Option<String>)> {
        let mut rest = vec![(first, last)];
        let mut found = Vec::new();
        for line in self.0.iter().filter(|line| line.series == series) {
            let mut still = Vec::new();
            for (a, z) in rest {
                let (from, to) = (a.max(line.first), z.min(line.last));
                if from > to {
                    still.push((a, z));
                    continue;
                }
                found.push((from, to, line.from_account.clone()));
                still.extend([(a, from - 1), (to + 1, z)].into_iter().filter(|(a, z)| a <= z));
            }
            rest = still;
        }
        found.extend(rest.into_iter().map(|(a, z)| (a, z, None)));
        found.sort_unstable();
        found
    }
}

/// What the accounts have gained and lost, in grams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Moved {
    /// Back in the accounts that they had left.
    pub returned_g: i64,
    /// Nobody knows whose they are: in `suspense`.
    pub suspense_g: i64,
    /// Gone, because they came in the part that was given up.
    pub gone_g: i64,
}

impl std::ops::AddAssign for Moved {
    fn add_assign(&mut self, more: Self) {
        self.returned_g += more.returned_g;
        self.suspense_g += more.suspense_g;
        self.gone_g += more.gone_g;
    }
}

/// Makes the lots of a series those of its blocks. `waiting` are the messages that keep what they have bound.
pub(super) fn settle(
    tx: &mut dyn Tx,
    series: &str,
    left: &Left,
    waiting: &BTreeSet<String>,
    lines: &mut Journal,
) -> Result<Moved, NodeError> {
    let before = tx.lots_from(series, 1, i64::MAX)?;
    let blocks = tx.blocks_over(series, 1, i64::MAX)?;
    let mut moved = Moved::default();
    let mut after = Vec::new();
    for block in blocks.iter().filter(|block| lives(block)) {
        for piece in pieces(block, &before) {
            for (first, last, owner) in owners(&piece, series, left) {
                if let Some(owner) = owner.clone().filter(|owner| piece.account.as_ref() == Some(owner)) {
                    after.push(lot(block, first, last, owner, piece.reserved_by.clone(), waiting));
                    continue;
                }
                let grams = last - first + 1;
                *(if owner.is_some() {
                    &mut moved.returned_g
                } else {
                    &mut moved.suspense_g
                }) += grams;
                let owner = owner.unwrap_or_else(|| AccountId::suspense().to_string());
                let new = lot(block, first, last, owner, None, waiting);
                if let Some(other) = &piece.account {
                    moved.gone_g += grams;
                    lines.push(JournalKind::Left, Some(other), None, &new);
                }
                lines.push(JournalKind::Arrived, None, Some(&new.account), &new);
                after.push(new);
            }
        }
    }
    for gone in outside(&before, &blocks) {
        moved.gone_g += gone.last - gone.first + 1;
        lines.push(JournalKind::Left, Some(&gone.account), None, &gone);
    }
    if after != before {
        tx.delete_lots(series, 1, i64::MAX)?;
        tx.insert_lots(&crate::ledger::coalesce(&after))?;
    }
    Ok(moved)
}

fn lives(block: &BlockRow) -> bool {
    BlockState::from_code(block.state).is_some_and(|state| !state.is_final())
}

/// A part of a block and the account that has it.
struct Piece {
    first: i64,
    last: i64,
    account: Option<String>,
    reserved_by: Option<String>,
}

/// Whose the parts of a piece are: that of the account that they left first, also where they came back to another since; else
/// that of the account that has them.
fn owners(piece: &Piece, series: &str, left: &Left) -> Vec<(i64, i64, Option<String>)> {
    let parts = left.accounts(series, piece.first, piece.last).into_iter();
    parts
        .map(|(first, last, account)| (first, last, account.or_else(|| piece.account.clone())))
        .collect()
}

/// A block, cut at the borders of the lots in it.
fn pieces(block: &BlockRow, lots: &[LotRow]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut next = block.first;
    let none = |first: i64, last: i64| Piece {
        first,
        last,
        account: None,
        reserved_by: None,
    };
    for lot in lots
        .iter()
        .filter(|lot| lot.first <= block.last && lot.last >= block.first)
    {
        let (first, last) = (lot.first.max(block.first), lot.last.min(block.last));
        if first > next {
            pieces.push(none(next, first - 1));
        }
        pieces.push(Piece {
            first,
            last,
            account: Some(lot.account.clone()),
            reserved_by: lot.reserved_by.clone(),
        });
        next = last + 1;
    }
    if next <= block.last {
        pieces.push(none(next, block.last));
    }
    pieces
}

/// A lot as the block over it says: bound with it, or free unless a waiting message has bound it here.
fn lot(
    block: &BlockRow,
    first: i64,
    last: i64,
    account: String,
    reserved_by: Option<String>,
    waiting: &BTreeSet<String>,
) -> LotRow {
    let bound = BlockState::from_code(block.state).filter(|state| *state != BlockState::Held);
    let reserved_by = match bound {
        Some(_) => block.bound_to.clone(),
        None => reserved_by.filter(|by| waiting.contains(by)),
    };
    LotRow {
        series: block.series.clone(),
        first,
        last,
        account,
        reserved_by,
    }
}

/// The parts of lots over which no living block stands.
fn outside(lots: &[LotRow], blocks: &[BlockRow]) -> Vec<LotRow> {
    let mut outside = Vec::new();
    for lot in lots {
        let mut next = lot.first;
        for block in blocks
            .iter()
            .filter(|block| lives(block) && block.first <= lot.last && block.last >= lot.first)
        {
            if block.first > next {
                outside.push(LotRow {
                    first: next,
                    last: block.first - 1,
                    ..lot.clone()
                });
            }
            next = block.last + 1;
        }
        if next <= lot.last {
            outside.push(LotRow {
                first: next,
                ..lot.clone()
            });
        }
    }
    outside
}

/// The blocks of a message that are free in the book and in the accounts: what it may bind again.
pub(super) fn free_parts(tx: &mut dyn Tx, block: &BlockRef) -> Result<Vec<BlockRef>, NodeError> {
    let series = block.series.to_string();
    let (first, last) = (block.range.first(), block.range.last());
    let mut free = Vec::new();
    for row in tx.blocks_over(&series, first, last)? {
        if row.state == BlockState::Held.code()
            && let Ok(range) = SerialRange::new(row.first.max(first), row.last.min(last))
        {
            free.push(block_ref(&series, range.first(), range.last())?);
        }
    }
    Ok(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(first: i64, last: i64, account: &str) -> JournalRow {
        JournalRow {
            entry: "feed/9".to_owned(),
            line: 0,
            at: 0,
            kind: JournalKind::Left.code(),
            from_account: Some(account.to_owned()),
            to_account: None,
            series: "s".to_owned(),
            first,
            last,
            subject: None,
            reason: None,
        }
    }

    fn block(first: i64, last: i64, state: BlockState) -> BlockRow {
        BlockRow {
            series: "s".to_owned(),
            first,
            last,
            state: state.code(),
            state_before: None,
            bound_to: (state == BlockState::Reserved).then(|| "t".to_owned()),
            factor_paid: 1_000_000,
            buffered: 0,
            issuance: "i".to_owned(),
            mapping: None,
            uses: 1,
        }
    }

    fn held(first: i64, last: i64, by: Option<&str>) -> LotRow {
        LotRow {
            series: "s".to_owned(),
            first,
            last,
            account: "a".to_owned(),
            reserved_by: by.map(str::to_owned),
        }
    }

    #[test]
    fn serials_go_back_to_the_account_that_they_left_first() {
        let left = Left(vec![line(11, 20, "a"), line(16, 30, "b")]);
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(
            left.accounts("s", 5, 40),
            [(5, 10, None), (11, 20, name("a")), (21, 30, name("b")), (31, 40, None)]
        );
        assert_eq!(left.accounts("other", 1, 2), [(1, 2, None)]);
    }

    #[test]
    fn what_left_one_account_and_came_back_to_another_is_the_first_one_s() {
        let left = Left(vec![line(11, 20, "a")]);
        let piece = Piece {
            first: 15,
            last: 25,
            account: Some("b".to_owned()),
            reserved_by: None,
        };
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(owners(&piece, "s", &left), [(15, 20, name("a")), (21, 25, name("b"))]);
    }

    #[test]
    fn a_block_is_cut_where_lots_begin_and_end() {
        let lots = [held(1, 4, None), held(8, 12, Some("t"))];
        let cut = pieces(&block(3, 10, BlockState::Held), &lots);
        let cut: Vec<(i64, i64, bool)> = cut.iter().map(|p| (p.first, p.last, p.account.is_some())).collect();
        assert_eq!(cut, [(3, 4, true), (5, 7, false), (8, 10, true)]);
    }

    #[test]
    fn what_no_living_block_covers_is_gone() {
        let blocks = [block(1, 5, BlockState::Retired), block(6, 8, BlockState::Held)];
        let gone = outside(&[held(4, 10, None)], &blocks);
        let gone: Vec<(i64, i64)> = gone.iter().map(|lot| (lot.first, lot.last)).collect();
        assert_eq!(gone, [(4, 5), (9, 10)]);
    }

    #[test]
    fn a_lot_is_bound_as_its_block_is_and_free_unless_a_message_waits() {
        let waiting = BTreeSet::from(["m".to_owned()]);
        let bound = |state, by: Option<&str>| {
            let by = by.map(str::to_owned);
            lot(&block(1, 2, state), 1, 2, "a".to_owned(), by, &waiting).reserved_by
        };
        assert_eq!(bound(BlockState::Reserved, None).as_deref(), Some("t"));
        assert_eq!(bound(BlockState::Held, Some("m")).as_deref(), Some("m"));
        assert_eq!(bound(BlockState::Held, Some("t")), None);
    }
}
