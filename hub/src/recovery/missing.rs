//! What is still missing, and who may have it.

use serde::Serialize;
use tanqiao_protocol::id::NodeId;

/// Leaves for which no file has what they were decided from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The first missing leaf.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// What comes after them and cannot be decided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the files given tell of them.
    pub told: Vec<String>,
    /// Members with a feed of whom no file was given.
    pub ask: Vec<NodeId>,
    /// Messages in the files given that were sent, and neither answered nor found in a feed.
    pub unanswered: Vec<String>,
    /// True if a journal of decisions was read.
    pub decisions: bool,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "leaves {} to {} are missing", self.first, self.last)?;
        if let Some(before) = &self.before {
            write!(f, ", before {before}")?;
        }
        for told in &self.told {
            write!(f, "\n  {told}")?;
        }
        if !self.ask.is_empty() {
            let names: Vec<&str> = self.ask.iter().map(NodeId::as_str).collect();
            write!(
                f,
                "\n  no file was given of {}: run `tanqiao-node export recovery --out FILE` there and give it with --from",
                names.join(", ")
            )?;
        }
        if !self.decisions {
            write!(
                f,
                "\n  no journal of officers' decisions was found: give a copy of `log.decisions` with --decisions"
            )?;
        }
        for message in &self.unanswered {
            write!(
                f,
                "\n  {message} was sent and never answered: it may be one of them, and cannot be placed"
            )?;
        }
        Ok(())
    }
}
