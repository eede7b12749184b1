//! The configuration: one TOML file, and environment variables `TANQIAO_EVALUATOR_…` that override single keys.
//!
//! Every key is described in `evaluator/config.example.toml`; a test keeps that file, this module and [`KEYS`] equal.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tanqiao_protocol::fingerprint::{
    EVALUATORS, EpochKeysError, RECOGNITION_WINDOW_MONTHS_DEFAULT, RECOGNITION_WINDOW_MONTHS_MAX, THRESHOLD,
    check_parties,
};
use tanqiao_protocol::id::{NodeId, TrustDomain};
use toml::{Table, Value};

const PREFIX: &str = "TANQIAO_EVALUATOR_";

/// Every key that an environment variable can set: the prefix and the key in capitals, its dot an underscore. The lists
/// `evaluators` and `quota.members` stand in the file only.
pub const KEYS: &[&str] = &[
    "trust_domain",
    "member",
    "threshold",
    "database",
    "listen.members",
    "listen.health",
    "tls.ca",
    "tls.certificate",
    "tls.key",
    "tls.crl",
    "signing.key",
    "hub.url",
    "shares.directory",
    "shares.window_months",
    "shares.make_ahead",
    "quota.inputs_per_month",
    "quota.requests_per_second",
    "logging.filter",
];

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: check that it exists and that this user may read it", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or a key is missing, unknown or of another type.
    #[error("{}: {message}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// An environment variable names no key.
    #[error("environment variable {0} names no key of the configuration; the keys are in config.example.toml")]
    Variable(String),
    /// Two settings do not fit together.
    #[error("{0}")]
    Rule(String),
    /// Somebody could make tokens alone.
    #[error("the evaluators of this configuration are refused: {0}")]
    Parties(#[from] EpochKeysError),
    /// A secret file that others may read.
    #[error("{} can be read by others: set its mode to 0600", .0.display())]
    Open(PathBuf),
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The federation, as in its SPIFFE ids.
    pub trust_domain: TrustDomain,
    /// This evaluator.
    pub member: NodeId,
    /// How many evaluators make a token together.
    #[serde(default = "threshold")]
    pub threshold: u8,
    /// The file of its own store (SQLite).
    pub database: PathBuf,
    /// Where it listens.
    #[serde(default)]
    pub listen: ListenConfig,
    /// Certificate files.
    pub tls: TlsConfig,
    /// The key that signs its statements.
    pub signing: SigningConfig,
    /// Where it states the keys of a month.
    pub hub: HubConfig,
    /// All three, in the order of their numbers.
    pub evaluators: Vec<PartyConfig>,
    /// Its shares.
    #[serde(default)]
    pub shares: SharesConfig,
    /// What a member may have evaluated.
    #[serde(default)]
    pub quota: QuotaConfig,
    /// What is logged.
    #[serde(default)]
    pub logging: LoggingConfig,
}

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// Members and the other evaluators, over mutual TLS.
    pub members: SocketAddr,
    /// Health and metrics, in plain HTTP and so on loopback only.
    pub health: SocketAddr,
}

/// Certificate files, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Root and issuing CA.
    pub ca: PathBuf,
    /// This evaluator's certificate, followed by the issuing CA's.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The current CRLs.
    pub crl: PathBuf,
}

/// The key that signs its statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningConfig {
    /// PKCS #8 PEM, mode 0600.
    pub key: PathBuf,
}

/// The hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    /// Its federation address.
    pub url: String,
}

/// One of the three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyConfig {
    /// Which member it is.
    pub id: NodeId,
    /// Its address, such as `https://notary.example:8461`.
    pub url: String,
}

/// Its shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SharesConfig {
    /// Where they are, mode 0700.
    pub directory: PathBuf,
    /// How long after its month's end a share is kept; the same at all three.
    pub window_months: u16,
    /// Whether evaluator 1 makes the keys of this month and the next by itself.
    pub make_ahead: bool,
}

/// What a member may have evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// Inputs a member and epoch, where `members` does not say otherwise.
    pub inputs_per_month: u64,
    /// Requests a second and member, sustained.
    pub requests_per_second: u32,
    /// Inputs an epoch, by member.
    pub members: BTreeMap<NodeId, u64>,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoggingConfig {
    /// As `tracing` filters are written.
    pub filter: String,
}

const fn threshold() -> u8 {
    THRESHOLD
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            members: SocketAddr::from(([127, 0, 0, 1], 8461)),
            health: SocketAddr::from(([127, 0, 0, 1], 9461)),
        }
    }
}

impl Default for SharesConfig {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("shares"),
            window_months: RECOGNITION_WINDOW_MONTHS_DEFAULT,
            make_ahead: true,
        }
    }
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self {
            inputs_per_month: 50_000_000,
            requests_per_second: 50,
            members: BTreeMap::new(),
        }
    }
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
        }
    }
}

impl QuotaConfig {
    /// The most inputs of one epoch that are evaluated for `member`.
    #[must_use]
    pub fn of(&self, member: &NodeId) -> u64 {
        self.members.get(member).copied().unwrap_or(self.inputs_per_month)
    }
}

impl Config {
    /// Reads the file and the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::read(&text, path, std::env::vars())
    }

    /// As [`Config::load`], from a text and given variables. Relative paths are relative to the file's directory.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(
        text: &str,
        path: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let refuse = |message: String| ConfigError::Content {
            path: path.to_owned(),
            message,
        };
        let mut table: Table = text.parse().map_err(|e: toml::de::Error| refuse(e.to_string()))?;
        apply(&mut table, variables)?;
        let mut config: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| refuse(e.message().to_owned()))?;
        config.settle(path.parent().unwrap_or_else(|| Path::new("")));
        config.check()?;
        Ok(config)
    }

    fn settle(&mut self, directory: &Path) {
        for path in [
            &mut self.database,
            &mut self.tls.ca,
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.crl,
            &mut self.signing.key,
            &mut self.shares.directory,
        ] {
            if path.is_relative() {
                *path = directory.join(&*path);
            }
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
        check_parties(self.threshold, self.parties())?;
        if self.number().is_none() {
            return rule("member: this evaluator is none of the three that `evaluators` names");
        }
        let urls: Vec<&str> = self
            .evaluators
            .iter()
            .map(|one| one.url.trim_end_matches('/'))
            .collect();
        let hub = self.hub.url.trim_end_matches('/');
        if urls.iter().any(|url| !url.starts_with("https://")) || !hub.starts_with("https://") {
            return rule("evaluators.url, hub.url: addresses begin with https://");
        }
        if urls.contains(&hub) {
            return rule("evaluators.url: one is the hub's own address, and the hub may not evaluate tokens");
        }
        if urls
            .iter()
            .enumerate()
            .any(|(at, url)| urls.iter().skip(at + 1).any(|other| other == url))
        {
            return rule("evaluators.url: two evaluators have one address, and would be one party");
        }
        if !self.listen.health.ip().is_loopback() {
            return rule("listen.health: plain HTTP is for loopback only");
        }
        if !(1..=RECOGNITION_WINDOW_MONTHS_MAX).contains(&self.shares.window_months) {
            return rule("shares.window_months: 1 to 120");
        }
        if self.quota.requests_per_second == 0 {
            return rule("quota.requests_per_second: a rate of 0 would refuse everybody");
        }
        Ok(())
    }

    /// The three with their numbers.
    pub fn parties(&self) -> impl ExactSizeIterator<Item = (&NodeId, u8)> {
        let number = |at: usize| u8::try_from(at + 1).unwrap_or(u8::MAX);
        self.evaluators
            .iter()
            .enumerate()
            .map(move |(at, one)| (&one.id, number(at)))
    }

    /// This evaluator's number.
    #[must_use]
    pub fn number(&self) -> Option<u8> {
        self.number_of(&self.member).filter(|number| *number <= EVALUATORS)
    }

    /// The number of an evaluator.
    #[must_use]
    pub fn number_of(&self, id: &NodeId) -> Option<u8> {
        self.parties().find(|(one, _)| *one == id).map(|(_, number)| number)
    }
}

/// Puts the variables that are set into the table.
fn apply(table: &mut Table, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
    // The variable that names the file is the command line's.
    let ours = |name: &str| name.starts_with(PREFIX) && name != "TANQIAO_EVALUATOR_CONFIG";
    for (name, text) in variables.filter(|(name, _)| ours(name)) {
        let variable_of = |key: &str| format!("{PREFIX}{}", key.replace('.', "_").to_uppercase());
        let key = KEYS
            .iter()
            .find(|key| variable_of(key) == name)
            .ok_or_else(|| ConfigError::Variable(name.clone()))?;
        let value = match (text.parse(), text.parse()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(truth)) => Value::Boolean(truth),
            _ => Value::String(text),
        };
        let Some((section, key)) = key.split_once('.') else {
            table.insert((*key).to_owned(), value);
            continue;
        };
        let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(section) = entry else {
            return Err(ConfigError::Variable(name));
        };
        section.insert(key.to_owned(), value);
    }
    Ok(())
}

/// Reads a private key, which nobody but its owner may be able to read.
///
/// # Errors
/// [`ConfigError::File`], [`ConfigError::Open`].
pub fn read_private(path: &Path) -> Result<zeroize::Zeroizing<String>, ConfigError> {
    let refuse = |source| ConfigError::File {
        path: path.to_owned(),
        source,
    };
    let mode = std::fs::metadata(path).map_err(refuse)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(ConfigError::Open(path.to_owned()));
    }
    std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(refuse)
}

#[cfg(test)]
mod tests;
