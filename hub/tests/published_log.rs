//! The transparency log as it is published: what is committed comes out as tiles and one signed history, and nothing else does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::Path;

use support::{Federation, on_each_database};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::store::checkpoints::{self, Claimed, SignedHead};
use tanqiao_hub::transparency::{KeeperError, LogFiles, LogKeeper};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::{Bundle, Tile, TileReader, changed_bundles, changed_tiles};
use tanqiao_protocol::merkle::{Node, RootBuilder, consistency, consistent, inclusion};
use tanqiao_protocol::signing::{NoteKey, SigningKey};
use tanqiao_protocol::time::Timestamp;

const ORIGIN: &str = "tanqiao.test/log";
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn signer() -> SigningKey {
    SigningKey::from_ed25519_seed(&[7; 32]).unwrap()
}

fn key() -> NoteKey {
    NoteKey::new(ORIGIN, signer().verifying_key().clone()).unwrap()
}

fn keeper(f: &Federation, directory: &Path) -> LogKeeper {
    let files = LogFiles::new(directory.to_owned());
    LogKeeper::new(f.database.clone(), files, key(), signer())
}

/// Lets so many leaves be committed.
fn grow(f: &Federation, leaves: u64) {
    let goal = f.database.read(checkpoints::leaf_count).unwrap() + leaves;
    let mut stopped = false;
    while f.database.read(checkpoints::leaf_count).unwrap() < goal {
        stopped = !stopped;
        let reason = "a drill".to_owned();
        f.by_officers(
            &["first-officer", "second-officer"],
            Decision::StopHub { stopped, reason },
        )
        .unwrap();
    }
}

/// The published log, read as a stranger would: the checkpoint, and every entry.
fn published(directory: &Path) -> (Checkpoint, Note, Vec<Vec<u8>>) {
    let note = Note::parse(&std::fs::read(directory.join("checkpoint")).unwrap()).unwrap();
    note.verify([&key()]).unwrap();
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    let mut entries = Vec::new();
    for bundle in changed_bundles(0, checkpoint.size()) {
        let bytes = std::fs::read(directory.join(bundle.to_string())).unwrap();
        let found = Bundle::entries(&bytes, bundle.width()).unwrap();
        entries.extend(found.into_iter().map(<[u8]>::to_vec));
    }
    for tile in changed_tiles(0, checkpoint.size()) {
        assert!(directory.join(tile.to_string()).is_file(), "{tile}");
    }
    (checkpoint, note, entries)
}

fn root_of(entries: &[Vec<u8>]) -> Sha256 {
    let mut streamed = RootBuilder::new();
    for entry in entries {
        streamed.add(entry);
    }
    streamed.root()
}

/// Hashes of subtrees, from the files.
fn hashes(directory: &Path, size: u64) -> impl FnMut(Node) -> std::io::Result<Sha256> {
    let mut reader = TileReader::new(size, move |tile: Tile| std::fs::read(directory.join(tile.to_string())));
    move |node| {
        reader
            .node(node)
            .map_err(|error| std::io::Error::other(error.to_string()))
    }
}

#[test]
fn what_is_committed_is_published_and_every_leaf_can_be_proved() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let mut keeper = keeper(&f, directory);
        let mut before: Option<SignedHead> = None;
        // Within a tile, over its border, and more than one at once.
        for leaves in [1, 40, 230, 600] {
            grow(&f, leaves);
            let head = keeper.work().unwrap();
            let (checkpoint, note, entries) = published(directory);
            assert_eq!((checkpoint.size(), checkpoint.root()), (head.size, &head.root));
            assert_eq!(head.note.as_deref(), Some(note.to_string().as_str()));
            assert_eq!(
                entries,
                f.database.read(|c| checkpoints::leaves(c, 0, head.size)).unwrap()
            );
            assert_eq!(root_of(&entries), *checkpoint.root());
            let policy = Policy::of(key(), Vec::new(), 0).unwrap();
            for index in [0, head.size / 2, head.size - 1] {
                let path = inclusion(index, head.size, hashes(directory, head.size)).unwrap();
                let receipt = Receipt::new(index, path, note.clone()).unwrap();
                let entry = &entries[usize::try_from(index).unwrap()];
                assert!(receipt.verify(entry, &policy).unwrap().complete());
                assert!(!receipt.verify(b"another", &policy).unwrap().complete());
            }
            if let Some(old) = &before {
                let proof = consistency(old.size, head.size, hashes(directory, head.size)).unwrap();
                assert!(consistent(old.size, &old.root, head.size, &head.root, &proof));
            }
            before = Some(head);
        }
        // Nothing new: the same head, and the same note.
        assert_eq!(keeper.work().unwrap(), before.unwrap());
    });
}

#[test]
fn another_process_goes_on_and_a_lost_directory_is_made_again() {
    on_each_database(|f| {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        grow(&f, 300);
        let first = keeper(&f, one.path()).work().unwrap();
        // A process that was started again finds its files, one on another machine makes its own; neither signs anew.
        assert_eq!(keeper(&f, one.path()).work().unwrap(), first);
        assert_eq!(keeper(&f, other.path()).work().unwrap(), first);
        assert_eq!(published(other.path()).1, published(one.path()).1);
        grow(&f, 5);
        let second = keeper(&f, other.path()).work().unwrap();
        assert_eq!(keeper(&f, one.path()).work().unwrap(), second);
        assert_eq!(published(one.path()).2, published(other.path()).2);
        std::fs::remove_dir_all(one.path().join("tile")).unwrap();
        assert_eq!(keeper(&f, one.path()).work().unwrap(), second);
        assert_eq!(published(one.path()).2, published(other.path()).2);
    });
}

#[test]
fn a_head_that_was_claimed_is_the_one_that_is_signed() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        grow(&f, 3);
        // The process that claimed it has died.
        let size = f.database.read(checkpoints::leaf_count).unwrap();
        let leaves = f.database.read(|c| checkpoints::leaves(c, 0, size)).unwrap();
        let root = root_of(&leaves);
        let claimed = checkpoints::claim(&f.database, None, size, root, NOW).unwrap();
        assert!(matches!(claimed, Claimed::New(_)));
        // Who is late, or knows less, claims nothing.
        let late = checkpoints::claim(&f.database, None, size + 1, Sha256::of(b"other"), NOW).unwrap();
        assert!(matches!(late, Claimed::Already(head) if head.root == root));
        let head = keeper(&f, directory.path()).work().unwrap();
        assert_eq!((head.size, head.root), (size, root));
        assert_eq!(*published(directory.path()).0.root(), root);
    });
}

#[test]
fn a_ledger_that_does_not_continue_what_was_signed_is_not_signed() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        grow(&f, 10);
        let size = f.database.read(checkpoints::leaf_count).unwrap();
        checkpoints::claim(&f.database, None, size - 4, Sha256::of(b"another history"), NOW).unwrap();
        let refused = keeper(&f, directory.path()).work();
        assert!(
            matches!(refused, Err(KeeperError::Forked { signed, .. }) if signed == size - 4),
            "{refused:?}"
        );
        assert!(!directory.path().join("checkpoint").exists());
    });
}

#[test]
fn tiles_that_do_not_come_to_the_signed_root_are_made_again() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        grow(&f, 520);
        let head = keeper(&f, directory.path()).work().unwrap();
        for tile in changed_tiles(0, head.size).filter(|tile| !tile.is_full()) {
            let path = directory.path().join(tile.to_string());
            let whole = std::fs::read(&path).unwrap();
            let mut changed = whole.clone();
            changed[0] ^= 1;
            for wrong in [changed, whole[1..].to_vec(), Vec::new()] {
                std::fs::write(&path, wrong).unwrap();
                assert_eq!(keeper(&f, directory.path()).work().unwrap(), head);
                assert_eq!(std::fs::read(&path).unwrap(), whole, "{tile}");
            }
        }
    });
}
