//! Whose cosignatures are enough, whatever the hub says of it.

use std::path::Path;

use tanqiao_protocol::log::note::SignatureLine;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};

use super::{key, stage, stage_with, status, step};
use crate::exchange::decide_waiting;
use crate::exchange::tests::fake_hub::Shared;
use crate::exchange::tests::fake_log::log_key;
use crate::exchange::tests::messages::offer;
use crate::exchange::tests::{START_US, follow_once, key as secret, message_id};
use crate::ledger::Decision;
use crate::service::Node;
use crate::store::test_databases::databases;
use crate::witness::compare::pass;
use crate::witness::watch::Step;
use crate::witness::{EvidenceKind, view};

/// The secret of another member's witness.
fn other() -> SigningKey {
    secret(77)
}

fn other_key() -> NoteKey {
    let name = "tanqiao.local/witness/harbin";
    NoteKey::of_kind(name, NoteKind::Cosignature, other().verifying_key().clone()).unwrap()
}

/// A policy of the log of these tests.
fn policy(witnesses: &[(&str, NoteKey)], threshold: usize) -> Policy {
    let named = witnesses.iter().map(|(name, key)| ((*name).to_owned(), key.clone()));
    Policy::of(log_key(&secret(90)), named.collect(), threshold).unwrap()
}

/// The other witness cosigns what is published as well.
fn cosigned_by_both(hub: &Shared) {
    let log = &mut hub.lock().unwrap().log;
    let mut note = log.taken.last().unwrap().clone();
    let at = u64::try_from(START_US / 1_000_000).unwrap();
    let line = SignatureLine::cosign(note.text(), &other_key(), &other(), at).unwrap();
    note.add(line).unwrap();
    log.taken.push(note);
}

/// Cosigns, compares, and looks once more.
async fn round(node: &Node) {
    assert_ne!(step(node).await, Step::Stopped);
    pass(node).await.unwrap();
    step(node).await;
}

async fn doubts(node: &Node) -> Vec<EvidenceKind> {
    let evidence = view(node).await.unwrap().evidence;
    evidence.iter().map(|one| one.kind).collect()
}

#[tokio::test]
async fn a_hub_that_names_fewer_witnesses_than_its_leaves_is_not_believed_and_found_out() {
    for weaker in [policy(&[], 0), policy(&[("harbin", other_key())], 1)] {
        for database in databases() {
            let (hub, node, _folder) = stage(&database, 3);
            hub.lock().unwrap().log.admit("harbin", &other_key());
            hub.lock().unwrap().log.policy = Some(weaker.clone());
            round(&node).await;
            let now = status(&node).await;
            assert_eq!((now.checked, now.witnessed, now.alarms), (4, 0, 0));
            // A decision of this minute may be in the policy before it is in a head: what stays is an alarm.
            for _ in 0..70 {
                step(&node).await;
            }
            let now = status(&node).await;
            assert_eq!((now.witnessed, now.alarms, now.stopped), (0, 1, false));
            assert_eq!(doubts(&node).await, [EvidenceKind::Policy]);
            let kept = view(&node).await.unwrap().evidence.remove(0);
            assert!(
                kept.first.contains("harbin") && kept.first.contains("wuhan"),
                "{}",
                kept.first
            );
            assert_eq!(kept.second.as_bytes(), weaker.print());
            // The leaves decide: with both it is witnessed.
            cosigned_by_both(&hub);
            step(&node).await;
            assert_eq!(status(&node).await.witnessed, 4);
        }
    }
}

#[tokio::test]
async fn a_policy_that_differs_for_a_moment_is_no_alarm() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 3);
        round(&node).await;
        assert_eq!(status(&node).await.witnessed, 3);
        for _ in 0..3 {
            hub.lock().unwrap().log.policy = Some(policy(&[("harbin", other_key())], 1));
            for _ in 0..20 {
                step(&node).await;
            }
            hub.lock().unwrap().log.policy = None;
            step(&node).await;
        }
        assert!(doubts(&node).await.is_empty());
    }
}

#[tokio::test]
async fn the_operators_own_policy_decides_where_there_is_one() {
    for database in databases() {
        let pinned = |path: &Path, witnesses: &[(&str, NoteKey)], threshold| {
            std::fs::write(path, policy(witnesses, threshold).print()).unwrap();
        };
        let files = tempfile::TempDir::new().unwrap();
        let file = files.path().join("policy");
        pinned(&file, &[("harbin", other_key())], 1);
        let (hub, node, _folder) = stage_with(&database, 3, |config| config.receipts.policy = Some(file.clone()));
        round(&node).await;
        assert_eq!(status(&node).await.witnessed, 0, "the leaves would be content");
        cosigned_by_both(&hub);
        step(&node).await;
        assert_eq!(status(&node).await.witnessed, 3);
        // It is the operator's own: that the hub names others is no alarm.
        for _ in 0..70 {
            step(&node).await;
        }
        assert!(doubts(&node).await.is_empty());
        let own = key::open(node.config()).unwrap().key;
        pinned(&file, &[("wuhan", own)], 1);
        hub.lock().unwrap().log.grow(1);
        step(&node).await;
        assert_eq!(status(&node).await.witnessed, 4, "before anything of it was compared");
    }
}

#[tokio::test]
async fn an_offer_is_accepted_once_its_leaf_is_under_a_witnessed_head() {
    for database in databases() {
        let (hub, node, _folder) = stage_with(&database, 3, |config| {
            config.acceptance.accept_at_once = true;
            config.acceptance.witnessed = true;
        });
        hub.lock().unwrap().log.admit("harbin", &other_key());
        let id = message_id(51);
        round(&node).await;
        cosigned_by_both(&hub);
        step(&node).await;
        assert_eq!(status(&node).await.witnessed, 4);
        offer(&hub, id, 3, false);
        follow_once(&node).await;
        let decision = async || {
            decide_waiting(&node).await.unwrap();
            node.dealing(id).await.unwrap().decision.unwrap()
        };
        assert_eq!(decision().await, Decision::Waiting, "its leaf is under no head yet");
        // The hub says that one witness is enough; its leaves say two.
        let own = key::open(node.config()).unwrap().key;
        hub.lock().unwrap().log.policy = Some(policy(&[("wuhan", own)], 1));
        round(&node).await;
        assert_eq!(status(&node).await.size, 5);
        assert_eq!(
            decision().await,
            Decision::Waiting,
            "one of two witnesses is not the quorum"
        );
        cosigned_by_both(&hub);
        step(&node).await;
        assert_eq!(decision().await, Decision::Accepted);
        // An offer that a person accepts does not wait: the person decides what is enough.
        assert_eq!(node.status().await.unwrap().offers_waiting, 0);
    }
}
