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

fn traced(leaves: Vec<Leaf>, first: i64, last: i64) -> Vec<Block> {
    let traced = traced_at(leaves, &[(first, last)]);
    assert_eq!(traced.broken, []);
    traced.blocks
}

fn traced_at(leaves: Vec<Leaf>, ranges: &[(i64, i64)]) -> Traced {
    let ranges = ranges.iter().map(|(first, last)| block(*first, *last).range);
    let mut trace = Retrace::of([Places::of(block(1, 1).series, ranges)]);
    for leaf in leaves {
        trace.apply(leaf);
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
            assert_eq!(traced(log(), first, last), expected, "{first}-{last}");
        }
    }
    assert_eq!(traced(log(), 901, 950), []);
}

#[test]
fn several_places_are_followed_at_once() {
    let places = [(550, 560), (10, 20), (21, 30), (555, 700)];
    let whole = traced(log(), 1, 900);
    let expected: Vec<Block> = whole
        .into_iter()
        .filter(|block| block.range.first() != 301 && block.range.first() != 401)
        .collect();
    assert_eq!(traced_at(log(), &places).blocks, expected);
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
    assert_eq!(traced(leaves, 350, 450), traced(log(), 350, 450));
}

#[test]
fn ranges_in_any_order_are_gathered() {
    let ranges = [(50, 60), (1, 10), (12, 20), (61, 61), (11, 11), (5, 15), (40, 70)];
    let places = Places::of(block(1, 1).series, ranges.map(|(first, last)| block(first, last).range));
    let gathered: Vec<String> = places.ranges().map(|range| range.to_string()).collect();
    assert_eq!(gathered, ["1-20", "40-70"]);
    assert!(places.overlap(&block(20, 39).range) && !places.overlap(&block(21, 39).range));
}

#[test]
fn what_the_log_contradicts_itself_about_is_named_and_the_rest_is_followed() {
    // The leaf that cut 301 to 600 out is not there: 301 to 600 is unknown to the leaf after it.
    let mut missing = log();
    missing.remove(1);
    missing.push(leaf(3, None, change(None, vec![block(901, 950)])));
    let traced = traced_at(missing, &[(350, 450), (901, 910)]);
    let [broken] = traced.broken.as_slice() else {
        panic!("{traced:?}");
    };
    assert_eq!((broken.place.range, broken.leaf), (block(1, 900).range, 2));
    assert_eq!(broken.holders, BTreeSet::from(["wuhan".parse().unwrap()]));
    assert!(
        broken.why.to_string().contains("is not in the ledger"),
        "{}",
        broken.why
    );
    assert_eq!(traced.blocks, [block(901, 950)]);

    let mut twice = log();
    twice.push(leaf(3, None, change(None, vec![block(450, 950)])));
    let traced = traced_at(twice, &[(350, 450)]);
    let [broken] = traced.broken.as_slice() else {
        panic!("{traced:?}");
    };
    assert_eq!((broken.place.range, broken.leaf), (block(401, 950).range, 3));
    assert!(broken.why.to_string().contains("issued before"), "{}", broken.why);
    assert_eq!(traced.blocks, [in_state(301, 400, BlockState::Frozen)]);
}

#[test]
fn what_follows_on_a_break_is_part_of_it() {
    let mut to_harbin = in_state(301, 600, BlockState::Frozen);
    to_harbin.status.holder = "harbin".parse().unwrap();
    let mut wrong = log();
    wrong.truncate(2);
    // From a holder that the log does not know to have them, and on from there.
    wrong.push(leaf(2, None, change(Some(to_harbin.clone()), vec![to_harbin.clone()])));
    let mut held = to_harbin.clone();
    held.status = BlockStatus::held_by("harbin".parse().unwrap());
    let mut cut = [held.clone(), held.clone()];
    cut[0].range = block(301, 400).range;
    cut[1].range = block(401, 600).range;
    wrong.push(leaf(3, None, change(Some(to_harbin), cut.to_vec())));
    wrong.push(leaf(4, None, change(None, vec![block(590, 1_000)])));
    let traced = traced_at(wrong, &[(310, 320), (700, 700)]);
    let [broken] = traced.broken.as_slice() else {
        panic!("{traced:?}");
    };
    let both = ["harbin", "wuhan"].map(|member| member.parse().unwrap());
    assert_eq!(broken.holders, BTreeSet::from(both));
    assert_eq!((broken.place.range.first(), broken.leaf), (301, 2));
    // Issued again over serials that broke, and over some that did not.
    assert_eq!(broken.place.range.last(), 1_000);
    assert_eq!(traced.blocks, []);
}

#[test]
fn only_blocks_that_one_side_has_contradict_the_other() {
    let log = vec![block(1, 100), block(101, 200), in_state(201, 300, BlockState::Frozen)];
    let traced = || Traced {
        blocks: log.clone(),
        broken: Vec::new(),
    };
    let mut ledger = log.clone();
    ledger.reverse();
    assert_eq!(contradictions(ledger, traced()), []);
    let ledger = vec![block(1, 100), block(201, 300)];
    let found = contradictions(ledger, traced());
    assert_eq!(
        found,
        [
            Contradiction::NotInLedger(block(101, 200)),
            Contradiction::NotInLog(block(201, 300)),
            Contradiction::NotInLedger(in_state(201, 300, BlockState::Frozen)),
        ]
    );
    assert!(found[0].concerns(&"wuhan".parse().unwrap()) && !found[0].concerns(&"harbin".parse().unwrap()));
}
