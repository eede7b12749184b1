//! Everything that was decided about pairs of methodologies, and the route that follows.

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
    /// R02: the direct mapping is not valid now, or not for this use; no detour stands in for it.
    #[error("{mapping} decides this pair, and does not recognise it now for this use")]
    DirectNotValid {
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

    /// What was decided about a pair, in the order in which it was given. A rejection is not undone by an older recognition,
    /// nor by a younger: it stands until it is taken out.
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
        if let Some(mapping) = direct.iter().find_map(rejection) {
            return Err(RouteRefusal::Rejected {
                mapping: mapping.clone(),
            });
        }
        if let Some(leg) = valid_leg(direct, wanted, at) {
            return Ok(Route::Direct(leg.clone()));
        }
        if let Some(Ruling::Recognised(leg)) = direct.first() {
            return Err(RouteRefusal::DirectNotValid {
                mapping: leg.mapping.clone(),
            });
        }
        self.composed(from, to, wanted, at, ceiling)
    }

    /// The best route through one reference: recognition before proposal, then the larger factor, then the reference's name.
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
                let first = valid_leg(legs.0, wanted, at)?;
                compose(first, valid_leg(legs.1, wanted, at)?, ceiling(through)).ok()
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

/// The valid leg of the highest version, of equal ones the smallest factor.
fn valid_leg(rulings: &[Ruling], wanted: Use, at: Timestamp) -> Option<&Leg> {
    let legs = rulings.iter().filter_map(|ruling| match ruling {
        Ruling::Recognised(leg) => Some(leg),
        Ruling::Rejected { .. } => None,
    });
    legs.filter(|leg| leg.uses.contains(wanted) && leg.valid_from <= at && at < leg.valid_until)
        .max_by(|a, b| {
            let rank = |leg: &Leg| (leg.mapping.version(), std::cmp::Reverse(leg.factor));
            rank(a).cmp(&rank(b))
        })
}
