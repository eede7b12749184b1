//! The mappings of the hub as a set, and proposals from one.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use tanqiao_protocol::id::{Name, NodeId, Sha256, TrustDomain};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::curie::Curie;
use super::extension::{ExtensionSlot, six_places};
use super::header::{Metadata, MetadataValue};
use super::slots::Justification;
use super::{MappingSetFile, SssomMapping};
use crate::gates::Mode;
use crate::relation::Relation;
use tanqiao_protocol::mapping::{MappingState, Party};

/// The names of a federation, under its trust domain.
#[derive(Debug, Clone)]
pub struct Namespace {
    base: String,
}

const METHODOLOGY: &str = "tqm";
const REGION: &str = "tqr";
const MAPPING: &str = "tqmap";
const EXTENSION: &str = "tqx";

impl Namespace {
    /// The names of a federation.
    #[must_use]
    pub fn of(domain: &TrustDomain) -> Self {
        Self {
            base: format!("https://{}/", domain.as_str()),
        }
    }

    /// The header of a set of this federation.
    fn metadata(&self, name: &str, license: &str) -> Metadata {
        let mut metadata = Metadata::default();
        for (prefix, part) in [
            (METHODOLOGY, "methodology"),
            (REGION, "region"),
            (MAPPING, "mapping"),
            (EXTENSION, "extension"),
        ] {
            // A trust domain is a DNS name, so that these are absolute, and each stands once.
            let _ = metadata.curies.declare(prefix, &format!("{}{part}/", self.base));
        }
        let one = |text: String| MetadataValue::One(text);
        metadata
            .slots
            .insert("mapping_set_id", one(format!("{}mapping-set/{name}", self.base)));
        metadata.slots.insert("license", one(license.into()));
        metadata.slots.insert("sssom_version", one("1.1".into()));
        metadata.slots.insert("subject_type", one("rdfs resource".into()));
        metadata.slots.insert("object_type", one("rdfs resource".into()));
        metadata.extensions = ExtensionSlot::ALL
            .iter()
            .map(|slot| slot.definition(EXTENSION))
            .collect();
        metadata
    }
}

/// A mapping of the hub, with what a reader of the file wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GovernedMapping {
    /// The signed record.
    pub record: MappingRecord,
    /// SHA-256 of the signed payload, by which the row points to it.
    pub record_sha256: Sha256,
    /// Its state.
    pub state: MappingState,
    /// The methodology on the right: the record's counterpart, or the reference methodology.
    pub target: MethodologyRef,
    /// English titles of both.
    pub titles: (String, String),
    /// How batches cross.
    pub mode: Mode,
    /// On what the statement rests.
    pub justification: Justification,
    /// Confidence from 0 to 1, where it is stated; the file says 0 where it is not.
    pub confidence: Option<Decimal>,
    /// The group of methodologies that may count the same reduction.
    pub overlap_group: Option<Name>,
    /// SHA-256 of the explanation.
    pub explanation_sha256: Option<Sha256>,
    /// The version of the same mapping before this one.
    pub replaces: Option<MappingRef>,
    /// Who endorsed the record: a party, and the member that spoke for it; none where the hub's officers did.
    pub endorsements: Vec<(Party, Option<NodeId>)>,
    /// The officers who approved it.
    pub approvals: Vec<Name>,
}

/// The hub's mappings as a set. `license` is an IRI.
///
/// # Errors
/// A name that cannot stand in a file; the names of the protocol all can.
pub fn governed_set(
    namespace: &Namespace,
    name: &str,
    license: &str,
    mappings: &[GovernedMapping],
) -> Result<MappingSetFile, String> {
    Ok(MappingSetFile {
        metadata: namespace.metadata(name, license),
        mappings: mappings.iter().map(row).collect::<Result<_, _>>()?,
    })
}

fn row(one: &GovernedMapping) -> Result<SssomMapping, String> {
    let record = &one.record;
    let cells = terms(one).into_iter().chain(standing(one));
    let extensions = cells
        .filter_map(|(slot, text)| Some((slot.to_string(), text?)))
        .collect();
    let slots = BTreeMap::from([
        ("subject_label", one.titles.0.clone()),
        ("object_label", one.titles.1.clone()),
        ("subject_source_version", record.origin.version().to_string()),
        ("object_source_version", one.target.version().to_string()),
        ("comment", record.reason_en.replace(char::is_control, " ")),
    ]);
    Ok(SssomMapping {
        record_id: Some(Curie::new(MAPPING, &record.mapping.to_string())?),
        subject: Curie::new(METHODOLOGY, &record.origin.to_string())?,
        relation: Relation::of_predicate(record.predicate),
        negated: one.state == MappingState::Rejected,
        object: Some(Curie::new(METHODOLOGY, &one.target.to_string())?),
        justification: one.justification,
        // A row without it would count as certain.
        confidence: Some(one.confidence.unwrap_or_default()),
        slots,
        extensions,
    })
}

type ExtensionCell = (ExtensionSlot, Option<String>);

/// What the record says: factor, uses, cap, validity.
fn terms(one: &GovernedMapping) -> Vec<ExtensionCell> {
    use ExtensionSlot as Slot;
    let record = &one.record;
    let factor_slot = if was_approved(one.state) {
        Slot::Factor
    } else {
        Slot::FactorForward
    };
    let uses = record.uses.iter().map(|one| one.word().to_owned());
    let through = record.through.as_ref();
    vec![
        (factor_slot, Some(record.factor.to_string())),
        (Slot::Buffer, Some(record.buffer.to_string())),
        (Slot::Mode, Some(one.mode.to_string())),
        (Slot::To, Some(record.to.to_string())),
        (Slot::Purposes, joined(uses)),
        (Slot::CapGrams, record.cap_g.map(|cap| cap.get().to_string())),
        (Slot::ValidFrom, Some(record.valid_from.to_string())),
        (Slot::ValidUntil, Some(record.valid_until.to_string())),
        (Slot::Reference, record.reference.as_ref().map(ToString::to_string)),
        (
            Slot::Through,
            through.map(|legs| format!("{}|{}", legs.first, legs.second)),
        ),
        (
            Slot::SourceRegion,
            record.source_region.map(|region| region.to_string()),
        ),
        (
            Slot::Vintages,
            record.vintages.map(|(first, last)| format!("{first}..{last}")),
        ),
        (Slot::Demonstration, record.demonstration.then(|| "true".into())),
    ]
}

/// Where it stands, by whose word, and what it rests on.
fn standing(one: &GovernedMapping) -> Vec<ExtensionCell> {
    use ExtensionSlot as Slot;
    vec![
        (Slot::State, Some(one.state.to_string())),
        (Slot::FactorRecord, Some(one.record_sha256.to_string())),
        (
            Slot::Explanation,
            one.explanation_sha256.as_ref().map(ToString::to_string),
        ),
        (Slot::OverlapGroup, one.overlap_group.as_ref().map(ToString::to_string)),
        (Slot::Version, Some(one.record.mapping.version().to_string())),
        (Slot::Replaces, one.replaces.as_ref().map(ToString::to_string)),
        (Slot::Endorsements, joined(one.endorsements.iter().map(endorsement))),
        (Slot::Approvals, joined(one.approvals.iter().map(ToString::to_string))),
    ]
}

fn endorsement((party, member): &(Party, Option<NodeId>)) -> String {
    let member = member.as_ref().map_or_else(String::new, |member| format!("={member}"));
    format!("{party}{member}")
}

/// Several values of a cell; nothing for none.
fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("|"))
}

/// True if both regions and two officers stand behind the factor, or once did: before, it is for review only.
const fn was_approved(state: MappingState) -> bool {
    match state {
        MappingState::Active
        | MappingState::Suspended
        | MappingState::Superseded
        | MappingState::Expired
        | MappingState::Revoked => true,
        MappingState::Draft
        | MappingState::Candidate
        | MappingState::EvidenceComplete
        | MappingState::SourceEndorsed
        | MappingState::TargetEndorsed
        | MappingState::Rejected => false,
    }
}

/// What a row proposes. Its factor is what someone wrote into a file: the hub computes its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedMapping {
    /// The methodology on the left.
    pub origin: MethodologyRef,
    /// The methodology on the right.
    pub target: MethodologyRef,
    /// How they are said to relate.
    pub relation: Relation,
    /// True if the row says that they do not.
    pub negated: bool,
    /// Where the reductions would become usable.
    pub to: Option<RegionCode>,
    /// How batches would cross.
    pub mode: Option<Mode>,
    /// The factor that the file names: an approved one, else one for review.
    pub factor: Option<Factor>,
    /// The share for the buffer that it names.
    pub buffer: Option<Factor>,
    /// The uses.
    pub uses: Uses,
    /// The most grams given in a calendar year.
    pub cap_g: Option<Grams>,
    /// The validity that it names.
    pub valid: (Option<Timestamp>, Option<Timestamp>),
}

impl ProposedMapping {
    /// What a row proposes.
    ///
    /// # Errors
    /// The slot that does not say it, and why: an id without a version, or no counterpart at all.
    pub fn of(row: &SssomMapping) -> Result<Self, (&'static str, String)> {
        let version = |slot, curie: &Curie| {
            let read: Result<MethodologyRef, _> = curie.local().parse();
            read.map_err(|error| (slot, error.to_string()))
        };
        let object = row
            .object
            .as_ref()
            .ok_or(("object_id", "no counterpart was found".to_owned()))?;
        let text = |slot: ExtensionSlot| row.extensions.get(slot.word()).map(String::as_str);
        let millionths = |slot| {
            let share = six_places(text(slot)?).ok()?;
            Factor::new(share.checked_mul(Decimal::from(1_000_000))?.to_i64()?).ok()
        };
        let purposes = text(ExtensionSlot::Purposes).unwrap_or_default().split('|');
        Ok(Self {
            origin: version("subject_id", &row.subject)?,
            target: version("object_id", object)?,
            relation: row.relation,
            negated: row.negated,
            to: text(ExtensionSlot::To).and_then(|code| code.parse().ok()),
            mode: text(ExtensionSlot::Mode).and_then(|mode| mode.parse().ok()),
            factor: millionths(ExtensionSlot::Factor).or_else(|| millionths(ExtensionSlot::FactorForward)),
            buffer: millionths(ExtensionSlot::Buffer),
            uses: purposes.filter_map(|word| word.parse::<Use>().ok()).collect(),
            cap_g: text(ExtensionSlot::CapGrams).and_then(|cap| Grams::new(cap.parse().ok()?).ok()),
            valid: (
                text(ExtensionSlot::ValidFrom).and_then(|at| at.parse().ok()),
                text(ExtensionSlot::ValidUntil).and_then(|at| at.parse().ok()),
            ),
        })
    }
}
