//! What an asset may say, and what a place may be.

use super::*;
use serde_json::json;

fn asset() -> Asset {
    serde_json::from_value(json!({
        "asset": "4201-meter-000017",
        "activity": "distributed-pv",
        "place": { "type": "Polygon", "coordinates": [[
            [1_143_055_000, 305_928_000], [1_143_056_000, 305_928_000], [1_143_056_000, 305_929_000], [1_143_055_000, 305_928_000]
        ]] },
        "region": "420106",
        "capacity": { "amount": "8.25", "unit": "kW" },
        "commissioned_at": "2024-05-01T00:00:00+08:00",
        "period_from": "2024-06-01T00:00:00+08:00",
        "period_until": "2034-06-01T00:00:00+08:00",
        "other_schemes": [],
    }))
    .unwrap()
}

fn refused(change: impl FnOnce(&mut Asset)) -> String {
    let mut asset = asset();
    change(&mut asset);
    asset.check().unwrap_err().field
}

#[test]
fn an_asset_states_what_it_is_in_strings_and_integers_only() {
    let asset = asset();
    asset.check().unwrap();
    let text = serde_json::to_string(&asset).unwrap();
    assert!(text.contains("[1143055000,305928000]"), "{text}");
    assert_eq!(serde_json::from_str::<Asset>(&text).unwrap(), asset);
}

#[test]
fn other_schemes_are_declared_if_only_as_an_empty_list() {
    let mut value = serde_json::to_value(asset()).unwrap();
    value.as_object_mut().unwrap().remove("other_schemes");
    assert!(serde_json::from_value::<Asset>(value).is_err());
}

#[test]
fn figures_periods_and_texts_are_checked() {
    assert_eq!(refused(|a| a.capacity.amount = "0".into()), "capacity.amount");
    assert_eq!(refused(|a| a.capacity.amount = "1e3".into()), "capacity.amount");
    assert_eq!(refused(|a| a.capacity.amount = "-8".into()), "capacity.amount");
    assert_eq!(refused(|a| a.capacity.amount = "08".into()), "capacity.amount");
    assert_eq!(refused(|a| a.capacity.unit = " ".into()), "capacity.unit");
    assert_eq!(refused(|a| a.period_until = a.period_from), "period_until");
    assert_eq!(
        refused(|a| a.commissioned_at = "2024-06-02T00:00:00+08:00".parse().unwrap()),
        "period_from"
    );
    let declared = SchemeDeclaration {
        scheme: "ccer".parse().unwrap(),
        reference: "a plant of 199 0000 0000".into(),
        from: "2024-01-01T00:00:00Z".parse().unwrap(),
        until: "2025-01-01T00:00:00Z".parse().unwrap(),
    };
    assert_eq!(
        refused(|a| a.other_schemes = vec![declared.clone()]),
        "other_schemes[0].reference"
    );
    assert_eq!(refused(|a| a.other_schemes = vec![declared; 21]), "other_schemes");
    // 199 0000 0000 is in no one's hands.
    assert_eq!(refused(|a| a.asset = "19900000000".parse().unwrap()), "asset");
}

#[test]
fn exchanged_coordinates_are_noticed_for_a_place_in_china() {
    let exchanged = Place::Point(Position::new(305_928_000, 1_143_055_000 - 600_000_000).unwrap());
    assert_eq!(refused(|a| a.place = exchanged.clone()), "place");
    let mut abroad = asset();
    abroad.region = "GH".parse().unwrap();
    abroad.place = exchanged;
    abroad.check().unwrap();
}

#[test]
fn geojson_in_degrees_becomes_integers_and_goes_back() {
    let text = r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[114.3055,30.5928,12.5],[114.30560000004,30.5928],[114.3056,30.5929],[114.3055,30.5928]]]}}"#;
    let place = Place::from_geojson_text(text).unwrap();
    assert_eq!(place, asset().place);
    let geojson = place.to_geojson();
    assert_eq!(
        geojson,
        r#"{"type":"Polygon","coordinates":[[[114.3055,30.5928],[114.3056,30.5928],[114.3056,30.5929],[114.3055,30.5928]]]}"#
    );
    assert_eq!(Place::from_geojson_text(&geojson).unwrap(), place);
    let south_west = Place::from_geojson(&json!({ "type": "Point", "coordinates": [-0.000_000_1, -33] })).unwrap();
    assert_eq!(south_west, Place::Point(Position::new(-1, -330_000_000).unwrap()));
    assert_eq!(
        south_west.to_geojson(),
        r#"{"type":"Point","coordinates":[-0.0000001,-33]}"#
    );
}

#[test]
fn a_table_s_degrees_are_read_as_written() {
    let position = |longitude, latitude| Position::from_degrees(longitude, latitude);
    assert_eq!(
        position("114.3055", " 30.5928 "),
        Position::new(1_143_055_000, 305_928_000)
    );
    assert_eq!(
        position("114.30550004", "30.59280005"),
        Position::new(1_143_055_000, 305_928_001)
    );
    for (longitude, latitude) in [
        ("", "30"),
        ("114,3", "30"),
        ("1e2", "30"),
        ("114", "90.0000001"),
        ("114°", "30"),
    ] {
        assert_eq!(
            position(longitude, latitude),
            Err(PlaceError::Outside),
            "{longitude} {latitude}"
        );
    }
}

#[test]
fn what_is_no_geometry_of_an_asset_is_refused_with_a_reason() {
    let read = |value: serde_json::Value| Place::from_geojson(&value).unwrap_err();
    let square = |west: f64, east: f64| json!([[[west, 30], [east, 30], [east, 30.5], [west, 30.5], [west, 30]]]);
    let polygon = |coordinates| json!({ "type": "Polygon", "coordinates": coordinates });
    assert_eq!(
        read(json!({ "type": "LineString", "coordinates": [[0, 0], [1, 1]] })),
        GeoJsonError::Kind("LineString".into())
    );
    assert_eq!(
        read(json!({ "type": "Point", "coordinates": [1, 2], "crs": { "type": "name" } })),
        GeoJsonError::Crs
    );
    assert_eq!(
        read(json!({ "type": "Point", "coordinates": ["114", "30"] })),
        GeoJsonError::Coordinates("Point".into())
    );
    assert_eq!(read(polygon(square(179.9, -179.9))), PlaceError::Antimeridian.into());
    assert_eq!(read(polygon(square(114.0, 115.1))), PlaceError::TooLarge.into());
    assert_eq!(
        read(polygon(json!([[[114, 30], [114.1, 30], [114, 30]]]))),
        PlaceError::Open.into()
    );
    assert_eq!(
        read(polygon(json!([[[114, 30], [114.1, 30], [114.2, 30], [114, 30]]]))),
        PlaceError::Flat.into()
    );
    assert_eq!(
        read(json!({ "type": "MultiPolygon", "coordinates": [] })),
        PlaceError::Polygons(0).into()
    );
    assert_eq!(
        read(json!({ "type": "MultiPolygon", "coordinates": [[]] })),
        PlaceError::NoRing.into()
    );
    let ring: Vec<[f64; 2]> = (0..=1_500).map(|n| [114.0, 30.0 + f64::from(n) / 10_000.0]).collect();
    assert_eq!(read(polygon(json!([ring]))), PlaceError::Vertices(1_501).into());
    assert_eq!(
        read(json!({ "type": "Point", "coordinates": [181, 0] })),
        PlaceError::Outside.into()
    );
}

#[test]
fn the_shipped_matrix_is_complete_and_the_same_both_ways() {
    let text = include_str!("../../data/exclusivity.tsv");
    let matrix = Exclusivity::parse(text).unwrap();
    assert_eq!(&matrix, Exclusivity::shipped());
    for one in Scheme::ALL {
        for other in Scheme::ALL.iter().filter(|other| *other != one) {
            assert!(matrix.between(*one, *other).is_some(), "{one} {other}");
            assert_eq!(matrix.between(*one, *other), matrix.between(*other, *one));
        }
        assert!(matrix.excludes(*one, *one), "{one} credits a reduction once");
    }
    use Scheme::{CarbonInclusion, Ccer, EtsBoundary, Event, Gec, Itmo};
    let coexisting: Vec<(Scheme, Scheme)> = Scheme::ALL
        .iter()
        .flat_map(|one| Scheme::ALL.iter().map(|other| (*one, *other)))
        .filter(|(one, other)| one < other && !matrix.excludes(*one, *other))
        .collect();
    assert_eq!(
        coexisting,
        [
            (CarbonInclusion, Event),
            (Ccer, Event),
            (Gec, EtsBoundary),
            (Gec, Event)
        ]
    );
    assert!(matrix.excludes(CarbonInclusion, Itmo));
    let excluded = |name: &str| matrix.excludes_inclusion(&name.parse().unwrap());
    assert!(excluded("ccer") && excluded("gec") && !excluded("event"));
    assert!(excluded("somebody-elses-scheme"), "what nobody has listed excludes");
}

#[test]
fn a_matrix_with_a_fault_is_refused_with_its_line() {
    let text = include_str!("../../data/exclusivity.tsv");
    let line = |text: &str| Exclusivity::parse(text).unwrap_err().line;
    assert_eq!(line("one other\n"), 1);
    assert_eq!(line(&text.replacen("\tN\t", "\tno\t", 1)), 2);
    assert_eq!(line(&format!("{text}gec\tccer\tN\tagain\tnobody\n")), 17);
    let without: Vec<&str> = text.lines().filter(|row| !row.starts_with("gec\titmo")).collect();
    assert!(
        Exclusivity::parse(&without.join("\n"))
            .unwrap_err()
            .what
            .contains("gec and itmo are missing")
    );
    assert_eq!(Exclusivity::default().between(Scheme::Ccer, Scheme::Gec), None);
}

#[test]
fn every_activity_with_an_evidence_class_is_a_project_or_is_none() {
    use crate::fingerprint::EvidenceClass;
    let undecided: Vec<&str> = EvidenceClass::all()
        .unwrap()
        .iter()
        .filter(|class| is_project(&class.activity.parse().unwrap()).is_none())
        .map(|class| class.activity)
        .collect();
    assert_eq!(undecided, ["mixed-batch"], "the rule says itself what its records are");
    assert_eq!(is_project(&"distributed-pv".parse().unwrap()), Some(true));
    assert_eq!(is_project(&"rail-transit".parse().unwrap()), Some(false));
}

#[test]
fn states_change_as_their_tables_permit() {
    assert!(AssetState::permits(None, AssetState::Contested));
    assert!(!AssetState::permits(None, AssetState::Lost));
    assert!(AssetState::permits(Some(AssetState::Contested), AssetState::Registered));
    for to in AssetState::ALL {
        assert!(!AssetState::permits(Some(AssetState::Lost), *to), "{to}");
    }
    for to in AssetConflictState::ALL {
        let first = *to == AssetConflictState::Open;
        assert_eq!(AssetConflictState::permits(None, *to), first);
        assert_eq!(AssetConflictState::permits(Some(AssetConflictState::Open), *to), !first);
        assert!(!AssetConflictState::permits(Some(AssetConflictState::Distinct), *to));
    }
    assert!(AssetConflictState::Upheld.decides(AssetConflictKind::OtherScheme));
    assert!(!AssetConflictState::Distinct.decides(AssetConflictKind::OtherScheme));
    assert!(!AssetConflictState::Corrected.decides(AssetConflictKind::Place));
}
