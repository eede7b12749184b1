//! Accounts, what they hold, and moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::{MessageId, TextError};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;

use crate::error::NodeError;
use crate::ledger::dealing::stored_words;
use crate::ledger::lots::{Journal, block_ref, grams, hand_over};
use crate::ledger::personal::{check_text, is_personal};
use crate::ledger::select::choose;
use crate::service::{AccountBalance, Selection};
use crate::store::rows::{AccountRow, JournalRow};
use crate::store::{StoreError, Tx};

/// The longest reason of a decision of staff, in characters.
const REASON_CHARS_MAX: usize = 500;
/// How many blocks are looked at in one query.
const BLOCKS_A_QUERY: i64 = 1_000;

/// The id of an account: a pseudonym of letters, digits, `.`, `_`, `:` and `-`, 1 to 100 characters. Never a name, an
/// identity number or a mobile number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(std::sync::Arc<str>);

impl AccountId {
    /// The member's own account.
    #[must_use]
    pub fn house() -> Self {
        Self("house".into())
    }

    /// Where serials wait that cannot be attributed.
    #[must_use]
    pub fn suspense() -> Self {
        Self("suspense".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':');
        let shape = (1..=100).contains(&text.len())
            && text.bytes().all(allowed)
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if shape && !is_personal(text) {
            Ok(Self(text.into()))
        } else {
            // The text itself is not repeated: it may be the number that must not be here.
            Err(TextError::new(
                "this account id",
                "a pseudonym of 1 to 100 letters, digits, `.`, `_`, `:`, `-` without an identity or mobile number",
            ))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

stored_words! {
    /// What an account is for.
    AccountKind {
        /// A citizen's pseudonym or an enterprise.
        Holder = 1 "holder",
        /// Citizens' reductions gathered for sale or donation.
        Pool = 2 "pool",
        /// The member's own; there is one.
        House = 3 "house",
        /// What cannot be attributed; there is one, and it cannot be spent.
        Suspense = 4 "suspense",
    }
}

fn account_of(text: &str) -> Result<AccountId, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt("an account id".into()))
}

/// Opens an account; the same again does nothing.
///
/// # Errors
/// [`NodeError::Refused`] with code `account-kind`.
pub fn create_account(tx: &mut dyn Tx, id: &AccountId, kind: AccountKind, at: Timestamp) -> Result<(), NodeError> {
    if !matches!(kind, AccountKind::Holder | AccountKind::Pool) {
        return Err(NodeError::refused(
            "account-kind",
            "there is one house account and one suspense account already",
        ));
    }
    let row = AccountRow {
        id: id.to_string(),
        kind: kind.code(),
        created_at: at.micros(),
    };
    if tx.insert_account(&row)? {
        return Ok(());
    }
    match tx.account(id.as_str())? {
        Some(found) if found.kind != kind.code() => {
            let found = AccountKind::from_code(found.kind)?;
            Err(NodeError::refused(
                "account-kind",
                format!("account `{id}` exists, and is a {found} account"),
            ))
        }
        _ => Ok(()),
    }
}

/// One account and what it holds.
///
/// # Errors
/// [`NodeError::NotFound`].
pub fn balance(tx: &mut dyn Tx, id: &AccountId) -> Result<AccountBalance, NodeError> {
    let row = tx
        .account(id.as_str())?
        .ok_or_else(|| NodeError::not_found("account", id))?;
    let mut balances = with_holdings(tx, &[row])?;
    balances.pop().ok_or_else(|| NodeError::not_found("account", id))
}

/// Accounts after `after` and what they hold.
///
/// # Errors
/// A database error.
pub fn balances(tx: &mut dyn Tx, after: Option<&AccountId>, limit: u32) -> Result<Vec<AccountBalance>, NodeError> {
    let rows = tx.accounts(after.map_or("", AccountId::as_str), i64::from(limit))?;
    with_holdings(tx, &rows)
}

fn with_holdings(tx: &mut dyn Tx, rows: &[AccountRow]) -> Result<Vec<AccountBalance>, NodeError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(Vec::new());
    };
    let sums = tx.lot_sums(&first.id, &last.id)?;
    let frozen = frozen_lots(tx)?;
    let sum = |account: &str, bound: bool| {
        sums.iter()
            .filter(|(a, b, _)| a == account && *b == bound)
            .map(|(_, _, g)| *g)
            .sum::<i64>()
    };
    rows.iter()
        .map(|row| {
            let (free, bound) = (sum(&row.id, false), sum(&row.id, true));
            let frozen_free: i64 = frozen.iter().filter(|f| f.0 == row.id && !f.1).map(|f| f.2).sum();
            let frozen_bound: i64 = frozen.iter().filter(|f| f.0 == row.id && f.1).map(|f| f.2).sum();
            Ok(AccountBalance {
                account: account_of(&row.id)?,
                kind: AccountKind::from_code(row.kind)?,
                total_g: grams(free + bound)?,
                free_g: grams(free - frozen_free)?,
                reserved_g: grams(bound - frozen_bound)?,
                frozen_g: grams(frozen_free + frozen_bound)?,
                created_at: Timestamp::from_micros(row.created_at),
            })
        })
        .collect()
}

/// Grams of lots under frozen blocks: account, whether something binds them, how many. Freezes are few.
fn frozen_lots(tx: &mut dyn Tx) -> Result<Vec<(String, bool, i64)>, NodeError> {
    let mut out = Vec::new();
    let mut after = (String::new(), 0);
    loop {
        let blocks = tx.blocks(Some(BlockState::Frozen.code()), (&after.0, after.1), BLOCKS_A_QUERY)?;
        let Some(last) = blocks.last() else { return Ok(out) };
        after = (last.series.clone(), last.first);
        for block in &blocks {
            let before = tx.lot_at(&block.series, block.first)?.filter(|l| l.first < block.first);
            let inside = tx.lots_from(&block.series, block.first, block.last)?;
            for lot in before.into_iter().chain(inside) {
                let under = lot.last.min(block.last) - lot.first.max(block.first) + 1;
                out.push((lot.account, lot.reserved_by.is_some(), under));
            }
        }
    }
}

/// Moves free grams between accounts. Idempotent by `id`.
///
/// # Errors
/// [`NodeError::Refused`] or [`NodeError::NotFound`].
pub fn move_between(
    tx: &mut dyn Tx,
    id: MessageId,
    from: &AccountId,
    to: &AccountId,
    what: &Selection,
    at: Timestamp,
) -> Result<Vec<BlockRef>, NodeError> {
    if *from == AccountId::suspense() {
        return Err(NodeError::refused(
            "suspense",
            "serials in `suspense` are attributed with a reason (`account attribute`), not moved",
        ));
    }
    let hand = Hand {
        entry: format!("move/{id}"),
        from,
        to,
        what,
        reason: None,
    };
    hand.over(tx, at)
}

/// Gives serials of `suspense` to the account that they belong to, by a decision of staff with a reason, which the journal
/// keeps. Idempotent by `id`.
///
/// # Errors
/// [`NodeError::Refused`] or [`NodeError::NotFound`].
pub fn attribute(
    tx: &mut dyn Tx,
    id: MessageId,
    to: &AccountId,
    what: &Selection,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<BlockRef>, NodeError> {
    if reason.trim().is_empty() {
        return Err(NodeError::refused(
            "reason",
            "say how it is known whose serials these are",
        ));
    }
    check_text("the reason", reason, REASON_CHARS_MAX)?;
    let hand = Hand {
        entry: format!("attribution/{id}"),
        from: &AccountId::suspense(),
        to,
        what,
        reason: Some(reason),
    };
    hand.over(tx, at)
}

/// Gives up to `most` of what `from` has free to `to`. How much it was.
///
/// # Errors
/// A database error.
pub(crate) fn pay(
    tx: &mut dyn Tx,
    from: &AccountId,
    to: &AccountId,
    most: Grams,
    lines: &mut Journal,
) -> Result<Grams, NodeError> {
    if from == to || tx.account(from.as_str())?.is_none() {
        return Ok(Grams::ZERO);
    }
    let quantity = most.min(balance(tx, from)?.free_g);
    if quantity.is_zero() {
        return Ok(Grams::ZERO);
    }
    let blocks = choose(tx, from, &Selection::grams(quantity), None)?;
    hand_over(tx, &blocks, to, lines)?;
    Ok(quantity)
}

/// Serials from one account to another, under a name that makes it idempotent.
struct Hand<'a> {
    entry: String,
    from: &'a AccountId,
    to: &'a AccountId,
    what: &'a Selection,
    reason: Option<&'a str>,
}

impl Hand<'_> {
    fn over(self, tx: &mut dyn Tx, at: Timestamp) -> Result<Vec<BlockRef>, NodeError> {
        let before = tx.journal_entry(&self.entry)?;
        if !before.is_empty() {
            return self.again(&before);
        }
        for account in [self.from, self.to] {
            tx.account(account.as_str())?
                .ok_or_else(|| NodeError::not_found("account", account))?;
        }
        if self.from == self.to || *self.to == AccountId::suspense() {
            return Err(NodeError::refused(
                "account",
                "move to another account, and not to `suspense`",
            ));
        }
        let blocks = choose(tx, self.from, self.what, None)?;
        let mut lines = Journal::new(self.entry, at.micros(), None).because(self.reason);
        hand_over(tx, &blocks, self.to, &mut lines)?;
        lines.write(tx)?;
        Ok(blocks)
    }

    /// What was done under this name, if it was the same.
    fn again(&self, before: &[JournalRow]) -> Result<Vec<BlockRef>, NodeError> {
        let same = |line: &JournalRow| {
            line.from_account.as_deref() == Some(self.from.as_str())
                && line.to_account.as_deref() == Some(self.to.as_str())
                && line.reason.as_deref() == self.reason
        };
        if !before.iter().all(same) {
            return Err(NodeError::refused(
                "id-reused",
                format!("{} was between other accounts, or for another reason", self.entry),
            ));
        }
        let lines = before.iter();
        lines
            .map(|line| Ok(block_ref(&line.series, line.first, line.last)?))
            .collect()
    }
}
