//! Stories of roofs and plots: what overlaps, and what only touches.

use serde_json::json;

use super::*;

fn place(value: &serde_json::Value) -> Place {
    Place::from_geojson(value).unwrap()
}

/// A rectangle `metres` east and north of a point in Wuhan, in metres.
fn rectangle(east: f64, north: f64, width: f64, height: f64) -> Place {
    place(&json!({ "type": "Polygon", "coordinates": [ring(east, north, width, height)] }))
}

fn ring(east: f64, north: f64, width: f64, height: f64) -> serde_json::Value {
    let at = |x: f64, y: f64| {
        let longitude = 114.3 + (east + x) / (METRES_PER_DEGREE * 30.6_f64.to_radians().cos());
        let latitude = 30.6 + (north + y) / METRES_PER_DEGREE;
        json!([longitude, latitude])
    };
    json!([
        at(0.0, 0.0),
        at(width, 0.0),
        at(width, height),
        at(0.0, height),
        at(0.0, 0.0)
    ])
}

fn point(east: f64, north: f64) -> Place {
    let corner = ring(east, north, 1.0, 1.0);
    place(&json!({ "type": "Point", "coordinates": corner[0] }))
}

/// Says the same whichever comes first.
fn overlaps(one: &Place, other: &Place) -> bool {
    let found = overlap(one, other);
    assert_eq!(found, overlap(other, one));
    found
}

#[test]
fn one_roof_given_twice_overlaps_and_its_neighbour_does_not() {
    let roof = rectangle(0.0, 0.0, 20.0, 10.0);
    assert!(overlaps(&roof, &roof));
    assert!(overlaps(&roof, &rectangle(12.0, 4.0, 20.0, 10.0)));
    assert!(overlaps(&roof, &rectangle(5.0, 2.0, 4.0, 4.0)), "a part of the roof");
    assert!(
        !overlaps(&roof, &rectangle(20.0, 0.0, 20.0, 10.0)),
        "terraced houses share a wall"
    );
    assert!(
        !overlaps(&roof, &rectangle(20.0, 10.0, 20.0, 10.0)),
        "they share a corner"
    );
    assert!(!overlaps(&roof, &rectangle(40.0, 0.0, 20.0, 10.0)));
}

#[test]
fn two_surveys_of_one_border_differ_by_less_than_a_metre() {
    let plot = rectangle(0.0, 0.0, 400.0, 300.0);
    assert!(
        !overlaps(&plot, &rectangle(399.2, 0.0, 400.0, 300.0)),
        "0.8 m along the border"
    );
    assert!(overlaps(&plot, &rectangle(397.0, 0.0, 400.0, 300.0)), "a strip of 3 m");
}

#[test]
fn what_is_smaller_than_the_tolerance_still_overlaps_itself() {
    let balcony = rectangle(0.0, 0.0, 1.7, 1.0);
    assert!(overlaps(&balcony, &balcony));
    assert!(overlaps(&balcony, &rectangle(-5.0, -5.0, 20.0, 20.0)));
    assert!(!overlaps(&balcony, &rectangle(1.2, 0.0, 1.7, 1.0)));
}

#[test]
fn a_plot_in_the_hole_of_another_does_not_overlap_it() {
    let around = place(
        &json!({ "type": "Polygon", "coordinates": [ring(0.0, 0.0, 100.0, 100.0), ring(30.0, 30.0, 40.0, 40.0)] }),
    );
    assert!(!overlaps(&around, &rectangle(35.0, 35.0, 20.0, 20.0)));
    assert!(
        !overlaps(&around, &rectangle(30.0, 30.0, 40.0, 40.0)),
        "it fills the hole"
    );
    assert!(overlaps(&around, &rectangle(25.0, 35.0, 20.0, 20.0)));
    assert!(!overlaps(&around, &point(50.0, 50.0)));
    assert!(overlaps(&around, &point(10.0, 10.0)));
}

#[test]
fn any_part_of_several_areas_counts() {
    let parts = place(&json!({ "type": "MultiPolygon", "coordinates": [
        [ring(0.0, 0.0, 10.0, 10.0)], [ring(500.0, 500.0, 10.0, 10.0)],
    ] }));
    assert!(overlaps(&parts, &rectangle(505.0, 505.0, 10.0, 10.0)));
    assert!(
        !overlaps(&parts, &rectangle(200.0, 200.0, 10.0, 10.0)),
        "between them is nothing"
    );
    assert!(overlaps(&parts, &point(5.0, 5.0)));
}

#[test]
fn points_are_the_same_within_a_metre() {
    assert!(overlaps(&point(0.0, 0.0), &point(0.6, 0.6)));
    assert!(!overlaps(&point(0.0, 0.0), &point(1.5, 0.0)), "the next charger");
    let roof = rectangle(0.0, 0.0, 20.0, 10.0);
    assert!(overlaps(&roof, &point(10.0, 5.0)), "the meter is inside");
    assert!(!overlaps(&roof, &point(25.0, 5.0)));
    assert!(!overlaps(&roof, &point(0.0, 0.0)), "a corner is border");
}

#[test]
fn rings_that_cross_themselves_and_holes_outside_are_faults() {
    let bow = json!({ "type": "Polygon", "coordinates": [[[114.3, 30.6], [114.301, 30.601], [114.301, 30.6], [114.3, 30.602], [114.3, 30.6]]] });
    assert!(fault_of(&place(&bow)).is_some());
    let outside = json!({ "type": "Polygon", "coordinates": [ring(0.0, 0.0, 10.0, 10.0), ring(50.0, 0.0, 5.0, 5.0)] });
    assert!(fault_of(&place(&outside)).is_some());
    let twice =
        json!({ "type": "MultiPolygon", "coordinates": [[ring(0.0, 0.0, 10.0, 10.0)], [ring(5.0, 5.0, 10.0, 10.0)]] });
    assert!(fault_of(&place(&twice)).is_some());
    assert_eq!(fault_of(&rectangle(0.0, 0.0, 20.0, 10.0)), None);
    assert_eq!(fault_of(&point(0.0, 0.0)), None);
}

#[test]
fn metres_are_metres_in_the_north_and_in_the_south() {
    for latitude in [18.3, 30.6, 53.4] {
        let at = |metres: f64| {
            let longitude = 125.0 + metres / (METRES_PER_DEGREE * f64::to_radians(latitude).cos());
            place(&json!({ "type": "Point", "coordinates": [longitude, latitude] }))
        };
        assert!(overlaps(&at(0.0), &at(0.95)), "{latitude}");
        assert!(!overlaps(&at(0.0), &at(1.05)), "{latitude}");
    }
}
