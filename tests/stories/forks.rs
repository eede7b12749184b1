//! The hub is restored from an old backup: nobody goes on as if nothing had happened.

use serde_json::{Value, json};
use tanqiao_protocol::feed::FeedPage;
use tanqiao_tests::content::issuance;
use tanqiao_tests::member::told;
use tanqiao_tests::patience::when;
use tanqiao_tests::platform::offering;
use tanqiao_tests::{Crossing, Federation, Kind, Plan, Refused as _, until};

use crate::told_on_both;

told_on_both!(
    a_cursor_ahead_is_a_fork,
    a_restored_database_stops_the_hub,
    a_restored_hub_is_noticed_by_its_nodes,
);

async fn a_cursor_ahead_is_a_fork(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let wuhan = federation.member("wuhan");
    wuhan.issue(1_000).await;
    let page: FeedPage = wuhan.read("/v1/feed?limit=1000").await;
    let (latest, chain) = (page.latest, page.entries.last().unwrap().chain);
    let fork = async |question: String| {
        told(wuhan.ask(&question).await.unwrap())
            .await
            .unwrap()
            .refused_by("feed-fork")
    };
    let ahead = fork(format!("/v1/feed?after={}&wait=30", latest + 1)).await;
    assert_eq!(ahead.status, 409);
    assert!(ahead.expected.is_some() && ahead.found.is_some(), "{ahead:?}");
    fork(format!("/v1/feed?after={}&chain={chain}", latest - 1)).await;
    fork(format!("/v1/feed?after={latest}&chain={}", "1".repeat(64))).await;
    let page: FeedPage = wuhan.read(&format!("/v1/feed?after={latest}&chain={chain}")).await;
    assert!(page.entries.is_empty() && page.latest == latest);
}

/// Only the database was restored: the hub knows better, and writes nothing.
async fn a_restored_database_stops_the_hub(kind: Kind) {
    let mut federation = federation_after_a_backup(kind).await;
    federation.stop_hub().await;
    federation.ledger.restore();
    federation.start_hub_unready().await;
    let health = federation.hub_health().await;
    let says = health["checks"]["sequencer"]["says"].as_str().unwrap_or_default();
    assert!(says.contains("restored"), "{health}");
    let before = federation.ledger.head().await;
    let wuhan = federation.member("wuhan");
    let problem = wuhan.tell(&wuhan.say(issuance(1_000)).1).await.refused_by("read-only");
    assert_eq!(problem.status, 503);
    nodes_stop(&mut federation).await;
    assert_eq!(federation.ledger.head().await, before);
}

/// Everything of the hub was restored: it cannot know, and its nodes do.
async fn a_restored_hub_is_noticed_by_its_nodes(kind: Kind) {
    let mut federation = federation_after_a_backup(kind).await;
    federation.stop_hub().await;
    federation.ledger.restore();
    std::fs::copy(
        federation.place.hub("log.head.backup"),
        federation.place.hub("log.head"),
    )
    .unwrap();
    federation.start_hub().await;
    let before = federation.ledger.head().await;
    nodes_stop(&mut federation).await;
    assert_eq!(federation.ledger.head().await, before);
}

/// A federation that was backed up and has done one more transfer since.
async fn federation_after_a_backup(kind: Kind) -> Federation {
    let mut federation = Federation::with_nodes(Plan::on(kind), 10).await;
    federation.stop_hub().await;
    federation.ledger.back_up();
    std::fs::copy(
        federation.place.hub("log.head"),
        federation.place.hub("log.head.backup"),
    )
    .unwrap();
    federation.start_hub().await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    // The hub notes how far it has answered a moment later.
    let size = federation.ledger.head().await.size;
    until("the hub's note", async || {
        let note: Value = serde_json::from_slice(&std::fs::read(federation.place.hub("log.head")).unwrap()).unwrap();
        when(note["size"] == size, note)
    })
    .await;
    federation
}

/// Both nodes are further than the hub: they keep what they have, say so, and deal no more, also after a restart.
async fn nodes_stop(federation: &mut Federation) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for member in ["wuhan", "harbin"] {
        let status = federation
            .platform(member)
            .until_status("the fork", |status| status["feed"] == "forked")
            .await;
        // Both sides of the contradiction are kept.
        assert!(
            status["expected"].is_string() && status["found"].is_string(),
            "{status}"
        );
        let ready = http.get(federation.ready_url(member)).send().await.unwrap();
        assert_eq!(ready.status(), 503, "{member} is not ready");
    }
    let book = federation.platform("wuhan").status().await["digest"].clone();
    let order = offering(tanqiao_hub::serve::new_id(), 1_000);
    for restart in [false, true] {
        if restart {
            federation.stop_node("wuhan").await;
            federation.start_node("wuhan").await;
        }
        let wuhan = federation.platform("wuhan");
        let refused = wuhan.order("/api/v1/transfers?wait_s=2", &order).await.unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (409, "feed-fork"),
            "{refused:?}"
        );
        assert!(refused.detail.contains("recover"), "it says what to do: {refused:?}");
        let status = wuhan.status().await;
        assert_eq!(
            (&status["feed"], &status["digest"]),
            (&json!("forked"), &book),
            "{status}"
        );
    }
}
