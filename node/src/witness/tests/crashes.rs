//! A witness that is killed at each of its points, and another process that goes on with its database.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use tanqiao_protocol::id::Sha256;

use super::{cosigned, stage, step, witness};
use crate::exchange::tests::fake_hub::serve;
use crate::exchange::tests::fake_log::log_key;
use crate::exchange::tests::key;
use crate::store::test_databases::{TestDatabase, databases};
use crate::witness::view;

const DATABASE: &str = "TANQIAO_TEST_WITNESS_DATABASE";
const HUB: &str = "TANQIAO_TEST_WITNESS_HUB";
const FOLDER: &str = "TANQIAO_TEST_WITNESS_FOLDER";
const NAME: &str = "witness::tests::crashes::a_process_that_cosigns";

/// The process that is killed: nothing unless a test has started it.
#[tokio::test]
async fn a_process_that_cosigns() {
    let (Ok(url), Ok(base), Ok(folder)) = (std::env::var(DATABASE), std::env::var(HUB), std::env::var(FOLDER)) else {
        return;
    };
    let database = TestDatabase::existing(&url);
    step(&witness(&database, &base, Path::new(&folder), log_key(&key(90)))).await;
}

fn kill_at(point: &str, database: &TestDatabase, base: &str, folder: &Path) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--test-threads=1"])
        .env("TANQIAO_CRASH_AT", point)
        .env(DATABASE, &database.url)
        .env(HUB, base)
        .env(FOLDER, folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(9), "the process was not killed at {point}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_it_signs_one_history_and_the_hub_gets_every_cosignature() {
    for point in [
        "witness.before-store",
        "witness.after-store",
        "witness.before-post",
        "witness.after-post",
    ] {
        for database in databases() {
            let (hub, node, folder) = stage(&database, 3);
            step(&node).await;
            let base = serve(&hub);
            hub.lock().unwrap().log.grow(2);
            kill_at(point, &database, &base, folder.path());
            step(&node).await;
            assert_eq!(cosigned(&hub).last(), Some(&5), "{point}");
            let mut roots: Vec<(u64, Sha256)> = Vec::new();
            for note in &hub.lock().unwrap().log.taken {
                let read: tanqiao_protocol::log::checkpoint::Checkpoint = note.text().parse().unwrap();
                roots.push((read.size(), *read.root()));
            }
            roots.dedup();
            assert_eq!(roots.iter().map(|head| head.0).collect::<Vec<_>>(), [3, 5], "{point}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_keeps_evidence_it_finds_it_again() {
    for point in ["witness.before-evidence", "witness.after-evidence"] {
        for database in databases() {
            let (hub, node, folder) = stage(&database, 5);
            step(&node).await;
            let base = serve(&hub);
            hub.lock().unwrap().log.leaves.truncate(2);
            kill_at(point, &database, &base, folder.path());
            step(&node).await;
            assert_eq!(view(&node).await.unwrap().evidence.len(), 1, "{point}");
            assert!(view(&node).await.unwrap().log.unwrap().stopped, "{point}");
            let files = std::fs::read_dir(folder.path().join("evidence")).unwrap().count();
            assert_eq!(files, 1, "{point}");
        }
    }
}
