//! Batches whose activity data travel.

use tanqiao_protocol::block::{Block, BlockTerms};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::r#use::Use;

use super::world::{block, crossing, day, factor, given, issued, record, set};
use crate::recognition::{FactorOf, MappingSet, Recognition, batch_lots_of, lots_of, recognise, recognise_batches};

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

fn every(block: &Block) -> Option<MessageId> {
    Some(block.terms.issuance)
}

fn federation() -> MappingSet {
    set([
        record("m.v1", "230100", 511_750, 0, &[Use::EventNeutrality]),
        record("n.v1", "310000", 600_000, 0, &[Use::EventNeutrality]),
    ])
}

/// The first batch disclosed that it was issued at 500 g/kWh, for Harbin; for Shanghai nothing was fixed.
fn fixed(issuance: MessageId, mapping: &str) -> Option<Factor> {
    (issuance == id(FIRST) && mapping == "m.v1").then(|| factor(818_800))
}

fn carried(blocks: &[Block], to: &str) -> Recognition {
    let lots: Vec<_> = batch_lots_of(blocks, every)
        .into_iter()
        .map(|(lot, batch)| (given(lot), batch))
        .collect();
    let factor_of =
        |issuance, record: &tanqiao_protocol::recognition::MappingRecord| fixed(issuance, &record.mapping.to_string());
    recognise_batches(&federation(), &lots, factor_of, &crossing(to, Use::EventNeutrality)).unwrap()
}

fn delivered(recognition: &Recognition) -> Vec<i64> {
    recognition
        .lots
        .iter()
        .map(|lot| lot.division.delivered.get())
        .collect()
}

/// One was issued at the top of its methodology's range, the other disclosed more. Each crosses at its own factor.
#[test]
fn a_batch_crosses_at_its_own_factor_and_the_other_at_the_mappings() {
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
    assert_eq!(recognition.lots[1].terms.factor_of, FactorOf::Version);
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
fn without_batches_recognition_is_the_plain_one() {
    let blocks = [block("1-999999", of(FIRST)), block("1000000-2000001", of(SECOND))];
    let lots: Vec<_> = lots_of(&blocks).into_iter().map(given).collect();
    let to = crossing("230100", Use::EventNeutrality);
    let plain = recognise(&federation(), &lots, &to).unwrap();
    let batched: Vec<_> = lots.into_iter().map(|lot| (lot, None)).collect();
    let never = |_, _: &_| Some(factor(1));
    assert_eq!(recognise_batches(&federation(), &batched, never, &to).unwrap(), plain);
}
