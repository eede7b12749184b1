//! One altered bit somewhere in a row, on both databases: the audit has to find it and to name the row.

use diesel::sql_types::{BigInt, Binary, Text};
use rand::Rng as _;
use tanqiao_hub::ledger::audit::{Report, audit};
use tanqiao_hub::store::statement::Statement;

use crate::support::{Federation, on_each_database};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Holds {
    Bytes,
    Text,
    /// A number of so many bits that could be another.
    Number(u32),
}

use Holds::{Bytes, Number, Text as Words};

/// A table, the columns of its key, those in which bits are altered, and the words with which the finding begins; none where any will do.
type Table = (&'static str, &'static [&'static str], &'static [Column], &'static str);
type Column = (&'static str, Holds);

const TABLES: &[Table] = &[
    (
        "block",
        &["series_no", "first"],
        &[
            ("last", Number(40)),
            ("first", Number(40)),
            ("series_no", Number(20)),
            ("holder", Number(20)),
            ("state", Number(14)),
            ("bound_to", Bytes),
            ("issuance", Bytes),
            ("uses", Number(14)),
            ("mapping_no", Number(20)),
            ("factor_paid", Number(20)),
            ("log_index", Number(40)),
        ],
        "",
    ),
    ("leaf", &["idx"], &[("bytes", Bytes), ("idx", Number(40))], ""),
    ("log_head", &["id"], &[("chain", Bytes), ("size", Number(40))], "log"),
    (
        "feed_entry",
        &["member_no", "seq"],
        &[
            ("bytes", Bytes),
            ("chain", Bytes),
            ("seq", Number(40)),
            ("member_no", Number(20)),
        ],
        "",
    ),
    (
        "feed_head",
        &["member_no"],
        &[("chain", Bytes), ("lattice", Bytes), ("seq", Number(40))],
        "member/",
    ),
    (
        "message",
        &["id", "member_no"],
        &[
            ("answer", Words),
            ("payload_sha256", Bytes),
            ("envelope_sha256", Bytes),
            ("action", Number(14)),
            ("status", Number(14)),
            ("member_no", Number(20)),
            ("id", Bytes),
            ("digest", Bytes),
        ],
        "message ",
    ),
    (
        "envelope",
        &["sha256"],
        &[
            ("payload", Bytes),
            ("payload_type", Words),
            ("signatures", Words),
            ("member_no", Number(20)),
            ("sha256", Bytes),
            ("digest", Bytes),
        ],
        "envelope ",
    ),
];

/// Places tried in each column.
const TRIES: usize = 4;

#[derive(diesel::QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Nothing but the audit stands in the way of who alters a byte.
fn unlock(f: &Federation) {
    let run = |sql: String| f.database.read(|c| c.execute(Statement::new(sql))).unwrap();
    if f.database.is_postgres() {
        for (table, ..) in TABLES {
            run(format!("ALTER TABLE {table} DISABLE TRIGGER ALL"));
        }
    } else {
        for trigger in [
            "block_final",
            "block_kept",
            "leaf_fixed",
            "leaf_kept",
            "message_fixed",
            "feed_fixed",
        ] {
            run(format!("DROP TRIGGER {trigger}"));
        }
    }
}

/// A row of the table in which the column is not empty, by chance.
fn chosen(f: &Federation, table: &str, key: &[&str], (column, holds): (&str, Holds)) -> Option<Place> {
    let postgres = f.database.is_postgres();
    let named = key.iter().map(|name| match (*name, postgres) {
        ("id" | "sha256", true) if table != "log_head" => {
            format!("'{name} = ''\\x' || encode({name}, 'hex') || '''::bytea'")
        }
        ("id" | "sha256", false) if table != "log_head" => format!("'{name} = x''' || hex({name}) || ''''"),
        _ => format!("'{name} = ' || {name}"),
    });
    let named: Vec<String> = named.collect();
    let (value, number, filled) = match (holds, postgres) {
        (Number(_), true) => (
            "''::bytea".to_owned(),
            column.to_owned(),
            format!("{column} IS NOT NULL"),
        ),
        (Number(_), false) => ("x''".to_owned(), column.to_owned(), format!("{column} IS NOT NULL")),
        (Words, true) => (
            format!("convert_to({column}, 'UTF8')"),
            "0".to_owned(),
            format!("{column} <> ''"),
        ),
        (Words, false) => (
            format!("CAST({column} AS BLOB)"),
            "0".to_owned(),
            format!("{column} <> ''"),
        ),
        (Bytes, _) => (column.to_owned(), "0".to_owned(), format!("length({column}) > 0")),
    };
    let sql = format!(
        "SELECT {} AS place, {value} AS value, CAST({number} AS BIGINT) AS number FROM {table} WHERE {filled} ORDER BY random() LIMIT 1",
        named.join(" || ' AND ' || ")
    );
    let found: Vec<Place> = f.database.read(|c| c.load(Statement::new(sql))).unwrap();
    found.into_iter().next()
}

fn found(report: &Report) -> Vec<String> {
    let findings = report.invariants.iter().flat_map(|invariant| &invariant.findings);
    findings
        .chain(&report.messages.findings)
        .map(|finding| format!("{}: {}", finding.subject, finding.what))
        .collect()
}

/// Puts a value into the column of the row; false if the database itself refuses it.
fn put(f: &Federation, table: &str, column: &str, row: &str, holds: Holds, (value, number): (&[u8], i64)) -> bool {
    let sql = format!("UPDATE {table} SET {column} = ? WHERE {row}");
    let statement = Statement::new(sql);
    let statement = match holds {
        Bytes => statement.bind(value.to_vec()),
        Words => statement.bind(String::from_utf8(value.to_vec()).unwrap()),
        Number(14) => statement.bind(i16::try_from(number).unwrap()),
        Number(20) => statement.bind(i32::try_from(number).unwrap()),
        Number(_) => statement.bind(number),
    };
    match f.database.read(|c| c.execute(statement)) {
        Ok(rows) => {
            assert_eq!(rows, 1, "{table}.{column} of {row}");
            true
        }
        Err(_) => false,
    }
}

/// Alters one bit of one row; what must be found is named by `table`, `column` and place.
fn alter(f: &Federation, table: &str, key: &[&str], (column, holds): (&str, Holds), names: &str) {
    let Some(place) = chosen(f, table, key, (column, holds)) else {
        panic!("nothing is in {table}.{column}");
    };
    let Place {
        place: row,
        value,
        number,
    } = place;
    let (mut changed, mut other) = (value.clone(), number);
    let mut rng = rand::rng();
    let which = match holds {
        Number(bits) => {
            let bit = rng.random_range(0..bits);
            other ^= 1 << bit;
            format!("{table}.{column} of {row}, bit {bit}")
        }
        // What stays text: the lowest bits of a byte that is no part of a longer letter.
        Words => {
            let plain: Vec<usize> = (0..value.len()).filter(|at| value[*at].is_ascii()).collect();
            let at = plain[rng.random_range(0..plain.len())];
            changed[at] ^= 1 << rng.random_range(0..4);
            format!("{table}.{column} of {row}, byte {at}")
        }
        Bytes => {
            let at = rng.random_range(0..value.len());
            changed[at] ^= 1 << rng.random_range(0..8);
            format!("{table}.{column} of {row}, byte {at}")
        }
    };
    if changed.contains(&0) && holds == Words {
        return;
    }
    if !put(f, table, column, &row, holds, (&changed, other)) {
        return;
    }
    let report = audit(&f.database).map(|report| (report.ok, found(&report)));
    // The row is found again where its key was altered.
    let moved = moved(
        &row,
        column,
        holds,
        (&value, number),
        (&changed, other),
        f.database.is_postgres(),
    );
    assert!(put(f, table, column, &moved, holds, (&value, number)));
    match report {
        Ok((ok, found)) => {
            assert!(!ok, "{which}: unnoticed");
            assert!(
                found.iter().any(|finding| finding.starts_with(names)),
                "{which}: {found:#?}"
            );
        }
        // What cannot be read at all is named by the error.
        Err(error) => assert!(error.to_string().len() > 10, "{which}: {error}"),
    }
}

fn moved(row: &str, column: &str, holds: Holds, from: (&[u8], i64), to: (&[u8], i64), postgres: bool) -> String {
    let named = |(bytes, number): (&[u8], i64)| match (holds, postgres) {
        (Number(_), _) => format!("{column} = {number}"),
        (_, true) => format!("{column} = '\\x{}'", hex::encode(bytes)),
        (_, false) => format!("{column} = x'{}'", hex::encode_upper(bytes)),
    };
    let mut parts: Vec<String> = row.split(" AND ").map(str::to_owned).collect();
    for part in &mut parts {
        if let Some(rest) = part.strip_prefix(&named(from)) {
            *part = format!("{}{rest}", named(to));
        }
    }
    parts.join(" AND ")
}

#[test]
fn a_bit_that_was_altered_anywhere_is_found_and_its_row_is_named() {
    on_each_database(|f| {
        super::a_busy_ledger(&f);
        unlock(&f);
        for (table, key, columns, names) in TABLES {
            for column in *columns {
                for _ in 0..TRIES {
                    alter(&f, table, key, *column, names);
                }
            }
        }
    });
}
