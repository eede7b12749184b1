//! The attributes of a sheet with their types.

use super::attribute::AttributeName;
use super::evidence::{Cell, CellError, Stated};
use super::value::{
    ActivityScope, Additionality, BaselineType, Boundary, CreditingPeriod, DataProtection, Eligibility, GasShares,
    GwpSet, Identity, KindAndActor, Leakage, Monitoring, Ownership, Permanence, PermittedUses, Provenance, Rounding,
    Safeguards, Standing, UncertaintyWidth, UnitFactor, VerificationLevel,
};
use crate::unit::Unit;

macro_rules! attributes {
    ($($(#[$meta:meta])* $field:ident: $type:ty = $name:ident),+ $(,)?) => {
        /// The 24 attributes of a sheet. By default all are unknown.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Attributes { $($(#[$meta])* pub $field: Stated<$type>),+ }

        impl Attributes {
            /// One attribute as a table writes it.
            #[must_use]
            pub fn cell(&self, name: AttributeName) -> Cell {
                match name { $(AttributeName::$name => self.$field.cell()),+ }
            }

            /// True if the value of an attribute is known.
            #[must_use]
            pub const fn knows(&self, name: AttributeName) -> bool {
                match name { $(AttributeName::$name => self.$field.value().is_some()),+ }
            }

            /// Puts a cell of a table in the place of an attribute.
            ///
            /// # Errors
            /// [`CellError`]; the attribute then stays as it was.
            pub fn put(&mut self, name: AttributeName, cell: Cell) -> Result<(), CellError> {
                match name { $(AttributeName::$name => self.$field = Stated::of_cell(cell)?),+ }
                Ok(())
            }
        }
    };
}

attributes! {
    /// 1
    activity: ActivityScope = Activity,
    /// 2
    activity_unit: Unit = ActivityUnit,
    /// 3
    kind_and_actor: KindAndActor = KindAndActor,
    /// 4
    boundary: Boundary = Boundary,
    /// 5
    baseline: BaselineType = Baseline,
    /// 6
    gases: GasShares = Gases,
    /// 7
    gwp_set: GwpSet = GwpSet,
    /// 8
    unit_factor: UnitFactor = UnitFactor,
    /// 9
    provenance: Provenance = Provenance,
    /// 10
    uncertainty: UncertaintyWidth = Uncertainty,
    /// 11
    additionality: Additionality = Additionality,
    /// 12
    monitoring: Monitoring = Monitoring,
    /// 13
    identity: Identity = Identity,
    /// 14
    crediting_period: CreditingPeriod = CreditingPeriod,
    /// 15
    eligibility: Eligibility = Eligibility,
    /// 16
    safeguards: Safeguards = Safeguards,
    /// 17
    verification: VerificationLevel = Verification,
    /// 18
    permanence: Permanence = Permanence,
    /// 19
    leakage: Leakage = Leakage,
    /// 20
    uses: PermittedUses = Uses,
    /// 21
    ownership: Ownership = Ownership,
    /// 22
    standing: Standing = Standing,
    /// 23
    rounding: Rounding = Rounding,
    /// 24
    data_protection: DataProtection = DataProtection,
}
