//! The 24 attributes in which methodologies are compared.

use tanqiao_protocol::words;

use crate::phrase::Phrase;

words! {
    /// An attribute of a methodology version (3-recognition, Attribute sheet); its number is its `code()`.
    pub enum AttributeName {
        /// What is done, such as `rail-transit`.
        Activity = 1 "activity",
        /// The unit in which it is counted.
        ActivityUnit = 2 "activity-unit",
        /// Behaviour of persons or a project, and who acts.
        KindAndActor = 3 "kind-and-actor",
        /// The sources of emissions that are counted against the reduction.
        Boundary = 4 "boundary",
        /// What the reduction is compared with.
        Baseline = 5 "baseline",
        /// The gases that are counted.
        Gases = 6 "gases",
        /// The set of global warming potentials.
        GwpSet = 7 "gwp-set",
        /// The reduction for one unit of activity.
        UnitFactor = 8 "unit-factor",
        /// Where the parameters of the unit factor come from.
        Provenance = 9 "factor-provenance",
        /// The half-width of the 95 % interval, in per cent.
        Uncertainty = 10 "uncertainty",
        /// Which tests show that the act is additional.
        Additionality = 11 "additionality",
        /// How the activity is measured.
        Monitoring = 12 "monitoring",
        /// What tells one actor from another.
        Identity = 13 "identity",
        /// Vintages and the greatest age.
        CreditingPeriod = 14 "crediting-period",
        /// Limits of size and kind.
        Eligibility = 15 "eligibility",
        /// Against which schemes double counting is excluded.
        Safeguards = 16 "safeguards",
        /// Who verifies.
        Verification = 17 "verification",
        /// How long carbon stays bound, and the reserve for its return.
        Permanence = 18 "permanence",
        /// The deduction for emissions that move elsewhere, in per cent.
        Leakage = 19 "leakage",
        /// What its reductions may be used for.
        Uses = 20 "uses",
        /// Who owns the reduction, and on what ground the platform may issue it.
        Ownership = 21 "ownership",
        /// How far it has come, and when it is in force.
        Standing = 22 "standing",
        /// The unit of account to which it rounds.
        Rounding = 23 "rounding",
        /// What may leave the platform.
        DataProtection = 24 "data-protection",
    }
}

/// What an attribute does in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeRole {
    /// It passes or fails; a discount never repairs it.
    Gate,
    /// It scales the quantity.
    Scale,
    /// It is a gate, and scales where the gate is open.
    GateAndScale,
    /// It is shown.
    Information,
}

impl AttributeName {
    /// What it does in a comparison.
    #[must_use]
    pub const fn role(self) -> AttributeRole {
        match self {
            Self::Boundary
            | Self::Gases
            | Self::GwpSet
            | Self::UnitFactor
            | Self::Provenance
            | Self::Uncertainty
            | Self::Leakage => AttributeRole::Scale,
            Self::Baseline | Self::Monitoring | Self::Permanence => AttributeRole::GateAndScale,
            Self::Rounding | Self::DataProtection => AttributeRole::Information,
            _ => AttributeRole::Gate,
        }
    }

    /// True if it passes or fails.
    #[must_use]
    pub const fn is_gate(self) -> bool {
        matches!(self.role(), AttributeRole::Gate | AttributeRole::GateAndScale)
    }

    /// True if it scales the quantity.
    #[must_use]
    pub const fn scales(self) -> bool {
        matches!(self.role(), AttributeRole::Scale | AttributeRole::GateAndScale)
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> Phrase {
        let (zh, en) = match self {
            Self::Activity => ("活动", "activity"),
            Self::ActivityUnit => ("活动单位", "unit of activity"),
            Self::KindAndActor => ("类别与行为主体", "kind and actor"),
            Self::Boundary => ("核算边界", "boundary"),
            Self::Baseline => ("基准线类型", "type of baseline"),
            Self::Gases => ("温室气体种类", "gases"),
            Self::GwpSet => ("全球增温潜势取值", "set of global warming potentials"),
            Self::UnitFactor => ("单位减排因子", "unit factor"),
            Self::Provenance => ("因子来源", "provenance of the factor"),
            Self::Uncertainty => ("不确定性", "uncertainty"),
            Self::Additionality => ("额外性论证", "test of additionality"),
            Self::Monitoring => ("监测方式", "monitoring"),
            Self::Identity => ("主体识别", "identity"),
            Self::CreditingPeriod => ("计入期与年份", "crediting period and vintages"),
            Self::Eligibility => ("适用条件", "limits of eligibility"),
            Self::Safeguards => ("防重复计算措施", "safeguards against double counting"),
            Self::Verification => ("核查级别", "level of verification"),
            Self::Permanence => ("持久性", "permanence"),
            Self::Leakage => ("泄漏扣减", "leakage"),
            Self::Uses => ("允许用途", "permitted uses"),
            Self::Ownership => ("权属", "ownership"),
            Self::Standing => ("状态与效力", "standing and validity"),
            Self::Rounding => ("记账单位", "unit of account"),
            Self::DataProtection => ("数据保护级别", "data protection"),
        };
        Phrase::new(zh, en)
    }

    /// How its value is written, for people who fill a sheet in.
    #[must_use]
    pub const fn form(self) -> &'static str {
        match self {
            Self::Activity => "rail-transit | public-transport: bus, rail-transit | low-carbon-travel: not listed",
            Self::ActivityUnit => "km{passenger} | kW.h | ha.a | {order}",
            Self::KindAndActor => "scenario; person | project; operator",
            Self::Boundary => "none | traction=31.5; stations=2; upstream=? (g CO2e for one unit of activity)",
            Self::Baseline => "all-mode-average | car-only | own-history | per-capita | …",
            Self::Gases => "CO2 | CH4=80; N2O=20 (% of the reduction in CO2e)",
            Self::GwpSet => "AR4 | AR5 | AR5-feedback | AR6 | SAR",
            Self::UnitFactor => "78.4 g{CO2}/km{passenger} | 500..800 g{CO2}/(kW.h) | 640 - 1*grid g{CO2}/(kW.h)",
            Self::Provenance => "prescribed; publisher=… | grid=province; kind=average; year=vintage; publisher=…",
            Self::Uncertainty => "12.5 (%, half-width of the 95 % interval)",
            Self::Additionality => "none | positive-list; regulatory-surplus | required-by-law",
            Self::Monitoring => "meter | transaction | trip-chain | app-estimate | self-report",
            Self::Identity => "person-key | device-key | meter-key | asset-id | none",
            Self::CreditingPeriod => "vintages=2024..2030; age=5 (years) | vintages=2024..open; age=unlimited",
            Self::Eligibility => "none | capacity<1 MW; area>=1 ha",
            Self::Safeguards => "none | ccer; green-certificate; other-platform; allowance-boundary",
            Self::Verification => "third-party | regulator | sample | none",
            Self::Permanence => "not a sink | years=40; buffer=15 (%)",
            Self::Leakage => "0 (%)",
            Self::Uses => "event-neutrality; public-welfare | none",
            Self::Ownership => "owner=person; ground=consent | owner=operator; ground=assignment",
            Self::Standing => "status=final; from=2025-06-25; until=open; adopted-by=420000",
            Self::Rounding => "g | kg | t",
            Self::DataProtection => "aggregates-only | pseudonymous-tokens | activity-records",
        }
    }
}
