//! The ways of a proposal: a delay at the first dealing (T06), a second approval (T07), and their ends; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, grams, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::Outcome;

const DAY: i64 = 86_400;

fn state(outcome: &Outcome) -> &str {
    outcome.state.as_deref().unwrap()
}

fn approve(f: &Federation, transfer: MessageId) -> Result<Outcome, Problem> {
    f.by_officers(&["first-officer"], Decision::ApproveTransfer { transfer })
}

fn halt(f: &Federation, subject: MessageId) -> Result<Outcome, Problem> {
    f.by_officers(
        &["first-officer"],
        Decision::Halt {
            subject,
            reason: "an inspection".to_owned(),
        },
    )
}

#[test]
fn the_first_dealing_of_two_members_waits_and_the_second_does_not() {
    on_each_database(|f| {
        f.two_regions();
        f.set_policy(|p| p.first_dealing_delay_s = 3_600);
        let block = f.issue("wuhan", "420100", 10_000);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        assert_eq!(state(&offer.outcome), "delayed");
        assert!(
            !f.feed("harbin").contains(&"transfer.offered".to_owned()),
            "nobody is told before the delay ends"
        );
        f.accept("harbin", &offer).refused_by("T05");
        f.decline("harbin", offer.id).refused_by("T05");
        f.pass(3_599);
        f.sweep();
        f.accept("harbin", &offer).refused_by("T05");
        f.pass(1);
        f.sweep();
        assert_eq!(f.feed("harbin").last().unwrap(), "transfer.offered");
        f.accept("harbin", &offer).unwrap();
        let second = f.offer("wuhan", "harbin", &[part(&block, 2_001, 3_000)]);
        assert_eq!(state(&second.outcome), "offered");
        let other_way = f.issue("harbin", "230100", 1_000);
        let back = f.offer("harbin", "wuhan", &[other_way]);
        assert_eq!(state(&back.outcome), "delayed", "a dealing has a direction");
    });
}

#[test]
fn a_large_transfer_waits_for_an_officer_after_its_delay() {
    on_each_database(|f| {
        f.two_regions();
        f.set_policy(|p| {
            p.first_dealing_delay_s = 60;
            p.second_approval_from_g = Some(grams(5_000));
        });
        let block = f.issue("wuhan", "420100", 20_000);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 5_000)]);
        approve(&f, offer.id).refused_by("T05");
        f.pass(60);
        f.sweep();
        assert_eq!(f.feed("wuhan").last().unwrap(), "transfer.awaiting-approval");
        f.accept("harbin", &offer).refused_by("T05");
        f.by_officers(&["organiser"], Decision::ApproveTransfer { transfer: offer.id })
            .refused_by("G02");
        assert_eq!(state(&approve(&f, offer.id).unwrap()), "offered");
        f.accept("harbin", &offer).unwrap();
        let direct = f.offer("wuhan", "harbin", &[part(&block, 10_001, 15_000)]);
        assert_eq!(state(&direct.outcome), "awaiting-approval");
        f.pass(DAY);
        approve(&f, direct.id).refused_by("T04");
        f.sweep();
        approve(&f, direct.id).refused_by("T05");
        let small = f.offer("wuhan", "harbin", &[part(&block, 10_001, 14_999)]);
        assert_eq!(state(&small.outcome), "offered");
        approve(&f, f.new_id()).refused_by("T05");
    });
}

#[test]
fn every_open_state_can_be_withdrawn_halted_and_expires() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 100_000);
        for (delay, approval, expected) in [
            (0, None, "offered"),
            (90 * 60, None, "delayed"),
            (0, Some(grams(1)), "awaiting-approval"),
        ] {
            f.set_policy(|p| {
                p.first_dealing_delay_s = delay;
                p.second_approval_from_g = approval;
            });
            let offer = || {
                let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
                assert_eq!(state(&offer.outcome), expected);
                offer.id
            };
            f.withdraw("harbin", offer()).refused_by("N05");
            let withdrawn = last_open(&f, &block);
            assert_eq!(state(&f.withdraw("wuhan", withdrawn).unwrap()), "withdrawn");
            f.withdraw("wuhan", withdrawn).refused_by("T05");
            let halted = offer();
            halt(&f, halted).unwrap();
            halt(&f, halted).refused_by("T05");
            let expired = f
                .propose_as("wuhan", "harbin", &[part(&block, 1, 1_000)], |p| {
                    p.valid_until = f.now().plus_micros(3_600_000_000);
                })
                .unwrap();
            f.pass(3_600);
            f.sweep();
            assert_eq!(f.standing(&block), "wuhan held", "{} has expired", expired.subject);
        }
        let told = f.feed("harbin");
        assert_eq!(
            told.iter().filter(|t| t.starts_with("transfer.")).count(),
            6,
            "of what was never offered the target hears nothing: {told:?}"
        );
    });
}

/// The transfer that reserves a block.
fn last_open(f: &Federation, block: &tanqiao_protocol::serial::BlockRef) -> MessageId {
    f.block(block).status.bound_to.unwrap()
}
