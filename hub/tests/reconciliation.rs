//! Reconciliations: the cut, what its symbols find, its blocks, and the result in the log. On both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, id_of, node, on_each_database, part};
use tanqiao_hub::ledger::command::Body;
use tanqiao_hub::reconciliation::{Cuts, TakenCut};
use tanqiao_hub::store::read::dealings::Window;
use tanqiao_hub::store::read::reconciliations;
use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::reconciliation::{
    Cut, Decoder, Difference, Encoder, FindingCounts, Place, Reconciliation, ReconciliationReason,
    ReconciliationResult, ReconciliationState, Record, SymbolKey, records_from_text, symbols_from_text,
};

fn start(f: &Federation, member: &str) -> MessageId {
    let begin = Reconciliation {
        reason: ReconciliationReason::Asked,
        cursor: 0,
        chain: CHAIN_START,
        repaired: None,
    };
    id_of(&f.by_member(member, Body::Reconciliation(begin)).unwrap())
}

fn take(f: &Federation, member: &str, id: MessageId) -> TakenCut {
    let domain = "tanqiao.test".parse().unwrap();
    f.database
        .read(|c| TakenCut::take(c, &domain, &node(member), id))
        .unwrap()
}

fn difference(taken: &TakenCut, own: &[Block]) -> Difference {
    let opened = taken.opened();
    let key = SymbolKey::of(&"tanqiao.test".parse().unwrap(), opened.reconciliation);
    let mut decoder = Decoder::new(key, Encoder::new(&key, own.iter().map(Record::of)));
    let mut symbols = symbols_from_text(&opened.symbols).unwrap();
    while decoder.taken() < 10_000 {
        if let Some(difference) = decoder.take(&symbols) {
            return difference;
        }
        symbols = taken.next(decoder.taken());
    }
    panic!("the symbols did not suffice");
}

fn own(f: &Federation, member: &str) -> Vec<Block> {
    let mut blocks = f.blocks();
    blocks.retain(|block| block.status.holder == node(member));
    blocks
}

fn result(id: MessageId, cut: Cut, counts: FindingCounts) -> Body {
    Body::ReconciliationResult(Box::new(ReconciliationResult {
        reconciliation: id,
        cut,
        counts,
        findings_sha256: Sha256::of(b"[]"),
    }))
}

#[test]
fn a_book_that_is_right_agrees_and_the_log_says_so() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 5_000)]);
        let id = start(&f, "wuhan");
        let taken = take(&f, "wuhan", id);
        let opened = taken.opened();
        let mine = own(&f, "wuhan");
        assert_eq!(opened.blocks, mine.len() as u64);
        let grams: i64 = opened.totals.iter().map(|total| total.quantity_g.get()).sum();
        assert_eq!(grams, mine.iter().map(|block| block.quantity().get()).sum::<i64>());
        assert!(difference(&taken, &mine).is_empty());
        // What happens after the cut is not in it.
        f.transfer("wuhan", "harbin", &[part(&block, 5_001, 9_000)]);
        assert!(difference(&taken, &mine).is_empty());
        let told = f.by_member("harbin", result(id, opened.cut, FindingCounts::default()));
        assert_eq!(told.unwrap_err().status, 422);
        let ended = f
            .by_member("wuhan", result(id, opened.cut, FindingCounts::default()))
            .unwrap();
        assert_eq!(ended.state.as_deref(), Some("agreed"));
        f.by_member("wuhan", result(id, opened.cut, FindingCounts::default()))
            .refused_by("G05");
        assert_eq!(f.feed("wuhan").last().unwrap(), "reconciliation.completed");
        let window = Window { after: None, limit: 10 };
        let listed = f
            .database
            .read(|c| reconciliations::list(c, Some(&node("wuhan")), window))
            .unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].state, ReconciliationState::Agreed);
        f.assert_sound();
    });
}

#[test]
fn what_differs_is_found_with_the_hubs_version_and_nothing_else() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        for at in 0..20 {
            f.transfer("wuhan", "harbin", &[part(&block, at * 1_000 + 1, at * 1_000 + 1_000)]);
        }
        let id = start(&f, "wuhan");
        let taken = take(&f, "wuhan", id);
        let mut mine = own(&f, "wuhan");
        let lost = mine.remove(0);
        mine[3].status.state = BlockState::Frozen;
        let mut invented = mine[5].clone();
        invented.series = "wuhan/420100/wuhan-metro.v1/2026".parse().unwrap();
        mine.push(invented.clone());
        let found = difference(&taken, &mine);
        assert_eq!((found.theirs.len(), found.ours.len()), (2, 2));
        assert!(found.theirs.contains(&Record::of(&lost)));
        let shown = f.database.read(|c| taken.blocks(c, &found.theirs)).unwrap();
        assert_eq!((shown.blocks.len(), shown.changed.as_str()), (2, ""));
        let place = |of: &Block| {
            let reference = of.reference();
            f.database
                .read(|c| reconciliations::place(c, &node("wuhan"), &reference))
                .unwrap()
        };
        assert_eq!(place(&invented), Place::Unknown);
        assert_eq!(place(&lost), Place::Here);
        assert_eq!(place(&own(&f, "harbin")[0]), Place::Elsewhere);
        // A block that changes after the cut is said to have changed, and its new state is not given out as the old.
        let rest = own(&f, "wuhan")
            .into_iter()
            .find(|block| block.status.state == BlockState::Held);
        let rest = rest.unwrap();
        f.freeze(&[rest.reference()]).unwrap();
        let shown = f.database.read(|c| taken.blocks(c, &[Record::of(&rest)])).unwrap();
        assert!(shown.blocks.is_empty());
        assert_eq!(records_from_text(&shown.changed).unwrap(), [Record::of(&rest)]);
        let counts = FindingCounts {
            state: 1,
            ..FindingCounts::default()
        };
        let ended = f.by_member("wuhan", result(id, taken.opened().cut, counts)).unwrap();
        assert_eq!(ended.state.as_deref(), Some("different"));
        f.assert_sound();
    });
}

#[test]
fn a_process_keeps_one_cut_a_member_and_only_of_that_reconciliation() {
    on_each_database(|f| {
        f.two_regions();
        let cuts = Cuts::default();
        let (first, second) = (start(&f, "wuhan"), start(&f, "wuhan"));
        for id in [first, second] {
            assert!(cuts.keep(&node("wuhan"), take(&f, "wuhan", id).into()));
        }
        assert!(cuts.find(&node("wuhan"), first).is_none());
        assert!(cuts.find(&node("harbin"), second).is_none());
        assert!(cuts.find(&node("wuhan"), second).is_some());
        cuts.forget(&node("wuhan"), second);
        assert!(cuts.find(&node("wuhan"), second).is_none());
    });
}
