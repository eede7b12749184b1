//! A process that is killed at each crash point, and another one that goes on with its database.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fake_hub::{FakeHub, serve};
use super::feed::lots;
use super::{account, g, issuance, message_id, node, node_with};
use crate::config::Config;
use crate::exchange::{OutboxState, decide_waiting, follow, send};
use crate::ledger::AccountKind;
use crate::service::{Node, Selection, Staffed, TransferRequest};
use crate::store::test_databases::{TestDatabase, databases};

const DATABASE: &str = "TANQIAO_TEST_CHILD_DATABASE";
const HUB: &str = "TANQIAO_TEST_CHILD_HUB";
const NAME: &str = "exchange::tests::crashes::a_process_that_offers_100_g";

/// Points that a transfer passes.
const PASSED: &[&str] = &[
    "command.before-outbox",
    "command.after-outbox",
    "store.before-commit",
    "store.after-commit",
    "outbox.before-send",
    "outbox.after-send",
    "outbox.before-answer",
    "outbox.after-answer",
    "feed.before-apply",
    "feed.in-apply",
    "feed.after-apply",
];

async fn offer(node: &Node) {
    let request = TransferRequest {
        by: Staffed {
            id: Some(message_id(500)),
            staff: None,
        },
        account: account("a"),
        what: Selection::grams(g(100)),
        target: "harbin".parse().unwrap(),
        r#use: tanqiao_protocol::r#use::Use::EventNeutrality,
        quote: None,
        valid_until: None,
        price: None,
    };
    assert_eq!(node.transfer_out(request).await.unwrap(), message_id(500));
    while send::step(node).await.unwrap() != send::Sent::Nothing {}
    while follow::step(node).await.unwrap() == follow::Step::Applied {}
    decide_waiting(node).await.unwrap();
}

/// The process that is killed: nothing unless a test has started it.
#[tokio::test]
async fn a_process_that_offers_100_g() {
    let (Ok(url), Ok(base)) = (std::env::var(DATABASE), std::env::var(HUB)) else {
        return;
    };
    let database = TestDatabase::existing(&url);
    offer(&node(&database, &base)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_it_goes_on_and_does_everything_once() {
    for point in PASSED {
        for database in databases() {
            let hub = Arc::new(Mutex::new(FakeHub::new()));
            let base = serve(&hub);
            let first = node(&database, &base);
            first
                .accounts()
                .create(account("a"), AccountKind::Holder)
                .await
                .unwrap();
            first.issue(issuance(&[("a", 1000)])).await.unwrap();
            send::step(&first).await.unwrap();
            follow::step(&first).await.unwrap();
            drop(first);
            kill_at(point, &database, &base);
            let second = node(&database, &base);
            offer(&second).await;
            let balance = second.accounts().get(account("a")).await.unwrap();
            assert_eq!((balance.free_g, balance.reserved_g), (g(900), g(100)), "{point}");
            assert_eq!(
                second.message(message_id(500)).await.unwrap().state,
                OutboxState::Answered,
                "{point}"
            );
            let status = second.status().await.unwrap();
            let hub = hub.lock().unwrap();
            assert_eq!((status.feed_seq, status.digest), (2, hub.digest()), "{point}");
            assert_eq!(hub.entries.len(), 2, "{point}");
        }
    }
}

fn kill_at(point: &str, database: &TestDatabase, base: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--test-threads=1"])
        .env("TANQIAO_CRASH_AT", point)
        .env(DATABASE, &database.url)
        .env(HUB, base)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(9), "the process was not killed at {point}");
}

#[tokio::test]
async fn a_serving_node_sends_follows_and_stops() {
    for database in databases() {
        let hub = Arc::new(Mutex::new(FakeHub::new()));
        let node = node(&database, &serve(&hub));
        node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
        let running = crate::serve::exchange(&node);
        let id = node.issue(issuance(&[("a", 1000)])).await.unwrap();
        let answer = node.wait_for(id, Duration::from_secs(20)).await.unwrap();
        assert_eq!((answer.state, answer.caught_up), (OutboxState::Answered, true));
        assert_eq!(lots(&node).await.len(), 1);
        let status = node.status().await.unwrap();
        assert_eq!((status.outbox_waiting, status.feed_lag, status.trouble), (0, 0, None));
        running.stop().await;
    }
}

#[tokio::test]
async fn a_node_without_its_hub_says_so_and_keeps_what_it_was_told() {
    for database in databases() {
        let config: Config = super::config();
        let node = node_with(&database, "http://127.0.0.1:1", config);
        let id = node.issue(issuance(&[("house", 5)])).await.unwrap();
        let running = crate::serve::exchange(&node);
        let answer = node.wait_for(id, Duration::from_millis(600)).await.unwrap();
        assert!(!answer.state.is_final() && !answer.caught_up);
        let status = node.status().await.unwrap();
        assert_eq!(status.outbox_waiting, 1);
        assert!(status.trouble.is_some());
        running.stop().await;
    }
}
