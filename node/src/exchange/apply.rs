//! Applying feed entries: book, accounts, dealings and cursor in one local transaction.
//!
//! `changes` are applied whatever the type says. A block is removed by its own range or by the range that it was split
//! from; terms that are absent are inherited from what was removed. A change that does not fit the book, or a set digest
//! that differs, undoes the whole transaction and is kept as evidence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tanqiao_protocol::block::{Block, BlockChange, BlockState, BlockStatus, BlockTerms};
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::r#use::Uses;

use crate::crash;
use crate::error::NodeError;
use crate::exchange::feed::{Checked, Contradiction};
use crate::exchange::note::note;
use crate::exchange::{ExchangeError, FeedState, made_good, screened};
use crate::ledger::{self, AccountId, Decision, Direction, Journal, Kind, block_ref};
use crate::store::rows::{BlockRow, CursorRow, DealingRow, EntryRow};
use crate::store::{StoreError, Tx};

/// The cursor before the first entry.
pub(crate) fn start() -> CursorRow {
    CursorRow {
        id: 1,
        seq: 0,
        chain: CHAIN_START.to_string(),
        log_index: -1,
        lattice: hex::encode(SetDigest::new().to_bytes()),
        state: FeedState::Following.code(),
        expected: None,
        found: None,
        latest: 0,
        heard_at: None,
    }
}

/// The set digest of a cursor.
pub(crate) fn lattice_of(cursor: &CursorRow) -> Result<SetDigest, StoreError> {
    let bytes = hex::decode(&cursor.lattice).map_err(|_| StoreError::Corrupt("a set digest".into()))?;
    SetDigest::from_bytes(&bytes).map_err(|_| StoreError::Corrupt("a set digest".into()))
}

/// Applies checked entries to the database. Entries that were applied already (by another process) are passed over.
///
/// # Errors
/// [`ExchangeError::Contradiction`] if an entry does not fit; nothing of the transaction is kept then.
pub(crate) fn apply(
    tx: &mut dyn Tx,
    member: &NodeId,
    entries: &[Checked],
    latest: i64,
    heard_at: i64,
) -> Result<(), NodeError> {
    let mut cursor = tx.cursor()?.unwrap_or_else(start);
    if cursor.state != FeedState::Following.code() {
        return Ok(());
    }
    let mut work = Applying {
        member,
        lattice: lattice_of(&cursor)?,
    };
    let mut kept = Vec::with_capacity(entries.len());
    for checked in entries.iter().filter(|c| c.entry.seq > cursor.seq) {
        work.entry(tx, checked)?;
        crash::point("feed.in-apply");
        kept.push(row_of(checked));
    }
    let Some(last) = kept.last() else { return Ok(()) };
    cursor.seq = last.seq;
    cursor.chain.clone_from(&last.chain);
    cursor.log_index = last.log_index;
    cursor.lattice = hex::encode(work.lattice.to_bytes());
    cursor.latest = latest.max(last.seq);
    cursor.heard_at = Some(heard_at);
    tx.insert_entries(&kept)?;
    Ok(tx.set_cursor(&cursor)?)
}

fn row_of(checked: &Checked) -> EntryRow {
    EntryRow {
        seq: checked.entry.seq,
        at: checked.entry.at.micros(),
        kind: checked.entry.r#type.clone(),
        subject: checked.entry.subject.clone(),
        log_index: checked.entry.log_index,
        chain: checked.chain.to_string(),
        entry: checked.bytes.clone(),
    }
}

pub(super) struct Applying<'a> {
    pub(super) member: &'a NodeId,
    pub(super) lattice: SetDigest,
}

impl Applying<'_> {
    /// An entry's changes, in the book alone.
    pub(super) fn book(&mut self, tx: &mut dyn Tx, checked: &Checked) -> Result<(), NodeError> {
        let mut removed = BTreeMap::new();
        for change in &checked.entry.changes {
            let before = self.take(tx, checked, change, &mut removed)?;
            self.put(tx, checked, change, before.as_ref())?;
        }
        Ok(())
    }

    fn entry(&mut self, tx: &mut dyn Tx, checked: &Checked) -> Result<(), NodeError> {
        let entry = &checked.entry;
        let subject = Kind::of_subject(&entry.subject);
        let dealing = match subject {
            Some((_, id)) => tx.dealing(id)?,
            None => None,
        };
        screened::hold(tx, checked)?;
        let released_to = screened::released_to(tx, entry)?;
        let mut removed: BTreeMap<(String, i64, i64), BlockRow> = BTreeMap::new();
        let mut lines = Journal::new(
            format!("feed/{}", entry.seq),
            entry.at.micros(),
            Some(entry.subject.clone()),
        );
        for change in &entry.changes {
            let before = self.take(tx, checked, change, &mut removed)?;
            let after = self.put(tx, checked, change, before.as_ref())?;
            follow_lots(
                tx,
                change,
                before.is_some(),
                after,
                self.member,
                subject.map(|s| s.0),
                (dealing.as_ref(), released_to.as_ref()),
                &mut lines,
            )?;
        }
        lines.write(tx)?;
        made_good::make_good(tx, entry)?;
        note(tx, self.member, entry, dealing)?;
        match &entry.digest {
            Some(stated) if stated.0 != self.lattice.fingerprint() => Err(contradiction(
                checked,
                format!("digest {stated}"),
                format!("digest {}", hex::encode(self.lattice.fingerprint())),
            )),
            _ => Ok(()),
        }
    }

    /// Takes the block that a change of this member's speaks of out of the book and the digest.
    fn take(
        &mut self,
        tx: &mut dyn Tx,
        checked: &Checked,
        change: &BlockChange,
        removed: &mut BTreeMap<(String, i64, i64), BlockRow>,
    ) -> Result<Option<BlockRow>, NodeError> {
        let Some(from) = change.from.as_ref().filter(|f| f.holder == *self.member) else {
            return Ok(None);
        };
        let series = change.block.series.to_string();
        let over = change.split_of.map_or(change.block.range, |s| s.0);
        let key = (series, over.first(), over.last());
        let found = match tx.block(&key.0, key.1, key.2)? {
            Some(row) => {
                tx.delete_block(&row.series, row.first)?;
                self.lattice
                    .remove(block_of(&row, self.member)?.digest_record().as_bytes());
                removed.insert(key.clone(), row.clone());
                Some(row)
            }
            None => removed.get(&key).cloned(),
        };
        let missing = || {
            contradiction(
                checked,
                format!("{}/{over} is {}", key.0, words(from)),
                "no such block".into(),
            )
        };
        let row = found.ok_or_else(missing)?;
        let status = block_of(&row, self.member)?.status;
        if status != *from {
            return Err(contradiction(
                checked,
                format!("{}/{over} was {}", key.0, words(from)),
                words(&status),
            ));
        }
        Ok(Some(row))
    }

    /// Puts the block after a change into the book and the digest, if this member holds it.
    fn put(
        &mut self,
        tx: &mut dyn Tx,
        checked: &Checked,
        change: &BlockChange,
        before: Option<&BlockRow>,
    ) -> Result<Option<BlockTerms>, NodeError> {
        if change.to.holder != *self.member {
            return Ok(None);
        }
        let terms = match (&change.terms, before) {
            (Some(terms), _) => terms.clone(),
            (None, Some(row)) => block_of(row, self.member)?.terms,
            (None, None) => {
                let expected = format!("{} is {}", change.block, words(&change.to));
                return Err(contradiction(
                    checked,
                    expected,
                    "no terms, neither stated nor inherited".into(),
                ));
            }
        };
        let block = Block {
            series: change.block.series.clone(),
            range: change.block.range,
            status: change.to.clone(),
            terms,
        };
        let row = block_row(&block);
        if let Some(other) = tx.blocks_over(&row.series, row.first, row.last)?.first() {
            let found = format!("{}/{}-{} is there already", other.series, other.first, other.last);
            return Err(contradiction(
                checked,
                format!("{} is {}", change.block, words(&change.to)),
                found,
            ));
        }
        tx.insert_blocks(&[row])?;
        self.lattice.add(block.digest_record().as_bytes());
        Ok(Some(block.terms))
    }
}

/// What a change means for the accounts.
#[expect(
    clippy::too_many_arguments,
    reason = "one change, where it came from and what it belongs to"
)]
fn follow_lots(
    tx: &mut dyn Tx,
    change: &BlockChange,
    was_ours: bool,
    after: Option<BlockTerms>,
    member: &NodeId,
    kind: Option<Kind>,
    (dealing, released_to): (Option<&DealingRow>, Option<&AccountId>),
    lines: &mut Journal,
) -> Result<(), NodeError> {
    let lives = change.to.holder == *member && !change.to.state.is_final();
    let had_lots = was_ours && change.from.as_ref().is_some_and(|f| !f.state.is_final());
    match (had_lots, lives) {
        (true, true) => rebind(tx, change),
        (true, false) => ledger::leave(tx, &change.block, lines),
        (false, true) => {
            let issuance = after.map(|t| t.issuance.to_string());
            match (kind, issuance) {
                (Some(Kind::Issuance), _) if released_to.is_some() => {
                    let account = released_to.cloned().unwrap_or_else(AccountId::suspense);
                    ledger::arrive(tx, &change.block, &account, lines)?;
                }
                (Some(Kind::Issuance), Some(issuance)) => deal(tx, &change.block, &issuance, lines)?,
                (None, Some(issuance)) if change.from.is_none() => deal(tx, &change.block, &issuance, lines)?,
                _ => ledger::arrive(tx, &change.block, &receiver(kind, dealing), lines)?,
            }
            rebind(tx, change)
        }
        (false, false) => Ok(()),
    }
}

fn deal(tx: &mut dyn Tx, block: &BlockRef, issuance: &str, lines: &mut Journal) -> Result<(), NodeError> {
    let mut held = screened::held_by_account(tx, issuance)?;
    ledger::deal(tx, block, issuance, &mut held, lines)
}

/// Who gets a block that came from another member.
fn receiver(kind: Option<Kind>, dealing: Option<&DealingRow>) -> AccountId {
    let accepted =
        |d: &DealingRow| d.direction == Direction::In.code() && d.decision == Some(Decision::Accepted.code());
    match kind {
        Some(Kind::Transfer) => dealing
            .filter(|d| accepted(d))
            .and_then(|d| d.account.as_deref()?.parse().ok())
            .unwrap_or_else(AccountId::suspense),
        Some(Kind::Pledge) => AccountId::house(),
        _ => AccountId::suspense(),
    }
}

/// Lots follow what binds their block: bound with it, free again in the account that they were reserved from.
fn rebind(tx: &mut dyn Tx, change: &BlockChange) -> Result<(), NodeError> {
    match (change.to.state, change.to.bound_to) {
        (BlockState::Reserved | BlockState::Pledged, Some(by)) => ledger::bind(tx, &change.block, &by.to_string()),
        (BlockState::Held, _) => match change.from.as_ref().and_then(|f| f.bound_to) {
            Some(by) => ledger::unbind(tx, &change.block, &by.to_string()),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn words(status: &BlockStatus) -> String {
    let mut text = format!("`{}` with {}", status.state, status.holder);
    if let Some(by) = status.bound_to {
        let _ = write!(text, ", bound to {by}");
    }
    text
}

fn contradiction(checked: &Checked, expected: String, found: String) -> NodeError {
    NodeError::Exchange(ExchangeError::Contradiction(Box::new(Contradiction {
        seq: checked.entry.seq,
        state: FeedState::Diverged,
        expected,
        found,
        evidence: checked.bytes.clone(),
    })))
}

/// A row of the book as the protocol's block.
pub(crate) fn block_of(row: &BlockRow, member: &NodeId) -> Result<Block, StoreError> {
    let corrupt =
        |what: &str| StoreError::Corrupt(format!("{what} of block {}/{}-{}", row.series, row.first, row.last));
    let reference = block_ref(&row.series, row.first, row.last)?;
    let state = |code| BlockState::from_code(code).ok_or_else(|| corrupt("state"));
    let text = |what, value: &Option<String>| value.as_deref().map(str::parse).transpose().map_err(|_| corrupt(what));
    Ok(Block {
        series: reference.series,
        range: SerialRange::new(row.first, row.last).map_err(|_| corrupt("range"))?,
        status: BlockStatus {
            bound_to: text("binding", &row.bound_to)?,
            holder: member.clone(),
            state: state(row.state)?,
            state_before: row.state_before.map(state).transpose()?,
        },
        terms: BlockTerms {
            buffered: row.buffered != 0,
            factor_paid: Factor::new(row.factor_paid).map_err(|_| corrupt("factor"))?,
            issuance: row.issuance.parse().map_err(|_| corrupt("issuance"))?,
            mapping: row
                .mapping
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| corrupt("mapping"))?,
            uses: Uses::from_bits(row.uses),
        },
    })
}

fn block_row(block: &Block) -> BlockRow {
    BlockRow {
        series: block.series.to_string(),
        first: block.range.first(),
        last: block.range.last(),
        state: block.status.state.code(),
        state_before: block.status.state_before.map(BlockState::code),
        bound_to: block.status.bound_to.map(|b| b.to_string()),
        factor_paid: block.terms.factor_paid.millionths(),
        buffered: i16::from(block.terms.buffered),
        issuance: block.terms.issuance.to_string(),
        mapping: block.terms.mapping.as_ref().map(ToString::to_string),
        uses: block.terms.uses.bits(),
    }
}
