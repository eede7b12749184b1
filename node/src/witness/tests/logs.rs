//! Logs that go on, and logs that do not.

use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::message::{Action, proves_fork};
use tanqiao_protocol::problem::ApiProblem;

use super::{cosigned, stage, status, step, witness};
use crate::error::NodeError;
use crate::exchange::tests::fake_hub::Shared;
use crate::exchange::tests::fake_log::{leaf, log_key};
use crate::exchange::tests::{account, issuance, key};
use crate::ledger::AccountKind;
use crate::service::Node;
use crate::store::test_databases::databases;
use crate::witness::compare::{Pass, pass};
use crate::witness::watch::Step;
use crate::witness::watch::started;
use crate::witness::{Evidence, EvidenceKind, mirror, resume, view};

async fn evidence(node: &Node) -> Vec<Evidence> {
    view(node).await.unwrap().evidence
}

/// Another history of the same length, or longer.
fn rewrite(hub: &Shared, more: usize) {
    let mut hub = hub.lock().unwrap();
    hub.log.leaves[1] = serde_json::to_vec(&leaf(1, "member.removed", "member/m1")).unwrap();
    hub.log.grow(more);
}

#[tokio::test]
async fn each_head_that_continues_the_last_is_cosigned_once() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 3);
        assert_eq!(step(&node).await, Step::Cosigned(3));
        assert_eq!(step(&node).await, Step::Quiet);
        hub.lock().unwrap().log.grow(300);
        assert_eq!(step(&node).await, Step::Cosigned(303));
        assert_eq!(cosigned(&hub), [3, 303]);
        let before = status(&node).await;
        assert_eq!(
            (before.size, before.witnessed),
            (303, 0),
            "who witnesses stands in leaves that were not compared yet"
        );
        assert_eq!(pass(&node).await.unwrap(), Pass::Compared(303));
        let status = status(&node).await;
        assert_eq!((status.size, status.witnessed, status.stopped), (303, 303, false));
    }
}

#[tokio::test]
async fn the_key_is_proposed_once_and_a_witness_that_is_not_admitted_goes_on_verifying() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 2);
        hub.lock().unwrap().log.witness = None;
        assert_eq!(step(&node).await, Step::Cosigned(2));
        assert_eq!(step(&node).await, Step::Quiet);
        let proposals: Vec<_> = node.outbox(10).await.unwrap();
        assert_eq!(proposals.len(), 1);
        assert_eq!(proposals[0].action, Action::WitnessKey);
        assert_eq!(status(&node).await.witnessed, 0);
    }
}

#[tokio::test]
async fn two_roots_of_one_size_stop_the_node_and_both_notes_are_kept() {
    for database in databases() {
        let (hub, node, folder) = stage(&database, 4);
        step(&node).await;
        rewrite(&hub, 0);
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(cosigned(&hub), [4], "nothing is cosigned after a fork");
        let kept = evidence(&node).await;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].kind, EvidenceKind::Fork);
        let (first, second) = (
            Note::parse(kept[0].first.as_bytes()).unwrap(),
            Note::parse(kept[0].second.as_bytes()).unwrap(),
        );
        let log = log_key(&key(90));
        assert!(first.verify([&log]).is_ok() && second.verify([&log]).is_ok() && proves_fork(&first, &second));
        let file = folder.path().join("evidence").join(format!("{}.txt", kept[0].id));
        assert_eq!(std::fs::read_to_string(file).unwrap(), kept[0].to_text());
    }
}

#[tokio::test]
async fn a_longer_log_that_does_not_contain_the_old_one_stops_the_node() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        step(&node).await;
        rewrite(&hub, 3);
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(evidence(&node).await[0].kind, EvidenceKind::Inconsistent);
    }
}

#[tokio::test]
async fn a_proof_that_shows_nothing_stops_the_node() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        step(&node).await;
        {
            let mut held = hub.lock().unwrap();
            held.log.grow(4);
            held.log.bad_proof = true;
        }
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(cosigned(&hub), [4]);
    }
}

#[tokio::test]
async fn a_shorter_log_stops_the_node_until_it_has_its_leaves_again() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 5);
        step(&node).await;
        let lost = hub.lock().unwrap().log.leaves.split_off(3);
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(evidence(&node).await[0].kind, EvidenceKind::Rollback);
        assert_eq!(step(&node).await, Step::Stopped);
        {
            let mut held = hub.lock().unwrap();
            held.log.leaves.extend(lost);
            held.log.grow(1);
        }
        assert_eq!(step(&node).await, Step::Quiet);
        assert_eq!(step(&node).await, Step::Cosigned(6));
        let kept = evidence(&node).await;
        assert!(kept[0].ended_because.is_some(), "the evidence stays");
    }
}

#[tokio::test]
async fn a_shorter_log_that_grows_another_way_stays_stopped() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 5);
        step(&node).await;
        hub.lock().unwrap().log.leaves.truncate(1);
        assert_eq!(step(&node).await, Step::Stopped);
        rewrite_from(&hub);
        assert_eq!(step(&node).await, Step::Stopped);
        assert_eq!(cosigned(&hub), [5]);
    }
}

fn rewrite_from(hub: &Shared) {
    let mut hub = hub.lock().unwrap();
    hub.log.append(&leaf(1, "member.removed", "member/m1"));
    hub.log.grow(6);
}

#[tokio::test]
async fn a_stopped_node_takes_no_order_and_sends_only_what_is_wrong_with_the_log() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
        step(&node).await;
        let waiting = node.issue(issuance(&[("a", 10)])).await.unwrap();
        rewrite(&hub, 0);
        assert_eq!(step(&node).await, Step::Stopped);
        let error = node.issue(issuance(&[("a", 10)])).await.unwrap_err();
        assert!(matches!(error, NodeError::Refused { code: "log-fork", .. }), "{error}");
        while crate::exchange::tests::send_once(&node).await {}
        assert_eq!(hub.lock().unwrap().outcomes.len(), 1, "the report alone has left");
        assert!(!node.message(waiting).await.unwrap().state.is_final());
        assert_eq!(ApiProblem::LogFork.name(), "log-fork");
        assert_eq!(resume(&node, "  ", false).await.unwrap_err().code(), "reason");
        assert_eq!(
            resume(&node, "the hub runs on its own database again", false)
                .await
                .unwrap(),
            1
        );
        while crate::exchange::tests::send_once(&node).await {}
        assert!(node.message(waiting).await.unwrap().state.is_final());
    }
}

#[tokio::test]
async fn an_empty_database_takes_up_what_its_key_has_cosigned() {
    for (lost, new) in databases().into_iter().zip(databases()) {
        let (hub, node, folder) = stage(&lost, 7);
        step(&node).await;
        drop(node);
        let base = crate::exchange::tests::fake_hub::serve(&hub);
        hub.lock().unwrap().log.leaves.truncate(5);
        let log = hub.lock().unwrap().log.key();
        let node = witness(&new, &base, folder.path(), log);
        assert_eq!(
            started(&node, &mut false, 0).await.unwrap(),
            Step::Stopped,
            "5 leaves are fewer than the 7 that the key has cosigned"
        );
        assert_eq!(cosigned(&hub), [7]);
    }
}

#[tokio::test]
async fn the_next_key_counts_once_a_leaf_under_the_old_one_has_named_it() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 2);
        step(&node).await;
        let (old, new) = (log_key(&key(90)), log_key(&key(91)));
        {
            let mut held = hub.lock().unwrap();
            let mut rotated = leaf(2, "log.key-rotated", "log");
            rotated.data = serde_json::json!({"key": new, "previous": old});
            held.log.append(&rotated);
            held.log.signers.push(key(91));
        }
        assert_eq!(step(&node).await, Step::Cosigned(3));
        assert_eq!(pass(&node).await.unwrap(), Pass::Compared(3));
        {
            let mut held = hub.lock().unwrap();
            held.log.signers.remove(0);
            held.log.grow(1);
        }
        // The configuration still names the old key, which is nothing new.
        assert_eq!(step(&node).await, Step::Cosigned(4));
        assert!(evidence(&node).await.is_empty());
    }
}

#[tokio::test]
async fn a_key_that_no_leaf_names_is_an_alarm_and_cosigns_nothing() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 2);
        step(&node).await;
        {
            let mut held = hub.lock().unwrap();
            held.log.signers = vec![key(92)];
            held.log.grow(1);
        }
        assert_eq!(step(&node).await, Step::Quiet);
        assert_eq!(cosigned(&hub), [2]);
        let kept = evidence(&node).await;
        assert_eq!((kept[0].kind, kept[0].stops), (EvidenceKind::Key, false));
    }
}

#[tokio::test]
async fn the_log_and_the_feed_say_the_same_or_there_is_an_alarm() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 2);
        node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
        node.issue(issuance(&[("a", 10)])).await.unwrap();
        while crate::exchange::tests::send_once(&node).await {}
        step(&node).await;
        assert_eq!(pass(&node).await.unwrap(), Pass::Behind, "the feed has more to bring");
        crate::exchange::tests::follow_once(&node).await;
        let size = hub.lock().unwrap().log.size();
        assert_eq!(pass(&node).await.unwrap(), Pass::Compared(size));
        assert!(evidence(&node).await.is_empty());
        // A leaf that takes blocks of the member away, of which it is told nothing.
        {
            let mut held = hub.lock().unwrap();
            let mut silent = leaf(i64::try_from(size).unwrap(), "transfer.committed", "transfer/x");
            silent.changes = held.entries.iter().flat_map(|e| e.entry.changes.clone()).collect();
            assert!(!silent.changes.is_empty());
            held.log.append(&silent);
        }
        step(&node).await;
        assert_eq!(pass(&node).await.unwrap(), Pass::Compared(size + 1));
        let kept = evidence(&node).await;
        assert_eq!(
            (kept.len(), kept[0].kind, kept[0].stops),
            (1, EvidenceKind::Feed, false)
        );
        assert!(kept[0].first.contains("transfer/x"));
    }
}

#[tokio::test]
async fn entries_that_are_not_those_of_the_signed_root_count_for_nothing() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 4);
        step(&node).await;
        rewrite(&hub, 0);
        assert!(pass(&node).await.is_err());
        assert_eq!(status(&node).await.checked, 0);
    }
}

#[tokio::test]
async fn the_log_is_mirrored_into_files_and_goes_on_where_it_was() {
    for database in databases() {
        let (hub, node, folder) = stage(&database, 300);
        step(&node).await;
        let out = folder.path().join("mirror");
        let done = mirror(&node, &out, |_, _| {}).await.unwrap();
        assert_eq!((done.size, done.fetched), (300, 2));
        for file in [
            "checkpoint",
            "policy",
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/44",
        ] {
            assert!(out.join(file).is_file(), "{file}");
        }
        hub.lock().unwrap().log.grow(10);
        step(&node).await;
        let done = mirror(&node, &out, |_, _| {}).await.unwrap();
        assert_eq!((done.size, done.fetched), (310, 1), "the full bundle was there");
    }
}
