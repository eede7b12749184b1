//! The audit of the published log: a single byte that was altered in a leaf, a tile, a bundle, a head, a cosignature or a file is found,
//! and what has it is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::Path;

use diesel::sql_types::Binary;
use rand::Rng as _;
use support::{Federation, node, on_each_database, on_sqlite};
use tanqiao_hub::ledger::audit::Section;
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::store::checkpoints;
use tanqiao_hub::store::cosignatures::{self, Cosignature};
use tanqiao_hub::store::database::{ReadConnection, StoreError};
use tanqiao_hub::store::statement::Statement;
use tanqiao_hub::transparency::audit::{Published, audit};
use tanqiao_hub::transparency::{LogFiles, LogKeeper};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::message::WitnessKey;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};
use tanqiao_protocol::time::Timestamp;

const ORIGIN: &str = "tanqiao.test/log";
const NOW: u64 = 1_790_000_000;

fn secret(number: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[number; 32]).unwrap()
}

fn key() -> NoteKey {
    NoteKey::new(ORIGIN, secret(7).verifying_key().clone()).unwrap()
}

fn keeper(f: &Federation, directory: &Path) -> LogKeeper {
    let files = LogFiles::new(directory.to_owned());
    LogKeeper::new(f.database.clone(), files, key(), secret(7))
}

fn look(f: &Federation, directory: &Path) -> Section {
    try_look(f, directory).unwrap()
}

fn try_look(f: &Federation, directory: &Path) -> Result<Section, StoreError> {
    let published = Published {
        trust_domain: &"tanqiao.test".parse().unwrap(),
        key: &key(),
        files: &LogFiles::new(directory.to_owned()),
        mark: None,
    };
    audit(&f.database, &published)
}

/// The only thing that is named.
fn named(report: &Section) -> Vec<&str> {
    let mut names: Vec<&str> = report.findings.iter().map(|finding| finding.subject.as_str()).collect();
    names.dedup();
    names
}

fn run(f: &Federation, statement: Statement<'_>) {
    assert_eq!(f.database.read(|c| c.execute(statement)).unwrap(), 1);
}

/// So many leaves that nobody decided, after those that are there: the audit of the log looks at bytes only.
fn grow(f: &Federation, leaves: i64) {
    let size = i64::try_from(f.database.read(checkpoints::leaf_count).unwrap()).unwrap();
    let last = size + leaves - 1;
    let sql = if f.database.is_postgres() {
        format!(
            "INSERT INTO leaf (idx, bytes) SELECT n, convert_to('leaf ' || n, 'UTF8') FROM generate_series({size}, {last}) n"
        )
    } else {
        format!(
            "WITH RECURSIVE s (n) AS (SELECT {size} UNION ALL SELECT n + 1 FROM s WHERE n < {last})
             INSERT INTO leaf (idx, bytes) SELECT n, CAST('leaf ' || n AS BLOB) FROM s"
        )
    };
    f.database.read(|c| c.execute(Statement::new(sql))).unwrap();
    run(
        f,
        Statement::new(format!("UPDATE log_head SET size = {}", size + leaves)),
    );
}

/// Lets leaves be altered at all.
fn unlock(f: &Federation) {
    let triggers: &[&str] = if f.database.is_postgres() {
        &["DROP TRIGGER leaf_fixed ON leaf"]
    } else {
        &["DROP TRIGGER leaf_fixed", "DROP TRIGGER leaf_kept"]
    };
    for trigger in triggers {
        f.database.read(|c| c.execute(Statement::new(*trigger))).unwrap();
    }
}

/// Takes the leaves back that nobody decided.
fn shrink(f: &Federation, size: u64) {
    let all = format!("DELETE FROM leaf WHERE idx >= {size}");
    f.database.read(|c| c.execute(Statement::new(all))).unwrap();
    run(f, Statement::new(format!("UPDATE log_head SET size = {size}")));
}

/// The witness of wuhan, whose cosignature is the quorum.
fn witnessed(f: &Federation) {
    let key = witness();
    let body = Body::WitnessKey(Box::new(WitnessKey {
        witness_key: key.clone(),
    }));
    f.by_member("wuhan", body).unwrap();
    let member = node("wuhan");
    let decision = Decision::AdmitWitness { member, key };
    f.by_officers(&["first-officer", "second-officer"], decision).unwrap();
}

fn witness() -> NoteKey {
    NoteKey::of_kind(
        "tanqiao.test/witness/wuhan",
        NoteKind::Cosignature,
        secret(9).verifying_key().clone(),
    )
    .unwrap()
}

fn cosign(f: &Federation) {
    let now = Timestamp::from_micros(i64::try_from(NOW).unwrap() * 1_000_000);
    let heads = f.database.read(|c| checkpoints::heads(c, now)).unwrap();
    let head = heads.newest.unwrap();
    let text = Note::parse(head.note.unwrap().as_bytes()).unwrap().text().to_owned();
    let mut note = Note::unsigned(&text).unwrap();
    note.add(SignatureLine::cosign(&text, &witness(), &secret(9), NOW).unwrap())
        .unwrap();
    let cosigned = Cosignature {
        member: node("wuhan"),
        key: witness(),
        size: head.size,
        at: NOW,
        note: note.to_string(),
    };
    cosignatures::take(&f.database, &cosigned, &head.root, now).unwrap();
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[place] ^= 1;
    changed
}

/// One byte of a file, and what is named.
fn flip_file(f: &Federation, directory: &Path, path: &str, place: impl Fn(usize) -> usize) {
    let file = directory.join(path);
    let whole = std::fs::read(&file).unwrap();
    let place = place(whole.len());
    std::fs::write(&file, flipped(&whole, place)).unwrap();
    assert_eq!(named(&look(f, directory)), [path], "{path} byte {place}");
    std::fs::write(&file, whole).unwrap();
}

#[derive(diesel::QueryableByName)]
struct Value {
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

/// Every so-many-th byte of a column of text or bytes, and what is named.
fn flip_rows(f: &Federation, directory: &Path, (table, column, text): (&str, &str, bool), every: usize, names: &str) {
    let postgres = f.database.is_postgres();
    let read = match (text, postgres) {
        (true, true) => format!("convert_to({column}, 'UTF8')"),
        (true, false) => format!("CAST({column} AS BLOB)"),
        (false, _) => column.to_owned(),
    };
    let newest = format!("(SELECT max(size) FROM {table})");
    let read = format!("SELECT {read} AS value FROM {table} WHERE size = {newest}");
    let rows: Vec<Value> = f.database.read(|c| c.load(Statement::new(read.clone()))).unwrap();
    let whole = rows[0].value.clone();
    let write = |bytes: &[u8]| {
        let sql = format!("UPDATE {table} SET {column} = ? WHERE size = {newest}");
        let statement = Statement::new(sql);
        if text {
            run(f, statement.bind(String::from_utf8_lossy(bytes).into_owned()));
        } else {
            run(f, statement.bind(bytes.to_vec()));
        }
    };
    for place in (0..whole.len()).step_by(every) {
        let mut changed = whole.clone();
        // Text stays text: bit 0 of a letter, digit or line end.
        changed[place] ^= 1;
        if text && std::str::from_utf8(&changed).is_err() {
            continue;
        }
        write(&changed);
        let place = format!("{table}.{column} byte {place}");
        match try_look(f, directory) {
            Ok(report) => assert!(
                named(&report).iter().any(|name| name.starts_with(names)),
                "{place}: {report:?}"
            ),
            // What cannot be read at all is named by the error.
            Err(error) => assert!(error.to_string().contains(names), "{place}: {error}"),
        }
        write(&whole);
    }
    assert!(look(f, directory).ok);
}

/// Leaves themselves: in a full bundle, in the last one, and anywhere.
fn flip_leaves(f: &Federation, directory: &Path, size: u64) {
    let anywhere = (0..4).map(|_| rand::rng().random_range(0..size));
    for index in [3, size - 1].into_iter().chain(anywhere) {
        let read = |c: &mut ReadConnection<'_>| checkpoints::leaves(c, index, index + 1);
        let leaf = f.database.read(read).unwrap().remove(0);
        let write = |bytes: Vec<u8>| {
            let statement = Statement::new("UPDATE leaf SET bytes = ? WHERE idx = ?");
            run(f, statement.bind(bytes).bind(i64::try_from(index).unwrap()));
        };
        let place = rand::rng().random_range(0..leaf.len());
        write(flipped(&leaf, place));
        let found = look(f, directory);
        assert_eq!(named(&found), [format!("leaf {index}")], "byte {place}");
        write(leaf);
    }
}

/// Tiles and bundles, full and partial: their first byte, their last, one between, and any.
fn flip_tiles(f: &Federation, directory: &Path, size: u64) {
    let width = size % 256;
    let paths = [
        "tile/0/000".to_owned(),
        format!("tile/0/001.p/{width}"),
        "tile/1/000.p/1".to_owned(),
        "tile/entries/000".to_owned(),
        format!("tile/entries/001.p/{width}"),
    ];
    for path in &paths {
        flip_file(f, directory, path, |_| 0);
        flip_file(f, directory, path, |length| length / 2);
        flip_file(f, directory, path, |length| length - 1);
        for _ in 0..3 {
            flip_file(f, directory, path, |length| rand::rng().random_range(0..length));
        }
    }
}

#[test]
fn every_byte_that_was_altered_is_found_and_located() {
    on_each_database(|f| {
        f.two_regions();
        witnessed(&f);
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        unlock(&f);
        let decided = f.database.read(checkpoints::leaf_count).unwrap();
        grow(&f, 400);
        let mut keeper = keeper(&f, directory);
        keeper.work().unwrap();
        cosign(&f);
        keeper.refresh().unwrap();
        let size = f.database.read(checkpoints::leaf_count).unwrap();
        let report = look(&f, directory);
        assert!(report.ok && report.note.is_none(), "{report:?}");
        assert!(report.checked > size);
        flip_tiles(&f, directory, size);
        let checkpoint = std::fs::read(directory.join("checkpoint")).unwrap();
        for place in 0..checkpoint.len() {
            flip_file(&f, directory, "checkpoint", |_| place);
        }
        flip_file(&f, directory, "policy", |length| length / 2);
        flip_leaves(&f, directory, size);
        flip_rows(
            &f,
            directory,
            ("log_checkpoint", "root", false),
            5,
            "log_checkpoint of size",
        );
        flip_rows(
            &f,
            directory,
            ("log_checkpoint", "note", true),
            3,
            "log_checkpoint of size",
        );
        flip_rows(
            &f,
            directory,
            ("log_cosignature", "note", true),
            3,
            "log_cosignature of wuhan",
        );
        run(
            &f,
            Statement::new("UPDATE log_cosignature SET cosigned_at = cosigned_at + 1"),
        );
        assert_eq!(
            named(&look(&f, directory)),
            [format!("log_cosignature of wuhan over size {size}")]
        );
        run(
            &f,
            Statement::new("UPDATE log_cosignature SET cosigned_at = cosigned_at - 1"),
        );
        // What is missing is found as well.
        std::fs::remove_file(directory.join("tile/0/000")).unwrap();
        assert_eq!(named(&look(&f, directory)), ["tile/0/000"]);
        shrink(&f, decided);
    });
}

#[test]
fn a_tile_of_any_level_is_named() {
    on_sqlite(|f| {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        unlock(&f);
        let decided = f.database.read(checkpoints::leaf_count).unwrap();
        grow(&f, 66_000);
        keeper(&f, directory).work().unwrap();
        assert!(look(&f, directory).ok);
        for path in ["tile/0/255", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
            flip_file(&f, directory, path, |length| length / 3);
        }
        shrink(&f, decided);
    });
}
