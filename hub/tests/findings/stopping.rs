//! What is stopped, and how far: whatever would be done to serials that the log contradicts, and nothing of anybody else's.

use std::sync::atomic::Ordering;

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::decide::CONTRADICTED_MAX;
use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::reconciliation::{Examination, Place};
use tanqiao_protocol::serial::BlockRef;

use crate::ground::{
    OFFICERS, alter, asked, close, examine, examined, found, given, open, place, reconciled, waiting, wuhans_first,
};
use crate::support::{Refused, grams, issuance, on_each_broken, on_each_database, part};

/// Another use in the row, as if somebody had changed it.
const USES: &str = "UPDATE block SET uses = uses + 1 WHERE series_no = 1 AND first = ";
const USES_BACK: &str = "UPDATE block SET uses = uses - 1 WHERE series_no = 1 AND first = ";

#[test]
fn serials_that_the_hub_has_lost_are_not_issued_again() {
    on_each_database(|f| {
        f.two_regions();
        f.issue("wuhan", "420100", 1_000);
        let second = f.issue("wuhan", "420100", 500);
        assert_eq!((second.range.first(), second.range.last()), (1_001, 1_500));
        let lost = f.block(&second);
        let rows = "series_no = 1 AND first = 1001";
        assert_eq!(alter(&f, &format!("UPDATE block SET series_no = 77 WHERE {rows}")), 1);
        assert_eq!(alter(&f, "UPDATE series SET issued = 1000 WHERE no = 1"), 1);
        let id = found(&f, &[], std::slice::from_ref(&lost), &[place(&lost, Place::Unknown)]);
        assert_eq!(open(&f, id), std::slice::from_ref(&second));
        let header = f.new_id();
        let again = Body::Issuance(Box::new(issuance("wuhan", "420100", 100, header)));
        let refused = f.ask(f.command("wuhan", header, again)).result.refused_by("T08");
        assert!(refused.detail.contains(&id.to_string()), "{}", refused.detail);
        // The log has issued them, whatever the rows say.
        f.propose("wuhan", "harbin", std::slice::from_ref(&second))
            .refused_by("T08");
        let rows = "series_no = 77 AND first = 1001";
        assert_eq!(alter(&f, &format!("UPDATE block SET series_no = 1 WHERE {rows}")), 1);
        assert_eq!(alter(&f, "UPDATE series SET issued = 1500 WHERE no = 1"), 1);
        close(&f, &OFFICERS, id).unwrap();
        let third = f.issue("wuhan", "420100", 100);
        assert_eq!(third.range.first(), 1_501);
        f.transfer("wuhan", "harbin", &[second]);
        f.assert_sound();
    });
}

#[test]
fn a_loss_is_covered_by_other_blocks_than_those_that_the_log_contradicts() {
    on_each_database(|f| {
        f.two_regions();
        let first = f.issue("wuhan", "420100", 1_000);
        let second = f.issue("wuhan", "420100", 2_000);
        let right = wuhans_first(&f, &first);
        assert_eq!(alter(&f, &format!("{USES} 1")), 1);
        let id = found(&f, &[wuhans_first(&f, &first)], std::slice::from_ref(&right), &[]);
        assert_eq!(examined(&f, id), (1, 1));
        let reverse = Decision::ReverseRemoval {
            issuance: right.terms.issuance,
            quantity_g: grams(500),
            reason: "burnt".to_owned(),
        };
        f.by_officers(&OFFICERS, reverse).unwrap();
        assert_eq!(f.block(&first).status.state, BlockState::Held);
        let cancelled = f
            .blocks()
            .into_iter()
            .filter(|block| block.status.state == BlockState::Cancelled);
        let cancelled: Vec<Block> = cancelled.collect();
        assert_eq!(cancelled.len(), 1, "{cancelled:?}");
        assert_eq!(
            (cancelled[0].range.last(), cancelled[0].quantity()),
            (second.range.last(), grams(500))
        );
        assert!(!f.feed("wuhan").contains(&"debt.recorded".to_owned()));
        assert_eq!(alter(&f, &format!("{USES_BACK} 1")), 1);
        close(&f, &OFFICERS, id).unwrap();
        f.assert_sound();
    });
}

#[test]
fn what_was_done_to_an_altered_row_before_anybody_looked_is_stopped_although_the_log_cannot_be_followed() {
    on_each_broken(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 400_001, 500_000)]);
        let last = f.block(&part(&block, 500_001, 500_001));
        let other = wuhans_first(&f, &block);
        let to_harbin = "UPDATE block SET holder = (SELECT no FROM member WHERE id = 'harbin') WHERE series_no = 1 AND first = 500001";
        assert_eq!(alter(&f, to_harbin), 1);
        // The leaf of this says that Harbin had it: no replay accepts that.
        f.freeze(&[last.reference()]).unwrap();
        let id = found(&f, &[], &[last.clone(), other], &[place(&last, Place::Elsewhere)]);
        assert_eq!(examined(&f, id), (2, 1));
        assert_eq!(open(&f, id), [last.reference()]);
        f.unfreeze(&[last.reference()]).refused_by("T08");
        f.cancel_frozen(&[last.reference()]).refused_by("T08");
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        assert_eq!(
            asked(&f, &open(&f, id)).contradicted,
            [last.reference()],
            "and so it stays"
        );
    });
}

#[test]
fn a_member_has_nothing_stopped_that_is_anothers() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 400_001, 500_000)]);
        let right = f.block(&part(&block, 400_001, 400_001));
        assert_eq!(right.status.holder.as_str(), "harbin");
        assert_eq!(alter(&f, &format!("{USES} 400001")), 1);
        let wrong = f.block(&right.reference());
        // Wuhan names a block that ledger and log both give to Harbin, and all serials that there may be.
        let mut all = right.clone();
        all.range = format!("1-{}", i64::pow(2, 53) - 1).parse().unwrap();
        let id = found(&f, std::slice::from_ref(&wrong), &[all], &[]);
        assert_eq!(examined(&f, id), (1, 0));
        assert!(f.sequencer.governance().contradictions.is_empty());
        // Harbin itself shows it.
        let own = given(&f, "harbin", &[wrong], std::slice::from_ref(&right), &[]);
        assert_eq!(examine(&f), 1);
        assert_eq!(open(&f, own), [right.reference()]);
        assert_eq!(alter(&f, &format!("{USES_BACK} 400001")), 1);
        close(&f, &OFFICERS, own).unwrap();
        f.assert_sound();
    });
}

#[test]
fn a_report_of_many_series_is_followed_in_one_walk() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let right = wuhans_first(&f, &block);
        assert_eq!(alter(&f, &format!("{USES} 1")), 1);
        let mut ours = vec![right.clone()];
        for year in 2001..2021 {
            let mut invented = right.clone();
            invented.series = format!("wuhan/420100/wuhan-metro.v1/{year}").parse().unwrap();
            ours.push(invented);
        }
        let places: Vec<_> = ours[1..].iter().map(|block| place(block, Place::Unknown)).collect();
        let id = found(&f, &[wuhans_first(&f, &block)], &ours, &places);
        assert_eq!(examined(&f, id), (21, 1));
        assert_eq!(open(&f, id), [right.reference()]);
        assert!(waiting(&f).is_empty() && reconciled(&f, id).content.closed.is_none());
        assert_eq!(alter(&f, &format!("{USES_BACK} 1")), 1);
        close(&f, &OFFICERS, id).unwrap();
        f.assert_sound();
    });
}

#[test]
fn the_longest_names_fit_the_leaves_that_name_them() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let right = wuhans_first(&f, &block);
        let id = given(&f, "wuhan", &[], &[right], &[]);
        let series = format!("{}/420100/{}.v9999/2025", "i".repeat(63), "m".repeat(80));
        let run = |at: i64| {
            format!("{series}/{0}-{0}", 9_000_000_000_000_000 + 2 * at)
                .parse()
                .unwrap()
        };
        let blocks: Vec<BlockRef> = (0..i64::try_from(CONTRADICTED_MAX).unwrap()).map(run).collect();
        let examination = Examination {
            log_size: f.head().0,
            findings: 1,
            contradicted: 10_000,
        };
        let decision = |blocks| Decision::FindingsExamined {
            reconciliation: id,
            examination,
            blocks,
        };
        let more = [blocks.clone(), vec![run(20_000)]].concat();
        f.by_hub(decision(more)).refused_by("M02");
        f.by_hub(decision(blocks.clone())).unwrap();
        assert_eq!(open(&f, id), blocks);
        assert_eq!(f.second_process().governance().contradictions[&id].blocks, blocks);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 100)]);
    });
}

/// As many as one sweep ends.
const DUE_MAX: i64 = 500;

#[test]
fn what_stays_due_because_of_a_finding_does_not_stand_in_front_of_the_rest() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let offer = |at: i64| f.offer("wuhan", "harbin", &[part(&block, at * 100 + 1, at * 100 + 100)]);
        for at in 0..DUE_MAX {
            offer(at);
        }
        let rows = "series_no = 1 AND state = 2";
        let bound: Vec<Block> = f
            .blocks()
            .into_iter()
            .filter(|block| block.status.state == BlockState::Reserved)
            .collect();
        assert_eq!(
            alter(&f, &format!("UPDATE block SET uses = uses + 1 WHERE {rows}")),
            500
        );
        let id = found(&f, &[], &bound, &[]);
        assert_eq!(examined(&f, id), (500, 1), "one run");
        f.pass(60);
        let last = offer(DUE_MAX);
        f.pass(60 * 24 * 3600);
        let freed = (0..40).any(|_| {
            f.sweep();
            f.clock.fetch_add(1, Ordering::SeqCst);
            f.block(&part(&block, DUE_MAX * 100 + 1, DUE_MAX * 100 + 1))
                .status
                .state
                == BlockState::Held
        });
        assert!(freed, "{} is never ended", last.id);
        let still = f
            .blocks()
            .into_iter()
            .filter(|block| block.status.state == BlockState::Reserved)
            .count();
        assert_eq!(still, 500);
        assert_eq!(
            alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {rows}")),
            500
        );
        close(&f, &OFFICERS, id).unwrap();
        f.sweep();
        f.assert_sound();
    });
}
