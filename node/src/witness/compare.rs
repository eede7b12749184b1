//! The log against this member's own feed: every leaf that concerns the member has its entry, and every entry its leaf. The book
//! derives from the feed, so that log, feed and book say the same.
//!
//! The log is read in pieces. A piece is believed once a proof shows that it and what is before it are the beginning of the tree whose
//! root was verified and stored; nothing of it counts before, and what was compared is kept then.

use std::time::Duration;

use tanqiao_protocol::block::BlockChange;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::log::checkpoint::Head;
use tanqiao_protocol::log::rules::WitnessRules;
use tanqiao_protocol::log::tile::{Bundle, Kind, TILE_WIDTH, Tile};
use tanqiao_protocol::merkle::RootBuilder;
use tokio::sync::watch::Receiver;

use super::evidence::Evidence;
use super::policy::{rules_of, written as written_rules};
use super::prefix::is_prefix;
use super::quorum::see_quorum;
use super::{EvidenceKind, alarm, hash_of, size_of, stored_size};
use crate::error::NodeError;
use crate::exchange::{Backoff, HubError};
use crate::service::Node;
use crate::store::StoreError;
use crate::store::rows::EntryRow;
use crate::store::witness::WitnessRow;

/// How often the log is looked at when nothing moves in this process.
const PERIOD: Duration = Duration::from_secs(30);
/// How long the feed is given to bring what the log has.
const BEHIND: Duration = Duration::from_millis(200);
/// Leaves of one piece; a change that is in many leaves is never cut.
const PIECE: u64 = 8_192;
/// Differences of one piece that are kept: the first ones say where it began.
const DIFFERENCES_MAX: usize = 20;

/// What was done.
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
            // The feed is on its way: what it brings is waited for, and not awaited at every single entry.
            Ok(Pass::Behind) => tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(BEHIND) => tokio::select! {
                    _ = stop.changed() => return,
                    _ = progress.changed() => {}
                    () = tokio::time::sleep(PERIOD) => {}
                },
            },
            Err(error) => {
                let pause = backoff.next(None);
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "the log could not be compared with the feed");
                tokio::select! {
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Compares the next piece of what was verified, and looks once there is no more of it what the witnesses have seen of it.
pub(super) async fn pass(node: &Node) -> Result<Pass, NodeError> {
    let pass = piece(node, PIECE).await?;
    if let Pass::Compared(compared) = pass {
        let verified = node.read(|tx| Ok(tx.witness()?.map_or(0, |row| row.size))).await?;
        if stored_size(compared)? == verified {
            see_quorum(node).await?;
        }
    }
    Ok(pass)
}

/// Compares the next leaves, about so many.
pub(super) async fn piece(node: &Node, leaves: u64) -> Result<Pass, NodeError> {
    let (row, looked_at) = node
        .read(|tx| Ok((tx.witness()?, tx.cursor()?.map_or(0, |cursor| cursor.seq))))
        .await?;
    let Some(row) = row.filter(|row| row.stopped == 0 && row.checked < row.size) else {
        return Ok(Pass::Nothing);
    };
    let verified = Head {
        size: size_of(row.size)?,
        root: hash_of(&row.root)?,
    };
    let mut reading = Reading::resume(node.member().clone(), &row)?;
    let until = reading.next.saturating_add(leaves).min(verified.size);
    while !reading.is_whole(until) && reading.next < verified.size {
        let bundle = node.hub().tile(reading.tile(verified.size)?).await?;
        let (from, whole) = reading.take(&bundle, verified.size, until)?;
        let before = reading.open_from();
        let entries = node
            .read(move |tx| Ok(tx.entries_between(stored_size(from)?, stored_size(before)?)?))
            .await?;
        reading.compare(whole, entries)?;
    }
    if !is_prefix(node, reading.head(), verified).await? {
        let why = format!(
            "its entries are not those of the tree of {} leaves that it has signed",
            row.size
        );
        return Err(HubError::Unreadable(why).into());
    }
    if reading.open.is_some() {
        return Err(HubError::Unreadable("its last change is cut off".to_owned()).into());
    }
    if reading.missing && feed_is_behind(node, looked_at).await? {
        return Ok(Pass::Behind);
    }
    for (leaf, entry, what) in std::mem::take(&mut reading.differences) {
        let evidence = Evidence::new(EvidenceKind::Feed, node.now(), leaf, entry, what);
        alarm::raise(node, evidence).await?;
    }
    keep(node, row, &reading).await?;
    Ok(Pass::Compared(reading.next))
}

/// Keeps how far the log was compared, and what its leaves have decided about keys and witnesses.
async fn keep(node: &Node, before: WitnessRow, reading: &Reading) -> Result<(), NodeError> {
    let (checked, next_key) = (stored_size(reading.next)?, reading.next_key.clone());
    let (hashes, rules) = (written(&reading.root), written_rules(&reading.rules)?);
    node.write(move |tx| {
        let mut now = super::state(tx)?;
        // Another process may have compared the same; the head may have moved on.
        if now.checked == before.checked && now.stopped == 0 {
            now.checked = checked;
            now.checked_hashes.clone_from(&hashes);
            now.rules.clone_from(&rules);
            if next_key.is_some() {
                now.next_key.clone_from(&next_key);
            }
            tx.put_witness(&now)?;
        }
        Ok(())
    })
    .await
}

/// True if entries may be missing only because they had not been applied when they were looked for: the hub has more, or some have come
/// since.
async fn feed_is_behind(node: &Node, looked_at: i64) -> Result<bool, NodeError> {
    let cursor = node.read(|tx| Ok(tx.cursor()?)).await?;
    let cursor = cursor.unwrap_or_else(crate::exchange::start);
    if cursor.seq != looked_at {
        return Ok(true);
    }
    let page = node.hub().feed(cursor.seq, &hash_of(&cursor.chain)?, 1, 0).await?;
    Ok(!page.entries.is_empty())
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

/// The log as it is read, from where the last piece ended.
struct Reading {
    member: NodeId,
    root: RootBuilder,
    next: u64,
    open: Option<Change>,
    log_key: String,
    next_key: Option<String>,
    rules: WitnessRules,
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
            rules: rules_of(row)?,
            missing: false,
            differences: Vec::new(),
        })
    }

    /// What was read so far.
    fn head(&self) -> Head {
        Head {
            size: self.next,
            root: self.root.root(),
        }
    }

    /// True if everything before `until` was read and no change is cut off.
    const fn is_whole(&self, until: u64) -> bool {
        self.next >= until && self.open.is_none()
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

    /// Reads a bundle up to the first whole change at `until`; returns where its changes begin, and those that are whole.
    fn take(&mut self, bytes: &[u8], size: u64, until: u64) -> Result<(u64, Vec<Change>), NodeError> {
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
            if self.is_whole(until) {
                break;
            }
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
            self.rules.take(&change.leaf);
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
