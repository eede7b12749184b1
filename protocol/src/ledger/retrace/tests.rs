//! Serials that are followed agree with a replay of everything, whatever is cut out of whatever.

use super::*;
use crate::block::{BlockState, BlockStatus, BlockTerms};
use crate::ledger::Replacement;
use crate::quantity::Factor;
use crate::time::Timestamp;
use crate::r#use::Uses;

fn block(first: i64, last: i64) -> Block {
    Block {
        series: "wuhan/420100/CN-4201-metro.v1/2025".parse().unwrap(),
        range: SerialRange::new(first, last).unwrap(),
        status: BlockStatus::held_by("wuhan".parse().unwrap()),
        terms: BlockTerms {
            buffered: false,
            factor_paid: Factor::ONE,
            issuance: "01990000-0000-7000-8000-000000000001".parse().unwrap(),
            mapping: None,
            uses: Uses::default(),
        },
    }
}

fn in_state(first: i64, last: i64, state: BlockState) -> Block {
    let mut block = block(first, last);
    block.status.state = state;
    if state == BlockState::Frozen {
        block.status.state_before = Some(BlockState::Held);
    }
    block
}

fn leaf(index: i64, part: Option<(u32, u32)>, changes: Vec<BlockChange>) -> Leaf {
    Leaf {
        at: Timestamp::default(),
        caps: Vec::new(),
        changes,
        data: serde_json::Value::Null,
        index,
        linked: None,
        member: None,
        officers: Vec::new(),
        part: part.map(|(part, _)| part),
        parts: part.map(|(_, parts)| parts),
        payload_sha256: None,
        room: None,
        state: None,
        subject: "freeze/1".to_owned(),
        r#type: "freeze.set".to_owned(),
        v: 1,
    }
}

fn change(before: Option<Block>, after: Vec<Block>) -> Vec<BlockChange> {
    Replacement { before, after }.changes().collect()
}

/// 1 to 900 are issued; 301 to 600 are cut out and frozen; of those, 401 to 500 are returned.
fn log() -> Vec<Leaf> {
    let frozen = in_state(301, 600, BlockState::Frozen);
    vec![
        leaf(0, None, change(None, vec![block(1, 900)])),
        leaf(
            1,
            None,
            change(
                Some(block(1, 900)),
                vec![block(1, 300), frozen.clone(), block(601, 900)],
            ),
        ),
        leaf(
            2,
            None,
            change(
                Some(frozen),
                vec![
                    in_state(301, 400, BlockState::Frozen),
                    block(401, 500),
                    in_state(501, 600, BlockState::Frozen),
                ],
            ),
        ),
    ]
}

fn traced(leaves: Vec<Leaf>, first: i64, last: i64) -> Result<Vec<Block>, ReplayError> {
    traced_at(leaves, &[(first, last)])
}

fn traced_at(leaves: Vec<Leaf>, ranges: &[(i64, i64)]) -> Result<Vec<Block>, ReplayError> {
    let ranges = ranges.iter().map(|(first, last)| block(*first, *last).range);
    let mut trace = Retrace::of(Places::of(block(1, 1).series, ranges));
    for leaf in leaves {
        trace.apply(leaf)?;
    }
    trace.finish()
}

#[test]
fn serials_are_where_a_replay_of_everything_has_them() {
    let mut book = Book::default();
    for leaf in log() {
        for one in replacements(&leaf.changes, |series, range| book.find(series, range).cloned()).unwrap() {
            book.check(&one).unwrap();
            book.apply(&one);
        }
    }
    for first in (1..=900).step_by(50) {
        for last in (first..=900).step_by(70) {
            let asked = block(first, last);
            let expected: Vec<Block> = book.overlapping(&asked.series, asked.range).cloned().collect();
            assert_eq!(traced(log(), first, last).unwrap(), expected, "{first}-{last}");
        }
    }
    assert_eq!(traced(log(), 901, 950).unwrap(), []);
}

#[test]
fn several_places_are_followed_at_once() {
    let places = [(550, 560), (10, 20), (21, 30), (555, 700)];
    let whole = traced(log(), 1, 900).unwrap();
    let expected: Vec<Block> = whole
        .into_iter()
        .filter(|block| block.range.first() != 301 && block.range.first() != 401)
        .collect();
    assert_eq!(traced_at(log(), &places).unwrap(), expected);
    let ranges = places.map(|(first, last)| block(first, last).range);
    let merged: Vec<String> = Places::of(block(1, 1).series, ranges)
        .ranges()
        .map(|range| range.to_string())
        .collect();
    assert_eq!(merged, ["10-30", "550-700"]);
}

#[test]
fn a_change_in_several_leaves_is_one_change() {
    let mut leaves = log();
    let mut last = leaves.pop().unwrap();
    let rest = last.changes.split_off(1);
    leaves.push(leaf(2, Some((1, 2)), last.changes));
    leaves.push(leaf(3, Some((2, 2)), rest));
    assert_eq!(traced(leaves, 350, 450).unwrap(), traced(log(), 350, 450).unwrap());
}

#[test]
fn a_log_that_contradicts_itself_says_at_which_leaf() {
    let mut missing = log();
    missing.remove(1);
    let error = traced(missing, 350, 450).unwrap_err().to_string();
    assert!(error.contains("leaf 2"), "{error}");
    let mut twice = log();
    twice.push(leaf(3, None, change(None, vec![block(450, 950)])));
    let error = traced(twice, 350, 450).unwrap_err().to_string();
    assert!(error.contains("leaf 3") && error.contains("issued before"), "{error}");
}

#[test]
fn only_blocks_that_one_side_has_contradict_the_other() {
    let log = [block(1, 100), block(101, 200), in_state(201, 300, BlockState::Frozen)];
    let mut ledger = log.clone();
    ledger.reverse();
    assert_eq!(contradictions(&ledger, &log), []);
    let ledger = [block(1, 100), block(201, 300)];
    assert_eq!(
        contradictions(&ledger, &log),
        [
            Contradiction::NotInLedger(block(101, 200)),
            Contradiction::NotInLog(block(201, 300)),
            Contradiction::NotInLedger(in_state(201, 300, BlockState::Frozen)),
        ]
    );
}
