//! Two members credit the same acts: found by tokens, held back, settled, with real programs on both sides.

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_tests::comparing::{HARBIN, Ride, WUHAN};
use tanqiao_tests::platform::grams_of_rides;
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Federation, Kind, Plan};

use crate::told_on_both;

told_on_both!(one_act_is_credited_once);

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

async fn one_act_is_credited_once(kind: Kind) {
    let mut federation = Federation::comparing(Plan::on(kind)).await;
    // Wuhan's node dies while its stream is on the way, and goes on.
    federation.start_node_to_die("wuhan", "upload.before-send").await;
    let wuhan = federation.platform("wuhan");
    let rides = [
        ride("metro-app", "r1", "holder-a", "19900000001", 0),
        ride("metro-app", "r2", "holder-a", "19900000001", 120),
        ride("metro-app", "r3", "holder-b", "19900000002", 240),
    ];
    WUHAN.import(&federation, &rides).await;
    let first = new_id();
    WUHAN.issue(&federation, first).await;
    assert_eq!(federation.node_death("wuhan").await, KILLED);
    federation.start_node("wuhan").await;
    let recognised = wuhan.until_issuance(first, "recognised").await;
    assert_eq!(recognised["tokens"]["state"], "ended");
    assert_eq!(wuhan.grams_of("holder-a", "total_g").await, grams_of_rides(2));

    // Harbin has the record r3 as well, the ride of r1 under another number, and one of its own.
    let harbin = federation.platform("harbin");
    let rides = [
        ride("metro-app", "r3", "holder-x", "19900000002", 240),
        ride("other-app", "o1", "holder-y", "199 0000 0001", 1),
        ride("other-app", "o2", "holder-y", "199 0000 0001", 600),
    ];
    HARBIN.import(&federation, &rides).await;
    let second = new_id();
    HARBIN.issue(&federation, second).await;
    let partly = harbin.until_issuance(second, "partially-recognised").await;
    assert_eq!(
        (&partly["tokens"]["held_back"], &partly["delivered_g"]),
        (&json!(2), &json!(grams_of_rides(1)))
    );
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(1));
    assert_eq!(harbin.grams_of("holder-x", "total_g").await, 0);
    let conflicts = harbin.until_conflicts(2).await;
    let about = |conflicts: &[Value], kind: &str| -> String {
        let found = conflicts
            .iter()
            .find(|one| one["kinds"].as_array().unwrap().contains(&json!(kind)));
        found.unwrap()["conflict"].as_str().unwrap().to_owned()
    };
    let record = about(&conflicts, "R");
    wuhan.until_conflicts(2).await;

    // Harbin gives the record up; Wuhan gives up the ride that its app had only been told of.
    let words = json!({"statement": "the record is Wuhan's", "concede": true});
    harbin
        .order(&format!("/api/v1/conflicts/{record}/evidence?wait_s=30"), &words)
        .await
        .unwrap();
    let left = wuhan.until_conflicts(1).await;
    let ride = left[0]["conflict"].as_str().unwrap().to_owned();
    assert_ne!(ride, record);
    let words = json!({"statement": "the other app has the gate's own record", "concede": true});
    wuhan
        .order(&format!("/api/v1/conflicts/{ride}/evidence?wait_s=30"), &words)
        .await
        .unwrap();
    harbin.until_conflicts(0).await;
    federation.reckon().await;
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(2));
    assert_eq!(harbin.grams_of("holder-x", "total_g").await, 0);
    // What was cancelled was an activity of holder-a, whoever had its serials.
    assert_eq!(wuhan.grams_of("holder-a", "total_g").await, grams_of_rides(1));
    assert_eq!(wuhan.grams_of("holder-b", "total_g").await, grams_of_rides(1));
    assert_eq!(
        harbin.get(&format!("/api/v1/conflicts/{ride}")).await["outcome"],
        "later"
    );
}
