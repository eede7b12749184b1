//! What a desk stands on: the hub, or a node.

use std::fmt::Debug;
use std::future::Future;

use tanqiao_console::{Html, Language};
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::Timestamp;

use crate::route::Route;
use crate::session::Keeping;
use crate::visit::{Fault, Visit};

/// An account of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account<R> {
    /// What it may do.
    pub role: R,
    /// The argon2id hash of its password, in PHC form.
    pub password_hash: String,
    /// False once it was withdrawn.
    pub active: bool,
}

/// The service whose pages these are.
pub trait House: Clone + 'static {
    /// What accounts may do.
    type Role: Copy + PartialEq + Debug + 'static;

    /// Every page. What is not here does not exist.
    fn routes() -> &'static [Route<Self>];

    /// Where somebody of a role begins.
    fn home(role: Self::Role) -> &'static str;

    /// What a role is called.
    fn role(role: Self::Role, language: Language) -> &'static str;

    /// The name under which an authenticator keeps its codes.
    fn issuer(&self) -> String;

    /// The time.
    fn now(&self) -> Timestamp;

    /// A new id: later ones sort after earlier ones.
    fn new_id(&self) -> MessageId;

    /// How the browser keeps sessions.
    fn keeping(&self) -> Keeping;

    /// An account.
    fn account(&self, name: &Name) -> impl Future<Output = Result<Option<Account<Self::Role>>, Fault>>;

    /// Reads, in one transaction where that matters.
    fn look<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> impl Future<Output = Result<T, Fault>>;

    /// Writes. It may run more than once.
    fn change<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn DeskStore) -> Result<T, StoreFault> + Send + 'static,
    ) -> impl Future<Output = Result<T, Fault>>;

    /// A fault of the service: logged, and shown without its reason.
    fn fault(&self, error: &dyn std::error::Error) -> Problem;

    /// The whole page around a body.
    fn frame(visit: &Visit<Self>, title: String, body: Html) -> impl Future<Output = String>;
}

/// Something could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StoreFault(pub Box<dyn std::error::Error + Send + Sync>);

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the browser's cookie.
    pub token: Sha256,
    /// Whose.
    pub account: String,
    /// SHA-256 of the password's hash at its beginning.
    pub password: Sha256,
    /// What every form of the session carries.
    pub csrf: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When the second factor was last shown.
    pub confirmed_at: Option<Timestamp>,
}

/// A second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    /// The secret that the authenticator has too.
    pub secret: Vec<u8>,
    /// False until the first code has been shown.
    pub enrolled: bool,
}

impl Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor")
            .field("enrolled", &self.enrolled)
            .finish_non_exhaustive()
    }
}

/// How many failures lock for how long.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts that may fail within `window_us`.
    pub failures_max: i64,
    /// In which they are counted, and for which the next one locks.
    pub window_us: i64,
}

/// Something that was done at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its id.
    pub id: MessageId,
    /// When.
    pub at: Timestamp,
    /// By whom; empty for nobody who is known.
    pub account: String,
    /// From where.
    pub address: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What came of it.
    pub outcome: String,
}

/// What a desk keeps: sessions, second factors, failures and acts.
pub trait DeskStore {
    /// Keeps a session.
    ///
    /// # Errors
    /// [`StoreFault`], as for everything here.
    fn begin_session(&mut self, session: &Session) -> Result<(), StoreFault>;

    /// The session of a token.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn session(&mut self, token: &Sha256) -> Result<Option<Session>, StoreFault>;

    /// Notes that a session was used, and that its second factor was shown where it was.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn keep_session(&mut self, session: &Session) -> Result<(), StoreFault>;

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end_session(&mut self, token: &Sha256) -> Result<(), StoreFault>;

    /// Ends every session that began or was used before these times.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forget_sessions(&mut self, began_before: Timestamp, seen_before: Timestamp) -> Result<(), StoreFault>;

    /// The second factor of an account.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn factor(&mut self, account: &str) -> Result<Option<Factor>, StoreFault>;

    /// Gives an account a secret that is not enrolled yet; one that is there stays.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn offer_factor(&mut self, account: &str, secret: &[u8]) -> Result<(), StoreFault>;

    /// Takes the code of a step, and enrols the factor with it; false if that code or a later one was taken already.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn take_step(&mut self, account: &str, step: i64) -> Result<bool, StoreFault>;

    /// Keeps the hashes of new recovery codes.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn put_recovery_codes(&mut self, account: &str, codes: &[Sha256]) -> Result<(), StoreFault>;

    /// Takes a recovery code; false if there is none such.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn take_recovery_code(&mut self, account: &str, code: &Sha256) -> Result<bool, StoreFault>;

    /// Takes the second factor of an account away: it has lost it. Its sessions end.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forget_factor(&mut self, account: &str) -> Result<(), StoreFault>;

    /// Counts an attempt before it is looked at, so that many at once count as many; false if the subject is locked out.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn attempt(&mut self, subject: &str, now: Timestamp, patience: Patience) -> Result<bool, StoreFault>;

    /// Takes the count of an attempt back that did not fail; with `all`, of those before it too.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forgive(&mut self, subject: &str, all: bool) -> Result<(), StoreFault>;

    /// Forgets attempts that were counted before this time.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forget_attempts(&mut self, before: Timestamp) -> Result<(), StoreFault>;

    /// Records what was done.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn record(&mut self, act: &Act) -> Result<(), StoreFault>;

    /// What was done before `before`, the newest first.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn acts(&mut self, before: Option<MessageId>, limit: i64) -> Result<Vec<Act>, StoreFault>;
}
