//! The log's key is replaced while nodes are witnesses: they follow, one that was away catches up, and what the old key has signed
//! still proves what it proved.

use std::path::{Path, PathBuf};

use serde_json::json;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_tests::program::{self, Answer};
use tanqiao_tests::{Crossing, Federation, Kind};

use crate::cosigned::{NODES, all_cosigned, two_witnesses, until_log};
use crate::told_on_both;
use crate::witnessed::{log_key, policy, published};

told_on_both!(nodes_follow_the_log_to_its_next_key);

const VERIFY: &str = "tanqiao-verify";

/// What somebody has kept of the log: a policy, a checkpoint and a receipt.
struct Kept {
    policy: PathBuf,
    checkpoint: PathBuf,
    receipt: PathBuf,
}

impl Kept {
    /// Takes all three as they are now.
    async fn now(federation: &Federation, name: &str, crossing: &Crossing, note: &Note) -> Self {
        let folder = federation.place.root().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let kept = Self {
            policy: folder.join("policy"),
            checkpoint: folder.join("checkpoint"),
            receipt: folder.join("receipt.json"),
        };
        std::fs::write(&kept.policy, federation.public("/log/policy").await.unwrap()).unwrap();
        std::fs::write(&kept.checkpoint, note.to_string()).unwrap();
        let (id, file) = (crossing.id.to_string(), kept.receipt.display().to_string());
        let exported = federation
            .staff("wuhan", &["export", "receipt", &id, "--out", &file])
            .await;
        exported.done();
        kept
    }

    /// What the verifier says of both files under a policy.
    async fn under(&self, policy: &Path) -> [Option<i32>; 2] {
        let asked = async |what: &str, file: &Path| -> Answer {
            let arguments = [Path::new(what), file, Path::new("--policy"), policy];
            program::run(VERIFY, &arguments).await
        };
        [
            asked("checkpoint", &self.checkpoint).await.status,
            asked("receipt", &self.receipt).await.status,
        ]
    }
}

async fn crossed(federation: &Federation) -> Crossing {
    let crossing = Crossing::planned(federation, 1_000).await;
    crossing.order(federation).await;
    crossing.happened_once(federation).await;
    crossing
}

/// Makes the next key and lets it sign beside the old one.
async fn rotated(federation: &Federation) -> NoteKey {
    let proposed = federation.decided_by(&[], &["log-key", "propose"]).await.done();
    federation.officers(&["log-key", "rotate"]).await;
    proposed["key"].as_str().unwrap().parse().unwrap()
}

fn keys(policy: &Policy) -> Vec<NoteKey> {
    policy.logs().iter().map(|log| log.key.clone()).collect()
}

/// The new file takes the place of the old one.
async fn moved_into_place(federation: &mut Federation) {
    federation.stop_hub().await;
    std::fs::rename(federation.place.hub("log.next.key"), federation.place.hub("log.key")).unwrap();
    federation.start_hub().await;
}

async fn nodes_follow_the_log_to_its_next_key(kind: Kind) {
    let mut federation = two_witnesses(kind).await;
    let old = log_key(&federation).await;
    let crossing = crossed(&federation).await;
    let (_, note) = all_cosigned(&federation).await;
    let before = Kept::now(&federation, "before", &crossing, &note).await;
    assert_eq!(before.under(&before.policy).await, [Some(0), Some(0)]);

    // One node is away while officers let the next key sign: nothing is published until it is back.
    federation.stop_node("harbin").await;
    let (last, _) = published(&federation).await.unwrap();
    let new = rotated(&federation).await;
    let size = federation.ledger.head().await.size;
    until_log(&federation, "wuhan", "the head with the next key", |view| {
        view["log"]["size"] == size
    })
    .await;
    assert_eq!(published(&federation).await.unwrap().0, last);
    federation.start_node("harbin").await;
    let (_, note) = all_cosigned(&federation).await;
    assert_eq!(note.verify([&old, &new]).unwrap().len(), 2, "both sign meanwhile");

    // From now on the new key signs alone, and the quorum is there under it.
    federation.officers(&["log-key", "retire-old"]).await;
    let (_, note) = all_cosigned(&federation).await;
    assert!(note.verify([&old]).is_err() && note.verify([&new]).is_ok());
    assert_eq!(keys(&policy(&federation).await), std::slice::from_ref(&new));
    moved_into_place(&mut federation).await;
    let crossing = crossed(&federation).await;
    let (head, note) = all_cosigned(&federation).await;
    for member in NODES {
        let view = until_log(&federation, member, "the comparison under the new key", |view| {
            view["log"]["checked"] == head.size && view["log"]["witnessed"] == head.size
        })
        .await;
        assert_eq!(
            (&view["log"]["log_key"], &view["log"]["stopped"], &view["evidence"]),
            (&json!(new.to_string()), &json!(false), &json!([])),
            "{member}"
        );
    }

    // What the old key has signed proves under the old policy what it proved, and nothing that came later.
    let after = Kept::now(&federation, "after", &crossing, &note).await;
    assert_eq!(before.under(&before.policy).await, [Some(0), Some(0)]);
    assert_eq!(after.under(&after.policy).await, [Some(0), Some(0)]);
    assert_eq!(after.under(&before.policy).await, [Some(1), Some(1)]);
    assert_eq!(before.under(&after.policy).await, [Some(1), Some(1)]);
    federation.reckon().await;
}
