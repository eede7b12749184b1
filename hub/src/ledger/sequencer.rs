//! One order for everything: a thread that drains its queue, runs one transaction a batch, and answers after the commit.
//! No timer delays a command: an idle hub adds no wait, a busy one groups what has arrived.

mod counters;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_protocol::time::Timestamp;
use tokio::sync::{oneshot, watch};

pub use super::batch::Answer;
use super::command::Command;
use super::objects::Governance;
use crate::store::database::{Database, StoreError};
pub use counters::Counters;
use worker::Worker;

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
    /// Where officers' decisions are kept; `None` keeps none.
    pub decisions: Option<PathBuf>,
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
            decisions: None,
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
        // Nothing is decided by empty tables: where the shipped ones cannot be read there is no plausible band, and no grid.
        Catalogue::shipped()
            .map_err(|error| StoreError::Content(format!("the catalogue of this program cannot be read: {error}")))?;
        let (sender, receiver) = sync_channel(options.queue_max);
        let mut worker = Worker::new(database, &options)?;
        let (size_sender, log_size) = watch::channel(worker.memory.head.map_or(0, |h| h.0));
        let shared = Arc::new(Shared {
            governance: ArcSwap::new(Arc::clone(&worker.memory.governance)),
            read_only: ArcSwap::new(Arc::new(worker.contradiction())),
            counters: Counters::new().map_err(|error| StoreError::Content(error.to_string()))?,
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
