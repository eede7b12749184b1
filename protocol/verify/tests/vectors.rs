//! The vectors of receipts and certificates: made here, so that they follow the format, and judged by this verifier and by an
//! independent one in Python.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "vectors/cases.rs"]
mod cases;
#[path = "vectors/messages.rs"]
mod messages;
#[path = "vectors/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{
    CertificateFile, ReceiptFile, ReceiptRefusal, Statement, verify, verify_certificate, verify_public,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/receipts.json");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/receipt_vectors.py");

fn stored() -> Value {
    serde_json::from_slice(&std::fs::read(FILE).unwrap()).unwrap()
}

/// The file of a case, with its edits.
fn text(vectors: &Value, case: &Value) -> Vec<u8> {
    if let Some(text) = case.get("text") {
        return text.as_str().unwrap().as_bytes().to_vec();
    }
    let mut file = vectors["files"][case["file"].as_str().unwrap()].clone();
    for edit in case["edits"].as_array().unwrap() {
        let at = edit["at"].as_str().unwrap();
        let (parent, last) = at.rsplit_once('/').unwrap();
        let parent = file.pointer_mut(parent).unwrap();
        match (parent, edit.get("value")) {
            (Value::Object(members), Some(value)) => drop(members.insert(last.to_owned(), value.clone())),
            (Value::Object(members), None) => drop(members.remove(last).unwrap()),
            (Value::Array(items), Some(value)) => {
                let place: usize = last.parse().unwrap();
                if place == items.len() {
                    items.push(value.clone());
                } else {
                    items[place] = value.clone();
                }
            }
            (Value::Array(items), None) => drop(items.remove(last.parse().unwrap())),
            _ => panic!("{at}"),
        }
    }
    serde_json::to_vec(&file).unwrap()
}

fn judge(vectors: &Value, case: &Value) -> Result<Statement, ReceiptRefusal> {
    let policy = vectors["policies"][case["policy"].as_str().unwrap()].as_str().unwrap();
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let bytes = text(vectors, case);
    match case["as"].as_str().unwrap() {
        "receipt" => verify(&ReceiptFile::parse(&bytes)?, &policy),
        "public" => verify_public(&ReceiptFile::parse(&bytes)?, &policy),
        _ => verify_certificate(&CertificateFile::parse(&bytes)?, &policy),
    }
}

#[test]
fn the_vectors_are_those_of_this_format() {
    let made = serde_json::to_string_pretty(&cases::vectors()).unwrap() + "\n";
    if std::env::var_os("TANQIAO_WRITE_DOCS").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let stored = std::fs::read_to_string(FILE).unwrap();
    assert!(
        made == stored,
        "protocol/vectors/receipts.json is behind: TANQIAO_WRITE_DOCS=1 cargo test -p tanqiao-verify --test vectors"
    );
}

#[test]
fn this_verifier_agrees_with_every_vector() {
    let vectors = stored();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() > 60);
    for case in cases {
        let found = judge(&vectors, case);
        let name = case["name"].as_str().unwrap();
        match (&found, case.get("fault")) {
            (Ok(statement), None) => {
                let found = json!(statement);
                for (member, expected) in case["statement"].as_object().unwrap() {
                    assert_eq!(found[member], *expected, "{name}: {member}");
                }
            }
            (Err(refusal), Some(fault)) => assert_eq!(refusal.fault().word(), fault, "{name}: {refusal}"),
            _ => panic!("{name}: {found:?}"),
        }
    }
}

/// A verifier that was written from docs/verification.md, with nothing of ours in it.
#[test]
fn an_independent_verifier_agrees_with_every_vector() {
    assert!(Path::new(SCRIPT).is_file());
    let output = match Command::new("python3").arg(SCRIPT).arg(FILE).output() {
        Ok(output) => output,
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
            assert!(!ci, "python3 cannot be started: {error}");
            eprintln!("python3 cannot be started, so that nothing is compared: {error}");
            return;
        }
    };
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{complained}");
    let count = stored()["cases"].as_array().unwrap().len();
    assert!(said.contains(&format!("{count} cases agree")), "{said}");
}
