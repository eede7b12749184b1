//! What the hub would do with lots that go to a region for a use: divided, summed, explained.

use tanqiao_protocol::block::BlockTerms;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::{Grams, MAX_SAFE_INTEGER};
use tanqiao_protocol::recognition::{Division, Lot, LotQuote, Quote, Share, lay_out, quote_id};
use tanqiao_protocol::serial::{BlockRef, SerialRange};

use super::explain::{explain_en, explain_zh};
use super::lots::ranges_of;
use super::mapping_set::MappingSet;
use super::refusal::{Reason, Refusal};
use super::terms::{Basis, Crossing, GivenLot, Terms, terms_for};

/// A lot with what applies to it and how it divides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedLot {
    /// The lot.
    pub lot: Lot,
    /// The issuance that it is of, where lots are parted by issuance because activity data travel.
    pub issuance: Option<MessageId>,
    /// What it gives, in grams.
    pub given: Grams,
    /// What applies to it.
    pub terms: Terms,
    /// How many of its grams go on, to the buffer and out.
    pub division: Division,
}

impl RecognisedLot {
    /// The lot's serials in ascending order, each with where it goes.
    #[must_use]
    pub fn pieces(&self) -> Vec<(BlockRef, Share)> {
        let ranges: Vec<SerialRange> = self.lot.blocks.iter().map(|block| block.range).collect();
        lay_out(&ranges, &self.division)
            .into_iter()
            .map(|(_, range, share)| {
                let series = self.lot.series.clone();
                (BlockRef { series, range }, share)
            })
            .collect()
    }

    /// True once a buffer was taken from these blocks, now or before.
    #[must_use]
    pub fn buffered_after(&self) -> bool {
        self.lot.buffered || !self.division.buffered.is_zero()
    }

    /// The terms of a delivered block that had `before`.
    #[must_use]
    pub fn terms_after(&self, before: &BlockTerms) -> BlockTerms {
        BlockTerms {
            buffered: self.buffered_after(),
            factor_paid: self.division.paid,
            issuance: before.issuance,
            mapping: match &self.terms.basis {
                Basis::Home => None,
                Basis::AlreadyRecognised => before.mapping.clone(),
                Basis::Mapping(record) => Some(record.mapping.clone()),
            },
            uses: self.terms.uses,
        }
    }

    fn quote(&self) -> LotQuote {
        LotQuote {
            issuance: self.issuance,
            series: self.lot.series.clone(),
            mapping: self.terms.mapping().cloned(),
            given_g: self.given,
            delivered_g: self.division.delivered,
            buffered_g: self.division.buffered,
            cancelled_g: self.division.cancelled,
            paid_before: self.lot.paid,
            paid_after: self.division.paid,
            uses: self.terms.uses,
        }
    }
}

/// The quote, and what carrying it out needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// What members see.
    pub quote: Quote,
    /// The lots, in the order of the quote's.
    pub lots: Vec<RecognisedLot>,
}

/// What becomes of `given` when it goes where `crossing` says. All lots or none; nothing given is a quote of nothing.
///
/// # Errors
/// The first lot that is refused, with its blocks: see [`Reason`].
pub fn recognise(set: &MappingSet, given: &[GivenLot], crossing: &Crossing) -> Result<Recognition, Refusal> {
    let lots = given
        .iter()
        .map(|one| divide(set, one, crossing).map_err(|reason| refuse(&one.lot, reason)))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = lots.first() else {
        return Ok(Recognition {
            quote: summed(&lots, crossing, Grams::ZERO),
            lots,
        });
    };
    // The parts of every lot sum to what it gave, so that only this sum can leave the range.
    let total = Grams::total(lots.iter().map(|lot| lot.given));
    let total = total.map_err(|_| refuse(&first.lot, Reason::SerialsInvalid))?;
    Ok(Recognition {
        quote: summed(&lots, crossing, total),
        lots,
    })
}

/// The quote alone.
///
/// # Errors
/// As [`recognise`].
pub fn quote(set: &MappingSet, given: &[GivenLot], crossing: &Crossing) -> Result<Quote, Refusal> {
    recognise(set, given, crossing).map(|recognition| recognition.quote)
}

/// The quote for `quantity` grams like `sample`, whose own blocks do not matter: a question before blocks are chosen.
///
/// # Errors
/// As [`recognise`]; 0 g is refused as R08.
pub fn quote_for_quantity(
    set: &MappingSet,
    sample: &GivenLot,
    quantity: Grams,
    crossing: &Crossing,
) -> Result<Quote, Refusal> {
    quote(set, &[resized(sample, quantity)], crossing)
}

/// The quote for the smallest quantity like `sample` that delivers at least `deliver` grams. 0 g is taken as 1 g, since no
/// lot may deliver nothing.
///
/// # Errors
/// As [`recognise`]; [`Reason::OutOfReach`] if not even 2^53 − 1 g deliver so much.
pub fn quote_to_deliver(
    set: &MappingSet,
    sample: &GivenLot,
    deliver: Grams,
    crossing: &Crossing,
) -> Result<Quote, Refusal> {
    let terms = terms_for(set, sample, crossing).map_err(|reason| refuse(&sample.lot, reason))?;
    let lot = &sample.lot;
    let delivered = |quantity| {
        Division::of(quantity, lot.paid, terms.factor, terms.buffer, lot.buffered)
            .delivered
            .get()
    };
    let wanted = deliver.get().max(1);
    let Some(quantity) = smallest_quantity(|quantity| delivered(quantity) >= wanted) else {
        return Err(refuse(lot, Reason::OutOfReach { wanted: deliver }));
    };
    quote_for_quantity(set, sample, quantity, crossing)
}

/// The smallest quantity for which `enough` holds. What is delivered never falls when more is given, so halving finds it.
fn smallest_quantity(enough: impl Fn(Grams) -> bool) -> Option<Grams> {
    let (mut too_little, mut sufficient) = (0, MAX_SAFE_INTEGER);
    if !enough(Grams::new(sufficient).ok()?) {
        return None;
    }
    while sufficient - too_little > 1 {
        let middle = too_little + (sufficient - too_little) / 2;
        if enough(Grams::new(middle).ok()?) {
            sufficient = middle;
        } else {
            too_little = middle;
        }
    }
    Grams::new(sufficient).ok()
}

fn divide(set: &MappingSet, given: &GivenLot, crossing: &Crossing) -> Result<RecognisedLot, Reason> {
    let lot = &given.lot;
    let ranges = ranges_of(lot).ok_or(Reason::SerialsInvalid)?;
    let quantity = Grams::total(ranges.iter().map(SerialRange::quantity)).map_err(|_| Reason::SerialsInvalid)?;
    let terms = terms_for(set, given, crossing)?;
    let division = Division::of(quantity, lot.paid, terms.factor, terms.buffer, lot.buffered);
    if division.delivered.is_zero() {
        return Err(Reason::DeliversNothing { given: quantity });
    }
    Ok(RecognisedLot {
        lot: lot.clone(),
        issuance: given.batch.as_ref().map(|batch| batch.issuance),
        given: quantity,
        terms,
        division,
    })
}

fn summed(lots: &[RecognisedLot], crossing: &Crossing, given_g: Grams) -> Quote {
    let quotes: Vec<LotQuote> = lots.iter().map(RecognisedLot::quote).collect();
    let mut quote = Quote {
        quote: quote_id(crossing.to, crossing.r#use, &quotes),
        to: crossing.to,
        r#use: crossing.r#use,
        given_g,
        delivered_g: quotes.iter().map(|lot| lot.delivered_g).sum(),
        buffered_g: quotes.iter().map(|lot| lot.buffered_g).sum(),
        cancelled_g: quotes.iter().map(|lot| lot.cancelled_g).sum(),
        lots: quotes,
        explanation_zh: String::new(),
        explanation_en: String::new(),
    };
    quote.explanation_zh = explain_zh(lots, &quote);
    quote.explanation_en = explain_en(lots, &quote);
    quote
}

fn resized(sample: &GivenLot, quantity: Grams) -> GivenLot {
    let mut given = sample.clone();
    let series = given.lot.series.clone();
    given.lot.blocks = SerialRange::new(1, quantity.get())
        .map(|range| BlockRef { series, range })
        .into_iter()
        .collect();
    given
}

fn refuse(lot: &Lot, reason: Reason) -> Refusal {
    Refusal {
        reason,
        series: lot.series.clone(),
        blocks: lot.blocks.clone(),
    }
}
