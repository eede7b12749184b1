//! One question, answered with its whole record.

use rust_decimal::Decimal;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;

use super::formula::{Computation, compute, requantified};
use super::inputs::{InputKind, InputRef};
use super::raise::{Raise, raises};
use super::resolve::{Assumption, Missing, Resolution, resolve};
use super::validity::{ValidityBound, validity};
use crate::factors::GridFactors;
use crate::gates::{
    Comparison, GateReport, Judged, Mode, NodeFacts, PlausibleBands, Verdict, baselines_differ, methodology_gates,
    node_gates,
};
use crate::gwp::GwpTable;
use crate::phrase::Phrase;
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::Sheet;
use crate::unit::{Conversion, Unit};

/// The published data that every assessment may use.
#[derive(Debug, Clone, Copy)]
pub struct Library<'a> {
    /// Factors of electricity grids.
    pub grid: &'a GridFactors,
    /// Global warming potentials.
    pub gwp: &'a GwpTable,
    /// Plausible bands.
    pub bands: &'a PlausibleBands,
}

/// Whether, and at which factor, reductions of one methodology could be recognised by another's.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The methodology that quantified the reductions.
    pub origin: &'a Sheet,
    /// The methodology of the region where they would be used, or the reference methodology that it adopted.
    pub target: &'a Sheet,
    /// A reference methodology that may bound the factor as well.
    pub reference: Option<&'a Sheet>,
    /// How origin and target are said to relate.
    pub relation: Relation,
    /// How batches would cross.
    pub mode: Mode,
    /// Where the reductions would be used.
    pub to: RegionCode,
    /// Where the acts took place: its parameters count, in both methodologies.
    pub source_region: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// For which uses recognition is asked.
    pub uses: Uses,
    /// When it would begin; only what was published by then counts.
    pub at: Timestamp,
    /// When it should end, if earlier than it must.
    pub until: Option<Timestamp>,
    /// What the hub knows about the origin's member.
    pub node: NodeFacts,
}

impl<'a> Question<'a> {
    pub(super) fn comparison(&self) -> Comparison<'a> {
        Comparison {
            origin: self.origin,
            target: self.target,
            relation: self.relation,
            mode: self.mode,
            to: self.to,
            uses: self.uses,
            at: self.at,
            grams: (None, None),
        }
    }
}

/// The answer, with everything that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The origin's methodology.
    pub origin: MethodologyRef,
    /// The target's methodology.
    pub target: MethodologyRef,
    /// True if the target is a reference methodology, so that it is no region's counterpart.
    pub target_is_reference: bool,
    /// The reference methodology that may bound as well.
    pub reference: Option<MethodologyRef>,
    /// How they are said to relate.
    pub relation: Relation,
    /// How batches would cross.
    pub mode: Mode,
    /// True if only batches whose activity data travel may cross: the baselines differ, which no factor of a mapping repairs.
    pub needs_activity_data: bool,
    /// Where the reductions would be used.
    pub to: RegionCode,
    /// Where the acts took place.
    pub source_region: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// When recognition would begin.
    pub from: Timestamp,
    /// When it would end, and why then.
    pub validity: ValidityBound,
    /// The uses that are asked for and permitted by both.
    pub uses: Uses,
    /// The gates of node and methodology version.
    pub gates: GateReport,
    /// The arithmetic; absent if evidence is missing.
    pub computation: Option<Computation>,
    /// Evidence without which there is no factor.
    pub missing: Vec<Missing>,
    /// What was taken for what is not said.
    pub assumptions: Vec<Assumption>,
    /// What it rests on.
    pub inputs: Vec<InputRef>,
    /// What would raise the factor, the most first.
    pub raises: Vec<Raise>,
    /// True if one of the sheets holds figures for demonstration.
    pub demonstration: bool,
}

impl Assessment {
    /// The factor at which a mapping may recognise; `None` if a gate is not open, evidence is missing, or nothing would be left.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        let factor = self.computation.as_ref()?.factor;
        (self.gates.passes() && factor != Factor::ZERO).then_some(factor)
    }

    /// Why there is no factor; empty if there is one.
    #[must_use]
    pub fn refusals(&self) -> Vec<Phrase> {
        if self.factor().is_some() {
            return Vec::new();
        }
        let gates = [Verdict::Fail, Verdict::Unknown]
            .into_iter()
            .flat_map(|verdict| self.gates.with(verdict));
        let mut refusals: Vec<Phrase> = gates.map(|finding| finding.statement.clone()).collect();
        refusals.extend(self.missing.iter().map(|missing| missing.statement.clone()));
        if refusals.is_empty() {
            refusals.push(Phrase::new(
                "系数为 0，没有可认可的数量",
                "the factor is 0: nothing would be recognised",
            ));
        }
        refusals
    }
}

/// Runs the gates and computes the factor.
#[must_use]
pub fn assess(question: &Question<'_>, library: &Library<'_>) -> Assessment {
    let found = resolve(question, library);
    let gates = gates(question, library, &found);
    let computation = found.inputs.as_ref().and_then(compute);
    let inputs = inputs(question, library, &found);
    let sheets: Vec<&Sheet> = [Some(question.origin), Some(question.target), question.reference]
        .into_iter()
        .flatten()
        .collect();
    let permitted = |sheet: &Sheet| sheet.attributes.uses.value().map_or(Uses::NONE, |uses| uses.0);
    Assessment {
        origin: question.origin.methodology.clone(),
        target: question.target.methodology.clone(),
        target_is_reference: question.target.reference,
        reference: question.reference.map(|sheet| sheet.methodology.clone()),
        relation: question.relation,
        mode: question.mode,
        needs_activity_data: baselines_differ(question.origin, question.target),
        to: question.to,
        source_region: question.source_region,
        vintage: question.vintage,
        from: question.at,
        validity: validity(question.at, question.until, &sheets, &inputs),
        uses: question
            .uses
            .and(permitted(question.origin))
            .and(permitted(question.target)),
        raises: raises(question, &found, computation.as_ref(), &gates),
        demonstration: sheets.iter().any(|sheet| sheet.demonstration),
        gates,
        computation,
        missing: found.missing,
        assumptions: found.assumptions,
        inputs,
    }
}

fn gates(question: &Question<'_>, library: &Library<'_>, found: &Resolution) -> GateReport {
    let mut gates = node_gates(&question.node);
    gates
        .0
        .extend(methodology_gates(&compared(question, found), library.bands).0);
    gates
}

fn compared<'a>(question: &Question<'a>, found: &'a Resolution) -> Comparison<'a> {
    Comparison {
        grams: (found.origin_grams.as_ref(), found.target_grams.as_ref()),
        ..question.comparison()
    }
}

/// The gates of the methodology version and the factor alone: what a search over many pairs needs.
pub(crate) fn glance(question: &Question<'_>, library: &Library<'_>) -> (Vec<Judged>, Option<Factor>) {
    let found = resolve(question, library);
    let factor = found
        .inputs
        .as_ref()
        .and_then(compute)
        .map(|computation| computation.factor);
    (compared(question, &found).judge_all(library.bands), factor)
}

fn inputs(question: &Question<'_>, library: &Library<'_>, found: &Resolution) -> Vec<InputRef> {
    let sheet = |sheet: &Sheet| InputRef {
        kind: InputKind::Sheet,
        id: sheet.methodology.to_string(),
        sha256: sheet.content_hash(),
        expires: None,
    };
    let table = |kind: InputKind, sha256| InputRef {
        kind,
        id: kind.to_string(),
        sha256,
        expires: None,
    };
    let sheets = [Some(question.origin), Some(question.target), question.reference];
    let mut inputs: Vec<InputRef> = sheets.into_iter().flatten().map(sheet).collect();
    inputs.extend(found.records.iter().cloned());
    inputs.push(table(InputKind::GwpTable, library.gwp.content_hash()));
    inputs.push(table(InputKind::PlausibleBands, library.bands.content_hash()));
    inputs
}

/// The factor of one batch whose activity data travel, from `D` as its issuance sealed it; every part of the batch crosses at it
/// in place of the mapping's factor. `unit` is the origin's unit of activity in which the candidates are counted.
///
/// `None` if there is no factor at all, nothing was issued, or `D` is in a unit that does not convert.
#[must_use]
pub fn batch_factor(
    assessment: &Assessment,
    origin: &Sheet,
    issued: Grams,
    activity_total: Decimal,
    unit: &Unit,
) -> Option<Factor> {
    assessment.factor()?;
    let counted = origin.attributes.activity_unit.value()?;
    let Conversion::By(units) = unit.conversion(counted) else {
        return None;
    };
    requantified(
        assessment.computation.as_ref()?,
        issued,
        &(&Ratio::of(activity_total) * &units),
    )
}
