//! Drill: the disk of a node is lost some of whose activities are held back, because another member has issued the same acts.

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_tests::comparing::{HARBIN, Ride, WUHAN};
use tanqiao_tests::patience::when;
use tanqiao_tests::platform::grams_of_rides;
use tanqiao_tests::{Federation, Kind, Plan, until};

use crate::told_on_both;

told_on_both!(a_node_with_activities_held_back_is_built_again);

fn ride(source: &'static str, record: &str, account: &'static str, subject: &str, minute: u32) -> Ride {
    let (record, subject) = (record.to_owned(), subject.to_owned());
    Ride {
        source,
        record,
        account,
        subject,
        minute,
    }
}

/// What Harbin's apps have: a record that Wuhan has as well, a ride that Wuhan has under another number, and one of its own.
fn harbins() -> [Ride; 3] {
    [
        ride("metro-app", "r3", "holder-x", "19900000002", 240),
        ride("other-app", "o1", "holder-y", "19900000001", 1),
        ride("other-app", "o2", "holder-y", "19900000001", 600),
    ]
}

async fn conceded(federation: &Federation, member: &str, conflict: &str) {
    let words = json!({"statement": "the act is the other side's", "concede": true});
    let address = format!("/api/v1/conflicts/{conflict}/evidence?wait_s=30");
    federation.platform(member).order(&address, &words).await.unwrap();
}

fn about(conflicts: &[Value], kind: &str) -> String {
    let found = conflicts
        .iter()
        .find(|one| one["kinds"].as_array().unwrap().contains(&json!(kind)));
    found.unwrap()["conflict"].as_str().unwrap().to_owned()
}

/// Harbin's node issues three rides of which two are held back, and its machine is gone.
async fn partly_issued_and_lost(federation: &mut Federation) -> (tanqiao_protocol::id::MessageId, Vec<Value>) {
    federation.start_node("wuhan").await;
    let wuhans = [
        ride("metro-app", "r1", "holder-a", "19900000001", 0),
        ride("metro-app", "r3", "holder-b", "19900000002", 240),
    ];
    WUHAN.import(federation, &wuhans).await;
    let first = new_id();
    WUHAN.issue(federation, first).await;
    federation.platform("wuhan").until_issuance(first, "recognised").await;
    HARBIN.import(federation, &harbins()).await;
    let second = new_id();
    HARBIN.issue(federation, second).await;
    let harbin = federation.platform("harbin");
    harbin.until_issuance(second, "partially-recognised").await;
    let conflicts = harbin.until_conflicts(2).await;
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(1));
    federation.stop_node("harbin").await;
    std::fs::remove_dir_all(federation.place.member("harbin", "")).unwrap();
    (second, conflicts)
}

async fn a_node_with_activities_held_back_is_built_again(kind: Kind) {
    let mut federation = Federation::comparing(Plan::on(kind)).await;
    let (issuance, before) = partly_issued_and_lost(&mut federation).await;
    federation.seat_comparing("harbin", "230100");
    let lost = ["--keys-lost", "the node's disk is gone"];
    federation.enrol("harbin", "230100", &lost).await;
    federation.start_node("harbin").await;
    federation.in_step().await;
    let harbin = federation.platform("harbin");
    assert_eq!(harbin.grams_of("suspense", "total_g").await, grams_of_rides(1));

    // The platform's file again: it looks as if nobody had issued it, and is not issued.
    HARBIN.import(&federation, &harbins()).await;
    let issued_g = federation.ledger.totals().await.issued_g;
    let refused = harbin
        .order("/api/v1/issuances", &HARBIN.issuing(new_id()))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "records-not-claimed", "{refused:?}");
    assert!(format!("{refused:?}").contains(&issuance.to_string()), "{refused:?}");
    assert_eq!(federation.ledger.totals().await.issued_g, issued_g);

    // Serials go to whose they were, and what is held back is known again.
    let done = federation
        .node_command("harbin", &["recover", "--from-records"])
        .await
        .done();
    assert_eq!(done["issuances"][0]["result"], "found", "{done}");
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(1));
    assert_eq!(harbin.grams_of("holder-x", "total_g").await, 0);
    assert_eq!(harbin.grams_of("suspense", "total_g").await, 0);
    let after = harbin.until_conflicts(2).await;
    for kind in ["R", "S"] {
        assert_eq!(about(&after, kind), about(&before, kind));
    }
    let again = harbin
        .order("/api/v1/issuances", &HARBIN.issuing(new_id()))
        .await
        .unwrap_err();
    assert_eq!(again.code, "nothing-to-issue", "{again:?}");

    // Harbin gives the record up, Wuhan the ride: that one goes to the account of its activity, which the new node knows.
    let record = about(&after, "R");
    conceded(&federation, "harbin", &record).await;
    let left = federation.platform("wuhan").until_conflicts(1).await;
    conceded(&federation, "wuhan", left[0]["conflict"].as_str().unwrap()).await;
    harbin.until_conflicts(0).await;
    until("the released ride", async || {
        let grams = harbin.grams_of("holder-y", "total_g").await;
        when(grams == grams_of_rides(2), grams)
    })
    .await;
    assert_eq!(harbin.grams_of("holder-x", "total_g").await, 0);
    federation.reckon().await;

    // Life goes on.
    let new = [ride("other-app", "o3", "holder-y", "19900000001", 660)];
    HARBIN.import(&federation, &new).await;
    let third = new_id();
    HARBIN.issue(&federation, third).await;
    harbin.until_issuance(third, "recognised").await;
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(3));
    federation.reckon().await;
}
