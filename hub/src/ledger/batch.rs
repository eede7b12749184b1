//! One batch: one database transaction. Locks the head, loads, decides in the order of arrival, writes.

use std::sync::Arc;

use diesel::sql_types::BigInt;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Outcome;

use super::command::{Body, Command, Origin};
use super::decide::decide;
use super::hub_member;
use super::nearby::Nearby;
use super::needs::Needs;
use super::objects::Governance;
use super::onlooker::{Onlooker, Shown};
use super::refusal::{Decided, Refusal, Rejection, ensure};
use super::working::{Head, StoredAnswer, Working};
use crate::crash;
use crate::store::connection::StoreConnection;
use crate::store::convert::sha256;
use crate::store::database::StoreError;
use crate::store::numbers::Numbers;
use crate::store::row::row;
use crate::store::rows::{HeadRow, LeafRow};
use crate::store::save::{Kept, save};
use crate::store::statement::Statement;
use crate::store::{governance, load};

/// The most rounds of loading that any command can need, and one to see that nothing is missing.
const LOAD_ROUNDS_MAX: usize = 20;
/// How far a process's clock may be from the database's before it stops sequencing.
const CLOCK_DIFFERENCE_US_MAX: i64 = 2_000_000;

/// The answer to one command.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The command's id.
    pub id: MessageId,
    /// The HTTP status.
    pub status: u16,
    /// What it did, or why it was refused.
    pub result: Result<Outcome, Problem>,
    /// True if the answer is kept for ever under the id; false if the same message may be sent again.
    pub stored: bool,
}

/// A batch that wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The store failed; the batch may be tried again on a new connection.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Command number `index` asked for something that was not loaded, or broke a rule: a fault of the program.
    #[error("command {index} of the batch: {what}")]
    Fault {
        /// Its place.
        index: usize,
        /// What was missing or broken.
        what: String,
    },
    /// The log went back: the database is not the one that this process answered from.
    #[error("the log has {found} leaves where {expected} were answered for: the database was restored or replaced")]
    WentBack {
        /// Leaves found.
        found: i64,
        /// Leaves known.
        expected: i64,
    },
    /// Who looks at every batch before its commit did not let it pass.
    #[error("{0}")]
    Onlooker(String),
    /// The clocks differ too much.
    #[error("this process's clock is {difference_ms} ms from the database's: set the clock")]
    Clock {
        /// The difference in milliseconds.
        difference_ms: i64,
    },
}

impl From<diesel::result::Error> for BatchError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a process remembers from batch to batch.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Governance at its version.
    pub governance: Arc<Governance>,
    /// Numbers.
    pub numbers: Numbers,
    /// What is registered and listed near a place.
    pub nearby: Nearby,
    /// The head that was last seen: its size and chain.
    pub head: Option<HeadSeen>,
    /// Who looks at every batch before its commit.
    pub onlooker: Option<Arc<dyn Onlooker>>,
    /// True while lost batches are decided again: what was compared then is not compared now.
    pub recovering: bool,
}

/// What a batch has done.
#[derive(Debug)]
pub struct Done {
    /// One answer a command.
    pub answers: Vec<Answer>,
    /// Leaves in the log afterwards.
    pub size: i64,
}

row!(ClockRow in "log_head", key "id", { now_us: BigInt => i64 });

/// Runs one batch. `memory` is changed only by what was committed or read.
pub fn run<C: StoreConnection>(
    connection: &mut C,
    memory: &mut Memory,
    commands: &[Command],
    clock: Timestamp,
    check_clock: bool,
) -> Result<Done, BatchError> {
    crash::point("sequencer.before-begin");
    let mut numbers = std::mem::take(&mut memory.numbers);
    let mut nearby = std::mem::take(&mut memory.nearby);
    let outcome = transact(
        connection,
        memory,
        (&mut numbers, &mut nearby),
        commands,
        clock,
        check_clock,
    );
    // Only committed rows entered it.
    memory.nearby = nearby;
    let (done, governance, head) = outcome.inspect_err(|_| {
        // What a batch that was rolled back has numbered must be forgotten: the next reads everything again.
        memory.governance = Arc::default();
    })?;
    crash::point("sequencer.after-commit");
    memory.numbers = numbers;
    memory.governance = governance;
    memory.head = Some(head);
    Ok(done)
}

/// Number of leaves, and the chain over their hashes.
pub type HeadSeen = (i64, tanqiao_protocol::id::Sha256);

fn transact<C: StoreConnection>(
    connection: &mut C,
    memory: &Memory,
    (numbers, nearby): (&mut Numbers, &mut Nearby),
    commands: &[Command],
    clock: Timestamp,
    check_clock: bool,
) -> Result<(Done, Arc<Governance>, HeadSeen), BatchError> {
    connection.write(|c| {
        let row = lock_head(c)?;
        crash::point("sequencer.after-lock");
        check_head(&row, memory)?;
        if check_clock && C::POSTGRES {
            check_clocks(c, clock)?;
        }
        let before = current_governance(c, &row, memory, numbers)?;
        // Later than the batch before: its time names a batch, so that a log can be decided again in the same batches.
        let time = last_time(c, &row, clock)?;
        let now = clock.max(time.plus_micros(1));
        let head = Head {
            size: row.size,
            time,
            governance_version: row.governance_version,
            frozen: row.frozen,
            chain: sha256(&row.chain)?,
        };
        let mut working = Working::new(now, head, Arc::clone(&before));
        working.recovering = memory.recovering;
        load_all(c, commands, &mut working, numbers, nearby)?;
        let (answers, kept) = decide_all(commands, &mut working)?;
        crash::point("sequencer.after-decide");
        if !kept.is_empty() || !working.written.leaves.is_empty() {
            let from = (row.size, sha256(&row.chain)?);
            save(c, row, &before, &working, &kept, numbers)?;
            if let Some(onlooker) = &memory.onlooker {
                let shown = Shown::new(from, commands, &answers, &working);
                onlooker.see(&shown).map_err(BatchError::Onlooker)?;
            }
        }
        crash::point("sequencer.after-write");
        let head = (working.next_index(), working.head.chain);
        Ok((Done { answers, size: head.0 }, working.governance, head))
    })
}

/// The first statement of every batch: whoever holds this row decides.
pub(crate) fn lock_head<C: StoreConnection>(connection: &mut C) -> Result<HeadRow, BatchError> {
    let sql = if C::POSTGRES {
        "SELECT * FROM log_head WHERE id = 1 FOR UPDATE"
    } else {
        "SELECT * FROM log_head WHERE id = 1"
    };
    let row = connection.select::<HeadRow>(Statement::new(sql))?.into_iter().next();
    row.ok_or_else(|| {
        BatchError::Store(StoreError::Content(
            "the log has no head: run `tanqiao-hub migrate`".to_owned(),
        ))
    })
}

/// The time of the batch before. The head is the only row that says it: where it is ahead of the clock it is believed as far as the
/// last leaf says so too, or one altered row would date everything from here on, and end what is open before its time.
fn last_time<C: StoreConnection>(connection: &mut C, row: &HeadRow, clock: Timestamp) -> Result<Timestamp, BatchError> {
    let told = Timestamp::from_micros(row.time_us);
    if told <= clock.plus_micros(CLOCK_DIFFERENCE_US_MAX) {
        return Ok(told);
    }
    let last = Statement::new("SELECT * FROM leaf WHERE idx = ?").bind(row.size - 1);
    let last = connection.select::<LeafRow>(last)?.into_iter().next();
    let leaf = last.map(|row| serde_json::from_slice::<Leaf>(&row.bytes)).transpose();
    let leaf = leaf.map_err(|error| StoreError::Content(format!("leaf {}: {error}", row.size - 1)))?;
    let logged = leaf.map_or(clock, |leaf| leaf.at);
    if told > logged.plus_micros(CLOCK_DIFFERENCE_US_MAX) {
        tracing::error!(head = %told, log = %logged, "the head of the log is ahead of the clock and of the log: the log's time is taken");
    }
    Ok(told.min(logged))
}

/// The log that this process answered from is still there.
pub(crate) fn check_head(row: &HeadRow, memory: &Memory) -> Result<(), BatchError> {
    let Some((size, chain)) = &memory.head else {
        return Ok(());
    };
    if row.size < *size || (row.size == *size && row.chain != chain.0) {
        return Err(BatchError::WentBack {
            found: row.size,
            expected: *size,
        });
    }
    Ok(())
}

fn check_clocks<C: StoreConnection>(connection: &mut C, clock: Timestamp) -> Result<(), BatchError> {
    let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now_us";
    let theirs = connection
        .select::<ClockRow>(Statement::new(sql))?
        .first()
        .map_or(0, |row| row.now_us);
    let difference = (clock.micros() - theirs).abs();
    if difference > CLOCK_DIFFERENCE_US_MAX {
        Err(BatchError::Clock {
            difference_ms: difference / 1_000,
        })
    } else {
        Ok(())
    }
}

/// Governance under the lock: from memory if its version is that of the head, else read again.
pub fn current_governance<C: StoreConnection>(
    connection: &mut C,
    row: &HeadRow,
    memory: &Memory,
    numbers: &mut Numbers,
) -> Result<Arc<Governance>, StoreError> {
    if memory.governance.version == row.governance_version {
        return Ok(Arc::clone(&memory.governance));
    }
    governance::load(connection, row.governance_version, numbers).map(Arc::new)
}

fn load_all<C: StoreConnection>(
    connection: &mut C,
    commands: &[Command],
    working: &mut Working,
    numbers: &mut Numbers,
    nearby: &mut Nearby,
) -> Result<(), BatchError> {
    for _ in 0..LOAD_ROUNDS_MAX {
        let needs = Needs::of(commands, working);
        if needs.is_empty() {
            return Ok(());
        }
        load::load(connection, &needs, working, numbers, nearby)?;
    }
    Err(BatchError::Store(StoreError::Content(
        "loading does not come to an end".to_owned(),
    )))
}

fn decide_all<'a>(commands: &'a [Command], working: &mut Working) -> Result<(Vec<Answer>, Vec<Kept<'a>>), BatchError> {
    let mut answers = Vec::with_capacity(commands.len());
    let mut kept = Vec::with_capacity(commands.len());
    for (index, command) in commands.iter().enumerate() {
        let answer = match stored_answer(command, working) {
            Some(answer) => answer,
            None => decide_one(index, command, working, &mut kept)?,
        };
        answers.push(answer);
    }
    Ok((answers, kept))
}

fn key_of(command: &Command) -> Option<(NodeId, MessageId)> {
    match &command.origin {
        Origin::Member(signed) => Some((signed.member.clone(), command.id)),
        Origin::Officers(_) => Some((hub_member(), command.id)),
        Origin::Hub => None,
    }
}

/// The answer that is kept under the command's id, or M08 if it answers another payload.
fn stored_answer(command: &Command, working: &Working) -> Option<Answer> {
    let stored = working.answers.get(&key_of(command)?).ok()??;
    if stored.payload_sha256 != command.payload_sha256 {
        let problem = Problem::of(CheckCode::M08)
            .expected(stored.payload_sha256)
            .found(command.payload_sha256);
        return Some(Answer {
            id: command.id,
            status: CheckCode::M08.check().http_status,
            result: Err(problem),
            stored: true,
        });
    }
    let result = if stored.status < 300 {
        serde_json::from_str(&stored.answer).map(Ok)
    } else {
        serde_json::from_str(&stored.answer).map(Err)
    };
    let result = result.unwrap_or_else(|error| Err(Problem::api(ApiProblem::Internal).detail(error)));
    Some(Answer {
        id: command.id,
        status: stored.status,
        result,
        stored: true,
    })
}

/// M08: an id names what its message opens, and so belongs to one member. Another's would be overwritten.
fn check_id(working: &Working, id: MessageId, key: Option<&(NodeId, MessageId)>) -> Decided<()> {
    let free = key.is_none_or(|(member, _)| working.ids.get(&id).is_none_or(|owner| owner == member));
    ensure(free, || {
        Refusal::new(
            CheckCode::M08,
            "Another member has used this id: make a new one (UUIDv7) for every message.",
        )
    })
}

fn decide_one<'a>(
    index: usize,
    command: &'a Command,
    working: &mut Working,
    kept: &mut Vec<Kept<'a>>,
) -> Result<Answer, BatchError> {
    let key = key_of(command);
    let (status, result, stored) =
        match check_id(working, command.id, key.as_ref()).and_then(|()| decide(working, command)) {
            Ok(outcome) => (success_status(&command.body), Ok(outcome), true),
            Err(Rejection::Refused(refusal)) => {
                let check = refusal.check.check();
                (check.http_status, Err(problem_of(*refusal)), check.stored)
            }
            Err(Rejection::NotLoaded(what)) => {
                let what = format!("{what} was not loaded");
                return Err(BatchError::Fault { index, what });
            }
            Err(Rejection::Broken(what)) => return Err(BatchError::Fault { index, what }),
        };
    if let Some(key) = key.filter(|_| stored) {
        let answer = match &result {
            Ok(outcome) => serde_json::to_string(outcome),
            Err(problem) => serde_json::to_string(problem),
        }
        .map_err(|error| BatchError::Fault {
            index,
            what: error.to_string(),
        })?;
        working.ids.entry(key.1).or_insert_with(|| key.0.clone());
        working.answers.put(
            key,
            StoredAnswer {
                payload_sha256: command.payload_sha256,
                status,
                answer: answer.clone(),
            },
        );
        kept.push(Kept {
            command,
            status,
            answer,
        });
    }
    Ok(Answer {
        id: command.id,
        status,
        result,
        stored,
    })
}

const fn success_status(body: &Body) -> u16 {
    match body {
        Body::Issuance(_)
        | Body::TransferProposal(_)
        | Body::Retirement(_)
        | Body::Cancellation(_)
        | Body::Pledge(_)
        | Body::Donation(_) => 201,
        _ => 200,
    }
}

/// The problem document of a refusal.
#[must_use]
pub fn problem_of(refusal: Refusal) -> Problem {
    let mut problem = Problem::of(refusal.check).detail(refusal.detail).blocks(refusal.blocks);
    if let Some(transfer) = refusal.transfer {
        problem = problem.transfer(transfer);
    }
    if let Some(expected) = refusal.expected {
        problem = problem.expected(expected);
    }
    if let Some(found) = refusal.found {
        problem = problem.found(found);
    }
    problem
}
