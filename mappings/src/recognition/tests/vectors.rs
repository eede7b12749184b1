//! The vectors in `vectors/recognition.json`, computed by another program: any implementation must give the same grams.

use serde::Deserialize;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Division, Lot, LotQuote, MappingRecord, lay_out};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::world::{carried, crossing, issued, record, set};
use crate::recognition::{Crossing, GivenLot, MappingEntry, MappingSet, quote, quote_to_deliver};

#[derive(Deserialize)]
struct Vectors {
    division: Vec<DivisionCase>,
    layout: Vec<LayoutCase>,
    deliver: Vec<DeliverCase>,
    mappings: Vec<MappingCase>,
    recognition: Vec<RecognitionCase>,
}

#[derive(Deserialize)]
struct DivisionCase {
    name: String,
    given_g: Grams,
    paid: Factor,
    to: Factor,
    buffer: Factor,
    buffered_before: bool,
    delivered_g: Grams,
    buffered_g: Grams,
    cancelled_g: Grams,
    paid_after: Factor,
}

#[derive(Deserialize)]
struct LayoutCase {
    name: String,
    ranges: Vec<String>,
    paid: Factor,
    to: Factor,
    buffer: Factor,
    buffered_before: bool,
    pieces: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct DeliverCase {
    name: String,
    deliver_g: Grams,
    paid: Factor,
    to: Factor,
    buffer: Factor,
    buffered_before: bool,
    given_g: Grams,
}

#[derive(Deserialize)]
struct MappingCase {
    status: MappingState,
    record: MappingRecord,
}

#[derive(Deserialize)]
struct RecognitionCase {
    name: String,
    to: RegionCode,
    r#use: Use,
    at: Timestamp,
    given: Vec<GivenCase>,
    #[serde(default)]
    lots: Vec<LotCase>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct GivenCase {
    series: SeriesRef,
    ranges: Vec<String>,
    mapping: Option<MappingRef>,
    paid: Factor,
    buffered: bool,
    uses: Uses,
    home: RegionCode,
    home_uses: Uses,
    held_in: Option<RegionCode>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct LotCase {
    mapping: Option<MappingRef>,
    given_g: Grams,
    delivered_g: Grams,
    buffered_g: Grams,
    cancelled_g: Grams,
    paid_after: Factor,
    uses: Uses,
}

impl From<LotQuote> for LotCase {
    fn from(lot: LotQuote) -> Self {
        Self {
            mapping: lot.mapping,
            given_g: lot.given_g,
            delivered_g: lot.delivered_g,
            buffered_g: lot.buffered_g,
            cancelled_g: lot.cancelled_g,
            paid_after: lot.paid_after,
            uses: lot.uses,
        }
    }
}

impl From<GivenCase> for GivenLot {
    fn from(case: GivenCase) -> Self {
        let block = |range: &String| BlockRef {
            series: case.series.clone(),
            range: range.parse().unwrap(),
        };
        Self {
            lot: Lot {
                blocks: case.ranges.iter().map(block).collect(),
                series: case.series.clone(),
                mapping: case.mapping,
                paid: case.paid,
                buffered: case.buffered,
                uses: case.uses,
            },
            home: case.home,
            home_uses: case.home_uses,
            held_in: case.held_in,
            batch: None,
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../vectors/recognition.json")).unwrap()
}

#[test]
fn every_division() {
    for case in vectors().division {
        let division = Division::of(case.given_g, case.paid, case.to, case.buffer, case.buffered_before);
        let expected = Division {
            delivered: case.delivered_g,
            buffered: case.buffered_g,
            cancelled: case.cancelled_g,
            paid: case.paid_after,
        };
        assert_eq!(division, expected, "{}", case.name);
    }
}

#[test]
fn every_layout() {
    for case in vectors().layout {
        let ranges: Vec<SerialRange> = case.ranges.iter().map(|r| r.parse().unwrap()).collect();
        let given = ranges.iter().map(SerialRange::quantity).sum();
        let division = Division::of(given, case.paid, case.to, case.buffer, case.buffered_before);
        let pieces: Vec<(String, String)> = lay_out(&ranges, &division)
            .into_iter()
            .map(|(_, range, share)| (range.to_string(), format!("{share:?}").to_lowercase()))
            .collect();
        assert_eq!(pieces, case.pieces, "{}", case.name);
    }
}

#[test]
fn every_quantity_to_deliver() {
    for case in vectors().deliver {
        let mut terms = issued();
        (terms.factor_paid, terms.buffered) = (case.paid, case.buffered_before);
        let mapping = record(
            "a.v1",
            "230100",
            case.to.millionths(),
            case.buffer.millionths(),
            &[Use::EventNeutrality],
        );
        let to = crossing("230100", Use::EventNeutrality);
        let quote = quote_to_deliver(&set([mapping]), &carried(1, &terms), case.deliver_g, &to).unwrap();
        assert_eq!(quote.given_g, case.given_g, "{}", case.name);
    }
}

#[test]
fn every_recognition() {
    let vectors = vectors();
    let mappings: MappingSet = vectors
        .mappings
        .into_iter()
        .map(|case| MappingEntry::new(case.record, case.status))
        .collect();
    for case in vectors.recognition {
        let lots: Vec<GivenLot> = case.given.into_iter().map(GivenLot::from).collect();
        let crossing = Crossing {
            to: case.to,
            r#use: case.r#use,
            at: case.at,
        };
        let answer = quote(&mappings, &lots, &crossing)
            .map(|quote| quote.lots.into_iter().map(LotCase::from).collect::<Vec<_>>())
            .map_err(|refusal| refusal.reason.code().to_string());
        let expected = match case.refused {
            Some(code) => Err(code),
            None => Ok(case.lots),
        };
        assert_eq!(answer, expected, "{}", case.name);
    }
}
