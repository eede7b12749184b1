//! Invariant 6: in every committed transfer and donation, lot by lot, what arrived, what went to the buffer and what was
//! cancelled are what was given; by the quote, by the leaf, and by the arithmetic of recognition done again.

use std::collections::BTreeMap;

use tanqiao_mappings::recognition::factor_of_batch;
use tanqiao_protocol::block::{Block, BlockChange, BlockState};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::ledger::Book;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Division, LotQuote, MappingRecord, Quote};
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::Uses;

use super::findings::Findings;
use crate::store::audit::{Names, some_donations, some_issuances, some_transfers};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};

/// What makes blocks one lot, in the order in which a quote has its lots.
type Sameness = (SeriesRef, Option<MappingRef>, Factor, bool, Uses, Option<MessageId>);

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
        Some(terms.issuance),
    )
}

/// The lots of a leaf parted as the quote was: by issuance where its series says one.
fn parted(lots: &BTreeMap<Sameness, Shares>, quote: &Quote) -> BTreeMap<Sameness, Shares> {
    let by_issuance = |series: &SeriesRef| {
        let mut lots = quote.lots.iter();
        lots.any(|lot| lot.series == *series && lot.issuance.is_some())
    };
    let mut out: BTreeMap<Sameness, Shares> = BTreeMap::new();
    for (key, shares) in lots {
        let mut key: Sameness = key.clone();
        key.5 = key.5.filter(|_| by_issuance(&key.0));
        let sum = out.entry(key).or_default();
        sum.given += shares.given;
        sum.delivered += shares.delivered;
        sum.buffered += shares.buffered;
        sum.cancelled += shares.cancelled;
    }
    out
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
        let batched: Vec<MessageId> = quotes
            .values()
            .flat_map(|quote| quote.lots.iter().filter_map(|lot| lot.issuance))
            .collect();
        let mut batches: Batches = BTreeMap::new();
        for row in some_issuances(connection, &batched)? {
            if let Ok(issuance) = convert::issuance(&row, &names.numbers) {
                batches.insert(
                    issuance.id,
                    (issuance.content.activity_total, issuance.content.quantity_g),
                );
            }
        }
        for committed in self.waiting.drain(..) {
            match quotes.get(&committed.id) {
                Some(quote) => compare(&committed, quote, names, &batches, findings),
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

/// What issuances sealed of their activity data, and the grams that they issued.
type Batches = BTreeMap<MessageId, (String, Grams)>;

fn compare(committed: &Committed, quote: &Quote, names: &Names, batches: &Batches, findings: &mut Findings) {
    let subject = committed.subject();
    let lots = parted(&committed.lots, quote);
    findings.ensure(6, lots.len() == quote.lots.len(), &subject, || {
        format!("its quote has {} lots, and its leaf {}", quote.lots.len(), lots.len())
    });
    for ((lot, shares), quoted) in lots.iter().zip(&quote.lots) {
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
        check_division(&name, lot, quoted, names, batches, findings);
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

/// Does the arithmetic of rules 5 and 6 of 3-recognition again, with the factor of the signed record, or the batch's own by it. A
/// smaller one may be that of another version of the same mapping, under which the acts fall.
fn check_division(
    name: &str,
    lot: &Sameness,
    quoted: &LotQuote,
    names: &Names,
    batches: &Batches,
    findings: &mut Findings,
) {
    let (factors, buffer) = match &quoted.mapping {
        None => (vec![Factor::ONE], Factor::ZERO),
        Some(mapping) => match names.mappings.get(mapping).and_then(|version| version.record()) {
            Some(record) => (factors(record, quoted, names, batches), record.buffer),
            None => {
                return findings.add(
                    6,
                    name,
                    format!("is recognised by {mapping}, which is not in the store"),
                );
            }
        },
    };
    let stated = Division {
        delivered: quoted.delivered_g,
        buffered: quoted.buffered_g,
        cancelled: quoted.cancelled_g,
        paid: quoted.paid_after,
    };
    let again: Vec<Division> = factors
        .into_iter()
        .map(|factor| Division::of(quoted.given_g, lot.2, factor, buffer, lot.3))
        .collect();
    findings.ensure(6, again.contains(&stated) && quoted.paid_before == lot.2, name, || {
        format!("the recognition gives {again:?}, and the quote says {stated:?}")
    });
}

/// The factors by which a lot may have crossed: its own, and smaller ones of other versions of its mapping.
fn factors(record: &MappingRecord, quoted: &LotQuote, names: &Names, batches: &Batches) -> Vec<Factor> {
    let batch = record
        .batch
        .as_ref()
        .zip(quoted.issuance.and_then(|id| batches.get(&id)));
    let own = match batch {
        Some((rule, (total, issued))) => factor_of_batch(rule, total, *issued).unwrap_or(Factor::ZERO),
        None => record.factor,
    };
    let others = names
        .mappings
        .iter()
        .filter(|(mapping, version)| mapping.id() == record.mapping.id() && version.state.was_approved())
        .filter_map(|(_, version)| version.record())
        .map(|other| other.factor)
        .filter(|factor| *factor < own);
    std::iter::once(own).chain(others).collect()
}
