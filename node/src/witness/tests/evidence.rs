//! Evidence that goes from member to member without the hub.

use tanqiao_protocol::id::NodeId;

use super::{stage, status, step};
use crate::error::NodeError;
use crate::exchange::tests::fake_hub::Shared;
use crate::exchange::tests::fake_log::leaf;
use crate::service::Node;
use crate::store::test_databases::databases;
use crate::witness::watch::Step;
use crate::witness::{Evidence, EvidenceKind, export, import, view};

fn harbin() -> NodeId {
    "harbin".parse().unwrap()
}

/// The note of another history of the same length.
fn rewritten(hub: &Shared) -> String {
    let mut hub = hub.lock().unwrap();
    let kept = hub.log.leaves.clone();
    hub.log.leaves[1] = serde_json::to_vec(&leaf(1, "member.removed", "member/m1")).unwrap();
    let note = hub.log.note().to_string();
    hub.log.leaves = kept;
    note
}

fn note(hub: &Shared) -> String {
    hub.lock().unwrap().log.note().to_string()
}

fn file(node: &Node, kind: EvidenceKind, first: &str, second: &str) -> String {
    Evidence::new(kind, node.now(), first, second, "").to_text()
}

async fn refusal(node: &Node, file: &str) -> String {
    match import(node, file.as_bytes(), harbin()).await.unwrap_err() {
        NodeError::Refused { code, .. } => code.to_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn evidence_of_one_node_stops_another_without_the_hub() {
    for (first, second) in databases().into_iter().zip(databases()) {
        // Two nodes; the hub shows a fork to the first only.
        let (hub, found, folder) = stage(&first, 4);
        step(&found).await;
        let other = rewritten(&hub);
        hub.lock().unwrap().log.leaves[1] = serde_json::to_vec(&leaf(1, "member.removed", "member/m1")).unwrap();
        assert_eq!(step(&found).await, Step::Stopped);
        let out = folder.path().join("out");
        let files = export(&found, &out, None).await.unwrap();
        assert_eq!(files.len(), 1);
        let id = view(&found).await.unwrap().evidence[0].id.clone();
        let one = folder.path().join("one.txt");
        export(&found, &one, Some(&id)).await.unwrap();
        let bytes = std::fs::read(&one).unwrap();
        assert_eq!(bytes, std::fs::read(&files[0]).unwrap());
        assert!(matches!(
            export(&found, &one, Some("00")).await,
            Err(NodeError::NotFound { .. })
        ));

        let (hub, told, folder) = stage(&second, 9);
        step(&told).await;
        let imported = import(&told, &bytes, harbin()).await.unwrap();
        assert_eq!(
            (imported.kind, imported.stops, &imported.id),
            (EvidenceKind::Fork, true, &id)
        );
        assert_eq!(step(&told).await, Step::Stopped);
        let kept = view(&told).await.unwrap().evidence.remove(0);
        assert_eq!(kept.reported_by.as_deref(), Some("harbin"));
        assert!(kept.second.contains(&other) || kept.first.contains(&other));
        assert_eq!(
            std::fs::read(folder.path().join("evidence").join(format!("{id}.txt"))).unwrap(),
            bytes
        );
        // It is told on, in case that the hub has not told it; and once.
        assert_eq!(import(&told, &bytes, harbin()).await.unwrap(), imported);
        assert_eq!(
            told.outbox(10).await.unwrap().len(),
            2,
            "the key's proposal and the report"
        );
        assert_eq!(hub.lock().unwrap().log.taken.len(), 1);
    }
}

#[tokio::test]
async fn a_note_that_contradicts_what_this_node_has_cosigned_stops_it() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        step(&node).await;
        let own = note(&hub);
        let other = rewritten(&hub);
        hub.lock().unwrap().log.grow(2);
        // Of sizes 4 and 6, they prove nothing by themselves.
        let file = file(&node, EvidenceKind::Inconsistent, &other, &note(&hub));
        let imported = import(&node, file.as_bytes(), harbin()).await.unwrap();
        assert_eq!((imported.kind, imported.stops), (EvidenceKind::Fork, true));
        let kept = view(&node).await.unwrap().evidence.remove(0);
        assert_eq!((kept.first, kept.second), (own, other));
    }
}

#[tokio::test]
async fn what_proves_nothing_does_not_stop_the_node_and_what_the_log_has_not_signed_is_refused() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        step(&node).await;
        let older = note(&hub);
        hub.lock().unwrap().log.grow(1);
        let newer = note(&hub);
        let rollback = file(&node, EvidenceKind::Rollback, &newer, &older);
        let imported = import(&node, rollback.as_bytes(), harbin()).await.unwrap();
        assert_eq!((imported.kind, imported.stops), (EvidenceKind::Reported, false));
        let now = status(&node).await;
        assert_eq!((now.stopped, now.alarms), (false, 1));
        assert!(matches!(step(&node).await, Step::Cosigned(5)));

        let signature = newer.rfind('\u{2014}').unwrap();
        let forged = newer.replacen("5\n", "6\n", 1);
        assert_ne!(forged, newer);
        for bad in [forged.as_str(), newer.split_at(signature).0, "no note"] {
            assert_eq!(
                refusal(&node, &file(&node, EvidenceKind::Fork, &older, bad)).await,
                "not-signed"
            );
        }
        for bad in [
            "",
            "tanqiao-log-evidence/v1 fork\n",
            "tanqiao-log-evidence/v2 fork\n--- first\n--- second\n--- proof\n",
        ] {
            assert_eq!(refusal(&node, bad).await, "evidence", "{bad}");
        }
        let own_knowledge = file(&node, EvidenceKind::Feed, "{}", "{}");
        assert_eq!(refusal(&node, &own_knowledge).await, "evidence");
        assert_eq!(status(&node).await.alarms, 1);
    }
}
