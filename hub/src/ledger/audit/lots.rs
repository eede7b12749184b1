//! Invariant 6: in every committed transfer and donation, lot by lot, what arrived, what went to the buffer and what was
//! cancelled are what was given; by the quote, by the leaf, and by the arithmetic of recognition done again.

use std::collections::BTreeMap;

use tanqiao_protocol::block::{Block, BlockChange, BlockState};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::ledger::Book;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{Division, LotQuote, Quote};
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::Uses;

use super::findings::Findings;
use crate::store::audit::{Names, some_donations, some_transfers};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};

/// What makes blocks one lot, in the order in which a quote has its lots.
type Sameness = (SeriesRef, Option<MappingRef>, Factor, bool, Uses);

/// Grams of one lot by a leaf.
#[derive(Debug, Default)]
struct Shares {
    given: i64,
    delivered: i64,
    buffered: i64,
    cancelled: i64,
}

/// A committed transfer or donation, by its leaf.
#[derive(Debug)]
struct Committed {
    id: MessageId,
    donation: bool,
    lots: BTreeMap<Sameness, Shares>,
}

impl Committed {
    fn of(leaf: &Leaf) -> Option<Self> {
        let (kind, id) = leaf.subject.split_once('/')?;
        let donation = match leaf.r#type.as_str() {
            "transfer.committed" if kind == "transfer" => false,
            "donation.committed" if kind == "donation" => true,
            _ => return None,
        };
        Some(Self {
            id: id.parse().ok()?,
            donation,
            lots: BTreeMap::new(),
        })
    }

    fn subject(&self) -> String {
        format!("{}/{}", if self.donation { "donation" } else { "transfer" }, self.id)
    }

    /// Adds a change, given the blocks before it.
    fn add(&mut self, change: &BlockChange, before: &Book) {
        let reserved = change
            .from
            .as_ref()
            .is_some_and(|f| f.state == BlockState::Reserved && f.bound_to == Some(self.id));
        let Some(block) = before
            .overlapping(&change.block.series, change.block.range)
            .next()
            .filter(|_| reserved)
        else {
            return;
        };
        let shares = self.lots.entry(sameness(block)).or_default();
        let grams = change.block.range.quantity().get();
        shares.given += grams;
        *(if change.to.state == BlockState::Cancelled {
            &mut shares.cancelled
        } else if change.to.holder == NodeId::hub_buffer() {
            &mut shares.buffered
        } else {
            &mut shares.delivered
        }) += grams;
    }
}

fn sameness(block: &Block) -> Sameness {
    let terms = &block.terms;
    (
        block.series.clone(),
        terms.mapping.clone(),
        terms.factor_paid,
        terms.buffered,
        terms.uses,
    )
}

/// Committed transfers and donations that were met in the log and not compared with the store yet.
#[derive(Debug, Default)]
pub(super) struct Lots {
    /// The one whose leaf has parts to come.
    open: Option<Committed>,
    waiting: Vec<Committed>,
}

impl Lots {
    /// A leaf, before it is applied to `book`.
    pub(super) fn see(&mut self, bytes: &[u8], book: &Book) {
        // Most leaves commit nothing, and reading them twice costs more than looking for the word.
        if !std::str::from_utf8(bytes).is_ok_and(|text| text.contains(".committed\"")) {
            return;
        }
        // A leaf that cannot be read is found when it is replayed.
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        let (part, parts) = (leaf.part.unwrap_or(1), leaf.parts.unwrap_or(1));
        if part == 1 {
            self.open = Committed::of(&leaf);
        }
        let Some(open) = &mut self.open else { return };
        leaf.changes.iter().for_each(|change| open.add(change, book));
        if part >= parts {
            self.waiting.extend(self.open.take());
        }
    }

    /// Compares what has been met with the quotes in the store.
    pub(super) fn settle(
        &mut self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let ids = |donation| -> Vec<MessageId> {
            self.waiting
                .iter()
                .filter(|c| c.donation == donation)
                .map(|c| c.id)
                .collect()
        };
        let mut quotes: BTreeMap<MessageId, Quote> = BTreeMap::new();
        for row in some_transfers(connection, &ids(false))? {
            if let Ok(transfer) = convert::transfer(&row, &names.numbers) {
                quotes.insert(transfer.id, transfer.content.quote);
            }
        }
        for row in some_donations(connection, &ids(true))? {
            if let Ok(donation) = convert::donation(&row, &names.numbers) {
                quotes.insert(donation.id, donation.content.quote);
            }
        }
        for committed in self.waiting.drain(..) {
            match quotes.get(&committed.id) {
                Some(quote) => compare(&committed, quote, names, findings),
                None => findings.add(
                    6,
                    committed.subject(),
                    "is committed in the log, and has no readable quote in the store",
                ),
            }
        }
        Ok(())
    }
}

fn compare(committed: &Committed, quote: &Quote, names: &Names, findings: &mut Findings) {
    let subject = committed.subject();
    findings.ensure(6, committed.lots.len() == quote.lots.len(), &subject, || {
        format!(
            "its quote has {} lots, and its leaf {}",
            quote.lots.len(),
            committed.lots.len()
        )
    });
    for ((lot, shares), quoted) in committed.lots.iter().zip(&quote.lots) {
        findings.checked(6);
        let by_leaf = (shares.given, shares.delivered, shares.buffered, shares.cancelled);
        let by_quote = (
            quoted.given_g.get(),
            quoted.delivered_g.get(),
            quoted.buffered_g.get(),
            quoted.cancelled_g.get(),
        );
        let name = format!("{subject}: lot of {}", lot.0);
        findings.ensure(6, lot.0 == quoted.series && by_leaf == by_quote, &name, || {
            format!("gave, delivered, buffered and cancelled {by_leaf:?} g by the leaf, and {by_quote:?} g of {} by the quote", quoted.series)
        });
        findings.ensure(6, by_quote.1 + by_quote.2 + by_quote.3 == by_quote.0, &name, || {
            format!(
                "delivered {}, buffered {} and cancelled {} g are not the {} g that were given",
                by_quote.1, by_quote.2, by_quote.3, by_quote.0
            )
        });
        check_division(&name, lot, quoted, names, findings);
    }
    let sum = |part: fn(&LotQuote) -> i64| -> i64 { quote.lots.iter().map(part).sum() };
    let totals = (
        sum(|l| l.given_g.get()),
        sum(|l| l.delivered_g.get()),
        sum(|l| l.buffered_g.get()),
        sum(|l| l.cancelled_g.get()),
    );
    let stated = (
        quote.given_g.get(),
        quote.delivered_g.get(),
        quote.buffered_g.get(),
        quote.cancelled_g.get(),
    );
    findings.ensure(6, totals == stated, subject, || {
        format!("its quote states {stated:?} g, and its lots add up to {totals:?} g")
    });
}

/// Does the arithmetic of rules 5 and 6 of 3-recognition again, with the factor of the signed record.
fn check_division(name: &str, lot: &Sameness, quoted: &LotQuote, names: &Names, findings: &mut Findings) {
    let (factor, buffer) = match &quoted.mapping {
        None => (Factor::ONE, Factor::ZERO),
        Some(mapping) => match names.mappings.get(mapping) {
            Some(record) => (record.factor, record.buffer),
            None => {
                return findings.add(
                    6,
                    name,
                    format!("is recognised by {mapping}, which is not in the store"),
                );
            }
        },
    };
    let again = Division::of(quoted.given_g, lot.2, factor, buffer, lot.3);
    let stated = Division {
        delivered: quoted.delivered_g,
        buffered: quoted.buffered_g,
        cancelled: quoted.cancelled_g,
        paid: quoted.paid_after,
    };
    findings.ensure(6, again == stated && quoted.paid_before == lot.2, name, || {
        format!("the recognition gives {again:?}, and the quote says {stated:?}")
    });
}
