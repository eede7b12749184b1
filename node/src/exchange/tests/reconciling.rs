//! A node whose database was changed past its feed: what differs is found, told and mended.

use std::sync::{Arc, Mutex, PoisonError};

use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::reconciliation::{FindingClass, FindingCounts, ReconciliationReason, ReportFormat};
use tanqiao_protocol::time::DAY_US;

use super::fake_hub::{FakeHub, Shared, block, series, serve};
use super::feed::{cursor, lots, raw};
use super::{account, issuance, message_id, node};
use crate::exchange::FeedState;
use crate::exchange::follow::{Step, take_page};
use crate::ledger::AccountKind;
use crate::reconciliation;
use crate::reconciliation::{due, step};
use crate::service::Node;
use crate::store::rows::BlockRow;
use crate::store::test_databases::{TestDatabase, databases};

fn with<T>(hub: &Shared, work: impl FnOnce(&mut FakeHub) -> T) -> T {
    work(&mut hub.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn catch_up(node: &Node, hub: &Shared) -> bool {
    let at = cursor(node).await;
    let page = with(hub, |hub| raw(&hub.page(at.seq)));
    take_page(node, at, page).await.unwrap() != Step::Stopped
}

/// A node with ten blocks of 100 g each, held by an account, and its hub.
async fn ten_blocks(database: &TestDatabase) -> (Node, Shared) {
    let hub: Shared = Arc::new(Mutex::new(FakeHub::new()));
    let node = node(database, &serve(&hub));
    node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
    for _ in 0..10 {
        let id = node.issue(issuance(&[("a", 100)])).await.unwrap();
        with(&hub, |hub| hub.issue(id, 100));
    }
    assert!(catch_up(&node, &hub).await);
    (node, hub)
}

async fn row(node: &Node, first: i64) -> BlockRow {
    let series = series().to_string();
    let found = node
        .read(move |tx| Ok(tx.block(&series, first, first + 99)?))
        .await
        .unwrap();
    found.unwrap()
}

/// Changes the block that begins at `first` in the node's database, past the feed.
async fn plant(node: &Node, first: i64, becomes: Vec<BlockRow>) {
    let series = series().to_string();
    let planted = node.write(move |tx| {
        tx.delete_block(&series, first)?;
        Ok(tx.insert_blocks(&becomes)?)
    });
    planted.await.unwrap();
}

/// Loses the block of serial 1, freezes that of 101, cuts that of 201 in two, keeps that of 301 though it left, and invents one.
async fn plant_five(node: &Node, hub: &Shared) {
    let kept = row(node, 301).await;
    let leaves = [block(301, 400)];
    let offered = BlockStatus::bound(node.member().clone(), BlockState::Reserved, message_id(1));
    let gone = BlockStatus::held_by("harbin".parse().unwrap());
    for (kind, status) in [("transfer.offered", offered), ("transfer.committed", gone)] {
        let pieces = leaves.clone().map(|block| (block, status.clone()));
        with(hub, |hub| {
            hub.set(kind, "transfer/1", &pieces);
        });
    }
    assert!(catch_up(node, hub).await);
    plant(node, 301, vec![kept.clone()]).await;
    plant(node, 1, Vec::new()).await;
    let mut frozen = row(node, 101).await;
    frozen.state = BlockState::Frozen.code();
    plant(node, 101, vec![frozen]).await;
    let whole = row(node, 201).await;
    let (mut left, mut right) = (whole.clone(), whole);
    (left.last, right.first) = (250, 251);
    plant(node, 201, vec![left, right]).await;
    let (first, last) = (5_001, 5_100);
    plant(node, first, vec![BlockRow { first, last, ..kept }]).await;
}

const FIVE: FindingCounts = FindingCounts {
    missing_at_node: 1,
    missing_at_hub: 1,
    state: 1,
    holder: 1,
    quantity: 1,
    in_flight: 0,
};

#[tokio::test]
async fn what_was_planted_is_found_and_nothing_else_and_the_report_stays() {
    for database in databases() {
        let (node, hub) = ten_blocks(&database).await;
        let agreed = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None)
            .await
            .unwrap();
        assert_eq!(
            (agreed.counts, agreed.hub_blocks, agreed.node_blocks),
            (FindingCounts::default(), 10, 10)
        );
        assert!(agreed.bytes <= 4_096, "{} bytes where nothing differs", agreed.bytes);
        plant_five(&node, &hub).await;
        let found = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None)
            .await
            .unwrap();
        assert_eq!(found.counts, FIVE);
        let classes: Vec<(FindingClass, i64)> = found
            .findings
            .iter()
            .map(|one| {
                (
                    one.class,
                    one.hub.first().or(one.node.first()).unwrap().block.range.first(),
                )
            })
            .collect();
        assert_eq!(
            classes,
            [
                (FindingClass::MissingAtNode, 1),
                (FindingClass::State, 101),
                (FindingClass::Quantity, 201),
                (FindingClass::Holder, 301),
                (FindingClass::MissingAtHub, 5_001),
            ]
        );
        assert_eq!(with(&hub, |hub| hub.reconciling.results[1].counts), FIVE);
        // The hub is given the findings, and only where there are some.
        assert_eq!(
            with(&hub, |hub| hub.reconciling.reports.clone()),
            std::slice::from_ref(&found)
        );
        // Kept, newest first, and written in each form.
        let kept = reconciliation::list(&node, None, 10).await.unwrap();
        let told: Vec<(bool, i64)> = kept.iter().map(|one| (one.agreed, one.differences)).collect();
        assert_eq!(told, [(false, 5), (true, 0)]);
        assert_eq!(reconciliation::agreed_at(&node).await.unwrap(), Some(agreed.at));
        let report = reconciliation::report(&node, found.reconciliation).await.unwrap();
        assert_eq!(report, found);
        assert_eq!(ReportFormat::Csv.write(&report).lines().count(), 6);
        assert!(ReportFormat::Html.write(&report).contains("missing-at-hub"));
        let unknown = reconciliation::report(&node, message_id(99)).await.unwrap_err();
        assert_eq!(unknown.code(), "not-found");
        // A hub that does not take them: an error, and the report is kept here.
        with(&hub, |hub| hub.reconciling.refuses_reports = true);
        let refused = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None).await;
        assert_eq!(refused.unwrap_err().code(), "busy");
        assert_eq!(reconciliation::list(&node, None, 10).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_repair_by_two_roles_gives_the_node_the_hubs_blocks_and_its_accounts_their_grams() {
    for database in databases() {
        let (node, hub) = ten_blocks(&database).await;
        let harbin_leaves = lots(&node).await;
        plant_five(&node, &hub).await;
        let found = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None)
            .await
            .unwrap();
        let roles = |by: &str, approved_by: &str| {
            reconciliation::repair(
                &node,
                found.reconciliation,
                by.parse().unwrap(),
                approved_by.parse().unwrap(),
            )
        };
        assert_eq!(roles("operator", "operator").await.unwrap_err().code(), "four-eyes");
        let done = roles("operator", "director").await.unwrap();
        assert!(done.agreed, "{:?}", done.counts);
        assert_eq!((done.moved.suspense_g, done.moved.gone_g), (0, 0));
        let kept = reconciliation::one(&node, found.reconciliation).await.unwrap();
        assert_eq!(kept.approved_by.unwrap().as_str(), "director");
        let staff = with(&hub, |hub| hub.reconciling.begun.last().unwrap().1.clone()).unwrap();
        assert!(staff.four_eyes && staff.role.as_str() == "operator");
        let repaired = with(&hub, |hub| hub.reconciling.repaired.clone());
        assert_eq!(repaired, [None, Some(found.reconciliation)]);
        // What left by the feed has left; everything else is in the account as before.
        let before: i64 = harbin_leaves.iter().map(|lot| lot.last - lot.first + 1).sum();
        let after: i64 = lots(&node).await.iter().map(|lot| lot.last - lot.first + 1).sum();
        assert_eq!((before, after), (1_000, 900));
        let nothing = reconciliation::repair(&node, done.again, "a".parse().unwrap(), "b".parse().unwrap()).await;
        assert_eq!(nothing.unwrap_err().code(), "nothing-to-repair");
    }
}

#[tokio::test]
async fn the_very_next_batch_over_a_changed_block_stops_the_node_which_says_what_differs_and_goes_on_when_repaired() {
    for database in databases() {
        let (node, hub) = ten_blocks(&database).await;
        let mut altered = row(&node, 501).await;
        altered.factor_paid -= 1;
        plant(&node, 501, vec![altered]).await;
        with(&hub, |hub| hub.issue(message_id(1_000), 100));
        assert!(catch_up(&node, &hub).await, "a batch that does not touch it fits");
        let retired = BlockStatus::bound(node.member().clone(), BlockState::Retired, message_id(7));
        with(&hub, |hub| {
            hub.set("retirement.committed", "retirement/7", &[(block(501, 600), retired)]);
        });
        assert!(!catch_up(&node, &hub).await, "the batch that touches it does not");
        let status = node.status().await.unwrap();
        assert_eq!(status.feed, FeedState::Diverged);
        step(&node).await.unwrap();
        let kept = reconciliation::list(&node, None, 10).await.unwrap();
        assert_eq!(
            (kept.len(), kept[0].reason, kept[0].differences),
            (1, ReconciliationReason::Diverged, 1)
        );
        step(&node).await.unwrap();
        assert_eq!(
            reconciliation::list(&node, None, 10).await.unwrap().len(),
            1,
            "once for a contradiction"
        );
        let (by, approved_by) = ("operator".parse().unwrap(), "director".parse().unwrap());
        let done = reconciliation::repair(&node, kept[0].reconciliation, by, approved_by)
            .await
            .unwrap();
        assert!(done.agreed);
        assert!(catch_up(&node, &hub).await);
        let status = node.status().await.unwrap();
        assert_eq!(
            (status.feed, status.digest),
            (FeedState::Following, with(&hub, |hub| hub.digest()))
        );
    }
}

#[tokio::test]
async fn the_node_reconciles_once_when_the_hub_asks_and_by_its_own_calendar() {
    for database in databases() {
        let (node, hub) = ten_blocks(&database).await;
        let is_due = |now: i64, hours: u32| node.store().read(move |tx| due(tx, now, hours)).unwrap();
        let now = node.now().micros();
        assert_eq!(is_due(now, 24), None);
        assert_eq!(is_due(now + DAY_US, 24), Some(ReconciliationReason::Scheduled));
        assert_eq!(is_due(now + DAY_US, 0), None, "no calendar of its own");
        let asked = serde_json::json!({"reason": "asked"});
        with(&hub, |hub| {
            hub.commit("reconciliation.requested", "member/wuhan", asked, &[]);
        });
        assert!(catch_up(&node, &hub).await);
        assert_eq!(is_due(now, 0), Some(ReconciliationReason::Asked));
        step(&node).await.unwrap();
        assert_eq!(is_due(now, 0), None);
        assert_eq!(
            is_due(node.now().micros() + DAY_US, 24),
            Some(ReconciliationReason::Scheduled)
        );
        assert_eq!(with(&hub, |hub| hub.reconciling.begun.len()), 1);
    }
}

#[tokio::test]
async fn a_feed_that_was_changed_at_the_node_makes_no_new_book() {
    for database in databases() {
        let (node, hub) = ten_blocks(&database).await;
        plant(&node, 1, Vec::new()).await;
        let found = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None)
            .await
            .unwrap();
        // The entry is replaced in the database, chain and all but the words of its body.
        node.write(|tx| {
            let mut entry = tx.entry(3)?.unwrap();
            tx.orphan_entries(2, 1)?;
            entry.entry = entry.entry.replace("issuance.recognised", "issuance.recognized");
            tx.insert_entries(&[entry])?;
            let rest: Vec<_> = tx.orphaned(1)?.into_iter().filter(|row| row.seq > 3).collect();
            for row in rest {
                tx.insert_entries(&[crate::store::rows::EntryRow {
                    seq: row.seq,
                    at: row.at,
                    kind: row.kind,
                    subject: row.subject,
                    log_index: row.log_index,
                    chain: row.chain,
                    entry: row.entry,
                }])?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let (by, approved_by) = ("operator".parse().unwrap(), "director".parse().unwrap());
        let refused = reconciliation::repair(&node, found.reconciliation, by, approved_by).await;
        assert_eq!(refused.unwrap_err().code(), "feed-changed");
        assert_eq!(
            with(&hub, |hub| hub.reconciling.begun.len()),
            1,
            "nothing was compared again"
        );
    }
}
