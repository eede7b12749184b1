//! Rows that are written many at a time: one prepared statement a table, fed by arrays in PostgreSQL (`unnest`) and row
//! by row in SQLite, where a prepared insert costs a few microseconds and no round trip.

/// Declares a row: the struct, how it is read by name, and how many of it are inserted or replaced at once.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident in $table:literal, key $key:literal, { $($col:ident: $sql:ty => $rust:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, diesel::QueryableByName)]
        #[allow(missing_docs, reason = "columns are described where the table is made")]
        pub struct $name {
            $(#[diesel(sql_type = $sql)] pub $col: $rust,)+
        }

        impl $crate::store::row::Row for $name {
            type Columns<'a> = ($(Vec<&'a $rust>,)+);
            const TABLE: &'static str = $table;
            const KEY: &'static str = $key;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($col)),+];

            fn columns(rows: &[Self]) -> Self::Columns<'_> {
                ($(rows.iter().map(|row| &row.$col).collect::<Vec<_>>(),)+)
            }

            fn bind_arrays<'b>(
                columns: &'b Self::Columns<'_>,
                out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let ($($col,)+) = columns;
                let mut separator = "";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<diesel::sql_types::Array<$sql>, _>($col)?;
                    separator = ", ";
                )+
                let _ = separator;
                Ok(())
            }

            fn bind_values<'b>(
                &'b self,
                out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
            ) -> diesel::QueryResult<()> {
                let mut separator = "";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<$sql, $rust>(&self.$col)?;
                    separator = ", ";
                )+
                let _ = separator;
                Ok(())
            }
        }
    };
}

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};

pub(crate) use row;

/// A row of one table.
pub trait Row: Sized + 'static {
    /// One vector a column.
    type Columns<'a>;
    /// The table.
    const TABLE: &'static str;
    /// Its key columns, as SQL.
    const KEY: &'static str;
    /// Its columns, in order.
    const COLUMNS: &'static [&'static str];
    /// The rows turned into columns.
    fn columns(rows: &[Self]) -> Self::Columns<'_>;
    /// Binds each column as an array.
    ///
    /// # Errors
    /// Diesel's, if a value cannot be serialised.
    fn bind_arrays<'b>(columns: &'b Self::Columns<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
    /// Binds each value.
    ///
    /// # Errors
    /// Diesel's, if a value cannot be serialised.
    fn bind_values<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

/// A connection that can write rows in bulk.
pub trait WriteRows {
    /// Inserts rows; a row whose key is there already is an error.
    ///
    /// # Errors
    /// Diesel's.
    fn insert_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()>;
    /// Inserts rows; a row whose key is there already is replaced.
    ///
    /// # Errors
    /// Diesel's.
    fn put_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()>;
    /// Inserts rows; a row whose key is there already stays as it is.
    ///
    /// # Errors
    /// Diesel's.
    fn keep_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()>;
}

/// What happens to a row whose key is there already: it is an error.
const INSERT: u8 = 0;
/// It is replaced.
const PUT: u8 = 1;
/// It stays.
const KEEP: u8 = 2;

/// One `INSERT … SELECT unnest(…)`.
struct InsertMany<'a, R: Row, const MODE: u8> {
    columns: R::Columns<'a>,
}

/// One `INSERT … VALUES (…)`.
struct InsertOne<'a, R: Row, const MODE: u8>(&'a R);

impl<R: Row, const MODE: u8> QueryId for InsertMany<'_, R, MODE> {
    type QueryId = InsertMany<'static, R, MODE>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row, const MODE: u8> QueryId for InsertOne<'_, R, MODE> {
    type QueryId = InsertOne<'static, R, MODE>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

fn push_head<R: Row>(push: &mut dyn FnMut(&str)) {
    push("INSERT INTO ");
    push(R::TABLE);
    push(" (");
    for (index, column) in R::COLUMNS.iter().enumerate() {
        if index > 0 {
            push(", ");
        }
        push(column);
    }
    push(") ");
}

fn push_conflict<R: Row, const MODE: u8>(push: &mut dyn FnMut(&str)) {
    if MODE == INSERT {
        return;
    }
    push(" ON CONFLICT (");
    push(R::KEY);
    if MODE == KEEP {
        return push(") DO NOTHING");
    }
    push(") DO UPDATE SET ");
    let mut first = true;
    for column in R::COLUMNS {
        if R::KEY.split(", ").any(|key| key == *column) {
            continue;
        }
        if !first {
            push(", ");
        }
        first = false;
        push(column);
        push(" = excluded.");
        push(column);
    }
}

impl<R: Row, const MODE: u8> QueryFragment<Pg> for InsertMany<'_, R, MODE> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_head::<R>(&mut |sql| out.push_sql(sql));
        out.push_sql("SELECT * FROM unnest(");
        R::bind_arrays(&self.columns, &mut out)?;
        out.push_sql(")");
        push_conflict::<R, MODE>(&mut |sql| out.push_sql(sql));
        Ok(())
    }
}

impl<R: Row, const MODE: u8> QueryFragment<Sqlite> for InsertOne<'_, R, MODE> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_head::<R>(&mut |sql| out.push_sql(sql));
        out.push_sql("VALUES (");
        self.0.bind_values(&mut out)?;
        out.push_sql(")");
        push_conflict::<R, MODE>(&mut |sql| out.push_sql(sql));
        Ok(())
    }
}

impl<R: Row, const MODE: u8> RunQueryDsl<PgConnection> for InsertMany<'_, R, MODE> {}
impl<R: Row, const MODE: u8> RunQueryDsl<SqliteConnection> for InsertOne<'_, R, MODE> {}

impl WriteRows for PgConnection {
    fn insert_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        write_many::<R, INSERT>(self, rows)
    }

    fn put_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        write_many::<R, PUT>(self, rows)
    }

    fn keep_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        write_many::<R, KEEP>(self, rows)
    }
}

fn write_many<R: Row, const MODE: u8>(connection: &mut PgConnection, rows: &[R]) -> QueryResult<()> {
    if !rows.is_empty() {
        InsertMany::<R, MODE> {
            columns: R::columns(rows),
        }
        .execute(connection)?;
    }
    Ok(())
}

impl WriteRows for SqliteConnection {
    fn insert_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        rows.iter()
            .try_for_each(|row| InsertOne::<R, INSERT>(row).execute(self).map(drop))
    }

    fn put_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        rows.iter()
            .try_for_each(|row| InsertOne::<R, PUT>(row).execute(self).map(drop))
    }

    fn keep_rows<R: Row>(&mut self, rows: &[R]) -> QueryResult<()> {
        rows.iter()
            .try_for_each(|row| InsertOne::<R, KEEP>(row).execute(self).map(drop))
    }
}
