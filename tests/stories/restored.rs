//! A node is restored from an old backup: the feed brings back what it holds.

use serde_json::json;
use tanqiao_tests::ledger::copy_sqlite;
use tanqiao_tests::platform::{HOLDER, grams_of_rides, rides};
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::told_on_both;

const RIDES: i64 = 10;

told_on_both!(a_restored_target_catches_up, a_restored_source_catches_up);

/// Harbin accepted one transfer before the backup and one after it: whose the second is, its node cannot know any more.
async fn a_restored_target_catches_up(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let first = Crossing::planned(&federation, 1_000).await;
    first.order(&federation).await;
    first.happened_once(&federation).await;
    let database = federation.place.member("harbin", "node.db");
    let backup = federation.place.member("harbin", "node.backup");
    federation.stop_node("harbin").await;
    copy_sqlite(&database, &backup);
    federation.start_node("harbin").await;
    let kept_g = federation.platform("harbin").grams_of("house", "total_g").await;
    let second = Crossing::planned(&federation, 2_000).await;
    second.order(&federation).await;
    second.happened_once(&federation).await;
    let all_g = federation.platform("harbin").grams_of("house", "total_g").await;

    federation.stop_node("harbin").await;
    copy_sqlite(&backup, &database);
    federation.start_node("harbin").await;
    federation.reckon().await;
    let harbin = federation.platform("harbin");
    assert_eq!(harbin.grams_of("house", "total_g").await, kept_g);
    assert_eq!(harbin.grams_of("suspense", "total_g").await, all_g - kept_g);
    assert_eq!(harbin.status().await["suspense_g"], all_g - kept_g);
    // What is in suspense cannot be spent, and cannot be moved away either.
    let spend =
        json!({ "account": "suspense", "quantity_g": 1, "target": "wuhan", "use": tanqiao_tests::content::USE });
    assert_eq!(harbin.order("/api/v1/transfers", &spend).await.unwrap_err().status, 422);
    let away = json!({ "to": "house", "quantity_g": 1 });
    assert_eq!(
        harbin
            .order("/api/v1/accounts/suspense/moves", &away)
            .await
            .unwrap_err()
            .status,
        422
    );
    // Once staff know whose it is, they say so with the reason, once.
    let known = json!({
        "id": tanqiao_hub::serve::new_id(), "quantity_g": all_g - kept_g, "reason": "the receipt of the second transfer"
    });
    for _ in 0..2 {
        harbin
            .order("/api/v1/accounts/house/attributions", &known)
            .await
            .unwrap();
        assert_eq!(harbin.grams_of("suspense", "total_g").await, 0);
        assert_eq!(harbin.grams_of("house", "free_g").await, all_g);
    }
    let journal = harbin.get("/api/v1/accounts/suspense/journal?limit=1").await;
    assert_eq!(journal["items"][0]["reason"], known["reason"], "{journal}");
    federation.reckon().await;
    // And life goes on.
    let third = Crossing::planned(&federation, 1_000).await;
    third.order(&federation).await;
    third.happened_once(&federation).await;
}

/// Wuhan issued and sold after the backup: what was sold is gone again, what was issued is there and belongs to nobody yet.
async fn a_restored_source_catches_up(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let database = federation.place.member("wuhan", "node.db");
    let backup = federation.place.member("wuhan", "node.backup");
    federation.stop_node("wuhan").await;
    copy_sqlite(&database, &backup);
    federation.start_node("wuhan").await;
    let crossing = Crossing::planned(&federation, 3_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    federation
        .platform("wuhan")
        .import(&rides("after-the-backup", RIDES))
        .await;
    federation.platform("wuhan").issue().await;
    federation.reckon().await;

    federation.stop_node("wuhan").await;
    copy_sqlite(&backup, &database);
    federation.start_node("wuhan").await;
    federation.reckon().await;
    let wuhan = federation.platform("wuhan");
    assert_eq!(wuhan.grams_of(HOLDER, "total_g").await, grams_of_rides(RIDES) - 3_000);
    assert_eq!(wuhan.grams_of("suspense", "total_g").await, grams_of_rides(RIDES));
    // And life goes on.
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
}
