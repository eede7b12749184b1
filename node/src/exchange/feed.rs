//! A page of the feed, checked before any of it is applied: no gap, and the chain over the canonical bytes.

use serde::Deserialize;
use serde_json::{Map, Value};
use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::{CHAIN_START, FeedEntry, chain};
use tanqiao_protocol::id::Sha256;

use crate::exchange::screened::Places;
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
pub(crate) struct Checked {
    pub(crate) entry: FeedEntry,
    pub(crate) chain: Sha256,
    pub(crate) bytes: String,
    /// The places of the activities that get no serials, where the entry numbers an issuance in part.
    pub(crate) held: Places,
}

/// How far this node has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) seq: i64,
    pub(crate) chain: Sha256,
}

impl Cursor {
    /// Before the first entry.
    pub(crate) const fn start() -> Self {
        Self {
            seq: 0,
            chain: CHAIN_START,
        }
    }
}

/// A page as it was received: unread objects, so that the chain is computed over what the hub sent and not over what
/// this program knows of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReceivedPage {
    /// Entries after the cursor, each with its `chain`.
    pub entries: Vec<Map<String, Value>>,
    /// The highest `seq` that the member's feed has now.
    pub latest: i64,
}

/// Checks entries against the cursor. Those before a contradiction are good and are returned with it.
///
/// # Errors
/// [`ExchangeError`] for an entry that this program cannot read: the hub is newer, which is no contradiction.
pub(crate) fn check(
    mut at: Cursor,
    entries: Vec<Map<String, Value>>,
) -> Result<(Vec<Checked>, Option<Contradiction>), ExchangeError> {
    let mut good = Vec::with_capacity(entries.len());
    for mut object in entries {
        let stated: Sha256 = serde_json::from_value(object.remove("chain").unwrap_or_default())?;
        let bytes = canonical::to_vec(&object)?;
        let computed = chain(&at.chain, &bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let seq = object.get("seq").and_then(Value::as_i64).unwrap_or_default();
        let wrong = |expected: String, found: String| Contradiction {
            seq,
            state: FeedState::Forked,
            expected,
            found,
            evidence: text.clone(),
        };
        if seq != at.seq + 1 {
            let wrong = wrong(format!("entry {seq}"), format!("entry {} after {}", at.seq + 1, at.seq));
            return Ok((good, Some(wrong)));
        }
        if computed != stated {
            let wrong = wrong(format!("chain {stated}"), format!("chain {computed}"));
            return Ok((good, Some(wrong)));
        }
        let entry: FeedEntry = serde_json::from_value(Value::Object(object))?;
        at = Cursor { seq, chain: stated };
        good.push(Checked {
            entry,
            chain: stated,
            bytes: text,
            held: Places::new(),
        });
    }
    Ok((good, None))
}
