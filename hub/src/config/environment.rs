//! Environment variables that override keys: `TANQIAO_HUB_` and the key in capitals, its dot an underscore.

use toml::{Table, Value};

use super::ConfigError;

const PREFIX: &str = "TANQIAO_HUB_";

/// Every key of the configuration.
pub const KEYS: &[&str] = &[
    "trust_domain",
    "database.url",
    "database.single_server",
    "federation.listen",
    "federation.tls",
    "enrolment.listen",
    "enrolment.tls",
    "console.listen",
    "console.tls",
    "public.url",
    "tls.ca",
    "tls.certificate",
    "tls.key",
    "tls.crl",
    "authority.dir",
    "log.origin",
    "log.key",
    "log.next_key",
    "log.dir",
    "screening.dir",
    "screening.key",
    "screening.sort_memory_mib",
    "screening.index_memory_mib",
    "limits.requests_per_second",
    "limits.requests_burst",
    "limits.enrolments_per_minute",
    "limits.feed_wait_s",
    "limits.upload_mib_per_member",
    "limits.examination_s",
    "schedule.sweep",
    "schedule.reconcile",
    "logging.filter",
];

fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// Puts the variables that are set into the table.
pub(super) fn apply(table: &mut Table, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
    for (name, text) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
        let key = KEYS
            .iter()
            .find(|key| variable_of(key) == name)
            .ok_or_else(|| ConfigError::Variable(name.clone()))?;
        let value = value_of(text);
        match key.split_once('.') {
            None => {
                table.insert((*key).to_owned(), value);
            }
            Some((section, key)) => {
                let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                let Value::Table(section) = entry else {
                    return Err(ConfigError::Variable(name));
                };
                section.insert(key.to_owned(), value);
            }
        }
    }
    Ok(())
}

fn value_of(text: String) -> Value {
    match (text.parse(), text.parse()) {
        (Ok(number), _) => Value::Integer(number),
        (_, Ok(truth)) => Value::Boolean(truth),
        _ => Value::String(text),
    }
}
