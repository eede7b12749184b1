//! What a gate found.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::words;

use crate::phrase::Phrase;
use crate::sheet::{AttributeName, Evidence, Sheet};

words! {
    /// What a gate says.
    pub enum Verdict {
        /// It is open.
        Pass = 1 "pass",
        /// It is shut.
        Fail = 2 "fail",
        /// Something is not known; until it is, the gate is shut.
        Unknown = 3 "unknown",
    }
}

words! {
    /// Of which methodology a statement is.
    pub enum Side {
        /// The one that quantified the reductions.
        Origin = 1 "origin",
        /// The one to which it is mapped.
        Target = 2 "target",
        /// The reference methodology.
        Reference = 3 "reference",
    }
}

impl Side {
    /// Its name for people.
    #[must_use]
    pub fn title(self) -> Phrase {
        let (zh, en) = match self {
            Self::Origin => ("来源方法学", "the origin's methodology"),
            Self::Target => ("目标方法学", "the target's methodology"),
            Self::Reference => ("基准方法学", "the reference methodology"),
        };
        Phrase::new(zh, en)
    }
}

words! {
    /// A gate. Numbers from 1 are gates of the node, from 10 of the methodology version, from 40 of the batch.
    pub enum GateName {
        /// The member is in good standing.
        NodeStanding = 1 "node-standing",
        /// Its registry functions are proven by the conformance suite.
        NodeConformance = 2 "node-conformance",
        /// Its verification bodies are listed.
        NodeVerifiers = 3 "node-verifiers",
        /// The claimed relation is the one that the activities have.
        Relation = 10 "relation",
        /// The activities are the same, or one contains the other.
        Activity = 11 "activity",
        /// The units convert without knowledge from outside.
        ActivityUnit = 12 "activity-unit",
        /// Kind and actor are the same, or the reduction belongs to one party.
        KindAndActor = 13 "kind-and-actor",
        /// The baselines are of one type, or activity data travel.
        Baseline = 14 "baseline",
        /// The target's tests of additionality are met.
        Additionality = 15 "additionality",
        /// The activity is measured, not reported by the actor.
        Monitoring = 16 "monitoring",
        /// Overlaps can be found.
        Identity = 17 "identity",
        /// Some vintage is credited by both.
        CreditingPeriod = 18 "crediting-period",
        /// The target's limits of eligibility are kept.
        Eligibility = 19 "eligibility",
        /// Double counting is excluded against the same schemes.
        Safeguards = 20 "safeguards",
        /// Verification is at the target's level.
        Verification = 21 "verification",
        /// Carbon stays bound as long as the target demands.
        Permanence = 22 "permanence",
        /// Both permit a use that is asked for.
        Uses = 23 "uses",
        /// The owner's consent or assignment is on file.
        Ownership = 24 "ownership",
        /// Both are in force.
        Standing = 25 "standing",
        /// The unit factors are plausible, or their issuer confirmed them.
        Plausibility = 26 "plausibility",
        /// The vintage is credited by both, and not too old.
        BatchVintage = 40 "batch-vintage",
        /// The methodology was in force when the acts took place.
        BatchStanding = 41 "batch-standing",
        /// The use is permitted by both.
        BatchUse = 42 "batch-use",
        /// No other methodology counted the same reduction.
        BatchOverlap = 43 "batch-overlap",
        /// The issuer declared in which other schemes the activities take part.
        BatchDeclarations = 44 "batch-declarations",
        /// The quantity is issued and verified, not merely recorded.
        BatchIssued = 45 "batch-issued",
        /// The batch is of an activity that both cover.
        BatchActivity = 46 "batch-activity",
        /// The batch keeps the target's limits.
        BatchEligibility = 47 "batch-eligibility",
        /// The batch was quantified within its methodology's own factor.
        BatchFactor = 48 "batch-factor",
    }
}

/// An attribute on which a gate's finding rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRef {
    /// Of which methodology.
    pub side: Side,
    /// Which attribute.
    pub attribute: AttributeName,
    /// Its value; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How it is known.
    pub evidence: Evidence,
}

impl EvidenceRef {
    /// An attribute of a sheet.
    #[must_use]
    pub fn of(side: Side, sheet: &Sheet, attribute: AttributeName) -> Self {
        let cell = sheet.attributes.cell(attribute);
        Self {
            side,
            attribute,
            value: cell.value,
            evidence: cell.evidence,
        }
    }
}

/// What one gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFinding {
    /// Which gate.
    pub gate: GateName,
    /// What it says.
    pub verdict: Verdict,
    /// Why, for people.
    pub statement: Phrase,
    /// On what it rests.
    pub evidence: Vec<EvidenceRef>,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruling(pub(crate) Verdict, pub(crate) Phrase);

impl Ruling {
    pub(crate) fn pass(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Verdict::Pass, Phrase::new(zh, en))
    }

    pub(crate) fn fail(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Verdict::Fail, Phrase::new(zh, en))
    }

    pub(crate) fn unknown(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Verdict::Unknown, Phrase::new(zh, en))
    }

    pub(crate) fn pass_if(passes: bool, pass: (&str, &str), fail: (&str, &str)) -> Self {
        if passes {
            Self::pass(pass.0, pass.1)
        } else {
            Self::fail(fail.0, fail.1)
        }
    }

    pub(crate) fn at(self, gate: GateName, evidence: Vec<EvidenceRef>) -> GateFinding {
        GateFinding {
            gate,
            verdict: self.0,
            statement: self.1,
            evidence,
        }
    }
}

/// What all gates of one stage found, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GateReport(pub Vec<GateFinding>);

impl GateReport {
    /// True if every gate is open.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.0.iter().all(|finding| finding.verdict == Verdict::Pass)
    }

    /// The findings with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &GateFinding> {
        self.0.iter().filter(move |finding| finding.verdict == verdict)
    }

    /// What one gate found.
    #[must_use]
    pub fn finding(&self, gate: GateName) -> Option<&GateFinding> {
        self.0.iter().find(|finding| finding.gate == gate)
    }
}
