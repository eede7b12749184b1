//! Transfers, on both databases: every state, and whoever may move it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::sync::Arc;

use support::{Refused, grams, node, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::Price;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Outcome};

const DAY: i64 = 86_400;

fn state(outcome: &Outcome) -> &str {
    outcome.state.as_deref().unwrap()
}

#[test]
fn a_reduction_crosses_with_a_discount_and_a_buffer() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let outcome = f.transfer("wuhan", "harbin", std::slice::from_ref(&block));
        assert_eq!(state(&outcome), "committed");
        assert_eq!(
            (outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g),
            (Some(grams(757_899)), Some(grams(84_211)), Some(grams(157_890)))
        );
        assert_eq!(f.standing(&part(&block, 1, 757_899)), "harbin held");
        assert_eq!(f.standing(&part(&block, 757_900, 842_110)), "hub-buffer held");
        assert_eq!(f.standing(&part(&block, 842_111, 1_000_000)), "wuhan cancelled");
        assert_eq!(f.feed("harbin").last().unwrap(), "transfer.committed");
        assert_eq!(f.feed("hub-buffer"), ["transfer.committed"]);
    });
}

#[test]
fn of_sixty_four_proposals_for_one_block_one_wins() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let f = Arc::new(f);
        let propose = |_| {
            let (f, block) = (Arc::clone(&f), block.clone());
            std::thread::spawn(move || f.propose("wuhan", "harbin", &[block]))
        };
        let threads: Vec<_> = (0..64).map(propose).collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
        let winner = results.iter().find_map(|r| r.as_ref().ok()).unwrap();
        for loser in results.iter().filter_map(|r| r.as_ref().err()) {
            assert_eq!(loser.code, "block-reserved");
            assert!(winner.subject.ends_with(loser.transfer.as_ref().unwrap()));
        }
    });
}

#[test]
fn the_same_proposal_sixty_four_times_is_one_transfer() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let command = f.command("wuhan", f.new_id(), f.proposal("harbin", &[block]));
        let f = Arc::new(f);
        let ask = |_| {
            let (f, command) = (Arc::clone(&f), command.clone());
            std::thread::spawn(move || f.ask(command).result.unwrap())
        };
        let threads: Vec<_> = (0..64).map(ask).collect();
        let outcomes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(outcomes.iter().all(|o| o == &outcomes[0]));
    });
}

#[test]
fn an_acceptance_signs_every_term_of_the_offer() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let offer = f.offer("wuhan", "harbin", &[block]);
        f.accept_as("harbin", &offer, |c| c.payload_sha256 = Sha256::of(b"another"))
            .refused_by("T09");
        f.accept_as("harbin", &offer, |c| c.delivered_g = grams(757_898))
            .refused_by("T09");
        f.accept_as("harbin", &offer, |c| c.buffered_g = grams(84_212))
            .refused_by("T09");
        f.accept_as("harbin", &offer, |c| c.cancelled_g = grams(0))
            .refused_by("T09");
        f.accept_as("harbin", &offer, |c| c.r#use = Use::PublicWelfare)
            .refused_by("T09");
        f.accept("wuhan", &offer).refused_by("N05");
        assert_eq!(state(&f.accept("harbin", &offer).unwrap()), "committed");
        f.accept("harbin", &offer).refused_by("T05");
    });
}

#[test]
fn an_offer_stands_until_its_end_and_not_a_microsecond_longer() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 3_000);
        let late = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        let in_time = f.offer("wuhan", "harbin", &[part(&block, 1_001, 2_000)]);
        f.pass(DAY - 1);
        f.accept("harbin", &in_time).unwrap();
        f.pass(1);
        // No sweep has run.
        f.accept("harbin", &late).refused_by("T04");
        assert_eq!(f.standing(&block), "wuhan reserved");
        f.sweep();
        assert_eq!(f.standing(&block), "wuhan held");
        assert_eq!(f.feed("wuhan").last().unwrap(), "transfer.expired");
        assert_eq!(f.feed("harbin").last().unwrap(), "transfer.expired");
        f.accept("harbin", &late).refused_by("T05");
        let head = f.head();
        f.sweep();
        assert_eq!(f.head(), head, "a sweep with nothing to do writes nothing");
    });
}

#[test]
fn only_the_target_declines_and_strangers_see_nothing() {
    on_each_database(|f| {
        f.two_regions();
        f.admit("shenzhen", "440300", MemberKind::Region);
        let block = f.issue("wuhan", "420100", 1_000);
        let offer = f.offer("wuhan", "harbin", std::slice::from_ref(&block));
        f.decline("wuhan", offer.id).refused_by("N05");
        f.decline("shenzhen", offer.id).refused_by("T05");
        f.accept("shenzhen", &offer).refused_by("T05");
        f.withdraw("shenzhen", offer.id).refused_by("T05");
        assert_eq!(state(&f.decline("harbin", offer.id).unwrap()), "declined");
        assert_eq!(f.standing(&block), "wuhan held");
        assert_eq!(f.feed("wuhan").last().unwrap(), "transfer.declined");
        f.decline("harbin", f.new_id()).refused_by("T05");
    });
}

#[test]
fn withdrawal_and_acceptance_whichever_comes_first_wins() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 10_000);
        let first = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        f.withdraw("wuhan", first.id).unwrap();
        assert_eq!(f.accept("harbin", &first).refused_by("T05").found.unwrap(), "withdrawn");
        let second = f.offer("wuhan", "harbin", &[part(&block, 1_001, 2_000)]);
        f.accept("harbin", &second).unwrap();
        assert_eq!(
            f.withdraw("wuhan", second.id).refused_by("T05").found.unwrap(),
            "committed"
        );
        // In one batch, in the order of arrival.
        let third = f.offer("wuhan", "harbin", &[part(&block, 2_001, 3_000)]);
        let reason = "a mistake".to_owned();
        let withdrawal = tanqiao_protocol::message::TransferWithdrawal {
            transfer: third.id,
            reason,
        };
        let withdrawal = f.command(
            "wuhan",
            f.new_id(),
            tanqiao_hub::ledger::command::Body::TransferWithdrawal(withdrawal),
        );
        let acceptance = f.command(
            "harbin",
            f.new_id(),
            f.acceptance(third.id, &third.proposal, &third.outcome),
        );
        let answers = f.sequencer.submit_blocking(vec![withdrawal, acceptance]).unwrap();
        assert_eq!(state(answers[0].result.as_ref().unwrap()), "withdrawn");
        answers[1].result.clone().refused_by("T05");
    });
}

#[test]
fn a_target_is_another_admitted_member_with_a_node() {
    on_each_database(|f| {
        f.two_regions();
        f.admit("bank", "420100", MemberKind::Party);
        f.admit("company", "CN", MemberKind::Enterprise);
        let block = f.issue("wuhan", "420100", 1_000);
        let blocks = std::slice::from_ref(&block);
        f.propose("wuhan", "wuhan", blocks).refused_by("T01");
        for target in ["nobody", "bank", "hub", "hub-buffer"] {
            f.propose("wuhan", target, blocks).refused_by("T02");
        }
        f.propose("wuhan", "company", blocks).refused_by("R01");
        f.suspend("harbin").unwrap();
        f.propose("wuhan", "harbin", blocks).refused_by("T02");
        assert_eq!(f.standing(&block), "wuhan held");
    });
}

#[test]
fn an_offer_is_valid_for_thirty_days_at_most_and_ends_in_the_future() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let until = |us: i64| {
            f.propose_as("wuhan", "harbin", std::slice::from_ref(&block), |p| {
                p.valid_until = f.now().plus_micros(us);
            })
        };
        until(0).refused_by("T03");
        until(-1).refused_by("T03");
        until(30 * DAY * 1_000_000 + 1).refused_by("T03");
        until(30 * DAY * 1_000_000).unwrap();
    });
}

#[test]
fn a_price_is_kept_for_the_record() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let price = Price {
            amount_fen: grams(5_000),
            reference: Some(support::name("deal-7")),
        };
        f.propose_as("wuhan", "harbin", &[block], |p| p.price = Some(price))
            .unwrap();
    });
}

#[test]
fn a_suspension_halts_what_is_open_on_either_side() {
    on_each_database(|f| {
        f.two_regions();
        let (theirs, ours) = (f.issue("wuhan", "420100", 1_000), f.issue("harbin", "230100", 1_000));
        let to_harbin = f.offer("wuhan", "harbin", std::slice::from_ref(&theirs));
        let from_harbin = f.offer("harbin", "wuhan", std::slice::from_ref(&ours));
        f.suspend("harbin").unwrap();
        assert_eq!(f.standing(&theirs), "wuhan held");
        assert_eq!(f.standing(&ours), "harbin held");
        f.accept("harbin", &to_harbin).refused_by("N02");
        f.accept("wuhan", &from_harbin).refused_by("T05");
        assert_eq!(f.feed("wuhan").iter().filter(|t| *t == "transfer.halted").count(), 2);
        assert!(f.feed("harbin").contains(&"member.suspended".to_owned()));
        f.by_officers(&["first-officer"], Decision::Reinstate { member: node("harbin") })
            .unwrap();
        f.accept("harbin", &to_harbin).refused_by("T05");
        f.transfer("wuhan", "harbin", &[theirs]);
    });
}

#[test]
fn parts_of_parts_and_many_lots_go_in_one_transfer() {
    on_each_database(|f| {
        f.two_regions();
        let (first, second) = (f.issue("wuhan", "420100", 10_000), f.issue("wuhan", "420100", 10_000));
        let home = f.issue("harbin", "230100", 10_000);
        f.transfer("wuhan", "harbin", &[part(&first, 1, 4_000)]);
        // Now harbin holds serials of two series, some of them split twice.
        f.transfer(
            "wuhan",
            "harbin",
            &[
                part(&first, 5_000, 5_999),
                part(&second, 15_000, 15_001),
                part(&second, 11_000, 12_000),
            ],
        );
        let outcome = f.transfer(
            "harbin",
            "wuhan",
            &[
                part(&first, 1_000, 1_999),
                part(&first, 5_100, 5_199),
                part(&home, 1, 5_000),
            ],
        );
        // What returns home pays nothing more; what is harbin's own pays 0.9 and a buffer of 0.05.
        assert_eq!(
            (outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g),
            (Some(grams(1_100 + 4_275)), Some(grams(225)), Some(grams(500)))
        );
    });
}
