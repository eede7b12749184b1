//! The feed entries of a batch as they leave it: the last of each member carries the digest of all its blocks, and all are
//! chained.

use tanqiao_protocol::canonical;
use tanqiao_protocol::feed;
use tanqiao_protocol::id::{NodeId, Sha256};

use super::working::{FeedHead, Working};

/// What a batch adds to one member's feed.
#[derive(Debug)]
pub struct SealedFeed<'a> {
    /// Whose.
    pub member: &'a NodeId,
    /// The feed's head after the batch, its chain excepted.
    pub head: &'a FeedHead,
    /// The new entries, oldest first.
    pub entries: Vec<SealedEntry>,
}

/// A feed entry with its bytes and chain.
#[derive(Debug)]
pub struct SealedEntry {
    /// Its number.
    pub seq: i64,
    /// The leaf that it tells of.
    pub log_index: i64,
    /// The chain after it.
    pub chain: Sha256,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl SealedFeed<'_> {
    /// The chain after the batch.
    #[must_use]
    pub fn chain(&self) -> Sha256 {
        self.entries.last().map_or(self.head.chain, |entry| entry.chain)
    }
}

/// Seals the entries of a batch.
///
/// # Errors
/// A text: a feed that was not loaded, or an entry that cannot be written.
pub fn sealed(working: &Working) -> Result<Vec<SealedFeed<'_>>, String> {
    let mut feeds = Vec::with_capacity(working.written.entries.len());
    for (member, new) in &working.written.entries {
        let head = working.feeds.get(member).ok().flatten();
        let head = head.ok_or_else(|| format!("the feed of {member} is not loaded"))?;
        let mut chain = head.chain;
        let mut entries = Vec::with_capacity(new.len());
        for (position, entry) in new.iter().enumerate() {
            let bytes = if position + 1 == new.len() {
                let mut last = entry.clone();
                last.digest = Some(Sha256(head.lattice.fingerprint()));
                serde_json::to_vec(&last)
            } else {
                serde_json::to_vec(entry)
            }
            .map_err(|error| error.to_string())?;
            debug_assert!(
                canonical::is_canonical(&bytes),
                "a feed entry is RFC 8785: {}",
                String::from_utf8_lossy(&bytes)
            );
            chain = feed::chain(&chain, &bytes);
            entries.push(SealedEntry {
                seq: entry.seq,
                log_index: entry.log_index,
                chain,
                bytes,
            });
        }
        feeds.push(SealedFeed { member, head, entries });
    }
    Ok(feeds)
}
