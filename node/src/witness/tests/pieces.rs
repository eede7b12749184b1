//! The log is compared in pieces that are kept.

use super::{stage, status, step, witness};
use crate::exchange::tests::fake_hub::serve;
use crate::exchange::tests::fake_log::leaf;
use crate::store::test_databases::databases;
use crate::witness::compare::{Pass, pass, piece};
use crate::witness::view;

#[tokio::test]
async fn a_long_log_is_compared_in_pieces_and_another_process_goes_on_with_the_next() {
    for database in databases() {
        let (hub, node, folder) = stage(&database, 600);
        step(&node).await;
        assert_eq!(piece(&node, 250).await.unwrap(), Pass::Compared(250));
        assert_eq!((status(&node).await.checked, status(&node).await.size), (250, 600));
        assert_eq!(
            status(&node).await.witnessed,
            0,
            "the rest of the leaves may name other witnesses"
        );
        drop(node);
        let base = serve(&hub);
        let log = hub.lock().unwrap().log.key();
        let node = witness(&database, &base, folder.path(), log);
        // From the middle of a bundle, over the end of the next.
        assert_eq!(piece(&node, 300).await.unwrap(), Pass::Compared(550));
        assert_eq!(pass(&node).await.unwrap(), Pass::Compared(600));
        assert_eq!(pass(&node).await.unwrap(), Pass::Nothing);
        let after = status(&node).await;
        assert_eq!((after.checked, after.witnessed, after.alarms), (600, 600, 0));
    }
}

#[tokio::test]
async fn a_piece_does_not_end_within_a_change() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 2);
        {
            let log = &mut hub.lock().unwrap().log;
            for part in 1..=3 {
                let mut one = leaf(i64::from(part) + 1, "transfer.committed", "transfer/x");
                (one.part, one.parts) = (Some(part), Some(3));
                log.append(&one);
            }
            log.grow(2);
        }
        step(&node).await;
        assert_eq!(
            piece(&node, 3).await.unwrap(),
            Pass::Compared(5),
            "with the last part of it"
        );
        assert_eq!(piece(&node, 1).await.unwrap(), Pass::Compared(6));
        assert_eq!(piece(&node, 1).await.unwrap(), Pass::Compared(7));
        assert!(view(&node).await.unwrap().evidence.is_empty());
    }
}

#[tokio::test]
async fn a_piece_of_another_log_counts_for_nothing_and_what_was_kept_stays() {
    for database in databases() {
        let (hub, node, _folder) = stage(&database, 40);
        step(&node).await;
        assert_eq!(piece(&node, 16).await.unwrap(), Pass::Compared(16));
        let own = hub.lock().unwrap().log.leaves[20].clone();
        hub.lock().unwrap().log.leaves[20] = serde_json::to_vec(&leaf(20, "member.removed", "member/m1")).unwrap();
        assert!(piece(&node, 16).await.is_err());
        assert_eq!(status(&node).await.checked, 16);
        hub.lock().unwrap().log.leaves[20] = own;
        assert_eq!(piece(&node, 16).await.unwrap(), Pass::Compared(32));
    }
}
