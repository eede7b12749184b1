//! The tokens of running evaluators and of the node's client, against a second implementation of RFC 9497 that shares no code
//! with them: `tests/rfc9497.py`, Python's standard library alone.

use std::io::Write as _;
use std::process::{Command, Output as Ended, Stdio};

use serde_json::{Value, json};
use tanqiao_protocol::fingerprint::{Elements, Evaluation, EvaluationRequest};

use crate::world::{IDS, World, blind, good, this_month};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc9497.py");
const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../protocol/tests/data/rfc9497-ristretto255-voprf.json"
);

/// Runs the second implementation; nothing outside CI where there is no Python.
fn run(arguments: &[&str], asked: &Value) -> Option<Ended> {
    let there = Command::new("python3").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
        assert!(!ci, "python3 is not installed: tests/run installs it");
        eprintln!("python3 is not installed, so that nothing is compared: tests/run installs it");
        return None;
    }
    let mut python = Command::new("python3")
        .arg(SCRIPT)
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).unwrap();
    drop(input);
    Some(python.wait_with_output().unwrap())
}

fn done(ended: &Ended) -> Value {
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    serde_json::from_slice(&ended.stdout).unwrap()
}

fn hexes<T: AsRef<[u8]>>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    all.into_iter().map(hex::encode).collect()
}

fn spoken(evaluation: &Evaluation) -> Value {
    json!({
        "number": evaluation.number,
        "evaluated": hexes(evaluation.evaluated.as_slice()),
        "proof": evaluation.proof,
    })
}

/// The shares of the month, as they lie in the evaluators' directories.
fn shares(world: &World) -> Value {
    let of = |id: &str| {
        let mut files = std::fs::read_dir(world.config(id).shares.directory).unwrap();
        let path = files
            .find_map(|file| Some(file.unwrap().path()).filter(|path| path.extension().is_some()))
            .unwrap();
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        (file["number"].to_string(), file["share"].clone())
    };
    Value::Object(IDS.iter().map(|id| of(id)).collect())
}

#[test]
fn a_second_implementation_computes_the_vectors_of_the_rfc() {
    // Without them it would be no judge of anything.
    if let Some(ended) = run(&["vectors", VECTORS], &Value::Null) {
        assert_eq!(done(&ended)["vectors"], 3);
    }
}

#[actix_web::test]
async fn tokens_through_two_of_three_are_those_of_the_single_key_in_a_second_implementation() {
    let world = World::new();
    let _services = world.start_all();
    let wuhan = world.member("wuhan");
    let epoch = this_month();
    let keys = wuhan.keys(1, epoch).await;
    let inputs = ["charging session 17", "ride 4", "a", "\u{78b3}\u{6865}"];
    let asked = json!({ "shares": shares(&world), "inputs": hexes(inputs) });
    let Some(derived) = run(&["derive"], &asked) else {
        return;
    };
    let derived = done(&derived);
    assert_eq!(derived["public_key"], keys.public_key.to_string());
    for evaluator in &keys.evaluators {
        let number = evaluator.number.to_string();
        assert_eq!(derived["share_keys"][number], evaluator.public_key.to_string());
    }
    for pair in [(1, 2), (1, 3), (3, 2)] {
        let outputs = wuhan.derive(&keys, &inputs, pair).await;
        let outputs = hexes(outputs.iter().map(|output| output.as_slice()));
        assert_eq!(derived["outputs"], json!(outputs), "{pair:?}");
    }

    // As a node of its own, it blinds, checks both proofs and combines.
    let mut own = done(&run(&["blind"], &json!({ "inputs": hexes(inputs) })).unwrap());
    let blinded: Vec<String> = serde_json::from_value(own["blinded"].clone()).unwrap();
    let element = |text: &String| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
    let request = EvaluationRequest {
        epoch,
        blinded: Elements::new(blinded.iter().map(element).collect()).unwrap(),
    };
    let two: Evaluation = good(wuhan.post(2, "/v1/evaluations", &request).await).await;
    let three: Evaluation = good(wuhan.post(3, "/v1/evaluations", &request).await).await;
    own["public_key"] = json!(keys.public_key);
    own["share_keys"] = derived["share_keys"].clone();
    own["inputs"] = asked["inputs"].clone();
    own["evaluations"] = json!([spoken(&two), spoken(&three)]);
    let finished = done(&run(&["finish"], &own).unwrap());
    assert_eq!(finished["outputs"], derived["outputs"]);

    // It is no rubber stamp: a proof is not that of another evaluator, nor of another batch.
    let other: Evaluation = good(wuhan.evaluate(3, epoch, &blind(&inputs)).await).await;
    for proof in [two.proof, other.proof] {
        let wrong = Evaluation { proof, ..three.clone() };
        own["evaluations"] = json!([spoken(&two), spoken(&wrong)]);
        let ended = run(&["finish"], &own).unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains("evaluator 3"), "{said}");
    }
}
