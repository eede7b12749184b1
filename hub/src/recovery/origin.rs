//! A new origin of the log, where what was lost cannot be taken back.

use std::sync::Arc;

use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::recovery::{ORIGIN, Origin};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Outcome;

use super::RecoveryError;
use crate::ledger::batch::{self, HeadSeen, Memory};
use crate::ledger::command::{Body, Command, Decision, Origin as By};
use crate::ledger::decisions::Journal;
use crate::ledger::high_water::Mark;
use crate::serve::new_id;
use crate::store::connection::StoreConnection;
use crate::store::convert::sha256;
use crate::store::database::{Database, StoreError, WriteConnection};
use crate::store::rows::{HeadRow, LeafRow};
use crate::store::statement::Statement;

/// What officers decide.
#[derive(Debug, Clone)]
pub struct NewOrigin {
    /// Two different officers.
    pub officers: Vec<Name>,
    /// Leaves that were answered for.
    pub lost_size: i64,
    /// The chain over them, where it is known.
    pub lost_chain: Option<Sha256>,
    /// Why.
    pub reason: String,
}

/// Begins the log anew, and gives the head that becomes the mark.
pub(super) fn begin<C: StoreConnection>(
    connection: &mut C,
    journal: Journal,
    new: &NewOrigin,
    clock: Timestamp,
) -> Result<Mark, RecoveryError> {
    let id = new_id();
    let decision = Decision::NewOrigin {
        lost_size: new.lost_size,
        lost_chain: new.lost_chain,
        reason: new.reason.clone(),
    };
    let command = Command {
        origin: By::Officers(new.officers.clone()),
        id,
        payload_sha256: Sha256::of(id.to_string().as_bytes()),
        body: Body::Governance(Box::new(decision)),
    };
    let mut memory = Memory {
        onlooker: Some(Arc::new(journal)),
        ..Memory::default()
    };
    let done = batch::run(connection, &mut memory, &[command], clock, true)?;
    let answer: Option<Result<Outcome, _>> = done.answers.into_iter().next().map(|answer| answer.result);
    match answer {
        Some(Err(problem)) => Err(RecoveryError::Refused(Box::new(problem))),
        _ => Ok(mark(head(connection)?)),
    }
}

const fn mark((size, chain): HeadSeen) -> Mark {
    Mark { size, chain }
}

fn head<C: StoreConnection>(connection: &mut C) -> Result<HeadSeen, StoreError> {
    let rows = connection.select::<HeadRow>(Statement::new("SELECT * FROM log_head WHERE id = 1"))?;
    let row = rows.first();
    let row = row.ok_or_else(|| StoreError::Content("the log has no head: run `tanqiao-hub migrate`".to_owned()))?;
    Ok((row.size, sha256(&row.chain)?))
}

/// The head, if the last leaf of the log is an origin that was begun for the loss of `mark`: a crash came before the mark was
/// replaced.
///
/// # Errors
/// [`RecoveryError::Store`].
pub fn begun(database: &Database, mark: &Mark) -> Result<Option<Mark>, RecoveryError> {
    let head = match database.writer()? {
        WriteConnection::Sqlite(mut c) => begun_on(&mut *c, mark)?,
        WriteConnection::Postgres(mut c) => begun_on(&mut *c, mark)?,
    };
    Ok(head)
}

pub(super) fn begun_on<C: StoreConnection>(connection: &mut C, mark: &Mark) -> Result<Option<Mark>, StoreError> {
    let head = head(connection)?;
    let statement = Statement::new("SELECT * FROM leaf WHERE idx = ?").bind(head.0 - 1);
    let rows = connection.select::<LeafRow>(statement)?;
    let leaf = rows
        .first()
        .and_then(|row| serde_json::from_slice::<Leaf>(&row.bytes).ok())
        .filter(|leaf| leaf.r#type == ORIGIN);
    let origin = leaf.and_then(|leaf| serde_json::from_value::<Origin>(leaf.data).ok());
    // Without a chain the mark was not contradicted, and goes on by itself.
    let lost = origin.is_some_and(|origin| origin.lost_size == mark.size && origin.lost_chain == Some(mark.chain));
    Ok(lost.then(|| self::mark(head)))
}
