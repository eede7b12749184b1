//! Whose the serials are of an issuance that is recognised in part, contested, or lost.

use serde_json::{Value, json};
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::conflict::ConflictState;

use super::super::fake_hub::block;
use super::*;
use crate::issuing::Issued;
use crate::service::Staffed;

#[tokio::test]
async fn of_a_partly_clean_issuance_each_account_gets_what_was_numbered() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        let rides: Vec<String> = (1..=7)
            .map(|n| ride_of(n, n % 3, &format!("1990000000{}", n % 3)))
            .collect();
        import(&node, folder.path(), &rides);
        // Rides 2, 3 and 6 (places 1, 2 and 5): of holders 2, 0 and 0.
        hub.lock().unwrap().screening.hold = [1, 2, 5].into();
        let issued = issue(&node, request(1)).await.unwrap();
        deal(&node).await;
        assert_eq!(
            [total(&node, 0).await, total(&node, 1).await, total(&node, 2).await],
            [0, 3 * 784, 784]
        );
        let seen = progress(&node, issued.issuance).await.unwrap();
        assert_eq!(
            (seen.state, seen.held_back, seen.held_back_g),
            (StreamState::Uploaded, 3, g(3 * 784))
        );
        conflicts(&hub, &node, &issued).await;
        assert_eq!(
            [total(&node, 0).await, total(&node, 1).await, total(&node, 2).await],
            [784, 3 * 784, 2 * 784]
        );
        assert_eq!(node.holdings().await.unwrap().series[0].held_g, g(6 * 784));
        let dealing = node.dealing(issued.issuance).await.unwrap();
        assert_eq!(
            (dealing.delivered_g, dealing.ended_at.is_some()),
            (Some(g(6 * 784)), true)
        );
        assert_eq!(node.status().await.unwrap().digest, hub.lock().unwrap().digest());
        derive_round(&node).await.unwrap();
        assert_eq!(files(folder.path()), 1, "a challenge may ask for its tokens");
    }
}

/// Conflicts about places 1, 2 and 5: the first is given up by the other side, the second decided against this member, the third
/// turns out to be two acts.
async fn conflicts(hub: &Shared, node: &Node, issued: &Issued) {
    let open = |hub: &mut FakeHub, n: u64, index: u32| {
        let body = json!({"conflict": message_id(n), "issuance": issued.issuance, "index": index, "grams": 784,
            "kinds": ["R"], "check": "S11", "held_back": 1, "deadline": "2026-06-30T00:00:00Z",
            "other": {"member": "harbin", "issuance": message_id(900), "index": 3}});
        hub.commit("conflict.opened", &format!("conflict/{}", message_id(n)), body, &[]);
    };
    let resolve = |hub: &mut FakeHub, n: u64, index: u32, outcome: &str| {
        let body = json!({"conflict": message_id(n), "issuance": issued.issuance, "index": index, "outcome": outcome,
            "held_back": 1, "reason": "decided"});
        hub.commit("conflict.resolved", &format!("conflict/{}", message_id(n)), body, &[]);
    };
    {
        let mut hub = hub.lock().unwrap();
        for (n, index) in [(701, 1), (702, 2), (703, 5)] {
            open(&mut hub, n, index);
        }
    }
    deal(node).await;
    let all = node.conflicts(Some(ConflictState::Open), None, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|c| (c.index, c.quantity_g)).collect::<Vec<_>>(),
        [(5, g(784)), (2, g(784)), (1, g(784))]
    );
    let said = node
        .conflict_evidence(Staffed::default(), message_id(701), false, "the gate's own log".into())
        .await
        .unwrap();
    deal(node).await;
    let sent: Value = serde_json::from_str(&hub.lock().unwrap().outcomes[&said].0).unwrap();
    assert_eq!(
        sent["content"],
        json!({"conflict": message_id(701), "concede": false, "statement": "the gate's own log"})
    );
    let personal = node
        .conflict_evidence(Staffed::default(), message_id(701), false, "call 19900000000".into())
        .await;
    assert_eq!(personal.unwrap_err().code(), "personal-data");
    {
        let mut hub = hub.lock().unwrap();
        resolve(&mut hub, 701, 1, "later");
        hub.release(issued.issuance, 1, 784);
        resolve(&mut hub, 702, 2, "earlier");
        resolve(&mut hub, 703, 5, "distinct");
        hub.release(issued.issuance, 5, 784);
    }
    deal(node).await;
    let late = node
        .conflict_evidence(Staffed::default(), message_id(701), true, "ours after all".into())
        .await;
    assert_eq!(late.unwrap_err().code(), "ended");
    assert!(
        node.conflicts(Some(ConflictState::Open), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn who_loses_serials_for_anothers_activity_gets_them_from_that_account() {
    for database in databases() {
        let (hub, base) = hub();
        let folder = tempfile::tempdir().unwrap();
        let node = screening_node(&database, &base, folder.path());
        // Places 0 and 1 are of holder 2, place 2 of holder 1, whose serials come first.
        let rides = [(1, 2), (2, 2), (3, 1)].map(|(n, holder)| ride_of(n, holder, &format!("1990000000{holder}")));
        import(&node, folder.path(), &rides);
        let issued = issue(&node, request(1)).await.unwrap();
        deal(&node).await;
        let conflict = message_id(701);
        {
            let mut hub = hub.lock().unwrap();
            let body = json!({"conflict": conflict, "issuance": issued.issuance, "index": 0, "grams": 784, "kinds": ["A"],
                "check": "S11", "held_back": 0, "deadline": "2026-06-30T00:00:00Z",
                "other": {"member": "harbin", "issuance": message_id(900), "index": 3}});
            hub.commit("conflict.opened", &format!("conflict/{conflict}"), body, &[]);
            let body = json!({"conflict": conflict, "issuance": issued.issuance, "index": 0, "outcome": "later",
                "held_back": 0, "reason": "decided"});
            hub.commit("conflict.resolved", &format!("conflict/{conflict}"), body, &[]);
            let me = hub.member.clone();
            let cancelled = BlockStatus::bound(me, BlockState::Cancelled, conflict);
            hub.set(
                "loss.cancelled",
                &format!("loss/{conflict}"),
                &[(block(1, 784), cancelled)],
            );
        }
        deal(&node).await;
        assert_eq!((total(&node, 1).await, total(&node, 2).await), (784, 784));
        assert!(!node.conflict(conflict).await.unwrap().held_back);
        assert_eq!(node.status().await.unwrap().digest, hub.lock().unwrap().digest());
    }
}
