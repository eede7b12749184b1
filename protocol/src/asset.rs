//! Assets: the roofs, plants, plots and meters that project-type reductions come from (4-double-counting, Assets and schemes).
//!
//! A member registers an asset once, with its place, its class of activity and the period in which it is credited, and declares the
//! other schemes that it takes part in. A later registration is the next revision. The same id, or an overlapping place and period
//! in the same class, by somebody else is a conflict, and the later of the two cannot be issued on until an officer has decided.

mod geojson;
mod place;
mod scheme;

use serde::{Deserialize, Serialize};

pub use geojson::GeoJsonError;
pub use place::{
    Bounds, COORDINATES_PER_DEGREE, EXTENT_MAX, POLYGONS_MAX, Place, PlaceError, Position, Ring, VERTICES_MAX,
};
pub use scheme::{Exclusivity, ExclusivityError, ExclusivityRule, Scheme};

use crate::id::Name;
use crate::personal::{is_number_of_a_person, reads_as_personal};
use crate::region::RegionCode;
use crate::text::words;
use crate::time::{DAY_US, Timestamp};

/// The most other schemes that an asset declares.
pub const DECLARATIONS_MAX: usize = 20;
/// The longest crediting period: 100 years, which forestry needs.
const PERIOD_US_MAX: i64 = 36_525 * DAY_US;
/// The longest reference in another scheme, and unit, in characters.
const REFERENCE_CHARS_MAX: usize = 100;
const UNIT_CHARS_MAX: usize = 20;
/// The most digits of a capacity.
const AMOUNT_CHARS_MAX: usize = 24;

/// An asset, as its registrant states it. A later message about the same asset is its next revision, and replaces what this one says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its number in the numbering of its region: of the meter, the plot, the plant. Unique by itself in the whole federation, and
    /// never a person's number.
    pub asset: Name,
    /// Its class: the activity of the methodology that credits it, such as `distributed-pv`.
    pub activity: Name,
    /// Where it is: WGS 84, coordinates in 10^-7 degree.
    pub place: Place,
    /// The division that it lies in.
    pub region: RegionCode,
    /// What it can do.
    pub capacity: Capacity,
    /// When it went into service, or was planted.
    pub commissioned_at: Timestamp,
    /// Its crediting period begins.
    pub period_from: Timestamp,
    /// Its crediting period ends; this instant is outside.
    pub period_until: Timestamp,
    /// The other schemes that it takes or took part in; must be declared, if only as an empty list.
    pub other_schemes: Vec<SchemeDeclaration>,
}

/// A capacity: `"8.25"` `kW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// How much: an exact decimal above 0, as text.
    pub amount: String,
    /// Of what: `kW`, `ha`, `t/a`, ….
    pub unit: String,
}

/// Another scheme that an asset takes or took part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeDeclaration {
    /// The scheme: one of [`Scheme`], or the name of one that nobody has listed here.
    pub scheme: Name,
    /// The asset's or project's number there.
    pub reference: String,
    /// In it from this instant.
    pub from: Timestamp,
    /// Until this instant.
    pub until: Timestamp,
}

words! {
    /// Where the registration of an asset by one member stands.
    pub enum AssetState {
        /// It may be issued on.
        Registered = 1 "registered",
        /// A conflict about it is open: it cannot be issued on.
        Contested = 2 "contested",
        /// An officer decided for the other side: it cannot be issued on any more.
        Lost = 10 "lost",
    }
}

impl AssetState {
    /// True if `next` may follow. Each revision says the state again.
    #[must_use]
    pub const fn permits(from: Option<Self>, to: Self) -> bool {
        match from {
            None => !matches!(to, Self::Lost),
            Some(Self::Registered | Self::Contested) => true,
            Some(Self::Lost) => false,
        }
    }

    /// True while it stands in the way of others.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Lost)
    }
}

words! {
    /// What two sides contend for.
    pub enum AssetConflictKind {
        /// Two members registered the same id.
        SameAsset = 1 "same-asset",
        /// The places and periods of two assets of one class overlap.
        Place = 2 "place",
        /// The asset stands in the list of a scheme that excludes this one.
        OtherScheme = 3 "other-scheme",
    }
}

words! {
    /// Where an asset conflict stands.
    pub enum AssetConflictState {
        /// Nobody has decided.
        Open = 1 "open",
        /// Decided for the first side, which was there earlier: the second is lost.
        ForFirst = 10 "for-first",
        /// Decided for the second side: the first is lost.
        ForSecond = 11 "for-second",
        /// They are two different things.
        Distinct = 12 "distinct",
        /// The other scheme has it: nothing is issued for the time in its list, and what was frozen is cancelled.
        Upheld = 13 "upheld",
        /// The list is wrong about it: what was frozen is returned.
        Dismissed = 14 "dismissed",
        /// A revision ended the overlap.
        Corrected = 15 "corrected",
    }
}

impl AssetConflictState {
    /// True if `next` may follow: each conflict is decided once.
    #[must_use]
    pub const fn permits(from: Option<Self>, to: Self) -> bool {
        match from {
            None => matches!(to, Self::Open),
            Some(Self::Open) => !matches!(to, Self::Open),
            Some(_) => false,
        }
    }

    /// True if a conflict of this kind may end so by an officer's word.
    #[must_use]
    pub const fn decides(self, kind: AssetConflictKind) -> bool {
        match kind {
            AssetConflictKind::SameAsset | AssetConflictKind::Place => {
                matches!(self, Self::ForFirst | Self::ForSecond | Self::Distinct)
            }
            AssetConflictKind::OtherScheme => matches!(self, Self::Upheld | Self::Dismissed),
        }
    }
}

/// What is wrong with an asset, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {what}")]
pub struct AssetFault {
    /// The member, such as `capacity.amount`.
    pub field: String,
    /// What is wrong with it, to complete the sentence.
    pub what: String,
}

fn fault<T>(field: impl Into<String>, what: impl Into<String>) -> Result<T, AssetFault> {
    Err(AssetFault {
        field: field.into(),
        what: what.into(),
    })
}

/// True if two periods have an instant in common; the end of each is outside of it.
#[must_use]
pub fn periods_overlap(one: (Timestamp, Timestamp), other: (Timestamp, Timestamp)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

impl Asset {
    /// The crediting period: its beginning, and its end, which is outside.
    #[must_use]
    pub const fn period(&self) -> (Timestamp, Timestamp) {
        (self.period_from, self.period_until)
    }

    /// Checks everything that can be told from the asset alone.
    ///
    /// # Errors
    /// The first [`AssetFault`].
    pub fn check(&self) -> Result<(), AssetFault> {
        // A meter number of eleven or eighteen digits may be somebody's own number, and stays in the log for ever.
        if is_number_of_a_person(self.asset.as_str()) || reads_as_personal(self.asset.as_str()) {
            return fault(
                "asset",
                "reads as a person's identity or mobile number: use the number of the meter, plot or plant",
            );
        }
        if let Err(error) = self.place.check() {
            return fault("place", error.to_string());
        }
        if self.region.is_chinese_division() && !self.place.bounds().lies_in_china() {
            return fault(
                "place",
                "lies outside of China: a position is longitude first, then latitude, in WGS 84",
            );
        }
        self.capacity.check()?;
        if self.commissioned_at > self.period_from {
            return fault("period_from", "is before the asset was commissioned");
        }
        if self.period_from >= self.period_until
            || self.period_until.micros() - self.period_from.micros() > PERIOD_US_MAX
        {
            return fault("period_until", "must be after `period_from`, and at most 100 years");
        }
        if self.other_schemes.len() > DECLARATIONS_MAX {
            return fault("other_schemes", format!("has more than {DECLARATIONS_MAX} entries"));
        }
        for (position, one) in self.other_schemes.iter().enumerate() {
            one.check(&format!("other_schemes[{position}]"))?;
        }
        Ok(())
    }
}

impl Capacity {
    fn check(&self) -> Result<(), AssetFault> {
        if !is_amount(&self.amount) {
            return fault("capacity.amount", "must be an exact decimal above 0, such as \"8.25\"");
        }
        check_words(&self.unit, "capacity.unit", UNIT_CHARS_MAX)
    }
}

impl SchemeDeclaration {
    fn check(&self, field: &str) -> Result<(), AssetFault> {
        check_words(&self.reference, &format!("{field}.reference"), REFERENCE_CHARS_MAX)?;
        if self.from >= self.until {
            return fault(format!("{field}.until"), "must be after `from`");
        }
        Ok(())
    }
}

/// True for an exact decimal above 0: digits, with or without a point between them.
#[must_use]
pub fn is_amount(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= AMOUNT_CHARS_MAX
        && digits(whole)
        && digits(decimals)
        && !(whole.len() > 1 && whole.starts_with('0'))
        && text.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

/// Texts for people: not blank, not longer than `max` characters, without control characters and without persons' numbers.
fn check_words(text: &str, field: &str, max: usize) -> Result<(), AssetFault> {
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > max || text.chars().any(char::is_control) {
        return fault(
            field,
            format!("must have 1 to {max} characters, none of them a control character"),
        );
    }
    if reads_as_personal(text) {
        return fault(
            field,
            "holds what reads as an identity number or a mobile number: leave persons out",
        );
    }
    Ok(())
}

/// The activities whose reductions come from assets that stand somewhere and have one owner, a roof or a plot: their issuances name them.
/// What people do, what moves, and what stands in every household is not registered; tokens tell its records apart. `None` for an
/// activity that this table does not know.
#[must_use]
pub fn is_project(activity: &Name) -> Option<bool> {
    const PROJECTS: &[&str] = &[
        "biochar",
        "composting",
        "datacenter-cooling",
        "distributed-pv",
        "e-waste",
        "effluent-reuse",
        "elv-recycling",
        "forestry-management",
        "geothermal-heating",
        "grassland-restoration",
        "habitat-protection",
        "mangrove",
        "manure-management",
        "plastic-recycling",
        "refrigerant-efficiency",
        "seagrass",
        "textile-recycling",
        "wind-power",
    ];
    const SCENARIOS: &[&str] = &[
        "bike-share",
        "bus",
        "carpool",
        "carton-recycling",
        "direct-drinking-water",
        "disposable-avoidance",
        "efficient-appliance",
        "ev-charging",
        "ev-driving",
        "green-shipping",
        "heat-pump-water-heating",
        "hydrogen-vehicle",
        "low-carbon-travel",
        "paperless-finance",
        "paperless-office",
        "paperless-service",
        "public-transport",
        "rail-transit",
        "residential-electricity-saving",
        "reuse-electronics",
        "waste-sorting",
    ];
    if PROJECTS.contains(&activity.as_str()) {
        Some(true)
    } else if SCENARIOS.contains(&activity.as_str()) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
