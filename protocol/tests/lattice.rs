//! The set digest: what it is the same for, and what it tells apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use serde::Deserialize;
use tanqiao_protocol::lattice::{LANES, STATE_BYTES, SetDigest};

#[derive(Deserialize)]
struct Vectors {
    expansions: Vec<Expansion>,
    sets: Vec<Set>,
}

#[derive(Deserialize)]
struct Expansion {
    record_utf8: String,
    first_lanes: [u16; 4],
    last_lane: u16,
}

#[derive(Deserialize)]
struct Set {
    name: String,
    add: Vec<String>,
    remove: Vec<String>,
    fingerprint_hex: String,
}

fn of(records: &[&str]) -> SetDigest {
    let mut set = SetDigest::new();
    for record in records {
        set.add(record.as_bytes());
    }
    set
}

#[test]
fn every_vector_has_its_fingerprint() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/lattice.json")).unwrap();
    for case in vectors.expansions {
        let state = of(&[&case.record_utf8]).to_bytes();
        let lanes: Vec<u16> = state
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(lanes.len(), LANES);
        assert_eq!(lanes[..4], case.first_lanes, "{}", case.record_utf8);
        assert_eq!(lanes[LANES - 1], case.last_lane);
    }
    for case in vectors.sets {
        let mut set = SetDigest::default();
        case.add.iter().for_each(|record| set.add(record.as_bytes()));
        case.remove.iter().for_each(|record| set.remove(record.as_bytes()));
        assert_eq!(hex::encode(set.fingerprint()), case.fingerprint_hex, "{}", case.name);
    }
}

#[test]
fn order_does_not_matter_and_content_does() {
    assert_eq!(of(&["a", "b", "c"]), of(&["c", "a", "b"]));
    assert_ne!(of(&["a", "b"]), of(&["a", "c"]));
    assert_ne!(of(&["ab"]), of(&["a", "b"]));
    assert_ne!(of(&[""]), SetDigest::new());
    assert_ne!(of(&["a"]).fingerprint(), of(&["b"]).fingerprint());
}

#[test]
fn taking_out_undoes_putting_in_in_any_order() {
    let mut set = of(&["a", "b"]);
    set.remove(b"a");
    assert_eq!(set, of(&["b"]));
    set.remove(b"b");
    assert!(set.is_empty());
    set.remove(b"c");
    assert!(!set.is_empty());
    set.add(b"c");
    assert_eq!(set, SetDigest::default());
}

#[test]
fn it_is_no_xor_a_record_twice_is_not_none() {
    let mut set = of(&["a", "a"]);
    assert_ne!(set, SetDigest::new());
    assert_ne!(set, of(&["a"]));
    for _ in 2..65_536 {
        set.add(b"a");
    }
    assert!(
        set.is_empty(),
        "65,536 times is none again: records of blocks are distinct, and the caller keeps them so"
    );
}

#[test]
fn sets_are_joined_and_parted() {
    let mut all = of(&["a", "b"]);
    all.merge(&of(&["c"]));
    assert_eq!(all, of(&["a", "b", "c"]));
    all.subtract(&of(&["b", "c"]));
    assert_eq!(all, of(&["a"]));
}

#[test]
fn the_state_survives_storage() {
    let set = of(&["a", "b"]);
    let bytes = set.to_bytes();
    assert_eq!(SetDigest::from_bytes(&bytes).unwrap(), set);
    assert_eq!(SetDigest::from_bytes(&bytes[1..]).unwrap_err().found, STATE_BYTES - 1);
    assert!(SetDigest::from_bytes(&[]).is_err());
}
