//! Findings of reconciliations against the log: a row of the hub's that its own log contradicts is left alone until officers have
//! closed the finding; a row of a node's stops nothing. On both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "findings/closing.rs"]
mod closing;
#[path = "findings/ground.rs"]
mod ground;
#[path = "findings/recovering.rs"]
mod recovering;
#[path = "findings/stopping.rs"]
mod stopping;
mod support;
#[path = "findings/turns.rs"]
mod turns;

use ground::{OFFICERS, alter, asked, begin, close, examined, found, open, place, reconciled, wuhans_first};
use support::{Refused, node, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::serve::asked_to_reconcile;
use tanqiao_hub::store::findings::last_ended;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::reconciliation::{Place, ReconciliationState};

#[test]
fn a_row_that_the_log_contradicts_is_left_alone_until_two_officers_have_closed_the_finding() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 400_001, 500_000)]);
        let right = wuhans_first(&f, &block);
        let row = "series_no = 1 AND first = 1";
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses + 1 WHERE {row}")), 1);
        let id = found(&f, &[wuhans_first(&f, &block)], &[right], &[]);
        assert_eq!(examined(&f, id), (1, 1));
        assert_eq!(f.feed("wuhan").last().unwrap(), "reconciliation.examined");
        // These serials stay; their neighbours move.
        let refused = f
            .propose("wuhan", "harbin", &[part(&block, 1_001, 2_000)])
            .refused_by("T08");
        assert!(refused.detail.contains(&id.to_string()), "{}", refused.detail);
        f.freeze(&[part(&block, 1, 10)]).refused_by("T08");
        f.cancel("wuhan", &[part(&block, 10, 20)]).refused_by("T08");
        f.transfer("wuhan", "harbin", &[part(&block, 700_001, 800_000)]);
        // Another process knows as well.
        let second = f.second_process();
        assert_eq!(second.governance().contradictions[&id].blocks.len(), 1);

        close(&f, &OFFICERS[..1], id).refused_by("G01");
        let still = open(&f, id);
        assert_eq!(asked(&f, &still).contradicted, still, "the log has not changed");
        // The row is what it was, as after a restore.
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {row}")), 1);
        assert_eq!(asked(&f, &still).contradicted, []);
        close(&f, &OFFICERS, id).unwrap();
        close(&f, &OFFICERS, id).refused_by("G05");
        assert_eq!(f.feed("wuhan").last().unwrap(), "reconciliation.closed");
        f.transfer("wuhan", "harbin", &[part(&block, 1_001, 2_000)]);
        assert!(f.second_process().governance().contradictions.is_empty());
        f.assert_sound();
    });
}

#[test]
fn an_open_transfer_of_what_the_log_contradicts_stays_open_and_holds_nothing_else_up() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let offered = f.offer("wuhan", "harbin", &[part(&block, 600_001, 700_000)]);
        let other = f.offer("wuhan", "harbin", &[part(&block, 800_001, 900_000)]);
        let state = |first: i64| f.block(&part(&block, first, first)).status.state;
        let right = f.block(&part(&block, 600_001, 600_001));
        assert_eq!(right.status.state, BlockState::Reserved);
        let row = "series_no = 1 AND first = 600001";
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses + 1 WHERE {row}")), 1);
        let id = found(&f, &[f.block(&part(&block, 600_001, 600_001))], &[right], &[]);
        // Accepted, withdrawn, halted; the member suspended; past its time.
        f.accept("harbin", &offered).refused_by("T08");
        f.withdraw("wuhan", offered.id).refused_by("T08");
        let halt = Decision::Halt {
            subject: offered.id,
            reason: "test".to_owned(),
        };
        f.by_officers(&OFFICERS, halt).refused_by("T08");
        let suspend = Decision::Suspend {
            member: node("harbin"),
            reason: "test".to_owned(),
        };
        f.by_officers(&OFFICERS[..1], suspend).unwrap();
        assert_eq!(
            (state(600_001), state(800_001)),
            (BlockState::Reserved, BlockState::Held)
        );
        let reinstate = Decision::Reinstate { member: node("harbin") };
        f.by_officers(&OFFICERS[..1], reinstate).unwrap();
        f.accept("harbin", &other).refused_by("T05");
        let last = f.offer("wuhan", "harbin", &[part(&block, 900_001, 950_000)]);
        f.pass(60 * 24 * 3600);
        f.by_hub(Decision::Sweep).unwrap();
        assert_eq!(
            (state(600_001), state(900_001)),
            (BlockState::Reserved, BlockState::Held)
        );
        f.accept("harbin", &last).unwrap_err();
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {row}")), 1);
        close(&f, &OFFICERS, id).unwrap();
        f.by_hub(Decision::Sweep).unwrap();
        assert_eq!(state(600_001), BlockState::Held, "its time had passed");
        f.assert_sound();
    });
}

#[test]
fn a_row_that_was_cut_short_and_one_that_went_to_another_are_proven_by_the_log() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 400_001, 500_000)]);
        let (first, last) = (wuhans_first(&f, &block), f.block(&part(&block, 500_001, 500_001)));
        let cut = "UPDATE block SET last = last - 1000 WHERE series_no = 1 AND first = 1";
        assert_eq!(alter(&f, cut), 1);
        let short = wuhans_first(&f, &block);
        let to_harbin = "UPDATE block SET holder = (SELECT no FROM member WHERE id = 'harbin') WHERE series_no = 1 AND first = 500001";
        assert_eq!(alter(&f, to_harbin), 1);
        let places = [place(&last, Place::Elsewhere)];
        let id = found(&f, &[short], &[first.clone(), last.clone()], &places);
        let still = open(&f, id);
        assert_eq!(still, [first.reference(), last.reference()]);
        let again = f.propose("harbin", "wuhan", &[part(&block, 500_001, 600_000)]);
        again.refused_by("T08");
        // Put back, so that the ledger can be audited.
        let back = format!(
            "UPDATE block SET holder = (SELECT no FROM member WHERE id = '{}') WHERE series_no = 1 AND first = 500001",
            last.status.holder
        );
        assert_eq!(alter(&f, &back), 1);
        let whole = "UPDATE block SET last = last + 1000 WHERE series_no = 1 AND first = 1";
        assert_eq!(alter(&f, whole), 1);
        close(&f, &OFFICERS, id).unwrap();
    });
}

#[test]
fn a_row_of_the_nodes_that_the_log_does_not_know_stops_nothing() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        f.transfer("wuhan", "harbin", &[part(&block, 400_001, 500_000)]);
        let right = wuhans_first(&f, &block);
        let mut frozen = right.clone();
        frozen.status = BlockStatus {
            state: BlockState::Frozen,
            state_before: Some(BlockState::Held),
            ..frozen.status
        };
        let mut invented = right.clone();
        invented.series = "wuhan/420100/wuhan-metro.v1/2031".parse().unwrap();
        let places = [place(&invented, Place::Unknown)];
        let id = found(&f, &[right], &[frozen, invented], &places);
        assert_eq!(examined(&f, id), (2, 0));
        assert!(f.sequencer.governance().contradictions.is_empty());
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        // The book is built anew by two roles, and the log says because of what.
        f.by_member("wuhan", begin(Some(id))).refused_by("G01");
        let new = f.new_id();
        let mut command = f.command("wuhan", new, begin(Some(id)));
        if let tanqiao_hub::ledger::command::Origin::Member(signed) = &mut command.origin {
            signed.payload = r#"{"staff":{"role":"operator","four_eyes":true}}"#.into();
        }
        f.ask(command).result.unwrap();
        let one = reconciled(&f, new);
        assert_eq!(one.content.begun.repaired, Some(id));
        f.by_member("harbin", begin(Some(id))).refused_by("M02");
        close(&f, &OFFICERS, id).unwrap();
        let one = reconciled(&f, id);
        assert_eq!(one.state, ReconciliationState::Closed);
        f.assert_sound();
    });
}

#[test]
fn the_calendar_asks_each_member_once_and_those_with_a_new_result_not_at_all() {
    on_each_database(|f| {
        f.two_regions();
        f.issue("wuhan", "420100", 1_000);
        found(&f, &[], &[], &[]);
        let ended = f.database.read(|c| last_ended(c, true)).unwrap();
        assert_eq!(ended.keys().collect::<Vec<_>>(), [&node("wuhan")]);
        let at = f.now();
        let commands = asked_to_reconcile(&f.database, &f.sequencer.governance(), at).unwrap();
        let members = |commands: &[tanqiao_hub::ledger::command::Command]| -> Vec<String> {
            commands.iter().map(|one| format!("{:?}", one.body)).collect()
        };
        assert_eq!(commands.len(), 1, "{:?}", members(&commands));
        let later = at.plus_micros(24 * 3600 * 1_000_000);
        let commands = asked_to_reconcile(&f.database, &f.sequencer.governance(), later).unwrap();
        assert_eq!(commands.len(), 2, "{:?}", members(&commands));
        for answer in f.sequencer.submit_blocking(commands).unwrap() {
            answer.result.unwrap();
        }
        assert_eq!(f.feed("wuhan").last().unwrap(), "reconciliation.requested");
        f.assert_sound();
    });
}
