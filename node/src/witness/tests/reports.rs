//! What other members have found.

use serde_json::json;

use super::{stage, status, step};
use crate::exchange::tests::fake_log::leaf;
use crate::exchange::tests::follow_once;
use crate::store::test_databases::databases;
use crate::witness::listen::read_reports;
use crate::witness::watch::Step;
use crate::witness::{EvidenceKind, view};

/// The feed's entry of a report by another member.
async fn report(hub: &crate::exchange::tests::fake_hub::Shared, first: String, second: String) {
    let body = json!({
        "kind": "fork", "first": first, "second": second, "detail": "two roots", "reported_by": "harbin", "proven": true,
    });
    hub.lock().unwrap().commit("log.fork-reported", "log", body, &[]);
}

#[tokio::test]
async fn a_fork_that_its_notes_prove_stops_whoever_hears_of_it() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 3);
        step(&node).await;
        let first = hub.lock().unwrap().log.note().to_string();
        let kept = hub.lock().unwrap().log.leaves.clone();
        let second = {
            let mut held = hub.lock().unwrap();
            held.log.leaves[2] = serde_json::to_vec(&leaf(2, "member.removed", "member/m2")).unwrap();
            let note = held.log.note().to_string();
            held.log.leaves = kept;
            note
        };
        report(&hub, first, second).await;
        follow_once(&node).await;
        assert_eq!(read_reports(&node).await.unwrap(), 1);
        assert_eq!(read_reports(&node).await.unwrap(), 0, "each report is judged once");
        assert_eq!(step(&node).await, Step::Stopped);
        let evidence = view(&node).await.unwrap().evidence;
        assert_eq!(
            (evidence[0].kind, evidence[0].reported_by.as_deref()),
            (EvidenceKind::Fork, Some("harbin"))
        );
        let waiting = node.outbox(10).await.unwrap();
        assert_eq!(
            waiting.len(),
            1,
            "what everybody was told is not told again: the key's proposal alone"
        );
    }
}

#[tokio::test]
async fn what_the_notes_do_not_prove_is_an_alarm_and_the_node_goes_on() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 3);
        step(&node).await;
        let first = hub.lock().unwrap().log.note().to_string();
        hub.lock().unwrap().log.grow(1);
        let second = hub.lock().unwrap().log.note().to_string();
        report(&hub, first, second).await;
        follow_once(&node).await;
        read_reports(&node).await.unwrap();
        let status = status(&node).await;
        assert_eq!((status.stopped, status.alarms), (false, 1));
        assert!(matches!(step(&node).await, Step::Cosigned(_)));
    }
}
