//! Retirement and cancellation: one claim, complete, for a use that was recognised. U01 to U05, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, claim, on_each_database, part};
use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::message::Cancellation;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

fn begin(f: &Federation) -> BlockRef {
    f.two_regions();
    f.issue("wuhan", "420100", 10_000)
}

fn claimed(change: impl FnOnce(&mut Claim)) -> Claim {
    let mut claim = claim("wuhan", "420100");
    change(&mut claim);
    claim
}

fn retire(f: &Federation, block: &BlockRef, change: impl FnOnce(&mut Claim)) -> Result<Outcome, Problem> {
    f.retire("wuhan", &[part(block, 1, 10)], claimed(change))
}

#[test]
fn one_claim_may_use_many_blocks_and_what_is_used_stays_used() {
    on_each_database(|f| {
        let block = begin(&f);
        f.retire(
            "wuhan",
            &[part(&block, 1, 10), part(&block, 21, 30), part(&block, 9_991, 10_000)],
            claim("wuhan", "420100"),
        )
        .unwrap();
        assert_eq!(f.standing(&block), "wuhan retired");
        assert_eq!(f.standing(&part(&block, 11, 20)), "wuhan held");
        f.retire("wuhan", &[part(&block, 30, 31)], claim("wuhan", "420100"))
            .refused_by("B04");
        f.freeze(&[part(&block, 1, 5)]).refused_by("B04");
        assert_eq!(f.feed("wuhan").last().unwrap(), "retirement.committed");
    });
}

#[test]
fn a_claim_says_who_and_a_person_is_a_commitment_and_nothing_else() {
    on_each_database(|f| {
        let block = begin(&f);
        let commitment = "a5".repeat(32);
        retire(&f, &block, |c| c.claimant = String::new()).refused_by("M02");
        retire(&f, &block, |c| c.claimant = "x".repeat(201)).refused_by("M02");
        retire(&f, &block, |c| c.statement = Some("x".repeat(501))).refused_by("M02");
        retire(&f, &block, |c| c.claimant = commitment.clone()).refused_by("U01");
        retire(&f, &block, |c| c.claimant_kind = ClaimantKind::Commitment).refused_by("U01");
        retire(&f, &block, |c| c.r#use = Use::PersonalOffset).refused_by("U01");
        retire(&f, &block, |c| {
            c.claimant = commitment;
            c.claimant_kind = ClaimantKind::Commitment;
            c.r#use = Use::PersonalOffset;
        })
        .unwrap();
        f.retire(
            "wuhan",
            &[part(&block, 11, 20)],
            claimed(|c| c.claimant_kind = ClaimantKind::Organisation),
        )
        .unwrap();
    });
}

#[test]
fn an_event_claims_through_a_donation_only() {
    on_each_database(|f| {
        let block = begin(&f);
        retire(&f, &block, |c| c.claimant_kind = ClaimantKind::Event).refused_by("U02");
    });
}

#[test]
fn the_accounting_year_lies_between_vintage_and_today() {
    on_each_database(|f| {
        let block = begin(&f);
        retire(&f, &block, |c| c.year = 2024).refused_by("U03");
        retire(&f, &block, |c| c.year = 2027).refused_by("U03");
        retire(&f, &block, |c| c.year = 2025).unwrap();
        // 2026-12-31T16:00Z is 2027 in China.
        f.clock.store(
            "2026-12-31T15:59:59Z"
                .parse::<tanqiao_protocol::time::Timestamp>()
                .unwrap()
                .micros(),
            std::sync::atomic::Ordering::SeqCst,
        );
        f.retire("wuhan", &[part(&block, 11, 20)], claimed(|c| c.year = 2027))
            .refused_by("U03");
        f.pass(1);
        f.retire("wuhan", &[part(&block, 11, 20)], claimed(|c| c.year = 2027))
            .unwrap();
    });
}

#[test]
fn a_block_is_used_for_what_it_was_recognised_for() {
    on_each_database(|f| {
        let block = begin(&f);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        let given = [part(&block, 1, 100)];
        let ets = |member: &str| {
            let mut claim = claim(member, "230100");
            claim.r#use = Use::EtsOffset;
            claim
        };
        // The mapping leaves out the emissions trading scheme; at home it is permitted.
        let problem = f.retire("harbin", &given, ets("harbin")).refused_by("U05");
        assert!(problem.expected.unwrap().contains("corporate-neutrality"));
        f.retire("harbin", &given, claim("harbin", "230100")).unwrap();
        f.retire("wuhan", &[part(&block, 2_001, 2_100)], ets("wuhan")).unwrap();
    });
}

#[test]
fn a_cancellation_says_why() {
    on_each_database(|f| {
        let block = begin(&f);
        let cancel = |reason: String| {
            let content = Cancellation {
                blocks: vec![part(&block, 1, 10)],
                reason,
                covers: None,
            };
            f.by_member("wuhan", tanqiao_hub::ledger::command::Body::Cancellation(content))
        };
        cancel(String::new()).refused_by("M02");
        cancel("报".repeat(501)).refused_by("M02");
        cancel("报".repeat(500)).unwrap();
        assert_eq!(f.standing(&block), "wuhan cancelled");
    });
}
