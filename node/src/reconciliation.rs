//! Full reconciliation: the node's whole book against the hub's, while trade goes on.
//!
//! The node reads its book at its cursor in one consistent read, and only then asks the hub for a cut. The copy in memory is
//! brought to the cut by the feed entries in between, and what does not fit stays a difference: so it works also when the node
//! has stopped because its book is not what its feed says. Nothing here changes the book.

mod copy;
mod follow;
mod kept;
mod repair;
mod rounds;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use tanqiao_protocol::canonical;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::StaffDecision;
use tanqiao_protocol::reconciliation::{
    BlocksFound, ComparedTotal, Decoder, Difference, Encoder, Finding, FindingClass, FindingCounts,
    ITEMS_PER_ROUND_MAX, Opened, Reconciliation, ReconciliationReason, ReconciliationReport, ReconciliationResult,
    Record, RecordPlace, Repair, Round, SYMBOLS_MAX, SymbolKey, Version, Whereabouts, classify, records_from_text,
    records_to_text, series_key, symbols_from_text,
};

use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::service::Node;

pub use follow::follow;
#[cfg(test)]
pub(crate) use follow::{due, step};
pub use kept::{Kept, agreed_at, list, one, reconcile_and_keep, report};
pub use repair::{Repaired, repair};

use copy::Copy;
use rounds::Asking;

/// A repair that came before, and who decided it.
#[derive(Debug, Clone)]
pub struct AfterRepair {
    /// The reconciliation that found the differences.
    pub repaired: MessageId,
    /// The role that decided; another one approved.
    pub staff: StaffDecision,
}

/// Compares the whole book with the hub's, and tells the hub what was found, and which repair came before.
///
/// # Errors
/// [`NodeError::Hub`] if the hub could not be asked, or no longer has the cut; a database error; `reconciliation-too-large`
/// where the books differ in more than the symbols can tell.
pub async fn reconcile(
    node: &Node,
    reason: ReconciliationReason,
    after: Option<AfterRepair>,
) -> Result<ReconciliationReport, NodeError> {
    let mut copy = Copy::read(node).await?;
    let id = node.new_id();
    let (repaired, staff) = after.map(|after| (after.repaired, after.staff)).unzip();
    let mut asking = Asking::new(node, id, staff);
    let begin = Reconciliation {
        repaired,
        reason,
        cursor: copy.seq(),
        chain: copy.chain(),
    };
    let opened: Opened = asking.say("/v1/reconciliations", &begin).await?;
    copy.follow(node, opened.cut).await?;
    let difference = difference(node, &mut asking, &copy, &opened).await?;
    let findings = findings(&mut asking, &copy, &difference).await?;
    let counts = FindingCounts::of(&findings);
    let result = ReconciliationResult {
        reconciliation: id,
        cut: opened.cut,
        counts,
        findings_sha256: Sha256::of(&canonical::to_vec(&findings).map_err(ExchangeError::from)?),
    };
    let path = format!("/v1/reconciliations/{id}/result");
    let _: serde_json::Value = asking.say(&path, &result).await?;
    Ok(ReconciliationReport {
        reconciliation: id,
        member: node.member().clone(),
        at: node.now(),
        cut: opened.cut,
        hub_blocks: opened.blocks,
        node_blocks: u64::try_from(copy.len()).unwrap_or(u64::MAX),
        bytes: asking.bytes(),
        counts,
        totals: ComparedTotal::of(&opened.totals, &copy.totals()),
        findings,
    })
}

/// Takes symbols until they tell in which records the two sides differ.
async fn difference(
    node: &Node,
    asking: &mut Asking<'_>,
    copy: &Copy,
    opened: &Opened,
) -> Result<Difference, NodeError> {
    let key = SymbolKey::of(&node.config().trust_domain, opened.reconciliation);
    let mut decoder = Decoder::new(key, Encoder::new(&key, copy.records()));
    let mut symbols = symbols_from_text(&opened.symbols).ok_or_else(|| rounds::unreadable("the first symbols"))?;
    loop {
        if let Some(difference) = decoder.take(&symbols) {
            return Ok(difference);
        }
        if symbols.is_empty() || decoder.taken() >= SYMBOLS_MAX {
            return Err(NodeError::refused(
                "reconciliation-too-large",
                "the node's book and the hub's differ in more blocks than can be told one by one: rebuild the node's book from \
                 the feed, then reconcile again",
            ));
        }
        symbols = asking.symbols(decoder.taken()).await?;
    }
}

/// Both versions of what differs, in classes.
async fn findings(asking: &mut Asking<'_>, copy: &Copy, difference: &Difference) -> Result<Vec<Finding>, NodeError> {
    let (mut theirs, mut changed) = (Vec::new(), Vec::new());
    for records in difference.theirs.chunks(ITEMS_PER_ROUND_MAX) {
        let found: BlocksFound = asking.round(&Round::Records(records_to_text(records))).await?;
        let asked: BTreeSet<&Record> = records.iter().collect();
        for version in found.blocks {
            if !asked.contains(&Record::of(&version.clone().into())) {
                return Err(rounds::unreadable("a block that was not asked for"));
            }
            theirs.push(version);
        }
        let more = records_from_text(&found.changed).ok_or_else(|| rounds::unreadable("the changed records"))?;
        changed.extend(more.iter().map(Record::place));
    }
    let ours = copy.versions(&difference.ours);
    let mut places: Vec<Whereabouts> = Vec::new();
    for versions in ours.chunks(ITEMS_PER_ROUND_MAX) {
        let blocks = versions.iter().map(|version| version.block.clone()).collect();
        places.extend(asking.round::<Vec<Whereabouts>>(&Round::Serials(blocks)).await?);
    }
    let mut findings = classify(&theirs, &ours, &places, |version| {
        changed.iter().any(|place| concerns(place, version))
    });
    // Only the hub has these, and they are something else by now: the next reconciliation sees what.
    for place in changed
        .iter()
        .filter(|place| !ours.iter().any(|one| concerns(place, one)))
    {
        tracing::debug!(range = ?place.range, "a block changed after the cut");
        findings.push(Finding {
            class: FindingClass::InFlight,
            hub: Vec::new(),
            node: Vec::new(),
            repair: Repair::Wait,
        });
    }
    Ok(findings)
}

/// True if a record is of serials that a block has.
fn concerns(place: &RecordPlace, version: &Version) -> bool {
    let overlaps = place.range.is_some_and(|range| range.overlaps(&version.block.range));
    overlaps && place.series == series_key(&version.block.series)
}
