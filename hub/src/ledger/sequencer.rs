//! One order for everything: a thread that drains its queue, runs one transaction a batch, and answers after the commit.
//! No timer delays a command: an idle hub adds no wait, a busy one groups what has arrived.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::time::Timestamp;
use tokio::sync::{oneshot, watch};

pub use super::batch::Answer;
use super::batch::{BatchError, Done, Memory, current_governance, run};
use super::command::Command;
use super::high_water::HighWater;
use super::objects::Governance;
use crate::crash;
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

/// The clock of a sequencer: the time now.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// How a sequencer runs.
#[derive(Clone)]
pub struct SequencerOptions {
    /// Requests that may wait; one more is answered 503.
    pub queue_max: usize,
    /// The time now.
    pub clock: Clock,
    /// Compare the clock with the database's, and stop when they differ by more than 2 s. Off only where time is simulated.
    pub compare_clocks: bool,
    /// Where the head that was last answered from is kept; `None` keeps none.
    pub high_water: Option<PathBuf>,
}

impl std::fmt::Debug for SequencerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SequencerOptions")
            .field("queue_max", &self.queue_max)
            .finish_non_exhaustive()
    }
}

impl Default for SequencerOptions {
    fn default() -> Self {
        Self {
            queue_max: 1_024,
            clock: system_clock(),
            compare_clocks: true,
            high_water: None,
        }
    }
}

/// The queue is full, or the sequencer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hub is busy: send the same message again in a moment")]
pub struct Busy;

/// A command could not be decided by this process.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The queue is full, or the sequencer has ended.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The thread ended before it answered.
    #[error("the sequencer ended before it answered: send the same message again")]
    Ended,
}

struct Job {
    commands: Vec<Command>,
    reply: oneshot::Sender<Vec<Answer>>,
}

/// Counters of a sequencer.
#[derive(Debug, Default)]
pub struct Counters {
    /// Batches committed.
    pub batches: AtomicU64,
    /// Commands decided.
    pub commands: AtomicU64,
    /// Microseconds from the begin of a batch to after its commit, summed.
    pub batch_us: AtomicU64,
    /// Batches that were tried again on a new connection.
    pub retries: AtomicU64,
    /// Jobs waiting.
    pub waiting: AtomicU64,
}

struct Shared {
    governance: ArcSwap<Governance>,
    read_only: ArcSwap<Option<String>>,
    counters: Counters,
    stopping: AtomicBool,
    sender: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// The handle of a sequencer. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer {
    shared: Arc<Shared>,
    sender: SyncSender<Job>,
    log_size: watch::Receiver<i64>,
}

impl std::fmt::Debug for Sequencer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequencer")
            .field("log_size", &*self.log_size.borrow())
            .finish_non_exhaustive()
    }
}

impl Sequencer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached or has no ledger yet.
    pub fn start(database: Database, options: SequencerOptions) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(options.queue_max);
        let mut worker = Worker::new(database, &options)?;
        let (size_sender, log_size) = watch::channel(worker.memory.head.map_or(0, |h| h.0));
        let shared = Arc::new(Shared {
            governance: ArcSwap::new(Arc::clone(&worker.memory.governance)),
            read_only: ArcSwap::new(Arc::new(worker.contradiction())),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
            sender: Mutex::new(Some(sender.clone())),
            thread: Mutex::new(None),
        });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(move || worker.work(&receiver, &for_thread, &size_sender))
            .map_err(|error| StoreError::Content(format!("no thread for the sequencer: {error}")))?;
        if let Ok(mut slot) = shared.thread.lock() {
            *slot = Some(thread);
        }
        Ok(Self {
            shared,
            sender,
            log_size,
        })
    }

    /// Queues commands; the answers come after the commit, in the same order.
    ///
    /// # Errors
    /// [`Busy`].
    pub fn submit(&self, commands: Vec<Command>) -> Result<oneshot::Receiver<Vec<Answer>>, Busy> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(Busy);
        }
        let (reply, answers) = oneshot::channel();
        self.shared.counters.waiting.fetch_add(1, Ordering::Relaxed);
        match self.sender.try_send(Job { commands, reply }) {
            Ok(()) => Ok(answers),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.counters.waiting.fetch_sub(1, Ordering::Relaxed);
                Err(Busy)
            }
        }
    }

    /// Queues commands and waits. Not for async code.
    ///
    /// # Errors
    /// [`SequencerError`].
    pub fn submit_blocking(&self, commands: Vec<Command>) -> Result<Vec<Answer>, SequencerError> {
        self.submit(commands)?
            .blocking_recv()
            .map_err(|_| SequencerError::Ended)
    }

    /// The number of leaves; changes after each commit, also of other processes.
    #[must_use]
    pub fn log_size(&self) -> watch::Receiver<i64> {
        self.log_size.clone()
    }

    /// Governance as this process last saw it committed.
    #[must_use]
    pub fn governance(&self) -> Arc<Governance> {
        self.shared.governance.load_full()
    }

    /// Counters.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Why this process accepts no writes, if it does not.
    #[must_use]
    pub fn read_only(&self) -> Option<String> {
        (**self.shared.read_only.load()).clone()
    }

    /// Accepts no writes any more, for this reason.
    pub fn set_read_only(&self, reason: String) {
        self.shared.read_only.store(Arc::new(Some(reason)));
    }

    /// Finishes what is queued and ends the thread.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        if let Ok(mut sender) = self.shared.sender.lock() {
            sender.take();
        }
        let thread = self.shared.thread.lock().ok().and_then(|mut slot| slot.take());
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Worker {
    database: Database,
    connection: Option<WriteConnection>,
    memory: Memory,
    clock: Clock,
    compare_clocks: bool,
    high_water: Option<HighWater>,
    clock_checked: Option<Instant>,
}

impl Worker {
    fn new(database: Database, options: &SequencerOptions) -> Result<Self, StoreError> {
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
        worker.look()?;
        Ok(worker)
    }

    fn work(&mut self, receiver: &Receiver<Job>, shared: &Shared, size: &watch::Sender<i64>) {
        loop {
            match receiver.recv_timeout(LOOK_EVERY) {
                Ok(first) => {
                    let jobs = drain(first, receiver);
                    self.answer(jobs, shared);
                }
                Err(RecvTimeoutError::Timeout) if shared.stopping.load(Ordering::Acquire) => return,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.look() {
                        tracing::warn!(%error, "the database cannot be read");
                        self.connection = None;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.publish(shared, size);
        }
    }

    /// Why nothing may be written, if the log went back since the mark.
    fn contradiction(&self) -> Option<String> {
        let (size, chain) = self.memory.head?;
        self.high_water.as_ref()?.contradiction(size, &chain)
    }

    fn publish(&mut self, shared: &Shared, size: &watch::Sender<i64>) {
        if let (Some(high_water), Some((leaves, chain))) = (&mut self.high_water, self.memory.head)
            && let Err(error) = high_water.note(leaves, chain)
        {
            tracing::error!(error, "the high-water mark cannot be written");
        }
        if !Arc::ptr_eq(&self.memory.governance, &shared.governance.load()) {
            shared.governance.store(Arc::clone(&self.memory.governance));
        }
        let now = self.memory.head.map_or(0, |h| h.0);
        size.send_if_modified(|known| std::mem::replace(known, now) != now);
    }

    /// Sees what other processes have committed.
    fn look(&mut self) -> Result<(), StoreError> {
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
        shared.counters.batches.fetch_add(1, Ordering::Relaxed);
        shared
            .counters
            .commands
            .fetch_add(commands.len() as u64, Ordering::Relaxed);
        shared.counters.batch_us.fetch_add(
            u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
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

fn look<C: StoreConnection>(connection: &mut C, memory: &mut Memory) -> Result<(), StoreError> {
    let rows = connection.select::<HeadRow>(Statement::new("SELECT * FROM log_head WHERE id = 1"))?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| StoreError::Content("the log has no head: run `tanqiao-hub migrate`".to_owned()))?;
    let mut numbers = std::mem::take(&mut memory.numbers);
    let governance = current_governance(connection, &row, memory, &mut numbers);
    memory.numbers = numbers;
    memory.governance = governance?;
    if memory.head.is_none_or(|(size, _)| size < row.size) {
        memory.head = Some((row.size, crate::store::convert::sha256(&row.chain)?));
    }
    Ok(())
}
