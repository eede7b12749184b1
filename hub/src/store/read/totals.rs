//! What the ledger adds up to, by series and state: compared by anyone with a replay of the log.

use diesel::sql_types::{BigInt, SmallInt, Text};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::{PublicTotals, TotalsLine};

use super::life::leaf_bytes;
use super::statistics;
use crate::store::convert::{content, grams};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

#[derive(diesel::QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    series: String,
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = BigInt)]
    grams: i64,
    #[diesel(sql_type = BigInt)]
    blocks: i64,
}

/// The totals now, in one consistent read. Looks at every block: ask seldom, and keep the answer.
///
/// # Errors
/// [`StoreError`].
pub fn all(connection: &mut ReadConnection<'_>) -> Result<PublicTotals, StoreError> {
    let size = statistics::head(connection)?.size;
    let last = if size == 0 {
        None
    } else {
        leaf_bytes(connection, size - 1)?
    };
    let last: Option<Leaf> = last
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(content)?;
    let sql = "SELECT s.reference AS series, b.state AS state, CAST(SUM(b.last - b.first + 1) AS BIGINT) AS grams,
               COUNT(*) AS blocks FROM block b JOIN series s ON s.no = b.series_no GROUP BY s.reference, b.state";
    let mut totals = Vec::new();
    for sum in connection.load::<Sum>(Statement::new(sql))? {
        let series: SeriesRef = sum.series.parse().map_err(content)?;
        let state = BlockState::from_code(sum.state).ok_or_else(|| content(format!("unknown state {}", sum.state)))?;
        totals.push(TotalsLine {
            region: series.region_of_act(),
            series,
            state,
            quantity_g: grams(sum.grams)?,
            blocks: u64::try_from(sum.blocks).map_err(content)?,
        });
    }
    let at = last.map_or(Timestamp::default(), |leaf| leaf.at);
    Ok(PublicTotals::new(u64::try_from(size).map_err(content)?, at, totals))
}
