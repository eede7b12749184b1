//! Everything that was decided about pairs of methodologies, and the route that follows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::legs::{Composed, Leg, compose};

/// What was decided about a directed pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It recognises, within its validity.
    Recognised(Leg),
    /// It was examined and rejected (SSSOM `predicate_modifier` `Not`).
    Rejected {
        /// The version of the rejection.
        mapping: MappingRef,
        /// From this methodology.
        from: MethodologyRef,
        /// To this.
        to: MethodologyRef,
    },
}

impl Ruling {
    fn pair(&self) -> (MethodologyRef, MethodologyRef) {
        match self {
            Self::Recognised(leg) => (leg.from.clone(), leg.to.clone()),
            Self::Rejected { from, to, .. } => (from.clone(), to.clone()),
        }
    }
}

/// All rulings, and which methodologies are references.
#[derive(Debug, Clone, Default)]
pub struct Rulings {
    by_pair: BTreeMap<(MethodologyRef, MethodologyRef), Vec<Ruling>>,
    references: BTreeSet<MethodologyRef>,
}

/// How reductions of one methodology come to count by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Both are one methodology.
    Same,
    /// A direct mapping.
    Direct(Leg),
    /// Through a reference methodology.
    Composed(Composed),
}

/// Why there is no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteRefusal {
    /// R03: the pair was examined and rejected, which no detour gets round.
    #[error("{mapping} rejects this pair: no route round it is recognised")]
    Rejected {
        /// The version of the rejection.
        mapping: MappingRef,
    },
    /// R02: the direct mapping does not recognise yet; no detour stands in for it.
    #[error("{mapping} decides this pair, and does not recognise it before {from}")]
    DirectNotValid {
        /// The direct mapping.
        mapping: MappingRef,
        /// When it begins.
        from: Timestamp,
    },
    /// R04: the direct mapping is for other uses; no detour stands in for it.
    #[error("{mapping} decides this pair, and does not recognise it for this use")]
    DirectForOtherUses {
        /// The direct mapping.
        mapping: MappingRef,
    },
    /// R01: legs exist, but their closeness does not chain: this may be proposed, not recognised.
    #[error("a route through {} can be proposed: closeMatch does not chain", .0.through)]
    ProposalOnly(Box<Composed>),
    /// R01: nothing leads there.
    #[error("no mapping leads from {from} to {to}, directly or through one reference methodology")]
    Nothing {
        /// From here.
        from: MethodologyRef,
        /// To there.
        to: MethodologyRef,
    },
}

impl RouteRefusal {
    /// The number of the check that refuses (6-checks).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "R03",
            Self::DirectNotValid { .. } => "R02",
            Self::DirectForOtherUses { .. } => "R04",
            Self::ProposalOnly(_) | Self::Nothing { .. } => "R01",
        }
    }
}

impl Rulings {
    /// All rulings; `references` are the registered reference methodologies, the only ones through which a route may lead.
    #[must_use]
    pub fn new(
        rulings: impl IntoIterator<Item = Ruling>,
        references: impl IntoIterator<Item = MethodologyRef>,
    ) -> Self {
        let mut by_pair: BTreeMap<_, Vec<Ruling>> = BTreeMap::new();
        for ruling in rulings {
            by_pair.entry(ruling.pair()).or_default().push(ruling);
        }
        Self {
            by_pair,
            references: references.into_iter().collect(),
        }
    }

    /// What was decided about a pair, in the order in which it was given. A rejection gives way to a direct mapping that
    /// recognises, as it does when a lot crosses ([`crate::recognition::MappingSet::lookup`]), and to nothing else.
    #[must_use]
    pub fn of(&self, from: &MethodologyRef, to: &MethodologyRef) -> &[Ruling] {
        self.by_pair.get(&(from.clone(), to.clone())).map_or(&[], Vec::as_slice)
    }

    /// The route for a use at a time. `ceiling` gives the factor of the direct comparison with the origin's parameters for a
    /// composed route, where it can be computed.
    ///
    /// # Errors
    /// [`RouteRefusal`].
    pub fn route(
        &self,
        from: &MethodologyRef,
        to: &MethodologyRef,
        wanted: Use,
        at: Timestamp,
        ceiling: impl Fn(&MethodologyRef) -> Option<Factor>,
    ) -> Result<Route, RouteRefusal> {
        if from == to {
            return Ok(Route::Same);
        }
        let direct = self.of(from, to);
        if let Some(leg) = valid_legs(direct, wanted, at).next() {
            return Ok(Route::Direct(leg.clone()));
        }
        if let Some(mapping) = direct.iter().find_map(rejection) {
            return Err(RouteRefusal::Rejected {
                mapping: mapping.clone(),
            });
        }
        // What has expired, with nothing direct after it, no longer rules.
        let ruling = direct.iter().filter_map(recognition).filter(|leg| at < leg.valid_until);
        if let Some(leg) = ruling.max_by_key(|leg| (leg.uses.contains(wanted), leg.mapping.version())) {
            let mapping = leg.mapping.clone();
            return Err(if leg.uses.contains(wanted) {
                let from = leg.valid_from;
                RouteRefusal::DirectNotValid { mapping, from }
            } else {
                RouteRefusal::DirectForOtherUses { mapping }
            });
        }
        self.composed(from, to, wanted, at, ceiling)
    }

    /// The best route through one reference: recognition before proposal, then the larger factor, then the reference's name.
    /// Both legs have to be computed for one source region and vintage.
    fn composed(
        &self,
        from: &MethodologyRef,
        to: &MethodologyRef,
        wanted: Use,
        at: Timestamp,
        ceiling: impl Fn(&MethodologyRef) -> Option<Factor>,
    ) -> Result<Route, RouteRefusal> {
        let routes = self
            .references
            .iter()
            .filter(|through| *through != from && *through != to)
            .filter_map(|through| {
                let legs = (self.of(from, through), self.of(through, to));
                if legs.0.iter().chain(legs.1).any(|ruling| rejection(ruling).is_some()) {
                    return None;
                }
                let first = valid_legs(legs.0, wanted, at).next()?;
                let mut seconds = valid_legs(legs.1, wanted, at);
                let second = seconds.find(|leg| leg.parameters == first.parameters)?;
                compose(first, second, ceiling(through)).ok()
            });
        let best = routes.max_by(|a, b| {
            let rank = |route: &Composed| (!route.proposal, route.factor);
            rank(a).cmp(&rank(b)).then_with(|| b.through.cmp(&a.through))
        });
        match best {
            Some(route) if route.proposal => Err(RouteRefusal::ProposalOnly(Box::new(route))),
            Some(route) => Ok(Route::Composed(route)),
            None => Err(RouteRefusal::Nothing {
                from: from.clone(),
                to: to.clone(),
            }),
        }
    }
}

fn rejection(ruling: &Ruling) -> Option<&MappingRef> {
    match ruling {
        Ruling::Rejected { mapping, .. } => Some(mapping),
        Ruling::Recognised(_) => None,
    }
}

fn recognition(ruling: &Ruling) -> Option<&Leg> {
    match ruling {
        Ruling::Recognised(leg) => Some(leg),
        Ruling::Rejected { .. } => None,
    }
}

/// The valid legs, the highest version first, of equal ones the smallest factor.
fn valid_legs(rulings: &[Ruling], wanted: Use, at: Timestamp) -> impl Iterator<Item = &Leg> {
    let valid = |leg: &&Leg| leg.uses.contains(wanted) && leg.valid_from <= at && at < leg.valid_until;
    let mut legs: Vec<&Leg> = rulings.iter().filter_map(recognition).filter(valid).collect();
    legs.sort_by_key(|leg| (Reverse(leg.mapping.version()), leg.factor));
    legs.into_iter()
}
