//! The plausibility gate: a unit factor outside the band of its activity stops a mapping until its issuer confirms it.
//!
//! Wuhan's 2.1 g/km for driving implies 1,412 km an action. As a target it would cut another city's reductions to a fiftieth;
//! as a source it looks harmless. Both are wrong.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::id::Sha256;

use super::finding::Ruling;
use crate::ratio::Ratio;
use crate::sheet::Sheet;
use crate::sheet::value::{GramsRange, Kind};
use crate::unit::{Conversion, Unit};

/// The plausible reductions of one activity, in g CO2e for one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlausibleBand {
    /// The activity.
    pub activity: Name,
    /// For which kind of methodology.
    pub kind: Kind,
    /// The unit of activity.
    pub unit: Unit,
    /// The least, in grams.
    pub low: Decimal,
    /// The greatest, in grams.
    pub high: Decimal,
}

/// All bands.
#[derive(Debug, Clone)]
pub struct PlausibleBands {
    bands: Vec<PlausibleBand>,
    sha256: Sha256,
}

impl FromIterator<PlausibleBand> for PlausibleBands {
    fn from_iter<I: IntoIterator<Item = PlausibleBand>>(bands: I) -> Self {
        let bands: Vec<PlausibleBand> = bands.into_iter().collect();
        let mut text = String::from("tanqiao plausible bands v1\n");
        for band in &bands {
            let PlausibleBand {
                activity,
                kind,
                unit,
                low,
                high,
            } = band;
            let _ = writeln!(
                text,
                "{activity} {kind} {unit} {} {}",
                low.normalize(),
                high.normalize()
            );
        }
        let sha256 = Sha256::of(text.as_bytes());
        Self { bands, sha256 }
    }
}

impl Default for PlausibleBands {
    fn default() -> Self {
        std::iter::empty().collect()
    }
}

impl PlausibleBands {
    /// The band of an activity.
    #[must_use]
    pub fn of(&self, activity: &Name, kind: Kind) -> Option<&PlausibleBand> {
        self.bands
            .iter()
            .find(|band| band.activity == *activity && band.kind == kind)
    }

    /// Their identity: SHA-256 over all of them, in order.
    #[must_use]
    pub const fn content_hash(&self) -> Sha256 {
        self.sha256
    }

    /// Whether the unit factor of `sheet`, which is `grams` for one `counted` (the origin's unit of activity), is plausible.
    pub(crate) fn judge(&self, sheet: &Sheet, grams: Option<&GramsRange>, counted: Option<&Unit>) -> Ruling {
        let attributes = &sheet.attributes;
        let name = &sheet.methodology;
        let (Some(factor), Some(grams), Some(counted)) = (attributes.unit_factor.value(), grams, counted) else {
            return Ruling::unknown(
                format!("{name} 的单位减排因子未知"),
                format!("the unit factor of {name} is not known"),
            );
        };
        if let Some(confirmed) = sheet.confirmed_factor() {
            let (on, hash) = (confirmed.on, confirmed.document);
            return Ruling::pass(
                format!("{name} 的签发方已于 {on} 书面确认 {factor}（文件 {hash}）"),
                format!("the issuer of {name} confirmed {factor} in writing on {on} (document {hash})"),
            );
        }
        let band = attributes.activity.value().zip(attributes.kind_and_actor.value());
        let band = band.and_then(|(scope, of)| self.of(scope.activity(), of.kind));
        let Some(band) = band else {
            return Ruling::unknown(
                format!("{name} 的活动没有合理区间，须由签发方书面确认 {factor}"),
                format!(
                    "there is no plausible band for the activity of {name}: its issuer has to confirm {factor} in writing"
                ),
            );
        };
        let Conversion::By(units) = counted.conversion(&band.unit) else {
            return Ruling::unknown(
                format!("{name} 的单位 {counted} 与合理区间的单位 {} 不可换算", band.unit),
                format!(
                    "{counted} of {name} does not convert into {} of the plausible band",
                    band.unit
                ),
            );
        };
        let for_one = |end: &Ratio| end.over(&units).unwrap_or_else(Ratio::zero);
        let grams = GramsRange {
            low: for_one(&grams.low),
            high: for_one(&grams.high),
        };
        let within = |end: &Ratio| Ratio::of(band.low) <= *end && *end <= Ratio::of(band.high);
        let (low, high, unit) = (band.low, band.high, &band.unit);
        if within(&grams.low) && within(&grams.high) {
            Ruling::pass(
                format!("{name} 的 {grams} g/{unit} 在合理区间 {low} 至 {high} 之内"),
                format!("{grams} g/{unit} of {name} is within the plausible {low} to {high}"),
            )
        } else {
            Ruling::fail(
                format!("{name} 的 {grams} g/{unit} 超出合理区间 {low} 至 {high}，须由签发方书面确认"),
                format!(
                    "{grams} g/{unit} of {name} is outside the plausible {low} to {high}: its issuer has to confirm it in writing"
                ),
            )
        }
    }
}
