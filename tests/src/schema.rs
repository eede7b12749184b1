//! What a database says of its own schema, in words that SQLite and PostgreSQL share.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{Bool, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};

/// The tables of a database by name, without those of the migrations.
pub type Schema = BTreeMap<String, Table>;

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Type and `NOT NULL` of each column.
    pub columns: BTreeMap<String, String>,
    /// Columns of the primary key, in its order.
    pub primary_key: Vec<String>,
    /// Columns of each unique constraint or index, in its order; with `where` if it is of some rows only.
    pub uniques: BTreeSet<Vec<String>>,
    /// Columns of each other index, in its order.
    pub indexes: BTreeSet<Vec<String>>,
    /// Column, table and column of each reference.
    pub references: BTreeSet<[String; 3]>,
    /// Number of `CHECK` constraints.
    pub checks: usize,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
}

/// A key, an index or a reference: its columns separated by spaces.
#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    columns: String,
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS of, c.name AS name, lower(c.type) AS kind, c.\"notnull\" <> 0 AS not_null \
    FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";

const SQLITE_KEYS: &str = "\
    SELECT of, 'p' AS kind, group_concat(name, ' ') AS columns FROM ( \
        SELECT t.name AS of, c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c \
        WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk) GROUP BY of \
    UNION ALL \
    SELECT of, kind, group_concat(name, ' ') FROM ( \
        SELECT t.name AS of, i.name AS index_name, i.partial AS partial, \
            (CASE WHEN i.\"unique\" THEN 'u' ELSE 'i' END) || (CASE WHEN i.partial THEN 'w' ELSE '' END) AS kind, \
            coalesce(c.name, '()') AS name \
        FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c \
        WHERE t.type = 'table' AND i.origin <> 'pk' ORDER BY t.name, i.name, c.seqno) GROUP BY of, index_name, kind \
    UNION ALL \
    SELECT t.name, 'f', f.\"from\" || ' ' || f.\"table\" || ' ' || f.\"to\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f \
    WHERE t.type = 'table' \
    UNION ALL \
    SELECT name, 's', sql FROM sqlite_schema WHERE type = 'table'";

const POSTGRES_COLUMNS: &str = "SELECT t.relname::text AS of, a.attname::text AS name, format_type(a.atttypid, NULL) AS kind, \
    a.attnotnull AS not_null \
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace";

const POSTGRES_KEYS: &str = "\
    SELECT t.relname::text AS of, \
        CASE WHEN i.indisprimary THEN 'p' ELSE CASE WHEN i.indisunique THEN 'u' ELSE 'i' END || \
            CASE WHEN i.indpred IS NULL THEN '' ELSE 'w' END END AS kind, \
        (SELECT string_agg(coalesce(a.attname::text, '()'), ' ' ORDER BY k.place) \
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) \
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number AND k.number > 0) AS columns \
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace \
    UNION ALL \
    SELECT t.relname::text, 'f', a.attname || ' ' || o.relname || ' ' || b.attname \
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid \
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] \
        JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = c.confkey[1] \
    WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace \
    UNION ALL \
    SELECT t.relname::text, 'c', c.conname::text FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
    WHERE c.contype = 'c' AND t.relnamespace = 'public'::regnamespace";

/// The schema of a database, `sqlite:PATH` or `postgres://…`.
#[must_use]
pub fn schema(url: &str) -> Schema {
    let (columns, keys): (Vec<ColumnRow>, Vec<KeyRow>) = if let Some(path) = url.strip_prefix("sqlite:") {
        let mut connection = SqliteConnection::establish(path).unwrap();
        (
            diesel::sql_query(SQLITE_COLUMNS).load(&mut connection).unwrap(),
            diesel::sql_query(SQLITE_KEYS).load(&mut connection).unwrap(),
        )
    } else {
        let mut connection = PgConnection::establish(url).unwrap();
        (
            diesel::sql_query(POSTGRES_COLUMNS).load(&mut connection).unwrap(),
            diesel::sql_query(POSTGRES_KEYS).load(&mut connection).unwrap(),
        )
    };
    let mut schema = Schema::new();
    for column in columns {
        let null = if column.not_null { "not null" } else { "or null" };
        let kind = format!("{} {null}", shared_type(&column.kind));
        schema.entry(column.of).or_default().columns.insert(column.name, kind);
    }
    for key in keys {
        if let Some(table) = schema.get_mut(&key.of) {
            table.note(&key);
        }
    }
    schema.retain(|name, _| !name.starts_with("__diesel"));
    schema
}

impl Table {
    fn note(&mut self, key: &KeyRow) {
        let mut columns: Vec<String> = key.columns.split(' ').map(str::to_owned).collect();
        if key.kind.ends_with('w') {
            columns.push("where".to_owned());
        }
        match key.kind.as_str() {
            "p" => self.primary_key = columns,
            "u" | "uw" => drop(self.uniques.insert(columns)),
            "i" | "iw" => drop(self.indexes.insert(columns)),
            "f" => drop(self.references.insert(columns.try_into().unwrap())),
            "c" => self.checks += 1,
            // The statement that made the table.
            _ => self.checks += key.columns.to_uppercase().matches("CHECK (").count(),
        }
    }
}

/// The name of a type that both databases have.
fn shared_type(kind: &str) -> &str {
    match kind {
        "bytea" => "blob",
        "int8" => "bigint",
        "int4" => "integer",
        "int2" => "smallint",
        other => other,
    }
}
