//! Places from `GeoJSON` (RFC 7946), whose coordinates are numbers of degrees.

use serde_json::Value;

use super::place::{Place, PlaceError, Position, Ring, degrees};

/// Why a text is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeoJsonError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// Not a geometry that an asset may have.
    #[error("a GeoJSON geometry of type Point, Polygon or MultiPolygon is needed, or a Feature around one; found {0}")]
    Kind(String),
    /// A reference system of its own (RFC 7946 §4 took them out).
    #[error("`crs` is not part of GeoJSON any more (RFC 7946 section 4): give WGS 84 coordinates and leave it out")]
    Crs,
    /// `coordinates` are not what the type needs.
    #[error("`coordinates` are not those of a {0}: positions are [longitude, latitude] in degrees")]
    Coordinates(String),
    /// What is wrong with the place itself.
    #[error("the place {0}")]
    Place(#[from] PlaceError),
}

impl Place {
    /// The place that a `GeoJSON` geometry, or a Feature around one, describes. Coordinates are rounded to 10^-7 degree, which is a
    /// centimetre; altitudes are left out.
    ///
    /// # Errors
    /// [`GeoJsonError`].
    pub fn from_geojson(value: &Value) -> Result<Self, GeoJsonError> {
        if value.get("crs").is_some_and(|crs| !crs.is_null()) {
            return Err(GeoJsonError::Crs);
        }
        let kind = value.get("type").and_then(Value::as_str).unwrap_or("no type");
        if kind == "Feature" {
            return Self::from_geojson(value.get("geometry").unwrap_or(&Value::Null));
        }
        let coordinates = value.get("coordinates").unwrap_or(&Value::Null);
        let wrong = || GeoJsonError::Coordinates(kind.to_owned());
        let place = match kind {
            "Point" => Self::Point(position(coordinates)?.ok_or_else(wrong)?),
            "Polygon" => Self::Polygon(polygon(coordinates)?.ok_or_else(wrong)?),
            "MultiPolygon" => {
                let polygons = coordinates.as_array().ok_or_else(wrong)?.iter().map(polygon);
                let polygons: Result<Option<Vec<_>>, _> =
                    polygons.map(Result::transpose).map(Option::transpose).collect();
                Self::MultiPolygon(polygons?.ok_or_else(wrong)?)
            }
            other => return Err(GeoJsonError::Kind(other.to_owned())),
        };
        place.check()?;
        Ok(place)
    }

    /// The place that a text of `GeoJSON` describes.
    ///
    /// # Errors
    /// [`GeoJsonError`].
    pub fn from_geojson_text(text: &str) -> Result<Self, GeoJsonError> {
        let value: Value = serde_json::from_str(text).map_err(|error| GeoJsonError::Json(error.to_string()))?;
        Self::from_geojson(&value)
    }

    /// This place as a `GeoJSON` geometry, in degrees.
    #[must_use]
    pub fn to_geojson(&self) -> String {
        let one = |position: &Position| format!("[{},{}]", degrees(position.longitude()), degrees(position.latitude()));
        let ring = |ring: &Ring| format!("[{}]", ring.iter().map(one).collect::<Vec<_>>().join(","));
        let rings = |rings: &Vec<Ring>| format!("[{}]", rings.iter().map(ring).collect::<Vec<_>>().join(","));
        let (kind, coordinates) = match self {
            Self::Point(position) => ("Point", one(position)),
            Self::Polygon(polygon) => ("Polygon", rings(polygon)),
            Self::MultiPolygon(polygons) => {
                let all: Vec<String> = polygons.iter().map(rings).collect();
                ("MultiPolygon", format!("[{}]", all.join(",")))
            }
        };
        format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#)
    }
}

impl Position {
    /// A position of decimal degrees as text, as tables have them.
    ///
    /// # Errors
    /// [`PlaceError::Outside`], also for a text that is no decimal.
    pub fn from_degrees(longitude: &str, latitude: &str) -> Result<Self, PlaceError> {
        let read = |text: &str| coordinate_of(text.trim()).ok_or(PlaceError::Outside);
        Self::new(read(longitude)?, read(latitude)?)
    }
}

fn polygon(value: &Value) -> Result<Option<Vec<Ring>>, GeoJsonError> {
    let Some(rings) = value.as_array() else { return Ok(None) };
    let mut polygon = Vec::with_capacity(rings.len());
    for ring in rings {
        let Some(positions) = ring.as_array() else {
            return Ok(None);
        };
        let mut ring = Vec::with_capacity(positions.len());
        for one in positions {
            let Some(position) = position(one)? else {
                return Ok(None);
            };
            ring.push(position);
        }
        polygon.push(ring);
    }
    Ok(Some(polygon))
}

/// `None` if it is no position at all; an altitude is passed over (RFC 7946 §3.1.1).
fn position(value: &Value) -> Result<Option<Position>, GeoJsonError> {
    let Some([longitude, latitude, rest @ ..]) = value.as_array().map(Vec::as_slice) else {
        return Ok(None);
    };
    let (Some(longitude), Some(latitude)) = (coordinate(longitude), coordinate(latitude)) else {
        return Ok(None);
    };
    if rest.len() > 1 || rest.iter().any(|altitude| !altitude.is_number()) {
        return Ok(None);
    }
    Ok(Some(Position::new(longitude, latitude)?))
}

/// Degrees to 10^-7 degree. A number is written out to that many decimals, which rounds it, and read as an integer: no arithmetic with
/// floats.
fn coordinate(value: &Value) -> Option<i64> {
    coordinate_of(&format!("{:.7}", value.as_f64()?))
}

/// A decimal of degrees, `-114.3055`, as an integer of 10^-7 degree; further decimals are rounded half away from zero.
fn coordinate_of(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let seven: String = decimals.chars().chain(std::iter::repeat('0')).take(7).collect();
    let up = decimals.as_bytes().get(7).is_some_and(|digit| *digit >= b'5');
    let size = format!("{whole}{seven}").parse::<i64>().ok()? + i64::from(up);
    Some(if negative { -size } else { size })
}
