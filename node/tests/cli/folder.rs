//! A node's folder: configuration, keys and certificates of a federation made for one test.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, TlsKey};
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tempfile::TempDir;

pub struct Folder {
    dir: TempDir,
    database: Option<(String, String)>,
}

impl Folder {
    /// An enrolled node on SQLite, migrated.
    pub fn sqlite() -> Self {
        let folder = Self::enrolled("sqlite:node.db", None);
        folder.ok(&["migrate"]);
        folder
    }

    /// On SQLite, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` is a superuser's URL.
    pub fn on_each_database() -> Vec<Self> {
        let mut folders = vec![Self::sqlite()];
        if let Ok(admin) = std::env::var("TANQIAO_TEST_POSTGRES") {
            let name = format!("cli_{}", uuid::Uuid::now_v7().simple());
            sql(&admin, &format!("CREATE DATABASE {name}"));
            let (base, _) = admin.rsplit_once('/').unwrap();
            let folder = Self::enrolled(&format!("{base}/{name}"), Some((admin, name)));
            folder.ok(&["migrate"]);
            folders.push(folder);
        } else {
            assert!(
                std::env::var_os("CI").is_none(),
                "TANQIAO_TEST_POSTGRES must be set where CI is"
            );
        }
        folders
    }

    fn enrolled(url: &str, database: Option<(String, String)>) -> Self {
        let folder = Self {
            dir: TempDir::new().unwrap(),
            database,
        };
        let authority = folder.authority();
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        key.save_new(&folder.path("node.key")).unwrap();
        let request = CertificateRequest::from_pem(&key.request_pem("wuhan").unwrap()).unwrap();
        let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
        let issued = authority.issue(&request, &order, chrono::Utc::now()).unwrap();
        std::fs::write(folder.path("node.pem"), issued.chain_pem).unwrap();
        std::fs::copy(folder.path("authority/ca.pem"), folder.path("ca.pem")).unwrap();
        let signing = SigningKey::generate(Algorithm::Ed25519).unwrap();
        folder.secret("signing.pem", &signing.to_pem().unwrap());
        folder.configure(url, "127.0.0.1:0");
        folder
    }

    /// A node that has nothing but a configuration.
    pub fn bare() -> Self {
        let folder = Self {
            dir: TempDir::new().unwrap(),
            database: None,
        };
        folder.configure("sqlite:node.db", "127.0.0.1:0");
        folder
    }

    pub fn configure(&self, database: &str, listen: &str) {
        let text = format!(
            "member = \"wuhan\"\nregion = \"420100\"\ntrust_domain = \"tanqiao.local\"\ndatabase = \"{database}\"\n\
             [hub]\nurl = \"https://127.0.0.1:1\"\n[tls]\ncertificate = \"node.pem\"\nkey = \"node.key\"\nca = \"ca.pem\"\n\
             [signing]\nkey = \"signing.pem\"\n[api]\nlisten = \"{listen}\"\n"
        );
        std::fs::write(self.path("node.toml"), text).unwrap();
    }

    pub fn authority(&self) -> Authority {
        let dir = self.path("authority");
        std::fs::create_dir_all(&dir).unwrap();
        Authority::init(&dir, &"tanqiao.local".parse().unwrap(), chrono::Utc::now()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn secret(&self, name: &str, text: &str) {
        let path = self.write(name, text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The program in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanqiao-node"));
        command
            .args(args)
            .arg("--config")
            .arg(self.path("node.toml"))
            .current_dir(self.dir.path());
        command
            .env_remove("TANQIAO_CRASH_AT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that has to succeed, with `--json`.
    pub fn ok(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {out}{err}");
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
    }

    /// Runs a command that has to be refused: exit status 1, the code.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.command(args).arg("--json").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", text(&output.stderr));
        let value: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        assert!(!output.stderr.is_empty(), "a person reads why");
        value["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.database {
            sql(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn sql(url: &str, statement: &str) {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    diesel::PgConnection::establish(url)
        .unwrap()
        .batch_execute(statement)
        .unwrap();
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub const RULE: &str = r#"{"methodology": "CN-4201-metro.v1", "region": "420100", "title_zh": "武汉地铁出行",
    "title_en": "Wuhan metro", "activity": "rail-transit", "activity_unit": "km", "factor_g_per_unit": "78.4",
    "record_g_max": 50000, "uses": ["event-neutrality"], "in_force_from": "2024-01-01T00:00:00Z",
    "vintage_first": 2024, "vintage_last": 2030, "source": "https://example.org/metro"}"#;

/// A CSV file of `count` rides of ten kilometres.
pub fn rides(count: usize) -> String {
    let mut out = String::from("source,record_id,account,quantity,unit,started_at,ended_at,place\n");
    for n in 0..count {
        let _ = writeln!(
            out,
            "wuhan-metro,ride-{n:06},holder-{:06},10,km,2025-05-23T08:00:00+08:00,2025-05-23T08:40:00+08:00,420106",
            n % 7
        );
    }
    out
}
