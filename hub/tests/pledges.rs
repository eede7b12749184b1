//! Pledges: nothing leaves one without the pledgee's word. B06 and B11, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, claim, consent, id_of, name, node, on_each_database, part};
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Pledge, PledgeDecision};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::MemberKind;

/// Wuhan's 10,000 g, of which 1 to 1,000 are pledged to `pledgee`.
fn pledged(f: &Federation, pledgee: &str) -> (BlockRef, MessageId) {
    f.two_regions();
    f.admit("bank", "420100", MemberKind::Party);
    f.admit("suburb", "420106", MemberKind::Region);
    let block = f.issue("wuhan", "420100", 10_000);
    let pledge = f.pledge("wuhan", pledgee, &[part(&block, 1, 1_000)]).unwrap();
    (block, id_of(&pledge))
}

#[test]
fn a_release_needs_the_pledgees_own_word_on_this_pledge() {
    on_each_database(|f| {
        let (block, pledge) = pledged(&f, "bank");
        let other = id_of(&f.pledge("wuhan", "bank", &[part(&block, 2_001, 3_000)]).unwrap());
        f.release("wuhan", pledge, None).refused_by("B11");
        f.release("wuhan", pledge, Some("wuhan")).refused_by("B11");
        f.release("wuhan", pledge, Some("harbin")).refused_by("B11");
        let release_with = |consent| {
            let content = tanqiao_protocol::message::PledgeRelease {
                pledge,
                consent: tanqiao_protocol::envelope::Envelope::sign("test", Vec::new(), &support::signing_key("bank"))
                    .unwrap(),
            };
            f.by_member("wuhan", Body::PledgeRelease(Box::new(content), Some(consent)))
        };
        release_with(consent("bank", other, PledgeDecision::Release)).refused_by("B11");
        release_with(consent("bank", pledge, PledgeDecision::Foreclose)).refused_by("B11");
        let mut forged = consent("bank", pledge, PledgeDecision::Release);
        forged.key = support::key_of("wuhan");
        release_with(forged).refused_by("B11");
        assert_eq!(f.standing(&block), "wuhan pledged");
        f.release("wuhan", pledge, Some("bank")).unwrap();
        assert_eq!(f.standing(&block), "wuhan held");
        f.release("wuhan", pledge, Some("bank")).refused_by("T05");
        f.release("wuhan", f.new_id(), Some("bank")).refused_by("T05");
        f.by_officers(
            &["first-officer"],
            Decision::RetireKey {
                key: support::key_of("bank"),
            },
        )
        .unwrap();
        f.release("wuhan", other, Some("bank")).refused_by("B11");
    });
}

#[test]
fn a_stranger_does_not_act_on_a_pledge() {
    on_each_database(|f| {
        let (_, pledge) = pledged(&f, "suburb");
        f.release("harbin", pledge, Some("suburb")).refused_by("N05");
        f.ask_foreclosure(
            "harbin",
            pledge,
            Some(consent("suburb", pledge, PledgeDecision::Foreclose)),
        )
        .refused_by("N05");
        f.release("suburb", pledge, Some("suburb")).unwrap();
    });
}

#[test]
fn foreclosure_takes_the_pledgees_word_and_two_officers() {
    on_each_database(|f| {
        let (block, pledge) = pledged(&f, "suburb");
        f.foreclose(pledge).refused_by("B11");
        f.ask_foreclosure("suburb", pledge, None).refused_by("B11");
        f.ask_foreclosure(
            "suburb",
            pledge,
            Some(consent("suburb", pledge, PledgeDecision::Release)),
        )
        .refused_by("B11");
        f.ask_foreclosure(
            "suburb",
            pledge,
            Some(consent("suburb", pledge, PledgeDecision::Foreclose)),
        )
        .unwrap();
        assert_eq!(f.standing(&block), "wuhan pledged", "the word alone moves nothing");
        f.by_officers(&["first-officer"], Decision::Foreclose { pledge })
            .refused_by("G01");
        f.by_officers(&["first-officer", "first-officer"], Decision::Foreclose { pledge })
            .refused_by("G01");
        f.foreclose(pledge).unwrap();
        assert_eq!(f.standing(&block), "suburb held");
        assert_eq!(f.feed("suburb").last().unwrap(), "pledge.foreclosed");
        f.foreclose(pledge).refused_by("T05");
        f.foreclose(f.new_id()).refused_by("T05");
    });
}

#[test]
fn what_is_foreclosed_across_a_border_may_be_used_for_nothing_before_it_is_recognised() {
    on_each_database(|f| {
        let (block, pledge) = pledged(&f, "harbin");
        f.ask_foreclosure(
            "harbin",
            pledge,
            Some(consent("harbin", pledge, PledgeDecision::Foreclose)),
        )
        .unwrap();
        f.foreclose(pledge).unwrap();
        f.retire("harbin", &[part(&block, 1, 10)], claim("harbin", "230100"))
            .refused_by("U05");
        // Home it may always go.
        f.transfer("harbin", "wuhan", &[part(&block, 1, 1_000)]);
        f.retire("wuhan", &[part(&block, 1, 10)], claim("wuhan", "420100"))
            .unwrap();
    });
}

#[test]
fn a_pledgee_without_a_node_cannot_take_blocks() {
    on_each_database(|f| {
        let (_, pledge) = pledged(&f, "bank");
        f.ask_foreclosure(
            "wuhan",
            pledge,
            Some(consent("bank", pledge, PledgeDecision::Foreclose)),
        )
        .unwrap();
        f.foreclose(pledge).refused_by("T02");
    });
}

#[test]
fn a_pledgee_is_another_admitted_member_or_party_and_the_term_lies_ahead() {
    on_each_database(|f| {
        let (block, _) = pledged(&f, "bank");
        let blocks = [part(&block, 5_001, 6_000)];
        for pledgee in ["wuhan", "nobody", "hub-buffer", "hub"] {
            f.pledge("wuhan", pledgee, &blocks).refused_by("T02");
        }
        let term = |us| {
            let term = f.now().plus_micros(us);
            let content = Pledge {
                blocks: blocks.to_vec(),
                pledgee: node("bank"),
                reference: name("loan-2"),
                term,
            };
            f.by_member("wuhan", Body::Pledge(Box::new(content)))
        };
        term(0).refused_by("M02");
        f.suspend("bank").unwrap();
        term(DAY_US).refused_by("T02");
        f.by_officers(&["first-officer"], Decision::Reinstate { member: node("bank") })
            .unwrap();
        term(DAY_US).unwrap();
    });
}

#[test]
fn the_end_of_the_term_alone_changes_nothing() {
    on_each_database(|f| {
        let (block, pledge) = pledged(&f, "bank");
        f.pass(400 * 86_400);
        f.sweep();
        assert_eq!(f.standing(&block), "wuhan pledged");
        f.release("wuhan", pledge, Some("bank")).unwrap();
    });
}

#[test]
fn a_pledge_with_a_frozen_part_waits_and_goes_on_without_what_was_cancelled() {
    on_each_database(|f| {
        let (block, pledge) = pledged(&f, "bank");
        let frozen = [part(&block, 101, 200), part(&block, 301, 400)];
        f.freeze(&frozen).unwrap();
        f.release("wuhan", pledge, Some("bank")).refused_by("B05");
        f.cancel_frozen(&frozen[..1]).unwrap();
        f.release("wuhan", pledge, Some("bank")).refused_by("B05");
        f.unfreeze(&frozen[1..]).unwrap();
        assert_eq!(
            f.standing(&frozen[1]),
            "wuhan pledged",
            "it returns to the state that it had"
        );
        f.release("wuhan", pledge, Some("bank")).unwrap();
        assert_eq!(f.standing(&frozen[0]), "wuhan cancelled");
        assert_eq!(f.standing(&frozen[1]), "wuhan held");
    });
}
