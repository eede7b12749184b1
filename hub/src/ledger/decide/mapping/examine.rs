//! The engine over what the ledger holds: from a proposal to its explanation and, where the evidence suffices, its record.

use std::sync::Arc;

use tanqiao_mappings::composition::{ThroughReference, assess_through};
use tanqiao_mappings::draft::{RecordTerms, draft_composed, draft_record, excluded_schemes};
use tanqiao_mappings::equivalence::{Assessment, InputKind, InputRef, Question, assess};
use tanqiao_mappings::explanation::explain;
use tanqiao_mappings::gates::NodeFacts;
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::ratio::Ratio;
use tanqiao_mappings::relation::Relation;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_mappings::unit::Conversion;
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingProposal, MappingState, Mode};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::MemberStatus;

use crate::ledger::objects::Governance;
use crate::ledger::refusal::{Decided, Rejection};

/// What an examination found.
#[derive(Debug)]
pub struct Examined {
    /// The record; `None` while evidence is missing or a gate is not open.
    pub record: Option<Arc<MappingRecord>>,
    /// What it rests on.
    pub inputs: Vec<InputRef>,
    /// The explanation, as JSON.
    pub explanation: String,
    /// Why there is no record, in English; empty if there is one.
    pub refusals: Vec<Phrase>,
}

/// Examines a proposal at `at`: every year of its vintages, of which the smallest factor counts. It changes nothing: whoever wants to
/// know what the hub would compute may ask without proposing.
///
/// # Errors
/// A fault of the program.
pub fn examine(governance: &Governance, proposal: &MappingProposal, at: Timestamp) -> Decided<Examined> {
    let sheets = Sheets::of(governance, proposal);
    match &proposal.through {
        Some(through) => composed(governance, proposal, &sheets, through, at),
        None => direct(governance, proposal, &sheets, at),
    }
}

/// The sheets of a proposal, with what their publications say filled in where they say nothing.
struct Sheets {
    origin: Sheet,
    target: Sheet,
    reference: Option<Sheet>,
}

impl Sheets {
    fn of(governance: &Governance, proposal: &MappingProposal) -> Self {
        Self {
            origin: sheet(governance, &proposal.origin),
            target: sheet(governance, &proposal.target),
            reference: proposal.reference.as_ref().map(|one| sheet(governance, one)),
        }
    }
}

/// The sheet of a methodology version; blank where none was published: what is not known stays unknown.
#[must_use]
pub fn sheet(governance: &Governance, methodology: &MethodologyRef) -> Sheet {
    let published = governance.methodologies.get(methodology);
    let sheet = governance.sheets.get(methodology).map_or_else(
        || {
            let title = published.map_or_else(
                || Phrase::same(methodology),
                |one| Phrase::new(&one.content.title_zh, &one.content.title_en),
            );
            Sheet::blank(methodology.clone(), published.map(|one| one.content.region), title)
        },
        |version| (*version.sheet).clone(),
    );
    let Some(published) = published else { return sheet };
    let payload = Sha256::of(&canonical::to_vec(&published.content).unwrap_or_default());
    // A publication whose words are none of the sheet's adds nothing: the attribute stays unknown.
    sheet.with_publication(&published.content, payload).unwrap_or(sheet)
}

fn question<'a>(
    governance: &Governance,
    proposal: &MappingProposal,
    sheets: &'a Sheets,
    vintage: u16,
    at: Timestamp,
) -> Question<'a> {
    Question {
        origin: &sheets.origin,
        target: &sheets.target,
        reference: sheets.reference.as_ref(),
        relation: Relation::of_predicate(proposal.predicate),
        mode: proposal.mode,
        to: proposal.to,
        source_region: proposal.source_region,
        vintage,
        uses: published_uses(governance, proposal),
        at,
        until: proposal.valid_until,
        node: node_facts(governance, &proposal.origin),
    }
}

/// The uses that are asked for, without those that the publication of a side does not permit: its sheet permits no more.
fn published_uses(governance: &Governance, proposal: &MappingProposal) -> Uses {
    let sides = [&proposal.origin, &proposal.target].into_iter();
    let published = sides.filter_map(|side| governance.methodologies.get(side));
    published.fold(proposal.uses, |uses, one| uses.and(one.content.uses))
}

/// What the hub knows about the origin's member; of its own reference methodologies nothing needs to be proven.
fn node_facts(governance: &Governance, origin: &MethodologyRef) -> NodeFacts {
    let Some(published) = governance.methodologies.get(origin) else {
        return NodeFacts::PROVEN;
    };
    let registry = governance.registries.get(&published.publisher);
    let member = governance.members.get(&published.publisher);
    NodeFacts {
        in_good_standing: Some(member.is_some_and(|member| member.status == MemberStatus::Admitted)),
        conformance_proven: registry.map(|registry| registry.conformance_report.is_some()),
        verifiers_listed: registry.map(|registry| !registry.verification_bodies.is_empty()),
    }
}

fn terms(governance: &Governance, proposal: &MappingProposal, sheets: &Sheets) -> RecordTerms {
    RecordTerms {
        mapping: proposal.mapping.clone(),
        endorsed_by: proposal.endorsed_by.clone(),
        buffer: proposal.buffer,
        cap_g: proposal.cap_g,
        vintages: (proposal.vintage_first, proposal.vintage_last),
        units: units(governance, proposal, sheets),
        excluded_schemes: excluded_schemes([&sheets.target].into_iter().chain(&sheets.reference)),
    }
}

/// How many of the unit in which the origin's sheet counts one unit of its publication is.
fn units(governance: &Governance, proposal: &MappingProposal, sheets: &Sheets) -> Option<Ratio> {
    let published = governance.methodologies.get(&proposal.origin)?;
    let unit = tanqiao_mappings::sheet::publication_unit(&published.content.activity_unit)
        .parse::<tanqiao_mappings::unit::Unit>()
        .ok()?;
    match unit.conversion(sheets.origin.attributes.activity_unit.value()?) {
        Conversion::By(units) => Some(units),
        Conversion::Unsaid | Conversion::Never => None,
    }
}

fn years(proposal: &MappingProposal) -> impl Iterator<Item = u16> + use<> {
    proposal.vintage_first..=proposal.vintage_last
}

/// The year that counts: one without a factor before all others, else that with the smallest.
fn least(assessments: Vec<Assessment>) -> Option<Assessment> {
    assessments.into_iter().min_by_key(Assessment::factor)
}

fn direct(governance: &Governance, proposal: &MappingProposal, sheets: &Sheets, at: Timestamp) -> Decided<Examined> {
    let library = governance.published.library();
    let assessments: Vec<Assessment> = years(proposal)
        .map(|vintage| assess(&question(governance, proposal, sheets, vintage, at), &library))
        .collect();
    let inputs = all_inputs(assessments.iter());
    let assessment = least(assessments).ok_or_else(|| Rejection::broken("a proposal without a vintage"))?;
    let record = draft_record(&assessment, &terms(governance, proposal, sheets));
    let mut refusals = assessment.refusals();
    if record.is_none() && refusals.is_empty() && proposal.mode == Mode::Requantify {
        refusals.push(Phrase::new(
            "来源方法学的活动单位无法换算，不能按活动数据重新量化",
            "the unit of the origin's activity data does not convert: nothing can be quantified again",
        ));
    }
    finish(record, inputs, &assessment, refusals)
}

fn composed(
    governance: &Governance,
    proposal: &MappingProposal,
    sheets: &Sheets,
    through: &MethodologyRef,
    at: Timestamp,
) -> Decided<Examined> {
    let library = governance.published.library();
    let legs = legs(governance, proposal, through, at);
    let reference = sheet(governance, through);
    let relations = legs.as_ref().map_or((Relation::Close, Relation::Close), |legs| {
        (relation(governance, &legs.0), relation(governance, &legs.1))
    });
    let routes: Vec<_> = years(proposal)
        .map(|vintage| {
            let question = question(governance, proposal, sheets, vintage, at);
            assess_through(&question, &reference, relations, &library)
        })
        .collect();
    let mut inputs = all_inputs(
        routes
            .iter()
            .flat_map(|route| [&route.first, &route.second, &route.direct]),
    );
    for leg in legs.iter().flat_map(|legs| [&legs.0, &legs.1]) {
        inputs.extend(leg_input(governance, leg));
    }
    let route = routes.into_iter().min_by_key(ThroughReference::factor);
    let route = route.ok_or_else(|| Rejection::broken("a proposal without a vintage"))?;
    let mut refusals = Vec::new();
    let record = if let Some((first, second)) = &legs {
        let terms = terms(governance, proposal, sheets);
        let drafted = draft_composed(&route, (first, second), &terms);
        drafted.and_then(|record| bounded(governance, record, [first, second]))
    } else {
        refusals.push(Phrase::new(
            format!("没有经 {through} 的两段有效映射"),
            format!("there are no two active mappings through {through}"),
        ));
        None
    };
    if record.is_none() {
        refusals.extend(route.first.refusals());
        refusals.extend(route.second.refusals());
    }
    finish(record, inputs, &route.direct, refusals)
}

/// A composed mapping has the smaller cap and the larger buffer of its legs and of what is proposed, and only the uses and the time
/// that all permit; `None` if nothing is left of these.
fn bounded(governance: &Governance, mut record: MappingRecord, legs: [&MappingRef; 2]) -> Option<MappingRecord> {
    for leg in legs {
        let leg = governance.mapping_versions.get(leg).and_then(|one| one.record())?;
        record.cap_g = [record.cap_g, leg.cap_g].into_iter().flatten().min();
        record.buffer = record.buffer.max(leg.buffer);
        record.uses = record.uses.and(leg.uses);
        record.valid_from = record.valid_from.max(leg.valid_from);
        record.valid_until = record.valid_until.min(leg.valid_until);
    }
    (!record.uses.is_empty() && record.valid_from < record.valid_until).then_some(record)
}

/// The active mappings from the origin to the reference methodology, for which the hub signed, and from there to the target, for
/// which the using region did. Each must hold where and for what the composed one shall.
fn legs(
    governance: &Governance,
    proposal: &MappingProposal,
    through: &MethodologyRef,
    at: Timestamp,
) -> Option<(MappingRef, MappingRef)> {
    let active = |from: &MethodologyRef, to: &MethodologyRef, place: RegionCode| {
        let found = governance.mapping_versions.iter().filter(|(_, version)| {
            let of_pair = version
                .content
                .proposal
                .as_ref()
                .is_some_and(|one| one.origin == *from && one.target == *to && one.through.is_none());
            let fits = version
                .record()
                .is_some_and(|record| covers(record, proposal, at) && record.to.contains(&place));
            of_pair && fits && version.state == MappingState::Active
        });
        found
            .map(|(mapping, _)| mapping.clone())
            .max_by_key(MappingRef::version)
    };
    active(&proposal.origin, through, RegionCode::CHINA).zip(active(through, &proposal.target, proposal.to))
}

/// True if a leg is valid at `at`, and was computed for the acts of the proposal: both legs take the origin's parameters.
fn covers(leg: &MappingRecord, proposal: &MappingProposal, at: Timestamp) -> bool {
    let years = leg
        .vintages
        .is_none_or(|(first, last)| first <= proposal.vintage_first && proposal.vintage_last <= last);
    let place = leg
        .source_region
        .is_none_or(|region| holds(region, proposal.source_region));
    leg.valid_from <= at && at < leg.valid_until && years && place
}

/// True if acts of `place` are acts of `region`: the country's are those of every place.
pub(super) fn holds(region: RegionCode, place: RegionCode) -> bool {
    region == RegionCode::CHINA || region.contains(&place)
}

fn relation(governance: &Governance, mapping: &MappingRef) -> Relation {
    let record = governance.mapping_versions.get(mapping).and_then(|one| one.record());
    record.map_or(Relation::Close, |record| Relation::of_predicate(record.predicate))
}

fn leg_input(governance: &Governance, mapping: &MappingRef) -> Option<InputRef> {
    let record = governance.mapping_versions.get(mapping)?.record()?;
    Some(InputRef {
        kind: InputKind::Mapping,
        id: mapping.to_string(),
        sha256: record.sha256(),
        expires: Some(record.valid_until),
    })
}

/// The inputs of all years, each once.
fn all_inputs<'a>(assessments: impl Iterator<Item = &'a Assessment>) -> Vec<InputRef> {
    let mut inputs: Vec<InputRef> = assessments.flat_map(|one| one.inputs.iter().cloned()).collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}

fn finish(
    record: Option<MappingRecord>,
    inputs: Vec<InputRef>,
    assessment: &Assessment,
    refusals: Vec<Phrase>,
) -> Decided<Examined> {
    let mut explanation = explain(assessment);
    if record.is_none() {
        explanation.refusals.clone_from(&refusals);
    }
    let record = record.map(|record| {
        Arc::new(MappingRecord {
            explanation_sha256: Some(explanation.content_hash()),
            ..record
        })
    });
    Ok(Examined {
        record,
        inputs,
        explanation: serde_json::to_string(&explanation).map_err(Rejection::broken)?,
        refusals,
    })
}
