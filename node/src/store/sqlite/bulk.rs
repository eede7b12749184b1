//! Many activities at once. The statement of a fixed number of rows is compiled once and kept, so that a row costs
//! nothing but its values.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::Conn;
use crate::store::activities::NewActivity;

/// Rows of the larger of the two statements.
const MANY: usize = 50;

const INSERT: &str = "INSERT INTO activity (series_id, id, source_id, record_id, account, quantity, started_at, ended_at, \
     place, asset, reduction_g) VALUES ";

/// Adds activities; those whose record is there already are left out.
pub(crate) fn insert_activities(connection: &mut Conn, rows: &[NewActivity<'_>]) -> QueryResult<usize> {
    let (many, few) = rows.as_chunks::<MANY>();
    let mut added = 0;
    for rows in many {
        added += Insert(rows).execute(connection)?;
    }
    for row in few {
        added += Insert(std::array::from_ref(row)).execute(connection)?;
    }
    Ok(added)
}

/// The statement that adds `N` rows.
struct Insert<'r, 'a, const N: usize>(&'r [NewActivity<'a>; N]);

impl<const N: usize> QueryId for Insert<'_, '_, N> {
    type QueryId = Insert<'static, 'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<Conn> for Insert<'_, '_, N> {}

impl<const N: usize> QueryFragment<Sqlite> for Insert<'_, '_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(INSERT);
        for (place, row) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.series_id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.source_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(row.record_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(row.account)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(row.quantity)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.started_at)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.ended_at)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(row.place)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.asset)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.reduction_g)?;
            out.push_sql(")");
        }
        out.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }
}
