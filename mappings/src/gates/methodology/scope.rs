//! Gates about what is done, by whom, and in which unit.

use super::{Comparison, GateName, Judged, Ruling, not_known};
use crate::relation::Relation;
use crate::sheet::AttributeName;
use crate::sheet::value::{Ground, Owner, ScopeRelation};
use crate::unit::Conversion;

impl Comparison<'_> {
    /// The claimed relation must be the one that the activities have; exactness needs one standard, or equal gates and factors.
    pub(super) fn relation_gate(&self) -> Judged {
        let ruling = self.scopes().map_or_else(
            || {
                let origin = self.origin.attributes.activity.value().is_none();
                not_known(
                    AttributeName::Activity,
                    origin,
                    self.target.attributes.activity.value().is_none(),
                )
            },
            |scopes| self.judge_relation(scopes),
        );
        ruling.of_both(GateName::Relation, AttributeName::Activity)
    }

    fn scopes(&self) -> Option<ScopeRelation> {
        let origin = self.origin.attributes.activity.value()?;
        Some(origin.relation(self.target.attributes.activity.value()?))
    }

    fn judge_relation(&self, scopes: ScopeRelation) -> Ruling {
        let claimed = self.relation;
        let fitting = match (claimed, scopes) {
            (Relation::Related, _) => {
                return Ruling::fail(
                    "“相关”只用于划定互斥组，不带系数",
                    "relatedMatch only builds overlap groups, and carries no factor",
                );
            }
            (_, ScopeRelation::NotListed) => {
                return Ruling::unknown(
                    "综合方法学没有列出所含活动，无法判断关系",
                    "a composite methodology does not list its activities, so that the relation cannot be judged",
                );
            }
            (Relation::Exact, ScopeRelation::Equal) => return self.judge_exactness(),
            (Relation::Close, ScopeRelation::Equal)
            | (Relation::Broad, ScopeRelation::Within)
            | (Relation::Narrow, ScopeRelation::Contains) => true,
            _ => false,
        };
        if fitting {
            return Ruling::pass(
                format!("“{}”与双方活动范围一致", claimed.zh()),
                format!("{claimed} is how the activities relate"),
            );
        }
        let right = match scopes {
            ScopeRelation::Equal => Some(Relation::Close),
            ScopeRelation::Within => Some(Relation::Broad),
            ScopeRelation::Contains => Some(Relation::Narrow),
            _ => None,
        };
        match right {
            Some(right) => Ruling::fail(
                format!("活动范围的关系是“{}”（{right}），不是 {claimed}", right.zh()),
                format!("the activities relate by {right}, not by {claimed}"),
            ),
            None => Ruling::fail(
                "双方活动不互相包含，没有可认可的部分",
                "neither activity contains the other: there is no part to recognise",
            ),
        }
    }

    fn judge_exactness(&self) -> Ruling {
        if self.same_standard() {
            return Ruling::pass("双方采用同一标准文本", "both use the same text of one standard");
        }
        let (origin, target) = (&self.origin.attributes, &self.target.attributes);
        let differing = AttributeName::ALL
            .iter()
            .filter(|name| (name.is_gate() && **name != AttributeName::Standing) || **name == AttributeName::UnitFactor)
            .find(|name| {
                let (mine, theirs) = (origin.cell(**name).value, target.cell(**name).value);
                mine.is_none() || mine != theirs
            });
        match differing {
            None => Ruling::pass(
                "双方各准入属性与因子完全相同",
                "all gate attributes and the factors are equal",
            ),
            Some(name) => Ruling::fail(
                format!("双方文本不同，且{}不同或未知：应使用“相近”", name.title().zh),
                format!(
                    "the texts differ, and the {} differs or is not known: claim skos:closeMatch",
                    name.title().en
                ),
            ),
        }
    }

    /// True if both name the same text.
    pub(crate) fn same_standard(&self) -> bool {
        self.origin.document.is_some() && self.origin.document == self.target.document
    }

    pub(super) fn activity_gate(&self) -> Judged {
        self.compare(
            GateName::Activity,
            AttributeName::Activity,
            |all| &all.activity,
            |origin, target| match origin.relation(target) {
                ScopeRelation::Equal => Ruling::pass(
                    format!("双方均为 {}", origin.activity()),
                    format!("both are {}", origin.activity()),
                ),
                ScopeRelation::Within | ScopeRelation::Contains => Ruling::pass(
                    format!("{origin} 与 {target} 一方包含另一方，只认可重叠部分"),
                    format!("one of {origin} and {target} contains the other: only the overlapping part counts"),
                ),
                ScopeRelation::NotListed => Ruling::unknown(
                    format!("{origin} 与 {target}：所含活动没有列出"),
                    format!("{origin} and {target}: the activities taken together are not listed"),
                ),
                ScopeRelation::Overlaps | ScopeRelation::Disjoint => Ruling::fail(
                    format!("{origin} 与 {target} 不是同一活动，也不互相包含"),
                    format!("{origin} and {target} are not one activity, and neither contains the other"),
                ),
            },
        )
    }

    pub(super) fn unit_gate(&self) -> Judged {
        self.compare(
            GateName::ActivityUnit,
            AttributeName::ActivityUnit,
            |all| &all.activity_unit,
            |origin, target| match origin.conversion(target) {
                Conversion::By(_) => Ruling::pass(
                    format!("{origin} 与 {target} 可直接换算"),
                    format!("{origin} converts into {target} without any other data"),
                ),
                Conversion::Unsaid => Ruling::unknown(
                    format!("{origin} 与 {target}：有一方没有说明计量的是什么"),
                    format!("{origin} and {target}: one does not say of what it is"),
                ),
                Conversion::Never => Ruling::fail(
                    format!("{origin} 不能换算为 {target}"),
                    format!("{origin} does not convert into {target}"),
                ),
            },
        )
    }

    /// Different kinds or actors pass where the reduction belongs to one party by an assignment.
    pub(super) fn kind_and_actor_gate(&self) -> Judged {
        let assigned = self
            .origin
            .attributes
            .ownership
            .value()
            .is_some_and(|own| own.ground == Ground::Assignment && own.owner != Owner::Split);
        self.compare(
            GateName::KindAndActor,
            AttributeName::KindAndActor,
            |all| &all.kind_and_actor,
            |origin, target| {
                if origin == target {
                    Ruling::pass(format!("双方均为 {origin}"), format!("both are {origin}"))
                } else if assigned {
                    Ruling::pass(
                        format!("{origin} 与 {target} 不同，但减排量已转让给一方"),
                        format!("{origin} and {target} differ, but the reduction is assigned to one party"),
                    )
                } else {
                    Ruling::fail(
                        format!("{origin} 与 {target} 不同，且减排量没有转让给一方"),
                        format!("{origin} and {target} differ, and the reduction is not assigned to one party"),
                    )
                }
            },
        )
    }
}
