//! Invariants 4, 5 and 8: what binds a block, and the one claim of what was retired.

use std::collections::BTreeMap;

use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::event::ClaimantKind;
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange};

use super::dealings::{Binder, Dealings};
use super::findings::Findings;
use crate::ledger::objects::Retirement;
use crate::store::audit::{Names, retirements};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};

/// The blocks that name one retirement.
#[derive(Debug)]
struct Retired {
    first: BlockRef,
    total: i64,
}

/// What has been seen of blocks that are bound.
#[derive(Debug)]
pub(super) struct Bindings {
    open: BTreeMap<MessageId, Binder>,
    pledges: BTreeMap<MessageId, Binder>,
    donated: BTreeMap<MessageId, Name>,
    retired: BTreeMap<MessageId, Retired>,
    /// Retired grams that are claimed inside and outside the region of the act.
    at_home_g: i64,
    elsewhere_g: i64,
}

impl Bindings {
    pub(super) fn new(dealings: Dealings) -> Self {
        Self {
            open: dealings.open,
            pledges: dealings.pledges,
            donated: dealings.donated,
            retired: BTreeMap::new(),
            at_home_g: 0,
            elsewhere_g: 0,
        }
    }

    /// A stored block.
    pub(super) fn see(&mut self, block: &Block, findings: &mut Findings) {
        let by = block.status.bound_to;
        let pledged =
            block.status.state == BlockState::Pledged || block.status.state_before == Some(BlockState::Pledged);
        match block.status.state {
            BlockState::Reserved => {
                findings.checked(4);
                bind(
                    by.and_then(|id| self.open.get_mut(&id)),
                    block,
                    "open transfer or donation",
                    findings,
                );
            }
            _ if pledged => {
                findings.checked(4);
                bind(
                    by.and_then(|id| self.pledges.get_mut(&id)),
                    block,
                    "active pledge",
                    findings,
                );
            }
            BlockState::Retired => {
                findings.checked(5);
                match by {
                    Some(by) => {
                        self.retired
                            .entry(by)
                            .or_insert_with(|| Retired {
                                first: block.reference(),
                                total: 0,
                            })
                            .total += block.quantity().get();
                    }
                    None => findings.add(5, block.reference(), "is retired and names no retirement"),
                }
            }
            BlockState::Cancelled | BlockState::Exported => {
                findings.ensure(4, by.is_some(), block.reference(), || {
                    format!("is `{}` and names nothing that ended it", block.status.state)
                });
            }
            BlockState::Held | BlockState::Frozen | BlockState::Pledged => {
                findings.ensure(4, by.is_none(), block.reference(), || {
                    format!("is `{}` and bound to something", block.status.state)
                });
            }
        }
    }

    /// After the last block: open ones that bind too little, and every claim.
    pub(super) fn end(
        mut self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for binder in self.open.values_mut() {
            binder.bound.sort_unstable();
            for unbound in unbound(binder) {
                findings.add(
                    4,
                    unbound,
                    format!("is part of {}, which is open, and not reserved by it", binder.subject),
                );
            }
        }
        retirements(connection, |row| {
            match convert::retirement(&row, &names.numbers) {
                Ok(retirement) => self.check_claim(&retirement, findings),
                Err(error) => {
                    let id = hex::encode(&row.id);
                    findings.add(5, format!("retirement/{id}"), error);
                }
            }
            Ok(())
        })?;
        for (id, retired) in &self.retired {
            findings.add(
                5,
                &retired.first,
                format!("is retired by {id}, and there is no such retirement"),
            );
        }
        for (id, event) in &self.donated {
            findings.add(
                5,
                format!("donation/{id}"),
                format!("is committed to `{event}` and has no claim"),
            );
        }
        findings.note(
            8,
            format!(
                "Regional claim entries are not recorded yet, so that none was added up. By the claims of retired blocks, {} g are used in the region of \
                 the act and {} g elsewhere; the latter will each need a pair of entries.",
                self.at_home_g, self.elsewhere_g
            ),
        );
        Ok(())
    }

    fn check_claim(&mut self, retirement: &Retirement, findings: &mut Findings) {
        let subject = format!("retirement/{}", retirement.id);
        let retired = self.retired.remove(&retirement.id);
        let total = retired.map_or(0, |r| r.total);
        findings.ensure(5, total == retirement.quantity.get(), &subject, || {
            format!(
                "claims {} g, and the blocks that name it add up to {total} g",
                retirement.quantity.get()
            )
        });
        let named: Grams = retirement.blocks.iter().map(|b| b.range.quantity()).sum();
        findings.ensure(5, named == retirement.quantity, &subject, || {
            format!(
                "claims {} g, and the serials that it names are {} g",
                retirement.quantity.get(),
                named.get()
            )
        });
        let event = self.donated.remove(&retirement.id);
        let claim = &retirement.claim;
        let fits = match &event {
            Some(event) => claim.claimant_kind == ClaimantKind::Event && claim.claimant == event.as_str(),
            None => claim.claimant_kind != ClaimantKind::Event,
        };
        findings.ensure(5, fits, &subject, || {
            format!("claims for `{}`, which is not what was decided", claim.claimant)
        });
        for block in &retirement.blocks {
            let (act, use_place) = (block.series.region_of_act(), claim.place);
            let home = act.contains(&use_place) || use_place.contains(&act);
            *(if home {
                &mut self.at_home_g
            } else {
                &mut self.elsewhere_g
            }) += block.range.quantity().get();
        }
    }
}

fn bind(binder: Option<&mut Binder>, block: &Block, kind: &str, findings: &mut Findings) {
    let reference = block.reference();
    let by = block
        .status
        .bound_to
        .map_or_else(|| "nothing".to_owned(), |id| id.to_string());
    match binder {
        None => findings.add(
            4,
            reference,
            format!("is `{}` by {by}, which is no {kind}", block.status.state),
        ),
        Some(binder) => {
            findings.ensure(4, binder.contains(&reference), &reference, || {
                format!("is not part of {}, which it names", binder.subject)
            });
            findings.ensure(4, binder.holder == block.status.holder, &reference, || {
                format!(
                    "is held by `{}` and named by {} of `{}`",
                    block.status.holder, binder.subject, binder.holder
                )
            });
            binder.bound.push(reference);
        }
    }
}

/// The serials of an open transfer or donation that no block reserves for it. `bound` is ascending.
fn unbound(binder: &Binder) -> Vec<BlockRef> {
    let mut missing = Vec::new();
    for range in &binder.ranges {
        let mut next = range.range.first();
        let from = binder
            .bound
            .partition_point(|b| (&b.series, b.range.last()) < (&range.series, range.range.first()));
        for bound in binder
            .bound
            .iter()
            .skip(from)
            .take_while(|b| b.series == range.series && b.range.first() <= range.range.last())
        {
            missing.extend(gap(range, next, bound.range.first() - 1));
            next = next.max(bound.range.last() + 1);
        }
        missing.extend(gap(range, next, range.range.last()));
    }
    missing
}

fn gap(range: &BlockRef, first: i64, last: i64) -> Option<BlockRef> {
    SerialRange::new(first, last).ok().map(|gap| BlockRef {
        series: range.series.clone(),
        range: gap,
    })
}
