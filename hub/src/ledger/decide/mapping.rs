//! Mappings from proposal to end (3-recognition, Mappings): a member proposes, the hub examines and computes, both members
//! endorse one record, two officers approve it. Any of the three stops it; lifting needs all three. What it rests on is watched:
//! a change stops it, or voids what is not approved yet.

mod agree;
mod examine;
mod propose;
mod stop;
mod watch;

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use serde_json::{Value, json};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::view::{MemberKind, Outcome};

use super::membership::change_governance;
use crate::ledger::hub_member;
use crate::ledger::objects::{Governance, MappingVersion, mapping_set};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

pub use agree::{approve, comment, endorse, object};
pub use examine::{Examined, examine, sheet as known_sheet};
pub use propose::propose;
pub use stop::{lift, revoke, suspend};
pub use watch::{Changed, concerned, due, recheck, sweep};

/// Whose word it is.
#[derive(Debug, Clone)]
pub enum Voice<'a> {
    /// A member's, under its signature over this payload.
    Member(&'a NodeId, Sha256),
    /// Officers'.
    Officers(&'a [Name]),
    /// The hub's own: a sweep, or a change of what a mapping rests on.
    Hub,
}

impl Voice<'_> {
    /// A step of this voice about a mapping.
    fn step(&self, r#type: &'static str, mapping: &MappingRef, state: MappingState, data: Value) -> Step {
        let mut step = Step {
            r#type,
            subject: subject(mapping),
            state: Some(state.word()),
            data,
            ..Step::default()
        };
        match self {
            Self::Member(member, payload) => {
                step.member = Some((*member).clone());
                step.payload_sha256 = Some(*payload);
            }
            Self::Officers(officers) => step.officers = officers.to_vec(),
            Self::Hub => {}
        }
        step
    }

    /// The party of a mapping for which it speaks (G02 if for none).
    fn party(&self, governance: &Governance, version: &MappingVersion) -> Decided<Party> {
        let parties = Parties::of(governance, version);
        let found = match self {
            Self::Member(member, _) if parties.source == **member => Some(Party::Source),
            Self::Member(member, _) if parties.target == **member => Some(Party::Target),
            Self::Member(..) => None,
            Self::Officers(_) | Self::Hub => Some(Party::Regulator),
        };
        found.ok_or_else(|| {
            Refusal::new(
                CheckCode::G02,
                format!(
                    "Only the members of this mapping, `{}` and `{}`, and the regulator have a say in it.",
                    parties.source, parties.target
                ),
            )
            .into()
        })
    }
}

fn subject(mapping: &MappingRef) -> String {
    format!("mapping/{mapping}")
}

/// The two members of a mapping.
pub(super) struct Parties {
    /// Whose methodology quantified the reductions; the hub's own member for a reference methodology.
    pub source: NodeId,
    /// Who signs for the using region; the hub's own member for a mapping to a reference methodology.
    pub target: NodeId,
}

impl Parties {
    pub(super) fn of(governance: &Governance, version: &MappingVersion) -> Self {
        let (origin, endorsed_by) = match (&version.content.proposal, version.record()) {
            (Some(proposal), _) => (&proposal.origin, &proposal.endorsed_by),
            (None, Some(record)) => (&record.origin, &record.endorsed_by),
            (None, None) => return Self::hub(),
        };
        Self {
            source: publisher_of(governance, origin),
            target: endorsed_by.clone(),
        }
    }

    fn hub() -> Self {
        Self {
            source: hub_member(),
            target: hub_member(),
        }
    }

    /// True if the hub's officers speak for this party.
    fn is_hub(&self, party: Party) -> bool {
        match party {
            Party::Source => self.source == hub_member(),
            Party::Target => self.target == hub_member(),
            Party::Regulator => true,
        }
    }
}

/// Who publishes a methodology; the hub's own member for a reference methodology.
fn publisher_of(governance: &Governance, methodology: &MethodologyRef) -> NodeId {
    governance
        .methodologies
        .get(methodology)
        .map_or_else(hub_member, |published| published.publisher.clone())
}

/// Everyone who is told of a mapping: its members and its proposer, each once.
pub fn told_of(governance: &Governance, version: &MappingVersion) -> Vec<NodeId> {
    let parties = Parties::of(governance, version);
    let mut told = vec![parties.source, parties.target];
    told.extend(version.content.proposed_by.clone());
    told.sort_unstable();
    told.dedup();
    told.retain(|member| {
        let known = governance.members.get(member);
        known.is_some_and(|m| m.kind == MemberKind::Region || m.kind == MemberKind::Enterprise)
    });
    told
}

/// The versions of a mapping after this one.
fn later_versions<'a>(
    governance: &'a Governance,
    mapping: &'a MappingRef,
) -> impl Iterator<Item = (&'a MappingRef, &'a MappingVersion)> {
    let after = governance.mapping_versions.range((Excluded(mapping), Unbounded));
    after.take_while(|(other, _)| other.id() == mapping.id())
}

fn find(working: &Working, mapping: &MappingRef) -> Decided<MappingVersion> {
    let found = working.governance.mapping_versions.get(mapping).cloned();
    found.ok_or_else(|| Refusal::new(CheckCode::R01, format!("There is no mapping version {mapping}.")).into())
}

/// G05: only in these states.
fn ensure_state(version: &MappingVersion, permitted: &[MappingState], what: &str) -> Decided<()> {
    ensure(permitted.contains(&version.state), || {
        let expected: Vec<&str> = permitted.iter().map(|state| state.word()).collect();
        Refusal::new(
            CheckCode::G05,
            format!("{what} is not possible while the mapping is `{}`.", version.state),
        )
        .expected(expected.join(" or "), version.state)
    })
}

/// Puts a mapping version into its next state: leaf, notices to its members, governance. Returns the leaf's index. What the hub
/// itself changes is indexed by [`watch`], for all of it at once.
fn put(
    working: &mut Working,
    voice: &Voice<'_>,
    mapping: &MappingRef,
    r#type: &'static str,
    version: MappingVersion,
    data: Value,
) -> Decided<i64> {
    let mut step = voice.step(r#type, mapping, version.state, data);
    let body = json!({ "mapping": mapping, "state": version.state });
    step.notices = told_of(&working.governance, &version)
        .into_iter()
        .map(|to| Notice {
            to,
            r#type,
            body: body.clone(),
        })
        .collect();
    let log_index = working.carry_out(step)?;
    let by_hub = matches!(voice, Voice::Hub);
    change_governance(working, |governance| {
        let mut version = version;
        version.log_index = log_index;
        let entry = version.entry();
        let ruled = entry.is_some() || version.rejection().is_some();
        governance.mapping_versions.insert(mapping.clone(), version);
        match entry {
            _ if by_hub => {}
            Some(entry) => governance.mappings = governance.mappings.with(entry),
            None if ruled => governance.mappings = mapping_set(&governance.mapping_versions),
            None => {}
        }
    });
    Ok(log_index)
}

fn outcome(working: &Working, mapping: &MappingRef, log_index: i64) -> Outcome {
    let state = working.governance.mapping_versions.get(mapping).map(|v| v.state.word());
    working.outcome(subject(mapping), state, log_index)
}

/// The record of a version, which every version has from `evidence-complete` on.
fn record_of(version: &MappingVersion) -> Decided<Arc<tanqiao_protocol::recognition::MappingRecord>> {
    version.record().cloned().ok_or_else(|| {
        Refusal::new(
            CheckCode::R06,
            "The evidence for this mapping is not complete: it has no record yet.",
        )
        .into()
    })
}
