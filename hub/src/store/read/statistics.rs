//! Totals for the public.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Bool, SmallInt};
use tanqiao_protocol::block::BlockState;

use super::Number;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

/// Totals over the whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Statistics {
    /// Grams ever issued.
    pub issued_g: i64,
    /// Grams by the state of their block.
    pub by_state_g: BTreeMap<&'static str, i64>,
    /// Members in good standing, without the hub's own.
    pub members: i64,
    /// Transfers that were committed.
    pub transfers_committed: i64,
    /// Donations that were committed.
    pub donations_committed: i64,
    /// Delivered grams of committed donations.
    pub donated_g: i64,
    /// Leaves of the transparency log.
    pub log_size: i64,
}

#[derive(diesel::QueryableByName)]
struct StateSum {
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = BigInt)]
    grams: i64,
}

/// The totals now. Looks at every block: ask seldom, and keep the answer.
///
/// # Errors
/// [`StoreError`].
pub fn all(connection: &mut ReadConnection<'_>) -> Result<Statistics, StoreError> {
    let mut number = |sql: &'static str| -> Result<i64, StoreError> {
        let rows: Vec<Number> = connection.load(Statement::new(sql))?;
        Ok(rows.first().map_or(0, |row| row.n))
    };
    let mut statistics = Statistics {
        issued_g: number("SELECT CAST(COALESCE(SUM(issued), 0) AS BIGINT) AS n FROM series")?,
        by_state_g: BTreeMap::new(),
        members: number("SELECT COUNT(*) AS n FROM member WHERE status = 2 AND kind < 4")?,
        transfers_committed: number("SELECT COUNT(*) AS n FROM transfer WHERE state = 10")?,
        donations_committed: number("SELECT COUNT(*) AS n FROM donation WHERE state = 10")?,
        donated_g: number("SELECT CAST(COALESCE(SUM(committed_g), 0) AS BIGINT) AS n FROM event")?,
        log_size: number("SELECT size AS n FROM log_head")?,
    };
    let sql = "SELECT state, CAST(SUM(last - first + 1) AS BIGINT) AS grams FROM block GROUP BY state";
    for row in connection.load::<StateSum>(Statement::new(sql))? {
        if let Some(state) = BlockState::from_code(row.state) {
            statistics.by_state_g.insert(state.word(), row.grams);
        }
    }
    Ok(statistics)
}

/// The head of the log, as everybody may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct LogHead {
    /// Number of leaves.
    #[diesel(sql_type = BigInt)]
    pub size: i64,
    /// The regulator's global stop.
    #[diesel(sql_type = Bool)]
    pub frozen: bool,
}

/// The head of the log: the cheapest question that proves that the database answers.
///
/// # Errors
/// [`StoreError`].
pub fn head(connection: &mut ReadConnection<'_>) -> Result<LogHead, StoreError> {
    let rows: Vec<LogHead> = connection.load(Statement::new("SELECT size, frozen FROM log_head"))?;
    rows.into_iter()
        .next()
        .ok_or_else(|| StoreError::Content("there is no log head: run `migrate`".to_owned()))
}
