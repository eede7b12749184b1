//! After the node's database was lost: which of the records that the platform has imported again belong to which issuance, and
//! so whose the serials are.
//!
//! The hub keeps the header of every issuance, and the header commits to the records by their root. The platform's records are
//! imported again in their old order; what an issuance took is then the next so many activities, and their root says whether
//! it is exactly them. Nothing is guessed: what does not give the root stays pending, and its serials stay in `suspense`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tanqiao_protocol::conflict::{ActivityState, HeldView};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::IssuanceView;

use super::gather::{Gathered, Sum, Wanted, incomplete, series_of};
use super::members::{Members, take};
use crate::error::NodeError;
use crate::exchange::{ExchangeError, held_by_account};
use crate::ledger::{self, AccountId, AccountKind, Direction, Journal, Kind, block_ref};
use crate::service::Node;
use crate::store::rows::{DealingRow, ShareRow};
use crate::store::screening::HeldRow;
use crate::store::{StoreError, Tx};
use crate::subjects::Subjects;

/// Places at which the records of an issuance are looked for: the first that is free, and where a file begins.
const STARTS_MAX: i64 = 1_000;

/// What became of one issuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reclaimed {
    /// The issuance.
    pub issuance: MessageId,
    /// How it stands.
    pub result: Claim,
    /// Grams that went from `suspense` to the accounts of their activities.
    pub attributed_g: i64,
}

/// How an issuance stands after its records were looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Its records were here already.
    Known,
    /// Its records were found, and belong to it now.
    Found,
    /// The records that are here do not give its root.
    RecordsMissing,
    /// The feed has not told of its serials yet: the node has to read it first.
    NotTold,
}

/// Finds the records of every issuance of this member that has serials or will get some, and gives the serials that wait in
/// `suspense` to the accounts of their activities. Run again it does what is left.
///
/// # Errors
/// [`NodeError::Hub`]; a database error. Issuances that were done before it stay done.
pub async fn reclaim(node: &Node) -> Result<Vec<Reclaimed>, NodeError> {
    let mut own = node.hub().issuances().await?;
    own.retain(|view| {
        matches!(
            view.state,
            IssuanceState::Recognised | IssuanceState::PartiallyRecognised | IssuanceState::HeldBack
        )
    });
    own.sort_by_key(|view| view.log_index);
    let subjects = node.config().fingerprint.suite.map(|_| node.subjects().clone());
    let mut all = Vec::with_capacity(own.len());
    for view in own {
        let held = node.hub().held(&view.issuance.to_string()).await?;
        let one = Claiming {
            view,
            held,
            subjects: subjects.clone(),
            now: node.now(),
        };
        all.push(node.write(move |tx| one.claim(tx)).await?);
    }
    Ok(all)
}

struct Claiming {
    view: IssuanceView,
    held: Vec<HeldView>,
    subjects: Option<Subjects>,
    now: Timestamp,
}

/// Activities that give the root of an issuance.
struct Found {
    gathered: Gathered,
    /// Every free activity of the pages concerned that does not belong to it, with its grams.
    left_out: Vec<(i64, i64)>,
    /// The account and grams of each activity at a place that has no serials of the first run.
    held: BTreeMap<u32, (String, i64)>,
}

impl Claiming {
    fn claim(&self, tx: &mut dyn Tx) -> Result<Reclaimed, NodeError> {
        let name = self.view.issuance.to_string();
        let done = |result, attributed_g| Reclaimed {
            issuance: self.view.issuance,
            result,
            attributed_g,
        };
        if Members::of(tx, &name)?.is_some() || tx.count_shares(&name)? > 0 {
            return Ok(done(Claim::Known, 0));
        }
        if !self.is_told(tx)? {
            return Ok(done(Claim::NotTold, 0));
        }
        let Some(found) = self.find(tx)? else {
            return Ok(done(Claim::RecordsMissing, 0));
        };
        if !take(tx, &name, &found.gathered.members, &found.left_out)? {
            return Err(NodeError::refused(
                "issued-meanwhile",
                "an issuance took these activities at the same moment: run the command again",
            ));
        }
        self.note(tx, &found)?;
        let attributed_g = self.attribute(tx, &found)?;
        Ok(done(Claim::Found, attributed_g))
    }

    /// True once the feed has told this node which serials the issuance has.
    fn is_told(&self, tx: &mut dyn Tx) -> Result<bool, NodeError> {
        let told = tx.entries_about(&format!("issuance/{}", self.view.issuance))?;
        Ok(told.iter().any(|entry| {
            let word = entry.kind.strip_prefix("issuance.");
            matches!(word, Some("recognised" | "partially-recognised" | "held-back"))
        }))
    }

    fn find(&self, tx: &mut dyn Tx) -> Result<Option<Found>, NodeError> {
        let header = &self.view.content;
        let wanted = Wanted {
            methodology: header.methodology.clone(),
            region_of_act: header.region_of_act,
            vintage: header.vintage,
            subjects: None,
        };
        let series = match series_of(tx, &wanted) {
            Ok(series) => series,
            Err(NodeError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let free = Members::free(tx, series.id)?;
        let mut starts = vec![0];
        starts.extend(tx.import_starts(STARTS_MAX)?.into_iter().map(|first| first - 1));
        // An issuance of records that are compared may have left out those whose evidence is incomplete.
        let mut without: Vec<BTreeSet<i64>> = vec![BTreeSet::new()];
        if let Some(subjects) = &self.subjects {
            let incomplete = incomplete(tx, &series, &free, subjects)?;
            without.push(incomplete.left_out.iter().map(|(id, _)| *id).collect());
            without.dedup();
        }
        let sources = tx.sources()?.into_iter().collect();
        for left_out in &without {
            let mut members = free.clone();
            members.without.extend(left_out.iter().copied());
            members.with.retain(|id| !left_out.contains(id));
            for start in &starts {
                let mut sum = Sum::new(&series, &sources);
                let mut held = BTreeMap::new();
                let span = self.window(tx, &members, *start, &mut sum, &mut held)?;
                let Some((first, last)) = span else { continue };
                let gathered = sum.finish(free.clone(), super::evidence::Incomplete::default())?;
                if gathered.records_root != header.records_root || gathered.quantity_g != header.quantity_g {
                    continue;
                }
                let narrow = narrowed(tx, &free, first, last)?;
                let belongs = |id: i64| (first..=last).contains(&id) && !left_out.contains(&id);
                let mut others = Vec::new();
                narrow.read(tx, 0, usize::MAX, &mut |id, activity| {
                    if !belongs(id) {
                        others.push((id, activity.reduction_g));
                    }
                    Ok(())
                })?;
                let gathered = Gathered {
                    members: narrow,
                    ..gathered
                };
                return Ok(Some(Found {
                    gathered,
                    left_out: others,
                    held,
                }));
            }
        }
        Ok(None)
    }

    /// Adds up as many activities after `start` as the header counts; the first and last of them, if there are so many.
    fn window(
        &self,
        tx: &mut dyn Tx,
        members: &Members,
        start: i64,
        sum: &mut Sum<'_>,
        held: &mut BTreeMap<u32, (String, i64)>,
    ) -> Result<Option<(i64, i64)>, NodeError> {
        let wanted = self.view.content.activity_count;
        let places: BTreeSet<u32> = self.held.iter().map(|held| held.index).collect();
        let (mut first, mut place) = (None, 0_u32);
        let most = usize::try_from(wanted).unwrap_or(usize::MAX);
        let last = members.read(tx, start, most, &mut |id, activity| {
            first.get_or_insert(id);
            if places.contains(&place) {
                held.insert(place, (activity.account.to_owned(), activity.reduction_g));
            }
            place = place.saturating_add(1);
            sum.add(activity)
        })?;
        Ok(first.zip(last).filter(|_| place == wanted))
    }

    /// Notes accounts, shares, held activities and the header, as they were noted when it was issued.
    fn note(&self, tx: &mut dyn Tx, found: &Found) -> Result<(), NodeError> {
        let name = self.view.issuance.to_string();
        let mut shares = Vec::with_capacity(found.gathered.shares.len());
        for (line, (account, quantity_g)) in (0_i64..).zip(&found.gathered.shares) {
            if tx.account(account.as_str())?.is_none() {
                ledger::create_account(tx, account, AccountKind::Holder, self.now)?;
            }
            shares.push(ShareRow {
                issuance: name.clone(),
                line,
                account: account.to_string(),
                quantity_g: quantity_g.get(),
                dealt_g: 0,
            });
        }
        tx.insert_shares(&shares)?;
        let held = self.held.iter().filter_map(|one| {
            let (account, quantity_g) = found.held.get(&one.index)?;
            Some(HeldRow {
                issuance: name.clone(),
                place: i64::from(one.index),
                account: account.clone(),
                quantity_g: *quantity_g,
                state: one.state.code(),
            })
        });
        let held: Vec<HeldRow> = held.collect();
        let known = tx.held_of(&name)?;
        let new: Vec<HeldRow> = held
            .into_iter()
            .filter(|row| known.iter().all(|known| known.place != row.place))
            .collect();
        tx.insert_held(&new)?;
        let content = serde_json::to_string(&self.view.content).map_err(ExchangeError::from)?;
        let quantity_g = self.view.content.quantity_g.get();
        match tx.dealing(&name)? {
            Some(row) => tx.update_dealing(&DealingRow {
                quantity_g,
                content,
                ..row
            })?,
            None => tx.insert_dealing(&self.dealing(name, content))?,
        }
        Ok(())
    }

    fn dealing(&self, id: String, content: String) -> DealingRow {
        DealingRow {
            id,
            kind: Kind::Issuance.code(),
            direction: Direction::Out.code(),
            account: None,
            partner: None,
            state: Some(self.view.state.word().to_owned()),
            decision: None,
            quantity_g: self.view.content.quantity_g.get(),
            delivered_g: None,
            buffered_g: None,
            cancelled_g: None,
            opened_at: self.view.registered_at.micros(),
            ended_at: None,
            valid_until: None,
            reason: None,
            content,
        }
    }

    /// Deals the serials as the feed would have dealt them, and gives what still waits in `suspense` to whom it was dealt.
    fn attribute(&self, tx: &mut dyn Tx, found: &Found) -> Result<i64, NodeError> {
        let name = self.view.issuance.to_string();
        let entry = format!("reclaim/{name}");
        let mut lines = Journal::new(entry, self.now.micros(), Some(format!("issuance/{name}")));
        let mut held = held_by_account(tx, &name)?;
        let mut total = 0;
        for block in &self.view.blocks {
            for (account, range) in ledger::deal_parts(tx, &name, block.range, &mut held)? {
                let part = BlockRef {
                    series: block.series.clone(),
                    range,
                };
                total += out_of_suspense(tx, &part, &account, &mut lines)?;
            }
        }
        let released = self.held.iter().filter(|one| one.state == ActivityState::Released);
        for one in released {
            if let (Some(block), Some((account, _))) = (&one.block, found.held.get(&one.index)) {
                total += out_of_suspense(tx, block, account, &mut lines)?;
            }
        }
        lines.write(tx)?;
        Ok(total)
    }
}

/// Gives those serials of a block to `account` that wait in `suspense` since they were issued. What has come back from another
/// member has a mapping in its terms, and belongs to whoever got it there.
fn out_of_suspense(tx: &mut dyn Tx, part: &BlockRef, account: &str, lines: &mut Journal) -> Result<i64, NodeError> {
    if account == AccountId::suspense().as_str() {
        return Ok(0);
    }
    let series = part.series.to_string();
    let (first, last) = (part.range.first(), part.range.last());
    let mut total = 0;
    for block in tx.blocks_over(&series, first, last)? {
        if block.mapping.is_none() {
            let own = block_ref(&series, block.first.max(first), block.last.min(last))?;
            total += ledger::reassign(tx, &own, AccountId::suspense().as_str(), account, lines)?;
        }
    }
    Ok(total)
}

/// The free activities of the pages from that of `first` to that of `last`.
fn narrowed(tx: &mut dyn Tx, free: &Members, first: i64, last: i64) -> Result<Members, NodeError> {
    let missing = || StoreError::Corrupt(format!("activities {first} to {last}"));
    let from = tx.activity_page_with(first)?.ok_or_else(missing)?.first_id;
    let until = tx.activity_page_with(last)?.ok_or_else(missing)?.last_id;
    let clipped = free.runs.iter().map(|(a, z)| ((*a).max(from), (*z).min(until)));
    Ok(Members {
        runs: clipped.filter(|(a, z)| a <= z).collect(),
        ..free.clone()
    })
}
