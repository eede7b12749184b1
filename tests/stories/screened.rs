//! Two members credit the same acts: found by tokens, held back, settled, with real programs on both sides.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_node::service::Staffed;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Methodology;
use tanqiao_tests::content::methodology;
use tanqiao_tests::founding::MEMBERS;
use tanqiao_tests::patience::{until, when};
use tanqiao_tests::platform::{Platform, grams_of_rides, issuing};
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Federation, Kind, Plan};

use crate::told_on_both;

told_on_both!(one_act_is_credited_once);

/// A ride: the platform that recorded it, its number there, whose, who that is, and the minute in which it began.
type Ride = (&'static str, &'static str, &'static str, &'static str, u32);

/// Harbin's own methodology for the same activity: a member issues by its own.
const HARBIN_METRO: &str = "harbin-metro.v1";

fn file(place: &str, rides: &[Ride]) -> String {
    let mut text = "source,record_id,account,quantity,unit,started_at,ended_at,place,subject\n".to_owned();
    for (source, record, account, subject, minute) in rides {
        let (hour, minute) = (8 + minute / 60, minute % 60);
        writeln!(
            text,
            "{source},{record},{account},50,km,2025-05-23T{hour:02}:{minute:02}:00+08:00,2025-05-23T20:00:00+08:00,{place},\
             {subject}"
        )
        .unwrap();
    }
    text
}

/// A federation whose two members make tokens with the same key.
async fn comparing(kind: Kind) -> Federation {
    use std::os::unix::fs::PermissionsExt as _;
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    for (member, region) in MEMBERS {
        federation.seat(member, region);
        let config = federation.place.member(member, "node.toml");
        let mut text = std::fs::read_to_string(&config).unwrap();
        text.push_str("[fingerprint]\nsuite = \"hmac-sm3\"\n");
        std::fs::write(&config, text).unwrap();
        let key = federation.place.member(member, "tokens.key");
        std::fs::write(&key, "5a".repeat(32)).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    federation
}

async fn publish(federation: &Federation) {
    let node = federation.beside("harbin").await;
    let own = Methodology {
        methodology: HARBIN_METRO.parse().unwrap(),
        region: "230100".parse().unwrap(),
        ..methodology()
    };
    let id = node.publish_methodology(Staffed::default(), own).await.unwrap();
    let answer = node.wait_for(id, Duration::from_secs(30)).await.unwrap();
    assert!(answer.outcome.is_some(), "{answer:?}");
}

async fn until_issuance(platform: &Platform, id: MessageId, state: &str) -> Value {
    until(&format!("issuance {id} is {state}"), async || {
        match platform
            .try_ask(Method::GET, &format!("/api/v1/issuances/{id}"), None)
            .await?
        {
            Ok(found) => {
                // Once it is in the outbox, the hub's word on it says why it waits.
                let message = platform
                    .try_ask(Method::GET, &format!("/api/v1/messages/{id}"), None)
                    .await?;
                let seen = format!("{} {} {message:?}", found["state"], found["tokens"]);
                when(found["state"] == state, seen).map(|()| found)
            }
            Err(problem) => Err(problem.to_string()),
        }
    })
    .await
}

async fn until_conflicts(platform: &Platform, count: usize) -> Vec<Value> {
    until(&format!("{count} conflicts are open"), async || {
        let found = platform.get("/api/v1/conflicts?state=open").await;
        let items = found["items"].as_array().unwrap().clone();
        when(items.len() == count, &found).map(|()| items)
    })
    .await
}

async fn one_act_is_credited_once(kind: Kind) {
    let mut federation = comparing(kind).await;
    // Wuhan's node dies while its stream is on the way, and goes on.
    federation.start_node_to_die("wuhan", "upload.before-send").await;
    federation.start_node("harbin").await;
    let wuhan = federation.platform("wuhan");
    let rides: [Ride; 3] = [
        ("metro-app", "r1", "holder-a", "19900000001", 0),
        ("metro-app", "r2", "holder-a", "19900000001", 120),
        ("metro-app", "r3", "holder-b", "19900000002", 240),
    ];
    wuhan.import(&file("420106", &rides)).await;
    let first = new_id();
    wuhan.order("/api/v1/issuances", &issuing(first)).await.unwrap();
    assert_eq!(federation.node_death("wuhan").await, KILLED);
    federation.start_node("wuhan").await;
    let recognised = until_issuance(&wuhan, first, "recognised").await;
    assert_eq!(recognised["tokens"]["state"], "ended");
    assert_eq!(wuhan.grams_of("holder-a", "total_g").await, grams_of_rides(2));

    // Harbin has the record r3 as well, the ride of r1 under another number, and one of its own.
    let harbin = federation.platform("harbin");
    let rides: [Ride; 3] = [
        ("metro-app", "r3", "holder-x", "19900000002", 240),
        ("other-app", "o1", "holder-y", "199 0000 0001", 1),
        ("other-app", "o2", "holder-y", "199 0000 0001", 600),
    ];
    publish(&federation).await;
    harbin.import_by(HARBIN_METRO, &file("230106", &rides)).await;
    let second = new_id();
    let mut order = issuing(second);
    order["methodology"] = json!(HARBIN_METRO);
    order["region_of_act"] = json!("230100");
    harbin.order("/api/v1/issuances", &order).await.unwrap();
    let partly = until_issuance(&harbin, second, "partially-recognised").await;
    assert_eq!(
        (&partly["tokens"]["held_back"], &partly["delivered_g"]),
        (&json!(2), &json!(grams_of_rides(1)))
    );
    assert_eq!(harbin.grams_of("holder-y", "total_g").await, grams_of_rides(1));
    assert_eq!(harbin.grams_of("holder-x", "total_g").await, 0);
    let conflicts = until_conflicts(&harbin, 2).await;
    let about = |conflicts: &[Value], kind: &str| -> String {
        let found = conflicts
            .iter()
            .find(|one| one["kinds"].as_array().unwrap().contains(&json!(kind)));
        found.unwrap()["conflict"].as_str().unwrap().to_owned()
    };
    let record = about(&conflicts, "R");
    until_conflicts(&wuhan, 2).await;

    // Harbin gives the record up; Wuhan gives up the ride that its app had only been told of.
    let words = json!({"statement": "the record is Wuhan's", "concede": true});
    harbin
        .order(&format!("/api/v1/conflicts/{record}/evidence?wait_s=30"), &words)
        .await
        .unwrap();
    let left = until_conflicts(&wuhan, 1).await;
    let ride = left[0]["conflict"].as_str().unwrap().to_owned();
    assert_ne!(ride, record);
    let words = json!({"statement": "the other app has the gate's own record", "concede": true});
    wuhan
        .order(&format!("/api/v1/conflicts/{ride}/evidence?wait_s=30"), &words)
        .await
        .unwrap();
    until_conflicts(&harbin, 0).await;
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
