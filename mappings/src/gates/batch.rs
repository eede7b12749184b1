//! The gates of a batch: what the methodologies cannot say of every batch in advance.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::finding::{GateFinding, GateName, GateReport, Ruling};
use crate::ratio::Ratio;
use crate::recognition::use_zh;
use crate::sheet::value::{GramsRange, Safeguard};
use crate::sheet::{Sheet, Stated};
use crate::unit::{Conversion, Unit};

/// What is known about one batch; `None` where it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFacts {
    /// The year of the acts.
    pub vintage: u16,
    /// When the first act began and the last ended.
    pub acts: (Timestamp, Timestamp),
    /// When it is to be recognised.
    pub recognised_at: Timestamp,
    /// For what.
    pub r#use: Use,
    /// What was issued.
    pub issued: Grams,
    /// What the verification covers.
    pub verified: Grams,
    /// The other schemes that the activities take part in, as the issuer declared them.
    pub other_schemes: Option<Vec<Name>>,
    /// Whether another methodology of the overlap group counted the same.
    pub overlap: Option<Overlap>,
    /// The activity of the batch, where its methodology covers several.
    pub activity: Option<Name>,
    /// The largest measures in the batch, such as `capacity` of 0.8 MW.
    pub measures: BTreeMap<Name, (Decimal, Unit)>,
    /// The sealed total of activity data.
    pub activity_total: Option<(Decimal, Unit)>,
}

/// What screening found in the overlap group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlap {
    /// Nothing.
    Clear,
    /// This methodology counted some of the same.
    Counted(Name),
}

/// The gates of a batch of `origin` that goes where `target` is the methodology; `source` is the range of the origin's own
/// unit factor, in grams for one unit of activity.
#[must_use]
pub fn batch_gates(origin: &Sheet, target: &Sheet, facts: &BatchFacts, source: Option<&GramsRange>) -> GateReport {
    GateReport(vec![
        vintage_gate(origin, target, facts),
        standing_gate(origin, facts),
        use_gate(origin, target, facts),
        overlap_gate(facts),
        declarations_gate(target, facts),
        issued_gate(facts),
        activity_gate(origin, target, facts),
        eligibility_gate(target, facts),
        factor_gate(origin, target, facts, source),
    ])
}

fn known<'a, T>(origin: &'a Stated<T>, target: &'a Stated<T>) -> Option<(&'a T, &'a T)> {
    Some((origin.value()?, target.value()?))
}

fn found(gate: GateName, ruling: Ruling) -> GateFinding {
    ruling.at(gate, Vec::new())
}

fn vintage_gate(origin: &Sheet, target: &Sheet, facts: &BatchFacts) -> GateFinding {
    let vintage = facts.vintage;
    let periods = known(&origin.attributes.crediting_period, &target.attributes.crediting_period);
    let ruling = match periods {
        None => Ruling::unknown("计入期未知", "a crediting period is not known"),
        Some((own, theirs)) if !own.contains(vintage) || !theirs.contains(vintage) => Ruling::fail(
            format!("{vintage} 年不在双方计入期内"),
            format!("{vintage} is not credited by both"),
        ),
        Some((own, theirs)) => {
            let age = facts.recognised_at.china_year().saturating_sub(i32::from(vintage));
            let limit = [own.age_max, theirs.age_max].into_iter().flatten().min();
            match limit {
                Some(limit) if age > i32::from(limit) => Ruling::fail(
                    format!("{vintage} 年的减排量已超过 {limit} 年"),
                    format!("reductions of {vintage} are older than {limit} years"),
                ),
                _ => Ruling::pass(
                    format!("{vintage} 年在双方计入期内"),
                    format!("{vintage} is credited by both"),
                ),
            }
        }
    };
    found(GateName::BatchVintage, ruling)
}

fn standing_gate(origin: &Sheet, facts: &BatchFacts) -> GateFinding {
    let (first, last) = facts.acts;
    let in_force = |at| {
        origin
            .attributes
            .standing
            .value()
            .and_then(|standing| standing.in_force_at(at))
    };
    let ruling = match (in_force(first), in_force(last)) {
        (Some(true), Some(true)) => Ruling::pass(
            "行为发生时方法学有效",
            "the methodology was in force when the acts took place",
        ),
        (None, _) | (_, None) => {
            Ruling::unknown("方法学的有效期未知", "when the methodology was in force is not known")
        }
        _ => Ruling::fail(
            "行为发生时方法学无效",
            "the methodology was not in force when the acts took place",
        ),
    };
    found(GateName::BatchStanding, ruling)
}

fn use_gate(origin: &Sheet, target: &Sheet, facts: &BatchFacts) -> GateFinding {
    let wanted = facts.r#use;
    let ruling = match known(&origin.attributes.uses, &target.attributes.uses) {
        None => Ruling::unknown("允许用途未知", "the permitted uses are not known"),
        Some((own, theirs)) if own.0.contains(wanted) && theirs.0.contains(wanted) => {
            Ruling::pass(format!("双方都允许{}", use_zh(wanted)), format!("both permit {wanted}"))
        }
        Some(_) => Ruling::fail(
            format!("并非双方都允许{}", use_zh(wanted)),
            format!("not both permit {wanted}"),
        ),
    };
    found(GateName::BatchUse, ruling)
}

fn overlap_gate(facts: &BatchFacts) -> GateFinding {
    let ruling = match &facts.overlap {
        None => Ruling::unknown("互斥组尚未筛查", "the overlap group has not been screened"),
        Some(Overlap::Clear) => Ruling::pass("互斥组内没有重复", "nothing in the overlap group counted the same"),
        Some(Overlap::Counted(by)) => Ruling::fail(
            format!("同一减排已由 {by} 计入"),
            format!("{by} counted the same reduction"),
        ),
    };
    found(GateName::BatchOverlap, ruling)
}

fn declarations_gate(target: &Sheet, facts: &BatchFacts) -> GateFinding {
    let excluded = target.attributes.safeguards.value();
    let ruling = match (&facts.other_schemes, excluded) {
        (None, _) => Ruling::unknown(
            "签发方没有声明是否参加其他机制",
            "the issuer did not declare other schemes",
        ),
        (_, None) => Ruling::unknown("目标方的防重复措施未知", "the target's safeguards are not known"),
        (Some(schemes), Some(excluded)) => {
            let excludes = |scheme: &Name| excluded.0.iter().any(|one: &Safeguard| one.word() == scheme.as_str());
            match schemes.iter().find(|scheme| excludes(scheme)) {
                Some(scheme) => Ruling::fail(
                    format!("该批同时参加 {scheme}，目标方不允许"),
                    format!("the batch also takes part in {scheme}, which the target excludes"),
                ),
                None => Ruling::pass(
                    "没有参加目标方排除的机制",
                    "it takes part in no scheme that the target excludes",
                ),
            }
        }
    };
    found(GateName::BatchDeclarations, ruling)
}

/// Recorded is not issued: only what is issued and verified may cross.
fn issued_gate(facts: &BatchFacts) -> GateFinding {
    let (issued, verified) = (facts.issued, facts.verified);
    let ruling = if issued.is_zero() {
        Ruling::fail(
            "没有签发量：只有记录量不能跨区",
            "nothing is issued: what is only recorded may not cross",
        )
    } else if issued > verified {
        Ruling::fail(
            format!("签发 {issued}，超过核查的 {verified}"),
            format!("{issued} issued, above the {verified} that were verified"),
        )
    } else {
        Ruling::pass(
            format!("签发 {issued}，均已核查"),
            format!("{issued} issued, all verified"),
        )
    };
    found(GateName::BatchIssued, ruling)
}

/// Of a composite methodology only the part that both cover counts, so that the batch must say which activity it is of.
fn activity_gate(origin: &Sheet, target: &Sheet, facts: &BatchFacts) -> GateFinding {
    let ruling = match known(&origin.attributes.activity, &target.attributes.activity) {
        None => Ruling::unknown("活动未知", "an activity is not known"),
        Some((own, theirs)) => match (own.covered(), theirs.covered()) {
            (Some(mine), Some(other)) => {
                let single = mine.iter().next().copied().filter(|_| mine.len() == 1);
                match facts.activity.as_ref().or(single) {
                    None => Ruling::unknown(
                        "综合方法学的批次须说明属于哪种活动",
                        "a batch of a composite methodology has to say of which activity it is",
                    ),
                    Some(of) if mine.contains(of) && other.contains(of) => {
                        Ruling::pass(format!("双方都包含 {of}"), format!("both cover {of}"))
                    }
                    Some(of) => Ruling::fail(format!("并非双方都包含 {of}"), format!("not both cover {of}")),
                }
            }
            _ => Ruling::unknown(
                "综合方法学没有列出所含活动",
                "a composite methodology does not list its activities",
            ),
        },
    };
    found(GateName::BatchActivity, ruling)
}

fn eligibility_gate(target: &Sheet, facts: &BatchFacts) -> GateFinding {
    let Some(limits) = target.attributes.eligibility.value() else {
        return found(
            GateName::BatchEligibility,
            Ruling::unknown("目标方适用条件未知", "the target's limits are not known"),
        );
    };
    let mut ruling = Ruling::pass("符合目标方的适用条件", "the target's limits are kept");
    for limit in &limits.0 {
        let kept = facts
            .measures
            .get(&limit.quantity)
            .and_then(|(value, unit)| limit.admits(*value, unit));
        match kept {
            Some(true) => {}
            Some(false) => {
                ruling = Ruling::fail(
                    format!("超出目标方条件 {limit}"),
                    format!("{limit} of the target is not kept"),
                );
                break;
            }
            None => {
                ruling = Ruling::unknown(
                    format!("没有关于 {limit} 的数据"),
                    format!("nothing is stated about {limit}"),
                );
            }
        }
    }
    found(GateName::BatchEligibility, ruling)
}

/// True if both state a baseline, and not the same: no factor of a mapping repairs that (3-recognition, rule 2).
pub(crate) fn baselines_differ(origin: &Sheet, target: &Sheet) -> bool {
    let baselines = known(&origin.attributes.baseline, &target.attributes.baseline);
    baselines.is_some_and(|(own, theirs)| own != theirs)
}

/// `q_issued / D` must not be above the methodology's own factor: else the issuance contradicts its methodology. Where the
/// baselines differ there has to be a `D`: such a batch is quantified again, or does not cross.
fn factor_gate(origin: &Sheet, target: &Sheet, facts: &BatchFacts, source: Option<&GramsRange>) -> GateFinding {
    let Some((total, unit)) = &facts.activity_total else {
        let ruling = if baselines_differ(origin, target) {
            Ruling::fail(
                "基准线类型不同，而该批没有披露活动数据，无法重新量化",
                "the baselines differ, and no activity data are disclosed from which to quantify the batch again",
            )
        } else {
            Ruling::pass(
                "没有披露活动数据，按系数上限计算",
                "no activity data are disclosed: the top of the factor counts",
            )
        };
        return found(GateName::BatchFactor, ruling);
    };
    let counted = origin.attributes.activity_unit.value();
    let used = counted.and_then(|counted| match unit.conversion(counted) {
        Conversion::By(units) => Ratio::whole(facts.issued.get()).over(&(&Ratio::of(*total) * &units)),
        _ => None,
    });
    let used = used.filter(|used| !used.is_negative());
    let ruling = match (used, source) {
        (Some(used), Some(source)) if used <= source.high => Ruling::pass(
            format!("该批按 {used} g 签发，不高于方法学的 {source} g"),
            format!("issued at {used} g, not above the methodology's {source} g"),
        ),
        (Some(used), Some(source)) => Ruling::fail(
            format!("该批按 {used} g 签发，高于方法学的 {source} g"),
            format!("issued at {used} g, above the methodology's {source} g"),
        ),
        _ => Ruling::unknown("无法核对该批使用的因子", "the factor of the batch cannot be checked"),
    };
    found(GateName::BatchFactor, ruling)
}
