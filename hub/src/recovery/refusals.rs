//! Refusals that members remember: the hub takes them back, so that an id keeps its answer for ever. That a message was
//! refused is the member's word against its own interest; that one was accepted is never taken from a member, but from the log.

use std::sync::Arc;

use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::KeyStatus;

use super::file::{MemberFile, Said};
use super::{RecoveryError, Sources};
use crate::intake::{Item, Place, Reception};
use crate::ledger::batch::{BatchError, Memory, current_governance, lock_head};
use crate::ledger::command::Command;
use crate::ledger::needs::Needs;
use crate::ledger::objects::Governance;
use crate::ledger::working::{Head, Working};
use crate::store::connection::StoreConnection;
use crate::store::convert::sha256;
use crate::store::database::StoreError;
use crate::store::load::load;
use crate::store::save::{Kept, save_messages};

/// Messages of one transaction.
const AT_ONCE: usize = 500;

/// How many refusals were taken back, and how many could not be checked.
pub(super) fn restore<C: StoreConnection>(
    connection: &mut C,
    memory: &mut Memory,
    sources: &Sources,
    files: &[MemberFile],
) -> Result<(u64, u64), RecoveryError> {
    let governance = all_keys(&memory.governance);
    let (mut restored, mut left) = (0, 0);
    for file in files {
        let refused: Vec<(&Said, &Problem)> = file
            .messages
            .values()
            .filter_map(|said| Some((said, said.problem.as_ref()?)))
            .filter(|(said, problem)| said.outcome.is_none() && problem.stored())
            .collect();
        for some in refused.chunks(AT_ONCE) {
            let commands: Vec<(Command, &Problem)> = some
                .iter()
                .filter_map(|(said, problem)| Some((open(sources, &governance, &file.member, said)?, *problem)))
                .collect();
            left += (some.len() - commands.len()) as u64;
            restored += keep(connection, memory, &commands)?;
        }
    }
    Ok((restored, left))
}

/// Every key that was ever active counts: the message was refused when its key was.
fn all_keys(governance: &Governance) -> Arc<Governance> {
    let mut governance = governance.clone();
    for key in governance
        .keys
        .values_mut()
        .filter(|key| key.status == KeyStatus::Retired)
    {
        key.status = KeyStatus::Active;
    }
    Arc::new(governance)
}

fn open(sources: &Sources, governance: &Arc<Governance>, member: &NodeId, said: &Said) -> Option<Command> {
    let reception = Reception {
        trust_domain: sources.trust_domain.clone(),
        governance: Arc::clone(governance),
        caller: member.clone(),
        now: crate::api::hub::now(),
        place: Place::any(),
    };
    let received = reception.receive(&said.envelope.to_json().ok()?).ok()?;
    match received.items.into_iter().next()? {
        Item::Command(command) => Some(*command),
        Item::Refused { .. } => None,
    }
}

fn keep<C: StoreConnection>(
    connection: &mut C,
    memory: &mut Memory,
    commands: &[(Command, &Problem)],
) -> Result<u64, RecoveryError> {
    let mut numbers = std::mem::take(&mut memory.numbers);
    let done = connection.write(|c| {
        let row = lock_head(c)?;
        let governance = current_governance(c, &row, memory, &mut numbers)?;
        let head = Head {
            size: row.size,
            time: Timestamp::from_micros(row.time_us),
            governance_version: row.governance_version,
            frozen: row.frozen,
            chain: sha256(&row.chain)?,
        };
        let mut working = Working::new(head.time, head, governance);
        let asked: Vec<Command> = commands.iter().map(|(command, _)| command.clone()).collect();
        let answers = Needs::of(&asked, &working).answers;
        let needs = Needs {
            answers,
            ..Needs::default()
        };
        load(c, &needs, &mut working, &mut numbers, &mut memory.nearby)?;
        let mut kept = Vec::new();
        for (command, problem) in commands
            .iter()
            .filter(|(command, _)| !working.ids.contains_key(&command.id))
        {
            kept.push(Kept {
                command,
                status: problem.status,
                answer: serde_json::to_string(problem).map_err(|error| StoreError::Content(error.to_string()))?,
            });
        }
        save_messages(c, &kept, &numbers)?;
        Ok::<u64, BatchError>(kept.len() as u64)
    });
    memory.numbers = numbers;
    Ok(done?)
}
