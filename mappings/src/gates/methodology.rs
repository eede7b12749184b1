//! The gates of a methodology version: the attributes that pass or fail.

mod attributes;
mod scope;

use tanqiao_protocol::mapping::Mode;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;

use super::finding::{EvidenceRef, GateFinding, GateName, GateReport, Ruling, Side, Verdict};
use super::plausibility::PlausibleBands;
use crate::phrase::Phrase;
use crate::relation::Relation;
use crate::sheet::value::GramsRange;
use crate::sheet::{AttributeName, Attributes, Sheet, Stated};

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
    /// Unit factors of origin and target, in grams for one of the **origin's** unit of activity, as far as they can be worked out.
    pub grams: (Option<&'a GramsRange>, Option<&'a GramsRange>),
}

/// The gates of a methodology version, all of them, in their order.
#[must_use]
pub fn methodology_gates(pair: &Comparison<'_>, bands: &PlausibleBands) -> GateReport {
    let judged = pair.judge_all(bands).into_iter();
    GateReport(judged.map(|judged| judged.with_evidence(pair)).collect())
}

/// What a gate says, and on what it rests.
pub(crate) struct Judged {
    pub(crate) gate: GateName,
    pub(crate) ruling: Ruling,
    attribute: AttributeName,
    sides: &'static [Side],
}

const BOTH: &[Side] = &[Side::Origin, Side::Target];
const ORIGIN: &[Side] = &[Side::Origin];

impl Judged {
    /// The finding, with the attribute as the sheets state it.
    fn with_evidence(self, pair: &Comparison<'_>) -> GateFinding {
        let of = |side: &Side| {
            let sheet = if *side == Side::Origin {
                pair.origin
            } else {
                pair.target
            };
            EvidenceRef::of(*side, sheet, self.attribute)
        };
        let evidence = self.sides.iter().map(of).collect();
        self.ruling.at(self.gate, evidence)
    }
}

impl Ruling {
    /// As the finding of a gate that rests on an attribute of both.
    fn of_both(self, gate: GateName, attribute: AttributeName) -> Judged {
        Judged {
            gate,
            ruling: self,
            attribute,
            sides: BOTH,
        }
    }
}

impl<'a> Comparison<'a> {
    /// Every gate, without the evidence: what a search over many pairs needs.
    pub(crate) fn judge_all(&self, bands: &PlausibleBands) -> Vec<Judged> {
        vec![
            self.relation_gate(),
            self.activity_gate(),
            self.unit_gate(),
            self.kind_and_actor_gate(),
            self.baseline_gate(),
            self.additionality_gate(),
            self.monitoring_gate(),
            self.identity_gate(),
            self.crediting_period_gate(),
            self.eligibility_gate(),
            self.safeguards_gate(),
            self.verification_gate(),
            self.permanence_gate(),
            self.uses_gate(),
            self.ownership_gate(),
            self.standing_gate(),
            self.plausibility_gate(bands),
        ]
    }

    /// A gate that compares one attribute of both.
    fn compare<T>(
        &self,
        gate: GateName,
        attribute: AttributeName,
        pick: impl Fn(&'a Attributes) -> &'a Stated<T>,
        judge: impl FnOnce(&'a T, &'a T) -> Ruling,
    ) -> Judged
    where
        T: 'a,
    {
        let of = |sheet: &'a Sheet| pick(&sheet.attributes).value();
        let ruling = match (of(self.origin), of(self.target)) {
            (Some(origin), Some(target)) => judge(origin, target),
            (origin, target) => not_known(attribute, origin.is_none(), target.is_none()),
        };
        ruling.of_both(gate, attribute)
    }

    /// A gate that looks at the origin alone.
    fn look<T>(
        gate: GateName,
        attribute: AttributeName,
        value: Option<&'a T>,
        judge: impl FnOnce(&'a T) -> Ruling,
    ) -> Judged {
        Judged {
            gate,
            ruling: value.map_or_else(|| not_known(attribute, true, false), judge),
            attribute,
            sides: ORIGIN,
        }
    }

    fn plausibility_gate(&self, bands: &PlausibleBands) -> Judged {
        let counted = self.origin.attributes.activity_unit.value();
        let origin = bands.judge(self.origin, self.grams.0, counted);
        let target = bands.judge(self.target, self.grams.1, counted);
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
        Ruling(verdict, Phrase::new(zh, en)).of_both(GateName::Plausibility, AttributeName::UnitFactor)
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
