//! What goes wrong between two members and the hub, and what happens then (2-protocol, the table of failures).

use serde_json::json;
use tanqiao_protocol::message::{TransferAcceptance, TransferProposal, TransferWithdrawal};
use tanqiao_protocol::time::SECOND_US;
use tanqiao_protocol::transfer::TransferState;
use tanqiao_tests::content::{now, part, pieces, proposal};
use tanqiao_tests::member::{Offered, name_of};
use tanqiao_tests::patience::when;
use tanqiao_tests::platform::{HOLDER, grams_of_rides, offering};
use tanqiao_tests::{Crossing, Federation, Kind, Plan, Refused as _, until};

use crate::told_on_both;

told_on_both!(
    a_silent_target_binds_nothing_for_ever,
    time_is_over_before_any_sweep,
    withdrawal_and_acceptance_meet,
    the_network_is_cut,
    a_member_is_suspended_in_the_middle,
    the_same_blocks_are_offered_twice_at_once,
);

const RIDES: i64 = 10;

async fn a_silent_target_binds_nothing_for_ever(kind: Kind) {
    let plan = Plan {
        sweep: "* * * * * *",
        accept_at_once: false,
        ..Plan::on(kind)
    };
    let federation = Federation::with_nodes(plan, RIDES).await;
    let (wuhan, harbin) = (federation.platform("wuhan"), federation.platform("harbin"));
    let crossing = Crossing::planned(&federation, 1_000).await;
    let mut order = offering(crossing.id, 1_000);
    order["valid_until"] = json!(now().plus_micros(5 * SECOND_US));
    wuhan.order("/api/v1/transfers", &order).await.unwrap();
    let offer = harbin.until_transfer(crossing.id, "offered").await;
    assert_eq!(wuhan.grams_of(HOLDER, "free_g").await, grams_of_rides(RIDES) - 1_000);

    wuhan.until_transfer(crossing.id, "expired").await;
    harbin.until_transfer(crossing.id, "expired").await;
    assert_eq!(wuhan.grams_of(HOLDER, "free_g").await, grams_of_rides(RIDES));

    // Harbin's node refuses to accept what is over, and so does the hub if Harbin's keys ask it directly.
    let late = harbin
        .order(&format!("/api/v1/transfers/{}/acceptance", crossing.id), &json!({}))
        .await;
    assert_eq!(late.unwrap_err().code, "ended");
    let quote = &offer["content"]["quote"];
    let part = |name: &str| serde_json::from_value(quote[name].clone()).unwrap();
    let content = TransferAcceptance {
        transfer: crossing.id,
        payload_sha256: serde_json::from_value(offer["content"]["payload_sha256"].clone()).unwrap(),
        delivered_g: part("delivered_g"),
        buffered_g: part("buffered_g"),
        cancelled_g: part("cancelled_g"),
        r#use: tanqiao_tests::content::USE,
    };
    let member = federation.member("harbin");
    let head = federation.ledger.head().await;
    let problem = member.tell(&member.say(content).1).await.refused_by("T05");
    assert_eq!(problem.found.as_deref(), Some("expired"), "{problem:?}");
    assert_eq!(federation.ledger.head().await, head);
    federation.reckon().await;
}

/// The hub has not looked at its clock yet, and still refuses what comes too late.
async fn time_is_over_before_any_sweep(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let (wuhan, harbin) = (federation.member("wuhan"), federation.member("harbin"));
    let block = wuhan.issue(1_000).await;
    let end = now().plus_micros(3 * SECOND_US);
    let (id, envelope) = wuhan.say(TransferProposal {
        valid_until: end,
        ..proposal(&[block])
    });
    let outcome = wuhan.tell(&envelope).await.unwrap();
    let offered = Offered {
        id,
        payload_sha256: envelope.payload_sha256(),
        outcome,
    };
    until("the end of the offer", async || when(now() > end, now())).await;
    let problem = harbin.tell(&harbin.accepting(&offered)).await.refused_by("T04");
    assert_eq!(problem.transfer, Some(id.to_string()), "{problem:?}");
    federation.reckon().await;
}

/// However close they come, one of them is first, and the other is told which.
async fn withdrawal_and_acceptance_meet(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let (wuhan, harbin) = (federation.member("wuhan"), federation.member("harbin"));
    let block = wuhan.issue(20_000).await;
    for piece in pieces(&block, 1_000) {
        let offered = wuhan.offer(&[piece]).await;
        let withdrawal = wuhan
            .say(TransferWithdrawal {
                transfer: offered.id,
                reason: "a mistake".to_owned(),
            })
            .1;
        let acceptance = harbin.accepting(&offered);
        let (withdrawn, accepted) = tokio::join!(wuhan.tell(&withdrawal), harbin.tell(&acceptance));
        let state = wuhan.transfer(offered.id).await.state;
        let (outcome, problem) = match (withdrawn, accepted) {
            (Ok(outcome), Err(problem)) | (Err(problem), Ok(outcome)) => (outcome, problem),
            both => panic!("exactly one of them is done: {both:?}"),
        };
        assert_eq!(outcome.state.as_deref(), Some(state.word()));
        assert_eq!(
            (name_of(&problem).as_str(), problem.found.as_deref()),
            ("T05", Some(state.word())),
            "{problem:?}"
        );
    }
    federation.reckon().await;
}

/// The hub is away, and Wuhan's node dies with the order in its outbox; nothing is lost on either side.
async fn the_network_is_cut(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    federation.stop_hub().await;
    crossing.order(&federation).await;
    federation.kill_node("wuhan");
    federation.start_node("wuhan").await;
    let wuhan = federation.platform("wuhan");
    let status = wuhan
        .until_status("the trouble", |status| status["trouble"].is_string())
        .await;
    assert_eq!(
        (&status["outbox_waiting"], &status["feed"]),
        (&json!(1), &json!("following")),
        "{status}"
    );
    // The same grams cannot be promised to anybody else meanwhile.
    assert_eq!(wuhan.grams_of(HOLDER, "free_g").await, grams_of_rides(RIDES) - 1_000);
    let everything = offering(tanqiao_hub::serve::new_id(), grams_of_rides(RIDES));
    assert_eq!(
        wuhan.order("/api/v1/transfers", &everything).await.unwrap_err().status,
        422
    );
    federation.start_hub().await;
    crossing.happened_once(&federation).await;
}

async fn a_member_is_suspended_in_the_middle(kind: Kind) {
    let plan = Plan {
        accept_at_once: false,
        ..Plan::on(kind)
    };
    let federation = Federation::with_nodes(plan, RIDES).await;
    let (wuhan, harbin) = (federation.platform("wuhan"), federation.platform("harbin"));
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    harbin.until_transfer(crossing.id, "offered").await;
    let view = federation.member("wuhan").transfer(crossing.id).await;

    federation
        .officers(&["member", "suspend", "wuhan", "--reason", "an inspection"])
        .await;
    harbin.until_transfer(crossing.id, "halted").await;
    let late = harbin
        .order(&format!("/api/v1/transfers/{}/acceptance", crossing.id), &json!({}))
        .await;
    assert_eq!(late.unwrap_err().code, "ended");
    let ended = federation.member("harbin").transfer(crossing.id).await;
    assert_eq!(ended.state, TransferState::Halted);
    // Nothing further is accepted from it, and its node says so and keeps what it was told to send.
    let member = federation.member("wuhan");
    member
        .tell(&member.say(proposal(&view.blocks)).1)
        .await
        .refused_by("N02");
    wuhan
        .order("/api/v1/transfers", &offering(tanqiao_hub::serve::new_id(), 2_000))
        .await
        .unwrap();
    let waits = |status: &serde_json::Value| {
        status["trouble"]
            .as_str()
            .is_some_and(|text| text.contains("member-suspended"))
    };
    let status = wuhan.until_status("the suspension", waits).await;
    assert_eq!(status["outbox_waiting"], 1, "{status}");

    // Once it is reinstated, what is released is at its disposal, and what waited is sent.
    federation.officers(&["member", "reinstate", "wuhan"]).await;
    wuhan.until_transfer(crossing.id, "halted").await;
    federation.in_step().await;
    assert_eq!(wuhan.grams_of(HOLDER, "free_g").await, grams_of_rides(RIDES) - 2_000);
    federation.reckon().await;
}

async fn the_same_blocks_are_offered_twice_at_once(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let (one, other) = (federation.member("wuhan"), federation.member("wuhan"));
    let block = one.issue(20_000).await;
    for piece in pieces(&block, 2_000) {
        let (first, last) = (piece.range.first(), piece.range.last());
        // The second asks for a part that overlaps the first's.
        let (left, right) = (
            one.say(proposal(&[part(&piece, first, last - 500)])),
            other.say(proposal(&[part(&piece, first + 500, last)])),
        );
        let (at_one, at_other) = tokio::join!(one.tell(&left.1), other.tell(&right.1));
        let (winner, problem) = match (at_one, at_other) {
            (Ok(_), Err(problem)) => (left.0, problem),
            (Err(problem), Ok(_)) => (right.0, problem),
            both => panic!("exactly one of them is done: {both:?}"),
        };
        assert_eq!(
            (name_of(&problem).as_str(), problem.code.as_str()),
            ("B03", "block-reserved")
        );
        assert_eq!(
            problem.transfer.as_deref(),
            Some(winner.to_string().as_str()),
            "{problem:?}"
        );
        let open = until("one open transfer", async || Ok(one.transfer(winner).await)).await;
        assert_eq!(open.state, TransferState::Offered);
    }
    federation.reckon().await;
}
