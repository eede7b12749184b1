//! Where an asset is: a geometry of RFC 7946 in WGS 84, with coordinates as integers of 10^-7 degree (about a centimetre), because what
//! is signed and logged holds strings and integers only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Coordinates are integers of this part of a degree.
pub const COORDINATES_PER_DEGREE: i32 = 10_000_000;
/// The most positions of one place, in all its rings: it stands in one leaf.
pub const VERTICES_MAX: usize = 1_500;
/// The most polygons of one place.
pub const POLYGONS_MAX: usize = 100;
/// The widest and highest that a place may be: one degree, about 100 km. What is larger is several assets.
pub const EXTENT_MAX: i32 = COORDINATES_PER_DEGREE;
/// The fewest positions of a ring, of which the first and the last are the same (RFC 7946 §3.1.6).
const RING_POSITIONS_MIN: usize = 4;
const LONGITUDE_MAX: i32 = 180 * COORDINATES_PER_DEGREE;
const LATITUDE_MAX: i32 = 90 * COORDINATES_PER_DEGREE;

/// A position: longitude first, then latitude (RFC 7946 §3.1.1), in 10^-7 degree. On the wire `[1143055000, 305928000]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[i64; 2]", into = "[i64; 2]")]
pub struct Position {
    longitude: i32,
    latitude: i32,
}

impl Position {
    /// # Errors
    /// [`PlaceError::Outside`] beyond ±180° or ±90°.
    pub fn new(longitude: i64, latitude: i64) -> Result<Self, PlaceError> {
        let within = |value: i64, max: i32| {
            i32::try_from(value)
                .ok()
                .filter(|value| (-max..=max).contains(value))
                .ok_or(PlaceError::Outside)
        };
        Ok(Self {
            longitude: within(longitude, LONGITUDE_MAX)?,
            latitude: within(latitude, LATITUDE_MAX)?,
        })
    }

    /// Degrees east, times 10^7.
    #[must_use]
    pub const fn longitude(self) -> i32 {
        self.longitude
    }

    /// Degrees north, times 10^7.
    #[must_use]
    pub const fn latitude(self) -> i32 {
        self.latitude
    }
}

impl TryFrom<[i64; 2]> for Position {
    type Error = PlaceError;
    fn try_from([longitude, latitude]: [i64; 2]) -> Result<Self, PlaceError> {
        Self::new(longitude, latitude)
    }
}

impl From<Position> for [i64; 2] {
    fn from(position: Position) -> Self {
        [position.longitude.into(), position.latitude.into()]
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", degrees(self.longitude), degrees(self.latitude))
    }
}

/// A coordinate as an exact decimal of degrees, `114.3055`.
pub(super) fn degrees(coordinate: i32) -> String {
    let whole = coordinate.unsigned_abs() / COORDINATES_PER_DEGREE.unsigned_abs();
    let rest = coordinate.unsigned_abs() % COORDINATES_PER_DEGREE.unsigned_abs();
    let sign = if coordinate < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{rest:07}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A closed ring: its first and last position are the same.
pub type Ring = Vec<Position>;

/// A geometry: a point, or one or more polygons, each its outer ring and then its holes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates", deny_unknown_fields)]
pub enum Place {
    /// A point: a meter, a charger, a plant.
    Point(Position),
    /// An area.
    Polygon(Vec<Ring>),
    /// Several areas.
    MultiPolygon(Vec<Vec<Ring>>),
}

/// The smallest box around a place, in 10^-7 degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bounds {
    /// The least longitude.
    pub west: i32,
    /// The least latitude.
    pub south: i32,
    /// The greatest longitude.
    pub east: i32,
    /// The greatest latitude.
    pub north: i32,
}

impl Bounds {
    /// True if the boxes have a point in common.
    #[must_use]
    pub const fn meets(&self, other: &Self) -> bool {
        self.west <= other.east && other.west <= self.east && self.south <= other.north && other.south <= self.north
    }

    /// This box with a margin around it, in 10^-7 degree.
    #[must_use]
    pub const fn widened(&self, margin: i32) -> Self {
        Self {
            west: self.west.saturating_sub(margin),
            south: self.south.saturating_sub(margin),
            east: self.east.saturating_add(margin),
            north: self.north.saturating_add(margin),
        }
    }

    /// True inside a box around China, which finds exchanged and projected coordinates, not borders.
    #[must_use]
    pub(super) const fn lies_in_china(&self) -> bool {
        self.west >= 73 * COORDINATES_PER_DEGREE
            && self.east <= 136 * COORDINATES_PER_DEGREE
            && self.south >= 3 * COORDINATES_PER_DEGREE
            && self.north <= 54 * COORDINATES_PER_DEGREE
    }
}

/// What is wrong with a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A coordinate beyond the globe.
    #[error("a longitude must be within ±180 degrees and a latitude within ±90, in 10^-7 degree")]
    Outside,
    /// No polygon, or too many.
    #[error("has {0} polygons: 1 to {POLYGONS_MAX} are permitted")]
    Polygons(usize),
    /// A polygon has no ring.
    #[error("has a polygon without a ring")]
    NoRing,
    /// A ring is too short or open.
    #[error(
        "has a ring that is not closed: at least 4 positions, of which the first and the last are the same (RFC 7946 section 3.1.6)"
    )]
    Open,
    /// A ring has no area.
    #[error("has a ring without an area")]
    Flat,
    /// Too many positions.
    #[error("has {0} positions: at most {VERTICES_MAX} are permitted, simplify it to a metre or register its parts")]
    Vertices(usize),
    /// Too large.
    #[error("is wider or higher than one degree: register its parts one by one")]
    TooLarge,
    /// Around the back of the globe.
    #[error("crosses the antimeridian: cut it in two there (RFC 7946 section 3.1.9) and register each part")]
    Antimeridian,
}

impl Place {
    /// Its polygons; none for a point.
    #[must_use]
    pub fn polygons(&self) -> &[Vec<Ring>] {
        match self {
            Self::Point(_) => &[],
            Self::Polygon(rings) => std::slice::from_ref(rings),
            Self::MultiPolygon(polygons) => polygons,
        }
    }

    /// Every position of it.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        let point = match self {
            Self::Point(position) => Some(*position),
            Self::Polygon(_) | Self::MultiPolygon(_) => None,
        };
        let rings = self.polygons().iter().flatten().flatten().copied();
        point.into_iter().chain(rings)
    }

    /// The smallest box around it; the box of nothing for a place without positions, which [`Place::check`] refuses.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let nowhere = Bounds {
            west: i32::MAX,
            south: i32::MAX,
            east: i32::MIN,
            north: i32::MIN,
        };
        self.positions().fold(nowhere, |bounds, position| Bounds {
            west: bounds.west.min(position.longitude),
            south: bounds.south.min(position.latitude),
            east: bounds.east.max(position.longitude),
            north: bounds.north.max(position.latitude),
        })
    }

    /// Checks numbers of polygons and positions, that rings are closed and have an area, and the extent. That rings do not cross
    /// themselves or each other is for a library of geometry to say.
    ///
    /// # Errors
    /// The first [`PlaceError`].
    pub fn check(&self) -> Result<(), PlaceError> {
        if let Self::Point(_) = self {
            return Ok(());
        }
        let polygons = self.polygons();
        if !(1..=POLYGONS_MAX).contains(&polygons.len()) {
            return Err(PlaceError::Polygons(polygons.len()));
        }
        let vertices = self.positions().count();
        if vertices > VERTICES_MAX {
            return Err(PlaceError::Vertices(vertices));
        }
        for rings in polygons {
            if rings.is_empty() {
                return Err(PlaceError::NoRing);
            }
            rings.iter().try_for_each(check_ring)?;
        }
        let bounds = self.bounds();
        let width = i64::from(bounds.east) - i64::from(bounds.west);
        let height = i64::from(bounds.north) - i64::from(bounds.south);
        if width > i64::from(LONGITUDE_MAX) {
            return Err(PlaceError::Antimeridian);
        }
        if width.max(height) > i64::from(EXTENT_MAX) {
            return Err(PlaceError::TooLarge);
        }
        Ok(())
    }
}

fn check_ring(ring: &Ring) -> Result<(), PlaceError> {
    if ring.len() < RING_POSITIONS_MIN || ring.first() != ring.last() {
        return Err(PlaceError::Open);
    }
    // Twice the area by the shoelace formula: exact, since each product stays below 2^64 and there are few.
    let doubled: i128 = ring
        .iter()
        .zip(ring.iter().skip(1))
        .map(|(a, b)| {
            i128::from(a.longitude) * i128::from(b.latitude) - i128::from(b.longitude) * i128::from(a.latitude)
        })
        .sum();
    if doubled == 0 { Err(PlaceError::Flat) } else { Ok(()) }
}
