//! A restored hub takes back who has come and which keys have changed since the backup; and a log that begins anew twice.

use std::time::Duration;

use serde_json::json;
use tanqiao_certs::durable;
use tanqiao_node::exchange::OutboxState;
use tanqiao_node::service::Staffed;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_tests::content::methodology;
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::recovered::officers;
use crate::told_on_both;

const RIDES: i64 = 10;
const ANSWER: Duration = Duration::from_secs(30);

told_on_both!(
    a_member_that_came_after_the_backup_is_back,
    a_key_that_was_rotated_after_the_backup_is_back,
    a_log_begins_anew_twice_at_the_same_leaf,
);

async fn a_member_that_came_after_the_backup_is_back(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    federation.back_up_hub().await;
    federation.seat("chengdu", "510100");
    federation.enrol("chengdu", "510100", &[]).await;
    federation.start_node("chengdu").await;
    // What the new member says is signed by a key of which the restored hub has never heard.
    let chengdu = federation.beside("chengdu").await;
    let published = Methodology {
        methodology: "chengdu-metro.v1".parse().unwrap(),
        region: "510100".parse().unwrap(),
        ..methodology()
    };
    let id = chengdu
        .publish_methodology(Staffed::default(), published)
        .await
        .unwrap();
    let answer = chengdu.wait_for(id, ANSWER).await.unwrap();
    assert_eq!(answer.state, OutboxState::Answered, "{answer:?}");
    drop(chengdu);
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    let lost = federation.noted_head().await;
    federation.restore_hub().await;

    let mut files = vec![
        federation.recovery_file("wuhan").await,
        federation.recovery_file("harbin").await,
    ];
    // The restored hub does not know that there is a third to ask, and sees that something is missing.
    let part = federation.recover(&files, &[]).await;
    assert_eq!(
        (part.status, &part.json["kept"]),
        (Some(1), &json!(false)),
        "{}",
        part.json
    );
    assert_eq!(part.json["missing"]["ask"], json!(["chengdu"]), "{}", part.json);
    files.push(federation.recovery_file("chengdu").await);
    federation.recover(&files, &[]).await.done();
    assert_eq!(federation.ledger.head().await, lost);
    federation.start_hub().await;
    federation.in_step().await;
    federation.reckon().await;
    let members: serde_json::Value = federation.member("chengdu").read("/v1/members").await;
    let items = members["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .any(|one| one["member"] == "chengdu" && one["status"] == "admitted")
    );
}

async fn a_key_that_was_rotated_after_the_backup_is_back(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    federation.back_up_hub().await;
    let before = Crossing::planned(&federation, 1_000).await;
    before.order(&federation).await;
    before.happened_once(&federation).await;
    let old = tanqiao_tests::founding::signing_key(&federation.place, "wuhan");
    let new = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let wuhan = federation.beside("wuhan").await;
    let id = wuhan
        .propose_key(Staffed::default(), new.verifying_key().clone())
        .await
        .unwrap();
    wuhan.wait_for(id, ANSWER).await.unwrap();
    drop(wuhan);
    federation.officers(&["key", "approve", &new.id().to_string()]).await;

    // The hub commits an order and dies; the node sends it again under its new key.
    let again = Crossing::planned(&federation, 2_000).await;
    federation.stop_hub().await;
    federation.start_hub_to_die("sequencer.after-commit");
    again.order(&federation).await;
    assert_eq!(federation.hub_death().await, KILLED);
    federation.stop_node("wuhan").await;
    let file = federation.place.member("wuhan", "signing.key");
    durable::replace_secret(&file, new.to_pem().unwrap().as_bytes()).unwrap();
    federation.start_hub().await;
    federation.start_node("wuhan").await;
    again.happened_once(&federation).await;
    federation.officers(&["key", "retire", &old.id().to_string()]).await;
    let last = Crossing::planned(&federation, 1_000).await;
    last.order(&federation).await;
    last.happened_once(&federation).await;
    let lost = federation.noted_head().await;
    federation.restore_hub().await;

    let files = [
        federation.recovery_file("wuhan").await,
        federation.recovery_file("harbin").await,
    ];
    federation.recover(&files, &[]).await.done();
    assert_eq!(federation.ledger.head().await, lost);
    federation.start_hub().await;
    federation.reckon().await;
    let next = Crossing::planned(&federation, 1_000).await;
    next.order(&federation).await;
    next.happened_once(&federation).await;
}

/// Harbin's file is lost, and so is what the officers have decided; and then the hub's database once more.
async fn a_log_begins_anew_twice_at_the_same_leaf(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    federation.back_up_hub().await;
    let mut begun = Vec::new();
    for reason in ["the first time", "the second time"] {
        let crossing = Crossing::planned(&federation, 1_000).await;
        crossing.order(&federation).await;
        crossing.happened_once(&federation).await;
        federation.noted_head().await;
        federation.restore_hub().await;
        let journal = federation.place.hub("log.decisions");
        std::fs::rename(&journal, federation.place.hub(&format!("decisions of {reason}"))).unwrap();
        let wuhan = [federation.recovery_file("wuhan").await];
        let mut origin = ["--new-origin", "--reason", reason].map(str::to_owned).to_vec();
        origin.extend(officers(&federation, 2));
        let done = federation.recover(&wuhan, &origin).await.done();
        begun.push(done["new_origin"]["size"].as_i64().unwrap());
        federation.start_hub().await;
        for member in ["wuhan", "harbin"] {
            let platform = federation.platform(member);
            platform
                .until_status("the fork", |status| status["feed"] == "forked")
                .await;
            let followed = federation
                .node_command(member, &["recover", "--follow-origin"])
                .await
                .done();
            assert!(followed["orphaned"].as_i64().unwrap() > 0, "{member}: {followed}");
        }
        // What the lost part held is sent again, and happens.
        for member in ["wuhan", "harbin"] {
            federation
                .platform(member)
                .until_transfer(crossing.id, "committed")
                .await;
        }
        federation.reckon().await;
    }
    assert_eq!(begun[0], begun[1], "the same leaf, and two origins");
}
