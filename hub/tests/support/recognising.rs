//! Mappings in tests, by the whole way: sheets, a proposal, both endorsements, two officers.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::Registry;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingEndorsement, MappingProposal, MappingState, Mode};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::view::Outcome;

use super::Federation;

/// A rail transit sheet of which everything is known, at `unit_factor` grams for one kilometre.
pub fn sheet(methodology: &str, region: Option<&str>, unit_factor: &str) -> Sheet {
    sheet_with(methodology, region, unit_factor, &[])
}

/// [`sheet`] with other values of some attributes; `None` for unknown.
pub fn sheet_with(
    methodology: &str,
    region: Option<&str>,
    unit_factor: &str,
    others: &[(&str, Option<&str>)],
) -> Sheet {
    let text = include_str!("../../../mappings/vectors/sheet.json");
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let factor = format!("{unit_factor} g{{CO2}}/km");
    value["methodology"] = methodology.into();
    value["confirmation"]["unit_factor"] = factor.as_str().into();
    match region {
        Some(code) => value["region"] = code.into(),
        None => value["reference"] = true.into(),
    }
    let changes = [("unit-factor", Some(factor.as_str()))];
    for (attribute, text) in changes.iter().chain(others) {
        let attributes = value["attributes"].as_array_mut().unwrap();
        let cell = attributes
            .iter_mut()
            .find(|one| one["attribute"] == *attribute)
            .unwrap();
        match text {
            Some(text) => cell["value"] = (*text).into(),
            None => *cell = serde_json::json!({ "attribute": attribute, "status": "unknown", "source": "not said" }),
        }
    }
    serde_json::from_value(value).unwrap()
}

impl Federation {
    /// Publishes a member's sheet.
    pub fn publish_sheet(&self, member: &str, sheet: Sheet) -> Result<Outcome, Problem> {
        self.by_member(member, Body::Sheet(Box::new(sheet)))
    }

    /// Publishes a reference methodology's sheet.
    pub fn publish_reference(&self, sheet: Sheet) -> Result<Outcome, Problem> {
        self.by_officers(&["first-officer"], Decision::PutSheet(Box::new(sheet)))
    }

    /// What the officers know of a member's registry: all that a mapping needs.
    pub fn prove_registry(&self, member: &str) {
        let registry = Registry {
            conformance_report: Some(Sha256::of(b"conformance")),
            verification_bodies: vec!["test body".to_owned()],
        };
        let member = member.parse().unwrap();
        self.by_officers(&["first-officer"], Decision::SetRegistry { member, registry })
            .unwrap();
    }

    /// The sheets and proofs from which a mapping gets the factor of `record`: the origin counts 98 g for one kilometre, a
    /// reference methodology of the mapping's own as many grams as the factor is per cent, and 0.98 is for the least uncertainty that
    /// two methodologies have. Gives what is to be proposed.
    pub fn ground(&self, from: &str, record: &MappingRecord) -> Result<MappingProposal, Problem> {
        let governance = self.sequencer.governance();
        if let Some(published) = governance.methodologies.get(&record.origin) {
            let region = published.content.region.to_string();
            if !governance.registries.contains_key(&published.publisher) {
                self.prove_registry(from);
            }
            if !governance.sheets.contains_key(&record.origin) {
                let sheet = sheet(&record.origin.to_string(), Some(&region), "98");
                self.publish_sheet(from, sheet)?;
            }
        }
        let reference = format!("REF-{}-{}.v1", record.mapping.id(), record.mapping.version());
        let millionths = record.factor.millionths();
        let grams = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
        let target = sheet(&reference, None, grams.trim_end_matches('0').trim_end_matches('.'));
        if !governance.sheets.contains_key(&target.methodology) {
            self.publish_reference(target.clone())?;
        }
        let mut proposal = proposal(record, &target);
        if let Some(published) = governance.methodologies.get(&record.origin) {
            proposal.source_region = published.content.region;
        }
        Ok(proposal)
    }

    /// Lets `record` recognise by the whole way; the first refusal on it.
    pub fn open_mapping(&self, from: &str, record: &MappingRecord) -> Result<Outcome, Problem> {
        self.agree_on_mapping(from, record)?;
        self.approve(&["first-officer", "second-officer"], &record.mapping)
    }

    /// The whole way up to the officers.
    pub fn agree_on_mapping(&self, from: &str, record: &MappingRecord) -> Result<Outcome, Problem> {
        let proposal = self.ground(from, record)?;
        self.by_member(from, Body::MappingProposal(Box::new(proposal)))?;
        self.endorse(from, &record.mapping)?;
        self.endorse(record.endorsed_by.as_str(), &record.mapping)
    }

    /// A member endorses the record that stands.
    pub fn endorse(&self, member: &str, mapping: &MappingRef) -> Result<Outcome, Problem> {
        let content = MappingEndorsement {
            mapping: mapping.clone(),
            record_sha256: self.record_sha256(mapping),
        };
        self.by_member(member, Body::MappingEndorsement(content))
    }

    /// Officers approve the record that stands.
    pub fn approve(&self, officers: &[&str], mapping: &MappingRef) -> Result<Outcome, Problem> {
        let decision = Decision::ApproveMapping {
            mapping: mapping.clone(),
            record_sha256: self.record_sha256(mapping),
        };
        self.by_officers(officers, decision)
    }

    /// The hash of the record that stands; of nothing where there is none.
    pub fn record_sha256(&self, mapping: &MappingRef) -> Sha256 {
        let governance = self.sequencer.governance();
        let version = governance.mapping_versions.get(mapping);
        version
            .and_then(|version| version.record())
            .map_or_else(|| Sha256::of(b""), |record| record.sha256())
    }

    /// Where a mapping stands.
    pub fn mapping_state(&self, mapping: &str) -> MappingState {
        let governance = self.sequencer.governance();
        governance
            .mapping_versions
            .get(&mapping.parse().unwrap())
            .unwrap()
            .state
    }
}

/// A proposal that asks for what a record says.
pub fn proposal(record: &MappingRecord, target: &Sheet) -> MappingProposal {
    MappingProposal {
        mapping: record.mapping.clone(),
        origin: record.origin.clone(),
        target: target.methodology.clone(),
        reference: None,
        through: None,
        predicate: record.predicate,
        mode: Mode::Factor,
        to: record.to,
        endorsed_by: record.endorsed_by.clone(),
        source_region: record.source_region.unwrap_or(record.to),
        vintage_first: 2020,
        vintage_last: 2029,
        uses: record.uses,
        buffer: record.buffer,
        cap_g: record.cap_g,
        valid_from: record.valid_from,
        valid_until: Some(record.valid_until),
        draft: false,
    }
}
