//! The same message is answered the same, for ever, and nothing is written twice. M08 and M10, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, name, node, on_each_database, part};
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::Retirement;

const YEAR: i64 = 366 * 86_400;

fn again(f: &Federation, command: &Command) -> tanqiao_hub::ledger::sequencer::Answer {
    let head = f.head();
    let answer = f.ask(command.clone());
    assert_eq!(f.head(), head, "a replay writes nothing");
    assert!(answer.stored);
    answer
}

#[test]
fn a_year_later_the_same_message_has_the_same_outcome() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        let acceptance = f.command(
            "harbin",
            f.new_id(),
            f.acceptance(offer.id, &offer.proposal, &offer.outcome),
        );
        let committed = f.ask(acceptance.clone()).result.unwrap();
        let refused = f.command("wuhan", f.new_id(), f.proposal("wuhan", &[part(&block, 2_001, 3_000)]));
        let problem = f.ask(refused.clone()).result.refused_by("T01");
        f.pass(YEAR);
        assert_eq!(again(&f, &offer.proposal).result.unwrap(), offer.outcome);
        assert_eq!(again(&f, &offer.proposal).status, 201);
        assert_eq!(again(&f, &acceptance).result.unwrap(), committed);
        assert_eq!(again(&f, &acceptance).status, 200);
        assert_eq!(again(&f, &refused).result.unwrap_err(), problem);
        // Even of a member that is suspended, whose key is retired, on a hub that is stopped.
        f.by_officers(
            &["first-officer"],
            Decision::RetireKey {
                key: support::key_of("wuhan"),
            },
        )
        .unwrap();
        f.suspend("wuhan").unwrap();
        assert_eq!(again(&f, &offer.proposal).result.unwrap(), offer.outcome);
    });
}

#[test]
fn a_refusal_stays_when_its_reason_is_gone() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let offer = f.offer("wuhan", "harbin", std::slice::from_ref(&block));
        let second = f.command("wuhan", f.new_id(), f.proposal("harbin", std::slice::from_ref(&block)));
        f.ask(second.clone()).result.refused_by("B03");
        f.withdraw("wuhan", offer.id).unwrap();
        again(&f, &second).result.refused_by("B03");
        f.propose("wuhan", "harbin", &[block]).unwrap();
    });
}

#[test]
fn another_payload_under_an_id_is_refused_and_the_first_outcome_stands() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let id = f.new_id();
        let first = f.command("wuhan", id, f.proposal("harbin", &[part(&block, 1, 100)]));
        let other = f.command("wuhan", id, f.proposal("harbin", &[part(&block, 101, 200)]));
        f.ask(first.clone()).result.unwrap();
        let problem = again(&f, &other).result.refused_by("M08");
        assert_eq!(problem.expected.unwrap(), first.payload_sha256.to_string());
        assert_eq!(f.standing(&part(&block, 101, 101)), "wuhan held");
        again(&f, &first).result.unwrap();
    });
}

#[test]
fn an_id_names_one_thing_and_no_other_member_may_use_it() {
    on_each_database(|f| {
        f.two_regions();
        f.plan(support::event("marathon", "230100", 1_000_000, true)).unwrap();
        let (block, ours) = (f.issue("wuhan", "420100", 1_000), f.issue("harbin", "230100", 1_000));
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 100)]);
        let given = support::id_of(&f.donate("wuhan", "marathon", &[part(&block, 201, 300)]).unwrap());
        let retirement = || Retirement {
            blocks: vec![part(&ours, 1, 10)],
            claim: support::claim("harbin", "230100"),
        };
        for id in [offer.id, given] {
            // Whatever it would open: it would take the place of what is there.
            f.ask(f.command("harbin", id, f.proposal("wuhan", &[part(&ours, 1, 10)])))
                .result
                .refused_by("M08");
            f.ask(f.command("harbin", id, Body::Retirement(Box::new(retirement()))))
                .result
                .refused_by("M08");
        }
        f.accept("harbin", &offer).unwrap();
        // In one batch as well.
        let id = f.new_id();
        let commands = vec![
            f.command("wuhan", id, f.proposal("harbin", &[part(&block, 101, 200)])),
            f.command("harbin", id, f.proposal("wuhan", &[part(&ours, 1, 10)])),
        ];
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        assert!(answers[0].result.is_ok());
        answers[1].result.clone().refused_by("M08");
    });
}

#[test]
fn a_message_that_first_arrives_after_its_time_is_refused_for_good() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let (in_time, late) = (
            f.command("wuhan", f.new_id(), f.proposal("harbin", &[part(&block, 1, 100)])),
            f.command("wuhan", f.new_id(), f.proposal("harbin", &[part(&block, 101, 200)])),
        );
        f.pass(86_400);
        // At its last instant it is in time, and its offer ends as it arrives.
        f.ask(in_time).result.refused_by("T03");
        f.pass(1);
        f.ask(late.clone()).result.refused_by("M10");
        f.clock.fetch_sub(86_401_000_000, std::sync::atomic::Ordering::SeqCst);
        again(&f, &late).result.refused_by("M10");
    });
}

#[test]
fn twice_in_one_batch_is_once() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let id = f.new_id();
        let first = f.command("wuhan", id, f.proposal("harbin", &[part(&block, 1, 100)]));
        let other = f.command("wuhan", id, f.proposal("harbin", &[part(&block, 101, 200)]));
        let size = f.head().0;
        let answers = f.sequencer.submit_blocking(vec![first.clone(), other, first]).unwrap();
        assert_eq!(f.head().0, size + 1);
        answers[1].result.clone().refused_by("M08");
        assert_eq!(answers[0].result.clone().unwrap(), answers[2].result.clone().unwrap());
        assert_eq!((answers[0].status, answers[2].status), (201, 201));
    });
}

#[test]
fn an_officers_decision_has_an_id_too() {
    on_each_database(|f| {
        f.two_regions();
        let decide = |member: &str| Command {
            origin: Origin::Officers(vec![name("first-officer")]),
            id: "01976c1a-2b3c-7d4e-8f50-123456789abc".parse().unwrap(),
            payload_sha256: Sha256::of(member.as_bytes()),
            body: Body::Governance(Box::new(Decision::Suspend {
                member: node(member),
                reason: "an inspection".to_owned(),
            })),
        };
        f.ask(decide("wuhan")).result.unwrap();
        f.by_officers(&["first-officer"], Decision::Reinstate { member: node("wuhan") })
            .unwrap();
        again(&f, &decide("wuhan")).result.unwrap();
        again(&f, &decide("harbin")).result.refused_by("M08");
        f.issue("wuhan", "420100", 10);
    });
}
