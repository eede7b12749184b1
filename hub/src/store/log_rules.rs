//! Keys, witnesses and quorum of the transparency log, a part of governance.

use diesel::sql_types::{BigInt, Nullable, Text};
use tanqiao_protocol::signing::NoteKey;

use super::connection::StoreConnection;
use super::convert::{content, json, parse};
use super::database::{ReadConnection, StoreError};
use super::numbers::Numbers;
use super::row::row;
use super::rows::{LogRulesRow, LogWitnessRow};
use super::statement::Statement;
use crate::ledger::objects::{LogGovernance, LogRules, WitnessStanding};

row!(NamedWitnessRow in "log_witness", key "id", {
    id: Text => String, candidate: Nullable<Text> => Option<String>, admitted: Nullable<Text> => Option<String>,
    log_index: BigInt => i64,
});

const WITNESSES: &str =
    "SELECT m.id, w.candidate, w.admitted, w.log_index FROM log_witness w JOIN member m ON m.no = w.member_no";
const RULES: &str = "SELECT * FROM log_rules";

/// What governance says of the log.
///
/// # Errors
/// [`StoreError`].
pub fn load<C: StoreConnection>(connection: &mut C) -> Result<LogGovernance, StoreError> {
    let witnesses = connection.select::<NamedWitnessRow>(Statement::new(WITNESSES))?;
    let rules = connection.select::<LogRulesRow>(Statement::new(RULES))?;
    gather(witnesses, rules)
}

/// As [`load`], with a connection for reading.
///
/// # Errors
/// [`StoreError`].
pub fn read(connection: &mut ReadConnection<'_>) -> Result<LogGovernance, StoreError> {
    let witnesses = connection.load::<NamedWitnessRow>(Statement::new(WITNESSES))?;
    let rules = connection.load::<LogRulesRow>(Statement::new(RULES))?;
    gather(witnesses, rules)
}

fn gather(witnesses: Vec<NamedWitnessRow>, rules: Vec<LogRulesRow>) -> Result<LogGovernance, StoreError> {
    let key = |text: Option<String>| -> Result<Option<NoteKey>, StoreError> {
        text.map(|text| text.parse().map_err(content)).transpose()
    };
    let mut log = LogGovernance::default();
    for row in witnesses {
        let standing = WitnessStanding {
            candidate: key(row.candidate)?,
            admitted: key(row.admitted)?,
            log_index: row.log_index,
        };
        log.witnesses.insert(row.id.parse().map_err(content)?, standing);
    }
    if let Some(row) = rules.into_iter().next() {
        log.rules = parse::<LogRules>(&row.content)?;
    }
    Ok(log)
}

/// Writes what differs.
pub(super) fn save<C: StoreConnection>(
    connection: &mut C,
    before: &LogGovernance,
    after: &LogGovernance,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mut witnesses = Vec::new();
    for (member, standing) in &after.witnesses {
        if before.witnesses.get(member) != Some(standing) {
            witnesses.push(LogWitnessRow {
                member_no: numbers.members.number(member)?,
                candidate: standing.candidate.as_ref().map(ToString::to_string),
                admitted: standing.admitted.as_ref().map(ToString::to_string),
                log_index: standing.log_index,
            });
        }
    }
    connection.put_rows(&witnesses)?;
    if before.rules != after.rules {
        connection.put_rows(&[LogRulesRow {
            id: 1,
            content: json(&after.rules)?,
        }])?;
    }
    Ok(())
}
