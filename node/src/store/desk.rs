//! Accounts of staff and what the console keeps of them: the tables of `migrations/node/*/0010_desk`, alike on both databases, and what can be
//! asked of them inside a transaction. The desk asks through [`Desk`].

use diesel::QueryResult;
use diesel::prelude::*;
use tanqiao_desk::{Act, DeskStore, Factor, Patience, Session, StoreFault};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::time::Timestamp;

use super::{StoreError, Tx};
use crate::error::NodeError;

diesel::table! {
    staff (name) { name -> Text, role -> SmallInt, password_hash -> Text, active -> SmallInt, }
}
diesel::table! {
    desk_session (token_sha256) {
        token_sha256 -> Text, account -> Text, password_sha256 -> Text, csrf -> Text, began_at -> BigInt, seen_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    desk_factor (account) { account -> Text, secret -> Binary, enrolled -> SmallInt, last_step -> BigInt, }
}
diesel::table! {
    desk_recovery_code (account, code_sha256) { account -> Text, code_sha256 -> Text, }
}
diesel::table! {
    desk_attempt (subject) { subject -> Text, failures -> BigInt, since -> BigInt, locked_until -> BigInt, }
}
diesel::table! {
    desk_act (id) {
        id -> Text, at -> BigInt, account -> Text, address -> Text, action -> Text, subject -> Text, outcome -> Text,
    }
}

/// An account of staff.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = staff)]
pub struct StaffRow {
    /// Its name.
    pub name: String,
    /// [`crate::staff::StaffRole`]
    pub role: i16,
    /// argon2id, in PHC form.
    pub password_hash: String,
    /// 0 once it was withdrawn.
    pub active: i16,
}

impl std::fmt::Debug for StaffRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StaffRow({})", self.name)
    }
}

/// A session of the console.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = desk_session, treat_none_as_default_value = false)]
pub struct SessionRow {
    /// SHA-256 of the token in the browser's cookie.
    pub token_sha256: String,
    /// Whose.
    pub account: String,
    /// SHA-256 of the password's hash at its beginning.
    pub password_sha256: String,
    /// What every form of it carries.
    pub csrf: String,
    /// Microseconds.
    pub began_at: i64,
    /// Microseconds.
    pub seen_at: i64,
    /// Microseconds; when the second factor was last shown.
    pub confirmed_at: Option<i64>,
}

/// A second factor.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = desk_factor)]
pub struct FactorRow {
    /// Whose.
    pub account: String,
    /// The secret that the authenticator has too.
    pub secret: Vec<u8>,
    /// 0 until the first code has been shown.
    pub enrolled: i16,
    /// The last step whose code was taken.
    pub last_step: i64,
}

impl std::fmt::Debug for FactorRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FactorRow({})", self.account)
    }
}

/// A recovery code.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = desk_recovery_code)]
pub struct RecoveryCodeRow {
    /// Whose.
    pub account: String,
    /// Its SHA-256.
    pub code_sha256: String,
}

/// Attempts of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = desk_attempt)]
pub struct AttemptRow {
    /// An account or an address.
    pub subject: String,
    /// How many.
    pub failures: i64,
    /// Microseconds.
    pub since: i64,
    /// Microseconds.
    pub locked_until: i64,
}

/// Something that was done in the console.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = desk_act)]
pub struct ActRow {
    /// Its id.
    pub id: String,
    /// Microseconds.
    pub at: i64,
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

/// Accounts of staff, and what the console keeps of them.
pub trait DeskTx {
    /// One account.
    fn staff(&mut self, name: &str) -> QueryResult<Option<StaffRow>>;
    /// All of them, by name.
    fn all_staff(&mut self) -> QueryResult<Vec<StaffRow>>;
    /// Adds or changes an account.
    fn put_staff(&mut self, row: &StaffRow) -> QueryResult<()>;
    /// Keeps a session.
    fn insert_session(&mut self, row: &SessionRow) -> QueryResult<()>;
    /// The session of a token.
    fn session(&mut self, token_sha256: &str) -> QueryResult<Option<SessionRow>>;
    /// Notes the use of a session.
    fn use_session(&mut self, token_sha256: &str, seen_at: i64, confirmed_at: Option<i64>) -> QueryResult<()>;
    /// Ends a session.
    fn delete_session(&mut self, token_sha256: &str) -> QueryResult<()>;
    /// Ends every session that began, or was used, before these times.
    fn delete_sessions(&mut self, began_before: i64, seen_before: i64) -> QueryResult<()>;
    /// The second factor of an account.
    fn factor(&mut self, account: &str) -> QueryResult<Option<FactorRow>>;
    /// Keeps a second factor, where there is none.
    fn insert_factor(&mut self, row: &FactorRow) -> QueryResult<()>;
    /// Takes the code of a step and enrols the factor; `false` if it, or a later one, was taken.
    fn take_step(&mut self, account: &str, step: i64) -> QueryResult<bool>;
    /// Takes a factor away, its recovery codes, and the sessions of its account.
    fn delete_factor(&mut self, account: &str) -> QueryResult<()>;
    /// Keeps recovery codes.
    fn insert_recovery_codes(&mut self, rows: &[RecoveryCodeRow]) -> QueryResult<()>;
    /// Takes a recovery code; `false` if there is none such.
    fn delete_recovery_code(&mut self, account: &str, code_sha256: &str) -> QueryResult<bool>;
    /// The attempts of a subject.
    fn attempts(&mut self, subject: &str) -> QueryResult<Option<AttemptRow>>;
    /// Writes the attempts of a subject.
    fn put_attempts(&mut self, row: &AttemptRow) -> QueryResult<()>;
    /// Forgets the attempts of a subject.
    fn delete_attempts(&mut self, subject: &str) -> QueryResult<()>;
    /// Forgets attempts that were counted before a time.
    fn delete_attempts_before(&mut self, time: i64) -> QueryResult<()>;
    /// Records what was done.
    fn insert_act(&mut self, row: &ActRow) -> QueryResult<()>;
    /// What was done before an id, the newest first.
    fn acts(&mut self, before: Option<&str>, limit: i64) -> QueryResult<Vec<ActRow>>;
}

/// A transaction, as the desk asks it.
pub struct Desk<'a>(pub &'a mut dyn Tx);

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

/// Hands what the database has said on to the desk.
fn told<T>(result: QueryResult<T>) -> Result<T, StoreFault> {
    result.map_err(|error| StoreFault(Box::new(error)))
}

fn corrupt(what: impl std::fmt::Display) -> StoreFault {
    StoreFault(Box::new(StoreError::Corrupt(what.to_string())))
}

fn session(row: SessionRow) -> Result<Session, StoreFault> {
    let hash = |text: &str| text.parse::<Sha256>().map_err(corrupt);
    Ok(Session {
        token: hash(&row.token_sha256)?,
        account: row.account,
        password: hash(&row.password_sha256)?,
        csrf: row.csrf,
        began_at: Timestamp::from_micros(row.began_at),
        seen_at: Timestamp::from_micros(row.seen_at),
        confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
    })
}

fn act(row: ActRow) -> Result<Act, StoreFault> {
    Ok(Act {
        id: row.id.parse().map_err(corrupt)?,
        at: Timestamp::from_micros(row.at),
        account: row.account,
        address: row.address,
        action: row.action,
        subject: row.subject,
        outcome: row.outcome,
    })
}

impl DeskStore for Desk<'_> {
    fn begin_session(&mut self, session: &Session) -> Result<(), StoreFault> {
        told(self.0.insert_session(&SessionRow {
            token_sha256: session.token.to_string(),
            account: session.account.clone(),
            password_sha256: session.password.to_string(),
            csrf: session.csrf.clone(),
            began_at: session.began_at.micros(),
            seen_at: session.seen_at.micros(),
            confirmed_at: session.confirmed_at.map(Timestamp::micros),
        }))
    }

    fn session(&mut self, token: &Sha256) -> Result<Option<Session>, StoreFault> {
        told(self.0.session(&token.to_string()))?.map(session).transpose()
    }

    fn keep_session(&mut self, session: &Session) -> Result<(), StoreFault> {
        let confirmed_at = session.confirmed_at.map(Timestamp::micros);
        let token = session.token.to_string();
        told(self.0.use_session(&token, session.seen_at.micros(), confirmed_at))
    }

    fn end_session(&mut self, token: &Sha256) -> Result<(), StoreFault> {
        told(self.0.delete_session(&token.to_string()))
    }

    fn forget_sessions(&mut self, began_before: Timestamp, seen_before: Timestamp) -> Result<(), StoreFault> {
        told(self.0.delete_sessions(began_before.micros(), seen_before.micros()))
    }

    fn factor(&mut self, account: &str) -> Result<Option<Factor>, StoreFault> {
        Ok(told(self.0.factor(account))?.map(|row| Factor {
            secret: row.secret,
            enrolled: row.enrolled != 0,
        }))
    }

    fn offer_factor(&mut self, account: &str, secret: &[u8]) -> Result<(), StoreFault> {
        told(self.0.insert_factor(&FactorRow {
            account: account.to_owned(),
            secret: secret.to_vec(),
            enrolled: 0,
            last_step: 0,
        }))
    }

    fn take_step(&mut self, account: &str, step: i64) -> Result<bool, StoreFault> {
        told(self.0.take_step(account, step))
    }

    fn put_recovery_codes(&mut self, account: &str, codes: &[Sha256]) -> Result<(), StoreFault> {
        let row = |code: &Sha256| RecoveryCodeRow {
            account: account.to_owned(),
            code_sha256: code.to_string(),
        };
        let rows: Vec<RecoveryCodeRow> = codes.iter().map(row).collect();
        told(self.0.insert_recovery_codes(&rows))
    }

    fn take_recovery_code(&mut self, account: &str, code: &Sha256) -> Result<bool, StoreFault> {
        told(self.0.delete_recovery_code(account, &code.to_string()))
    }

    fn forget_factor(&mut self, account: &str) -> Result<(), StoreFault> {
        told(self.0.delete_factor(account))
    }

    fn attempt(&mut self, subject: &str, now: Timestamp, patience: Patience) -> Result<bool, StoreFault> {
        let at = now.micros();
        let known = told(self.0.attempts(subject))?;
        // An attempt outside the time in which they are counted begins a new count; a lock holds until its end.
        let counted = known.as_ref().filter(|row| row.since >= at - patience.window_us);
        let before = counted.map_or(0, |row| row.failures);
        let locked = if before >= patience.failures_max {
            at + patience.window_us
        } else {
            known.as_ref().map_or(0, |row| row.locked_until)
        };
        let row = AttemptRow {
            subject: subject.to_owned(),
            failures: before + 1,
            since: counted.map_or(at, |row| row.since),
            locked_until: locked,
        };
        told(self.0.put_attempts(&row))?;
        Ok(row.locked_until <= at)
    }

    fn forgive(&mut self, subject: &str, all: bool) -> Result<(), StoreFault> {
        if all {
            return told(self.0.delete_attempts(subject));
        }
        match told(self.0.attempts(subject))? {
            Some(row) if row.failures > 0 => told(self.0.put_attempts(&AttemptRow {
                failures: row.failures - 1,
                ..row
            })),
            _ => Ok(()),
        }
    }

    fn forget_attempts(&mut self, before: Timestamp) -> Result<(), StoreFault> {
        told(self.0.delete_attempts_before(before.micros()))
    }

    fn record(&mut self, act: &Act) -> Result<(), StoreFault> {
        told(self.0.insert_act(&ActRow {
            id: act.id.to_string(),
            at: act.at.micros(),
            account: act.account.clone(),
            address: act.address.clone(),
            action: act.action.clone(),
            subject: act.subject.clone(),
            outcome: act.outcome.clone(),
        }))
    }

    fn acts(&mut self, before: Option<MessageId>, limit: i64) -> Result<Vec<Act>, StoreFault> {
        let before = before.map(|id| id.to_string());
        told(self.0.acts(before.as_deref(), limit))?
            .into_iter()
            .map(act)
            .collect()
    }
}

impl From<StoreFault> for NodeError {
    fn from(fault: StoreFault) -> Self {
        match fault.0.downcast::<diesel::result::Error>() {
            // As itself, so that a transaction that conflicts is repeated.
            Ok(error) => (*error).into(),
            Err(other) => match other.downcast::<StoreError>() {
                Ok(error) => Self::Store(*error),
                Err(other) => Self::Store(StoreError::Corrupt(other.to_string())),
            },
        }
    }
}
