//! The node as its own platform uses it: one value with everything that staff, an API handler or a command may ask.
//!
//! Every method that changes something writes an outbox row and the local reservation in one local transaction and
//! returns the id of the message; nothing has left the node yet. [`Node::wait_for`] waits for the hub's answer and for the
//! feed to bring its effect. The book of the hub's side changes from the feed only, never here.

mod assets;
mod commands;
mod conflicts;
mod mappings;
mod offers;
mod opening;
mod quoting;
mod receipts;
mod records;
mod request;
mod view;
mod waiting;

use std::sync::{Arc, Mutex, OnceLock};

use tanqiao_protocol::fingerprint::TokenSuite;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::Timestamp;
use tokio::sync::watch;

pub use assets::NewAsset;
pub use conflicts::Conflict;
pub use mappings::{explanation_of, is_explained};
pub use quoting::{Destination, Planned};
pub use request::{
    CancelRequest, DonationRequest, IssueRequest, IssueShare, PledgeRequest, RetireRequest, Selection, Staffed,
    TransferRequest,
};
pub use view::{
    AccountBalance, Answer, BlockHolding, Dealing, Decision, Direction, FeedState, Holdings, Kind, OutboxItem,
    SeriesHolding, Status,
};

use self::mappings::Noticed;
use self::waiting::Contact;
use crate::config::Config;
use crate::error::NodeError;
use crate::exchange::{HubClient, Signer};
use crate::fingerprint::{Evaluators, HmacSm3, TokenProvider};
use crate::issuing::Streams;
use crate::ledger::{AccountId, AccountKind};
use crate::store::{Store, Tx};
use crate::subjects::Subjects;

/// A member registry. Cheap to clone; every clone is the same node.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    config: Config,
    store: Store,
    signer: Signer,
    hub: HubClient,
    clock: Clock,
    progress: watch::Sender<u64>,
    contact: Mutex<Contact>,
    noticed: Mutex<Option<Noticed>>,
    subjects: Subjects,
    streams: Streams,
    tokens: OnceLock<Arc<dyn TokenProvider>>,
}

/// Where the time comes from; a test gives its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("member", &self.0.config.member)
            .finish_non_exhaustive()
    }
}

/// The system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| Timestamp::from_micros(chrono::Utc::now().timestamp_micros()))
}

impl Node {
    /// Opens the database (which must be migrated), reads the signing key and prepares the connection to the hub.
    /// Nothing is sent and nothing is fetched until [`crate::serve::exchange`] runs.
    ///
    /// # Errors
    /// [`NodeError`] if the database is missing, older or newer than this program, or a key file is unreadable or open to
    /// others.
    pub async fn open(config: Config) -> Result<Self, NodeError> {
        let url = config.database.clone();
        let subjects = Subjects::at(&config.subjects.key);
        let opening = move || {
            let store = Store::open(&url)?;
            subjects.prepare(&store)?;
            Ok::<_, NodeError>(store)
        };
        let store = tokio::task::spawn_blocking(opening)
            .await
            .map_err(NodeError::cancelled)??;
        let signer = Signer::open(&config)?;
        let hub = HubClient::open(&config)?;
        Ok(Self::assemble(config, store, signer, hub, system_clock()))
    }

    /// A node of given parts: what [`Node::open`] does after opening them.
    #[must_use]
    pub fn assemble(config: Config, store: Store, signer: Signer, hub: HubClient, clock: Clock) -> Self {
        let subjects = Subjects::at(&config.subjects.key);
        let streams = Streams::in_folder(&config.fingerprint.streams);
        Self(Arc::new(Inner {
            config,
            store,
            signer,
            hub,
            clock,
            progress: watch::Sender::new(0),
            contact: Mutex::default(),
            noticed: Mutex::default(),
            subjects,
            streams,
            tokens: OnceLock::new(),
        }))
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The member that this node speaks for.
    #[must_use]
    pub fn member(&self) -> &NodeId {
        &self.0.config.member
    }

    /// Its database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Questions that the hub answers: quotes, members, events, mappings, methodologies, credits.
    #[must_use]
    pub fn hub(&self) -> &HubClient {
        &self.0.hub
    }

    /// What signs for it.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// What seals the identifiers of holders.
    #[must_use]
    pub fn subjects(&self) -> &Subjects {
        &self.0.subjects
    }

    /// The files of token streams.
    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// What makes the tokens of activities, as the configuration says. Made once.
    ///
    /// # Errors
    /// [`NodeError::Refused`]: `no-suite` where none is configured; `evaluators` or `token-key` where what is configured cannot
    /// be used.
    pub fn token_provider(&self) -> Result<Arc<dyn TokenProvider>, NodeError> {
        if let Some(provider) = self.0.tokens.get() {
            return Ok(Arc::clone(provider));
        }
        let config = &self.0.config.fingerprint;
        let provider: Arc<dyn TokenProvider> = match config.suite {
            Some(TokenSuite::Voprf) => {
                Arc::new(Evaluators::open(config, self.hub().clone(), Arc::clone(&self.0.clock))?)
            }
            Some(TokenSuite::HmacSm3) => Arc::new(HmacSm3::open(&config.key)?),
            None => {
                return Err(NodeError::refused(
                    "no-suite",
                    "no tokens can be made: set `fingerprint.suite` to the federation's suite",
                ));
            }
        };
        Ok(Arc::clone(self.0.tokens.get_or_init(|| provider)))
    }

    /// With a given maker of tokens, in the place of the configured one.
    #[cfg(test)]
    pub(crate) fn with_tokens(self, provider: Arc<dyn TokenProvider>) -> Self {
        let _ = self.0.tokens.set(provider);
        self
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Accounts: create, list, move between them.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts { node: self.clone() }
    }

    /// Runs `work` in one read transaction, off the async threads.
    ///
    /// # Errors
    /// What `work` returns, or a database error.
    pub async fn read<T, F>(&self, work: F) -> Result<T, NodeError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Result<T, NodeError> + Send + 'static,
    {
        let store = self.0.store.clone();
        tokio::task::spawn_blocking(move || store.read(|tx| work(tx)))
            .await
            .map_err(NodeError::cancelled)?
    }

    /// Runs `work` in one write transaction, off the async threads. It may run more than once (a serialisation conflict
    /// repeats it), so it must not have effects outside the database.
    ///
    /// # Errors
    /// What `work` returns (everything it wrote is undone), or a database error.
    pub async fn write<T, F>(&self, work: F) -> Result<T, NodeError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Result<T, NodeError> + Send + 'static,
    {
        let store = self.0.store.clone();
        let done = tokio::task::spawn_blocking(move || store.write(|tx| work(tx)))
            .await
            .map_err(NodeError::cancelled)??;
        self.moved();
        Ok(done)
    }

    /// Tells everyone who waits that something was committed.
    pub(crate) fn moved(&self) {
        self.0.progress.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Changes whenever this process commits something.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<u64> {
        self.0.progress.subscribe()
    }

    /// A new message id of this instant.
    #[must_use]
    pub fn new_id(&self) -> MessageId {
        new_id_at(self.now())
    }
}

/// A new id of this instant.
pub(crate) fn new_id_at(now: Timestamp) -> MessageId {
    MessageId::from_parts(now, &rand::random::<[u8; 10]>())
}

/// The accounts of a node.
#[derive(Debug, Clone)]
pub struct Accounts {
    node: Node,
}

impl Accounts {
    /// Opens an account; opening one that exists with the same kind does nothing.
    ///
    /// # Errors
    /// [`NodeError::Refused`] (`account-kind`) if it exists with another kind, or the kind is `house` or `suspense`.
    pub async fn create(&self, account: AccountId, kind: AccountKind) -> Result<(), NodeError> {
        let at = self.node.now();
        self.node
            .write(move |tx| crate::ledger::create_account(tx, &account, kind, at))
            .await
    }

    /// Opens many accounts in one transaction.
    ///
    /// # Errors
    /// As [`Accounts::create`]; none is opened then.
    pub async fn create_many(&self, accounts: Vec<(AccountId, AccountKind)>) -> Result<(), NodeError> {
        let at = self.node.now();
        self.node
            .write(move |tx| {
                accounts
                    .iter()
                    .try_for_each(|(id, kind)| crate::ledger::create_account(tx, id, *kind, at))
            })
            .await
    }

    /// Accounts after `after` in the order of their ids, with what they hold; `limit` of them at most.
    ///
    /// # Errors
    /// A database error.
    pub async fn list(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<AccountBalance>, NodeError> {
        self.node
            .read(move |tx| crate::ledger::balances(tx, after.as_ref(), limit))
            .await
    }

    /// One account and what it holds.
    ///
    /// # Errors
    /// [`NodeError::NotFound`].
    pub async fn get(&self, account: AccountId) -> Result<AccountBalance, NodeError> {
        self.node.read(move |tx| crate::ledger::balance(tx, &account)).await
    }

    /// Moves free grams from one account to another inside the node; the hub is not told. `id` makes it idempotent: the
    /// same move again does nothing. Returns what moved.
    ///
    /// # Errors
    /// [`NodeError::Refused`]: not enough free grams, an unknown account, from `suspense`, or the id was another move.
    pub async fn move_grams(
        &self,
        id: MessageId,
        from: AccountId,
        to: AccountId,
        what: Selection,
    ) -> Result<Vec<tanqiao_protocol::serial::BlockRef>, NodeError> {
        let at = self.node.now();
        self.node
            .write(move |tx| crate::ledger::move_between(tx, id, &from, &to, &what, at))
            .await
    }

    /// Gives serials of `suspense` to the account that they belong to, by a decision of staff with a reason. Idempotent by
    /// `id`: the same again does nothing.
    ///
    /// # Errors
    /// As [`Accounts::move_grams`].
    pub async fn attribute(
        &self,
        id: MessageId,
        to: AccountId,
        what: Selection,
        reason: String,
    ) -> Result<Vec<tanqiao_protocol::serial::BlockRef>, NodeError> {
        let at = self.node.now();
        self.node
            .write(move |tx| crate::ledger::attribute(tx, id, &to, &what, &reason, at))
            .await
    }
}
