//! Invariants 3 and 9: the stored blocks are those of the replayed log, final ones above all.

use std::collections::BTreeMap;

use tanqiao_protocol::block::Block;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::ledger::{Book, Replacement};
use tanqiao_protocol::serial::SeriesRef;

use super::findings::Findings;

/// Which leaf has last changed the block that begins with a serial; of a change in several leaves the first.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeMap<SeriesRef, BTreeMap<i64, i64>>);

impl Touched {
    /// The next leaf.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        let index = leaf.index - i64::from(leaf.part.unwrap_or(1)) + 1;
        for change in leaf.changes {
            let blocks = self.0.entry(change.block.series).or_default();
            blocks.insert(change.block.range.first(), index);
        }
    }

    fn last(&self, block: &Block) -> Option<i64> {
        self.0.get(&block.series)?.get(&block.range.first()).copied()
    }
}

/// The replayed blocks, each taken out when the stored one was found to be the same.
#[derive(Debug)]
pub(super) struct Image(Book, Touched);

impl Image {
    pub(super) const fn new(book: Book, touched: Touched) -> Self {
        Self(book, touched)
    }

    /// A stored block, and the leaf that is said to have changed it last.
    pub(super) fn see(&mut self, stored: Block, log_index: i64, findings: &mut Findings) {
        findings.checked(9);
        if stored.status.state.is_final() {
            findings.checked(3);
        }
        let Some(replayed) = self.0.find(&stored.series, stored.range) else {
            return self.add_unknown(&stored, findings);
        };
        if *replayed != stored {
            let what = difference(&stored, replayed);
            findings.add(9, stored.reference(), &what);
            if stored.status.state.is_final() || replayed.status.state.is_final() {
                findings.add(3, stored.reference(), what);
            }
        }
        if let Some(last) = self.1.last(&stored).filter(|last| *last != log_index) {
            let what = format!("was last changed by leaf {last}, and names leaf {log_index}");
            findings.add(9, stored.reference(), what);
        }
        self.0.apply(&Replacement {
            before: Some(stored),
            after: Vec::new(),
        });
    }

    /// A stored block that the log does not have over just these serials.
    fn add_unknown(&self, stored: &Block, findings: &mut Findings) {
        let over: Vec<&Block> = self.0.overlapping(&stored.series, stored.range).collect();
        let mut named: Vec<String> = over
            .iter()
            .map(|b| format!("{} `{}`", b.range, b.status.state))
            .collect();
        if named.is_empty() {
            named.push("nothing".to_owned());
        }
        let what = format!("is stored, and the log has {} there", named.join(", "));
        findings.add(9, stored.reference(), &what);
        if stored.status.state.is_final() || over.iter().any(|b| b.status.state.is_final()) {
            findings.add(3, stored.reference(), what);
        }
    }

    /// After the last stored block: what is left is in the log only.
    pub(super) fn end(self, findings: &mut Findings) {
        for missing in self.0.blocks() {
            let what = format!("is `{}` by the log, and not stored as this block", missing.status.state);
            findings.add(9, missing.reference(), &what);
            if missing.status.state.is_final() {
                findings.add(3, missing.reference(), what);
            }
        }
    }
}

fn difference(stored: &Block, replayed: &Block) -> String {
    let optional =
        |id: Option<tanqiao_protocol::id::MessageId>| id.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
    let (a, b) = (&stored.status, &replayed.status);
    let mut parts = Vec::new();
    if a.state != b.state {
        parts.push(format!("is `{}`, by the log `{}`", a.state, b.state));
    }
    if a.holder != b.holder {
        parts.push(format!("its holder is `{}`, by the log `{}`", a.holder, b.holder));
    }
    if a.bound_to != b.bound_to {
        parts.push(format!(
            "is bound to {}, by the log to {}",
            optional(a.bound_to),
            optional(b.bound_to)
        ));
    }
    if a.state_before != b.state_before {
        parts.push("remembers another state than the log".to_owned());
    }
    if stored.terms != replayed.terms {
        parts.push(format!(
            "its terms are {}, by the log {}",
            terms(stored),
            terms(replayed)
        ));
    }
    parts.join("; ")
}

fn terms(block: &Block) -> String {
    serde_json::to_string(&block.terms).unwrap_or_default()
}
