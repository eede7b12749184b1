//! The command line in tests: the program itself, as an operator uses it.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, TlsKey};

use super::OwnDatabase;

/// Runs a story at a desk on SQLite, and on PostgreSQL where there is one.
pub fn at_each_desk(story: impl Fn(&Desk)) {
    story(&founded());
    if let Ok(server) = std::env::var("TANQIAO_TEST_POSTGRES") {
        let database = OwnDatabase::create(&server);
        story(&founded_on(Desk::on(&database.url)));
    } else {
        assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too");
    }
}

/// A directory with a configuration, certificates and passwords.
pub struct Desk {
    directory: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self::on("sqlite:hub.db")
    }

    pub fn on(database: &str) -> Self {
        let desk = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let certs = desk.path("certs");
        let now = chrono::Utc::now();
        let authority = Authority::init(&certs, &"tanqiao.test".parse().unwrap(), now).unwrap();
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        key.save_new(&certs.join("hub.key")).unwrap();
        let request = CertificateRequest::from_pem(&key.request_pem("hub").unwrap()).unwrap();
        let issued = authority
            .issue(&request, &Order::new(Profile::Hub).with_ip([127, 0, 0, 1].into()), now)
            .unwrap();
        std::fs::write(certs.join("hub.pem"), issued.chain_pem).unwrap();
        authority.crl(now).unwrap();
        let config = include_str!("../../config.example.toml")
            .replace("tanqiao.local", "tanqiao.test")
            .replace("sqlite:hub.db", database);
        std::fs::write(desk.path("hub.toml"), config).unwrap();
        for officer in ["li", "wang", "expo"] {
            std::fs::write(
                desk.path(&format!("{officer}.password")),
                format!("a long password of {officer}\n"),
            )
            .unwrap();
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tanqiao-hub"))
            .current_dir(self.directory.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs with `--json`, which must succeed.
    pub fn done(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Runs with `--json`, which must end with this status.
    pub fn fails(&self, status: i32, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

pub const LI: [&str; 4] = ["--officer", "li", "--officer-password-file", "li.password"];
pub const WANG: [&str; 4] = ["--officer", "wang", "--officer-password-file", "wang.password"];

pub fn with<'a>(command: &[&'a str], officers: &[&'a str]) -> Vec<&'a str> {
    [command, officers].concat()
}

/// A ledger with two officers, on SQLite.
pub fn founded() -> Desk {
    founded_on(Desk::new())
}

/// A ledger with two officers.
pub fn founded_on(desk: Desk) -> Desk {
    let first = desk.done(&["migrate"]);
    assert_eq!(
        (first["log_key_made"].as_bool(), first["policy_made"].as_bool()),
        (Some(true), Some(true))
    );
    let second = desk.done(&["migrate"]);
    assert_eq!(
        (
            second["applied"].as_array().unwrap().len(),
            second["policy_made"].as_bool()
        ),
        (0, Some(false))
    );
    desk.done(&[
        "admin",
        "officer",
        "create",
        "li",
        "--role",
        "officer",
        "--password-file",
        "li.password",
    ]);
    let wang = [
        "admin",
        "officer",
        "create",
        "wang",
        "--role",
        "officer",
        "--password-file",
        "wang.password",
    ];
    desk.fails(2, &wang);
    desk.done(&with(&wang, &LI));
    desk
}
