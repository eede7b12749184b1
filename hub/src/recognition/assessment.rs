//! What the hub would compute for a proposal, without proposing.

use serde::{Deserialize, Serialize};
use tanqiao_mappings::phrase::Phrase;
use tanqiao_protocol::mapping::{MappingProposal, Mode};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{BatchRule, Predicate};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use crate::ledger::decide::{Examined, examine};
use crate::ledger::hub_member;
use crate::ledger::objects::Governance;
use crate::ledger::refusal::{Decided, Rejection};

/// What would be proposed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessmentQuery {
    /// The methodology that quantified the reductions.
    pub origin: MethodologyRef,
    /// The methodology that they would count by.
    pub target: MethodologyRef,
    /// How the two relate.
    pub predicate: Predicate,
    /// Where they would be used.
    pub to: RegionCode,
    /// A reference methodology that bounds the factor as well.
    pub reference: Option<MethodologyRef>,
    /// A reference methodology through which it would be composed.
    pub through: Option<MethodologyRef>,
    /// Where the acts took place; the origin's own region when absent.
    pub source_region: Option<RegionCode>,
    /// The year of the acts; this year when absent.
    pub vintage: Option<u16>,
    /// For what; any use when absent.
    pub r#use: Option<Use>,
    /// How batches would cross; by factor when absent.
    pub mode: Option<Mode>,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Assessed {
    /// The factor at which a mapping could recognise; absent while evidence is missing or a gate is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// How the factor of a batch would follow from its activity data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchRule>,
    /// The uses that it could recognise for.
    pub uses: Uses,
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Why there is no factor; empty if there is one.
    pub refusals: Vec<Phrase>,
    /// Gates, factors, multipliers, steps, and what would raise the number.
    pub explanation: serde_json::Value,
}

/// The name under which what is only asked stands in no ledger.
const NAME: &str = "assessment";

/// What the hub would compute for a proposal at `at`. Who may propose it and whether its names are free is not looked at.
///
/// # Errors
/// A fault of the program.
pub fn assess(governance: &Governance, asked: &AssessmentQuery, at: Timestamp) -> Decided<Assessed> {
    let vintage = asked
        .vintage
        .unwrap_or_else(|| u16::try_from(at.china_year()).unwrap_or(u16::MAX));
    let proposal = MappingProposal {
        mapping: MappingRef::new(NAME, 1).map_err(Rejection::broken)?,
        origin: asked.origin.clone(),
        target: asked.target.clone(),
        reference: asked.reference.clone(),
        through: asked.through.clone(),
        predicate: asked.predicate,
        mode: asked.mode.unwrap_or(Mode::Factor),
        to: asked.to,
        endorsed_by: hub_member(),
        source_region: asked.source_region.unwrap_or_else(|| home(governance, asked)),
        vintage_first: vintage,
        vintage_last: vintage,
        uses: asked
            .r#use
            .map_or_else(|| Use::ALL.iter().copied().collect(), |one| [one].into_iter().collect()),
        buffer: Factor::ZERO,
        cap_g: None,
        valid_from: at,
        valid_until: None,
        draft: false,
    };
    let Examined {
        record,
        refusals,
        explanation,
        ..
    } = examine(governance, &proposal, at)?;
    let record = record.as_deref();
    Ok(Assessed {
        factor: record.map(|record| record.factor),
        batch: record.and_then(|record| record.batch.clone()),
        uses: record.map_or(Uses::NONE, |record| record.uses),
        valid_from: record.map(|record| record.valid_from),
        valid_until: record.map(|record| record.valid_until),
        refusals,
        explanation: serde_json::from_str(&explanation).map_err(Rejection::broken)?,
    })
}

/// The region of the origin; where the reductions would go for a methodology without one.
fn home(governance: &Governance, asked: &AssessmentQuery) -> RegionCode {
    let published = governance
        .methodologies
        .get(&asked.origin)
        .map(|one| one.content.region);
    let of_sheet = || governance.sheets.get(&asked.origin)?.sheet.region;
    published.or_else(of_sheet).unwrap_or(asked.to)
}
