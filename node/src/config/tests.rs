//! Reading the configuration.

use super::*;

const MINIMAL: &str = r#"
    member = "wuhan"
    region = "420100"
    trust_domain = "tanqiao.local"
    database = "sqlite:node.db"
    [hub]
    url = "https://127.0.0.1:8443"
    [tls]
    certificate = "node.pem"
    key = "node.key"
    ca = "ca.pem"
    [signing]
    key = "signing.pem"
"#;

#[test]
fn a_small_file_is_enough_and_paths_are_relative_to_it() {
    let config = Config::parse(MINIMAL, Path::new("/etc/tanqiao/node.toml"), |_| None).unwrap();
    assert_eq!(config.signing.key, Path::new("/etc/tanqiao/signing.pem"));
    assert_eq!(config.database, "sqlite:/etc/tanqiao/node.db");
    assert_eq!((config.hub.feed_wait_s, config.outbox.batch_max), (25, 100));
    assert!(!config.acceptance.accept_at_once);
}

#[test]
fn every_key_can_come_from_the_environment_and_wins() {
    let config = Config::parse(MINIMAL, Path::new("node.toml"), |name| match name {
        "TANQIAO_NODE_HUB_FEED_WAIT_S" => Some("5".into()),
        "TANQIAO_NODE_ACCEPTANCE_ACCEPT_AT_ONCE" => Some("true".into()),
        "TANQIAO_NODE_MEMBER" => Some("harbin".into()),
        _ => None,
    })
    .unwrap();
    assert_eq!(config.hub.feed_wait_s, 5);
    assert!(config.acceptance.accept_at_once);
    assert_eq!(config.member.as_str(), "harbin");
}

#[test]
fn every_listed_key_is_one_of_the_configuration() {
    let value = |name: &str| {
        let (key, kind, _) = KEYS.iter().find(|(key, ..)| variable_name(key) == name)?;
        let text = match (*key, kind) {
            ("database", _) => "sqlite:x.db",
            ("region", _) => "420100",
            ("fingerprint.suite", _) => "hmac-sm3",
            ("fingerprint.batch_max", _) => "64",
            ("api.listen", _) => "127.0.0.1:1",
            ("witness.log_key", _) => "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            (_, KeyKind::Integer) => "1",
            (_, KeyKind::Boolean) => "true",
            _ => "x",
        };
        Some(text.to_owned())
    };
    Config::parse("", Path::new("node.toml"), value).unwrap();
}

#[test]
fn the_example_is_a_configuration_and_names_every_key() {
    let text = include_str!("../../config.example.toml");
    let config = Config::parse(text, Path::new("/etc/tanqiao/node.toml"), |_| None).unwrap();
    assert_eq!(config.fingerprint.suite, Some(TokenSuite::Voprf));
    assert_eq!(config.fingerprint.evaluators.len(), 3);
    assert_eq!(config.subjects.key, Path::new("/etc/tanqiao/subject.key"));
    for (key, ..) in KEYS {
        let (_, name) = key.rsplit_once('.').unwrap_or(("", key));
        assert!(text.contains(&format!("{name} =")), "{key} is not in the example");
    }
}

#[test]
fn evaluators_that_are_not_three_parties_are_refused() {
    let parse = |text: &str| Config::parse(&format!("{MINIMAL}\n{text}"), Path::new("node.toml"), |_| None);
    let error = parse("[fingerprint]\nsuite = \"voprf-ristretto255-sha512\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("fingerprint.evaluators") && error.contains("three"),
        "{error}"
    );
    assert!(parse("[fingerprint]\nsuite = \"md5\"").is_err());
    assert!(parse("[fingerprint]\nsuite = \"hmac-sm3\"").is_ok());
}

#[test]
fn what_is_unknown_or_out_of_range_is_refused() {
    let parse = |text: &str| Config::parse(text, Path::new("node.toml"), |_| None);
    assert!(parse(&format!("colour = 1\n{MINIMAL}")).is_err());
    assert!(parse(&MINIMAL.replace("sqlite:node.db", "mysql://x")).is_err());
    assert!(parse(&format!("{MINIMAL}\n[api]\nlisten = \"0.0.0.0:9101\"")).is_err());
    assert!(parse(&format!("{MINIMAL}\n[outbox]\nbatch_max = 0")).is_err());
    let waits = "[acceptance]\nwitnessed = true\n[witness]\nenabled =";
    assert!(parse(&format!("{MINIMAL}\n{waits} false")).is_err());
    assert!(parse(&format!("{MINIMAL}\n{waits} true")).is_ok());
}

#[test]
fn a_private_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mode = |m| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(m)).unwrap();
    mode(0o640);
    assert!(matches!(read_private(file.path()), Err(ConfigError::Open { .. })));
    mode(0o600);
    assert!(read_private(file.path()).is_ok());
}
