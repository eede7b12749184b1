//! A process that is killed at each point of an issuance, and another one that goes on.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::fingerprint::tests::FakeEvaluators;

const DATABASE: &str = "TANQIAO_TEST_CHILD_DATABASE";
const HUB: &str = "TANQIAO_TEST_CHILD_HUB";
const FOLDER: &str = "TANQIAO_TEST_CHILD_FOLDER";
const EVALUATORS: &str = "TANQIAO_TEST_CHILD_EVALUATORS";
const NAME: &str = "exchange::tests::screened::crashes::a_process_that_issues_nine_rides";

/// Points that an issuance passes.
const PASSED: &[&str] = &[
    "issue.before-commit",
    "derive.before-append",
    "derive.in-append",
    "derive.after-append",
    "derive.before-rename",
    "derive.after-rename",
    "derive.before-register",
    "derive.after-register",
    "outbox.after-send",
    "outbox.before-answer",
    "upload.before-send",
    "upload.after-send",
    "feed.in-apply",
];

/// A node that asks evaluators.
fn asking_node(database: &TestDatabase, base: &str, folder: &Path, evaluators: &FakeEvaluators) -> Node {
    let mut config = config();
    config.subjects.key = folder.join("subject.key");
    config.fingerprint = evaluators.config.clone();
    config.fingerprint.streams = folder.join("streams");
    let node = node_with(database, base, config);
    node.subjects().prepare(node.store()).unwrap();
    node.with_tokens(Arc::new(evaluators.provider(base)))
}

async fn issue_all(node: &Node) {
    issue(node, request(1)).await.unwrap();
    deal(node).await;
}

/// The process that is killed: nothing unless a test has started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_issues_nine_rides() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(base), Some(folder), Some(parties)) = (
        variable(DATABASE),
        variable(HUB),
        variable(FOLDER),
        variable(EVALUATORS),
    ) else {
        return;
    };
    let mut evaluators = FakeEvaluators::elsewhere();
    evaluators.config.evaluators = serde_json::from_str(&parties).unwrap();
    let database = TestDatabase::existing(&url);
    issue_all(&asking_node(&database, &base, Path::new(&folder), &evaluators)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_anywhere_it_goes_on_and_asks_for_no_token_twice() {
    for point in PASSED {
        for database in databases() {
            let (hub, base) = hub();
            let folder = tempfile::tempdir().unwrap();
            let evaluators = FakeEvaluators::start(77);
            let may = "2025-05".parse().unwrap();
            hub.lock()
                .unwrap()
                .screening
                .epochs
                .insert("2025-05".into(), evaluators.keys(may));
            let first = asking_node(&database, &base, folder.path(), &evaluators);
            let rides: Vec<String> = (1..=9).map(|n| ride_of(n, 1, "19900000001")).collect();
            import(&first, folder.path(), &rides);
            drop(first);
            kill_at(point, &database, &base, folder.path(), &evaluators);
            issue_all(&asking_node(&database, &base, folder.path(), &evaluators)).await;
            let asked: usize = evaluators.evaluated.lock().unwrap().iter().sum();
            // Nine rides with three tokens each, from two evaluators; batches of four rides. What was not written when the
            // process died is asked for again.
            let again = match *point {
                "derive.before-append" | "derive.in-append" | "derive.after-append" => 4,
                _ => 0,
            };
            assert_eq!(asked, (9 + again) * 3 * 2, "{point}");
            let second = asking_node(&database, &base, folder.path(), &evaluators);
            assert_eq!(total(&second, 1).await, 9 * 784, "{point}");
            let status = second.status().await.unwrap();
            let hub = hub.lock().unwrap();
            assert_eq!(hub.screening.streams.len(), 1, "{point}");
            assert_eq!(
                hub.entries.len(),
                3,
                "{point}: registered, uploaded, recognised, once each"
            );
            assert_eq!(status.digest, hub.digest(), "{point}");
        }
    }
}

fn kill_at(point: &str, database: &TestDatabase, base: &str, folder: &Path, evaluators: &FakeEvaluators) {
    let parties: Vec<Value> = evaluators
        .config
        .evaluators
        .iter()
        .map(|party| json!({"id": party.id, "url": party.url}))
        .collect();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--test-threads=1"])
        .env("TANQIAO_CRASH_AT", point)
        .env(DATABASE, &database.url)
        .env(HUB, base)
        .env(FOLDER, folder)
        .env(EVALUATORS, serde_json::to_string(&parties).unwrap())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(9), "the process was not killed at {point}");
}
