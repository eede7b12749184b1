//! What the console keeps beside the ledger: sessions, second factors, failures, acts and pending approvals.

mod approvals;

use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::time::Timestamp;

pub use approvals::{Approval, ApprovalState, approval, approvals, claim, decide, end, propose, waiting};

use super::convert::{id_bytes, message_id};
use super::database::{ReadConnection, StoreError};
use super::statement::{Bind, Statement};

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

#[derive(diesel::QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Binary)]
    password_sha256: Vec<u8>,
    #[diesel(sql_type = Text)]
    csrf: String,
    #[diesel(sql_type = BigInt)]
    began_at: i64,
    #[diesel(sql_type = BigInt)]
    seen_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    confirmed_at: Option<i64>,
}

fn hash_bind(hash: &Sha256) -> Bind<'static> {
    Bind::from(hash.0.to_vec())
}

/// Keeps a session.
///
/// # Errors
/// [`StoreError`].
pub fn begin(connection: &mut ReadConnection<'_>, session: &Session) -> Result<(), StoreError> {
    let sql = "INSERT INTO console_session (token_sha256, account, password_sha256, csrf, began_at, seen_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let statement = Statement::new(sql)
        .bind(hash_bind(&session.token))
        .bind(session.account.as_str())
        .bind(hash_bind(&session.password))
        .bind(session.csrf.as_str())
        .bind(session.began_at.micros())
        .bind(session.seen_at.micros())
        .bind(session.confirmed_at.map(Timestamp::micros));
    connection.execute(statement).map(drop)
}

/// The session of a token.
///
/// # Errors
/// [`StoreError`].
pub fn session(connection: &mut ReadConnection<'_>, token: Sha256) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT account, password_sha256, csrf, began_at, seen_at, confirmed_at FROM console_session WHERE token_sha256 = ?";
    let rows: Vec<SessionRow> = connection.load(Statement::new(sql).bind(hash_bind(&token)))?;
    let found = rows.into_iter().next().map(|row| {
        Ok::<_, StoreError>(Session {
            token,
            account: row.account,
            password: super::convert::sha256(&row.password_sha256)?,
            csrf: row.csrf,
            began_at: Timestamp::from_micros(row.began_at),
            seen_at: Timestamp::from_micros(row.seen_at),
            confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
        })
    });
    found.transpose()
}

/// Notes that a session was used, and that its second factor was shown where it was.
///
/// # Errors
/// [`StoreError`].
pub fn keep(connection: &mut ReadConnection<'_>, session: &Session) -> Result<(), StoreError> {
    let sql = "UPDATE console_session SET seen_at = ?, confirmed_at = ? WHERE token_sha256 = ?";
    let statement = Statement::new(sql)
        .bind(session.seen_at.micros())
        .bind(session.confirmed_at.map(Timestamp::micros))
        .bind(hash_bind(&session.token));
    connection.execute(statement).map(drop)
}

/// Ends a session.
///
/// # Errors
/// [`StoreError`].
pub fn end_session(connection: &mut ReadConnection<'_>, token: Sha256) -> Result<(), StoreError> {
    let sql = "DELETE FROM console_session WHERE token_sha256 = ?";
    connection
        .execute(Statement::new(sql).bind(hash_bind(&token)))
        .map(drop)
}

/// Ends every session that began or was used before these times.
///
/// # Errors
/// [`StoreError`].
pub fn forget_sessions(
    connection: &mut ReadConnection<'_>,
    began_before: Timestamp,
    seen_before: Timestamp,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM console_session WHERE began_at < ? OR seen_at < ?";
    let statement = Statement::new(sql)
        .bind(began_before.micros())
        .bind(seen_before.micros());
    connection.execute(statement).map(drop)
}

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Factor {
    /// The secret that the authenticator has too.
    #[diesel(sql_type = Binary)]
    pub secret: Vec<u8>,
    /// False until the first code has been shown.
    #[diesel(sql_type = Bool)]
    pub enrolled: bool,
    /// The last step whose code was taken.
    #[diesel(sql_type = BigInt)]
    pub last_step: i64,
}

/// The second factor of an account.
///
/// # Errors
/// [`StoreError`].
pub fn factor(connection: &mut ReadConnection<'_>, account: &str) -> Result<Option<Factor>, StoreError> {
    let sql = "SELECT secret, enrolled, last_step FROM console_factor WHERE account = ?";
    Ok(connection.load(Statement::new(sql).bind(account))?.into_iter().next())
}

/// Gives an account a secret that is not enrolled yet; one that is enrolled stays.
///
/// # Errors
/// [`StoreError`].
pub fn offer_factor(connection: &mut ReadConnection<'_>, account: &str, secret: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO console_factor (account, secret, enrolled, last_step) VALUES (?, ?, ?, 0) ON CONFLICT (account) DO NOTHING";
    connection
        .execute(Statement::new(sql).bind(account).bind(secret).bind(false))
        .map(drop)
}

/// Takes the code of a step, and enrols the factor with it; false if that code or a later one was taken already.
///
/// # Errors
/// [`StoreError`].
pub fn take_step(connection: &mut ReadConnection<'_>, account: &str, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE console_factor SET last_step = ?, enrolled = ? WHERE account = ? AND last_step < ?";
    let statement = Statement::new(sql).bind(step).bind(true).bind(account).bind(step);
    Ok(connection.execute(statement)? == 1)
}

/// Keeps the hashes of new recovery codes.
///
/// # Errors
/// [`StoreError`].
pub fn put_recovery_codes(
    connection: &mut ReadConnection<'_>,
    account: &str,
    codes: &[Sha256],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO console_recovery_code (account, code_sha256) VALUES (?, ?)";
    codes.iter().try_for_each(|code| {
        connection
            .execute(Statement::new(sql).bind(account).bind(hash_bind(code)))
            .map(drop)
    })
}

/// Takes a recovery code; false if there is none such.
///
/// # Errors
/// [`StoreError`].
pub fn take_recovery_code(
    connection: &mut ReadConnection<'_>,
    account: &str,
    code: &Sha256,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM console_recovery_code WHERE account = ? AND code_sha256 = ?";
    Ok(connection.execute(Statement::new(sql).bind(account).bind(hash_bind(code)))? == 1)
}

/// Takes the second factor of an account away: it has lost it. Its sessions end.
///
/// # Errors
/// [`StoreError`].
pub fn forget_factor(connection: &mut ReadConnection<'_>, account: &str) -> Result<(), StoreError> {
    for table in ["console_factor", "console_recovery_code", "console_session"] {
        let sql = format!("DELETE FROM {table} WHERE account = ?");
        connection.execute(Statement::new(sql).bind(account))?;
    }
    Ok(())
}

/// How many failures lock for how long.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts that may fail within `window_us`.
    pub failures_max: i64,
    /// In which they are counted, and for which the next one locks.
    pub window_us: i64,
}

#[derive(diesel::QueryableByName)]
struct Lock {
    #[diesel(sql_type = BigInt)]
    locked_until: i64,
}

/// Counts an attempt before it is looked at, so that many at once count as many; false if the subject is locked out.
///
/// # Errors
/// [`StoreError`].
pub fn attempt(
    connection: &mut ReadConnection<'_>,
    subject: &str,
    now: Timestamp,
    patience: Patience,
) -> Result<bool, StoreError> {
    let (at, old) = (now.micros(), now.micros() - patience.window_us);
    let sql = "INSERT INTO console_attempt (subject, failures, since, locked_until) VALUES (?, 1, ?, 0)
        ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN console_attempt.since < ? THEN 1 ELSE console_attempt.failures + 1 END,
        since = CASE WHEN console_attempt.since < ? THEN ? ELSE console_attempt.since END,
        locked_until = CASE WHEN console_attempt.since >= ? AND console_attempt.failures >= ? THEN ? ELSE console_attempt.locked_until END";
    let statement = Statement::new(sql)
        .bind(subject)
        .bind(at)
        .bind(old)
        .bind(old)
        .bind(at)
        .bind(old)
        .bind(patience.failures_max)
        .bind(at + patience.window_us);
    connection.execute(statement)?;
    let sql = "SELECT locked_until FROM console_attempt WHERE subject = ?";
    let rows: Vec<Lock> = connection.load(Statement::new(sql).bind(subject))?;
    Ok(rows.first().is_none_or(|lock| lock.locked_until <= at))
}

/// Takes the count of an attempt back that did not fail; with `all`, of those before it too.
///
/// # Errors
/// [`StoreError`].
pub fn forgive(connection: &mut ReadConnection<'_>, subject: &str, all: bool) -> Result<(), StoreError> {
    let sql = if all {
        "DELETE FROM console_attempt WHERE subject = ?"
    } else {
        "UPDATE console_attempt SET failures = failures - 1 WHERE subject = ? AND failures > 0"
    };
    connection.execute(Statement::new(sql).bind(subject)).map(drop)
}

/// Forgets attempts that were counted before this time.
///
/// # Errors
/// [`StoreError`].
pub fn forget_attempts(connection: &mut ReadConnection<'_>, before: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM console_attempt WHERE since < ? AND locked_until < ?";
    let statement = Statement::new(sql).bind(before.micros()).bind(before.micros());
    connection.execute(statement).map(drop)
}

/// Something that was done in the console.
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

#[derive(diesel::QueryableByName)]
struct ActRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    outcome: String,
}

/// Records what was done.
///
/// # Errors
/// [`StoreError`].
pub fn record(connection: &mut ReadConnection<'_>, act: &Act) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO console_act (id, at, account, address, action, subject, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let statement = Statement::new(sql)
        .bind(id_bytes(act.id))
        .bind(act.at.micros())
        .bind(act.account.as_str())
        .bind(act.address.as_str())
        .bind(act.action.as_str())
        .bind(act.subject.as_str())
        .bind(act.outcome.as_str());
    connection.execute(statement).map(drop)
}

/// What was done before `before`, the newest first.
///
/// # Errors
/// [`StoreError`].
pub fn acts(
    connection: &mut ReadConnection<'_>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Act>, StoreError> {
    let condition = if before.is_some() { "WHERE id < ?" } else { "" };
    let sql = format!(
        "SELECT id, at, account, address, action, subject, outcome FROM console_act {condition} ORDER BY id DESC LIMIT ?"
    );
    let statement = before
        .into_iter()
        .fold(Statement::new(sql), |s, id| s.bind(id_bytes(id)));
    let rows: Vec<ActRow> = connection.load(statement.bind(limit))?;
    let act = |row: ActRow| {
        Ok(Act {
            id: message_id(&row.id)?,
            at: Timestamp::from_micros(row.at),
            account: row.account,
            address: row.address,
            action: row.action,
            subject: row.subject,
            outcome: row.outcome,
        })
    };
    rows.into_iter().map(act).collect()
}
