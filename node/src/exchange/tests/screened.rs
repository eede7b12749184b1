//! Issuances whose activities are compared: from rides to tokens, to the hub, and back with serials or a conflict.

mod crashes;
mod shares;
mod unclaimed;

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tanqiao_protocol::fingerprint::{HmacSm3Key, TokenSuite};
use tanqiao_protocol::id::MessageId;

use super::fake_hub::{FakeHub, Shared, serve};
use super::{account, config, g, message_id, node_with};
use crate::catalogue;
use crate::exchange::{OutboxState, follow, send, upload};
use crate::fingerprint::HmacSm3;
use crate::import::tests::{import_sealed, metro, ride_of, subjects};
use crate::issuing::{self, IssuingRequest, StreamState, TokenProgress, derive_round, issue};
use crate::service::Node;
use crate::store::test_databases::{TestDatabase, databases};

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place,subject\n";

/// A node of this folder that makes tokens with a key of its own.
fn screening_node(database: &TestDatabase, base: &str, folder: &Path) -> Node {
    let mut config = config();
    config.subjects.key = folder.join("subject.key");
    config.fingerprint.suite = Some(TokenSuite::HmacSm3);
    config.fingerprint.streams = folder.join("streams");
    let node = node_with(database, base, config);
    node.subjects().prepare(node.store()).unwrap();
    node.with_tokens(Arc::new(HmacSm3::new(HmacSm3Key::new([7; 32]))))
}

fn hub() -> (Shared, String) {
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    hub.lock().unwrap().screening.on = true;
    let base = serve(&hub);
    (hub, base)
}

fn request(id: u64) -> IssuingRequest {
    serde_json::from_value(json!({
        "id": message_id(id), "methodology": "CN-4201-metro.v1", "region_of_act": "420100", "vintage": 2025,
        "rights_basis": "transferred-by-holders", "local_reference": format!("wh-{id}"),
        "verification": {"body": "Example Verification Body", "report_sha256": "00".repeat(32),
            "verified_at": "2026-01-31T00:00:00Z"}
    }))
    .unwrap()
}

fn import(node: &Node, folder: &Path, rides: &[String]) {
    catalogue::keep_in(node.store(), &metro(), node.now()).unwrap();
    import_sealed(
        node.store(),
        &subjects(folder),
        &format!("{HEADER}{}", rides.concat()),
        false,
    );
}

async fn deal(node: &Node) {
    while derive_round(node).await.unwrap() {}
    while send::step(node).await.unwrap() != send::Sent::Nothing {}
    while upload::round(node).await.unwrap() {}
    while follow::step(node).await.unwrap() == follow::Step::Applied {}
}

async fn progress(node: &Node, id: MessageId) -> Option<TokenProgress> {
    node.read(move |tx| issuing::progress(tx, id)).await.unwrap()
}

async fn total(node: &Node, holder: usize) -> i64 {
    let balance = node
        .accounts()
        .get(account(&format!("holder-{holder:06}")))
        .await
        .unwrap();
    balance.total_g.get()
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("streams")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_issuance_is_derived_registered_uploaded_recognised_and_its_file_kept() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        let rides: Vec<String> = (1..=9)
            .map(|n| ride_of(n, n % 2, &format!("1990000000{}", n % 2)))
            .collect();
        import(&node, folder.path(), &rides);
        let issued = issue(&node, request(1)).await.unwrap();
        let before = progress(&node, issued.issuance).await.unwrap();
        assert_eq!(
            (before.state, before.activities, before.derived),
            (StreamState::Deriving, 9, 0)
        );
        assert!(
            node.outbox(10).await.unwrap().is_empty(),
            "nothing is signed before the stream is whole"
        );
        let answer = node.wait_for(issued.issuance, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(answer.state, OutboxState::Pending);
        assert_eq!(
            issue(&node, request(1)).await.unwrap(),
            issued,
            "the same request is the same issuance"
        );
        assert!(derive_round(&node).await.unwrap());
        let derived = progress(&node, issued.issuance).await.unwrap();
        assert_eq!(
            (derived.state, derived.derived, files(folder.path())),
            (StreamState::Derived, 9, 1)
        );
        deal(&node).await;
        {
            let hub = hub.lock().unwrap();
            let stream = &hub.screening.streams[&issued.issuance];
            assert!(stream.complete);
            let records = stream.records();
            // A record, and a person on two grids of time.
            assert!(
                records
                    .iter()
                    .all(|record| record.tokens.len() == 3 && record.grams == g(784))
            );
        }
        assert_eq!((total(&node, 1).await, total(&node, 0).await), (5 * 784, 4 * 784));
        let dealing = node.dealing(issued.issuance).await.unwrap();
        assert_eq!(
            (dealing.state.as_deref(), dealing.ended_at.is_some()),
            (Some("recognised"), true)
        );
        assert_eq!(
            progress(&node, issued.issuance).await.unwrap().state,
            StreamState::Ended
        );
        derive_round(&node).await.unwrap();
        assert_eq!(files(folder.path()), 1, "a challenge may ask for its tokens");
        assert_eq!(node.status().await.unwrap().digest, hub.lock().unwrap().digest());
    }
}

#[tokio::test]
async fn an_upload_that_is_cut_goes_on_where_the_hub_says() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        let rides: Vec<String> = (1..=9).map(|n| ride_of(n, 1, "19900000001")).collect();
        import(&node, folder.path(), &rides);
        let issued = issue(&node, request(1)).await.unwrap();
        derive_round(&node).await.unwrap();
        send::step(&node).await.unwrap();
        hub.lock().unwrap().screening.cuts = vec![100, 0, 7];
        for _ in 0..3 {
            assert!(upload::round(&node).await.is_err());
            assert!(progress(&node, issued.issuance).await.unwrap().problem.is_some());
        }
        deal(&node).await;
        assert_eq!(hub.lock().unwrap().screening.offsets, [0, 7, 7, 107]);
        assert_eq!(total(&node, 1).await, 9 * 784);
    }
}

#[tokio::test]
async fn held_activities_that_do_not_fit_an_entry_are_asked_for() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        import(
            &node,
            folder.path(),
            &[ride_of(1, 1, "19900000001"), ride_of(2, 2, "19900000002")],
        );
        {
            let mut hub = hub.lock().unwrap();
            hub.screening.hold = [0].into();
            hub.screening.too_many_to_list = true;
        }
        issue(&node, request(1)).await.unwrap();
        deal(&node).await;
        assert_eq!((total(&node, 1).await, total(&node, 2).await), (0, 784));
    }
}

#[tokio::test]
async fn an_abandoned_issuance_gives_its_activities_back_and_they_can_be_issued_again() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        import(&node, folder.path(), &[ride_of(1, 1, "19900000001")]);
        let issued = issue(&node, request(1)).await.unwrap();
        derive_round(&node).await.unwrap();
        send::step(&node).await.unwrap();
        let body = json!({"state": "abandoned", "reason": "not uploaded in time", "quantity_g": 0});
        let subject = format!("issuance/{}", issued.issuance);
        hub.lock().unwrap().commit("issuance.abandoned", &subject, body, &[]);
        while follow::step(&node).await.unwrap() == follow::Step::Applied {}
        assert_eq!(node.read(issuing::pending).await.unwrap()[0].count, 1);
        assert_eq!(progress(&node, issued.issuance).await, None);
        issue(&node, request(2)).await.unwrap();
        deal(&node).await;
        assert_eq!((total(&node, 1).await, files(folder.path())), (784, 1));
        // Given up before it is registered, it leaves nothing behind.
        import(&node, folder.path(), &[ride_of(2, 1, "19900000001")]);
        let third = issue(&node, request(3)).await.unwrap();
        issuing::give_up(&node, third.issuance).await.unwrap();
        assert_eq!(node.read(issuing::pending).await.unwrap()[0].count, 1);
        assert!(issuing::give_up(&node, third.issuance).await.is_err());
    }
}

#[tokio::test]
async fn records_without_their_evidence_are_named_and_can_be_left_out_until_it_comes() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        let rides = [
            ride_of(1, 1, "19900000001"),
            ride_of(2, 2, ""),
            ride_of(3, 1, ""),
            ride_of(4, 3, ""),
        ];
        import(&node, folder.path(), &rides);
        let refused = issue(&node, request(1)).await.unwrap_err();
        assert_eq!(refused.code(), "evidence-missing");
        let text = refused.to_string();
        assert!(
            text.contains("2 of the activities") && text.contains("record `ride-000002`"),
            "{text}"
        );
        assert!(!text.contains("ride-000003") && !text.contains("1990000"), "{text}");
        assert!(node.outbox(10).await.unwrap().is_empty() && files(folder.path()) == 0);
        let first = IssuingRequest {
            skip_incomplete: true,
            ..request(1)
        };
        let issued = issue(&node, first).await.unwrap();
        assert_eq!((issued.activity_count, issued.left_out), (2, 2));
        assert_eq!(node.read(issuing::pending).await.unwrap()[0].count, 2);
        // The same ride once more, now with the person: the evidence is complete.
        import(
            &node,
            folder.path(),
            &[ride_of(2, 2, "19900000002"), ride_of(5, 2, "19900000002")],
        );
        let second = IssuingRequest {
            skip_incomplete: true,
            ..request(2)
        };
        let issued = issue(&node, second).await.unwrap();
        assert_eq!((issued.activity_count, issued.left_out), (2, 1));
        deal(&node).await;
        assert_eq!((total(&node, 1).await, total(&node, 2).await), (2 * 784, 2 * 784));
        for stream in hub.lock().unwrap().screening.streams.values() {
            stream.records();
        }
        // What is given back is pending as it was before.
        let left = node.read(issuing::pending).await.unwrap();
        assert_eq!((left[0].count, left[0].quantity_g), (1, g(784)));
        for id in [1, 2] {
            let name = message_id(id).to_string();
            node.write(move |tx| issuing::release(tx, &name)).await.unwrap();
        }
        let left = node.read(issuing::pending).await.unwrap();
        assert_eq!((left[0].count, left[0].quantity_g), (5, g(5 * 784)));
    }
}

#[tokio::test]
async fn a_stream_that_was_lost_is_made_again_and_is_the_one_that_was_signed_for() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        import(&node, folder.path(), &[ride_of(1, 1, "19900000001")]);
        let issued = issue(&node, request(1)).await.unwrap();
        derive_round(&node).await.unwrap();
        send::step(&node).await.unwrap();
        std::fs::remove_dir_all(folder.path().join("streams")).unwrap();
        deal(&node).await;
        assert!(hub.lock().unwrap().screening.streams[&issued.issuance].complete);
        assert_eq!(total(&node, 1).await, 784);
    }
}
