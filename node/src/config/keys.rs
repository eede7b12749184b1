//! The keys of the configuration, and how environment variables set them.

use toml::{Table, Value};

use super::ConfigError;

/// What a key's value is, which decides how an environment variable is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A text or path.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// Every key with its kind and what it means; the documentation and the environment variables come from here.
pub const KEYS: &[(&str, KeyKind, &str)] = &[
    (
        "member",
        KeyKind::Text,
        "This member's id in the federation, a DNS label such as `wuhan`.",
    ),
    (
        "region",
        KeyKind::Text,
        "Its region: GB/T 2260 code such as `420100`, or ISO 3166-1 alpha-2.",
    ),
    (
        "trust_domain",
        KeyKind::Text,
        "The federation's trust domain, such as `tanqiao.local`.",
    ),
    (
        "database",
        KeyKind::Text,
        "`sqlite:PATH` or `postgres://USER@HOST/NAME`.",
    ),
    (
        "hub.url",
        KeyKind::Text,
        "The hub's federation address, such as `https://hub.example:8443`.",
    ),
    (
        "hub.feed_wait_s",
        KeyKind::Integer,
        "How long one question for news may wait at the hub, in seconds: 0 to 30; 25 when absent.",
    ),
    ("tls.certificate", KeyKind::Text, "This node's certificate chain, PEM."),
    (
        "tls.key",
        KeyKind::Text,
        "Its private key, PEM, readable by its owner only.",
    ),
    ("tls.ca", KeyKind::Text, "The federation's CA certificates, PEM."),
    (
        "tls.crl",
        KeyKind::Text,
        "The federation's revocation list, PEM; optional.",
    ),
    (
        "signing.key",
        KeyKind::Text,
        "This member's signing key, PKCS#8 PEM, readable by its owner only (mode 0600).",
    ),
    (
        "subjects.key",
        KeyKind::Text,
        "The key that seals the holders' identifiers, readable by its owner only (mode 0600); `migrate` makes it where it is \
         missing. Without it they cannot be opened: keep a backup. `subject.key` when absent.",
    ),
    (
        "fingerprint.suite",
        KeyKind::Text,
        "How tokens of activities are made: `voprf-ristretto255-sha512` (three evaluators, in the table `fingerprint.evaluators` of \
         `id` and `url`) or `hmac-sm3`; absent where the federation does not compare activities.",
    ),
    (
        "fingerprint.key",
        KeyKind::Text,
        "For `hmac-sm3`: its key, 64 hexadecimal digits, readable by its owner only (mode 0600); `tokens.key` when absent.",
    ),
    (
        "fingerprint.streams",
        KeyKind::Text,
        "The folder of token streams; those of what was issued stay, since a challenge may ask for them: keep a backup. `streams` when \
         absent.",
    ),
    (
        "fingerprint.batch_max",
        KeyKind::Integer,
        "Inputs of one question to an evaluator: 64 to 4096; 2048 when absent.",
    ),
    (
        "fingerprint.threads",
        KeyKind::Integer,
        "Questions, and cores, at the same time while tokens are derived: 1 to 64; 2 when absent.",
    ),
    (
        "api.listen",
        KeyKind::Text,
        "Where the platform's own API and console listen; `127.0.0.1:9101` when absent.",
    ),
    (
        "api.token_file",
        KeyKind::Text,
        "Where `token create` writes a token when `--out` does not say; optional.",
    ),
    (
        "api.tls_certificate",
        KeyKind::Text,
        "Server certificate of the API, PEM; required unless it listens on loopback.",
    ),
    ("api.tls_key", KeyKind::Text, "Its private key, PEM."),
    (
        "challenges.answer",
        KeyKind::Boolean,
        "Whether the node shows the regulator by itself the records that a challenge asks for; `true` when absent.",
    ),
    (
        "challenges.mailbox",
        KeyKind::Text,
        "The certificate of the regulator's mailbox, PEM, as the regulator gave it to you and not the hub; without it a challenge \
         waits for a person.",
    ),
    (
        "receipts.dir",
        KeyKind::Text,
        "The folder of receipts and certificates that were verified; `receipts` when absent.",
    ),
    (
        "receipts.policy",
        KeyKind::Text,
        "By whom receipts are verified and the log's quorum is judged: a C2SP tlog-policy file from somebody whom you trust. Without it by \
         the key that the witness has pinned and the witnesses that the log's leaves name; by the hub's own policy only where nothing was \
         compared yet.",
    ),
    (
        "reconciliation.hours",
        KeyKind::Integer,
        "After how many hours without a full reconciliation the node begins one by itself: 1 to 8760, 0 for never; 24 when absent.",
    ),
    (
        "acceptance.accept_at_once",
        KeyKind::Boolean,
        "Accept offers that no rule speaks of without a person; `false` when absent.",
    ),
    (
        "acceptance.quantity_g_max",
        KeyKind::Integer,
        "The most grams of one offer that may be accepted without a person; no limit when absent.",
    ),
    (
        "acceptance.account",
        KeyKind::Text,
        "The account that accepted offers are credited to; `house` when absent.",
    ),
    (
        "acceptance.witnessed",
        KeyKind::Boolean,
        "Accept no offer without a person before the log's quorum of witnesses has cosigned it; `false` when absent.",
    ),
    (
        "witness.enabled",
        KeyKind::Boolean,
        "Whether the node verifies and cosigns the hub's transparency log; `true` when absent.",
    ),
    (
        "witness.key",
        KeyKind::Text,
        "The witness's key, PKCS#8 PEM, readable by its owner only (mode 0600); made where it is missing, and used for nothing else. \
         `witness.key` when absent.",
    ),
    (
        "witness.evidence",
        KeyKind::Text,
        "The folder of evidence against the log, in files that can be checked anywhere; `evidence` when absent.",
    ),
    (
        "witness.interval_s",
        KeyKind::Integer,
        "Seconds between two cosignatures, 1 to 3600; 1 when absent.",
    ),
    (
        "witness.log_key",
        KeyKind::Text,
        "The log's verifier key (C2SP vkey) from somebody whom you trust; without it the one that the hub names first is kept for ever.",
    ),
    (
        "outbox.batch_max",
        KeyKind::Integer,
        "The most messages in one batch envelope: 1 to 100; 100 when absent.",
    ),
    (
        "outbox.message_days",
        KeyKind::Integer,
        "Days until an unsent message expires: 1 to 30; 30 when absent.",
    ),
];

/// The environment variable of a key.
#[must_use]
pub fn variable_name(key: &str) -> String {
    format!("TANQIAO_NODE_{}", key.replace('.', "_").to_uppercase())
}

pub(super) fn read_as(key: &'static str, kind: KeyKind, text: &str) -> Result<Value, ConfigError> {
    let refuse = |detail: &str| ConfigError::Value {
        key,
        detail: format!("{} {detail}", variable_name(key)),
    };
    Ok(match kind {
        KeyKind::Text => Value::String(text.to_owned()),
        KeyKind::Integer => Value::Integer(text.parse().map_err(|_| refuse("is not a whole number"))?),
        KeyKind::Boolean => Value::Boolean(text.parse().map_err(|_| refuse("is neither `true` nor `false`"))?),
    })
}

pub(super) fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = section {
                put(inner, rest, value);
            }
        }
    }
}
