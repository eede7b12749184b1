//! A database that is new, of a member that has issued before.

use serde_json::Value;
use tanqiao_protocol::block::{Block, BlockStatus};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::serial::SerialRange;

use super::super::message_id;
use super::*;

/// The feed tells of 5 g of a series that an issuance has made.
fn told(hub: &Shared, issuance: &str, series: &str) {
    let mut hub = hub.lock().unwrap();
    let block = Block {
        series: series.parse().unwrap(),
        range: SerialRange::new(1, 5).unwrap(),
        status: BlockStatus::held_by("wuhan".parse().unwrap()),
        terms: hub.new_block(message_id(90), 5).terms,
    };
    let subject = format!("issuance/{issuance}");
    hub.commit(
        "issuance.recognised",
        &subject,
        Value::Null,
        &[Replacement::issue(block)],
    );
}

#[tokio::test]
async fn nothing_is_issued_that_may_have_been_issued_before() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        let rides: Vec<String> = (1..=4).map(|n| ride_of(n, n % 2, "19900000001")).collect();
        import(&node, folder.path(), &rides);
        // Of another year, and of this one.
        told(&hub, &message_id(70).to_string(), "wuhan/420100/CN-4201-metro.v1/2024");
        told(&hub, &message_id(71).to_string(), "wuhan/420100/CN-4201-metro.v1/2025");
        assert_eq!(issue(&node, request(1)).await.unwrap_err().code(), "feed-unread");
        while follow::step(&node).await.unwrap() == follow::Step::Applied {}
        let refused = issue(&node, request(1)).await.unwrap_err();
        assert_eq!(refused.code(), "records-not-claimed");
        let says = refused.to_string();
        assert!(
            says.contains(&message_id(71).to_string()) && says.contains("recover --from-records"),
            "{says}"
        );
        assert_eq!(progress(&node, message_id(1)).await, None, "no token is made");
        // Staff know that its records are lost: what is here was never issued.
        let mut except = request(2);
        except.not_of = vec![message_id(70)];
        assert_eq!(
            issue(&node, except.clone()).await.unwrap_err().code(),
            "records-not-claimed"
        );
        except.not_of = vec![message_id(71)];
        assert_eq!(issue(&node, except).await.unwrap().activity_count, 4);
    }
}

#[tokio::test]
async fn an_issuance_without_serials_may_be_of_any_series() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        import(&node, folder.path(), &[ride_of(1, 1, "19900000001")]);
        let (subject, body) = (
            format!("issuance/{}", message_id(72)),
            json!({ "held_back": 1, "held_ranges": [[0, 0]] }),
        );
        hub.lock().unwrap().commit("issuance.held-back", &subject, body, &[]);
        while follow::step(&node).await.unwrap() == follow::Step::Applied {}
        let refused = issue(&node, request(1)).await.unwrap_err();
        assert_eq!(refused.code(), "records-not-claimed");
    }
}
