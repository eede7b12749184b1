//! A page of the feed, checked before any of it is applied: no gap, and the chain over the canonical bytes.

use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::{ChainedEntry, FeedEntry, chain};
use tanqiao_protocol::id::Sha256;

use crate::exchange::{ExchangeError, FeedState};

/// The hub and this node do not say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// At this entry.
    pub seq: i64,
    /// Which kind.
    pub state: FeedState,
    /// What the hub says.
    pub expected: String,
    /// What this node has.
    pub found: String,
    /// The entry or answer that says so.
    pub evidence: String,
}

/// An entry whose place and chain are right.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) entry: FeedEntry,
    pub(super) chain: Sha256,
    pub(super) bytes: String,
}

/// How far this node has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) seq: i64,
    pub(super) chain: Sha256,
}

/// Checks entries against the cursor. Those before a contradiction are good and are returned with it.
pub(super) fn check(
    mut at: Cursor,
    entries: Vec<ChainedEntry>,
) -> Result<(Vec<Checked>, Option<Contradiction>), ExchangeError> {
    let mut good = Vec::with_capacity(entries.len());
    for ChainedEntry { chain: stated, entry } in entries {
        let bytes = canonical::to_vec(&entry)?;
        let computed = chain(&at.chain, &bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let wrong = |expected: String, found: String| Contradiction {
            seq: entry.seq,
            state: FeedState::Forked,
            expected,
            found,
            evidence: text.clone(),
        };
        if entry.seq != at.seq + 1 {
            let wrong = wrong(format!("entry {}", entry.seq), format!("entry {} after {}", at.seq + 1, at.seq));
            return Ok((good, Some(wrong)));
        }
        if computed != stated {
            let wrong = wrong(format!("chain {stated}"), format!("chain {computed}"));
            return Ok((good, Some(wrong)));
        }
        at = Cursor { seq: entry.seq, chain: stated };
        good.push(Checked { entry, chain: stated, bytes: text });
    }
    Ok((good, None))
}
