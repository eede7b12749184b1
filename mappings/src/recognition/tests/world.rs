//! A small federation to tell stories in: Wuhan's metro, recognised in Harbin and Shanghai.

use tanqiao_protocol::block::{Block, BlockStatus, BlockTerms};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, MappingRecord, Predicate};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::{Use, Uses};

use crate::recognition::{Crossing, GivenLot, MappingEntry, MappingSet};

pub const METRO: &str = "CN-4201-metro.v1";
pub const SERIES: &str = "wuhan/420100/CN-4201-metro.v1/2025";

pub fn grams(g: i64) -> Grams {
    Grams::new(g).unwrap()
}

pub fn factor(millionths: i64) -> Factor {
    Factor::new(millionths).unwrap()
}

pub fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

pub fn day(n: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + n * DAY_US)
}

pub fn uses(list: &[Use]) -> Uses {
    list.iter().copied().collect()
}

/// Everything that Wuhan permits at home.
pub fn home_uses() -> Uses {
    uses(&[
        Use::EventNeutrality,
        Use::CorporateNeutrality,
        Use::PersonalOffset,
        Use::PublicWelfare,
    ])
}

/// A mapping of Wuhan's metro, valid for the 365 days from day 0.
pub fn record(mapping: &str, to: &str, millionths: i64, buffer: i64, permitted: &[Use]) -> MappingRecord {
    MappingRecord {
        mapping: mapping.parse().unwrap(),
        origin: METRO.parse().unwrap(),
        to: region(to),
        endorsed_by: "harbin".parse().unwrap(),
        counterpart: None,
        reference: None,
        through: None,
        source_region: None,
        vintages: None,
        batch: None,
        explanation_sha256: None,
        excluded_schemes: Vec::new(),
        predicate: Predicate::Close,
        factor: factor(millionths),
        buffer: factor(buffer),
        uses: uses(permitted),
        cap_g: None,
        valid_from: day(0),
        valid_until: day(365),
        reason_zh: "哈尔滨的基准线更低".into(),
        reason_en: "the baseline of Harbin is lower".into(),
        demonstration: false,
    }
}

pub fn active(record: MappingRecord) -> MappingEntry {
    MappingEntry::new(record, MappingState::Active)
}

pub fn set(records: impl IntoIterator<Item = MappingRecord>) -> MappingSet {
    records.into_iter().map(active).collect()
}

pub fn block(range: &str, terms: BlockTerms) -> Block {
    let reference: BlockRef = format!("{SERIES}/{range}").parse().unwrap();
    Block {
        series: reference.series,
        range: reference.range,
        status: BlockStatus::held_by("wuhan".parse().unwrap()),
        terms,
    }
}

/// The terms of a block as it is issued.
pub fn issued() -> BlockTerms {
    BlockTerms {
        buffered: false,
        factor_paid: Factor::ONE,
        issuance: MessageId::from_parts(day(0), &[7; 10]),
        mapping: None,
        uses: home_uses(),
    }
}

pub fn given(lot: Lot) -> GivenLot {
    GivenLot {
        lot,
        home: region("420100"),
        home_uses: home_uses(),
        held_in: None,
        batch: None,
    }
}

/// One lot of serials 1 to `quantity` as they are issued.
pub fn fresh(quantity: i64) -> GivenLot {
    carried(quantity, &issued())
}

/// One lot of serials 1 to `quantity` with `terms`.
pub fn carried(quantity: i64, terms: &BlockTerms) -> GivenLot {
    let block = block(&format!("1-{quantity}"), terms.clone());
    given(crate::recognition::lots_of(&[block]).remove(0))
}

/// On day 100.
pub fn crossing(to: &str, wanted: Use) -> Crossing {
    Crossing {
        to: region(to),
        r#use: wanted,
        at: day(100),
    }
}
