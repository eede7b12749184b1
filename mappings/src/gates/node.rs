//! The node gate: what the hub knows about the member, given as facts.

use serde::{Deserialize, Serialize};

use super::finding::{GateName, GateReport, Ruling};

/// What the hub knows about the member that issued the reductions; `None` where it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFacts {
    /// It is admitted and not suspended.
    pub in_good_standing: Option<bool>,
    /// The conformance suite has proven its registry functions: unique serials, retirement, public documents, disputes.
    pub conformance_proven: Option<bool>,
    /// The bodies that verify for it are listed.
    pub verifiers_listed: Option<bool>,
}

impl NodeFacts {
    /// A member of which everything is proven.
    pub const PROVEN: Self = Self {
        in_good_standing: Some(true),
        conformance_proven: Some(true),
        verifiers_listed: Some(true),
    };
}

/// The gates of the node.
#[must_use]
pub fn node_gates(facts: &NodeFacts) -> GateReport {
    let of = |gate, fact: Option<bool>, yes: (&str, &str), no: (&str, &str)| {
        let ruling = match fact {
            Some(passes) => Ruling::pass_if(passes, yes, no),
            None => Ruling::unknown("枢纽没有这方面的记录", "the hub has no record of this"),
        };
        ruling.at(gate, Vec::new())
    };
    GateReport(vec![
        of(
            GateName::NodeStanding,
            facts.in_good_standing,
            ("成员已接入且状态正常", "the member is admitted and in good standing"),
            ("成员未接入或已被暂停", "the member is not admitted, or is suspended"),
        ),
        of(
            GateName::NodeConformance,
            facts.conformance_proven,
            (
                "登记功能已通过一致性测试",
                "the conformance suite has proven its registry functions",
            ),
            (
                "登记功能未通过一致性测试",
                "its registry functions did not pass the conformance suite",
            ),
        ),
        of(
            GateName::NodeVerifiers,
            facts.verifiers_listed,
            ("核查机构已列名", "its verification bodies are listed"),
            ("核查机构未列名", "its verification bodies are not listed"),
        ),
    ])
}
