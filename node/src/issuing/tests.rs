//! From imported rides to an issuance, on both databases.

use tanqiao_protocol::merkle::RootBuilder;
use tanqiao_protocol::message::Issuance;

use super::*;
use crate::exchange::tests::{message_id, node};
use crate::import::tests::{import, metro, ride};
use crate::quantification::CanonicalRecord;
use crate::store::test_databases::databases;

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place\n";

fn request(id: u64, reference: &str) -> IssuingRequest {
    serde_json::from_value(serde_json::json!({
        "id": message_id(id), "methodology": "CN-4201-metro.v1", "region_of_act": "420100", "vintage": 2025,
        "rights_basis": "transferred-by-holders", "local_reference": reference,
        "verification": {"body": "Example Verification Body", "report_sha256": "00".repeat(32),
            "verified_at": "2026-01-31T00:00:00Z"}
    }))
    .unwrap()
}

#[tokio::test]
async fn everything_pending_is_issued_once_and_to_the_last_gram() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        let rides = [
            ride(1, 2, "10", 2025),
            ride(2, 1, "12.5", 2025),
            ride(3, 2, "0.01", 2025),
            ride(4, 1, "1", 2026),
        ];
        import(node.store(), &format!("{HEADER}{}", rides.concat()));
        assert_eq!(node.read(pending).await.unwrap().len(), 2);
        let issued = issue(&node, request(1, "wh-1")).await.unwrap();
        assert_eq!(
            (issued.activity_count, issued.quantity_g.get(), issued.accounts),
            (3, 1_764, 2)
        );
        assert_eq!(issued.activity_total, "22.51");
        let header: Issuance = serde_json::from_value(node.dealing(issued.issuance).await.unwrap().content).unwrap();
        assert_eq!(header.period_from, "2025-05-23T08:00:00+08:00".parse().unwrap());
        assert_eq!(
            header.records_root,
            root_of(&[
                ("ride-000001", 2, "10", 784),
                ("ride-000002", 1, "12.5", 980),
                ("ride-000003", 2, "0.01", 0)
            ])
        );
        assert_eq!(
            issue(&node, request(1, "wh-1")).await.unwrap(),
            issued,
            "the same request is the same issuance"
        );
        assert_eq!(issue(&node, request(1, "wh-2")).await.unwrap_err().code(), "id-reused");
        assert_eq!(
            issue(&node, request(2, "wh-2")).await.unwrap_err().code(),
            "nothing-to-issue"
        );
        assert_eq!(
            node.accounts()
                .get("holder-000002".parse().unwrap())
                .await
                .unwrap()
                .total_g
                .get(),
            0
        );
    }
}

fn root_of(rides: &[(&str, usize, &str, i64)]) -> Sha256 {
    let mut root = RootBuilder::new();
    for (record_id, account, quantity, reduction_g) in rides {
        let mut text = String::new();
        CanonicalRecord {
            account: &format!("holder-{account:06}"),
            asset: None,
            ended_at: "2025-05-23T08:40:00+08:00".parse().unwrap(),
            methodology: &metro().methodology.to_string(),
            place: "420106",
            quantity,
            record_id,
            reduction_g: *reduction_g,
            source: "wuhan-metro",
            started_at: "2025-05-23T08:00:00+08:00".parse().unwrap(),
            unit: "km",
        }
        .write(&mut text);
        root.add(text.as_bytes());
    }
    root.root()
}

#[tokio::test]
async fn a_refused_issuance_gives_its_activities_back_and_later_ones_stay_issued() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        import(
            node.store(),
            &format!("{HEADER}{}{}", ride(1, 1, "10", 2025), ride(2, 1, "10", 2025)),
        );
        let first = issue(&node, request(1, "wh-1")).await.unwrap();
        import(node.store(), &format!("{HEADER}{}", ride(3, 1, "10", 2025)));
        assert_eq!(issue(&node, request(2, "wh-2")).await.unwrap().activity_count, 1);
        let name = first.issuance.to_string();
        node.write(move |tx| release(tx, &name)).await.unwrap();
        import(node.store(), &format!("{HEADER}{}", ride(4, 2, "10", 2025)));
        let pending = node.read(pending).await.unwrap();
        assert_eq!((pending[0].count, pending[0].quantity_g.get()), (3, 3 * 784));
        let again = issue(&node, request(3, "wh-3")).await.unwrap();
        assert_eq!((again.activity_count, again.accounts), (3, 2));
        assert!(node.read(super::pending).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn activities_that_another_issuance_took_are_not_issued_twice() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        import(node.store(), &format!("{HEADER}{}", ride(1, 1, "10", 2025)));
        let asked = request(1, "wh-1");
        let wanted = Wanted {
            methodology: asked.methodology,
            region_of_act: asked.region_of_act,
            vintage: asked.vintage,
            subjects: None,
        };
        let gathered = node.read(move |tx| gather(tx, &wanted)).await.unwrap();
        issue(&node, request(2, "wh-2")).await.unwrap();
        let late = node.write(move |tx| mark(tx, message_id(1), &gathered)).await;
        assert_eq!(late.unwrap_err().code(), "issued-meanwhile");
    }
}

#[tokio::test]
async fn nothing_above_the_verification_is_issued_and_nothing_stays_behind() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        import(node.store(), &format!("{HEADER}{}", ride(1, 1, "10", 2025)));
        let less = IssuingRequest {
            verified_g: Some(Grams::new(783).unwrap()),
            ..request(1, "wh-1")
        };
        assert_eq!(issue(&node, less).await.unwrap_err().code(), "issued-over-verified");
        assert!(node.outbox(10).await.unwrap().is_empty());
        let more = IssuingRequest {
            verified_g: Some(Grams::new(1_000).unwrap()),
            ..request(2, "wh-1")
        };
        assert_eq!(issue(&node, more).await.unwrap().quantity_g.get(), 784);
    }
}
