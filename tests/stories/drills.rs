//! Drills: a node's disk is lost, and the node is built again from the hub's feed and its platform's own files; and a
//! certificate runs out.

use serde_json::{Value, json};
use tanqiao_certs::{CertificateFacts, Order, Profile, RevocationReason, Span};
use tanqiao_tests::founding::certify;
use tanqiao_tests::patience::when;
use tanqiao_tests::platform::{HOLDER, grams_of_rides, rides};
use tanqiao_tests::{Crossing, Federation, Kind, Plan, until};

use crate::told_on_both;

const RIDES: i64 = 10;

told_on_both!(
    a_node_whose_disk_is_lost_is_built_again,
    a_certificate_is_renewed_before_it_runs_out,
);

/// Wuhan's disk is gone: database, keys and certificate. It has issued twice, sold some, and had a file imported that it had not issued.
async fn a_node_whose_disk_is_lost_is_built_again(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let wuhan = federation.platform("wuhan");
    wuhan.import(&rides("second", RIDES)).await;
    wuhan.issue().await;
    let crossing = Crossing::planned(&federation, 3_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    wuhan.import(&rides("third", RIDES)).await;
    let held_g = wuhan.grams_of(HOLDER, "total_g").await;
    federation.stop_node("wuhan").await;
    std::fs::remove_dir_all(federation.place.member("wuhan", "")).unwrap();

    // Another machine, with new keys: two officers let the new signing key count in the place of the lost one.
    federation.seat("wuhan", "420100");
    let lost = ["--keys-lost", "the node's disk is gone"];
    federation.enrol("wuhan", "420100", &lost).await;
    federation.start_node("wuhan").await;
    federation.reckon().await;
    let wuhan = federation.platform("wuhan");
    assert_eq!(
        wuhan.grams_of("suspense", "total_g").await,
        held_g,
        "nobody knows whose it is"
    );

    // The platform's files again, in their old order. One is still missing: what it covers stays where it is.
    let recover =
        async |federation: &Federation| federation.node_command("wuhan", &["recover", "--from-records"]).await;
    wuhan.import(&rides("first", RIDES)).await;
    let part = recover(&federation).await;
    assert_eq!(part.status, Some(1), "{part:?}");
    assert_eq!(results(&part.json), ["found", "records-missing"], "{}", part.json);
    assert_eq!(wuhan.grams_of(HOLDER, "total_g").await, grams_of_rides(RIDES) - 3_000);
    for line in ["second", "third"] {
        wuhan.import(&rides(line, RIDES)).await;
    }
    let all = recover(&federation).await.done();
    assert_eq!(results(&all), ["known", "found"], "{all}");
    assert_eq!(wuhan.grams_of(HOLDER, "total_g").await, held_g);
    assert_eq!(wuhan.grams_of("suspense", "total_g").await, 0);
    let again = recover(&federation).await.done();
    assert_eq!(results(&again), ["known", "known"], "{again}");
    federation.reckon().await;

    // Only what was not issued before is issued now; and life goes on.
    let issued_g = federation.ledger.totals().await.issued_g;
    wuhan.issue().await;
    federation.reckon().await;
    assert_eq!(
        federation.ledger.totals().await.issued_g,
        issued_g + grams_of_rides(RIDES)
    );
    assert_eq!(wuhan.grams_of(HOLDER, "total_g").await, held_g + grams_of_rides(RIDES));
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
}

fn results(done: &Value) -> Vec<&str> {
    let all = done["issuances"].as_array().unwrap();
    all.iter().map(|one| one["result"].as_str().unwrap()).collect()
}

/// Wuhan's node was off for weeks: its certificate is past two thirds of its life.
async fn a_certificate_is_renewed_before_it_runs_out(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    federation.seat("wuhan", "420100");
    let files = federation.place.member("wuhan", "node");
    let certificate = || {
        let pem = std::fs::read(files.with_extension("pem")).map_err(|error| error.to_string())?;
        CertificateFacts::from_pem(&pem)
            .map(|mut all| all.remove(0))
            .map_err(|error| error.to_string())
    };
    let now = chrono::Utc::now();
    let first = certificate().unwrap().serial;
    federation
        .authority
        .revoke(&first, RevocationReason::Superseded, now)
        .unwrap();
    let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
    certify(&federation.authority, &order, now - Span::days(80), &files);
    let old = certificate().unwrap();
    // The hub says whose certificate runs out.
    let members = federation.hub_health().await["checks"]["member-certificates"].clone();
    let says = members["says"].as_str().unwrap();
    assert!(
        says.contains("wuhan in 9 days") && !says.contains("harbin"),
        "{members}"
    );
    assert_eq!(
        (&members["days_left"], &members["ok"]),
        (&json!(9), &json!(true)),
        "{members}"
    );

    federation.start_node("wuhan").await;
    let new = until("the new certificate", async || {
        let found = certificate()?;
        when(found.serial != old.serial, &found.serial).map(|()| found)
    })
    .await;
    assert_eq!(new.days_left(chrono::Utc::now()), 89);
    federation.in_step().await;
    let members = federation.hub_health().await["checks"]["member-certificates"].clone();
    assert_eq!(
        (&members["days_left"], &members["says"]),
        (&json!(89), &Value::Null),
        "{members}"
    );
    // The old one is revoked: what the node says next comes over a connection with the new one.
    federation
        .authority
        .revoke(&old.serial, RevocationReason::Superseded, now)
        .unwrap();
    federation.authority.crl(now).unwrap();
    federation
        .officers(&["member", "suspend", "wuhan", "--reason", "a drill"])
        .await;
    federation.officers(&["member", "reinstate", "wuhan"]).await;
    federation.reckon().await;
}
