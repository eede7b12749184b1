//! What the console keeps beside the ledger: sessions, second factors, failures, acts and pending approvals.

mod approvals;

use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use tanqiao_desk::{Act, DeskStore, Factor, Patience, Session, StoreFault};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::time::Timestamp;

pub use approvals::{Approval, ApprovalState, approval, approvals, claim, decide, end, propose, waiting};

use super::convert::{id_bytes, message_id, sha256};
use super::database::{ReadConnection, StoreError};
use super::statement::{Bind, Statement};

impl From<StoreError> for StoreFault {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}

impl From<StoreFault> for StoreError {
    fn from(fault: StoreFault) -> Self {
        match fault.0.downcast::<Self>() {
            Ok(error) => *error,
            Err(other) => Self::Content(other.to_string()),
        }
    }
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

#[derive(diesel::QueryableByName)]
struct FactorRow {
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Bool)]
    enrolled: bool,
}

#[derive(diesel::QueryableByName)]
struct Lock {
    #[diesel(sql_type = BigInt)]
    locked_until: i64,
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

/// What is left of an account's second factor and sessions is nothing.
const OF_FACTORS: [&str; 3] = ["console_factor", "console_recovery_code", "console_session"];

impl DeskStore for ReadConnection<'_> {
    fn begin_session(&mut self, session: &Session) -> Result<(), StoreFault> {
        let sql = "INSERT INTO console_session (token_sha256, account, password_sha256, csrf, began_at, seen_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let statement = Statement::new(sql)
            .bind(hash_bind(&session.token))
            .bind(session.account.as_str())
            .bind(hash_bind(&session.password))
            .bind(session.csrf.as_str())
            .bind(session.began_at.micros())
            .bind(session.seen_at.micros())
            .bind(session.confirmed_at.map(Timestamp::micros));
        self.execute(statement)?;
        Ok(())
    }

    fn session(&mut self, token: &Sha256) -> Result<Option<Session>, StoreFault> {
        let sql = "SELECT account, password_sha256, csrf, began_at, seen_at, confirmed_at FROM console_session WHERE token_sha256 = ?";
        let rows: Vec<SessionRow> = self.load(Statement::new(sql).bind(hash_bind(token)))?;
        let found = rows.into_iter().next().map(|row| {
            Ok::<_, StoreFault>(Session {
                token: *token,
                account: row.account,
                password: sha256(&row.password_sha256)?,
                csrf: row.csrf,
                began_at: Timestamp::from_micros(row.began_at),
                seen_at: Timestamp::from_micros(row.seen_at),
                confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
            })
        });
        found.transpose()
    }

    fn keep_session(&mut self, session: &Session) -> Result<(), StoreFault> {
        let sql = "UPDATE console_session SET seen_at = ?, confirmed_at = ? WHERE token_sha256 = ?";
        let statement = Statement::new(sql)
            .bind(session.seen_at.micros())
            .bind(session.confirmed_at.map(Timestamp::micros))
            .bind(hash_bind(&session.token));
        self.execute(statement)?;
        Ok(())
    }

    fn end_session(&mut self, token: &Sha256) -> Result<(), StoreFault> {
        let sql = "DELETE FROM console_session WHERE token_sha256 = ?";
        self.execute(Statement::new(sql).bind(hash_bind(token)))?;
        Ok(())
    }

    fn forget_sessions(&mut self, began_before: Timestamp, seen_before: Timestamp) -> Result<(), StoreFault> {
        let sql = "DELETE FROM console_session WHERE began_at < ? OR seen_at < ?";
        let statement = Statement::new(sql)
            .bind(began_before.micros())
            .bind(seen_before.micros());
        self.execute(statement)?;
        Ok(())
    }

    fn factor(&mut self, account: &str) -> Result<Option<Factor>, StoreFault> {
        let sql = "SELECT secret, enrolled FROM console_factor WHERE account = ?";
        let rows: Vec<FactorRow> = self.load(Statement::new(sql).bind(account))?;
        Ok(rows.into_iter().next().map(|row| Factor {
            secret: row.secret,
            enrolled: row.enrolled,
        }))
    }

    fn offer_factor(&mut self, account: &str, secret: &[u8]) -> Result<(), StoreFault> {
        let sql = "INSERT INTO console_factor (account, secret, enrolled, last_step) VALUES (?, ?, ?, 0) ON CONFLICT (account) DO NOTHING";
        self.execute(Statement::new(sql).bind(account).bind(secret).bind(false))?;
        Ok(())
    }

    fn take_step(&mut self, account: &str, step: i64) -> Result<bool, StoreFault> {
        let sql = "UPDATE console_factor SET last_step = ?, enrolled = ? WHERE account = ? AND last_step < ?";
        let statement = Statement::new(sql).bind(step).bind(true).bind(account).bind(step);
        Ok(self.execute(statement)? == 1)
    }

    fn put_recovery_codes(&mut self, account: &str, codes: &[Sha256]) -> Result<(), StoreFault> {
        let sql = "INSERT INTO console_recovery_code (account, code_sha256) VALUES (?, ?)";
        for code in codes {
            self.execute(Statement::new(sql).bind(account).bind(hash_bind(code)))?;
        }
        Ok(())
    }

    fn take_recovery_code(&mut self, account: &str, code: &Sha256) -> Result<bool, StoreFault> {
        let sql = "DELETE FROM console_recovery_code WHERE account = ? AND code_sha256 = ?";
        Ok(self.execute(Statement::new(sql).bind(account).bind(hash_bind(code)))? == 1)
    }

    fn forget_factor(&mut self, account: &str) -> Result<(), StoreFault> {
        for table in OF_FACTORS {
            let sql = format!("DELETE FROM {table} WHERE account = ?");
            self.execute(Statement::new(sql).bind(account))?;
        }
        Ok(())
    }

    fn attempt(&mut self, subject: &str, now: Timestamp, patience: Patience) -> Result<bool, StoreFault> {
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
        self.execute(statement)?;
        let sql = "SELECT locked_until FROM console_attempt WHERE subject = ?";
        let rows: Vec<Lock> = self.load(Statement::new(sql).bind(subject))?;
        Ok(rows.first().is_none_or(|lock| lock.locked_until <= at))
    }

    fn forgive(&mut self, subject: &str, all: bool) -> Result<(), StoreFault> {
        let sql = if all {
            "DELETE FROM console_attempt WHERE subject = ?"
        } else {
            "UPDATE console_attempt SET failures = failures - 1 WHERE subject = ? AND failures > 0"
        };
        self.execute(Statement::new(sql).bind(subject))?;
        Ok(())
    }

    fn forget_attempts(&mut self, before: Timestamp) -> Result<(), StoreFault> {
        let sql = "DELETE FROM console_attempt WHERE since < ? AND locked_until < ?";
        let statement = Statement::new(sql).bind(before.micros()).bind(before.micros());
        self.execute(statement)?;
        Ok(())
    }

    fn record(&mut self, act: &Act) -> Result<(), StoreFault> {
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
        self.execute(statement)?;
        Ok(())
    }

    fn acts(&mut self, before: Option<MessageId>, limit: i64) -> Result<Vec<Act>, StoreFault> {
        let condition = if before.is_some() { "WHERE id < ?" } else { "" };
        let sql = format!(
            "SELECT id, at, account, address, action, subject, outcome FROM console_act {condition} ORDER BY id DESC LIMIT ?"
        );
        let statement = before
            .into_iter()
            .fold(Statement::new(sql), |s, id| s.bind(id_bytes(id)));
        let rows: Vec<ActRow> = self.load(statement.bind(limit))?;
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
}
