//! Many activities at once. PostgreSQL takes a column as one array, so that the statement stays the same however many
//! rows there are: it is prepared once, and a row costs no parameters of its own.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::Conn;
use crate::store::activities::NewActivity;

const INSERT: &str = "INSERT INTO activity (series_id, id, source_id, record_id, account, quantity, started_at, ended_at, \
     place, asset, reduction_g) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";

/// Adds activities; those whose record is there already are left out.
pub(crate) fn insert_activities(connection: &mut Conn, rows: &[NewActivity<'_>]) -> QueryResult<usize> {
    let numbers = |of: fn(&NewActivity<'_>) -> i64| rows.iter().map(of).collect::<Vec<i64>>();
    diesel::sql_query(INSERT)
        .bind::<Array<BigInt>, _>(numbers(|r| r.series_id))
        .bind::<Array<BigInt>, _>(numbers(|r| r.id))
        .bind::<Array<BigInt>, _>(numbers(|r| r.source_id))
        .bind::<Array<Text>, _>(rows.iter().map(|r| r.record_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|r| r.account).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|r| r.quantity).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(numbers(|r| r.started_at))
        .bind::<Array<BigInt>, _>(numbers(|r| r.ended_at))
        .bind::<Array<Text>, _>(rows.iter().map(|r| r.place).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|r| r.asset).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(numbers(|r| r.reduction_g))
        .execute(connection)
}
