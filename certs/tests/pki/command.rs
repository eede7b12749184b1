//! The command, as a process.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tanqiao_certs::{TlsKey, enrolment::KeyAlgorithm};
use tempfile::TempDir;

fn run(dir: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tanqiao-certs"))
        .current_dir(dir)
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

fn done(dir: &Path, arguments: &str) -> Value {
    let output = run(dir, &format!("{arguments} --json"));
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn status(dir: &Path, arguments: &str) -> Option<i32> {
    run(dir, arguments).status.code()
}

fn with_authority() -> TempDir {
    let dir = TempDir::new().unwrap();
    done(dir.path(), "init-ca --dir ca --trust-domain tanqiao.example");
    dir
}

#[test]
fn an_authority_from_beginning_to_end() {
    let dir = with_authority();
    let dir = dir.path();
    let again = done(dir, "init-ca --dir ca --trust-domain tanqiao.example");
    assert_eq!(again["trust_domain"], "tanqiao.example");
    assert_eq!(status(dir, "init-ca --dir ca --trust-domain other.example"), Some(1));

    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    fs::write(dir.join("wuhan.csr"), key.request_pem("wuhan").unwrap()).unwrap();
    let issued = done(dir, "issue --dir ca --kind node --id wuhan --csr wuhan.csr --out wuhan");
    assert_eq!(issued["record"]["spiffe_id"], "spiffe://tanqiao.example/node/wuhan");
    assert_eq!((&issued["days_left"], &issued["key"]), (&90.into(), &Value::Null));

    let hub = done(
        dir,
        "issue --dir ca --kind hub --generate --dns hub.example --ip 127.0.0.1 --days 30 --out hub",
    );
    assert_eq!(hub["days_left"], 30);
    assert_eq!(
        fs::metadata(dir.join("hub.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let shown = done(dir, "show hub.pem");
    let certificate = &shown[0]["certificate"];
    assert_eq!(certificate["spiffe_id"], "spiffe://tanqiao.example/hub");
    assert_eq!(certificate["extended_key_usage"], serde_json::json!(["serverAuth"]));
    assert_eq!(certificate["ips"], serde_json::json!(["127.0.0.1"]));
    assert_eq!(
        (shown.as_array().unwrap().len(), &shown[1]["certificate"]["is_ca"]),
        (2, &true.into())
    );

    let renewed = done(
        dir,
        "renew --dir ca --cert wuhan.pem --generate --algorithm ed25519 --out wuhan-2",
    );
    assert_eq!(renewed["record"]["renews"], issued["record"]["serial"]);

    let revoked = done(dir, "revoke --dir ca --cert wuhan.pem --reason key-compromise");
    assert_eq!(
        (&revoked["revoked"]["status"], &revoked["crl"]["revoked"]),
        (&"revoked".into(), &1.into())
    );
    assert_eq!(
        status(dir, "renew --dir ca --cert wuhan.pem --generate --out wuhan-3"),
        Some(1)
    );
    assert!(!dir.join("wuhan-3.key").exists());
    let serial = renewed["record"]["serial"].as_str().unwrap();
    done(dir, &format!("revoke --dir ca --serial {serial}"));
    let crl = done(dir, "crl --dir ca --days 3");
    assert_eq!((&crl["number"], &crl["revoked"]), (&4.into(), &2.into()));
    done(dir, "crl --dir ca --root");
}

#[test]
fn people_get_words() {
    let dir = with_authority();
    let output = run(
        dir.path(),
        "issue --dir ca --kind node --id wuhan --generate --out wuhan",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "spiffe://tanqiao.example/node/wuhan",
        "90 days left",
        "clientAuth",
        "wuhan.key",
        "SHA-256",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("PRIVATE"));
}

#[test]
fn refusals_say_why_and_exit_with_1() {
    let dir = with_authority();
    let dir = dir.path();
    for (arguments, why) in [
        (
            "issue --dir nowhere --kind node --id wuhan --generate --out wuhan",
            "init-ca",
        ),
        ("issue --dir ca --kind hub --generate --out hub", "host name"),
        (
            "issue --dir ca --kind hub --id wuhan --generate --dns a.example --out hub",
            "--id",
        ),
        (
            "issue --dir ca --kind node --id wuhan --csr missing.csr --out wuhan",
            "missing.csr",
        ),
        (
            "issue --dir ca --kind node --id wuhan --csr ca/ca.pem --out wuhan",
            "signing request",
        ),
        ("revoke --dir ca --serial 0a", "not issued here"),
        ("show ca/index.json", "no readable certificate"),
    ] {
        let output = run(dir, &format!("{arguments} --json"));
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(answer["error"].as_str().unwrap().contains(why), "{arguments}: {answer}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why));
    }
    done(dir, "issue --dir ca --kind node --id wuhan --generate --out wuhan");
    let key = fs::read(dir.join("wuhan.key")).unwrap();
    assert_eq!(
        status(dir, "issue --dir ca --kind node --id wuhan --generate --out wuhan"),
        Some(1)
    );
    assert_eq!(fs::read(dir.join("wuhan.key")).unwrap(), key);
}

#[test]
fn misuse_exits_with_2() {
    let dir = with_authority();
    for arguments in [
        "",
        "issue",
        "issue --dir ca --kind node --generate --out x",
        "issue --dir ca --kind node --id Wuhan --generate --out x",
        "issue --dir ca --kind node --id wuhan --out x",
        "issue --dir ca --kind node --id wuhan --generate --csr y --out x",
        "issue --dir ca --kind node --id wuhan --generate --days 0 --out x",
        "revoke --dir ca",
        "revoke --dir ca --serial zz",
        "revoke --dir ca --serial 0a --reason boredom",
        "init-ca --dir ca --trust-domain UPPER",
        "show",
        "dance",
    ] {
        assert_eq!(status(dir.path(), arguments), Some(2), "{arguments}");
    }
}

#[test]
fn every_help_has_an_example() {
    let dir = TempDir::new().unwrap();
    for command in ["init-ca", "issue", "renew", "revoke", "crl", "show"] {
        let output = run(dir.path(), &format!("{command} --help"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(
            text.contains("Example") && text.contains(&format!("tanqiao-certs {command} ")),
            "{command}: {text}"
        );
    }
}
