//! The thread of a sequencer: drains the queue, decides a batch, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tanqiao_protocol::problem::{ApiProblem, Problem};
use tokio::sync::watch;

use super::{Clock, Job, SequencerOptions, Shared};
use crate::crash;
use crate::ledger::batch::{Answer, BatchError, Done, Memory, check_head, current_governance, run};
use crate::ledger::command::Command;
use crate::ledger::decisions::Journal;
use crate::ledger::high_water::HighWater;
use crate::store::connection::StoreConnection;
use crate::store::database::{Database, StoreError, WriteConnection};
use crate::store::rows::HeadRow;
use crate::store::statement::Statement;

/// The most commands, and blocks that they name, in one batch.
const COMMANDS_PER_BATCH_MAX: usize = 4_000;
const BLOCKS_PER_BATCH_MAX: usize = 20_000;
/// How often an idle process looks for what others have committed.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often the clock is compared with the database's.
const CHECK_CLOCK_EVERY: Duration = Duration::from_secs(5);
/// How often a batch is tried on a new connection before its commands are answered with 503.
const TRIES_MAX: u32 = 3;

pub(super) struct Worker {
    database: Database,
    connection: Option<WriteConnection>,
    pub(super) memory: Memory,
    clock: Clock,
    compare_clocks: bool,
    high_water: Option<HighWater>,
    clock_checked: Option<Instant>,
}

impl Worker {
    pub(super) fn new(database: Database, options: &SequencerOptions) -> Result<Self, StoreError> {
        let mut worker = Self {
            connection: Some(database.writer()?),
            database,
            memory: Memory::default(),
            clock: Arc::clone(&options.clock),
            compare_clocks: options.compare_clocks,
            high_water: options
                .high_water
                .clone()
                .map(HighWater::open)
                .transpose()
                .map_err(StoreError::Content)?,
            clock_checked: None,
        };
        if let Some(path) = &options.decisions {
            let journal = Journal::open(path).map_err(StoreError::Content)?;
            worker.memory.onlooker = Some(Arc::new(journal));
        }
        worker.look().map_err(|error| match error {
            BatchError::Store(error) => error,
            other => StoreError::Content(other.to_string()),
        })?;
        Ok(worker)
    }

    pub(super) fn work(&mut self, receiver: &Receiver<Job>, shared: &Shared, size: &watch::Sender<i64>) {
        loop {
            match receiver.recv_timeout(LOOK_EVERY) {
                Ok(first) => {
                    let jobs = drain(first, receiver);
                    self.answer(jobs, shared);
                }
                Err(RecvTimeoutError::Timeout) if shared.stopping.load(Ordering::Acquire) => return,
                Err(RecvTimeoutError::Timeout) => match self.look() {
                    Ok(()) => {}
                    // Seen here too: an idle process might miss that the log went back and then grew again.
                    Err(error @ BatchError::WentBack { .. }) => {
                        shared.read_only.store(Arc::new(Some(error.to_string())));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the database cannot be read");
                        self.connection = None;
                    }
                },
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.publish(shared, size);
        }
    }

    /// Why nothing may be written, if the log went back since the mark.
    pub(super) fn contradiction(&self) -> Option<String> {
        let (size, chain) = self.memory.head?;
        self.high_water.as_ref()?.contradiction(size, &chain)
    }

    fn publish(&mut self, shared: &Shared, size: &watch::Sender<i64>) {
        if let (Some(high_water), Some((leaves, chain))) = (&mut self.high_water, self.memory.head)
            && let Err(error) = high_water.note(leaves, chain, (self.clock)())
        {
            tracing::error!(error, "the high-water mark cannot be written");
        }
        self.show_governance(shared);
        let now = self.memory.head.map_or(0, |h| h.0);
        size.send_if_modified(|known| std::mem::replace(known, now) != now);
    }

    /// Before the answers go out: who has changed something reads it.
    fn show_governance(&self, shared: &Shared) {
        if !Arc::ptr_eq(&self.memory.governance, &shared.governance.load()) {
            shared.governance.store(Arc::clone(&self.memory.governance));
        }
    }

    /// Sees what other processes have committed.
    fn look(&mut self) -> Result<(), BatchError> {
        let (connection, memory) = self.connection()?;
        match connection {
            WriteConnection::Sqlite(c) => look(&mut **c, memory),
            WriteConnection::Postgres(c) => look(&mut **c, memory),
        }
    }

    fn connection(&mut self) -> Result<(&mut WriteConnection, &mut Memory), StoreError> {
        if self.connection.is_none() {
            self.connection = Some(self.database.writer()?);
        }
        let connection = self
            .connection
            .as_mut()
            .ok_or_else(|| StoreError::Content("no connection".to_owned()))?;
        Ok((connection, &mut self.memory))
    }

    fn answer(&mut self, jobs: Vec<Job>, shared: &Shared) {
        shared.counters.waiting.fetch_sub(jobs.len() as u64, Ordering::Relaxed);
        let mut commands = Vec::new();
        let mut replies = Vec::with_capacity(jobs.len());
        for job in jobs {
            replies.push((job.commands.len(), job.reply));
            commands.extend(job.commands);
        }
        let started = Instant::now();
        let mut answers = self.decide(&commands, shared).into_iter();
        shared.counters.batch(commands.len(), started.elapsed());
        self.show_governance(shared);
        for (count, reply) in replies {
            // A client that has gone away asks again by its id.
            let _ = reply.send(answers.by_ref().take(count).collect());
            crash::point("sequencer.after-answer");
        }
    }

    /// Decides a batch. What a command needs is worked out before the batch; where that depends on what an earlier command
    /// of the same batch does, the batch ends before it and the rest is a batch of its own. A command that cannot be decided
    /// even as the first of its batch is left out, so that it does not stop the others.
    fn decide(&mut self, commands: &[Command], shared: &Shared) -> Vec<Answer> {
        let mut answers: Vec<Answer> = Vec::with_capacity(commands.len());
        let mut tries = 0;
        let mut most = usize::MAX;
        while let Some(left @ [first, ..]) = commands.get(answers.len()..) {
            if let Some(reason) = (**shared.read_only.load()).clone() {
                let problem = Problem::api(ApiProblem::ReadOnly).detail(reason);
                answers.extend(left.iter().map(|command| undecided(command, &problem)));
                break;
            }
            let batch = left.get(..most).unwrap_or(left);
            match self.attempt(batch) {
                Ok(done) => {
                    answers.extend(done.answers);
                    most = usize::MAX;
                }
                Err(BatchError::Fault { index, .. }) if (1..batch.len()).contains(&index) => most = index,
                Err(BatchError::Fault { what, .. }) => {
                    tracing::error!(what, "a command could not be decided");
                    answers.push(undecided(first, &Problem::api(ApiProblem::Internal)));
                    most = usize::MAX;
                }
                Err(error @ BatchError::WentBack { .. }) => shared.read_only.store(Arc::new(Some(error.to_string()))),
                Err(error) => {
                    tracing::warn!(%error, tries, "a batch failed and wrote nothing");
                    self.connection = None;
                    tries += 1;
                    shared.counters.retries.fetch_add(1, Ordering::Relaxed);
                    if tries >= TRIES_MAX {
                        let problem = Problem::api(ApiProblem::Busy).retry_after(1);
                        answers.extend(left.iter().map(|command| undecided(command, &problem)));
                        break;
                    }
                }
            }
        }
        answers
    }

    fn attempt(&mut self, commands: &[Command]) -> Result<Done, BatchError> {
        let clock = (self.clock)();
        let check_clock = self.compare_clocks && self.clock_checked.is_none_or(|at| at.elapsed() > CHECK_CLOCK_EVERY);
        let (connection, memory) = self.connection()?;
        let attempt = AssertUnwindSafe(|| match connection {
            WriteConnection::Sqlite(c) => run(&mut **c, memory, commands, clock, check_clock),
            WriteConnection::Postgres(c) => run(&mut **c, memory, commands, clock, check_clock),
        });
        let done = catch_unwind(attempt).unwrap_or_else(|_| {
            self.connection = None;
            Err(StoreError::Content("deciding panicked; the transaction was rolled back".to_owned()).into())
        })?;
        if check_clock {
            self.clock_checked = Some(Instant::now());
        }
        Ok(done)
    }
}

fn drain(first: Job, receiver: &Receiver<Job>) -> Vec<Job> {
    let weight = |job: &Job| {
        (
            job.commands.len(),
            job.commands.iter().map(|c| c.body.blocks().len()).sum::<usize>(),
        )
    };
    let (mut commands, mut blocks) = weight(&first);
    let mut jobs = vec![first];
    while commands < COMMANDS_PER_BATCH_MAX && blocks < BLOCKS_PER_BATCH_MAX / 2 {
        let Ok(job) = receiver.try_recv() else { break };
        let (more_commands, more_blocks) = weight(&job);
        commands += more_commands;
        blocks += more_blocks;
        jobs.push(job);
    }
    jobs
}

/// The answer to a command that was not decided: nothing is stored, it may be sent again.
fn undecided(command: &Command, problem: &Problem) -> Answer {
    Answer {
        id: command.id,
        status: problem.status,
        result: Err(problem.clone()),
        stored: false,
    }
}

fn look<C: StoreConnection>(connection: &mut C, memory: &mut Memory) -> Result<(), BatchError> {
    let rows = connection.select::<HeadRow>(Statement::new("SELECT * FROM log_head WHERE id = 1"))?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| StoreError::Content("the log has no head: run `tanqiao-hub migrate`".to_owned()))?;
    check_head(&row, memory)?;
    let mut numbers = std::mem::take(&mut memory.numbers);
    let governance = current_governance(connection, &row, memory, &mut numbers);
    memory.numbers = numbers;
    memory.governance = governance?;
    if memory.head.is_none_or(|(size, _)| size < row.size) {
        memory.head = Some((row.size, crate::store::convert::sha256(&row.chain)?));
    }
    Ok(())
}
