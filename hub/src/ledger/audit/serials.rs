//! Invariants 1, 2 and 7: every serial in one block, series that add up, issuances that say whether they were screened.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::block::Block;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::transfer::IssuanceState;

use super::dealings::check_state;
use super::findings::Findings;
use crate::ledger::objects::Issuance;
use crate::store::audit::{Names, issuances};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::BlockRow;

/// The serials of every issuance.
#[derive(Debug, Default)]
pub(super) struct Issued {
    /// Number of the series, first and last serial, by issuance.
    ranges: BTreeMap<MessageId, (i64, i64, i64)>,
    /// Σ in grams, by number of the series.
    totals: BTreeMap<i64, i64>,
}

impl Issued {
    pub(super) fn read(
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<Self, StoreError> {
        let mut issued = Self::default();
        issuances(connection, |row| {
            match convert::issuance(&row, &names.numbers) {
                Ok(issuance) => {
                    check_screening(&issuance, findings);
                    check_state(
                        "issuance",
                        issuance.id,
                        issuance.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    if let (Some(series), Some(first), Some(last)) = (row.series_no, row.first, row.last) {
                        issued.ranges.insert(issuance.id, (series, first, last));
                        *issued.totals.entry(series).or_default() += last - first + 1;
                        findings.ensure(
                            2,
                            last - first < issuance.content.quantity_g.get(),
                            format!("issuance/{}", issuance.id),
                            || {
                                format!(
                                    "has {} serials, and {} g in its header",
                                    last - first + 1,
                                    issuance.content.quantity_g.get()
                                )
                            },
                        );
                    }
                }
                Err(error) => findings.add(9, format!("issuance/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        findings.note(
            7,
            "This hub does not compare fingerprint tokens yet: an issuance is recognised unscreened and marked so for good. Checked is that each \
             recognised issuance bears the mark and has serials."
                .to_owned(),
        );
        Ok(issued)
    }
}

/// Nothing is screened yet, so that nothing may say that it was.
fn check_screening(issuance: &Issuance, findings: &mut Findings) {
    let subject = format!("issuance/{}", issuance.id);
    if issuance.state == IssuanceState::Recognised {
        findings.checked(7);
        findings.ensure(7, issuance.unscreened, &subject, || {
            "is recognised without the mark `unscreened`, though nothing has screened it".to_owned()
        });
        findings.ensure(2, issuance.block.is_some(), &subject, || {
            "is recognised and has no serials".to_owned()
        });
    }
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
        let within = self
            .issued
            .ranges
            .get(&block.terms.issuance)
            .is_some_and(|(series, first, last)| *series == row.series_no && *first <= row.first && row.last <= *last);
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
