//! The log against this member's own feed: every leaf that concerns the member has its entry, and every entry its leaf. The book
//! derives from the feed, so that log, feed and book say the same.
//!
//! Entries of the log are believed once their root is the one that was verified and stored; nothing of a pass counts before.

use std::time::Duration;

use tanqiao_protocol::block::BlockChange;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::tile::{Bundle, Kind, TILE_WIDTH, Tile};
use tanqiao_protocol::merkle::RootBuilder;
use tokio::sync::watch::Receiver;

use super::evidence::Evidence;
use super::{EvidenceKind, alarm, hash_of, size_of, stored_size};
use crate::error::NodeError;
use crate::exchange::{Backoff, HubError};
use crate::service::Node;
use crate::store::StoreError;
use crate::store::rows::EntryRow;
use crate::store::witness::WitnessRow;

/// How often the log is looked at when nothing moves in this process.
const PERIOD: Duration = Duration::from_secs(30);
/// Differences of one pass that are kept: the first ones say where it began.
const DIFFERENCES_MAX: usize = 20;

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Everything up to here was compared.
    Compared(u64),
    /// Nothing new.
    Nothing,
    /// The feed has not brought yet what the log has.
    Behind,
}

/// Compares the log with the feed until `stop` says true.
pub async fn compare(node: Node, mut stop: Receiver<bool>) {
    if !node.config().witness.enabled {
        return;
    }
    let mut backoff = Backoff::default();
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let step = tokio::select! {
            _ = stop.changed() => return,
            step = pass(&node) => step,
        };
        match step {
            Ok(Pass::Compared(_)) => backoff.reset(),
            Ok(Pass::Nothing) => tokio::select! {
                _ = stop.changed() => return,
                _ = progress.changed() => {}
                () = tokio::time::sleep(PERIOD) => {}
            },
            other => {
                let pause = backoff.next(None);
                if let Err(error) = other {
                    tracing::warn!(error = %error, pause_ms = pause.as_millis(), "the log could not be compared with the feed");
                }
                tokio::select! {
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Compares what was verified since the last pass.
pub(super) async fn pass(node: &Node) -> Result<Pass, NodeError> {
    let row = node.read(|tx| Ok(tx.witness()?)).await?;
    let Some(row) = row.filter(|row| row.stopped == 0 && row.checked < row.size) else {
        return Ok(Pass::Nothing);
    };
    let mut reading = Reading::resume(node.member().clone(), &row)?;
    while reading.next < size_of(row.size)? {
        let bundle = node.hub().tile(reading.tile(size_of(row.size)?)?).await?;
        let (from, whole) = reading.take(&bundle, size_of(row.size)?)?;
        let until = reading.open_from();
        let entries = node
            .read(move |tx| Ok(tx.entries_between(stored_size(from)?, stored_size(until)?)?))
            .await?;
        reading.compare(whole, entries)?;
    }
    if reading.root.root() != hash_of(&row.root)? {
        let why = format!(
            "its entries are not those of the tree of {} leaves that it has signed",
            row.size
        );
        return Err(HubError::Unreadable(why).into());
    }
    if reading.open.is_some() {
        return Err(HubError::Unreadable("its last change is cut off".to_owned()).into());
    }
    if reading.missing && feed_is_behind(node).await? {
        return Ok(Pass::Behind);
    }
    for (leaf, entry, what) in reading.differences {
        let evidence = Evidence::new(EvidenceKind::Feed, node.now(), leaf, entry, what);
        alarm::raise(node, evidence).await?;
    }
    let (hashes, next_key) = (written(&reading.root), reading.next_key);
    let before = row.clone();
    node.write(move |tx| {
        let mut now = super::state(tx)?;
        // Another process may have compared the same; the head may have moved on.
        if now.checked == before.checked && now.stopped == 0 {
            now.checked = before.size;
            now.checked_hashes.clone_from(&hashes);
            if next_key.is_some() {
                now.next_key.clone_from(&next_key);
            }
            tx.put_witness(&now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Pass::Compared(size_of(row.size)?))
}

/// True if the hub has entries that this node has not applied: then nothing is missing yet.
async fn feed_is_behind(node: &Node) -> Result<bool, NodeError> {
    let cursor = node.read(|tx| Ok(tx.cursor()?)).await?;
    let cursor = cursor.unwrap_or_else(crate::exchange::start);
    let chain = hash_of(&cursor.chain)?;
    let page = node.hub().feed(cursor.seq, &chain, 1, 0).await?;
    let now = node.read(|tx| Ok(tx.cursor()?)).await?;
    Ok(!page.entries.is_empty() || now.is_some_and(|now| now.seq != cursor.seq))
}

fn written(root: &RootBuilder) -> String {
    let hashes: Vec<String> = root.subtrees().iter().map(ToString::to_string).collect();
    hashes.join(" ")
}

/// A change whose parts have not all come.
#[derive(Debug)]
struct Change {
    leaf: Leaf,
    text: String,
}

/// The log as it is read, from where the last pass ended.
struct Reading {
    member: NodeId,
    root: RootBuilder,
    next: u64,
    open: Option<Change>,
    log_key: String,
    next_key: Option<String>,
    missing: bool,
    differences: Vec<(String, String, String)>,
}

impl Reading {
    fn resume(member: NodeId, row: &WitnessRow) -> Result<Self, NodeError> {
        let subtrees: Vec<Sha256> = row
            .checked_hashes
            .split_whitespace()
            .map(hash_of)
            .collect::<Result<_, _>>()?;
        let next = size_of(row.checked)?;
        let root = RootBuilder::resume(next, subtrees)
            .ok_or_else(|| StoreError::Corrupt(format!("the subtrees over {next} leaves of the log")))?;
        Ok(Self {
            member,
            root,
            next,
            open: None,
            log_key: row.log_key.clone(),
            next_key: None,
            missing: false,
            differences: Vec::new(),
        })
    }

    /// The bundle with the next leaf.
    fn tile(&self, size: u64) -> Result<Tile, NodeError> {
        let width = u64::from(TILE_WIDTH);
        let index = self.next / width;
        let there = size.saturating_sub(index * width).min(width);
        u16::try_from(there)
            .ok()
            .and_then(|there| Tile::new(Kind::Entries, index, there))
            .ok_or_else(|| StoreError::Corrupt(format!("a log of {size} leaves")).into())
    }

    /// The leaf of the first change that is not whole yet, or the next one.
    fn open_from(&self) -> u64 {
        let open = self.open.as_ref().and_then(|open| u64::try_from(open.leaf.index).ok());
        open.unwrap_or(self.next)
    }

    /// Reads a bundle; returns where its changes begin, and those that are whole.
    fn take(&mut self, bytes: &[u8], size: u64) -> Result<(u64, Vec<Change>), NodeError> {
        let first = self.next;
        let unreadable =
            |why: String| NodeError::from(HubError::Unreadable(format!("its log from leaf {first} on: {why}")));
        let tile = self.tile(size)?;
        let entries = Bundle::entries(bytes, tile.width()).map_err(|error| unreadable(error.to_string()))?;
        let skip = usize::try_from(self.next % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let (from, mut whole) = (self.open_from(), Vec::new());
        for entry in entries.into_iter().skip(skip) {
            let leaf: Leaf = serde_json::from_slice(entry).map_err(|error| unreadable(error.to_string()))?;
            if u64::try_from(leaf.index) != Ok(self.next) {
                return Err(unreadable(format!("it says that it is leaf {}", leaf.index)));
            }
            self.root.add(entry);
            self.next += 1;
            let text = String::from_utf8_lossy(entry).into_owned();
            whole.extend(self.gather(leaf, text));
        }
        Ok((from, whole))
    }

    /// Puts the parts of a change together.
    fn gather(&mut self, leaf: Leaf, text: String) -> Option<Change> {
        let last = leaf.part == leaf.parts;
        let change = match self.open.take() {
            Some(mut open) if leaf.part.is_some_and(|part| part > 1) => {
                open.leaf.changes.extend(leaf.changes);
                open
            }
            _ => Change { leaf, text },
        };
        if last {
            return Some(change);
        }
        self.open = Some(change);
        None
    }

    /// Compares whole changes with the entries of the same leaves.
    fn compare(&mut self, changes: Vec<Change>, entries: Vec<EntryRow>) -> Result<(), NodeError> {
        let mut entries = entries.into_iter().peekable();
        for change in changes {
            self.notice_key(&change.leaf);
            let mut found = false;
            while let Some(row) = entries.next_if(|row| row.log_index <= change.leaf.index) {
                if row.log_index != change.leaf.index || found {
                    self.differ(&change.text, &row.entry, "An entry of the feed has no leaf of its own.");
                    continue;
                }
                found = true;
                let entry: FeedEntry = serde_json::from_str(&row.entry)
                    .map_err(|_| StoreError::Corrupt(format!("feed entry {}", row.seq)))?;
                if let Some(what) = difference(&self.member, &change.leaf, &entry) {
                    self.differ(&change.text, &row.entry, what);
                }
            }
            if !found && !concerning(&self.member, &change.leaf).is_empty() {
                self.missing = true;
                self.differ(
                    &change.text,
                    "",
                    "A leaf changes blocks of this member, and the feed has no entry of it.",
                );
            }
        }
        for row in entries {
            self.differ("", &row.entry, "An entry of the feed has no leaf of its own.");
        }
        Ok(())
    }

    fn differ(&mut self, leaf: &str, entry: &str, what: &str) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences
                .push((leaf.to_owned(), entry.to_owned(), what.to_owned()));
        }
    }

    /// A leaf under the pinned key may name the key that comes after it.
    fn notice_key(&mut self, leaf: &Leaf) {
        let text = |name: &str| leaf.data.get(name).and_then(|value| value.as_str());
        if leaf.r#type == "log.key-rotated"
            && text("previous") == Some(self.log_key.as_str())
            && let Some(key) = text("key")
        {
            self.next_key = Some(key.to_owned());
        }
    }
}

/// The changes of a leaf that its member is told: blocks that it had or has.
fn concerning<'a>(member: &NodeId, leaf: &'a Leaf) -> Vec<&'a BlockChange> {
    let ours = |change: &&BlockChange| {
        change.to.holder == *member || change.from.as_ref().is_some_and(|from| from.holder == *member)
    };
    leaf.changes.iter().filter(ours).collect()
}

fn difference(member: &NodeId, leaf: &Leaf, entry: &FeedEntry) -> Option<&'static str> {
    if entry.subject != leaf.subject || entry.at != leaf.at {
        return Some("An entry of the feed is about something else than its leaf.");
    }
    let same = concerning(member, leaf).into_iter().eq(entry.changes.iter());
    (!same).then_some("The blocks that change are others in the feed than in the log.")
}
