//! The lost batches in their order. A batch is named by its decision time, which no other batch has; the commands in it stand
//! in the order of their leaves.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::time::Timestamp;

use super::file::{Held, MemberFile};
use crate::ledger::decisions::{Decided, Line};
use crate::ledger::high_water::Mark;

/// One lost batch.
#[derive(Debug, Default)]
pub(super) struct Moment {
    /// Its commands, each by the index of one of its leaves.
    pub commands: BTreeMap<i64, Source>,
    /// The feed entries that it made, by the member that holds them.
    pub entries: BTreeMap<NodeId, Vec<Held>>,
    /// The head after it, where the journal of decisions knows it.
    pub until: Option<Mark>,
}

/// Where a command comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A member's message.
    Message(NodeId, MessageId),
    /// A decision of officers.
    Decision(Box<Decided>),
    /// The hub's own sweep, which is told by what it has done.
    Sweep,
}

pub(super) type Timeline = BTreeMap<Timestamp, Moment>;

/// What is known of the lost batches. `known` says which messages the hub still remembers.
pub(super) fn build(files: &[MemberFile], lines: Vec<Line>, known: &BTreeSet<(NodeId, MessageId)>) -> Timeline {
    let mut timeline = Timeline::new();
    let mut placed = BTreeSet::new();
    for file in files {
        for (id, said) in &file.messages {
            if let Some(outcome) = &said.outcome
                && !known.contains(&(file.member.clone(), *id))
            {
                placed.insert(*id);
                let source = Source::Message(file.member.clone(), *id);
                let moment = timeline.entry(outcome.at).or_default();
                moment.commands.insert(outcome.log_index, source);
            }
        }
    }
    for file in files {
        for held in &file.entries {
            let moment = timeline.entry(held.entry.at).or_default();
            moment
                .entries
                .entry(file.member.clone())
                .or_default()
                .push(held.clone());
        }
    }
    place_unanswered(files, known, placed, &mut timeline);
    for line in standing_lines(lines, &timeline) {
        let moment = timeline.entry(line.at).or_default();
        moment.until = Some(line.until);
        for decided in line.decisions {
            moment
                .commands
                .insert(decided.log_index, Source::Decision(Box::new(decided)));
        }
    }
    for moment in timeline.values_mut() {
        place_sweep(moment);
    }
    timeline
}

/// Messages whose answer never came: the feed entries that they caused say where they stand.
fn place_unanswered(
    files: &[MemberFile],
    known: &BTreeSet<(NodeId, MessageId)>,
    mut placed: BTreeSet<MessageId>,
    timeline: &mut Timeline,
) {
    for moment in timeline.values_mut() {
        let told: BTreeMap<i64, (String, String)> = moment
            .entries
            .values()
            .flatten()
            .map(|held| {
                (
                    held.entry.log_index,
                    (held.entry.r#type.clone(), held.entry.subject.clone()),
                )
            })
            .collect();
        for (index, (r#type, subject)) in told {
            if moment.commands.contains_key(&index) {
                continue;
            }
            if let Some((member, id)) = author(files, &r#type, &subject, &placed)
                && !known.contains(&(member.clone(), id))
            {
                placed.insert(id);
                moment.commands.insert(index, Source::Message(member, id));
            }
        }
    }
}

/// The unanswered message that causes an entry of this type about this subject.
fn author(
    files: &[MemberFile],
    r#type: &str,
    subject: &str,
    placed: &BTreeSet<MessageId>,
) -> Option<(NodeId, MessageId)> {
    let (_, object) = subject.split_once('/')?;
    let closing = match r#type {
        "transfer.committed" => Some(Action::TransferAcceptance),
        "transfer.declined" => Some(Action::TransferDecline),
        "transfer.withdrawn" => Some(Action::TransferWithdrawal),
        "donation.withdrawn" => Some(Action::DonationWithdrawal),
        "pledge.released" => Some(Action::PledgeRelease),
        "pledge.foreclosure-requested" => Some(Action::PledgeForeclosure),
        "key.proposed" => Some(Action::Key),
        _ => None,
    };
    let mut found: Vec<(usize, NodeId, MessageId)> = Vec::new();
    for file in files {
        for (id, said) in file.messages.iter().filter(|(id, _)| !placed.contains(*id)) {
            let fits = match closing {
                Some(action) => said.action == action && said.about.as_deref() == Some(object),
                None => id.to_string() == object,
            };
            if fits && said.outcome.is_none() && said.problem.is_none() {
                found.push((said.place, file.member.clone(), *id));
            }
        }
    }
    found.into_iter().min().map(|(_, member, id)| (member, id))
}

/// The lines of the journal whose batches were committed. A batch that was rolled back has left its line: another batch
/// stands at its place.
fn standing_lines(mut lines: Vec<Line>, timeline: &Timeline) -> Vec<Line> {
    lines.sort_by_key(|line| line.at);
    lines.dedup_by(|a, b| a.at == b.at && a.from == b.from);
    let mut taken: BTreeMap<i64, Timestamp> = BTreeMap::new();
    for (at, moment) in timeline {
        let told = moment.entries.values().flatten().map(|held| held.entry.log_index);
        for index in moment.commands.keys().copied().chain(told) {
            taken.insert(index, *at);
        }
    }
    let later: Vec<(i64, Timestamp)> = lines.iter().map(|line| (line.from.size, line.at)).collect();
    lines.retain(|line| {
        let others = taken
            .range(line.from.size..line.until.size)
            .any(|(_, at)| *at != line.at);
        let again = later.iter().any(|(size, at)| *size < line.until.size && *at > line.at);
        !others && !again
    });
    lines
}

/// A sweep leaves no message: it is told by transfers, donations and mappings that expire, and by delays that end.
fn place_sweep(moment: &mut Moment) {
    let entries = moment.entries.values().flatten().map(|held| &held.entry);
    let first = entries
        .filter(|entry| {
            matches!(
                entry.r#type.as_str(),
                "transfer.expired"
                    | "donation.expired"
                    | "transfer.offered"
                    | "transfer.awaiting-approval"
                    | "mapping.expired"
                    | "mapping.replaced"
            ) && !moment.commands.contains_key(&entry.log_index)
        })
        .map(|entry| entry.log_index)
        .min();
    if let Some(index) = first {
        moment.commands.insert(index, Source::Sweep);
    }
}
