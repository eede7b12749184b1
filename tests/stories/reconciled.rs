//! A node's book against the hub's, block by block, while transfers go on: what was planted is found, and nothing else.

use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::{Value, json};
use tanqiao_tests::founding::OFFICERS;
use tanqiao_tests::patience::{until, when};
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::told_on_both;

told_on_both!(
    a_book_that_is_right_agrees_in_few_bytes,
    what_was_changed_behind_the_node_is_found_while_trade_goes_on,
    what_was_changed_behind_the_hub_is_proven_by_its_log_and_stopped,
);

/// A federation after some transfers: Wuhan has blocks that are held and blocks that are cancelled.
async fn traded(kind: Kind) -> Federation {
    let federation = Federation::with_nodes(Plan::on(kind), 10).await;
    for _ in 0..4 {
        let crossing = Crossing::planned(&federation, 1_000).await;
        crossing.order(&federation).await;
        crossing.happened_once(&federation).await;
    }
    federation
}

async fn a_book_that_is_right_agrees_in_few_bytes(kind: Kind) {
    let federation = traded(kind).await;
    let found = federation.node_command("wuhan", &["reconcile", "--full"]).await.done();
    assert_eq!(found["findings"], json!([]));
    assert_eq!(found["hub_blocks"], found["node_blocks"]);
    assert!(found["bytes"].as_u64().unwrap() <= 4_096, "{found}");
    let member = federation.member("wuhan");
    let id = found["reconciliation"].as_str().unwrap();
    let view: Value = member.read(&format!("/v1/reconciliations/{id}")).await;
    assert_eq!(view["state"], "agreed", "{view}");
    // Officers ask for another, and the node does it by itself.
    let ask = ["reconciliation", "request", "wuhan", "--reason", "quarterly"];
    federation.officers(&ask).await;
    until("a second reconciliation", async || {
        let listed: Value = member.read("/v1/reconciliations").await;
        let states: Vec<&Value> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["state"])
            .collect();
        when(states == [&json!("agreed"), &json!("agreed")], listed.to_string())
    })
    .await;
    federation.ledger.assert_sound().await;
}

async fn what_was_changed_behind_the_node_is_found_while_trade_goes_on(kind: Kind) {
    let mut federation = traded(kind).await;
    federation.stop_node("wuhan").await;
    let database = federation.place.member("wuhan", "node.db");
    // Cancelled blocks, which nothing will move: one is lost, one is given another state, one is cut short.
    tokio::task::spawn_blocking(move || {
        let mut c = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        let places = "SELECT first FROM block WHERE state = 11 ORDER BY first";
        for sql in [
            format!("DELETE FROM block WHERE first = ({places} LIMIT 1)"),
            format!("UPDATE block SET state = 10 WHERE first = ({places} LIMIT 1)"),
            format!("UPDATE block SET last = last - 1 WHERE first = ({places} LIMIT 1 OFFSET 1)"),
        ] {
            let changed = diesel::sql_query(sql).execute(&mut c).unwrap();
            assert_eq!(changed, 1);
        }
    })
    .await
    .unwrap();
    federation.start_node("wuhan").await;
    let crossing = Crossing::planned(&federation, 500).await;
    crossing.order(&federation).await;
    let report = federation.place.member("wuhan", "report.csv").display().to_string();
    let answer = federation
        .node_command("wuhan", &["reconcile", "--full", "--format", "csv", "--out", &report])
        .await;
    assert_eq!(answer.status, Some(1), "{}", answer.complaint);
    let counts = &answer.json["counts"];
    let of = |class: &str| counts[class].as_u64().unwrap();
    assert_eq!(
        (of("missing-at-node"), of("state"), of("quantity")),
        (1, 1, 1),
        "{}",
        answer.json
    );
    assert_eq!((of("missing-at-hub"), of("holder")), (0, 0), "{}", answer.json);
    let report = std::fs::read_to_string(report).unwrap();
    assert_eq!(
        report
            .lines()
            .filter(|line| line.starts_with("missing-at-node,"))
            .count(),
        1
    );
    // Two roles have the node's book built anew, and it is the hub's again.
    let id = answer.json["reconciliation"].as_str().unwrap();
    let repair = [
        "reconcile",
        "repair",
        id,
        "--by",
        "operator",
        "--approved-by",
        "director",
    ];
    let repaired = federation.node_command("wuhan", &repair).await.done();
    assert_eq!(repaired["agreed"], json!(true), "{repaired}");
    let kept = federation.node_command("wuhan", &["reconcile", "list"]).await.done();
    assert_eq!(kept["items"][0]["agreed"], json!(true), "{kept}");
    assert_eq!(kept["items"][1]["approved_by"], json!("director"), "{kept}");
    crossing.happened_once(&federation).await;
    // The hub's own book was right, and nothing of it was changed or frozen.
    federation.ledger.assert_sound().await;
}

async fn what_was_changed_behind_the_hub_is_proven_by_its_log_and_stopped(kind: Kind) {
    let federation = traded(kind).await;
    let held = "holder = (SELECT no FROM member WHERE id = 'wuhan') AND state = 1";
    let first = format!("first = (SELECT min(first) FROM block WHERE {held})");
    let changed = federation
        .ledger
        .alter(&format!("UPDATE block SET uses = uses - 1 WHERE {held} AND {first}"))
        .await;
    assert_eq!(changed, 1);
    let answer = federation.node_command("wuhan", &["reconcile", "--full"]).await;
    assert_eq!(answer.status, Some(1), "{}", answer.complaint);
    assert_eq!(answer.json["counts"]["state"], json!(1), "{}", answer.json);
    let id = answer.json["reconciliation"].as_str().unwrap().to_owned();
    let member = federation.member("wuhan");
    let address = format!("/v1/reconciliations/{id}");
    until("the log was asked", async || {
        let view: Value = member.read(&address).await;
        when(view["examined"]["contradicted"] == json!(1), view.to_string())
    })
    .await;
    // Its own transfer of these serials is refused; the hub's operator sees why, and has the report.
    let crossing = Crossing::planned(&federation, 10).await;
    crossing.order(&federation).await;
    let refused = federation
        .platform("wuhan")
        .until_transfer(crossing.id, "refused")
        .await;
    assert!(refused["reason"].to_string().contains("log contradicts"), "{refused}");
    let health = federation.hub_health().await;
    let says = health["checks"]["reconciliation"]["says"].as_str().unwrap_or_default();
    assert!(says.contains("contradicts the book about 1 runs"), "{health}");
    let shown = federation.look(&["reconciliation", "report", &id]).await.done();
    assert_eq!(shown["counts"]["state"], json!(1), "{shown}");
    // Closing is refused as long as it is so, and takes two.
    let close = ["reconciliation", "close", &id, "--reason", "restored"];
    let both = OFFICERS;
    let refused = federation.decided_by(&both, &close).await;
    assert_eq!(refused.status, Some(1));
    assert!(refused.json.to_string().contains("still contradicts"), "{refused:?}");
    let restored = federation
        .ledger
        .alter(&format!("UPDATE block SET uses = uses + 1 WHERE {held} AND {first}"))
        .await;
    assert_eq!(restored, 1);
    assert_eq!(federation.decided_by(&both[..1], &close).await.status, Some(1));
    federation.decided_by(&both, &close).await.done();
    let agreed = federation.node_command("wuhan", &["reconcile", "--full"]).await.done();
    assert_eq!(agreed["findings"], json!([]), "{agreed}");
    let crossing = Crossing::planned(&federation, 10).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    federation.ledger.assert_sound().await;
}
