//! Whose loss a lost activity is, inside the node.
//!
//! The hub cancels serials of the issuance, or others in their place: whichever account has them loses them, in good faith. The
//! account whose activity was lost makes it good from what it has free, and after it the house account.

use std::collections::BTreeMap;

use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::quantity::Grams;

use crate::error::NodeError;
use crate::issuing::Members;
use crate::ledger::{self, AccountId, JournalKind, grams};
use crate::store::Tx;

/// What the journal says.
const REASON: &str = "makes good what another account lost for an activity of this one";

/// After an entry that took serials for a lost activity: gives their accounts back what they lost.
pub(super) fn make_good(tx: &mut dyn Tx, entry: &FeedEntry) -> Result<(), NodeError> {
    let Some(conflict) = entry.subject.strip_prefix("loss/") else {
        return Ok(());
    };
    let Some(debtor) = debtor(tx, conflict)? else {
        return Ok(());
    };
    let mut lost: BTreeMap<String, i64> = BTreeMap::new();
    for line in tx.journal_entry(&format!("feed/{}", entry.seq))? {
        if let (true, Some(account)) = (line.kind == JournalKind::Left.code(), line.from_account) {
            *lost.entry(account).or_default() += line.last - line.first + 1;
        }
    }
    let mut lines = ledger::Journal::new(
        format!("made-good/{}", entry.seq),
        entry.at.micros(),
        Some(entry.subject.clone()),
    )
    .because(Some(REASON));
    let mut short = Grams::ZERO;
    for (account, quantity) in lost.into_iter().filter(|(account, _)| account != debtor.as_str()) {
        let Ok(account) = account.parse::<AccountId>() else {
            continue;
        };
        let mut owed = grams(quantity)?;
        for payer in [&debtor, &AccountId::house()] {
            if account != AccountId::house() {
                let paid = ledger::pay(tx, payer, &account, owed, &mut lines)?;
                owed = owed.saturating_minus(paid);
            }
        }
        short = short.plus(owed)?;
    }
    lines.write(tx)?;
    if !short.is_zero() {
        tracing::warn!(
            conflict,
            short_g = short.get(),
            "accounts lost serials for an activity that was not theirs"
        );
    }
    Ok(())
}

/// The account whose activity a conflict is about.
fn debtor(tx: &mut dyn Tx, conflict: &str) -> Result<Option<AccountId>, NodeError> {
    let Some(row) = tx.conflict(conflict)? else {
        return Ok(None);
    };
    let Some(issuance) = row.issuance else { return Ok(None) };
    if let Some(held) = tx.held(&issuance, row.place)? {
        return Ok(held.account.parse().ok());
    }
    let Some(members) = Members::of(tx, &issuance)? else {
        return Ok(None);
    };
    let most = usize::try_from(row.place).unwrap_or(usize::MAX).saturating_add(1);
    let mut account = None;
    members.read(tx, 0, most, &mut |_, activity| {
        account = Some(activity.account.to_owned());
        Ok(())
    })?;
    Ok(account.and_then(|account| account.parse().ok()))
}
