//! Invariants 1, 2 and 7: every serial in one block, series that add up, issuances that say whether they were screened.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::block::Block;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::serial::SeriesRef;

use super::dealings::check_state;
use super::findings::Findings;
use super::pages::Pages;
use super::screening::Screening;
use crate::ledger::objects::Issuance;
use crate::store::audit::{Names, issuances};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::BlockRow;

/// The serials of every issuance.
#[derive(Debug, Default)]
pub(super) struct Issued {
    /// Number of the series, first and last serial, by issuance.
    ranges: BTreeMap<MessageId, Vec<(i64, i64, i64)>>,
    /// Σ in grams, by number of the series.
    totals: BTreeMap<i64, i64>,
    issuers: BTreeMap<MessageId, NodeId>,
}

impl Issued {
    pub(super) fn read(
        connection: &mut ReadConnection<'_>,
        names: &Names,
        (screening, pages): (&Screening, &Pages),
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<Self, StoreError> {
        let mut issued = Self::default();
        issuances(connection, |row| {
            match convert::issuance(&row, &names.numbers) {
                Ok(issuance) => {
                    screening.check_issuance(&issuance, findings);
                    pages.check(&issuance, screening, findings);
                    check_state(
                        "issuance",
                        issuance.id,
                        issuance.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    let series = series_no(names, &issuance);
                    let ranges = screening.ranges(&issuance, series);
                    let total: i64 = ranges.iter().map(|(_, first, last)| last - first + 1).sum();
                    *issued.totals.entry(series).or_default() += total;
                    findings.ensure(
                        2,
                        total <= issuance.content.quantity_g.get(),
                        format!("issuance/{}", issuance.id),
                        || format!("has {total} serials, and {} in its header", issuance.content.quantity_g),
                    );
                    issued.ranges.insert(issuance.id, ranges);
                    issued.issuers.insert(issuance.id, issuance.issuer);
                }
                Err(error) => findings.add(9, format!("issuance/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        findings.note(
            7,
            "That no token has two owners is a key of the screening store. Checked is that whatever was recognised was screened or bears the mark \
             `unscreened`, that every conflict ended as it says, that the stored pages give serials to exactly the activities that have some, that a token \
             changed hands only to an activity that has it, and that what a loss took and left owing is what was lost."
                .to_owned(),
        );
        Ok(issued)
    }

    /// Who issued it.
    pub(super) fn issuer(&self, issuance: MessageId) -> Option<&NodeId> {
        self.issuers.get(&issuance)
    }
}

/// The number of an issuance's series; 0 while it has none.
fn series_no(names: &Names, issuance: &Issuance) -> i64 {
    let header = &issuance.content;
    let series = SeriesRef::new(
        issuance.issuer.clone(),
        header.region_of_act,
        header.methodology.clone(),
        header.vintage,
    );
    series
        .ok()
        .and_then(|series| names.numbers.series.find(&series))
        .unwrap_or(0)
}

/// The series that is being walked through.
#[derive(Debug)]
struct Walk {
    series_no: i64,
    name: String,
    /// The serial that must come next.
    next: i64,
    total: i64,
}

/// Walks through all blocks in order.
#[derive(Debug)]
pub(super) struct Serials<'a> {
    names: &'a Names,
    issued: &'a Issued,
    walk: Option<Walk>,
    seen: BTreeSet<i64>,
}

impl<'a> Serials<'a> {
    pub(super) fn new(names: &'a Names, issued: &'a Issued) -> Self {
        Self {
            names,
            issued,
            walk: None,
            seen: BTreeSet::new(),
        }
    }

    /// The next block, by series and first serial.
    pub(super) fn see(&mut self, row: &BlockRow, block: &Block, findings: &mut Findings) {
        findings.checked(1);
        if self.walk.as_ref().is_none_or(|walk| walk.series_no != row.series_no) {
            self.end_series(findings);
            self.seen.insert(row.series_no);
            self.walk = Some(Walk {
                series_no: row.series_no,
                name: block.series.to_string(),
                next: 1,
                total: 0,
            });
        }
        let Some(walk) = &mut self.walk else { return };
        findings.ensure(1, row.first >= walk.next, block.reference(), || {
            format!("overlaps the block before it, which ends at serial {}", walk.next - 1)
        });
        findings.ensure(
            1,
            row.first <= walk.next,
            format!("{}/{}-{}", walk.name, walk.next, row.first - 1),
            || "is in no block".to_owned(),
        );
        walk.next = walk.next.max(row.last + 1);
        walk.total += block.quantity().get();
        let within = self.issued.ranges.get(&block.terms.issuance).is_some_and(|ranges| {
            let holds = |(series, first, last): &(i64, i64, i64)| {
                *series == row.series_no && *first <= row.first && row.last <= *last
            };
            ranges.iter().any(holds)
        });
        findings.ensure(2, within, block.reference(), || {
            format!("is not within the serials of its issuance {}", block.terms.issuance)
        });
    }

    fn end_series(&mut self, findings: &mut Findings) {
        let Some(walk) = self.walk.take() else { return };
        let Some(counter) = self.names.series.get(&walk.series_no).copied() else {
            return findings.add(1, walk.name, "has blocks and no counter");
        };
        findings.checked(2);
        findings.ensure(
            1,
            walk.next > counter,
            format!("{}/{}-{counter}", walk.name, walk.next),
            || "is in no block".to_owned(),
        );
        findings.ensure(
            1,
            walk.next <= counter + 1,
            format!("{}/{}-{}", walk.name, counter + 1, walk.next - 1),
            || format!("is beyond the series' counter, {counter}"),
        );
        findings.ensure(2, walk.total == counter, &walk.name, || {
            format!("its blocks add up to {} g, and {counter} g were issued", walk.total)
        });
        let issued = self.issued.totals.get(&walk.series_no).copied().unwrap_or(0);
        findings.ensure(2, issued == counter, &walk.name, || {
            format!("its issuances add up to {issued} g, and its counter is {counter}")
        });
    }

    /// After the last block.
    pub(super) fn end(mut self, findings: &mut Findings) {
        self.end_series(findings);
        for (number, counter) in &self.names.series {
            if !self.seen.contains(number) && *counter > 0 {
                let name = self
                    .names
                    .numbers
                    .series
                    .name(*number)
                    .map_or_else(|_| format!("series {number}"), ToString::to_string);
                findings.add(1, format!("{name}/1-{counter}"), "is in no block");
                findings.add(2, name, format!("has no block, and {counter} g were issued"));
            }
        }
    }
}
