//! Statements written as SQL text with `?` for each bind, for SQLite and PostgreSQL alike.
//!
//! Diesel prepares and caches each by its text: unlike `sql_query`, whose statements are parsed anew every time.

use std::borrow::Cow;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text, Untyped};
use diesel::sqlite::Sqlite;

/// A value bound to a `?`.
#[derive(Debug, Clone)]
pub enum Bind<'a> {
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit integer.
    I32(i32),
    /// A 16-bit integer.
    I16(i16),
    /// A 64-bit integer, or NULL.
    OptI64(Option<i64>),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// Text.
    Text(Cow<'a, str>),
    /// Many integers: an array in PostgreSQL, a JSON array in SQLite.
    I64s(Vec<i64>),
    /// Many texts: an array in PostgreSQL, a JSON array in SQLite.
    Texts(Vec<String>),
    /// Many byte strings: an array in PostgreSQL, a JSON array of hexadecimal texts in SQLite.
    Byteses(Vec<Vec<u8>>),
}

impl From<i64> for Bind<'_> {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}
impl From<i32> for Bind<'_> {
    fn from(value: i32) -> Self {
        Self::I32(value)
    }
}
impl From<i16> for Bind<'_> {
    fn from(value: i16) -> Self {
        Self::I16(value)
    }
}
impl From<Option<i64>> for Bind<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::OptI64(value)
    }
}
impl From<bool> for Bind<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl<'a> From<&'a [u8]> for Bind<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(value))
    }
}
impl From<Vec<u8>> for Bind<'_> {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(value))
    }
}
impl<'a> From<&'a str> for Bind<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}
impl From<String> for Bind<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

/// SQL text and its binds.
#[derive(Debug, Clone)]
pub struct Statement<'a> {
    sql: Cow<'a, str>,
    binds: Vec<Bind<'a>>,
}

impl<'a> Statement<'a> {
    /// A statement; each `?` in it takes one bind, in order.
    #[must_use]
    pub fn new(sql: impl Into<Cow<'a, str>>) -> Self {
        Self {
            sql: sql.into(),
            binds: Vec::new(),
        }
    }

    /// Adds the next bind.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Bind<'a>>) -> Self {
        self.binds.push(value.into());
        self
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<C: diesel::Connection> diesel::RunQueryDsl<C> for Statement<'_> {}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (part, bind) in parts.zip(&self.binds) {
            match bind {
                Bind::I64(v) => out.push_bind_param::<BigInt, _>(v)?,
                Bind::I32(v) => out.push_bind_param::<Integer, _>(v)?,
                Bind::I16(v) => out.push_bind_param::<SmallInt, _>(v)?,
                Bind::OptI64(v) => out.push_bind_param::<Nullable<BigInt>, _>(v)?,
                Bind::Bool(v) => out.push_bind_param::<Bool, _>(v)?,
                Bind::Bytes(v) => out.push_bind_param::<Binary, [u8]>(v.as_ref())?,
                Bind::Text(v) => out.push_bind_param::<Text, str>(v.as_ref())?,
                Bind::I64s(v) => out.push_bind_param::<Array<BigInt>, _>(v)?,
                Bind::Texts(v) => out.push_bind_param::<Array<Text>, _>(v)?,
                Bind::Byteses(v) => out.push_bind_param::<Array<Binary>, _>(v)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (part, bind) in parts.zip(&self.binds) {
            match bind {
                Bind::I64(v) => out.push_bind_param::<BigInt, _>(v)?,
                Bind::I32(v) => out.push_bind_param::<Integer, _>(v)?,
                Bind::I16(v) => out.push_bind_param::<SmallInt, _>(v)?,
                Bind::OptI64(v) => out.push_bind_param::<Nullable<BigInt>, _>(v)?,
                Bind::Bool(v) => out.push_bind_param::<Bool, _>(v)?,
                Bind::Bytes(v) => out.push_bind_param::<Binary, [u8]>(v.as_ref())?,
                Bind::Text(v) => out.push_bind_param::<Text, str>(v.as_ref())?,
                Bind::I64s(_) | Bind::Texts(_) | Bind::Byteses(_) => {
                    return Err(diesel::result::Error::QueryBuilderError(
                        "a list reaches SQLite as JSON text".into(),
                    ));
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}
