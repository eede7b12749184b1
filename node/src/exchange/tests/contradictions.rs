//! Pages that do not fit, and transactions that are cut short.

use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::feed::{CHAIN_START, FeedPage};
use tanqiao_protocol::id::{NodeId, Sha256};

use super::fake_hub::{FakeHub, block, series};
use super::feed::{catch_up, cursor, issued, lot, lots, raw};
use super::{account, g, message_id};
use crate::exchange::FeedState;
use crate::exchange::follow::{Step, take_page};
use crate::store::test_databases::databases;

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
        assert_eq!(take_page(&node, at, raw(&page)).await.unwrap(), Step::Stopped);
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
        take_page(&node, at, raw(&hub.page(2))).await.unwrap();
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
        let gap = FeedPage {
            entries: vec![hub.entries[2].clone()],
            latest: 3,
        };
        assert_eq!(take_page(&node, at, raw(&gap)).await.unwrap(), Step::Stopped);
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
        other.set(
            "retirement.committed",
            &format!("retirement/{}", message_id(3)),
            &[(block(1, 100), retired)],
        );
        let mut wrong = other.entries[1].entry.clone();
        wrong.seq = 2;
        let bytes = tanqiao_protocol::canonical::to_vec(&wrong).unwrap();
        let chain = tanqiao_protocol::feed::chain(&hub.entries[0].chain, &bytes);
        hub.entries
            .push(tanqiao_protocol::feed::ChainedEntry { chain, entry: wrong });
        assert!(!catch_up(&node, &hub).await);
        let status = node.status().await.unwrap();
        assert_eq!(
            (status.feed, status.feed_seq, status.digest),
            (FeedState::Diverged, 1, hub.digest())
        );
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
            reason: None,
        };
        node.write(move |tx| Ok(tx.insert_journal(std::slice::from_ref(&blocker))?))
            .await
            .unwrap();
        let before = (
            lots(&node).await,
            cursor(&node).await,
            node.blocks(None, None, 10).await.unwrap(),
        );
        let at = cursor(&node).await;
        assert!(take_page(&node, at, raw(&hub.page(1))).await.is_err());
        assert_eq!(
            (
                lots(&node).await,
                cursor(&node).await,
                node.blocks(None, None, 10).await.unwrap()
            ),
            before
        );
        assert_eq!(node.status().await.unwrap().feed, FeedState::Following);
    }
}

#[tokio::test]
async fn the_same_page_twice_is_applied_once() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        let at = cursor(&node).await;
        assert_eq!(take_page(&node, at, raw(&hub.page(1))).await.unwrap(), Step::Applied);
        // Another process of the same node asked from the same place.
        assert_eq!(take_page(&node, at, raw(&hub.page(1))).await.unwrap(), Step::Applied);
        assert_eq!(node.status().await.unwrap().digest, hub.digest());
    }
}

#[tokio::test]
async fn an_entry_of_a_newer_hub_is_not_read_and_is_no_fork() {
    for database in databases() {
        let (node, mut hub, id) = issued(&database).await;
        hub.issue(id, 5);
        let mut page = raw(&hub.page(1));
        let object = &mut page.entries[0];
        object.insert("later".into(), "a member that this program does not know".into());
        object.remove("chain");
        let bytes = tanqiao_protocol::canonical::to_vec(&*object).unwrap();
        let chain = tanqiao_protocol::feed::chain(&hub.entries[0].chain, &bytes);
        object.insert("chain".into(), chain.to_string().into());
        let at = cursor(&node).await;
        assert!(take_page(&node, at, page).await.is_err());
        assert_eq!(node.status().await.unwrap().feed, FeedState::Following);
    }
}
