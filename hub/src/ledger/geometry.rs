//! Whether two places overlap, by real geometry. The only arithmetic with floating point in the ledger: no quantity comes out of it, only
//! yes or no, and the same inputs give the same answer in every process.
#![expect(
    clippy::float_arithmetic,
    reason = "areas and distances on the ground are no quantities of the ledger: what comes out is yes or no"
)]

use geo::{Area, BooleanOps, Contains, Coord, Euclidean, Length, LineString, MultiPolygon, Point, Polygon, Validation};
use tanqiao_protocol::asset::{COORDINATES_PER_DEGREE, Place, Position};

/// How wide, in metres, what two places have in common must be before they overlap. Two surveys of one border differ by about a metre
/// (satellite positioning, and the rounding of digitised plans), so that neighbours always overlap by slivers; no roof and no plot is
/// narrower than this.
pub const TOLERANCE_M: f64 = 1.0;
/// The same in 10^-7 degree, at the latitudes where anything is built, rounded up: the margin of a search.
pub const TOLERANCE_COORDINATES: i32 = 300;
/// What is smaller than the tolerance itself overlaps where they have this share of the smaller one in common.
const SHARE: f64 = 0.5;
/// Metres of a degree of a great circle, WGS 84.
const METRES_PER_DEGREE: f64 = 111_319.490_793;

/// Metres east and north of `origin`: plane enough for what is smaller than a degree.
struct Frame {
    origin: Position,
    east_m: f64,
    north_m: f64,
}

impl Frame {
    fn at(origin: Position) -> Self {
        let per_degree = f64::from(COORDINATES_PER_DEGREE);
        let north_m = METRES_PER_DEGREE / per_degree;
        let latitude = f64::from(origin.latitude()) / per_degree;
        Self {
            origin,
            east_m: north_m * latitude.to_radians().cos(),
            north_m,
        }
    }

    fn coord(&self, position: Position) -> Coord<f64> {
        let east = f64::from(position.longitude()) - f64::from(self.origin.longitude());
        let north = f64::from(position.latitude()) - f64::from(self.origin.latitude());
        Coord {
            x: east * self.east_m,
            y: north * self.north_m,
        }
    }

    fn shape(&self, place: &Place) -> Shape {
        if let Place::Point(position) = place {
            return Shape::Point(Point(self.coord(*position)));
        }
        let ring = |ring: &Vec<Position>| LineString(ring.iter().map(|one| self.coord(*one)).collect());
        let polygons = place.polygons().iter().filter_map(|rings| {
            let (outer, holes) = rings.split_first()?;
            Some(Polygon::new(ring(outer), holes.iter().map(ring).collect()))
        });
        Shape::Area(MultiPolygon(polygons.collect()))
    }
}

enum Shape {
    Point(Point<f64>),
    Area(MultiPolygon<f64>),
}

/// What is wrong with a place that passes [`Place::check`]: rings that cross themselves or each other, holes outside.
#[must_use]
pub fn fault_of(place: &Place) -> Option<String> {
    let origin = place.positions().next()?;
    match Frame::at(origin).shape(place) {
        Shape::Point(_) => None,
        Shape::Area(area) => area.check_validation().err().map(|error| error.to_string()),
    }
}

/// True if two places have more in common than a border. A point overlaps an area that it lies inside, and another point within the
/// tolerance.
#[must_use]
pub fn overlap(one: &Place, other: &Place) -> bool {
    let margin = TOLERANCE_COORDINATES;
    if !one.bounds().widened(margin).meets(&other.bounds()) {
        return false;
    }
    // The same frame whichever is named first.
    let origins = one.positions().next().into_iter().chain(other.positions().next());
    let Some(origin) = origins.min() else { return false };
    let frame = Frame::at(origin);
    match (frame.shape(one), frame.shape(other)) {
        (Shape::Point(a), Shape::Point(b)) => (a.x() - b.x()).hypot(a.y() - b.y()) <= TOLERANCE_M,
        (Shape::Point(point), Shape::Area(area)) | (Shape::Area(area), Shape::Point(point)) => area.contains(&point),
        (Shape::Area(a), Shape::Area(b)) => areas_overlap(&a, &b),
    }
}

fn areas_overlap(one: &MultiPolygon<f64>, other: &MultiPolygon<f64>) -> bool {
    let common = one.intersection(other);
    let smaller = one.unsigned_area().min(other.unsigned_area());
    common.iter().any(|piece| mean_width_m(piece) > TOLERANCE_M) || common.unsigned_area() > SHARE * smaller
}

/// Twice the area by the circumference: the width of a strip, half the side of a square.
fn mean_width_m(piece: &Polygon<f64>) -> f64 {
    let rings = std::iter::once(piece.exterior()).chain(piece.interiors());
    let around: f64 = rings.map(|ring| Euclidean.length(ring)).sum();
    if around > 0.0 {
        2.0 * piece.unsigned_area() / around
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests;
