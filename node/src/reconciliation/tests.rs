//! The copy follows the feed as far as it fits, and keeps what does not.

use tanqiao_protocol::block::{Block, BlockChange, BlockState, BlockStatus, BlockTerms, SplitOf};
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::reconciliation::Record;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::r#use::Uses;

use super::copy::Copy;

fn wuhan() -> NodeId {
    "wuhan".parse().unwrap()
}

fn terms() -> BlockTerms {
    BlockTerms {
        buffered: false,
        factor_paid: Factor::ONE,
        issuance: "01990000-0000-7000-8000-000000000001".parse().unwrap(),
        mapping: None,
        uses: Uses::default(),
    }
}

fn held(first: i64, last: i64) -> Block {
    Block {
        series: "wuhan/420100/CN-4201-metro.v1/2025".parse().unwrap(),
        range: SerialRange::new(first, last).unwrap(),
        status: BlockStatus::held_by(wuhan()),
        terms: terms(),
    }
}

fn change(first: i64, last: i64, of: Option<(i64, i64)>, to: BlockStatus) -> BlockChange {
    BlockChange {
        block: BlockRef {
            series: held(1, 1).series,
            range: SerialRange::new(first, last).unwrap(),
        },
        from: Some(BlockStatus::held_by(wuhan())),
        split_of: of.map(|(first, last)| SplitOf(SerialRange::new(first, last).unwrap())),
        terms: None,
        to,
    }
}

fn copy_of(blocks: impl IntoIterator<Item = Block>) -> Copy {
    let mut copy = Copy::new(wuhan(), 0, CHAIN_START);
    for block in blocks {
        copy.put(block);
    }
    copy
}

fn records(copy: &Copy) -> Vec<Record> {
    copy.records().collect()
}

#[test]
fn a_block_that_is_split_leaves_the_part_that_stays() {
    let mut copy = copy_of([held(1, 100)]);
    copy.apply(&[
        change(1, 40, Some((1, 100)), BlockStatus::held_by("harbin".parse().unwrap())),
        change(41, 100, Some((1, 100)), BlockStatus::held_by(wuhan())),
    ]);
    assert_eq!(records(&copy), records(&copy_of([held(41, 100)])));
}

#[test]
fn a_change_that_does_not_fit_stays_a_difference() {
    let mut frozen = held(1, 100);
    frozen.status.state = BlockState::Frozen;
    let mut copy = copy_of([frozen.clone()]);
    let leaves = BlockStatus::held_by("harbin".parse().unwrap());
    copy.apply(&[change(1, 100, None, leaves.clone()), change(201, 300, None, leaves)]);
    assert_eq!(records(&copy), records(&copy_of([frozen])));
}
