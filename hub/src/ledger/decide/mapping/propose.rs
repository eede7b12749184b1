//! A proposal: who may make it, what it must say, and its first examination.

use serde_json::json;
use tanqiao_mappings::recognition::{BUFFER_MAX, VALIDITY_DAYS_MAX};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::mapping::{MappingProposal, MappingState};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::{MemberKind, MemberStatus, Outcome};

use super::examine::{Examined, examine};
use super::{Voice, outcome, publisher_of, put};
use crate::ledger::hub_member;
use crate::ledger::objects::{Governance, MappingContent, MappingVersion};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::working::Working;

/// The most years of vintage that one mapping spans.
const VINTAGES_MAX: u16 = 10;

/// Takes a proposal, or replaces the same proposer's draft or candidate of the same version.
pub fn propose(working: &mut Working, voice: &Voice<'_>, proposal: &MappingProposal) -> Decided<Outcome> {
    check_speaker(&working.governance, voice, proposal)?;
    check_content(working, proposal)?;
    check_regions(&working.governance, proposal)?;
    check_version(working, voice, proposal)?;
    let proposed_by = match voice {
        Voice::Member(member, _) => Some((*member).clone()),
        Voice::Officers(_) | Voice::Hub => None,
    };
    let mut version = MappingVersion {
        state: MappingState::Draft,
        content: MappingContent {
            proposed_by,
            proposal: Some(proposal.clone()),
            ..MappingContent::default()
        },
        log_index: 0,
    };
    if !proposal.draft {
        let found = examine(&working.governance, proposal, working.now.max(proposal.valid_from))?;
        take(working, &mut version, found);
    }
    let data = leaf(&version, Some(proposal));
    let log_index = put(working, voice, &proposal.mapping, "mapping.proposed", version, data)?;
    Ok(outcome(working, &proposal.mapping, log_index))
}

/// What an examination makes of a version that is not approved yet: endorsements of an earlier record are void.
pub(super) fn take(working: &mut Working, version: &mut MappingVersion, found: Examined) {
    let Some(proposal) = &version.content.proposal else {
        return;
    };
    let mapping = proposal.mapping.clone();
    working.written.explanations.insert(mapping, found.explanation);
    let complete = found.record.is_some();
    let period_us = i64::from(working.governance.policy.mapping_comment_period_s) * 1_000_000;
    let content = &mut version.content;
    content.record = found.record;
    content.inputs = found.inputs;
    content.comment_until = complete.then(|| working.now.plus_micros(period_us));
    content.endorsements.clear();
    content.approvals.clear();
    version.state = if complete {
        MappingState::EvidenceComplete
    } else {
        MappingState::Candidate
    };
}

/// What a leaf says of a version: all that it is, in clear. Leaves hold strings and integers only.
pub(super) fn leaf(version: &MappingVersion, proposal: Option<&MappingProposal>) -> serde_json::Value {
    let mut data = serde_json::Map::new();
    if let Some(proposal) = proposal {
        let mut said = json!(proposal);
        if let Some(flag) = said.get_mut("draft") {
            *flag = i64::from(proposal.draft).into();
        }
        data.insert("proposal".to_owned(), said);
    }
    if let Some(record) = version.record() {
        let mut said = json!(record);
        if let Some(flag) = said.get_mut("demonstration") {
            *flag = i64::from(record.demonstration).into();
        }
        data.insert("record".to_owned(), said);
        data.insert("record_sha256".to_owned(), json!(record.sha256()));
    }
    data.into()
}

/// N05: the members of both sides propose, and officers.
fn check_speaker(governance: &Governance, voice: &Voice<'_>, proposal: &MappingProposal) -> Decided<()> {
    let Voice::Member(member, _) = voice else {
        return Ok(());
    };
    let source = publisher_of(governance, &proposal.origin);
    ensure(**member == source || **member == proposal.endorsed_by, || {
        Refusal::new(
            CheckCode::N05,
            "A mapping is proposed by the member that publishes its origin methodology, by the member that signs for the using region, or by officers.",
        )
        .expected(format!("{source} or {}", proposal.endorsed_by), member)
    })
}

/// M02: what a proposal must say.
fn check_content(working: &Working, proposal: &MappingProposal) -> Decided<()> {
    let schema = |detail: String| Refusal::new(CheckCode::M02, detail);
    let (first, last) = (proposal.vintage_first, proposal.vintage_last);
    ensure(first <= last && last - first < VINTAGES_MAX, || {
        schema("`vintage_first` must not be after `vintage_last`, and they span 10 years at most.".to_owned())
            .expected("1 to 10 years", format!("{first} to {last}"))
    })?;
    ensure(!proposal.uses.is_empty(), || {
        schema("`uses` is empty: name at least one use.".to_owned())
    })?;
    ensure(proposal.buffer.millionths() <= BUFFER_MAX, || {
        schema("`buffer` is above 0.500000.".to_owned()).expected("0 to 500000", proposal.buffer.millionths())
    })?;
    ensure(proposal.cap_g != Some(Grams::ZERO), || {
        schema("A cap of 0 g recognises nothing: leave `cap_g` out, or name one.".to_owned())
    })?;
    let ahead = working.now.plus_micros(VALIDITY_DAYS_MAX * DAY_US);
    ensure(proposal.valid_from <= ahead, || {
        schema("`valid_from` is more than 366 days ahead: propose it when its inputs are known.".to_owned())
            .expected(format!("{ahead} at the latest"), proposal.valid_from)
    })?;
    ensure(
        proposal
            .valid_until
            .is_none_or(|until| until > proposal.valid_from && until > working.now),
        || schema("`valid_until` must be after `valid_from` and in the future.".to_owned()),
    )?;
    let names = [&proposal.target].into_iter().chain(&proposal.through);
    ensure(names.clone().all(|name| *name != proposal.origin), || {
        schema("A mapping leads from one methodology to another: the origin stands on both sides.".to_owned())
    })?;
    ensure(proposal.through.as_ref() != Some(&proposal.target), || {
        schema("`through` is the target itself: a mapping to a reference methodology leads through none.".to_owned())
    })
}

/// S01, G02, M02: what is named exists, and lies where it must.
fn check_regions(governance: &Governance, proposal: &MappingProposal) -> Decided<()> {
    let home = origin_region(governance, &proposal.origin)?;
    let target_is_reference = check_target(governance, &proposal.target, proposal.to)?;
    for reference in proposal.reference.iter().chain(&proposal.through) {
        ensure(is_reference(governance, reference), || {
            Refusal::new(
                CheckCode::S01,
                format!("{reference} is not a reference methodology of this federation."),
            )
        })?;
    }
    let (to, source) = (proposal.to, proposal.source_region);
    if let Some(home) = home {
        ensure(home == RegionCode::CHINA || home.contains(&source), || {
            Refusal::new(
                CheckCode::M02,
                "`source_region` lies outside the region of the origin methodology.",
            )
            .expected(home, source)
        })?;
        let to_reference = proposal.endorsed_by == hub_member();
        ensure(to_reference || !(to.contains(&home) || home.contains(&to)), || {
            Refusal::new(
                CheckCode::M02,
                "The mapping leads to the home of the origin methodology, or to a region that contains it or lies in it: nothing needs a mapping to come home.",
            )
        })?;
    }
    if proposal.endorsed_by == hub_member() {
        return ensure(target_is_reference && to == RegionCode::CHINA, || {
            Refusal::new(
                CheckCode::G02,
                "The hub signs for a mapping to a reference methodology only, whose `to` is `CN`.",
            )
            .expected("CN", to)
        });
    }
    check_endorser(governance, proposal)
}

/// The using region lies in that of the member that signs for it.
fn check_endorser(governance: &Governance, proposal: &MappingProposal) -> Decided<()> {
    let (to, by) = (proposal.to, &proposal.endorsed_by);
    let user = governance
        .members
        .get(by)
        .filter(|member| matches!(member.kind, MemberKind::Region | MemberKind::Enterprise))
        .filter(|member| member.status == MemberStatus::Admitted)
        .ok_or_else(|| {
            Refusal::new(
                CheckCode::N03,
                format!("`{by}` is not a member that can sign for a region, or not in good standing."),
            )
        })?;
    // A province signs for its cities, a city for no other city of its province.
    ensure(user.region.contains(&to), || {
        Refusal::new(
            CheckCode::G02,
            format!("{to} does not lie in the region of `{by}`, which cannot sign for it."),
        )
        .expected(user.region, to)
    })?;
    ensure(publisher_of(governance, &proposal.origin) != *by, || {
        Refusal::new(CheckCode::G01, "One member cannot endorse both sides of a mapping.")
    })
}

/// The region of a methodology; `None` for a reference methodology.
fn origin_region(governance: &Governance, origin: &MethodologyRef) -> Decided<Option<RegionCode>> {
    if let Some(published) = governance.methodologies.get(origin) {
        return Ok(Some(published.content.region));
    }
    ensure(is_reference(governance, origin), || {
        Refusal::new(CheckCode::S01, format!("Methodology {origin} is not published."))
    })?;
    Ok(None)
}

/// True if officers have published a sheet of it.
fn is_reference(governance: &Governance, methodology: &MethodologyRef) -> bool {
    governance
        .sheets
        .get(methodology)
        .is_some_and(|version| version.sheet.reference)
}

/// The target is the using region's own methodology, or a reference methodology: then true.
fn check_target(governance: &Governance, target: &MethodologyRef, to: RegionCode) -> Decided<bool> {
    if is_reference(governance, target) {
        return Ok(true);
    }
    let published = governance
        .methodologies
        .get(target)
        .ok_or_else(|| Refusal::new(CheckCode::S01, format!("Methodology {target} is not published.")))?;
    let region = published.content.region;
    ensure(region.contains(&to) || to.contains(&region), || {
        Refusal::new(
            CheckCode::M02,
            format!("{target} is no methodology of {to}: compare with one that holds there, or with a reference methodology."),
        )
        .expected(to, region)
    })?;
    Ok(false)
}

/// The version follows those before it, of which a draft or candidate may be replaced by who proposed it.
fn check_version(working: &Working, voice: &Voice<'_>, proposal: &MappingProposal) -> Decided<()> {
    let versions = &working.governance.mapping_versions;
    if let Some(known) = versions.get(&proposal.mapping) {
        let open = matches!(known.state, MappingState::Draft | MappingState::Candidate);
        let same = match voice {
            Voice::Member(member, _) => known.content.proposed_by.as_ref() == Some(member),
            Voice::Officers(_) | Voice::Hub => known.content.proposed_by.is_none(),
        };
        ensure(open && same, || {
            Refusal::new(
                CheckCode::G03,
                "This mapping version exists already: only its proposer replaces it, as long as it is a draft or a candidate. Propose the next version.",
            )
        })?;
    }
    let others = versions
        .iter()
        .filter(|(mapping, _)| mapping.id() == proposal.mapping.id() && **mapping != proposal.mapping);
    for (mapping, other) in others {
        ensure(mapping.version() < proposal.mapping.version(), || {
            Refusal::new(
                CheckCode::G03,
                format!("{} does not follow {mapping}.", proposal.mapping),
            )
        })?;
        let subject = other
            .content
            .proposal
            .as_ref()
            .map(|one| (one.origin.clone(), one.to))
            .or_else(|| other.record().map(|record| (record.origin.clone(), record.to)));
        ensure(
            subject.is_none_or(|subject| subject == (proposal.origin.clone(), proposal.to)),
            || {
                Refusal::new(
                    CheckCode::M02,
                    format!("{mapping} has another origin or region: give this mapping a name of its own."),
                )
            },
        )?;
    }
    Ok(())
}
