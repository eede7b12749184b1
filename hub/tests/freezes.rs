//! Freezing in every state, and what officers may do with what is frozen; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, claim, event, grams, id_of, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::serial::BlockRef;

fn begin(f: &Federation) -> BlockRef {
    f.two_regions();
    f.plan(event("marathon", "230100", 1_000_000, false)).unwrap();
    f.issue("wuhan", "420100", 10_000)
}

#[test]
fn what_is_held_is_frozen_and_returns_or_is_cancelled() {
    on_each_database(|f| {
        let block = begin(&f);
        f.freeze(&[part(&block, 101, 200)]).unwrap();
        assert_eq!(f.standing(&part(&block, 150, 150)), "wuhan frozen");
        assert_eq!(f.standing(&part(&block, 100, 100)), "wuhan held");
        f.freeze(&[part(&block, 200, 201)]).refused_by("B05");
        f.unfreeze(&[part(&block, 200, 201)]).refused_by("T05");
        f.unfreeze(&[part(&block, 101, 150)]).unwrap();
        f.cancel_frozen(&[part(&block, 150, 151)]).refused_by("T05");
        let one_officer = Decision::CancelFrozen {
            blocks: vec![part(&block, 151, 200)],
            reason: "an error".to_owned(),
        };
        f.by_officers(&["first-officer"], one_officer).refused_by("G01");
        f.cancel_frozen(&[part(&block, 151, 200)]).unwrap();
        assert_eq!(f.standing(&part(&block, 160, 160)), "wuhan cancelled");
        f.unfreeze(&[part(&block, 151, 200)]).refused_by("T05");
        let told = f.feed("wuhan");
        assert_eq!(
            told[told.len() - 3..],
            ["freeze.set", "freeze.lifted", "freeze.cancelled"]
        );
    });
}

#[test]
fn freezing_one_block_of_an_open_transfer_halts_all_of_it() {
    on_each_database(|f| {
        let block = begin(&f);
        for (delay, approval, expected) in [
            (0, None, "offered"),
            (60, None, "delayed"),
            (0, Some(grams(1)), "awaiting-approval"),
        ] {
            f.set_policy(|p| {
                p.first_dealing_delay_s = delay;
                p.second_approval_from_g = approval;
            });
            let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 100), part(&block, 201, 300)]);
            assert_eq!(offer.outcome.state.as_deref(), Some(expected));
            f.freeze(&[part(&block, 250, 260)]).unwrap();
            assert_eq!(f.standing(&part(&block, 1, 1)), "wuhan held");
            assert_eq!(f.standing(&part(&block, 250, 250)), "wuhan frozen");
            assert_eq!(f.standing(&part(&block, 261, 261)), "wuhan held");
            f.accept("harbin", &offer).refused_by("T05");
            f.unfreeze(&[part(&block, 250, 260)]).unwrap();
        }
        assert_eq!(f.feed("wuhan").iter().filter(|t| *t == "transfer.halted").count(), 3);
        assert_eq!(f.feed("harbin").iter().filter(|t| *t == "transfer.halted").count(), 1);
    });
}

#[test]
fn freezing_what_several_dealings_reserve_halts_each_of_them_once() {
    on_each_database(|f| {
        let block = begin(&f);
        let first = f.offer("wuhan", "harbin", &[part(&block, 1, 100), part(&block, 301, 400)]);
        let second = f.offer("wuhan", "harbin", &[part(&block, 101, 200)]);
        let given = f.donate("wuhan", "marathon", &[part(&block, 201, 300)]).unwrap();
        f.freeze(&[part(&block, 50, 350)]).unwrap();
        assert_eq!(f.standing(&part(&block, 1, 1)), "wuhan held");
        assert_eq!(f.standing(&part(&block, 351, 351)), "wuhan held");
        for offer in [&first, &second] {
            f.accept("harbin", offer).refused_by("T05");
        }
        f.take_back("wuhan", id_of(&given)).refused_by("T05");
        // The event has its room back.
        assert!(f.feed("wuhan").contains(&"donation.halted".to_owned()));
    });
}

#[test]
fn what_is_pledged_is_frozen_and_stays_pledged() {
    on_each_database(|f| {
        let block = begin(&f);
        f.pledge("wuhan", "harbin", &[part(&block, 1, 1_000)]).unwrap();
        f.freeze(&[part(&block, 500, 1_500)]).unwrap();
        f.unfreeze(&[part(&block, 500, 1_500)]).unwrap();
        assert_eq!(f.standing(&part(&block, 600, 600)), "wuhan pledged");
        assert_eq!(f.standing(&part(&block, 1_001, 1_001)), "wuhan held");
    });
}

#[test]
fn what_is_final_is_not_frozen_and_one_final_serial_spares_the_rest() {
    on_each_database(|f| {
        let block = begin(&f);
        f.retire("wuhan", &[part(&block, 1, 10)], claim("wuhan", "420100"))
            .unwrap();
        f.cancel("wuhan", &[part(&block, 11, 20)]).unwrap();
        f.freeze(&[part(&block, 10, 30)]).refused_by("B04");
        f.freeze(&[part(&block, 20, 30)]).refused_by("B04");
        assert_eq!(f.standing(&part(&block, 21, 21)), "wuhan held");
    });
}

#[test]
fn what_a_freeze_remembers_travels_with_the_split() {
    on_each_database(|f| {
        let block = begin(&f);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        f.freeze(&[part(&block, 101, 300)]).unwrap();
        f.unfreeze(&[part(&block, 151, 250)]).unwrap();
        assert_eq!(f.standing(&part(&block, 151, 151)), "harbin held");
        assert_eq!(f.standing(&part(&block, 150, 150)), "harbin frozen");
        assert_eq!(f.standing(&part(&block, 251, 251)), "harbin frozen");
    });
}

#[test]
fn a_freeze_says_why_and_only_officers_freeze() {
    on_each_database(|f| {
        let block = begin(&f);
        let freeze = |by: &[&str], reason: &str| {
            f.by_officers(
                by,
                Decision::Freeze {
                    blocks: vec![block.clone()],
                    reason: reason.to_owned(),
                },
            )
        };
        freeze(&["first-officer"], "").refused_by("M02");
        freeze(&["organiser"], "a finding").refused_by("G02");
        freeze(&["nobody"], "a finding").refused_by("G02");
        freeze(&[], "a finding").refused_by("G01");
        f.by_hub(Decision::Freeze {
            blocks: vec![block.clone()],
            reason: "a finding".to_owned(),
        })
        .refused_by("G02");
    });
}
