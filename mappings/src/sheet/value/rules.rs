//! Closed lists: baselines, tests, tiers, levels, and shares in per cent.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use tanqiao_protocol::words;

use super::text::{Pairs, ValueError, decimal, decimal_text, parsed, parts, percent, set_text, word_set};

words! {
    /// What a reduction is compared with.
    pub enum BaselineType {
        /// The average of all motorised ways of travelling.
        AllModeAverage = 1 "all-mode-average",
        /// A car.
        CarOnly = 2 "car-only",
        /// The actor's own past.
        OwnHistory = 3 "own-history",
        /// An average person.
        PerCapita = 4 "per-capita",
        /// The hours for which demand response was called.
        DemandResponseEvent = 5 "demand-response-event",
        /// The device that was replaced.
        ReplacedDevice = 6 "replaced-device",
        /// A standard of performance.
        PerformanceStandard = 7 "performance-standard",
        /// The average of the electricity grid.
        GridAverage = 8 "grid-average",
        /// The combined margin of the electricity grid.
        CombinedMargin = 9 "combined-margin",
        /// What would have been on the same site without the project.
        WithoutProject = 10 "without-project",
    }
}

words! {
    /// A test of additionality.
    pub enum AdditionalityTest {
        /// The activity is on a positive list.
        PositiveList = 1 "positive-list",
        /// It goes beyond what rules demand.
        RegulatorySurplus = 2 "regulatory-surplus",
        /// It would not pay without.
        Investment = 3 "investment",
        /// It is not common practice.
        CommonPractice = 4 "common-practice",
    }
}

/// The tests that are made, or that the law demands the act anyway: `positive-list; regulatory-surplus`, `none`,
/// `required-by-law`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Additionality {
    /// Which tests.
    Tests(BTreeSet<AdditionalityTest>),
    /// What the law demands is never additional.
    RequiredByLaw,
}

const REQUIRED_BY_LAW: &str = "required-by-law";

impl FromStr for Additionality {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == REQUIRED_BY_LAW {
            Ok(Self::RequiredByLaw)
        } else {
            word_set(text).map(Self::Tests)
        }
    }
}

impl fmt::Display for Additionality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tests(tests) => f.write_str(&set_text(tests)),
            Self::RequiredByLaw => f.write_str(REQUIRED_BY_LAW),
        }
    }
}

words! {
    /// How the activity is measured, the best first: the order is the tier.
    pub enum Monitoring {
        /// A meter.
        Meter = 1 "meter",
        /// A transaction.
        Transaction = 2 "transaction",
        /// A chain of trips.
        TripChain = 3 "trip-chain",
        /// An estimate by an app.
        AppEstimate = 4 "app-estimate",
        /// The actor's own report, which is never recognised.
        SelfReport = 5 "self-report",
    }
}

words! {
    /// What tells one actor from another without naming them.
    pub enum Identity {
        /// A pseudonymous key of a person.
        PersonKey = 1 "person-key",
        /// A key of a device or vehicle.
        DeviceKey = 2 "device-key",
        /// A key of a meter.
        MeterKey = 3 "meter-key",
        /// A registered plant or area.
        AssetId = 4 "asset-id",
        /// Nothing, so that overlaps cannot be found.
        None = 5 "none",
    }
}

words! {
    /// A scheme against which double counting is excluded.
    pub enum Safeguard {
        /// The national voluntary scheme.
        Ccer = 1 "ccer",
        /// Green electricity certificates.
        GreenCertificate = 2 "green-certificate",
        /// Another platform of carbon inclusion.
        OtherPlatform = 3 "other-platform",
        /// The boundary of an emissions trading system.
        AllowanceBoundary = 4 "allowance-boundary",
    }
}

/// The schemes against which double counting is excluded: `ccer; green-certificate`, `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safeguards(pub BTreeSet<Safeguard>);

impl FromStr for Safeguards {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        word_set(text).map(Self)
    }
}

impl fmt::Display for Safeguards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&set_text(&self.0))
    }
}

words! {
    /// Who verifies, the strongest first: the order is the level.
    pub enum VerificationLevel {
        /// An independent body.
        ThirdParty = 1 "third-party",
        /// The regulator.
        Regulator = 2 "regulator",
        /// Samples.
        Sample = 3 "sample",
        /// Nobody.
        None = 4 "none",
    }
}

words! {
    /// The unit of account to which a methodology rounds.
    pub enum Rounding {
        /// Grams.
        Gram = 1 "g",
        /// Kilograms.
        Kilogram = 2 "kg",
        /// Tonnes.
        Tonne = 3 "t",
    }
}

words! {
    /// What may leave the platform.
    pub enum DataProtection {
        /// Sums only.
        AggregatesOnly = 1 "aggregates-only",
        /// Sums, and tokens without meaning.
        PseudonymousTokens = 2 "pseudonymous-tokens",
        /// Activity records.
        ActivityRecords = 3 "activity-records",
    }
}

/// The half-width of the 95 % interval of the unit factor, in per cent of its value; 0 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UncertaintyWidth(pub Decimal);

impl FromStr for UncertaintyWidth {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let width = decimal(text)?;
        if width > Decimal::ONE_THOUSAND {
            return Err(ValueError::new(format!("{text} is above 1000 per cent")));
        }
        Ok(Self(width))
    }
}

impl fmt::Display for UncertaintyWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.0))
    }
}

/// The deduction for emissions that move elsewhere, in per cent; below 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leakage(pub Decimal);

impl FromStr for Leakage {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        below_all(text).map(Self)
    }
}

impl fmt::Display for Leakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.0))
    }
}

/// How long carbon stays bound: `not a sink`, or `years=40; buffer=15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permanence {
    /// Nothing is bound: emissions are avoided.
    NotASink,
    /// Carbon is bound.
    Sink {
        /// For how many years it is held.
        years: u16,
        /// The reserve for its return, in per cent of the reduction; below 100.
        buffer: Decimal,
    },
}

const NOT_A_SINK: &str = "not a sink";

impl FromStr for Permanence {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == NOT_A_SINK {
            return Ok(Self::NotASink);
        }
        let pairs = Pairs::read(&parts(text)?, &["years", "buffer"])?;
        Ok(Self::Sink {
            years: parsed(pairs.text("years")?)?,
            buffer: below_all(pairs.text("buffer")?)?,
        })
    }
}

impl fmt::Display for Permanence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASink => f.write_str(NOT_A_SINK),
            Self::Sink { years, buffer } => write!(f, "years={years}; buffer={}", decimal_text(*buffer)),
        }
    }
}

fn below_all(text: &str) -> Result<Decimal, ValueError> {
    let share = percent(text, 100)?;
    if share == Decimal::ONE_HUNDRED {
        return Err(ValueError::new("100 per cent would leave nothing"));
    }
    Ok(share)
}
