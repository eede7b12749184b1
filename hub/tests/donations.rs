//! Donations to events: room reserved with the blocks, retired with the event's claim. D01 to D05, on both databases.
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

use support::marathon::{accept, begin, decide, decline, room};
use support::{Federation, Refused, claim, grams, id_of, on_each_database, part};
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_protocol::message::Donation;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

const DAY: i64 = 86_400;

fn give_as(f: &Federation, blocks: &[BlockRef], change: impl FnOnce(&mut Donation)) -> Result<Outcome, Problem> {
    let mut content = f.donation("marathon", blocks);
    change(&mut content);
    f.by_member("wuhan", Body::Donation(Box::new(content)))
}

#[test]
fn a_donation_that_the_policy_accepts_is_retired_at_once() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let outcome = f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap();
        assert_eq!(outcome.state.as_deref(), Some("committed"));
        assert_eq!(
            (outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g),
            (Some(grams(75_789)), Some(grams(8_422)), Some(grams(15_789)))
        );
        assert_eq!(f.standing(&block), "wuhan retired");
        assert_eq!(f.standing(&part(&block, 75_790, 75_790)), "hub-buffer held");
        assert_eq!(f.standing(&part(&block, 100_000, 100_000)), "wuhan cancelled");
        assert_eq!(room(&f), (0, 75_789, 924_211));
        let told = f.feed("wuhan");
        assert_eq!(told[told.len() - 2..], ["donation.reserved", "donation.committed"]);
        f.retire("wuhan", &[part(&block, 1, 10)], claim("wuhan", "420100"))
            .refused_by("B04");
    });
}

#[test]
fn a_donation_waits_for_the_organiser_who_accepts_or_declines() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let first = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap());
        assert_eq!(room(&f), (75_789, 0, 924_211));
        assert_eq!(f.standing(&block), "wuhan reserved");
        accept(&f, first).unwrap();
        assert_eq!(room(&f), (0, 75_789, 924_211));
        accept(&f, first).refused_by("T05");
        decline(&f, first).refused_by("T05");
        f.take_back("wuhan", first).refused_by("T05");
        let second = id_of(
            &f.donate("wuhan", "marathon", &[part(&block, 200_001, 300_000)])
                .unwrap(),
        );
        decline(&f, second).unwrap();
        assert_eq!(room(&f), (0, 75_789, 924_211));
        assert_eq!(f.standing(&part(&block, 200_001, 200_001)), "wuhan held");
        accept(&f, second).refused_by("T05");
        accept(&f, f.new_id()).refused_by("T05");
    });
}

#[test]
fn an_undecided_donation_is_taken_back_by_its_donor_only() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let donation = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap());
        f.take_back("harbin", donation).refused_by("N05");
        f.take_back("wuhan", donation).unwrap();
        assert_eq!(room(&f), (0, 0, 1_000_000));
        accept(&f, donation).refused_by("T05");
        f.take_back("wuhan", f.new_id()).refused_by("T05");
    });
}

#[test]
fn a_donation_expires_whether_or_not_the_sweep_ran() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let donation = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap());
        f.pass(DAY);
        accept(&f, donation).refused_by("T04");
        f.sweep();
        assert_eq!(room(&f), (0, 0, 1_000_000));
        assert_eq!(f.feed("wuhan").last().unwrap(), "donation.expired");
        give_as(&f, &[part(&block, 1, 10)], |d| d.valid_until = f.now()).refused_by("T03");
        give_as(&f, &[part(&block, 1, 10)], |d| {
            d.valid_until = f.now().plus_micros(30 * DAY * 1_000_000 + 1);
        })
        .refused_by("T03");
    });
}

#[test]
fn an_undecided_donation_is_halted_by_an_officer_or_by_the_donors_suspension() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let first = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 1_000)]).unwrap());
        decide(
            &f,
            "first-officer",
            Decision::Halt {
                subject: first,
                reason: "an inspection".to_owned(),
            },
        )
        .unwrap();
        let second = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 1_000)]).unwrap());
        f.suspend("wuhan").unwrap();
        assert_eq!(room(&f), (0, 0, 1_000_000));
        assert_eq!(f.standing(&block), "wuhan held");
        accept(&f, second).refused_by("T05");
        f.donate("wuhan", "marathon", &[part(&block, 1, 1_000)])
            .refused_by("N02");
    });
}

#[test]
fn an_event_takes_what_it_needs_and_no_gram_more() {
    on_each_database(|f| {
        let block = begin(&f, 75_789, false);
        f.donate("wuhan", "marathon", &[part(&block, 1, 100_003)])
            .refused_by("D03");
        let all = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap());
        let problem = f
            .donate("wuhan", "marathon", &[part(&block, 200_001, 200_010)])
            .refused_by("D03");
        assert_eq!(
            problem.expected.as_deref(),
            Some("0"),
            "what is reserved has no room for others"
        );
        f.take_back("wuhan", all).unwrap();
        f.donate("wuhan", "marathon", &[part(&block, 200_001, 200_010)])
            .unwrap();
    });
}

#[test]
fn sixty_four_donors_at_once_never_pass_the_target() {
    on_each_database(|f| {
        let block = begin(&f, 1_000, true);
        let f = Arc::new(f);
        // At home in Harbin the donation would be whole; from Wuhan 100 g deliver 75 g.
        let donate = |i: i64| {
            let (f, blocks) = (Arc::clone(&f), [part(&block, 100 * i + 1, 100 * i + 100)]);
            std::thread::spawn(move || f.donate("wuhan", "marathon", &blocks))
        };
        let threads: Vec<_> = (0..64).map(donate).collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let done = results.iter().filter(|r| r.is_ok()).count();
        let each = results.iter().flatten().next().unwrap().delivered_g.unwrap().get();
        assert_eq!(i64::try_from(done).unwrap(), 1_000 / each);
        assert!(
            results
                .iter()
                .filter_map(|r| r.as_ref().err())
                .all(|p| p.code == "event-over-target")
        );
        assert_eq!(room(&f).1, each * (1_000 / each));
    });
}

#[test]
fn a_donation_at_home_is_whole_and_one_for_another_use_pays_nothing_twice() {
    on_each_database(|f| {
        begin(&f, 1_000_000, true);
        let home = f.issue("harbin", "230100", 1_000);
        let whole = f.donate("harbin", "marathon", &[home]).unwrap();
        assert_eq!(
            (whole.delivered_g, whole.cancelled_g),
            (Some(grams(1_000)), Some(grams(0)))
        );
        // What Harbin was given by Wuhan is recognised there for events already.
        let abroad = f.issue("wuhan", "420100", 10_000);
        f.transfer("wuhan", "harbin", &[part(&abroad, 1_000_001, 1_001_000)]);
        let whole = f
            .donate("harbin", "marathon", &[part(&abroad, 1_000_001, 1_000_500)])
            .unwrap();
        assert_eq!(
            (whole.delivered_g, whole.buffered_g),
            (Some(grams(500)), Some(grams(0)))
        );
    });
}

#[test]
fn a_name_on_a_certificate_is_short() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let blocks = [part(&block, 1, 1_000)];
        give_as(&f, &blocks, |d| d.donor = Some(String::new())).refused_by("M02");
        give_as(&f, &blocks, |d| d.donor = Some("名".repeat(201))).refused_by("M02");
        give_as(&f, &blocks, |d| d.donor = Some("武汉碳普惠".to_owned())).unwrap();
    });
}
