//! A witness and logs of every kind.

mod crashes;
mod evidence;
mod logs;
mod pieces;
mod quorum;
mod reports;

use std::path::Path;
use std::sync::{Arc, Mutex};

use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::signing::NoteKey;
use tempfile::TempDir;

use super::{LogStatus, key, view, watch};
use crate::config::Config;
use crate::exchange::tests::fake_hub::{FakeHub, Shared, serve};
use crate::exchange::tests::{config, node_with};
use crate::service::Node;
use crate::store::test_databases::TestDatabase;

/// A node whose witness has its files in `folder`, and which knows the log by this key.
pub(super) fn witness(database: &TestDatabase, base: &str, folder: &Path, log: NoteKey) -> Node {
    witness_with(database, base, folder, log, |_| {})
}

fn witness_with(
    database: &TestDatabase,
    base: &str,
    folder: &Path,
    log: NoteKey,
    change: impl FnOnce(&mut Config),
) -> Node {
    let mut config = config();
    config.witness.enabled = true;
    config.witness.key = folder.join("witness.key");
    config.witness.evidence = folder.join("evidence");
    config.witness.log_key = Some(log);
    change(&mut config);
    node_with(database, base, config)
}

/// A hub whose log has some leaves, the first of which has admitted the node's witness, and the folder of its files.
pub(super) fn stage(database: &TestDatabase, leaves: usize) -> (Shared, Node, TempDir) {
    stage_with(database, leaves, |_| {})
}

/// The same, of a node that is set up otherwise.
pub(super) fn stage_with(
    database: &TestDatabase,
    leaves: usize,
    change: impl FnOnce(&mut Config),
) -> (Shared, Node, TempDir) {
    let folder = TempDir::new().unwrap();
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let base = serve(&hub);
    let log = hub.lock().unwrap().log.key();
    let node = witness_with(database, &base, folder.path(), log, change);
    {
        let mut hub = hub.lock().unwrap();
        let own = key::open(node.config()).unwrap().key;
        hub.log.admit("wuhan", &own);
        hub.log.witness = Some(own);
        hub.log.grow(leaves - 1);
    }
    (hub, node, folder)
}

pub(super) async fn step(node: &Node) -> watch::Step {
    watch::step(node, 0).await.unwrap()
}

pub(super) async fn status(node: &Node) -> LogStatus {
    view(node).await.unwrap().log.unwrap()
}

/// The sizes that the hub has got cosignatures of.
pub(super) fn cosigned(hub: &Shared) -> Vec<u64> {
    let hub = hub.lock().unwrap();
    let sizes = hub.log.taken.iter();
    sizes
        .map(|note| note.text().parse::<Checkpoint>().unwrap().size())
        .collect()
}
