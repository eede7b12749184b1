//! What mappings rest on is watched: sheets, published factors, methodology versions, legs, and the calendar.

use std::sync::Arc;

use tanqiao_mappings::equivalence::{InputKind, InputRef, changed_inputs};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::mapping::{MappingProposal, MappingState};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::time::Timestamp;

use super::examine::examine;
use super::propose::{leaf, take};
use super::stop::{end, stop};
use super::{Voice, find, later_versions, publisher_of, put};
use crate::ledger::decide::membership::change_governance;
use crate::ledger::objects::{Governance, MappingVersion, mapping_set};
use crate::ledger::refusal::Decided;
use crate::ledger::working::Working;

/// What has changed.
#[derive(Debug, Clone)]
pub enum Changed {
    /// The sheet of a methodology version, or its publication.
    Sheet(MethodologyRef),
    /// A methodology has this new version.
    Methodology(MethodologyRef),
    /// Published emission factors.
    Factors,
    /// What is known of a member's registry, or its standing.
    Registry(NodeId),
    /// A mapping that others may be composed of.
    Mapping(MappingRef),
}

impl Changed {
    /// True if a mapping version may rest on it.
    fn concerns(&self, governance: &Governance, version: &MappingVersion) -> bool {
        if version.state.is_final() || version.state == MappingState::Draft {
            return false;
        }
        let Some(proposal) = &version.content.proposal else {
            return false;
        };
        let candidate = version.state == MappingState::Candidate;
        match self {
            Self::Sheet(methodology) => named(proposal).any(|one| one == methodology),
            Self::Methodology(next) => named(proposal).any(|one| is_followed(one, next)),
            Self::Factors => {
                candidate
                    || version
                        .content
                        .inputs
                        .iter()
                        .any(|one| one.kind == InputKind::FactorRecord)
            }
            Self::Registry(member) => publisher_of(governance, &proposal.origin) == *member,
            Self::Mapping(leg) => {
                let of_leg = |record: &Arc<MappingRecord>| record.counted_under().skip(1).any(|one| one == leg);
                proposal.through.is_some() && (candidate || version.record().is_some_and(of_leg))
            }
        }
    }
}

/// The mapping versions that a change may concern.
pub fn concerned(governance: &Governance, changed: &Changed) -> Vec<MappingRef> {
    let found = governance.mapping_versions.iter();
    let found = found.filter(|(_, version)| changed.concerns(governance, version));
    found.map(|(mapping, _)| mapping.clone()).collect()
}

/// Looks again at every mapping that a change may concern: what recognises is stopped, what is not approved is examined anew.
pub fn recheck(working: &mut Working, changed: &Changed) -> Decided<()> {
    let before = working.next_index();
    look_again(working, changed)?;
    show(working, before);
    Ok(())
}

/// What recognises is indexed anew, once for all that the hub itself has changed since `before`: a new year of the grid may stop a
/// thousand mappings in one command.
fn show(working: &mut Working, before: i64) {
    if working.next_index() != before {
        change_governance(working, |governance| {
            governance.mappings = mapping_set(&governance.mapping_versions);
        });
    }
}

fn look_again(working: &mut Working, changed: &Changed) -> Decided<()> {
    for mapping in concerned(&working.governance, changed) {
        let version = find(working, &mapping)?;
        match version.state {
            MappingState::Active => watch_active(working, &mapping, &version, changed)?,
            MappingState::Suspended => {}
            _ => examine_anew(working, &mapping, version, changed)?,
        }
    }
    Ok(())
}

fn watch_active(
    working: &mut Working,
    mapping: &MappingRef,
    version: &MappingVersion,
    changed: &Changed,
) -> Decided<()> {
    let found = match changed {
        Changed::Methodology(next) => superseded_by(version, next),
        _ => what_changed(working, version)?,
    };
    let Some(found) = found else { return Ok(()) };
    let reason = format!("what it rests on has changed: {found}");
    stop(working, &Voice::Hub, mapping, None, &reason)?;
    look_again(working, &Changed::Mapping(mapping.clone()))
}

/// That a later version of a methodology of this mapping is published.
fn superseded_by(version: &MappingVersion, next: &MethodologyRef) -> Option<String> {
    let older = named(version.content.proposal.as_ref()?).find(|one| is_followed(one, next))?;
    Some(format!("{next} follows {older}"))
}

/// The methodology versions that a proposal names.
fn named(proposal: &MappingProposal) -> impl Iterator<Item = &MethodologyRef> {
    [&proposal.origin, &proposal.target]
        .into_iter()
        .chain(&proposal.reference)
        .chain(&proposal.through)
}

fn is_followed(one: &MethodologyRef, next: &MethodologyRef) -> bool {
    one.id() == next.id() && one.version() < next.version()
}

/// The first later version of a methodology of this mapping that was published after its first endorsement: whoever endorsed
/// knew of those before.
fn followed_since(governance: &Governance, version: &MappingVersion) -> Option<String> {
    let agreed = version.content.endorsements.first()?.log_index;
    let published = governance
        .methodologies
        .iter()
        .map(|(one, published)| (one, published.log_index));
    let references = governance.references.iter().map(|(one, index)| (one, *index));
    let since = published.chain(references).filter(|(_, index)| *index > agreed);
    since
        .map(|(next, _)| next)
        .find_map(|next| superseded_by(version, next))
}

/// The inputs of a mapping that are not what they were, in words; `None` if all are. For a mapping of the time before proposals
/// nothing is known of its inputs.
pub(super) fn what_changed(working: &Working, version: &MappingVersion) -> Decided<Option<String>> {
    let Some(proposal) = &version.content.proposal else {
        return Ok(None);
    };
    if let Some(followed) = followed_since(&working.governance, version) {
        return Ok(Some(followed));
    }
    let now = examine(&working.governance, proposal, working.now.max(proposal.valid_from))?;
    let mut gone: Vec<String> = changed_inputs(&version.content.inputs, &now.inputs)
        .into_iter()
        .map(|input| format!("{} {}", input.kind, input.id))
        .collect();
    // New data of a kind that it rests on, such as the next year of a grid's factor.
    let records = |inputs: &[InputRef]| {
        inputs
            .iter()
            .filter(|input| input.kind == InputKind::FactorRecord)
            .map(|input| input.id.clone())
            .collect::<Vec<_>>()
    };
    let (before, after) = (records(&version.content.inputs), records(&now.inputs));
    gone.extend(
        after
            .iter()
            .filter(|id| !before.contains(id))
            .map(|id| format!("factor-record {id}")),
    );
    if gone.is_empty() && now.record.is_none() {
        gone.extend(now.refusals.iter().map(|phrase| phrase.en.clone()).take(1));
    }
    Ok((!gone.is_empty()).then(|| gone.join(", ")))
}

/// Examines what is not approved yet; only what is found otherwise than before is written, or what was endorsed before a
/// methodology of it had its next version: that wants to be known.
fn examine_anew(
    working: &mut Working,
    mapping: &MappingRef,
    mut version: MappingVersion,
    changed: &Changed,
) -> Decided<()> {
    let Some(proposal) = version.content.proposal.clone() else {
        return Ok(());
    };
    let found = examine(&working.governance, &proposal, working.now.max(proposal.valid_from))?;
    let same_inputs = found.inputs == version.content.inputs;
    let followed = matches!(changed, Changed::Methodology(_)) && !version.content.endorsements.is_empty();
    if !followed && same_inputs && found.record.is_some() == version.record().is_some() {
        return Ok(());
    }
    take(working, &mut version, found);
    let data = leaf(&version, None);
    put(working, &Voice::Hub, mapping, "mapping.examined", version, data)?;
    Ok(())
}

/// Ends the mappings whose validity is over or whose next version has begun, and stops those that rest on a table that this program ships otherwise.
pub fn sweep(working: &mut Working) -> Decided<()> {
    let before = working.next_index();
    for mapping in due(&working.governance, working.now) {
        let version = find(working, &mapping)?;
        let over = version.record().is_some_and(|record| record.valid_until <= working.now);
        let next = begun_after(&working.governance, &mapping, working.now);
        let voice = Voice::Hub;
        match next {
            _ if over => {
                let (state, r#type) = (MappingState::Expired, "mapping.expired");
                end(working, &voice, &mapping, state, r#type, "its validity is over")?;
            }
            Some(next) => {
                let (state, r#type) = (MappingState::Superseded, "mapping.replaced");
                end(working, &voice, &mapping, state, r#type, &format!("{next} replaces it"))?;
            }
            // It may have been stopped meanwhile, with a leg of it.
            None if version.state == MappingState::Active => {
                let reason = "what it rests on has changed: a table of the catalogue";
                stop(working, &voice, &mapping, None, reason)?;
            }
            None => continue,
        }
        look_again(working, &Changed::Mapping(mapping))?;
    }
    show(working, before);
    Ok(())
}

/// The later version of a mapping that was approved before it began, and has begun.
fn begun_after(governance: &Governance, mapping: &MappingRef, now: Timestamp) -> Option<MappingRef> {
    let mut later = later_versions(governance, mapping).filter(|(_, version)| version.state == MappingState::Active);
    let next = later.find(|(_, version)| version.record().is_some_and(|record| record.valid_from <= now));
    next.map(|(next, _)| next.clone())
}

/// The mappings that a sweep at `now` ends or stops.
pub fn due(governance: &Governance, now: Timestamp) -> Vec<MappingRef> {
    let library = governance.published.library();
    let other_table = |input: &InputRef| match input.kind {
        InputKind::GwpTable => input.sha256 != library.gwp.content_hash(),
        InputKind::PlausibleBands => input.sha256 != library.bands.content_hash(),
        _ => false,
    };
    let found = governance.mapping_versions.iter().filter(|(mapping, version)| {
        let over = || version.record().is_some_and(|record| record.valid_until <= now);
        let ended = || over() || begun_after(governance, mapping, now).is_some();
        match version.state {
            MappingState::Active => ended() || version.content.inputs.iter().any(other_table),
            MappingState::Suspended => ended(),
            _ => false,
        }
    });
    found.map(|(mapping, _)| mapping.clone()).collect()
}
