//! Lots: cut, bound, moved, dealt and taken away, always so that together they cover the same serials.

use std::collections::BTreeMap;

use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};

use crate::error::NodeError;
use crate::ledger::{AccountId, JournalKind};
use crate::store::rows::{JournalRow, LotRow};
use crate::store::{StoreError, Tx};

/// A block of a database row.
pub(crate) fn block_ref(series: &str, first: i64, last: i64) -> Result<BlockRef, StoreError> {
    let corrupt = |_| StoreError::Corrupt(format!("{series}/{first}-{last}"));
    let parsed: SeriesRef = series.parse().map_err(corrupt)?;
    Ok(BlockRef {
        series: parsed,
        range: SerialRange::new(first, last).map_err(corrupt)?,
    })
}

/// A quantity of a database row.
pub(crate) fn grams(quantity_g: i64) -> Result<Grams, StoreError> {
    Grams::new(quantity_g).map_err(|_| StoreError::Corrupt(format!("{quantity_g} g")))
}

/// Cuts the lot that has serials on both sides of the border before `serial`, if one has.
fn cut_before(tx: &mut dyn Tx, series: &str, serial: i64) -> Result<(), NodeError> {
    let Some(lot) = tx.lot_at(series, serial)?.filter(|l| l.first < serial) else {
        return Ok(());
    };
    tx.delete_lots(series, lot.first, lot.first)?;
    let before = LotRow {
        last: serial - 1,
        ..lot.clone()
    };
    let after = LotRow { first: serial, ..lot };
    Ok(tx.insert_lots(&[before, after])?)
}

/// Cuts at both ends of `range`, so that no lot reaches across them.
fn cut_at(tx: &mut dyn Tx, series: &str, range: &SerialRange) -> Result<(), NodeError> {
    cut_before(tx, series, range.first())?;
    cut_before(tx, series, range.last() + 1)
}

/// Binds all serials of a block to `by`.
///
/// # Errors
/// A database error.
pub fn bind(tx: &mut dyn Tx, block: &BlockRef, by: &str) -> Result<(), NodeError> {
    let series = block.series.to_string();
    cut_at(tx, &series, &block.range)?;
    Ok(tx.bind_lots(&series, block.range.first(), block.range.last(), by)?)
}

/// Frees those serials of a block that `by` binds, and joins them to their neighbours of the same account.
///
/// # Errors
/// A database error.
pub fn unbind(tx: &mut dyn Tx, block: &BlockRef, by: &str) -> Result<(), NodeError> {
    let series = block.series.to_string();
    cut_at(tx, &series, &block.range)?;
    tx.unbind_lots(&series, block.range.first(), block.range.last(), by)?;
    join(tx, &series, &block.range)
}

/// Frees everything that `by` binds locally and the hub does not: what a final refusal gives back. Returns what was freed.
///
/// # Errors
/// A database error.
pub fn release(tx: &mut dyn Tx, by: &str) -> Result<Vec<BlockRef>, NodeError> {
    let mut freed = Vec::new();
    for lot in tx.lots_reserved_by(by)? {
        let over = tx.blocks_over(&lot.series, lot.first, lot.last)?;
        if over.iter().any(|b| b.bound_to.as_deref() == Some(by)) {
            continue;
        }
        let block = block_ref(&lot.series, lot.first, lot.last)?;
        unbind(tx, &block, by)?;
        freed.push(block);
    }
    Ok(freed)
}

/// Joins neighbouring lots of one account with one binding, in and around `range`.
pub(super) fn join(tx: &mut dyn Tx, series: &str, range: &SerialRange) -> Result<(), NodeError> {
    let mut around = Vec::new();
    if range.first() > 1 {
        around.extend(tx.lot_at(series, range.first() - 1)?);
    }
    around.extend(tx.lots_from(series, range.first(), range.last() + 1)?);
    let joined = coalesce(&around);
    if joined.len() == around.len() {
        return Ok(());
    }
    for lot in around.iter().filter(|l| !joined.contains(l)) {
        tx.delete_lots(series, lot.first, lot.first)?;
    }
    let new: Vec<LotRow> = joined.into_iter().filter(|l| !around.contains(l)).collect();
    Ok(tx.insert_lots(&new)?)
}

/// Ascending lots of one series with neighbours of one account and binding made one.
pub(crate) fn coalesce(lots: &[LotRow]) -> Vec<LotRow> {
    let mut out: Vec<LotRow> = Vec::with_capacity(lots.len());
    for lot in lots {
        match out.last_mut() {
            Some(last)
                if last.last + 1 == lot.first
                    && last.series == lot.series
                    && last.account == lot.account
                    && last.reserved_by == lot.reserved_by =>
            {
                last.last = lot.last;
            }
            _ => out.push(lot.clone()),
        }
    }
    out
}

/// Takes a block out of the accounts: it was used, taken out, or went to another member.
///
/// # Errors
/// A database error.
pub fn leave(tx: &mut dyn Tx, block: &BlockRef, lines: &mut Journal) -> Result<(), NodeError> {
    let series = block.series.to_string();
    cut_at(tx, &series, &block.range)?;
    let (first, last) = (block.range.first(), block.range.last());
    for lot in tx.lots_from(&series, first, last)? {
        lines.push(JournalKind::Left, Some(&lot.account), None, &lot);
    }
    Ok(tx.delete_lots(&series, first, last)?)
}

/// Gives a new block to one account.
///
/// # Errors
/// A database error.
pub fn arrive(tx: &mut dyn Tx, block: &BlockRef, account: &AccountId, lines: &mut Journal) -> Result<(), NodeError> {
    arrive_in(tx, block, &[(account.to_string(), block.range)], lines)
}

fn arrive_in(
    tx: &mut dyn Tx,
    block: &BlockRef,
    parts: &[(String, SerialRange)],
    lines: &mut Journal,
) -> Result<(), NodeError> {
    let series = block.series.to_string();
    let lots: Vec<LotRow> = parts
        .iter()
        .map(|(account, range)| LotRow {
            series: series.clone(),
            first: range.first(),
            last: range.last(),
            account: account.clone(),
            reserved_by: None,
        })
        .collect();
    for lot in &lots {
        lines.push(JournalKind::Arrived, None, Some(&lot.account), lot);
    }
    tx.insert_lots(&lots)?;
    join(tx, &series, &block.range)
}

/// Deals the serials of a new block of an issuance to its shares, in the order of the request; what no share has room for
/// goes to `suspense`. `held` are grams by account that the block does not have: of activities that were held back.
///
/// # Errors
/// A database error.
pub fn deal(
    tx: &mut dyn Tx,
    block: &BlockRef,
    issuance: &str,
    held: &mut BTreeMap<String, i64>,
    lines: &mut Journal,
) -> Result<(), NodeError> {
    let parts = deal_parts(tx, issuance, block.range, held)?;
    arrive_in(tx, block, &parts, lines)
}

/// Which part of a new range of serials of an issuance each share gets, as [`deal`] deals them; the shares note it.
///
/// # Errors
/// A database error.
pub(crate) fn deal_parts(
    tx: &mut dyn Tx,
    issuance: &str,
    range: SerialRange,
    held: &mut BTreeMap<String, i64>,
) -> Result<Vec<(String, SerialRange)>, NodeError> {
    let mut rest = Some(range);
    let mut parts = Vec::new();
    for share in tx.open_shares(issuance)? {
        let Some(range) = rest else { break };
        let open = share.quantity_g - share.dealt_g;
        let without = held.get_mut(&share.account).map_or(0, |held| {
            let without = open.min(*held);
            *held -= without;
            without
        });
        let (taken, remaining) = range.split_at(grams(open - without)?);
        if let Some(taken) = taken {
            tx.set_dealt(issuance, share.line, share.dealt_g + taken.quantity().get())?;
            parts.push((share.account, taken));
        }
        rest = remaining;
    }
    if let Some(rest) = rest {
        parts.push((AccountId::suspense().to_string(), rest));
    }
    Ok(parts)
}

/// Gives those serials of a block that are in the account `from` to `to`, bound or not. How many grams.
///
/// # Errors
/// A database error.
pub(crate) fn reassign(
    tx: &mut dyn Tx,
    block: &BlockRef,
    from: &str,
    to: &str,
    lines: &mut Journal,
) -> Result<i64, NodeError> {
    let series = block.series.to_string();
    cut_at(tx, &series, &block.range)?;
    let mut total = 0;
    for lot in tx.lots_from(&series, block.range.first(), block.range.last())? {
        if lot.account != from {
            continue;
        }
        lines.push(JournalKind::Moved, Some(from), Some(to), &lot);
        total += lot.last - lot.first + 1;
        tx.delete_lots(&series, lot.first, lot.first)?;
        tx.insert_lots(&[LotRow {
            account: to.to_owned(),
            ..lot
        }])?;
    }
    join(tx, &series, &block.range)?;
    Ok(total)
}

/// Gives exactly these serials of `from` to `to`. The caller has chosen them among the free ones.
pub(super) fn hand_over(
    tx: &mut dyn Tx,
    blocks: &[BlockRef],
    to: &AccountId,
    lines: &mut Journal,
) -> Result<(), NodeError> {
    for block in blocks {
        let series = block.series.to_string();
        cut_at(tx, &series, &block.range)?;
        let (first, last) = (block.range.first(), block.range.last());
        let mut lots = tx.lots_from(&series, first, last)?;
        for lot in &mut lots {
            lines.push(JournalKind::Moved, Some(&lot.account), Some(to.as_str()), lot);
            to.as_str().clone_into(&mut lot.account);
        }
        tx.delete_lots(&series, first, last)?;
        tx.insert_lots(&lots)?;
        join(tx, &series, &block.range)?;
    }
    Ok(())
}

/// The lines of one journal entry while they are gathered.
#[derive(Debug)]
pub struct Journal {
    entry: String,
    at: i64,
    subject: Option<String>,
    reason: Option<String>,
    rows: Vec<JournalRow>,
}

impl Journal {
    /// An entry that nothing has been written to.
    #[must_use]
    pub const fn new(entry: String, at: i64, subject: Option<String>) -> Self {
        Self {
            entry,
            at,
            subject,
            reason: None,
            rows: Vec::new(),
        }
    }

    /// With the reason of the staff who have decided it.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        Self {
            reason: reason.map(str::to_owned),
            ..self
        }
    }

    pub(crate) fn push(&mut self, kind: JournalKind, from: Option<&str>, to: Option<&str>, lot: &LotRow) {
        self.rows.push(JournalRow {
            entry: self.entry.clone(),
            line: i64::try_from(self.rows.len()).unwrap_or(i64::MAX),
            at: self.at,
            kind: kind.code(),
            from_account: from.map(str::to_owned),
            to_account: to.map(str::to_owned),
            series: lot.series.clone(),
            first: lot.first,
            last: lot.last,
            subject: self.subject.clone(),
            reason: self.reason.clone(),
        });
    }

    /// Writes the lines.
    ///
    /// # Errors
    /// A database error, also when the entry was written before.
    pub fn write(self, tx: &mut dyn Tx) -> Result<(), NodeError> {
        Ok(tx.insert_journal(&self.rows)?)
    }
}
