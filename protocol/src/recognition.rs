//! Recognition on the wire: the signed mapping record, the quote, and the arithmetic that divides a lot of serials.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, Name, NodeId, Sha256};
use crate::methodology::{MappingRef, MethodologyRef};
use crate::quantity::{Factor, Grams};
use crate::region::RegionCode;
use crate::serial::{BlockRef, SerialRange, SeriesRef};
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::{Use, Uses};

words! {
    /// How two methodologies relate (SSSOM predicates that may carry a factor).
    pub enum Predicate {
        /// The same standard and version.
        Exact = 1 "skos:exactMatch",
        /// Equivalent for the stated uses, with a factor.
        Close = 2 "skos:closeMatch",
        /// The object is broader; only the overlapping part counts.
        Broad = 3 "skos:broadMatch",
        /// The object is narrower; only the overlapping part counts.
        Narrow = 4 "skos:narrowMatch",
    }
}

/// One version of a mapping: reductions of `origin` are recognised in `to` at `factor`. The authoritative record is this
/// content, signed by the member of the origin and the member of the using region over the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingRecord {
    /// The version; append-only, never edited.
    pub mapping: MappingRef,
    /// The methodology that quantified the reductions.
    pub origin: MethodologyRef,
    /// Where they become usable. A province's code covers its cities unless a city has a mapping of its own.
    pub to: RegionCode,
    /// The member that signs for the using region.
    pub endorsed_by: NodeId,
    /// The methodology there that it is equivalent to; absent where the region goes by the reference methodology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<MethodologyRef>,
    /// The reference methodology that the region goes by, or that bounds the factor as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MethodologyRef>,
    /// The two mappings that it is composed of, where it leads through a reference methodology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Through>,
    /// How the two relate.
    pub predicate: Predicate,
    /// Where the acts took place whose parameters the factor rests on; lots of other places are not recognised by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_region: Option<RegionCode>,
    /// First and last year of vintage that it recognises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vintages: Option<(u16, u16)>,
    /// The recognition factor in millionths, 1 to 1,000,000.
    pub factor: Factor,
    /// How the factor of a batch is computed whose activity data travel; absent where the mapping's factor counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchRule>,
    /// The share of what is recognised that goes to the hub's buffer at the first crossing, in millionths.
    pub buffer: Factor,
    /// For which uses.
    pub uses: Uses,
    /// Other schemes that the using region excludes: an issuance that declared one of them is not recognised (R06).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_schemes: Vec<Name>,
    /// The most grams that may be **given** in a calendar year (UTC+8); absent for no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_g: Option<Grams>,
    /// Recognises from this instant.
    pub valid_from: Timestamp,
    /// Recognises until before this instant; 12 months at most.
    pub valid_until: Timestamp,
    /// Why the factor is what it is, in Chinese.
    pub reason_zh: String,
    /// Why the factor is what it is, in English.
    pub reason_en: String,
    /// True if the figures only demonstrate the system.
    #[serde(default)]
    pub demonstration: bool,
    /// SHA-256 over the canonical JSON of the explanation, with its inputs and their hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_sha256: Option<Sha256>,
}

impl MappingRecord {
    /// Its identity: SHA-256 over its canonical JSON (RFC 8785). The three parties agree to this.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        // It holds texts, integers, lists and booleans only, for which canonical JSON knows no refusal.
        Sha256::of(&crate::canonical::to_vec(self).unwrap_or_default())
    }

    /// The mapping versions whose caps a crossing by this one counts under: itself, and those that it is composed of.
    pub fn counted_under(&self) -> impl Iterator<Item = &MappingRef> {
        let legs = self
            .through
            .iter()
            .flat_map(|through| [&through.first, &through.second]);
        std::iter::once(&self.mapping).chain(legs)
    }
}

/// The two mappings that a composed one is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Through {
    /// The reference methodology between them.
    pub reference: MethodologyRef,
    /// From the origin to the reference.
    pub first: MappingRef,
    /// From the reference to the target.
    pub second: MappingRef,
}

/// How the factor of a batch is computed from the activity data `D` and the grams `q` of its issuance (3-recognition, rule 4):
/// `trunc6(min(1, D · target_g / q, D · reference_g / q) · others)`. Numbers are exact fractions or decimals as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRule {
    /// Units of activity by which `D`, in the unit of the origin's publication, is multiplied first.
    pub units: String,
    /// What the target's methodology counts for one unit of activity, in grams, with the source region's parameters.
    pub target_g: String,
    /// The same of the reference methodology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_g: Option<String>,
    /// The product of all other multipliers.
    pub others: String,
}

/// What recognition does with one lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotQuote {
    /// The series.
    pub series: SeriesRef,
    /// The mapping version; absent where none is needed (the way home, or a use already recognised here).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingRef>,
    /// The issuance that it is of, where lots are parted by issuance because activity data travel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuance: Option<MessageId>,
    /// Grams given.
    pub given_g: Grams,
    /// Grams that arrive.
    pub delivered_g: Grams,
    /// Grams to the hub's buffer.
    pub buffered_g: Grams,
    /// Grams cancelled as `discount`.
    pub cancelled_g: Grams,
    /// The factor that the lot had paid before, in millionths.
    pub paid_before: Factor,
    /// The factor that it has paid afterwards, in millionths.
    pub paid_after: Factor,
    /// What the delivered blocks may be used for there.
    pub uses: Uses,
}

/// What the hub would do now with given blocks; a proposal may name its `quote` hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// SHA-256 over mapping versions and factors; not over quantities, the cap left or the time.
    pub quote: Sha256,
    /// Where the reductions would be used.
    pub to: RegionCode,
    /// For what.
    pub r#use: Use,
    /// One entry a lot.
    pub lots: Vec<LotQuote>,
    /// Σ given, in grams.
    pub given_g: Grams,
    /// Σ delivered, in grams.
    pub delivered_g: Grams,
    /// Σ to the buffer, in grams.
    pub buffered_g: Grams,
    /// Σ cancelled, in grams.
    pub cancelled_g: Grams,
    /// The same in Chinese words; left out of feeds and stored transfers, which can be explained again at any time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation_zh: String,
    /// The same in English words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation_en: String,
}

/// How many grams of a lot go on, to the buffer and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// Grams that arrive (`q_T`).
    pub delivered: Grams,
    /// Grams to the hub's buffer (`q_buf`).
    pub buffered: Grams,
    /// Grams cancelled as `discount`.
    pub cancelled: Grams,
    /// The factor paid afterwards.
    pub paid: Factor,
}

impl Division {
    /// Rules 5 and 6 of 3-recognition: with factor paid `paid` and factor `to` from the origin methodology to the new
    /// region and use, `q' = q` if `to ≥ paid`, else `floor(q · to / paid)`; the buffer takes `ceil(q' · buffer)` at the
    /// first crossing only (`buffered_before` false); what is left is cancelled. One floor a lot.
    #[must_use]
    pub fn of(given: Grams, paid: Factor, to: Factor, buffer: Factor, buffered_before: bool) -> Self {
        let recognised = to.reduce(given, paid);
        let buffered = if buffered_before {
            Grams::ZERO
        } else {
            buffer.share_up(recognised)
        };
        let buffered = buffered.min(recognised);
        Self {
            delivered: recognised.saturating_minus(buffered),
            buffered,
            cancelled: given.saturating_minus(recognised),
            paid: paid.min(to),
        }
    }
}

/// Where a part of a lot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// To the target, or to the event's claim.
    Delivered,
    /// To the hub's buffer.
    Buffered,
    /// Cancelled as discount.
    Cancelled,
}

/// Lays a division over the serials of a lot: of its serials in ascending order the first are delivered, the next go to
/// the buffer, the rest are cancelled. `ranges` must be ascending and disjoint; each piece names the range that it is cut
/// from by its position.
#[must_use]
pub fn lay_out(ranges: &[SerialRange], division: &Division) -> Vec<(usize, SerialRange, Share)> {
    let mut left = [
        (Share::Delivered, division.delivered),
        (Share::Buffered, division.buffered),
        (Share::Cancelled, division.cancelled),
    ]
    .into_iter()
    .filter(|(_, quantity)| !quantity.is_zero());
    let mut pieces = Vec::with_capacity(ranges.len() + 2);
    let Some((mut share, mut quantity)) = left.next() else {
        return pieces;
    };
    for (position, range) in ranges.iter().enumerate() {
        let mut rest = Some(*range);
        while let Some(range) = rest {
            if quantity.is_zero() {
                let Some(next) = left.next() else { return pieces };
                (share, quantity) = next;
            }
            let (taken, remaining) = range.split_at(quantity);
            if let Some(taken) = taken {
                quantity = quantity.saturating_minus(taken.quantity());
                pieces.push((position, taken, share));
            }
            rest = remaining;
        }
    }
    pieces
}

/// The identity of a quote: SHA-256 over the region, the use and, for each lot in order, series, mapping version, factor
/// paid before and after.
#[must_use]
pub fn quote_id(to: RegionCode, r#use: Use, lots: &[LotQuote]) -> Sha256 {
    let mut text = format!("tanqiao quote v1\n{to}\n{use}\n");
    for lot in lots {
        let _ = write!(text, "{}|", lot.series);
        if let Some(mapping) = &lot.mapping {
            let _ = write!(text, "{mapping}");
        }
        let _ = writeln!(
            text,
            "|{}|{}",
            lot.paid_before.millionths(),
            lot.paid_after.millionths()
        );
    }
    Sha256::of(text.as_bytes())
}

/// Blocks of one transfer or donation with the same series, mapping version and factor already paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The blocks, ascending.
    pub blocks: Vec<BlockRef>,
    /// Their series.
    pub series: SeriesRef,
    /// The mapping version that they came by.
    pub mapping: Option<MappingRef>,
    /// The factor that they have paid.
    pub paid: Factor,
    /// True once a buffer was taken from them.
    pub buffered: bool,
    /// What they may be used for where they are now.
    pub uses: Uses,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grams(g: i64) -> Grams {
        Grams::new(g).unwrap()
    }

    #[test]
    fn the_first_serials_go_on_the_next_to_the_buffer_the_rest_out() {
        let ranges = [SerialRange::new(1, 6).unwrap(), SerialRange::new(11, 14).unwrap()];
        let division = Division::of(
            grams(10),
            Factor::ONE,
            Factor::new(850_000).unwrap(),
            Factor::new(100_000).unwrap(),
            false,
        );
        assert_eq!(
            (division.delivered, division.buffered, division.cancelled),
            (grams(7), grams(1), grams(2))
        );
        let text: Vec<String> = lay_out(&ranges, &division)
            .iter()
            .map(|(i, r, s)| format!("{i}:{r} {s:?}"))
            .collect();
        assert_eq!(
            text,
            [
                "0:1-6 Delivered",
                "1:11-11 Delivered",
                "1:12-12 Buffered",
                "1:13-14 Cancelled"
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_created_and_nothing_lost(given in 1_i64..=(1 << 53) - 1, paid in 1_i64..=1_000_000, to in 0_i64..=1_000_000,
            buffer in 0_i64..=1_000_000, before: bool) {
            let d = Division::of(grams(given), Factor::new(paid).unwrap(), Factor::new(to).unwrap(), Factor::new(buffer).unwrap(), before);
            prop_assert_eq!(Grams::total([d.delivered, d.buffered, d.cancelled]).unwrap(), grams(given));
            prop_assert!(d.paid.millionths() <= paid);
            let range = SerialRange::new(1, given).unwrap();
            let pieces = lay_out(&[range], &d);
            prop_assert_eq!(Grams::total(pieces.iter().map(|p| p.1.quantity())).unwrap(), grams(given));
        }

        #[test]
        fn splitting_a_lot_never_gains(a in 1_i64..1_000_000, b in 1_i64..1_000_000, to in 0_i64..=1_000_000, buffer in 0_i64..=300_000) {
            let divide = |q| Division::of(grams(q), Factor::ONE, Factor::new(to).unwrap(), Factor::new(buffer).unwrap(), false).delivered.get();
            prop_assert!(divide(a) + divide(b) <= divide(a + b));
        }
    }
}
