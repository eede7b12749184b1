//! Reconciliations between rows and objects.

use tanqiao_protocol::reconciliation::ReconciliationState;
use tanqiao_protocol::time::Timestamp;

use super::convert::{content, id_bytes, json, message_id, parse};
use super::database::StoreError;
use super::numbers::Numbers;
use super::rows::ReconciliationRow;
use crate::ledger::objects::Reconciled;

/// A reconciliation.
///
/// # Errors
/// [`StoreError`] if the row is not one.
pub fn reconciliation(row: &ReconciliationRow, numbers: &Numbers) -> Result<Reconciled, StoreError> {
    Ok(Reconciled {
        id: message_id(&row.id)?,
        member: numbers.members.name(row.member_no)?.clone(),
        state: ReconciliationState::from_code(row.state)
            .ok_or_else(|| content(format!("unknown state {} of a reconciliation", row.state)))?,
        started_at: Timestamp::from_micros(row.started_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(super) fn reconciliation_row(one: &Reconciled, numbers: &Numbers) -> Result<ReconciliationRow, StoreError> {
    Ok(ReconciliationRow {
        id: id_bytes(one.id),
        member_no: numbers.members.number(&one.member)?,
        state: one.state.code(),
        started_at: one.started_at.micros(),
        ended_at: one.ended_at.map(Timestamp::micros),
        content: json(&one.content)?,
        log_index: one.log_index,
    })
}
