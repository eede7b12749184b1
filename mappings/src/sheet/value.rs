//! The typed values of the attributes. Each is written as one line of text, so that sheets can be kept, filled in and
//! compared as tables; each is read once, and right from then on.

mod factor;
mod gases;
mod limits;
mod provenance;
mod rules;
mod scope;
mod standing;
mod text;

pub use factor::{GramsRange, UnitFactor};
pub use gases::{Boundary, Gas, GasShares, GwpSet};
pub use limits::{Bound, CreditingPeriod, Eligibility, Limit};
pub use provenance::{GridKind, GridLevel, GridRule, GridYear, ParameterRule, Provenance};
pub use rules::{
    Additionality, AdditionalityTest, BaselineType, DataProtection, Identity, Leakage, Monitoring, Permanence,
    Rounding, Safeguard, Safeguards, UncertaintyWidth, VerificationLevel,
};
pub use scope::{ActivityScope, Actor, Kind, KindAndActor, ScopeRelation};
pub use standing::{Ground, Owner, Ownership, PermittedUses, Standing, StandingStatus};
pub use text::ValueError;
