//! What a difference means: which blocks of the two sides belong together, why they may differ, and what to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Place, Version, Whereabouts};
use crate::serial::SeriesRef;
use crate::text::words;

words! {
    /// In what the two sides differ.
    pub enum FindingClass {
        /// The hub has a block of the member that the node has not.
        MissingAtNode = 1 "missing-at-node",
        /// The node has a block that the hub gives to nobody.
        MissingAtHub = 2 "missing-at-hub",
        /// The same serials, in another state, bound otherwise, or on other terms.
        State = 3 "state",
        /// The node has a block that another member has at the hub.
        Holder = 4 "holder",
        /// The same serials, cut up otherwise.
        Quantity = 5 "quantity",
        /// Explained by what is on its way: no fault.
        InFlight = 6 "in-flight",
    }
}

words! {
    /// What is proposed.
    pub enum Repair {
        /// Build the node's book anew from the feed.
        RebuildNodeBook = 1 "rebuild-node-book",
        /// Look into the hub: its row against its log.
        InvestigateHub = 2 "investigate-hub",
        /// Nothing: the next reconciliation will not have it.
        Wait = 3 "wait",
    }
}

impl FindingClass {
    /// The probable cause, in Chinese and English.
    #[must_use]
    pub const fn cause(self) -> (&'static str, &'static str) {
        match self {
            Self::MissingAtNode => (
                "节点账缺少该区块段：可能由旧备份恢复，或节点数据库被改动。",
                "The node's book lost the block: restored from an old copy, or its database was changed.",
            ),
            Self::MissingAtHub => (
                "枢纽从未将该区块段记在任何成员名下：节点数据库被改动，或枢纽丢失了记录。",
                "The hub gives these serials to nobody: the node's database was changed, or the hub lost a row.",
            ),
            Self::State => (
                "同一区块段两侧状态、绑定或条款不同：一侧的数据库被改动，或漏记一次变更。",
                "One side's row was changed past its log or feed, or a change was missed.",
            ),
            Self::Holder => (
                "枢纽账上该区块段属于其他成员：节点漏记一次转出，或节点数据库被改动。",
                "At the hub another member has these serials: the node missed a transfer, or its database was changed.",
            ),
            Self::Quantity => (
                "相同序号在两侧的切分不同：一侧漏记一次拆分，或数据库被改动。",
                "The same serials are cut up otherwise: one side missed a split, or its database was changed.",
            ),
            Self::InFlight => (
                "对账切点之后又有变更，或有在途消息。",
                "The block changed after the cut, or a message about it is on its way.",
            ),
        }
    }

    const fn repair(self) -> Repair {
        match self {
            Self::MissingAtNode | Self::State | Self::Holder | Self::Quantity => Repair::RebuildNodeBook,
            Self::MissingAtHub => Repair::InvestigateHub,
            Self::InFlight => Repair::Wait,
        }
    }
}

/// One difference, with both versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// In what they differ.
    pub class: FindingClass,
    /// The hub's blocks of these serials, by first serial.
    pub hub: Vec<Version>,
    /// The node's.
    pub node: Vec<Version>,
    /// What is proposed.
    pub repair: Repair,
}

/// How many findings of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingCounts {
    /// Of [`FindingClass::MissingAtNode`].
    pub missing_at_node: u32,
    /// Of [`FindingClass::MissingAtHub`].
    pub missing_at_hub: u32,
    /// Of [`FindingClass::State`].
    pub state: u32,
    /// Of [`FindingClass::Holder`].
    pub holder: u32,
    /// Of [`FindingClass::Quantity`].
    pub quantity: u32,
    /// Of [`FindingClass::InFlight`].
    pub in_flight: u32,
}

impl FindingCounts {
    /// Counts findings.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *match finding.class {
                FindingClass::MissingAtNode => &mut counts.missing_at_node,
                FindingClass::MissingAtHub => &mut counts.missing_at_hub,
                FindingClass::State => &mut counts.state,
                FindingClass::Holder => &mut counts.holder,
                FindingClass::Quantity => &mut counts.quantity,
                FindingClass::InFlight => &mut counts.in_flight,
            } += 1;
        }
        counts
    }

    /// All but what is in flight: 0 where the sides agree.
    #[must_use]
    pub fn faults(&self) -> u32 {
        [
            self.missing_at_node,
            self.missing_at_hub,
            self.state,
            self.holder,
            self.quantity,
        ]
        .into_iter()
        .fold(0, u32::saturating_add)
    }
}

/// One side's block on its way into a group.
type Sided<'a> = (&'a Version, bool);

/// Gathers what only the hub has (`theirs`) and what only the node has (`ours`) into findings, by series and serial.
/// `places` says who has the node's blocks at the hub; `in_flight` whether a block is explained by what is on its way.
#[must_use]
pub fn classify(
    theirs: &[Version],
    ours: &[Version],
    places: &[Whereabouts],
    in_flight: impl Fn(&Version) -> bool,
) -> Vec<Finding> {
    let elsewhere: BTreeSet<_> = places
        .iter()
        .filter(|found| found.place == Place::Elsewhere)
        .map(|found| (found.block.series.clone(), found.block.range.first()))
        .collect();
    let mut all: Vec<Sided<'_>> = theirs.iter().map(|version| (version, true)).collect();
    all.extend(ours.iter().map(|version| (version, false)));
    all.sort_by_cached_key(|(version, hub)| (version.block.series.to_string(), version.block.range.first(), !*hub));
    let mut findings = Vec::new();
    let mut group: Vec<Sided<'_>> = Vec::new();
    let mut end: Option<(&SeriesRef, i64)> = None;
    for one in all {
        let (series, range) = (&one.0.block.series, one.0.block.range);
        let joins = end.is_some_and(|(of, last)| of == series && range.first() <= last);
        if !joins {
            findings.extend(finding(&std::mem::take(&mut group), &elsewhere, &in_flight));
        }
        let last = end
            .filter(|_| joins)
            .map_or(range.last(), |(_, last)| last.max(range.last()));
        end = Some((series, last));
        group.push(one);
    }
    findings.extend(finding(&group, &elsewhere, &in_flight));
    findings
}

fn finding(
    group: &[Sided<'_>],
    elsewhere: &BTreeSet<(SeriesRef, i64)>,
    in_flight: &impl Fn(&Version) -> bool,
) -> Option<Finding> {
    if group.is_empty() {
        return None;
    }
    let of = |hub: bool| -> Vec<Version> {
        let side = group.iter().filter(|(_, theirs)| *theirs == hub);
        side.map(|(version, _)| (*version).clone()).collect()
    };
    let (hub, node) = (of(true), of(false));
    let class = if group.iter().any(|(version, _)| in_flight(version)) {
        FindingClass::InFlight
    } else {
        match (hub.as_slice(), node.as_slice()) {
            (_, []) => FindingClass::MissingAtNode,
            ([], [first, ..]) if elsewhere.contains(&(first.block.series.clone(), first.block.range.first())) => {
                FindingClass::Holder
            }
            ([], _) => FindingClass::MissingAtHub,
            ([theirs], [ours]) if theirs.block == ours.block => FindingClass::State,
            _ => FindingClass::Quantity,
        }
    };
    Some(Finding {
        class,
        hub,
        node,
        repair: class.repair(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{BlockState, BlockStatus, BlockTerms};
    use crate::quantity::Factor;
    use crate::serial::{BlockRef, SerialRange};
    use crate::r#use::Uses;

    fn version(first: i64, last: i64, state: BlockState) -> Version {
        Version {
            block: BlockRef {
                series: "wuhan/420100/CN-4201-metro.v1/2025".parse().unwrap(),
                range: SerialRange::new(first, last).unwrap(),
            },
            status: BlockStatus {
                state,
                ..BlockStatus::held_by("wuhan".parse().unwrap())
            },
            terms: BlockTerms {
                buffered: false,
                factor_paid: Factor::ONE,
                issuance: "01990000-0000-7000-8000-000000000001".parse().unwrap(),
                mapping: None,
                uses: Uses::default(),
            },
        }
    }

    /// What was done to one block of the node's, which has serials of its own.
    #[derive(Debug, Clone, Copy)]
    enum Planted {
        Nothing,
        Lost,
        Invented,
        Kept,
        Frozen,
        Joined,
        Moving,
    }

    const PLANTED: [Planted; 7] = [
        Planted::Nothing,
        Planted::Lost,
        Planted::Invented,
        Planted::Kept,
        Planted::Frozen,
        Planted::Joined,
        Planted::Moving,
    ];

    proptest! {
        #[test]
        fn every_planted_difference_is_one_finding_of_its_class(
            planted in prop::collection::vec(prop::sample::select(&PLANTED[..]), 0..40)
        ) {
            let (mut theirs, mut ours, mut places, mut expected) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let mut moving = Vec::new();
            for (at, what) in (0..).zip(planted) {
                let (first, half, last) = (at * 100 + 1, at * 100 + 50, at * 100 + 100);
                let held = version(first, last, BlockState::Held);
                let frozen = version(first, last, BlockState::Frozen);
                match what {
                    Planted::Nothing => continue,
                    Planted::Lost => theirs.push(held),
                    Planted::Invented | Planted::Kept => {
                        let place = if matches!(what, Planted::Kept) { Place::Elsewhere } else { Place::Unknown };
                        places.push(Whereabouts { block: held.block.clone(), place });
                        ours.push(held);
                    }
                    Planted::Frozen | Planted::Moving => {
                        if matches!(what, Planted::Moving) {
                            moving.push(held.block.clone());
                        }
                        theirs.push(held);
                        ours.push(frozen);
                    }
                    Planted::Joined => {
                        theirs.push(version(half + 1, last, BlockState::Held));
                        theirs.push(version(first, half, BlockState::Held));
                        ours.push(held);
                    }
                }
                expected.push(match what {
                    Planted::Lost => FindingClass::MissingAtNode,
                    Planted::Invented => FindingClass::MissingAtHub,
                    Planted::Kept => FindingClass::Holder,
                    Planted::Frozen => FindingClass::State,
                    Planted::Joined => FindingClass::Quantity,
                    Planted::Nothing | Planted::Moving => FindingClass::InFlight,
                });
            }
            let mut found = classify(&theirs, &ours, &places, |version| moving.contains(&version.block));
            let serial = |f: &Finding| f.hub.first().or(f.node.first()).map(|v| v.block.range.first());
            found.sort_by_key(serial);
            prop_assert_eq!(found.iter().map(|f| f.class).collect::<Vec<_>>(), expected);
            let versions: usize = found.iter().map(|f| f.hub.len() + f.node.len()).sum();
            prop_assert_eq!(versions, theirs.len() + ours.len());
        }
    }
}
