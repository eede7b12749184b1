//! What the network may send as JSON, and what is said about the rest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::strict::{self, MAX_BYTES};

#[derive(Deserialize)]
struct Vectors {
    valid: Vec<Case>,
    invalid: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    json: Option<String>,
    hex: Option<String>,
    code: Option<CheckCode>,
    path: Option<String>,
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        match (&self.json, &self.hex) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(digits)) => hex::decode(digits).unwrap(),
            (None, None) => panic!("{}: neither json nor hex", self.name),
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/strict-json.json")).unwrap()
}

#[test]
fn what_is_valid_is_read_as_serde_reads_it() {
    for case in vectors().valid {
        let bytes = case.bytes();
        let ours: serde_json::Value = strict::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(
            ours,
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap(),
            "{}",
            case.name
        );
    }
}

#[test]
fn what_is_invalid_is_refused_by_its_check_at_its_place() {
    for case in vectors().invalid {
        let error = strict::from_slice::<serde_json::Value>(&case.bytes()).expect_err(&case.name);
        assert_eq!(Some(error.check()), case.code, "{}: {error}", case.name);
        if let Some(path) = case.path {
            assert_eq!(error.path(), path, "{}: {error}", case.name);
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its reading is tested")]
struct Lot {
    quantity_g: i64,
    blocks: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its reading is tested")]
struct Block {
    series: String,
    #[serde(rename = "use")]
    for_use: Option<Use>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Use {
    EventNeutrality,
    PublicWelfare,
}

#[test]
fn a_fault_of_shape_names_its_place_and_the_name_that_was_meant() {
    for (json, path, message, suggestion) in [
        (
            r#"{"quantiy_g":1,"blocks":[]}"#,
            "quantiy_g",
            "unknown field",
            Some("quantity_g"),
        ),
        (
            r#"{"quantity_g":1,"blocks":[{"series":"a"},{"serie":"b"}]}"#,
            "blocks[1].serie",
            "unknown field",
            Some("series"),
        ),
        (
            r#"{"quantity_g":1,"blocks":[{"series":"a","use":"event-neutralty"}]}"#,
            "blocks[0].use",
            "unknown variant",
            Some("event-neutrality"),
        ),
        (
            r#"{"quantity_g":"1","blocks":[]}"#,
            "quantity_g",
            "invalid type: string",
            None,
        ),
        (
            r#"{"quantity_g":1.5,"blocks":[]}"#,
            "quantity_g",
            "invalid type: floating point",
            None,
        ),
        (
            r#"{"quantity_g":1,"blocks":[{}]}"#,
            "blocks[0]",
            "missing field `series`",
            None,
        ),
        (r#"{"quantity_g":1}"#, "", "missing field `blocks`", None),
    ] {
        let error = strict::from_str::<Lot>(json).unwrap_err();
        assert_eq!(error.check(), CheckCode::M02);
        assert_eq!(error.path(), path, "{json}");
        assert!(error.message().starts_with(message), "{json}: {error}");
        assert!(!error.message().contains(" line "), "{error}");
        assert_eq!(error.suggestion(), suggestion, "{json}: {error}");
        let problem = Problem::from(&error);
        assert_eq!((problem.status, problem.code.as_str()), (422, "schema"));
        assert_eq!(problem.path.as_deref().unwrap_or_default(), path);
    }
    assert!(matches!(
        strict::from_str::<Use>(r#""public-welfare""#),
        Ok(Use::PublicWelfare)
    ));
}

#[test]
fn the_limits_are_exact() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(strict::from_str::<serde_json::Value>(&nested(32)).is_ok());
    assert_eq!(
        strict::from_str::<serde_json::Value>(&nested(33)).unwrap_err().check(),
        CheckCode::M03
    );
    let long = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    assert!(strict::scan(long(MAX_BYTES).as_bytes()).is_ok());
    assert_eq!(
        strict::scan(long(MAX_BYTES + 1).as_bytes()).unwrap_err().check(),
        CheckCode::M03
    );
    assert!(strict::from_slice_within::<String>(long(MAX_BYTES + 1).as_bytes(), MAX_BYTES + 1).is_ok());
}

#[test]
fn a_name_twice_is_found_among_few_and_among_many() {
    for count in [1_usize, 2, 15, 16, 17, 18, 5000] {
        for twice in [0, count / 2, count - 1] {
            let mut names: Vec<String> = (0..count).map(|n| format!("\"n{n}\":{n}")).collect();
            assert!(strict::scan(format!("{{{}}}", names.join(",")).as_bytes()).is_ok());
            names.push(format!("\"\\u006e{twice}\":null"));
            let text = format!("{{\"in\":[0,{{{}}}]}}", names.join(","));
            let error = strict::scan(text.as_bytes()).unwrap_err();
            assert_eq!(error.check(), CheckCode::M01, "{count} {twice}");
            assert!(error.path().starts_with("in[1]"), "{error}");
            assert!(error.message().contains(&format!("`n{twice}`")), "{error}");
        }
    }
}

#[test]
fn the_scan_and_serde_agree_on_every_mutilation_of_a_message() {
    let text = r#"{"a":[1,-2.5e3,"\u00e9\n桥",{"b":null,"c":[true,false,{}]}],"d":{"e":"\\\"/","f":[]}}"#;
    for at in 0..text.len() {
        for byte in [
            b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'0', b'-', b'e', b'.', b' ', 0, b'x', 0xff,
        ] {
            let mut changed = text.as_bytes().to_vec();
            changed[at] = byte;
            for bytes in [&changed[..], &text.as_bytes()[..at]] {
                let serde = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
                let ours = strict::from_slice::<serde_json::Value>(bytes);
                match ours {
                    Ok(_) => assert!(serde, "{}", String::from_utf8_lossy(bytes)),
                    Err(error) if serde => assert!(
                        error.message().contains("twice"),
                        "{error}: {}",
                        String::from_utf8_lossy(bytes)
                    ),
                    Err(error) => assert_eq!(
                        error.check(),
                        CheckCode::M01,
                        "{}: {error}",
                        String::from_utf8_lossy(bytes)
                    ),
                }
            }
        }
    }
}
