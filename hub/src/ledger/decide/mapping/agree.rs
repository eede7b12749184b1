//! What the three parties say to a proposal: comments, endorsements of one record, approval, refusal.

use serde_json::json;
use tanqiao_mappings::recognition::check_record;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::mapping::{MappingState, Party, RejectionGround};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::{Comment, Endorsement, Outcome};

use super::examine::holds;
use super::stop::end;
use super::watch::{Changed, recheck};
use super::{Parties, Voice, ensure_state, find, later_versions, outcome, put, record_of};
use crate::ledger::decide::check_words;
use crate::ledger::objects::{Governance, MappingVersion};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::working::Working;

/// The longest comment and reason of a refusal, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// Records a comment: a member's own, or one that officers received from an organisation.
pub fn comment(
    working: &mut Working,
    voice: &Voice<'_>,
    mapping: &MappingRef,
    on_behalf_of: Option<&str>,
    text: &str,
) -> Decided<Outcome> {
    check_words(text, "text", TEXT_CHARS_MAX)?;
    if let Some(name) = on_behalf_of {
        check_words(name, "on_behalf_of", 200)?;
    }
    let version = find(working, mapping)?;
    ensure_state(
        &version,
        &[
            MappingState::Candidate,
            MappingState::EvidenceComplete,
            MappingState::SourceEndorsed,
            MappingState::TargetEndorsed,
        ],
        "A comment",
    )?;
    let said = json!({ "on_behalf_of": on_behalf_of.unwrap_or_default(), "text": text });
    let log_index = put(working, voice, mapping, "mapping.commented", version, said)?;
    let member = match voice {
        Voice::Member(member, _) => Some((*member).clone()),
        Voice::Officers(_) | Voice::Hub => None,
    };
    let comment = Comment {
        member,
        on_behalf_of: on_behalf_of.map(ToOwned::to_owned),
        text: text.to_owned(),
        at: working.now,
        log_index,
    };
    working.written.comments.push((mapping.clone(), comment));
    Ok(outcome(working, mapping, log_index))
}

/// G03: what was read is what stands.
fn check_hash(version: &MappingVersion, read: Sha256) -> Decided<()> {
    let stands = record_of(version)?.sha256();
    ensure(stands == read, || {
        Refusal::new(
            CheckCode::G03,
            "The record has changed since it was read: read the present one, and decide again.",
        )
        .expected(stands, read)
    })
}

/// A member, or officers for a reference methodology, agree to the record: the origin's side first.
pub fn endorse(working: &mut Working, voice: &Voice<'_>, mapping: &MappingRef, read: Sha256) -> Decided<Outcome> {
    let mut version = find(working, mapping)?;
    let party = endorsing_party(working, voice, &version)?;
    record_of(&version)?;
    let (before, after) = match party {
        Party::Target => (MappingState::SourceEndorsed, MappingState::TargetEndorsed),
        Party::Source | Party::Regulator => (MappingState::EvidenceComplete, MappingState::SourceEndorsed),
    };
    ensure_state(&version, &[before], "This endorsement")?;
    check_hash(&version, read)?;
    version.state = after;
    let (member, payload_sha256) = match voice {
        Voice::Member(member, payload) => (Some((*member).clone()), Some(*payload)),
        Voice::Officers(_) | Voice::Hub => (None, None),
    };
    version.content.endorsements.push(Endorsement {
        party,
        member,
        payload_sha256,
        log_index: working.next_index(),
    });
    let data = json!({ "party": party, "record_sha256": read });
    let log_index = put(working, voice, mapping, "mapping.endorsed", version, data)?;
    Ok(outcome(working, mapping, log_index))
}

/// For whom an endorsement speaks: a member for its side, officers for a reference methodology's.
fn endorsing_party(working: &Working, voice: &Voice<'_>, version: &MappingVersion) -> Decided<Party> {
    let party = voice.party(&working.governance, version)?;
    if party != Party::Regulator {
        return Ok(party);
    }
    let parties = Parties::of(&working.governance, version);
    let waiting = if version.state == MappingState::SourceEndorsed {
        Party::Target
    } else {
        Party::Source
    };
    ensure(parties.is_hub(waiting), || {
        Refusal::new(
            CheckCode::G02,
            "Officers endorse for a reference methodology only: this side's member signs for itself.",
        )
    })?;
    Ok(waiting)
}

/// An officer approves; with the second different one the mapping recognises, and earlier versions of it are superseded.
pub fn approve(working: &mut Working, officers: &[Name], mapping: &MappingRef, read: Sha256) -> Decided<Outcome> {
    let mut version = find(working, mapping)?;
    if version.record().is_some() {
        check_hash(&version, read)?;
    }
    ensure_state(&version, &[MappingState::TargetEndorsed], "An approval")?;
    let open_until = version.content.comment_until.filter(|until| working.now < *until);
    ensure(open_until.is_none(), || {
        Refusal::new(CheckCode::G04, "Comments on this mapping are still awaited.")
            .expected(open_until.unwrap_or(working.now), working.now)
    })?;
    for officer in officers {
        ensure(!version.content.approvals.contains(officer), || {
            Refusal::new(
                CheckCode::G01,
                format!("`{officer}` has approved this mapping already: another officer approves it."),
            )
        })?;
    }
    let record = record_of(&version)?;
    if let Some(fault) = check_record(&record, working.now).first() {
        return Err(Refusal::new(CheckCode::M02, format!("{fault}.")).into());
    }
    check_alone(&working.governance, &record)?;
    check_latest(&working.governance, mapping)?;
    let voice = Voice::Officers(officers);
    version.content.approvals.extend(officers.iter().cloned());
    let data = json!({ "record_sha256": read, "approvals": version.content.approvals });
    if version.content.approvals.len() < 2 {
        let log_index = put(working, &voice, mapping, "mapping.approved", version, data)?;
        return Ok(outcome(working, mapping, log_index));
    }
    // One that begins later leaves the version before it in force until then.
    if record.valid_from <= working.now {
        supersede(working, &voice, mapping)?;
    }
    version.state = MappingState::Active;
    let log_index = put(working, &voice, mapping, "mapping.activated", version, data)?;
    recheck(working, &Changed::Mapping(mapping.clone()))?;
    Ok(outcome(working, mapping, log_index))
}

/// G03: an earlier version that was left lying does not take the place of a later one.
fn check_latest(governance: &Governance, mapping: &MappingRef) -> Decided<()> {
    let mut later = later_versions(governance, mapping);
    ensure(!later.any(|(_, version)| version.state.was_approved()), || {
        Refusal::new(CheckCode::G03, "A later version of this mapping was approved already.")
    })
}

/// G03: what recognises the same acts in the same place for the same use goes by one name. Under two names each would have a
/// yearly cap of its own, and no version would ever replace the other.
fn check_alone(governance: &Governance, record: &MappingRecord) -> Decided<()> {
    let rules = |version: &&MappingVersion| matches!(version.state, MappingState::Active | MappingState::Suspended);
    let versions = governance.mapping_versions.values().filter(rules);
    let mut records = versions.filter_map(MappingVersion::record);
    let other = records.find(|other| other.mapping.id() != record.mapping.id() && recognise_alike(other, record));
    ensure(other.is_none(), || {
        let known = other.map_or_else(String::new, |other| other.mapping.to_string());
        Refusal::new(
            CheckCode::G03,
            format!(
                "{known} recognises the same acts there already: propose its next version, or have it revoked first."
            ),
        )
    })
}

/// True if some act of the origin methodology could be recognised by both, for one use and at one time.
fn recognise_alike(one: &MappingRecord, other: &MappingRecord) -> bool {
    let years = |record: &MappingRecord| record.vintages.unwrap_or((0, u16::MAX));
    let (a, b) = (years(one), years(other));
    let places = |record: &MappingRecord| record.source_region.unwrap_or(RegionCode::CHINA);
    let (here, there) = (places(one), places(other));
    (&one.origin, one.to, one.through.is_some()) == (&other.origin, other.to, other.through.is_some())
        && !one.uses.and(other.uses).is_empty()
        && a.0 <= b.1
        && b.0 <= a.1
        && (holds(here, there) || holds(there, here))
        && one.valid_from < other.valid_until
        && other.valid_from < one.valid_until
}

/// The version that recognised until now recognises no more.
fn supersede(working: &mut Working, voice: &Voice<'_>, by: &MappingRef) -> Decided<()> {
    let earlier: Vec<MappingRef> = working
        .governance
        .mapping_versions
        .iter()
        .filter(|(mapping, _)| mapping.id() == by.id() && *mapping != by)
        .filter(|(_, version)| matches!(version.state, MappingState::Active | MappingState::Suspended))
        .map(|(mapping, _)| mapping.clone())
        .collect();
    for mapping in earlier {
        let reason = format!("{by} replaces it");
        end(
            working,
            voice,
            &mapping,
            MappingState::Superseded,
            "mapping.superseded",
            &reason,
        )?;
        recheck(working, &Changed::Mapping(mapping))?;
    }
    Ok(())
}

/// A party's refusal of a proposal, on a ground of the closed list.
pub fn object(
    working: &mut Working,
    voice: &Voice<'_>,
    mapping: &MappingRef,
    ground: RejectionGround,
    reason: &str,
) -> Decided<Outcome> {
    check_words(reason, "reason", TEXT_CHARS_MAX)?;
    let mut version = find(working, mapping)?;
    let party = voice.party(&working.governance, &version)?;
    ensure_state(
        &version,
        &[
            MappingState::Candidate,
            MappingState::EvidenceComplete,
            MappingState::SourceEndorsed,
            MappingState::TargetEndorsed,
        ],
        "A rejection",
    )?;
    version.state = MappingState::Rejected;
    version.content.ground = Some(ground);
    version.content.reason = Some(reason.to_owned());
    version.content.ended_at = Some(working.now);
    let data = json!({ "party": party, "ground": ground, "reason": reason });
    let log_index = put(working, voice, mapping, "mapping.rejected", version, data)?;
    Ok(outcome(working, mapping, log_index))
}
