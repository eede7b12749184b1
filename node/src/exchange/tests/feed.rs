//! Applying crafted pages.

use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::feed::FeedPage;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::serial::BlockRef;

use super::fake_hub::{FakeHub, block, series};
use super::{account, g, issuance, message_id, node};
use crate::exchange::feed::Cursor;
use crate::exchange::follow::{Step, take_page};
use crate::exchange::{FeedState, ReceivedPage};
use crate::ledger::{AccountKind, Direction, Kind};
use crate::service::{Node, Selection, Staffed};
use crate::store::rows::LotRow;
use crate::store::test_databases::{TestDatabase, databases};

pub(super) async fn cursor(node: &Node) -> Cursor {
    let status = node.status().await.unwrap();
    Cursor {
        seq: status.feed_seq,
        chain: status.feed_chain,
    }
}

/// A page as it comes over the wire.
pub(super) fn raw(page: &FeedPage) -> ReceivedPage {
    serde_json::from_value(serde_json::to_value(page).unwrap()).unwrap()
}

pub(super) async fn catch_up(node: &Node, hub: &FakeHub) -> bool {
    let at = cursor(node).await;
    take_page(node, at, raw(&hub.page(at.seq))).await.unwrap() != Step::Stopped
}

pub(super) async fn lots(node: &Node) -> Vec<LotRow> {
    node.read(|tx| Ok(tx.lots(("", 0), 100_000)?)).await.unwrap()
}

/// A node with an issuance of 1000 g dealt 600 to a, 400 to b.
pub(super) async fn issued(database: &TestDatabase) -> (Node, FakeHub, MessageId) {
    let node = node(database, "http://127.0.0.1:1");
    for name in ["a", "b"] {
        node.accounts()
            .create(account(name), AccountKind::Holder)
            .await
            .unwrap();
    }
    let id = node.issue(issuance(&[("a", 600), ("b", 400)])).await.unwrap();
    let mut hub = FakeHub::new();
    hub.issue(id, 1000);
    assert!(catch_up(&node, &hub).await);
    (node, hub, id)
}

pub(super) fn lot(first: i64, last: i64, account: &str, by: Option<MessageId>) -> LotRow {
    LotRow {
        series: series().to_string(),
        first,
        last,
        account: account.into(),
        reserved_by: by.map(|id| id.to_string()),
    }
}

#[tokio::test]
async fn an_issuance_is_dealt_to_its_accounts_in_the_order_of_the_request() {
    for database in databases() {
        let (node, hub, id) = issued(&database).await;
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1000, "b", None)]);
        let status = node.status().await.unwrap();
        assert_eq!(
            (status.feed, status.feed_seq, status.digest),
            (FeedState::Following, 1, hub.digest())
        );
        assert_eq!(node.dealing(id).await.unwrap().state.as_deref(), Some("recognised"));
        let holdings = node.holdings().await.unwrap();
        assert_eq!(holdings.series[0].held_g, g(1000));
        assert_eq!(node.accounts().get(account("b")).await.unwrap().free_g, g(400));
    }
}

#[tokio::test]
async fn a_partly_recognised_issuance_goes_on_where_it_stopped_and_more_than_was_asked_for_waits_in_suspense() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        let mut hub = FakeHub::new();
        node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
        node.accounts().create(account("b"), AccountKind::Holder).await.unwrap();
        let id = node.issue(issuance(&[("a", 600), ("b", 400)])).await.unwrap();
        for quantity in [700, 200, 150] {
            hub.issue(id, quantity);
        }
        assert!(catch_up(&node, &hub).await);
        let expected = [
            lot(1, 600, "a", None),
            lot(601, 1000, "b", None),
            lot(1001, 1050, "suspense", None),
        ];
        assert_eq!(lots(&node).await, expected);
        let spend = node
            .write(|tx| {
                let suspense = crate::ledger::AccountId::suspense();
                crate::ledger::reserve(tx, &suspense, &Selection::grams(g(1)), None, message_id(9))
            })
            .await;
        assert_eq!(spend.unwrap_err().code(), "suspense");
        let all = |to: &str, reason: &str| {
            let (what, reason) = (Selection::grams(g(50)), reason.to_owned());
            let (accounts, to) = (node.accounts(), account(to));
            async move { accounts.attribute(message_id(10), to, what, reason).await }
        };
        assert_eq!(all("b", " ").await.unwrap_err().code(), "reason");
        assert_eq!(all("b", "call 13800138000").await.unwrap_err().code(), "personal-data");
        assert_eq!(all("nobody", "a receipt").await.unwrap_err().code(), "not-found");
        let attributed = all("b", "a receipt").await.unwrap();
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1050, "b", None)]);
        // The same again does nothing; the id stands for one decision.
        assert_eq!(all("b", "a receipt").await.unwrap(), attributed);
        assert_eq!(all("a", "a receipt").await.unwrap_err().code(), "id-reused");
        assert_eq!(all("b", "another reason").await.unwrap_err().code(), "id-reused");
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1050, "b", None)]);
        let line = node.journal(account("b"), None, 1).await.unwrap().remove(0);
        assert_eq!(
            (line.from_account.as_deref(), line.reason.as_deref()),
            (Some("suspense"), Some("a receipt"))
        );
    }
}

#[tokio::test]
async fn a_split_reservation_that_returns_goes_back_to_its_accounts() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        let (me, transfer): (NodeId, _) = ("wuhan".parse().unwrap(), message_id(1));
        let subject = format!("transfer/{transfer}");
        let reserved = BlockStatus::bound(me.clone(), BlockState::Reserved, transfer);
        hub.set("transfer.offered", &subject, &[(block(500, 700), reserved)]);
        assert!(catch_up(&node, &hub).await);
        let by = Some(transfer);
        let expected = [
            lot(1, 499, "a", None),
            lot(500, 600, "a", by),
            lot(601, 700, "b", by),
            lot(701, 1000, "b", None),
        ];
        assert_eq!(lots(&node).await, expected);
        hub.set(
            "transfer.expired",
            &subject,
            &[(block(500, 700), BlockStatus::held_by(me))],
        );
        assert!(catch_up(&node, &hub).await);
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1000, "b", None)]);
        // The hub keeps three blocks: the node's book is its, not merged.
        assert_eq!(node.blocks(None, None, 10).await.unwrap().len(), 3);
        assert_eq!(node.dealing(transfer).await.unwrap().direction, Direction::Out);
    }
}

#[tokio::test]
async fn a_commit_takes_what_was_delivered_and_what_was_cancelled_out_of_the_accounts() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        let (me, harbin): (NodeId, NodeId) = ("wuhan".parse().unwrap(), "harbin".parse().unwrap());
        let transfer = message_id(1);
        let subject = format!("transfer/{transfer}");
        hub.set(
            "transfer.offered",
            &subject,
            &[(
                block(1, 100),
                BlockStatus::bound(me.clone(), BlockState::Reserved, transfer),
            )],
        );
        let pieces: [(BlockRef, BlockStatus); 3] = [
            (block(1, 80), BlockStatus::held_by(harbin)),
            (block(81, 90), BlockStatus::held_by(NodeId::hub_buffer())),
            (block(91, 100), BlockStatus::bound(me, BlockState::Cancelled, transfer)),
        ];
        hub.set("transfer.committed", &subject, &pieces);
        assert!(catch_up(&node, &hub).await);
        assert_eq!(lots(&node).await, [lot(101, 600, "a", None), lot(601, 1000, "b", None)]);
        let status = node.status().await.unwrap();
        assert_eq!((status.digest, status.feed_seq), (hub.digest(), 3));
        let left = node.journal(account("a"), None, 10).await.unwrap();
        assert_eq!(
            left.iter().filter(|l| l.subject.as_deref() == Some(&subject)).count(),
            3
        );
        assert_eq!(
            node.dealings(Kind::Transfer, None, None, 10).await.unwrap()[0]
                .state
                .as_deref(),
            Some("committed")
        );
    }
}

#[tokio::test]
async fn moves_between_accounts_are_idempotent_and_never_take_what_is_bound() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        node.accounts()
            .create(account("pool"), AccountKind::Pool)
            .await
            .unwrap();
        let (id, accounts) = (message_id(20), node.accounts());
        let moved = accounts
            .move_grams(id, account("a"), account("pool"), Selection::grams(g(250)))
            .await
            .unwrap();
        assert_eq!(moved, [block(1, 250)]);
        let again = accounts
            .move_grams(id, account("a"), account("pool"), Selection::grams(g(250)))
            .await
            .unwrap();
        assert_eq!(again, moved);
        let other = accounts
            .move_grams(id, account("b"), account("pool"), Selection::grams(g(1)))
            .await;
        assert_eq!(other.unwrap_err().code(), "id-reused");
        let retired = node
            .retire(crate::service::RetireRequest {
                by: Staffed::default(),
                account: account("a"),
                what: Selection::grams(g(100)),
                claim: serde_json::from_value(serde_json::json!({
                    "claimant": "wuhan", "claimant_kind": "member", "use": "corporate-neutrality", "year": 2026, "place": "420100",
                }))
                .unwrap(),
            })
            .await
            .unwrap();
        let all = accounts
            .move_grams(message_id(21), account("a"), account("b"), Selection::grams(g(251)))
            .await;
        assert_eq!(all.unwrap_err().code(), "not-enough");
        accounts
            .move_grams(message_id(22), account("a"), account("b"), Selection::grams(g(250)))
            .await
            .unwrap();
        let expected = [
            lot(1, 250, "pool", None),
            lot(251, 350, "a", Some(retired)),
            lot(351, 1000, "b", None),
        ];
        assert_eq!(lots(&node).await, expected);
        let status = BlockStatus::bound("wuhan".parse().unwrap(), BlockState::Retired, retired);
        hub.set(
            "retirement.committed",
            &format!("retirement/{retired}"),
            &[(block(251, 350), status)],
        );
        assert!(catch_up(&node, &hub).await);
        assert_eq!(
            lots(&node).await,
            [lot(1, 250, "pool", None), lot(351, 1000, "b", None)]
        );
        assert_eq!(node.accounts().get(account("a")).await.unwrap().total_g, g(0));
    }
}

#[tokio::test]
async fn what_arrives_goes_to_the_account_of_the_acceptance_and_to_suspense_without_one() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        let (me, harbin): (NodeId, NodeId) = ("wuhan".parse().unwrap(), "harbin".parse().unwrap());
        // Blocks that went to harbin and come home in two transfers, of which this node remembers one.
        let (away, known, forgotten) = (message_id(1), message_id(2), message_id(3));
        let bound = |holder: &NodeId, by| BlockStatus::bound(holder.clone(), BlockState::Reserved, by);
        hub.set(
            "transfer.offered",
            &format!("transfer/{away}"),
            &[(block(1, 100), bound(&me, away))],
        );
        hub.set(
            "transfer.committed",
            &format!("transfer/{away}"),
            &[(block(1, 100), BlockStatus::held_by(harbin.clone()))],
        );
        assert!(catch_up(&node, &hub).await);
        let row = crate::store::rows::DealingRow {
            id: known.to_string(),
            kind: Kind::Transfer.code(),
            direction: Direction::In.code(),
            account: Some("b".into()),
            partner: Some("harbin".into()),
            state: Some("offered".into()),
            decision: Some(crate::ledger::Decision::Accepted.code()),
            quantity_g: 60,
            delivered_g: None,
            buffered_g: None,
            cancelled_g: None,
            opened_at: 0,
            ended_at: None,
            valid_until: None,
            reason: None,
            content: "{}".into(),
        };
        node.write(move |tx| Ok(tx.insert_dealing(&row)?)).await.unwrap();
        for (id, part) in [(known, block(1, 60)), (forgotten, block(61, 100))] {
            let before = hub.entries.len();
            hub.set("transfer.offered", "test/1", &[(part.clone(), bound(&harbin, id))]);
            // The hub does not tell this member about blocks of another.
            hub.entries.truncate(before);
            hub.set(
                "transfer.committed",
                &format!("transfer/{id}"),
                &[(part, BlockStatus::held_by(me.clone()))],
            );
        }
        assert!(catch_up(&node, &hub).await);
        let expected = [
            lot(1, 60, "b", None),
            lot(61, 100, "suspense", None),
            lot(101, 600, "a", None),
            lot(601, 1000, "b", None),
        ];
        assert_eq!(lots(&node).await, expected);
        assert_eq!(node.status().await.unwrap().suspense_g, g(40));
    }
}

#[tokio::test]
async fn the_state_of_a_transfer_is_the_one_that_the_entry_names() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        let me: NodeId = "wuhan".parse().unwrap();
        let id = message_id(7);
        let subject = format!("transfer/{id}");
        hub.set(
            "transfer.reserved",
            &subject,
            &[(block(1, 10), BlockStatus::bound(me, BlockState::Reserved, id))],
        );
        let body = serde_json::json!({"state": "offered", "delivered_g": 8, "reason": ""});
        hub.commit("transfer.reserved", &subject, body, &[]);
        assert!(catch_up(&node, &hub).await);
        let dealing = node.dealing(id).await.unwrap();
        assert_eq!(dealing.state.as_deref(), Some("offered"));
        assert_eq!(
            (dealing.delivered_g, dealing.reason, dealing.ended_at),
            (Some(g(8)), None, None)
        );
        let body = serde_json::json!({"state": "declined", "reason": "too late"});
        hub.commit("transfer.declined", &subject, body, &[]);
        assert!(catch_up(&node, &hub).await);
        let dealing = node.dealing(id).await.unwrap();
        assert_eq!(
            (dealing.state.as_deref(), dealing.reason.as_deref()),
            (Some("declined"), Some("too late"))
        );
        assert!(dealing.ended_at.is_some());
    }
}
