//! The gates of a methodology version: the attributes that pass or fail.

mod attributes;
mod scope;

use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::words;

use super::finding::{EvidenceRef, GateFinding, GateName, GateReport, Ruling, Side, Verdict};
use super::plausibility::PlausibleBands;
use crate::relation::Relation;
use crate::sheet::value::GramsRange;
use crate::sheet::{AttributeName, Attributes, Sheet, Stated};

words! {
    /// How a batch crosses.
    pub enum Mode {
        /// By the mapping's factor.
        Factor = 1 "factor",
        /// Quantified again by the target's or the reference methodology from the sealed activity data.
        Requantify = 2 "requantify",
    }
}

/// Two methodology versions that are compared, in one direction.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The one that quantified the reductions.
    pub origin: &'a Sheet,
    /// The one to which it is mapped.
    pub target: &'a Sheet,
    /// How they are said to relate.
    pub relation: Relation,
    /// How batches would cross.
    pub mode: Mode,
    /// Where the reductions would be used.
    pub to: RegionCode,
    /// For which uses recognition is asked.
    pub uses: Uses,
    /// When recognition would begin.
    pub at: Timestamp,
    /// Unit factors of origin and target, in grams for one unit of activity, as far as they can be worked out.
    pub grams: (Option<&'a GramsRange>, Option<&'a GramsRange>),
}

/// The gates of a methodology version, all of them, in their order.
#[must_use]
pub fn methodology_gates(pair: &Comparison<'_>, bands: &PlausibleBands) -> GateReport {
    GateReport(vec![
        pair.relation_gate(),
        pair.activity_gate(),
        pair.unit_gate(),
        pair.kind_and_actor_gate(),
        pair.baseline_gate(),
        pair.additionality_gate(),
        pair.monitoring_gate(),
        pair.identity_gate(),
        pair.crediting_period_gate(),
        pair.eligibility_gate(),
        pair.safeguards_gate(),
        pair.verification_gate(),
        pair.permanence_gate(),
        pair.uses_gate(),
        pair.ownership_gate(),
        pair.standing_gate(),
        pair.plausibility_gate(bands),
    ])
}

impl<'a> Comparison<'a> {
    /// A gate that compares one attribute of both.
    fn compare<T>(
        &self,
        gate: GateName,
        attribute: AttributeName,
        pick: impl Fn(&'a Attributes) -> &'a Stated<T>,
        judge: impl FnOnce(&'a T, &'a T) -> Ruling,
    ) -> GateFinding
    where
        T: 'a,
    {
        let of = |sheet: &'a Sheet| pick(&sheet.attributes).value();
        let ruling = match (of(self.origin), of(self.target)) {
            (Some(origin), Some(target)) => judge(origin, target),
            (origin, target) => not_known(attribute, origin.is_none(), target.is_none()),
        };
        ruling.at(gate, self.both(&[attribute]))
    }

    /// A gate that looks at the origin alone.
    fn look<T>(
        &self,
        gate: GateName,
        attribute: AttributeName,
        value: Option<&'a T>,
        judge: impl FnOnce(&'a T) -> Ruling,
    ) -> GateFinding {
        let ruling = value.map_or_else(|| not_known(attribute, true, false), judge);
        ruling.at(gate, vec![EvidenceRef::of(Side::Origin, self.origin, attribute)])
    }

    fn both(&self, attributes: &[AttributeName]) -> Vec<EvidenceRef> {
        let sides = [(Side::Origin, self.origin), (Side::Target, self.target)];
        attributes
            .iter()
            .flat_map(|name| sides.map(|(side, sheet)| EvidenceRef::of(side, sheet, *name)))
            .collect()
    }

    fn plausibility_gate(&self, bands: &PlausibleBands) -> GateFinding {
        let origin = bands.judge(self.origin, self.grams.0);
        let target = bands.judge(self.target, self.grams.1);
        let worst = |a: Verdict, b: Verdict| match (a, b) {
            (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
            (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
            _ => Verdict::Pass,
        };
        let verdict = worst(origin.0, target.0);
        let (zh, en) = (
            format!("{}；{}", origin.1.zh, target.1.zh),
            format!("{}; {}", origin.1.en, target.1.en),
        );
        Ruling(verdict, crate::phrase::Phrase::new(zh, en))
            .at(GateName::Plausibility, self.both(&[AttributeName::UnitFactor]))
    }
}

/// What is not known, and of whom.
fn not_known(attribute: AttributeName, origin: bool, target: bool) -> Ruling {
    let title = attribute.title();
    let (zh, en) = match (origin, target) {
        (true, true) => ("双方", "either methodology"),
        (true, false) => ("来源方法学", "the origin's methodology"),
        _ => ("目标方法学", "the target's methodology"),
    };
    Ruling::unknown(
        format!("{zh}的{}未知", title.zh),
        format!("the {} of {en} is not known", title.en),
    )
}
