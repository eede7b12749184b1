//! The feed: in order, without gaps, waiting at its end, and never silent about a fork.

use std::time::{Duration, Instant};

use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::{CHAIN_START, FeedPage, chain};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::view::Outcome;

use crate::support::issuance;
use crate::world::{Member, World, on_each, refused, until};

async fn issue(member: &Member) -> Outcome {
    let content = issuance(&member.id, "420100", 500, tanqiao_hub::serve::new_id());
    member.done("/v1/issuances", content).await.1
}

#[actix_web::test]
async fn entries_carry_a_chain_that_their_reader_can_check() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        for _ in 0..3 {
            issue(&wuhan).await;
        }
        let (mut after, mut at) = (0, CHAIN_START);
        loop {
            let page: FeedPage = wuhan.read(&format!("/v1/feed?after={after}&chain={at}&limit=2")).await;
            for entry in &page.entries {
                assert_eq!(entry.entry.seq, after + 1);
                at = chain(&at, &canonical::to_vec(&entry.entry).unwrap());
                assert_eq!(entry.chain, at);
                after = entry.entry.seq;
            }
            if page.entries.is_empty() {
                assert_eq!(page.latest, after);
                break;
            }
        }
        assert!(after >= 3);
    })
    .await;
}

#[actix_web::test]
async fn a_reader_at_the_end_waits_for_news() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        issue(&wuhan).await;
        let page: FeedPage = wuhan.read("/v1/feed?limit=1000").await;
        let last = page.entries.last().unwrap();
        let path = format!("/v1/feed?after={}&chain={}&wait=30", last.entry.seq, last.chain);
        let reader = wuhan.clone();
        let polling = actix_web::rt::spawn(async move { reader.read::<FeedPage>(&path).await });
        let console = reqwest::Client::builder().no_proxy().build().unwrap();
        let metrics = world.console("/metrics");
        loop {
            let text = console.get(&metrics).send().await.unwrap().text().await.unwrap();
            if text.contains("tanqiao_hub_feed_pollers 1") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let outcome = issue(&wuhan).await;
        let page = polling.await.unwrap();
        assert_eq!(page.entries.len(), 1);
        assert_eq!(page.entries[0].entry.log_index, outcome.log_index);
        // And at the end of its time it answers with nothing.
        let last = &page.entries[0];
        let began = Instant::now();
        let page: FeedPage = wuhan
            .read(&format!(
                "/v1/feed?after={}&chain={}&wait=1",
                last.entry.seq, last.chain
            ))
            .await;
        assert!(page.entries.is_empty() && began.elapsed() >= Duration::from_secs(1));
    })
    .await;
}

#[actix_web::test]
async fn a_cursor_of_another_history_is_a_fork() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        issue(&wuhan).await;
        let page: FeedPage = wuhan.read("/v1/feed").await;
        refused(
            wuhan.get(&format!("/v1/feed?after={}", page.latest + 1)).await,
            "feed-fork",
        )
        .await;
        let wrong = Sha256([1; 32]);
        refused(
            wuhan
                .get(&format!("/v1/feed?after={}&chain={wrong}&wait=30", page.latest))
                .await,
            "feed-fork",
        )
        .await;
        refused(wuhan.get(&format!("/v1/feed?after=0&chain={wrong}")).await, "feed-fork").await;
        refused(wuhan.get("/v1/feed?after=-1").await, "invalid-parameter").await;
        refused(wuhan.get("/v1/feed?limit=1001").await, "invalid-parameter").await;
    })
    .await;
}

#[actix_web::test]
async fn a_stopping_hub_lets_its_readers_go() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let page: FeedPage = wuhan.read("/v1/feed?limit=1000").await;
        let reader = wuhan.clone();
        let path = format!("/v1/feed?after={}&wait=30", page.latest);
        let polling = actix_web::rt::spawn(async move { reader.read::<FeedPage>(&path).await });
        let hub = world.service.hub.clone();
        let cursors = || hub.metrics.cursors().get(&crate::support::node("wuhan")) == Some(&page.latest);
        until(cursors).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let began = Instant::now();
        world.service.stop().await;
        assert!(polling.await.unwrap().entries.is_empty());
        assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
    })
    .await;
}
