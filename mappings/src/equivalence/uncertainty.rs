//! The conservativeness factor for uncertainty.

use rust_decimal::Decimal;
use tanqiao_protocol::words;

use crate::ratio::Ratio;

words! {
    /// A band of uncertainty, by half-width of the 95 % interval, with its conservativeness factor (CDM, decision 20/CMP.1).
    pub enum UncertaintyBand {
        /// None, since both apply the same text of one standard: a half-width of 0 that someone states is up to 10 %.
        None = 1 "none",
        /// Up to 10 %.
        UpTo10 = 2 "up-to-10",
        /// Up to 30 %.
        UpTo30 = 3 "up-to-30",
        /// Up to 50 %.
        UpTo50 = 4 "up-to-50",
        /// Up to 100 %.
        UpTo100 = 5 "up-to-100",
        /// Above 100 %, or not disclosed.
        Above100 = 6 "above-100",
    }
}

impl UncertaintyBand {
    /// The band of a half-width in per cent.
    #[must_use]
    pub fn of(width: Decimal) -> Self {
        let up_to = |percent: u32| width <= Decimal::from(percent);
        match () {
            () if up_to(10) => Self::UpTo10,
            () if up_to(30) => Self::UpTo30,
            () if up_to(50) => Self::UpTo50,
            () if up_to(100) => Self::UpTo100,
            () => Self::Above100,
        }
    }

    /// The band of the ratio of two numbers. The half-widths are added, not squared and added: nobody has shown that the
    /// errors of two methodologies are independent. Not disclosed on either side is the worst band.
    #[must_use]
    pub fn of_ratio(origin: Option<Decimal>, target: Option<Decimal>) -> Self {
        match (origin, target) {
            (Some(origin), Some(target)) => origin.checked_add(target).map_or(Self::Above100, Self::of),
            _ => Self::Above100,
        }
    }

    /// `steps` bands worse.
    #[must_use]
    pub fn worse(self, steps: usize) -> Self {
        let position = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        Self::ALL
            .get(position.saturating_add(steps))
            .copied()
            .unwrap_or(Self::Above100)
    }

    /// The conservativeness factor.
    #[must_use]
    pub fn factor(self) -> Ratio {
        let hundredths = match self {
            Self::None => 100,
            Self::UpTo10 => 98,
            Self::UpTo30 => 94,
            Self::UpTo50 => 89,
            Self::UpTo100 => 82,
            Self::Above100 => 73,
        };
        Ratio::of(Decimal::new(hundredths, 2))
    }
}
