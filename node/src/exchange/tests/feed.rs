//! Applying crafted pages.

use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::feed::{CHAIN_START, FeedPage};
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::serial::BlockRef;

use super::fake_hub::{FakeHub, block, series};
use super::{account, g, issuance, message_id, node};
use crate::exchange::FeedState;
use crate::exchange::feed::Cursor;
use crate::exchange::follow::take_page;
use crate::ledger::{AccountKind, Direction, Kind};
use crate::service::{Node, Selection, Staffed};
use crate::store::rows::LotRow;
use crate::store::test_databases::{TestDatabase, databases};

async fn cursor(node: &Node) -> Cursor {
    let status = node.status().await.unwrap();
    Cursor { seq: status.feed_seq, chain: status.feed_chain }
}

pub(super) async fn catch_up(node: &Node, hub: &FakeHub) -> bool {
    let at = cursor(node).await;
    take_page(node, at, hub.page(at.seq)).await.unwrap()
}

pub(super) async fn lots(node: &Node) -> Vec<LotRow> {
    node.read(|tx| Ok(tx.lots(("", 0), 100_000)?)).await.unwrap()
}

/// A node with an issuance of 1000 g dealt 600 to a, 400 to b.
async fn issued(database: &TestDatabase) -> (Node, FakeHub, MessageId) {
    let node = node(database, "http://127.0.0.1:1");
    for name in ["a", "b"] {
        node.accounts().create(account(name), AccountKind::Holder).await.unwrap();
    }
    let id = node.issue(issuance(&[("a", 600), ("b", 400)])).await.unwrap();
    let mut hub = FakeHub::new();
    hub.issue(id, 1000);
    assert!(catch_up(&node, &hub).await);
    (node, hub, id)
}

fn lot(first: i64, last: i64, account: &str, by: Option<MessageId>) -> LotRow {
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
        assert_eq!((status.feed, status.feed_seq, status.digest), (FeedState::Following, 1, hub.digest()));
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
        let expected = [lot(1, 600, "a", None), lot(601, 1000, "b", None), lot(1001, 1050, "suspense", None)];
        assert_eq!(lots(&node).await, expected);
        let spend = node
            .write(|tx| {
                let suspense = crate::ledger::AccountId::suspense();
                crate::ledger::reserve(tx, &suspense, &Selection::grams(g(1)), None, message_id(9))
            })
            .await;
        assert_eq!(spend.unwrap_err().code(), "suspense");
        node.accounts().attribute(message_id(10), account("b"), Selection::grams(g(50))).await.unwrap();
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1050, "b", None)]);
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
        let expected =
            [lot(1, 499, "a", None), lot(500, 600, "a", by), lot(601, 700, "b", by), lot(701, 1000, "b", None)];
        assert_eq!(lots(&node).await, expected);
        hub.set("transfer.expired", &subject, &[(block(500, 700), BlockStatus::held_by(me))]);
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
            &[(block(1, 100), BlockStatus::bound(me.clone(), BlockState::Reserved, transfer))],
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
        assert_eq!(left.iter().filter(|l| l.subject.as_deref() == Some(&subject)).count(), 2);
        assert_eq!(node.dealings(Kind::Transfer, None, None, 10).await.unwrap()[0].state.as_deref(), Some("committed"));
    }
}

#[tokio::test]
async fn a_wrong_digest_stops_the_node_at_the_last_good_batch_and_keeps_both_values() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        let me: NodeId = "wuhan".parse().unwrap();
        let frozen = BlockStatus {
            state_before: Some(BlockState::Held),
            state: BlockState::Frozen,
            ..BlockStatus::held_by(me.clone())
        };
        hub.set("freeze.placed", "freeze/1", &[(block(1, 10), frozen)]);
        hub.set("freeze.lifted", "freeze/1", &[(block(1, 10), BlockStatus::held_by(me))]);
        let mut page = hub.page(1);
        // The hub signs another digest, with a chain that fits it.
        page.entries[1].entry.digest = Some(Sha256([7; 32]));
        let bytes = tanqiao_protocol::canonical::to_vec(&page.entries[1].entry).unwrap();
        page.entries[1].chain = tanqiao_protocol::feed::chain(&page.entries[0].chain, &bytes);
        let at = cursor(&node).await;
        assert!(!take_page(&node, at, page).await.unwrap());
        let status = node.status().await.unwrap();
        assert_eq!((status.feed, status.feed_seq), (FeedState::Diverged, 2));
        assert_eq!(status.expected.unwrap(), format!("digest {}", Sha256([7; 32])));
        assert_eq!(status.found.unwrap(), format!("digest {}", hub.digest()));
        let balance = node.accounts().get(account("a")).await.unwrap();
        assert_eq!((balance.frozen_g, balance.free_g), (g(10), g(590)));
        let evidence = node.contradictions().await.unwrap();
        assert_eq!((evidence.len(), evidence[0].seq), (1, 3));
        // Nothing further is applied.
        let at = cursor(&node).await;
        take_page(&node, at, hub.page(2)).await.unwrap();
        assert_eq!(node.status().await.unwrap().feed_seq, 2);
    }
}

#[tokio::test]
async fn a_gap_or_a_wrong_chain_is_a_fork() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        hub.issue(id, 5);
        let at = cursor(&node).await;
        let gap = FeedPage { entries: vec![hub.entries[2].clone()], latest: 3 };
        assert!(!take_page(&node, at, gap).await.unwrap());
        let status = node.status().await.unwrap();
        assert_eq!((status.feed, status.feed_seq), (FeedState::Forked, 1));
    }
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        hub.entries[1].chain = CHAIN_START;
        assert!(!catch_up(&node, &hub).await);
        let status = node.status().await.unwrap();
        assert_eq!((status.feed, status.feed_seq), (FeedState::Forked, 1));
        assert!(status.expected.unwrap().contains(&CHAIN_START.to_string()));
    }
}

#[tokio::test]
async fn a_change_of_a_block_that_is_not_there_diverges_and_changes_nothing() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        let mut other = FakeHub::new();
        other.issue(id, 400);
        let retired = BlockStatus::bound("wuhan".parse().unwrap(), BlockState::Retired, message_id(3));
        other.set("retirement.committed", &format!("retirement/{}", message_id(3)), &[(block(1, 100), retired)]);
        let mut wrong = other.entries[1].entry.clone();
        wrong.seq = 2;
        let bytes = tanqiao_protocol::canonical::to_vec(&wrong).unwrap();
        let chain = tanqiao_protocol::feed::chain(&hub.entries[0].chain, &bytes);
        hub.entries.push(tanqiao_protocol::feed::ChainedEntry { chain, entry: wrong });
        assert!(!catch_up(&node, &hub).await);
        let status = node.status().await.unwrap();
        assert_eq!((status.feed, status.feed_seq, status.digest), (FeedState::Diverged, 1, hub.digest()));
        assert_eq!(lots(&node).await, [lot(1, 600, "a", None), lot(601, 1000, "b", None)]);
    }
}

#[tokio::test]
async fn cursor_book_and_lots_move_together_or_not_at_all() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        // A journal entry in the way makes the last statements of the transaction fail.
        let blocker = crate::store::rows::JournalRow {
            entry: "feed/2".into(),
            line: 0,
            at: 0,
            kind: 1,
            from_account: None,
            to_account: Some("a".into()),
            series: series().to_string(),
            first: 1,
            last: 1,
            subject: None,
        };
        node.write(move |tx| Ok(tx.insert_journal(std::slice::from_ref(&blocker))?)).await.unwrap();
        let before = (lots(&node).await, cursor(&node).await, node.blocks(None, None, 10).await.unwrap());
        let at = cursor(&node).await;
        assert!(take_page(&node, at, hub.page(1)).await.is_err());
        assert_eq!((lots(&node).await, cursor(&node).await, node.blocks(None, None, 10).await.unwrap()), before);
        assert_eq!(node.status().await.unwrap().feed, FeedState::Following);
    }
}

#[tokio::test]
async fn the_same_page_twice_is_applied_once() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        let at = cursor(&node).await;
        assert!(take_page(&node, at, hub.page(1)).await.unwrap());
        // Another process of the same node asked from the same place.
        assert!(take_page(&node, at, hub.page(1)).await.unwrap());
        assert_eq!(node.status().await.unwrap().digest, hub.digest());
    }
}

#[tokio::test]
async fn moves_between_accounts_are_idempotent_and_never_take_what_is_bound() {
    for database in databases() {
        let (node, mut hub, _) = issued(&database).await;
        node.accounts().create(account("pool"), AccountKind::Pool).await.unwrap();
        let (id, accounts) = (message_id(20), node.accounts());
        let moved = accounts.move_grams(id, account("a"), account("pool"), Selection::grams(g(250))).await.unwrap();
        assert_eq!(moved, [block(1, 250)]);
        let again = accounts.move_grams(id, account("a"), account("pool"), Selection::grams(g(250))).await.unwrap();
        assert_eq!(again, moved);
        let other = accounts.move_grams(id, account("b"), account("pool"), Selection::grams(g(1))).await;
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
        let all = accounts.move_grams(message_id(21), account("a"), account("b"), Selection::grams(g(251))).await;
        assert_eq!(all.unwrap_err().code(), "not-enough");
        accounts.move_grams(message_id(22), account("a"), account("b"), Selection::grams(g(250))).await.unwrap();
        let expected =
            [lot(1, 250, "pool", None), lot(251, 350, "a", Some(retired)), lot(351, 1000, "b", None)];
        assert_eq!(lots(&node).await, expected);
        let status = BlockStatus::bound("wuhan".parse().unwrap(), BlockState::Retired, retired);
        hub.set("retirement.committed", &format!("retirement/{retired}"), &[(block(251, 350), status)]);
        assert!(catch_up(&node, &hub).await);
        assert_eq!(lots(&node).await, [lot(1, 250, "pool", None), lot(351, 1000, "b", None)]);
        assert_eq!(node.accounts().get(account("a")).await.unwrap().total_g, g(0));
    }
}
