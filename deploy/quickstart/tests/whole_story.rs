//! The first README command as a person or a machine runs it: the built program, in a directory of its own, twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as expected, and says what"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A base from which this many ports are free.
const PORTS: u16 = 24;

fn free_base() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 300).unwrap() * 32;
    let free = |base: &u16| (0..PORTS).all(|n| TcpListener::bind((Ipv4Addr::LOCALHOST, base + n)).is_ok());
    (first..31_000).step_by(32).find(free).expect("a free range of ports")
}

fn run(dir: &Path, base: u16) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .args(["--exit", "--json", "--port-base", &base.to_string(), "--dir"])
        .arg(dir)
        .output()
        .unwrap()
}

/// The one JSON object on standard output; everything else is on standard error.
fn told(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}\n{errors}"));
    assert!(output.status.success(), "{errors}");
    value
}

fn steps(told: &Value) -> Vec<(&str, bool)> {
    let story = told["story"].as_array().unwrap();
    story
        .iter()
        .map(|step| {
            assert_eq!(step["ok"], true, "{step}");
            assert!(!step["words"].as_array().unwrap().is_empty(), "{step}");
            (step["step"].as_str().unwrap(), step["done_before"].as_bool().unwrap())
        })
        .collect()
}

fn check_invariants(told: &Value) {
    let invariants = told["invariants"].as_object().unwrap();
    assert_eq!(invariants.len(), 11);
    for number in 1..=11 {
        assert_eq!(
            invariants[&number.to_string()]["ok"],
            true,
            "{number}: {}",
            invariants[&number.to_string()]
        );
    }
    assert!(invariants["1"]["checked"].as_u64().unwrap() > 10);
    assert!(invariants["9"]["checked"].as_u64().unwrap() > 50);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o777
}

fn check_federation(dir: &Path, base: u16) {
    let federation: Value = serde_json::from_slice(&std::fs::read(dir.join("federation.json")).unwrap()).unwrap();
    assert_eq!(federation["trust_domain"], "tanqiao.local");
    assert!(
        std::fs::read_to_string(dir.join(federation["ca"].as_str().unwrap()))
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    let hub = &federation["hub"];
    assert_eq!(hub["id"], "hub");
    assert_eq!(hub["federation_url"], format!("https://127.0.0.1:{base}"));
    assert_eq!(hub["enrolment_url"], format!("https://127.0.0.1:{}", base + 1));
    assert_eq!(hub["console_url"], format!("http://127.0.0.1:{}", base + 2));
    assert!(
        hub["log_public_key"]
            .as_str()
            .unwrap()
            .starts_with("tanqiao.local/log+")
    );
    let logins = hub["logins"].as_array().unwrap();
    assert_eq!(logins.iter().filter(|login| login["role"] == "officer").count(), 2);
    assert_eq!(logins.iter().filter(|login| login["role"] == "organiser").count(), 1);
    for login in logins {
        assert_eq!(mode(&dir.join(login["password_file"].as_str().unwrap())), 0o600);
    }
    let nodes = federation["nodes"].as_array().unwrap();
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        ["wuhan", "chengdu", "shanghai", "beijing", "guangzhou", "harbin", "naas"]
    );
    for (node, port) in nodes.iter().zip(base + 11..) {
        assert_eq!(node["api_url"], format!("http://127.0.0.1:{port}"));
        assert_eq!(node["console_url"], format!("http://127.0.0.1:{port}/"));
        for secret in ["token_file", "tls_key", "signing_key"] {
            assert_eq!(mode(&dir.join(node[secret].as_str().unwrap())), 0o600, "{secret}");
        }
        assert!(dir.join(node["tls_cert"].as_str().unwrap()).exists());
    }
    assert_eq!(nodes[0]["region_code"], "420100");
    let evaluators = federation["evaluators"].as_array().unwrap();
    assert_eq!(evaluators.len(), 3);
    for ((evaluator, id), position) in evaluators.iter().zip(["regulator", "notary", "exchange"]).zip(0..) {
        assert_eq!(evaluator["id"], id);
        assert_eq!(evaluator["url"], format!("https://127.0.0.1:{}", base + 3 + position));
        assert_eq!(
            evaluator["health_url"],
            format!("http://127.0.0.1:{}", base + 6 + position)
        );
    }
}

#[test]
fn the_story_is_played_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("federation");
    let base = free_base();

    let first = told(&run(&dir, base));
    assert_eq!(first["ok"], true);
    assert!(first["seconds"].as_f64().unwrap() > 0.0);
    assert!(steps(&first).iter().all(|(_, before)| !before));
    check_invariants(&first);
    check_federation(&dir, base);
    assert_eq!(first["counts"]["members"], 7);
    assert_eq!(first["counts"]["donated_g"], 4_544_760_000_i64);
    assert!((10_000..=20_000).contains(&first["counts"]["records"].as_i64().unwrap()));

    // The second run finds everything, and adds not one leaf to the log.
    let second = told(&run(&dir, base));
    assert_eq!(second["ok"], true);
    let again = steps(&second);
    assert_eq!(again.len(), steps(&first).len());
    let looked_at_again = ["digests", "explained", "invariants", "witnessed"];
    assert!(
        again
            .iter()
            .all(|(step, before)| *before || looked_at_again.contains(step)),
        "{again:?}"
    );
    check_invariants(&second);
    check_federation(&dir, base);
    assert_eq!(second["counts"], first["counts"]);

    // The same federation at other addresses.
    let elsewhere = free_base() + 32;
    let moved = told(&run(&dir, elsewhere));
    assert_eq!(moved["counts"], first["counts"]);
    check_federation(&dir, elsewhere);
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let base = free_base() + 320;
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, base + 12)).unwrap();
    let output = run(&folder.path().join("federation"), base);
    assert!(!output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["ok"], false);
    let problem = told["problem"].as_str().unwrap();
    assert!(
        problem.contains(&(base + 12).to_string()) && problem.contains("chengdu") && problem.contains("--port-base"),
        "{problem}"
    );
}
