//! What is still missing, and who may have it.

use std::collections::BTreeSet;

use serde::Serialize;
use tanqiao_protocol::id::{MessageId, NodeId};

use super::file::MemberFile;
use super::timeline::{Source, Timeline};
use crate::ledger::objects::Governance;

/// What is listed of each kind at the most.
const LISTED_MAX: usize = 20;

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

/// Leaves for which there is nothing.
#[derive(Debug)]
pub(super) struct Gap {
    pub first: i64,
    pub last: i64,
    pub before: Option<String>,
    /// True if a journal of decisions was read.
    pub decisions: bool,
}

impl Gap {
    /// What the files tell of the gap, and who else may know.
    pub(super) fn told_by(self, files: &[MemberFile], governance: &Governance, timeline: &Timeline) -> Missing {
        let given: BTreeSet<&NodeId> = files.iter().map(|file| &file.member).collect();
        let ask = governance
            .members
            .iter()
            .filter(|(id, member)| member.kind.has_node() && !given.contains(id));
        Missing {
            told: self.told(timeline).into_iter().take(LISTED_MAX).collect(),
            ask: ask.map(|(id, _)| id.clone()).collect(),
            unanswered: unanswered(files, timeline),
            first: self.first,
            last: self.last,
            before: self.before,
            decisions: self.decisions,
        }
    }

    fn told(&self, timeline: &Timeline) -> BTreeSet<String> {
        let held = timeline.values().flat_map(|moment| &moment.entries);
        let entries = held.flat_map(|(member, held)| held.iter().map(move |held| (member, &held.entry)));
        entries
            .filter(|(_, entry)| (self.first..=self.last).contains(&entry.log_index))
            .map(|(member, entry)| {
                let (index, kind, subject) = (entry.log_index, &entry.r#type, &entry.subject);
                format!("leaf {index}: {kind} {subject} ({member} was told)")
            })
            .collect()
    }
}

/// Messages that were sent and of whose end no file tells.
fn unanswered(files: &[MemberFile], timeline: &Timeline) -> Vec<String> {
    let sources = timeline.values().flat_map(|moment| moment.commands.values());
    let placed: BTreeSet<MessageId> = sources
        .filter_map(|source| match source {
            Source::Message(_, id) => Some(*id),
            Source::Decision(_) | Source::Sweep => None,
        })
        .collect();
    let messages = files
        .iter()
        .flat_map(|file| file.messages.iter().map(move |(id, said)| (file, id, said)));
    messages
        .filter(|(_, id, said)| said.outcome.is_none() && said.problem.is_none() && !placed.contains(*id))
        .map(|(file, id, said)| format!("message {id} of {} ({})", file.member, said.action))
        .take(LISTED_MAX)
        .collect()
}
