//! Gates about integrity: baseline, additionality, measurement, double counting, verification, rights and validity.

use tanqiao_protocol::r#use::{Use, Uses};

use super::{Comparison, GateName, Judged, Mode, Ruling, Side, Verdict};
use crate::phrase::Phrase;
use crate::recognition::use_zh;
use crate::sheet::value::{
    Additionality, Ground, Identity, Monitoring, Owner, Permanence, StandingStatus, VerificationLevel,
};
use crate::sheet::{AttributeName, Sheet};

impl Comparison<'_> {
    pub(super) fn baseline_gate(&self) -> Judged {
        let requantified = self.mode == Mode::Requantify;
        self.compare(
            GateName::Baseline,
            AttributeName::Baseline,
            |all| &all.baseline,
            |origin, target| match (origin == target, requantified) {
                (true, _) => Ruling::pass(
                    format!("双方基准线均为 {origin}"),
                    format!("both baselines are {origin}"),
                ),
                (false, true) => Ruling::pass(
                    format!("基准线不同（{origin}、{target}），按活动数据重新量化"),
                    format!(
                        "the baselines differ ({origin}, {target}); batches are quantified again from activity data"
                    ),
                ),
                (false, false) => Ruling::fail(
                    format!("基准线类型不同（{origin}、{target}），不能用系数弥补；可改为按活动数据重新量化"),
                    format!(
                        "the baselines differ ({origin}, {target}), which no factor repairs; re-quantification would"
                    ),
                ),
            },
        )
    }

    pub(super) fn additionality_gate(&self) -> Judged {
        self.compare(
            GateName::Additionality,
            AttributeName::Additionality,
            |all| &all.additionality,
            |origin, target| match (origin, target) {
                (Additionality::RequiredByLaw, _) => {
                    Ruling::fail("法律要求的行为没有额外性", "what the law demands is not additional")
                }
                (Additionality::Tests(made), Additionality::Tests(demanded)) => Ruling::pass_if(
                    made.is_superset(demanded),
                    (
                        "满足目标方要求的全部额外性论证",
                        "all tests that the target demands are made",
                    ),
                    (
                        "目标方要求的额外性论证没有全部做到",
                        "not all tests that the target demands are made",
                    ),
                ),
                (Additionality::Tests(_), Additionality::RequiredByLaw) => Ruling::fail(
                    "该行为在目标方属法律要求",
                    "in the target's methodology the act is required by law",
                ),
            },
        )
    }

    pub(super) fn monitoring_gate(&self) -> Judged {
        self.compare(
            GateName::Monitoring,
            AttributeName::Monitoring,
            |all| &all.monitoring,
            |origin, target| match origin {
                Monitoring::SelfReport => {
                    Ruling::fail("自行申报的数据不予认可", "the actor's own report is not recognised")
                }
                _ if origin <= target => Ruling::pass(
                    format!("监测方式 {origin} 不低于目标方的 {target}"),
                    format!("{origin} is not below the target's {target}"),
                ),
                _ => Ruling::pass(
                    format!("监测方式 {origin} 低于目标方的 {target}，不确定性档次相应加重"),
                    format!(
                        "{origin} is below the target's {target}: the band of uncertainty is worse by as many steps"
                    ),
                ),
            },
        )
    }

    pub(super) fn identity_gate(&self) -> Judged {
        let value = self.origin.attributes.identity.value();
        Self::look(GateName::Identity, AttributeName::Identity, value, |identity| {
            Ruling::pass_if(
                *identity != Identity::None,
                ("可以用假名标识检查重叠", "overlaps can be found by pseudonymous keys"),
                (
                    "没有主体标识，无法检查重叠",
                    "there is no key by which overlaps could be found",
                ),
            )
        })
    }

    pub(super) fn crediting_period_gate(&self) -> Judged {
        self.compare(
            GateName::CreditingPeriod,
            AttributeName::CreditingPeriod,
            |all| &all.crediting_period,
            |origin, target| {
                Ruling::pass_if(
                    origin.meets(target),
                    ("双方计入期有重叠年份", "some vintages are credited by both"),
                    ("双方计入期没有重叠年份", "no vintage is credited by both"),
                )
            },
        )
    }

    /// A limit of the target that the origin does not have is shown by every batch: see [`super::super::batch_gates`].
    pub(super) fn eligibility_gate(&self) -> Judged {
        self.compare(
            GateName::Eligibility,
            AttributeName::Eligibility,
            |all| &all.eligibility,
            |origin, target| {
                let wider: Vec<String> = target
                    .0
                    .iter()
                    .filter(|limit| !origin.0.iter().any(|own| limit.includes(own)))
                    .map(ToString::to_string)
                    .collect();
                if wider.is_empty() {
                    Ruling::pass(
                        "来源方的适用条件不宽于目标方",
                        "the origin's limits are not wider than the target's",
                    )
                } else {
                    let limits = wider.join("; ");
                    Ruling::pass(
                        format!("每批须证明符合目标方条件：{limits}"),
                        format!("every batch has to show that it keeps the target's limits: {limits}"),
                    )
                }
            },
        )
    }

    pub(super) fn safeguards_gate(&self) -> Judged {
        self.compare(
            GateName::Safeguards,
            AttributeName::Safeguards,
            |all| &all.safeguards,
            |origin, target| {
                let open: Vec<&str> = target.0.difference(&origin.0).map(|one| one.word()).collect();
                if open.is_empty() {
                    Ruling::pass(
                        "目标方防范的重复计算来源方均已防范",
                        "double counting is excluded against all schemes of the target",
                    )
                } else {
                    let schemes = open.join(", ");
                    Ruling::fail(
                        format!("来源方没有排除与 {schemes} 的重复计算"),
                        format!("double counting with {schemes} is not excluded"),
                    )
                }
            },
        )
    }

    pub(super) fn verification_gate(&self) -> Judged {
        self.compare(
            GateName::Verification,
            AttributeName::Verification,
            |all| &all.verification,
            |origin, target| {
                if *origin == VerificationLevel::None {
                    return Ruling::fail("未经核查的减排量不予认可", "what nobody verifies is not recognised");
                }
                if origin <= target {
                    Ruling::pass(
                        format!("核查级别 {origin} 不低于 {target}"),
                        format!("{origin} is not below {target}"),
                    )
                } else {
                    Ruling::fail(
                        format!("核查级别 {origin} 低于 {target}"),
                        format!("{origin} is below {target}"),
                    )
                }
            },
        )
    }

    pub(super) fn permanence_gate(&self) -> Judged {
        self.compare(
            GateName::Permanence,
            AttributeName::Permanence,
            |all| &all.permanence,
            |origin, target| match (origin, target) {
                (Permanence::NotASink, Permanence::NotASink) => Ruling::pass("双方均非碳汇", "neither is a sink"),
                (Permanence::Sink { years, .. }, Permanence::Sink { years: demanded, .. }) => {
                    if years >= demanded {
                        Ruling::pass(
                            format!("保持 {years} 年，不少于 {demanded} 年"),
                            format!("held for {years} years, not below {demanded}"),
                        )
                    } else {
                        Ruling::fail(
                            format!("保持 {years} 年，少于 {demanded} 年"),
                            format!("held for {years} years, below {demanded}"),
                        )
                    }
                }
                _ => Ruling::fail("一方是碳汇，另一方不是", "one is a sink and the other is not"),
            },
        )
    }

    pub(super) fn uses_gate(&self) -> Judged {
        let asked = self.uses;
        self.compare(
            GateName::Uses,
            AttributeName::Uses,
            |all| &all.uses,
            |origin, target| {
                let permitted = asked.and(origin.0).and(target.0);
                if permitted.is_empty() {
                    return Ruling::fail(
                        "所申请的用途没有一项是双方都允许的",
                        "no use that is asked for is permitted by both",
                    );
                }
                let words = |name: fn(Use) -> &'static str, between: &str| listed(permitted, name, between);
                Ruling::pass(
                    format!("双方都允许：{}", words(use_zh, "、")),
                    format!("both permit {}", words(Use::word, ", ")),
                )
            },
        )
    }

    pub(super) fn ownership_gate(&self) -> Judged {
        let value = self.origin.attributes.ownership.value();
        Self::look(GateName::Ownership, AttributeName::Ownership, value, |own| {
            match (own.owner, own.ground) {
                (_, Ground::None) => Ruling::fail(
                    "没有权利人的同意或转让",
                    "neither consent nor assignment of the owner is on file",
                ),
                (Owner::Split, Ground::Consent) => Ruling::fail(
                    "权利由多方分享，须全部转让给一方",
                    "several own the reduction: it has to be assigned to one party",
                ),
                (owner, ground) => Ruling::pass(
                    format!("权利人 {owner}，依据 {ground}"),
                    format!("the owner is {owner}, the ground {ground}"),
                ),
            }
        })
    }

    /// In force on the day of recognition; on the day of the act the batch gate looks.
    pub(super) fn standing_gate(&self) -> Judged {
        let sides = [(Side::Origin, self.origin), (Side::Target, self.target)];
        let rulings = sides.map(|(side, sheet)| self.judge_standing(side, sheet));
        let [origin, target] = rulings;
        let worst = if target.0 == Verdict::Fail || origin.0 == Verdict::Pass {
            target
        } else {
            origin
        };
        worst.of_both(GateName::Standing, AttributeName::Standing)
    }

    fn judge_standing(&self, side: Side, sheet: &Sheet) -> Ruling {
        let Phrase { zh, en } = side.title();
        let Some(standing) = sheet.attributes.standing.value() else {
            return Ruling::unknown(format!("{zh}的状态未知"), format!("the standing of {en} is not known"));
        };
        let adopted = standing
            .adopted_by
            .is_some_and(|region| side == Side::Origin || region.contains(&self.to) || self.to.contains(&region));
        match standing.status {
            StandingStatus::ScenarioOnly | StandingStatus::Draft | StandingStatus::Withdrawn => {
                let status = standing.status;
                return Ruling::fail(format!("{zh}的状态为 {status}"), format!("{en} is {status}"));
            }
            StandingStatus::Enterprise if !adopted => {
                return Ruling::fail(
                    format!("{zh}是企业方法，没有地区采纳"),
                    format!("{en} is an enterprise's own, which no region has adopted"),
                );
            }
            _ => {}
        }
        let at = self.at;
        match standing.in_force_at(at) {
            Some(true) => Ruling::pass("双方均在有效期内", "both are in force"),
            Some(false) => Ruling::fail(
                format!("{zh}在 {at} 不在有效期内"),
                format!("{en} is not in force at {at}"),
            ),
            None => Ruling::unknown(
                format!("{zh}的有效期未知"),
                format!("when {en} is in force is not known"),
            ),
        }
    }
}

fn listed(uses: Uses, name: impl Fn(Use) -> &'static str, between: &str) -> String {
    uses.iter().map(name).collect::<Vec<_>>().join(between)
}
