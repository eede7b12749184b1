//! RFC 8785 as far as leaves need it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tanqiao_protocol::canonical::{CanonicalError, is_canonical, to_vec};

#[derive(Deserialize)]
struct Vectors {
    canonical: Vec<Pair>,
    not_canonical: Vec<String>,
    refused: Vec<String>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    input: String,
    output: String,
}

#[test]
fn every_vector_is_written_as_it_states() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/canonical.json")).unwrap();
    for case in vectors.canonical {
        let value: serde_json::Value = serde_json::from_str(&case.input).unwrap();
        assert_eq!(
            String::from_utf8(to_vec(&value).unwrap()).unwrap(),
            case.output,
            "{}",
            case.name
        );
        assert!(is_canonical(case.output.as_bytes()), "{}", case.name);
        assert_eq!(
            is_canonical(case.input.as_bytes()),
            case.input == case.output,
            "{}",
            case.name
        );
    }
    for text in vectors.not_canonical {
        assert!(!is_canonical(text.as_bytes()), "{text}");
    }
    for text in vectors.refused {
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(to_vec(&value).is_err(), "{text}");
        assert!(!is_canonical(text.as_bytes()), "{text}");
    }
}

#[derive(Serialize)]
struct Leaf {
    z: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    a: Kind,
    m: (i64, char, ()),
    other: Kind,
    third: Kind,
    last: Kind,
}

#[derive(Serialize)]
enum Kind {
    Unit,
    New(&'static str),
    Tuple(u8, u8),
    Struct { y: bool, x: [u8; 0] },
}

#[test]
fn types_are_written_as_serde_json_would_but_in_order() {
    let leaf = Leaf {
        z: None,
        left_out: None,
        a: Kind::Unit,
        m: (-9_007_199_254_740_991, '桥', ()),
        other: Kind::New("\u{7f}\u{1f}"),
        third: Kind::Tuple(0, 255),
        last: Kind::Struct { y: true, x: [] },
    };
    let written = String::from_utf8(to_vec(&leaf).unwrap()).unwrap();
    assert_eq!(
        written,
        r#"{"a":"Unit","last":{"Struct":{"x":[],"y":true}},"m":[-9007199254740991,"桥",null],"other":{"New":"\u001f"},"third":{"Tuple":[0,255]},"z":null}"#
            .replace("\\u001f", "\u{7f}\\u001f")
    );
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&written).unwrap(),
        serde_json::to_value(&leaf).unwrap()
    );
    assert!(is_canonical(written.as_bytes()));
    let numbered: BTreeMap<u32, u32> = [(9, 0), (10, 1)].into();
    assert_eq!(to_vec(&numbered).unwrap(), br#"{"10":1,"9":0}"#);
}

#[test]
fn what_has_no_exact_form_is_refused_and_never_written_as_something_else() {
    assert_eq!(to_vec(&1.0_f64), Err(CanonicalError::Float));
    assert_eq!(to_vec(&f32::NAN), Err(CanonicalError::Float));
    assert_eq!(to_vec(&[9_007_199_254_740_992_u64]), Err(CanonicalError::Integer));
    assert_eq!(to_vec(&i64::MIN), Err(CanonicalError::Integer));
    assert_eq!(to_vec(&u128::MAX), Err(CanonicalError::Integer));
    assert_eq!(to_vec(&HashMap::from([(true, 1)])), Err(CanonicalError::Name));
    let raw = serde_json::value::RawValue::from_string("1.0".to_owned()).unwrap();
    assert_eq!(to_vec(&raw), Err(CanonicalError::Raw));
    #[derive(Serialize)]
    struct Twice {
        a: u8,
        #[serde(rename = "a")]
        again: u8,
    }
    assert_eq!(
        to_vec(&Twice { a: 1, again: 2 }),
        Err(CanonicalError::Twice("a".to_owned()))
    );
}
