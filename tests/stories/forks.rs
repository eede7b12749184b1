//! The hub is restored from an old backup: nobody goes on as if nothing had happened.

use serde_json::json;
use tanqiao_protocol::feed::FeedPage;
use tanqiao_tests::member::told;
use tanqiao_tests::platform::offering;
use tanqiao_tests::{Crossing, Federation, Kind, Plan, Refused as _};

use crate::told_on_both;

told_on_both!(a_cursor_ahead_is_a_fork, a_restored_hub_is_noticed_by_its_nodes);

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

async fn a_restored_hub_is_noticed_by_its_nodes(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), 10).await;
    federation.stop_hub().await;
    federation.ledger.back_up();
    federation.start_hub().await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    let heads = [
        federation.ledger.feed_head("wuhan").await,
        federation.ledger.feed_head("harbin").await,
    ];

    federation.stop_hub().await;
    federation.ledger.restore();
    federation.start_hub().await;
    for (member, head) in ["wuhan", "harbin"].into_iter().zip(heads) {
        let status = federation
            .platform(member)
            .until_status("the fork", |status| status["feed"] == "forked")
            .await;
        // The book stays what it was, and both sides of the contradiction are kept.
        assert_eq!(
            (&status["feed_seq"], &status["digest"]),
            (&json!(head.seq), &json!(head.digest)),
            "{status}"
        );
        assert!(
            status["expected"].is_string() && status["found"].is_string(),
            "{status}"
        );
        let ready = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .get(federation.ready_url(member))
            .send()
            .await
            .unwrap();
        assert_eq!(ready.status(), 503, "{member} is not ready");
    }
    // Nothing is sent any more, not even what is ordered now, and a restart changes nothing about that.
    let before = federation.ledger.head().await;
    let order = offering(tanqiao_hub::serve::new_id(), 1_000);
    let answer = federation
        .platform("wuhan")
        .order("/api/v1/transfers?wait_s=2", &order)
        .await;
    assert!(
        answer.as_ref().is_err() || answer.as_ref().is_ok_and(|found| found["state"] == "pending"),
        "{answer:?}"
    );
    federation.stop_node("wuhan").await;
    federation.start_node("wuhan").await;
    let answer = federation
        .platform("wuhan")
        .order("/api/v1/transfers?wait_s=2", &order)
        .await;
    assert!(
        answer.as_ref().is_err() || answer.as_ref().is_ok_and(|found| found["state"] == "pending"),
        "{answer:?}"
    );
    let status = federation.platform("wuhan").status().await;
    assert_eq!(status["feed"], "forked", "{status}");
    assert_eq!(federation.ledger.head().await, before);
}
