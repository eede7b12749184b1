//! Batches whose activity data travel.

use tanqiao_protocol::block::{Block, BlockTerms};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::recognition::BatchRule;
use tanqiao_protocol::r#use::Use;

use super::world::{block, crossing, day, given, grams, issued, record, set};
use crate::recognition::{Batch, FactorOf, GivenLot, MappingSet, Recognition, batch_lots_of, lots_of, recognise};

/// Two batches of one series.
const FIRST: [u8; 10] = [1; 10];
const SECOND: [u8; 10] = [2; 10];

fn of(batch: [u8; 10]) -> BlockTerms {
    BlockTerms {
        issuance: id(batch),
        ..issued()
    }
}

fn id(batch: [u8; 10]) -> MessageId {
    MessageId::from_parts(day(0), &batch)
}

#[expect(clippy::unnecessary_wraps, reason = "it is what grouping asks for")]
fn every(block: &Block) -> Option<MessageId> {
    Some(block.terms.issuance)
}

/// By Harbin's mapping activity data travel, by Shanghai's they do not.
fn federation() -> MappingSet {
    let mut harbin = record("m.v1", "230100", 511_750, 0, &[Use::EventNeutrality]);
    harbin.batch = Some(BatchRule {
        units: "1".into(),
        target_g: "2047/5".into(),
        reference_g: None,
        others: "1".into(),
    });
    set([harbin, record("n.v1", "310000", 600_000, 0, &[Use::EventNeutrality])])
}

/// The first batch of 1,000 kg was issued at 500 g/kWh, the second at 800.
fn sealed(issuance: MessageId) -> Batch {
    let kwh = if issuance == id(FIRST) { "2000" } else { "1250" };
    Batch {
        issuance,
        activity_total: kwh.into(),
        issued: grams(1_000_000),
    }
}

fn carried(blocks: &[Block], to: &str) -> Recognition {
    let lots: Vec<_> = batch_lots_of(blocks, every)
        .into_iter()
        .map(|(lot, issuance)| GivenLot {
            batch: issuance.map(sealed),
            ..given(lot)
        })
        .collect();
    recognise(&federation(), &lots, &crossing(to, Use::EventNeutrality)).unwrap()
}

fn delivered(recognition: &Recognition) -> Vec<i64> {
    recognition
        .lots
        .iter()
        .map(|lot| lot.division.delivered.get())
        .collect()
}

/// One was issued at the top of its methodology's range, the other below it. Each crosses at its own factor.
#[test]
fn each_batch_crosses_at_its_own_factor() {
    let blocks = [block("1-1000000", of(FIRST)), block("1000001-2000000", of(SECOND))];
    let recognition = carried(&blocks, "230100");
    assert_eq!(delivered(&recognition), [818_800, 511_750]);
    let paid: Vec<i64> = recognition
        .lots
        .iter()
        .map(|lot| lot.division.paid.millionths())
        .collect();
    assert_eq!(paid, [818_800, 511_750]);
    assert_eq!(recognition.lots[0].terms.factor_of, FactorOf::Batch);
    assert_eq!(recognition.lots[1].terms.factor_of, FactorOf::Batch);
    let quote = recognition.quote;
    assert!(quote.explanation_en.contains("at 0.818800 by its own activity data"));
    assert!(quote.explanation_zh.contains("该批按活动数据重新量化的系数 0.818800"));
}

#[test]
fn a_factor_is_fixed_for_a_mapping_and_counts_for_no_other() {
    let recognition = carried(&[block("1-1000000", of(FIRST))], "310000");
    assert_eq!(delivered(&recognition), [600_000]);
}

#[test]
fn every_part_crosses_at_the_batch_factor_at_whatever_time() {
    let whole = carried(&[block("1-1000000", of(FIRST))], "230100");
    let parts = ["1-250000", "250001-1000000"].map(|range| carried(&[block(range, of(FIRST))], "230100"));
    let sum: i64 = parts.iter().flat_map(delivered).sum();
    assert_eq!(delivered(&whole), [sum]);
}

#[test]
fn at_home_a_batch_has_no_factor() {
    let blocks = [block("1-1000000", of(FIRST))];
    assert_eq!(delivered(&carried(&blocks, "420100")), [1_000_000]);
}

#[test]
fn batches_are_lots_in_an_order_that_the_blocks_alone_decide() {
    let mut blocks = [
        block("301-400", of(SECOND)),
        block("1-100", of(FIRST)),
        block("201-300", of(FIRST)),
        block("101-200", of(SECOND)),
    ];
    let lots = batch_lots_of(&blocks, every);
    let names: Vec<(Vec<String>, Option<MessageId>)> = lots
        .iter()
        .map(|(lot, batch)| (lot.blocks.iter().map(|b| b.range.to_string()).collect(), *batch))
        .collect();
    let named = |ranges: [&str; 2], batch| (ranges.map(str::to_owned).to_vec(), Some(id(batch)));
    assert_eq!(
        names,
        [
            named(["1-100", "201-300"], FIRST),
            named(["101-200", "301-400"], SECOND)
        ]
    );
    blocks.reverse();
    assert_eq!(batch_lots_of(&blocks, every), lots);
    let only_first = |block: &Block| every(block).filter(|issuance| *issuance == id(FIRST));
    assert_eq!(
        batch_lots_of(&blocks, only_first)[0].1,
        None,
        "what has no batch comes first"
    );
    assert_eq!(lots_of(&blocks).len(), 1, "without batches they are one lot");
}

#[test]
fn a_lot_whose_batch_is_not_named_has_no_factor() {
    let lots: Vec<_> = lots_of(&[block("1-1000000", of(FIRST))])
        .into_iter()
        .map(given)
        .collect();
    let refusal = recognise(&federation(), &lots, &crossing("230100", Use::EventNeutrality)).unwrap_err();
    assert_eq!(refusal.reason.code(), "R06");
    let own = carried(&[block("1-1000000", of(FIRST))], "230100");
    assert_eq!(own.quote.lots[0].issuance, Some(id(FIRST)));
}

#[test]
fn activity_data_that_give_no_factor_recognise_nothing() {
    let lots: Vec<_> = batch_lots_of(&[block("1-1000000", of(FIRST))], every)
        .into_iter()
        .map(|(lot, issuance)| GivenLot {
            batch: issuance.map(|issuance| Batch {
                activity_total: "0".into(),
                ..sealed(issuance)
            }),
            ..given(lot)
        })
        .collect();
    let refusal = recognise(&federation(), &lots, &crossing("230100", Use::EventNeutrality)).unwrap_err();
    assert_eq!(refusal.reason.code(), "R06");
}
