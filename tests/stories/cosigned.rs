//! Nodes as witnesses of a hub that runs: they cosign its log, and stop where it goes back or shows two histories.

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::message::{ForkKind, LogFork};
use tanqiao_protocol::signing::SigningKey;
use tanqiao_tests::patience::when;
use tanqiao_tests::platform::offering;
use tanqiao_tests::{Crossing, Federation, Kind, Plan, until};

use crate::told_on_both;
use crate::witnessed::{log_key, policy, published, until_published};

told_on_both!(
    nodes_cosign_what_continues,
    a_log_that_went_back_stops_the_nodes,
    two_histories_that_one_member_has_seen_stop_all
);

pub const NODES: [&str; 2] = ["wuhan", "harbin"];
const FILES: [&str; 2] = ["log.head", "log.signed"];

/// Two nodes whose witnesses two officers have admitted, after one transfer that both have cosigned.
pub async fn two_witnesses(kind: Kind) -> Federation {
    let federation = Federation::with_nodes(Plan::on(kind).witnessing(), 10).await;
    for member in NODES {
        until(&format!("the candidate of {member}"), async || {
            let listed = federation.look(&["witness", "list"]).await.done();
            when(listed.to_string().contains(&format!("witness/{member}+")), listed)
        })
        .await;
        federation.officers(&["witness", "admit", member]).await;
    }
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    all_cosigned(&federation).await;
    federation
}

/// Waits until every leaf is under a checkpoint that both nodes have cosigned.
pub async fn all_cosigned(federation: &Federation) -> (Head, Note) {
    let size = federation.ledger.head().await.size;
    let (head, note) = until_published(federation, u64::try_from(size).unwrap()).await;
    let policy = policy(federation).await;
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    let evaluation = policy.evaluate(&note, &checkpoint).unwrap();
    assert!(evaluation.accepted());
    assert_eq!((policy.witnesses().len(), evaluation.witnesses.len()), (2, 2));
    (head, note)
}

/// Waits until a node's own view of the log is so.
pub async fn until_log(federation: &Federation, member: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let platform = federation.platform(member);
    until(&format!("{what} at {member}"), async || {
        let view = platform.get("/api/v1/log").await;
        when(holds(&view), &view).map(|()| view)
    })
    .await
}

async fn nodes_cosign_what_continues(kind: Kind) {
    let mut federation = two_witnesses(kind).await;
    // One of them is away: without the quorum trade goes on, and nothing is published.
    federation.stop_node("harbin").await;
    let (before, _) = published(&federation).await.unwrap();
    federation.member("wuhan").issue(1_000).await;
    let size = federation.ledger.head().await.size;
    until_log(&federation, "wuhan", "the longer log", |view| {
        view["log"]["size"] == size
    })
    .await;
    assert_eq!(published(&federation).await.unwrap().0, before);
    federation.start_node("harbin").await;
    let (head, _) = all_cosigned(&federation).await;
    for member in NODES {
        let size = head.size;
        // The log says what the feed said, and it is witnessed.
        let view = until_log(&federation, member, "the comparison", |view| {
            view["log"]["checked"] == size && view["log"]["witnessed"] == size
        })
        .await;
        assert_eq!(
            (&view["log"]["stopped"], &view["evidence"]),
            (&json!(false), &json!([]))
        );
    }
    federation.reckon().await;
}

/// Everything of the hub was restored from an old backup: it cannot know, and its witnesses do.
async fn a_log_that_went_back_stops_the_nodes(kind: Kind) {
    let mut federation = two_witnesses(kind).await;
    federation.stop_hub().await;
    federation.ledger.back_up();
    let backup = |file: &str| federation.place.hub(&format!("{file}.backup"));
    for file in FILES {
        std::fs::copy(federation.place.hub(file), backup(file)).unwrap();
    }
    federation.start_hub().await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    let (head, _) = all_cosigned(&federation).await;
    federation.noted_head().await;
    federation.stop_hub().await;
    federation.ledger.restore();
    for file in FILES {
        std::fs::copy(
            federation.place.hub(&format!("{file}.backup")),
            federation.place.hub(file),
        )
        .unwrap();
    }
    federation.start_hub().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for member in NODES {
        let view = until_log(&federation, member, "the alarm", |view| view["log"]["stopped"] == true).await;
        let evidence = &view["evidence"][0];
        assert_eq!(evidence["kind"], "rollback", "{view}");
        let sizes = ["first", "second"].map(|side| {
            let note = Note::parse(evidence[side].as_str().unwrap().as_bytes()).unwrap();
            note.text().parse::<Checkpoint>().unwrap().size()
        });
        assert!(sizes[0] == head.size && sizes[1] < head.size, "{sizes:?}");
        let file = format!("evidence/{}.txt", evidence["id"].as_str().unwrap());
        assert!(federation.place.member(member, &file).is_file());
        assert_eq!(
            http.get(federation.ready_url(member)).send().await.unwrap().status(),
            503
        );
    }
    let order = offering(new_id(), 1_000);
    let refused = federation
        .platform("wuhan")
        .order("/api/v1/transfers?wait_s=2", &order)
        .await;
    let refused = refused.unwrap_err();
    // Log and feed went back together: whichever the node saw first refuses.
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(matches!(refused.code.as_str(), "log-fork" | "feed-fork"), "{refused:?}");
}

/// The hub's key has signed another tree of the same size, for one member only.
async fn two_histories_that_one_member_has_seen_stop_all(kind: Kind) {
    let federation = two_witnesses(kind).await;
    let (head, note) = all_cosigned(&federation).await;
    let key = log_key(&federation).await;
    let pem = std::fs::read_to_string(federation.place.hub("log.key")).unwrap();
    let secret = SigningKey::from_pem(&pem).unwrap();
    let root = Sha256::of(b"another history");
    let text = Checkpoint::new(key.name(), Head { root, ..head }).unwrap().to_string();
    let mut other = Note::unsigned(&text).unwrap();
    other.add(SignatureLine::sign(&text, &key, &secret).unwrap()).unwrap();
    let report = LogFork {
        kind: ForkKind::Fork,
        first: note.to_string(),
        second: other.to_string(),
        detail: "seen by a third member".to_owned(),
    };
    let third = federation.admitted("shenzhen", "440300").await;
    third.done(report).await;
    for member in NODES {
        let view = until_log(&federation, member, "the alarm", |view| view["log"]["stopped"] == true).await;
        let evidence = &view["evidence"][0];
        assert_eq!(
            (&evidence["kind"], &evidence["reported_by"]),
            (&json!("fork"), &json!("shenzhen"))
        );
    }
    let size = federation.hub_health().await["log"]["witnessed_size"].clone();
    // Nobody cosigns any more until people have looked at it.
    let resumed = federation
        .node_command(
            "wuhan",
            &[
                "witness",
                "resume",
                "--reason",
                "the officers have found who copied the key",
            ],
        )
        .await;
    resumed.done();
    until_log(&federation, "wuhan", "the end of the alarm", |view| {
        view["log"]["stopped"] == false && view["evidence"][0]["ended_because"].is_string()
    })
    .await;
    assert_eq!(federation.hub_health().await["log"]["witnessed_size"], size);
    assert_eq!(federation.hub_health().await["log"]["forks"], 1);
}
