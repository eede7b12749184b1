//! A mapping from its sheet to its end, through both nodes and by both officers, while transfers go on.

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_mappings::sheet_file::write_csv;
use tanqiao_protocol::id::MessageId;
use tanqiao_tests::content::{METRO, USE, mapping_proposal, now, sheet};
use tanqiao_tests::founding::OFFICERS;
use tanqiao_tests::platform::{Asked, HOLDER, offering};
use tanqiao_tests::{Federation, Kind, Plan};

use crate::told_on_both;

told_on_both!(a_mapping_is_agreed_stopped_lifted_and_outdated);

const FIRST: &str = "wuhan-to-harbin.v1";
const MAPPING: &str = "wuhan-to-harbin.v2";
/// 85.9296 / 100, less 2 % of uncertainty, truncated.
const FACTOR: i64 = 842_110;

async fn a_mapping_is_agreed_stopped_lifted_and_outdated(kind: Kind) {
    let plan = Plan {
        accept_at_once: false,
        ..Plan::on(kind)
    };
    let federation = Federation::with_nodes(plan, 20).await;
    publish(&federation, "100").await;
    assert_eq!(
        state(&federation, FIRST).await,
        "active",
        "the same sheet again changes nothing"
    );
    agree(&federation).await;
    assert_eq!(state(&federation, FIRST).await, "superseded");

    let first = offer_quoted(&federation, 20_000).await;
    accept(&federation, first).await;
    let crossed = federation.platform("harbin").until_transfer(first, "committed").await;
    assert_eq!(crossed["delivered_g"], delivered(20_000), "{crossed}");
    federation.in_step().await;

    // Harbin stops it while an offer is open: the open one keeps its terms, a new one is refused.
    let open = offer_quoted(&federation, 10_000).await;
    let stop = json!({"reason": "the metering is under review"});
    tell(&federation, "harbin", MAPPING, "suspension", &stop).await.unwrap();
    assert_eq!(state(&federation, MAPPING).await, "suspended");
    refused(&federation, "mapping-not-active").await;
    accept(&federation, open).await;
    let crossed = federation.platform("harbin").until_transfer(open, "committed").await;
    assert_eq!(crossed["delivered_g"], delivered(10_000), "{crossed}");
    federation.in_step().await;

    // It recognises again once all three have agreed.
    staff(&federation, "wuhan", &["mapping", "lift", MAPPING]).await;
    federation.officers(&["mapping", "lift", MAPPING]).await;
    refused(&federation, "mapping-not-active").await;
    tell(&federation, "harbin", MAPPING, "lifting", &json!({}))
        .await
        .unwrap();
    assert_eq!(state(&federation, MAPPING).await, "active");
    let again = offer_quoted(&federation, 10_000).await;
    accept(&federation, again).await;
    federation.platform("wuhan").until_transfer(again, "committed").await;

    // A new sheet stops it by itself, and nobody can lift that.
    publish(&federation, "110").await;
    assert_eq!(state(&federation, MAPPING).await, "suspended");
    refused(&federation, "mapping-not-active").await;
    let outdated = tell(&federation, "wuhan", MAPPING, "lifting", &json!({}))
        .await
        .unwrap_err();
    assert_eq!(outdated.code, "stale-approval", "{outdated}");
    federation.reckon().await;
}

/// What is delivered of so many grams: what is recognised, less a tenth for the buffer.
fn delivered(given_g: i64) -> i64 {
    let recognised = given_g * FACTOR / 1_000_000;
    recognised - (recognised + 9) / 10
}

/// Staff of a member say something that the hub must take.
async fn staff(federation: &Federation, member: &str, words: &[&str]) -> Value {
    let said = [words, &["--staff", "director", "--wait-s", "30"]].concat();
    let answer = federation.staff(member, &said).await.done();
    let outcome = answer.get("outcome").or_else(|| answer["items"][0].get("outcome"));
    assert!(outcome.is_some_and(|one| one["log_index"].is_i64()), "{answer}");
    answer
}

/// A platform says something about a mapping through its node.
async fn tell(federation: &Federation, member: &str, mapping: &str, word: &str, body: &Value) -> Asked {
    let path = format!("/api/v1/mappings/{mapping}/{word}?wait_s=30");
    federation.platform(member).order(&path, body).await
}

async fn state(federation: &Federation, mapping: &str) -> String {
    let shown = federation.staff("harbin", &["mapping", "show", mapping]).await.done();
    shown["state"].as_str().unwrap().to_owned()
}

/// Wuhan publishes its sheet anew, from a file.
async fn publish(federation: &Federation, unit_factor: &str) {
    let file = federation.place.member("wuhan", &format!("sheet-{unit_factor}.csv"));
    let bytes = write_csv(&[sheet(METRO, Some("420100"), unit_factor)]).unwrap();
    std::fs::write(&file, bytes).unwrap();
    staff(federation, "wuhan", &["sheet", "publish", &file.display().to_string()]).await;
}

/// Wuhan proposes, both endorse what they have read, and two officers approve, one after the other.
async fn agree(federation: &Federation) {
    let file = federation.place.member("wuhan", "proposal.json");
    let proposal = mapping_proposal(MAPPING, now());
    std::fs::write(&file, serde_json::to_vec(&proposal).unwrap()).unwrap();
    staff(
        federation,
        "wuhan",
        &["mapping", "propose", &file.display().to_string()],
    )
    .await;
    let shown = federation.staff("wuhan", &["mapping", "show", MAPPING]).await.done();
    assert_eq!(
        (&shown["state"], &shown["record"]["factor"]),
        (&json!("evidence-complete"), &json!(FACTOR)),
        "{shown}"
    );
    let record = shown["record_sha256"].as_str().unwrap();

    let waiting = federation.staff("wuhan", &["status"]).await.done();
    assert_eq!(waiting["mappings_waiting"], json!([MAPPING]), "{waiting}");
    let other = "0".repeat(64);
    let misread = federation
        .staff("wuhan", &["mapping", "endorse", MAPPING, "--record", &other])
        .await;
    assert_eq!(
        (misread.status, &misread.json["error"]["code"]),
        (Some(1), &json!("stale-approval")),
        "{misread:?}"
    );
    staff(
        federation,
        "wuhan",
        &["mapping", "endorse", MAPPING, "--record", record],
    )
    .await;
    let waits = |status: &Value| status["mappings_waiting"] == json!([MAPPING]);
    federation
        .platform("harbin")
        .until_status("a mapping waits", waits)
        .await;
    tell(
        federation,
        "harbin",
        MAPPING,
        "endorsement",
        &json!({"record_sha256": record}),
    )
    .await
    .unwrap();

    let approve = ["mapping", "approve", MAPPING, "--record", record];
    let [first, second] = OFFICERS;
    federation.decided_by(&[first], &approve).await.done();
    assert_eq!(
        state(federation, MAPPING).await,
        "target-endorsed",
        "one officer does not suffice"
    );
    let twice = federation.decided_by(&[first], &approve).await;
    assert_eq!(
        (twice.status, &twice.json["problem"]["check"]),
        (Some(1), &json!("G01")),
        "{twice:?}"
    );
    federation.decided_by(&[second], &approve).await.done();
    assert_eq!(state(federation, MAPPING).await, "active");
    assert_eq!(state(federation, FIRST).await, "superseded");
}

/// Wuhan asks what would arrive, and offers on exactly these terms.
async fn offer_quoted(federation: &Federation, quantity_g: i64) -> MessageId {
    let wuhan = federation.platform("wuhan");
    let order = json!({"account": HOLDER, "quantity_g": quantity_g, "target": "harbin", "use": USE});
    let planned = wuhan.order("/api/v1/quotes", &order).await.unwrap();
    assert_eq!(planned["quote"]["delivered_g"], delivered(quantity_g), "{planned}");
    let id = new_id();
    let order = json!({"id": id, "account": HOLDER, "blocks": planned["blocks"], "quote": planned["quote"]["quote"],
        "target": "harbin", "use": USE});
    wuhan.order("/api/v1/transfers?wait_s=30", &order).await.unwrap();
    federation.platform("harbin").until_transfer(id, "offered").await;
    id
}

async fn accept(federation: &Federation, transfer: MessageId) {
    let path = format!("/api/v1/transfers/{transfer}/acceptance?wait_s=30");
    federation.platform("harbin").order(&path, &json!({})).await.unwrap();
}

/// The hub refuses what Wuhan would offer now.
async fn refused(federation: &Federation, code: &str) {
    let order = offering(new_id(), 10_000);
    let offered = federation
        .platform("wuhan")
        .order("/api/v1/transfers?wait_s=30", &order)
        .await;
    let problem = offered.unwrap_err();
    assert_eq!(problem.code, code, "{problem}");
}
