//! How a mapping stops recognising, and how it goes on.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::view::{Outcome, Suspension};

use super::watch::{Changed, recheck, what_changed};
use super::{Voice, ensure_state, find, outcome, put};
use crate::ledger::decide::check_words;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::working::Working;

/// Stops a mapping at once. Open transfers keep the terms of their offer.
pub fn suspend(working: &mut Working, voice: &Voice<'_>, mapping: &MappingRef, reason: &str) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let version = find(working, mapping)?;
    let party = voice.party(&working.governance, &version)?;
    ensure_state(&version, &[MappingState::Active], "A suspension")?;
    let log_index = stop(working, voice, mapping, Some(party), reason)?;
    recheck(working, &Changed::Mapping(mapping.clone()))?;
    Ok(outcome(working, mapping, log_index))
}

/// Stops it for a party, or because of a change of what it rests on.
pub(super) fn stop(
    working: &mut Working,
    voice: &Voice<'_>,
    mapping: &MappingRef,
    by: Option<Party>,
    reason: &str,
) -> Decided<i64> {
    let mut version = find(working, mapping)?;
    version.state = MappingState::Suspended;
    version.content.suspension = Some(Suspension {
        by,
        reason: reason.to_owned(),
        since: working.now,
        lifted_by: Vec::new(),
    });
    let data = json!({ "by": by.map_or("hub", Party::word), "reason": reason });
    put(working, voice, mapping, "mapping.suspended", version, data)
}

/// One party agrees to lift a suspension; with the third the mapping recognises again. Not after a change of what it rests on.
pub fn lift(working: &mut Working, voice: &Voice<'_>, mapping: &MappingRef) -> Decided<Outcome> {
    let mut version = find(working, mapping)?;
    let parties = super::Parties::of(&working.governance, &version);
    let party = voice.party(&working.governance, &version)?;
    ensure_state(&version, &[MappingState::Suspended], "Lifting")?;
    if let Some(changed) = what_changed(working, &version)? {
        return Err(Refusal::new(
            CheckCode::G03,
            format!("What this mapping rests on has changed ({changed}): propose its next version instead."),
        )
        .into());
    }
    let Some(mut suspension) = version.content.suspension.take() else {
        return Err(Refusal::new(CheckCode::G05, "This mapping is not suspended.").into());
    };
    ensure(!suspension.lifted_by.contains(&party), || {
        Refusal::new(CheckCode::G01, format!("The party `{party}` has agreed already."))
    })?;
    suspension.lifted_by.push(party);
    // For a reference methodology officers speak, once for all that is theirs.
    let theirs = [Party::Source, Party::Target]
        .into_iter()
        .filter(|one| party == Party::Regulator && parties.is_hub(*one));
    suspension.lifted_by.extend(theirs);
    suspension.lifted_by.sort_unstable();
    let data = json!({ "party": party, "lifted_by": suspension.lifted_by });
    let all = Party::ALL.iter().all(|one| suspension.lifted_by.contains(one));
    let r#type = if all {
        version.state = MappingState::Active;
        "mapping.lifted"
    } else {
        version.content.suspension = Some(suspension);
        "mapping.lifting"
    };
    let log_index = put(working, voice, mapping, r#type, version, data)?;
    if all {
        recheck(working, &Changed::Mapping(mapping.clone()))?;
    }
    Ok(outcome(working, mapping, log_index))
}

/// Takes a mapping back for good. Two officers.
pub fn revoke(working: &mut Working, officers: &[Name], mapping: &MappingRef, reason: &str) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let version = find(working, mapping)?;
    ensure_state(&version, &[MappingState::Active, MappingState::Suspended], "Revoking")?;
    let voice = Voice::Officers(officers);
    let log_index = end(
        working,
        &voice,
        mapping,
        MappingState::Revoked,
        "mapping.revoked",
        reason,
    )?;
    recheck(working, &Changed::Mapping(mapping.clone()))?;
    Ok(outcome(working, mapping, log_index))
}

/// Ends what recognised.
pub(super) fn end(
    working: &mut Working,
    voice: &Voice<'_>,
    mapping: &MappingRef,
    state: MappingState,
    r#type: &'static str,
    reason: &str,
) -> Decided<i64> {
    let mut version = find(working, mapping)?;
    version.state = state;
    version.content.suspension = None;
    version.content.ended_at = Some(working.now);
    version.content.reason = Some(reason.to_owned());
    put(working, voice, mapping, r#type, version, json!({ "reason": reason }))
}
