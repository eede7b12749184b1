//! Recognition in the ledger: lots of a selection, the quote, caps, and laying the shares over the serials.

use std::sync::Arc;

use tanqiao_mappings::recognition::{
    Act, Batch, Crossing, GivenLot, Reason, batch_lots_of, recognise as recognise_lots,
};
use tanqiao_protocol::block::{Block, BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::leaf::CapChange;
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::{Division, LotQuote, MappingRecord, Quote, Share, lay_out};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{SerialRange, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::blocks::{Part, Piece, Selection, cut};
use super::region_of;
use crate::ledger::objects::Governance;
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::working::Working;

/// What the ledger knows of a lot beside its serials.
fn given(governance: &Governance, lot: tanqiao_protocol::recognition::Lot, held_in: RegionCode) -> Decided<GivenLot> {
    let issuer = governance.members.get(lot.series.issuer());
    let home = issuer
        .map(|m| m.region)
        .ok_or_else(|| Rejection::Broken(format!("no issuer of {}", lot.series)))?;
    let home_uses = governance
        .methodologies
        .get(lot.series.methodology())
        .map_or(Uses::NONE, |m| m.content.uses);
    Ok(GivenLot {
        lot,
        home,
        home_uses,
        held_in: Some(held_in),
        batch: None,
    })
}

/// R01 to R08: what recognition makes of a selection that goes to `to` for `use`. The explanation is left out: it follows
/// from the rest, and would be most of what a transfer stores.
pub fn recognise(
    working: &Working,
    selection: &Selection,
    holder: &NodeId,
    to: RegionCode,
    r#use: Use,
) -> Decided<Quote> {
    let blocks: Vec<Block> = selection.parts.iter().map(Part::cut).collect();
    let held_in = region_of(working, holder)?;
    let crossing = Crossing {
        to,
        r#use,
        at: working.now,
    };
    let governance = &working.governance;
    check_schemes(working, &blocks, &crossing)?;
    let lots: Vec<GivenLot> = batch_lots_of(&blocks, |block| {
        crossing_batch(governance, &block.series, &crossing).then_some(block.terms.issuance)
    })
    .into_iter()
    .map(|(lot, issuance)| {
        let batch = issuance.map(|issuance| batch_of(working, issuance)).transpose()?;
        Ok(GivenLot {
            batch,
            ..given(governance, lot, held_in)?
        })
    })
    .collect::<Decided<_>>()?;
    let recognised = recognise_lots(&working.governance.mappings, &lots, &crossing).map_err(|refusal| {
        let check = match refusal.reason {
            Reason::NoMapping { .. } => CheckCode::R01,
            Reason::NotActive { .. } => CheckCode::R02,
            Reason::Rejected { .. } => CheckCode::R03,
            Reason::UseNotPermitted { .. } => CheckCode::R04,
            Reason::DeliversNothing { .. } | Reason::OutOfReach { .. } => CheckCode::R08,
            Reason::OtherActs { .. } | Reason::NoBatchFactor { .. } => CheckCode::R06,
            Reason::SerialsInvalid => CheckCode::B07,
        };
        let mut out = Refusal::new(check, refusal.reason.to_string());
        for block in refusal.blocks {
            out = out.block(block);
        }
        Rejection::from(out)
    })?;
    Ok(Quote {
        explanation_zh: String::new(),
        explanation_en: String::new(),
        ..recognised.quote
    })
}

/// R06: an issuance that declared a scheme which the using region excludes is not recognised there.
fn check_schemes(working: &Working, blocks: &[Block], crossing: &Crossing) -> Decided<()> {
    let governance = &working.governance;
    for block in blocks {
        let Some(record) = crossing_record(governance, &block.series, crossing.to, crossing.r#use, crossing.at) else {
            continue;
        };
        if record.excluded_schemes.is_empty() {
            continue;
        }
        let issuance = working.issuances.get(&block.terms.issuance)?;
        let declared = issuance
            .and_then(|one| one.content.other_schemes.as_deref())
            .unwrap_or_default();
        let excluded = declared.iter().find(|scheme| record.excluded_schemes.contains(scheme));
        if let Some(scheme) = excluded {
            let detail = format!(
                "The issuance behind these serials takes part in `{scheme}`, which mapping {} excludes.",
                record.mapping
            );
            return Err(Refusal::new(CheckCode::R06, detail).block(block.reference()).into());
        }
    }
    Ok(())
}

/// True if activity data of this series travel on such a crossing: its lots are then parted by issuance.
fn crossing_batch(governance: &Governance, series: &SeriesRef, crossing: &Crossing) -> bool {
    crossing_record(governance, series, crossing.to, crossing.r#use, crossing.at)
        .is_some_and(|record| record.batch.is_some())
}

/// The record by which serials of a series cross, if one recognises them.
fn crossing_record<'a>(
    governance: &'a Governance,
    series: &SeriesRef,
    to: RegionCode,
    r#use: Use,
    at: Timestamp,
) -> Option<&'a Arc<MappingRecord>> {
    let act = Act {
        vintage: series.vintage(),
        region: series.region_of_act(),
    };
    governance
        .mappings
        .lookup_act(series.methodology(), &act, to, r#use, at)
        .ok()
}

/// What an issuance sealed of its activity data.
fn batch_of(working: &Working, issuance: MessageId) -> Decided<Batch> {
    let found = working.issuances.get(&issuance)?;
    let issued = found.ok_or_else(|| Rejection::Broken(format!("no issuance {issuance} behind a block")))?;
    Ok(Batch {
        issuance,
        activity_total: issued.content.activity_total.clone(),
        issued: issued.content.quantity_g,
    })
}

/// R07: the quote that the message names must be what the hub computes.
pub fn check_quote(named: Option<Sha256>, quote: &Quote) -> Decided<()> {
    ensure(named.is_none_or(|named| named == quote.quote), || {
        Refusal::new(
            CheckCode::R07,
            "The recognition changed since this quote: ask for a new quote, and decide again.",
        )
        .expected(quote.quote, named.map_or_else(String::new, |n| n.to_string()))
    })
}

/// S08: an issuance that was not screened for duplicates crosses a border only in a demonstration.
pub fn check_screened(working: &Working, selection: &Selection, to: RegionCode) -> Decided<()> {
    if working.governance.policy.demonstration {
        return Ok(());
    }
    for part in &selection.parts {
        let home = region_of(working, part.block.series.issuer())?;
        let issuance = working.issuances.get(&part.block.terms.issuance)?;
        let unscreened = issuance.is_none_or(|i| i.unscreened);
        ensure(!unscreened || to.contains(&home), || {
            Refusal::new(
                CheckCode::S08,
                "The issuance behind these serials was not screened for duplicates: it may not cross a border. An officer can allow it for a demonstration.",
            )
            .block(part.block.reference())
        })?;
    }
    Ok(())
}

/// R05, and the change of caps that reserving `quote` makes.
pub fn reserve_caps(working: &Working, quote: &Quote, year: u16) -> Decided<Vec<CapChange>> {
    let changes = cap_changes(&working.governance, quote, year, 1, 0);
    for change in &changes {
        let cap = working
            .governance
            .mapping_versions
            .get(&change.mapping)
            .and_then(|version| version.record())
            .and_then(|record| record.cap_g);
        let count = working.cap(&change.mapping, year)?;
        let given = count.reserved.get() + count.committed.get() + change.reserved_g;
        ensure(cap.is_none_or(|cap| given <= cap.get()), || {
            Refusal::new(
                CheckCode::R05,
                format!(
                    "The yearly cap of mapping {} is reached: give less, or wait for the next year.",
                    change.mapping
                ),
            )
            .expected(cap.unwrap_or_default(), Grams::new(given).unwrap_or_default())
        })?;
    }
    Ok(changes)
}

/// The change of caps of a quote: for each mapping, and each that it is composed of, `reserved` and `committed` times what is
/// given under it.
pub fn cap_changes(governance: &Governance, quote: &Quote, year: u16, reserved: i64, committed: i64) -> Vec<CapChange> {
    let mut changes: Vec<CapChange> = Vec::new();
    for lot in &quote.lots {
        let Some(mapping) = &lot.mapping else { continue };
        let grams = lot.given_g.get();
        for mapping in counted_under(governance, mapping) {
            if let Some(change) = changes.iter_mut().find(|c| c.mapping == mapping) {
                change.reserved_g += reserved * grams;
                change.committed_g += committed * grams;
            } else {
                changes.push(CapChange {
                    committed_g: committed * grams,
                    mapping,
                    reserved_g: reserved * grams,
                    year,
                });
            }
        }
    }
    changes
}

/// The mapping versions whose caps a crossing by `mapping` counts under: itself, and those that it is composed of.
#[must_use]
pub fn counted_under(governance: &Governance, mapping: &MappingRef) -> Vec<MappingRef> {
    let version = governance.mapping_versions.get(mapping);
    version.and_then(|version| version.record()).map_or_else(
        || vec![mapping.clone()],
        |record| record.counted_under().cloned().collect(),
    )
}

/// What a command reads that takes serials of a series to `to` for `use`: the mapping versions whose caps it may touch, and whether
/// the issuances behind the serials are looked at: their activity data fix the factor, or their declarations may be excluded.
#[must_use]
pub fn crossing_reads(
    governance: &Governance,
    series: &SeriesRef,
    to: RegionCode,
    r#use: Use,
    at: Timestamp,
) -> (Vec<MappingRef>, bool) {
    crossing_record(governance, series, to, r#use, at).map_or_else(
        || (Vec::new(), false),
        |record| {
            let issuances = record.batch.is_some() || !record.excluded_schemes.is_empty();
            (record.counted_under().cloned().collect(), issuances)
        },
    )
}

/// What becomes of the delivered part.
#[derive(Debug, Clone, Copy)]
pub enum Arrival<'a> {
    /// The target holds it.
    Held(&'a NodeId),
    /// It is retired by this donation; its donor stays its last holder.
    Retired(MessageId),
}

/// Commits a selection that `by` reserved: the delivered part arrives, the buffered part goes to the hub's buffer, the
/// rest is cancelled. The lots are those of the quote, in its order: nothing about reserved blocks has changed since.
pub fn commit(
    working: &Working,
    selection: &Selection,
    quote: &Quote,
    by: MessageId,
    arrival: Arrival<'_>,
) -> Decided<Vec<Replacement>> {
    let blocks: Vec<Block> = selection.parts.iter().map(Part::cut).collect();
    // Parted as the quote was: by issuance where its series says one.
    let parted = |series: &SeriesRef| {
        quote
            .lots
            .iter()
            .any(|lot| lot.series == *series && lot.issuance.is_some())
    };
    let lots: Vec<_> = batch_lots_of(&blocks, |block| parted(&block.series).then_some(block.terms.issuance));
    if lots.len() != quote.lots.len()
        || lots.iter().zip(&quote.lots).any(|((lot, issuance), quoted)| {
            lot.series != quoted.series || lot.paid != quoted.paid_before || *issuance != quoted.issuance
        })
    {
        return Err(Rejection::Broken(format!(
            "the lots of {by} are not those of its quote"
        )));
    }
    let mut shares = Vec::new();
    for ((lot, _), quoted) in lots.iter().zip(&quote.lots) {
        let ranges: Vec<SerialRange> = lot.blocks.iter().map(|b| b.range).collect();
        let division = Division {
            delivered: quoted.delivered_g,
            buffered: quoted.buffered_g,
            cancelled: quoted.cancelled_g,
            paid: quoted.paid_after,
        };
        shares.extend(
            lay_out(&ranges, &division)
                .into_iter()
                .map(|(_, range, share)| (&quoted.series, range, share, quoted)),
        );
    }
    shares.sort_unstable_by(|a, b| (a.0, a.1.first()).cmp(&(b.0, b.1.first())));
    let home = |series: &tanqiao_protocol::serial::SeriesRef| {
        working
            .governance
            .members
            .get(series.issuer())
            .is_some_and(|m| quote.to.contains(&m.region) || m.region.contains(&quote.to))
    };
    Ok(cut(selection, |part| {
        let start = shares.partition_point(|s| (s.0, s.1.last()) < (&part.block.series, part.range.first()));
        shares
            .iter()
            .skip(start)
            .take_while(|s| *s.0 == part.block.series && s.1.first() <= part.range.last())
            .filter_map(|(series, range, share, quoted)| {
                Some(arrive(
                    part,
                    range.intersection(&part.range)?,
                    *share,
                    quoted,
                    by,
                    arrival,
                    home(series),
                ))
            })
            .collect()
    }))
}

fn arrive(
    part: &Part,
    range: SerialRange,
    share: Share,
    quoted: &LotQuote,
    by: MessageId,
    arrival: Arrival<'_>,
    home: bool,
) -> Piece {
    let before = &part.block;
    let mut terms = before.terms.clone();
    terms.factor_paid = quoted.paid_after;
    terms.uses = quoted.uses;
    terms.buffered |= !quoted.buffered_g.is_zero();
    match &quoted.mapping {
        Some(mapping) => terms.mapping = Some(mapping.clone()),
        None if home => terms.mapping = None,
        None => {}
    }
    let source = before.status.holder.clone();
    let (status, terms) = match (share, arrival) {
        (Share::Delivered, Arrival::Held(target)) => (BlockStatus::held_by(target.clone()), Some(terms)),
        (Share::Delivered, Arrival::Retired(donation)) => {
            (BlockStatus::bound(source, BlockState::Retired, donation), Some(terms))
        }
        (Share::Buffered, _) => (BlockStatus::held_by(NodeId::hub_buffer()), Some(terms)),
        (Share::Cancelled, _) => (BlockStatus::bound(source, BlockState::Cancelled, by), None),
    };
    Piece { range, status, terms }
}
