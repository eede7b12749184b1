//! Which factor, buffer, mapping and uses apply to a lot that goes to a region for a use.

use std::sync::Arc;

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, MappingRecord};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::batch::factor_of_batch;
use super::lookup::Act;
use super::mapping_set::MappingSet;
use super::refusal::Reason;

/// Where lots go, for what, and when that is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// The region where the reductions would be used.
    pub to: RegionCode,
    /// For what.
    pub r#use: Use,
    /// The decision time, on which the mappings in force depend.
    pub at: Timestamp,
}

/// A lot, with what the ledger knows about its issuer and its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenLot {
    /// The lot.
    pub lot: Lot,
    /// The region of the member that issued it; `CN` for a nationwide enterprise platform.
    pub home: RegionCode,
    /// What the lot's methodology permits in its own region.
    pub home_uses: Uses,
    /// The region of the member that holds the lot, if a use for which the lot is already recognised there shall need no
    /// mapping (a donation to an event next door). `None`: every use away from home needs a mapping in force.
    pub held_in: Option<RegionCode>,
    /// The batch that it is of, where its activity data travel ([`super::batch_lots_of`]).
    pub batch: Option<Batch>,
}

/// What an issuance sealed of its activity data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The issuance.
    pub issuance: MessageId,
    /// Total of activity data `D` in the unit of the methodology's publication, an exact decimal as text.
    pub activity_total: String,
    /// Grams issued, `q`.
    pub issued: Grams,
}

/// On what ground terms apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The reductions are at home, or come home: no mapping, no discount, no buffer. What was paid stays paid.
    Home,
    /// The lot is already recognised where it is for this use.
    AlreadyRecognised,
    /// A mapping from the origin methodology.
    Mapping(Arc<MappingRecord>),
}

/// Whose factor counts where a mapping applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorOf {
    /// That of the version in force.
    Version,
    /// That of another version of the same mapping, which was in force in the vintage year and is smaller.
    OtherVersion(Arc<MappingRecord>),
    /// That of a batch whose activity data travel.
    Batch,
}

/// What applies to a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// On what ground.
    pub basis: Basis,
    /// The factor `t` from the origin methodology to the region and use, in millionths (3-recognition, rule 6).
    pub factor: Factor,
    /// Whose factor that is.
    pub factor_of: FactorOf,
    /// The share of the buffer at a first crossing, in millionths.
    pub buffer: Factor,
    /// What the delivered blocks may be used for there.
    pub uses: Uses,
}

impl Terms {
    /// The mapping version that applies, where one is needed.
    #[must_use]
    pub fn mapping(&self) -> Option<&MappingRef> {
        self.record().map(|record| &record.mapping)
    }

    /// The mapping record that applies, where one is needed.
    #[must_use]
    pub fn record(&self) -> Option<&MappingRecord> {
        match &self.basis {
            Basis::Mapping(record) => Some(record),
            Basis::Home | Basis::AlreadyRecognised => None,
        }
    }
}

/// What applies to `given` when it goes where `crossing` says. Always from the **origin** methodology, never from where the
/// lot is now: a detour gains nothing. The mapping is the version in force; where another version of it was in force in the
/// vintage year, the smaller of their factors counts ([`MappingSet::smaller_in`]). Where activity data travel, a batch's own factor
/// takes the place of the mapping's (rule 4), and a lot whose batch is not named has none.
///
/// # Errors
/// [`Reason::NoBatchFactor`] (R06) if a batch's activity data give no factor; [`Reason::UseNotPermitted`] (R04) at home for a use that the methodology does not permit; else those of
/// [`MappingSet::lookup_act`].
pub fn terms_for(set: &MappingSet, given: &GivenLot, crossing: &Crossing) -> Result<Terms, Reason> {
    let Crossing { to, r#use, at } = *crossing;
    let unreduced = |basis, uses| Terms {
        basis,
        factor: Factor::ONE,
        factor_of: FactorOf::Version,
        buffer: Factor::ZERO,
        uses,
    };
    if to.contains(&given.home) || given.home.contains(&to) {
        return if given.home_uses.contains(r#use) {
            Ok(unreduced(Basis::Home, given.home_uses))
        } else {
            Err(Reason::UseNotPermitted {
                to,
                r#use,
                permitted: given.home_uses,
            })
        };
    }
    if given.held_in == Some(to) && given.lot.uses.contains(r#use) {
        return Ok(unreduced(Basis::AlreadyRecognised, given.lot.uses));
    }
    let series = &given.lot.series;
    let act = Act {
        vintage: series.vintage(),
        region: series.region_of_act(),
    };
    let record = set.lookup_act(series.methodology(), &act, to, r#use, at)?;
    let (own, own_of) = match &record.batch {
        Some(rule) => {
            let of = |batch: &Batch| factor_of_batch(rule, &batch.activity_total, batch.issued);
            let factor = given.batch.as_ref().and_then(of).filter(|k| *k != Factor::ZERO);
            let no_factor = || Reason::NoBatchFactor {
                mapping: record.mapping.clone(),
            };
            (factor.ok_or_else(no_factor)?, FactorOf::Batch)
        }
        None => (record.factor, FactorOf::Version),
    };
    let (factor, factor_of) = match set.smaller_in(record, series.vintage()) {
        Some(other) if other.factor < own => (other.factor, FactorOf::OtherVersion(Arc::clone(other))),
        _ => (own, own_of),
    };
    Ok(Terms {
        factor,
        factor_of,
        buffer: record.buffer,
        uses: record.uses,
        basis: Basis::Mapping(Arc::clone(record)),
    })
}
