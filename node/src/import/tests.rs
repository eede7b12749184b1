//! Imports on both databases: once whatever happens, and exactly what the file says.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::time::Timestamp;

use super::*;
use crate::error::NodeError;
use crate::store::Store;
use crate::store::test_databases::databases;

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place\n";

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn metro() -> Methodology {
    serde_json::from_value(serde_json::json!({
        "methodology": "CN-4201-metro.v1", "region": "420100", "title_zh": "武汉地铁出行", "title_en": "Wuhan metro",
        "activity": "rail-transit", "activity_unit": "km", "factor_g_per_unit": "78.4", "record_g_max": 50_000,
        "uses": ["event-neutrality"], "in_force_from": "2024-01-01T00:00:00Z", "vintage_first": 2024,
        "vintage_last": 2026, "source": "https://example.org/metro"
    }))
    .unwrap()
}

/// A ride of `km` kilometres in `year`.
pub(crate) fn ride(n: usize, account: usize, km: &str, year: u16) -> String {
    format!(
        "wuhan-metro,ride-{n:06},holder-{account:06},{km},km,{year}-05-23T08:00:00+08:00,{year}-05-23T08:40:00+08:00,420106\n"
    )
}

/// The key of the tests' own.
pub(crate) fn subjects(folder: &std::path::Path) -> Subjects {
    Subjects::at(&folder.join("subject.key"))
}

fn order(strict: bool) -> Order {
    Order {
        subjects: subjects(std::path::Path::new("/nonexistent")),
        rule: Rule::new(&metro()).unwrap(),
        format: Format::Csv,
        strict,
    }
}

fn import_from(store: &Store, file: impl Read + Seek, strict: bool) -> Result<Job, NodeError> {
    run(store, Source::open(file).unwrap(), &order(strict), &now, &mut |_| {})
}

pub(crate) fn import(store: &Store, text: &str) -> Job {
    import_from(store, Cursor::new(text.as_bytes()), false).unwrap()
}

fn counts(job: &Job) -> (u64, u64, u64) {
    (job.added, job.already_there, job.refused)
}

#[test]
fn a_file_is_counted_once_and_its_totals_are_exact() {
    for database in databases() {
        let store = database.store();
        let text = format!(
            "{HEADER}{}{}{}",
            ride(1, 1, "10", 2025),
            ride(2, 2, "12.5", 2025),
            ride(3, 1, "0.1", 2026)
        );
        let job = import(&store, &text);
        assert_eq!((job.state, counts(&job)), (JobState::Done, (3, 0, 0)));
        assert_eq!((job.bytes_done, job.lines_done), (text.len() as u64, 4));
        let totals: Vec<_> = job
            .totals
            .iter()
            .map(|t| (t.vintage, t.count, t.activity_total.as_str(), t.quantity_g.get()))
            .collect();
        assert_eq!(totals, [(2025, 2, "22.5", 1_764), (2026, 1, "0.1", 7)]);
        assert_eq!(import(&store, &text), job, "the same file is the same job");
        let accounts = store.read(|tx| accounts(tx, job.job, "", 10)).unwrap();
        let held: Vec<_> = accounts
            .iter()
            .map(|a| (a.account.as_str(), a.vintage, a.quantity_g.get()))
            .collect();
        assert_eq!(
            held,
            [
                ("holder-000001", 2025, 784),
                ("holder-000002", 2025, 980),
                ("holder-000001", 2026, 7)
            ]
        );
    }
}

#[test]
fn a_record_counts_once_ever_and_never_changes() {
    for database in databases() {
        let store = database.store();
        import(&store, &format!("{HEADER}{}", ride(1, 1, "10", 2025)));
        let text = format!(
            "{HEADER}{}{}{}{}{}",
            ride(1, 1, "10.0", 2025),
            ride(1, 2, "11", 2025),
            ride(2, 1, "1", 2025),
            ride(2, 1, "1", 2025),
            ride(2, 1, "2", 2025)
        );
        let job = import(&store, &text);
        assert_eq!(counts(&job), (1, 2, 2));
        let errors: Vec<_> = job
            .errors
            .iter()
            .map(|e| (e.line, e.check.as_str(), e.code.as_str()))
            .collect();
        assert_eq!(errors, [(3, "M08", "id-reused"), (6, "M08", "id-reused")]);
        assert!(
            job.errors[0].message.contains("account, quantity, reduction_g"),
            "{}",
            job.errors[0].message
        );
        assert_eq!(job.totals[0].quantity_g.get(), 78);
    }
}

#[test]
fn overlapping_files_of_several_platforms_add_what_is_new_and_find_every_change() {
    let count = 4_001;
    // The same ids on two platforms, in an order that jumps about, in the series of two years.
    let line = |n: usize, km: usize| {
        let platform = if n.is_multiple_of(2) { "wuhan" } else { "other" };
        let id = n * 2_477 % count;
        ride(id, id % 7, &km.to_string(), 2024 + u16::try_from(id % 3).unwrap() % 2).replacen("wuhan", platform, 1)
    };
    let file = |from: usize, to: usize, km: &dyn Fn(usize) -> usize| {
        let rides: String = (from..to).map(|n| line(n, km(n))).collect();
        format!("{HEADER}{rides}")
    };
    for database in databases() {
        let store = database.store();
        let first = import(&store, &file(0, 3_000, &|_| 1));
        assert_eq!(counts(&first), (3_000, 0, 0));
        let changed = |n: usize| if n.is_multiple_of(1_000) { 2 } else { 1 };
        let second = import(&store, &file(2_000, count, &changed));
        assert_eq!(counts(&second), (1_001, 999, 1));
        assert_eq!(
            (second.errors[0].line, second.errors[0].code.as_str()),
            (2, "id-reused")
        );
        let added: u64 = second.totals.iter().map(|total| total.count).sum();
        assert_eq!(added, 1_001);
        let accounts = store.read(|tx| accounts(tx, first.job, "", 100)).unwrap();
        assert_eq!(accounts.iter().map(|a| a.count).sum::<u64>(), 3_000);
        let two = store
            .read(|tx| super::accounts(tx, first.job, "holder-000001", 2))
            .unwrap();
        let names: Vec<_> = two.iter().map(|a| a.account.as_str()).collect();
        assert_eq!(
            names,
            ["holder-000002", "holder-000003", "holder-000002", "holder-000003"]
        );
    }
}

#[test]
fn bad_lines_are_listed_up_to_a_limit_and_counted_without_one() {
    for database in databases() {
        let store = database.store();
        let bad: String = (0..ERRORS_KEPT_MAX + 50).map(|n| ride(n, 1, "-1", 2025)).collect();
        let job = import(&store, &format!("{HEADER}{bad}{}", ride(9_999, 1, "1", 2025)));
        assert_eq!(counts(&job), (1, 0, (ERRORS_KEPT_MAX + 50) as u64));
        let kept = store.read(|tx| errors(tx, job.job, 0, 10_000)).unwrap();
        assert_eq!(kept.len(), ERRORS_KEPT_MAX);
        assert_eq!((kept[0].line, kept[0].field.as_str()), (2, "quantity"));
    }
}

#[test]
fn a_strict_job_stops_before_the_first_bad_line_and_continues_there() {
    for database in databases() {
        let store = database.store();
        let good: String = (0..10).map(|n| ride(n, 1, "1", 2025)).collect();
        let text = format!("{HEADER}{good}{}{}", ride(10, 1, "NaN", 2025), ride(11, 1, "1", 2025));
        let file = || Cursor::new(text.clone().into_bytes());
        for _ in 0..2 {
            let job = import_from(&store, file(), true).unwrap();
            assert_eq!(
                (job.state, counts(&job), job.lines_done),
                (JobState::Stopped, (10, 0, 0), 11)
            );
            assert!(job.problem.unwrap().starts_with("line 12: M02 schema: quantity: `NaN`"));
        }
        let job = import_from(&store, file(), false).unwrap();
        assert_eq!(
            (job.state, counts(&job), job.problem),
            (JobState::Done, (11, 0, 1), None)
        );
    }
}

#[test]
fn a_reused_record_id_stops_a_strict_job_with_nothing_after_it() {
    for database in databases() {
        let store = database.store();
        let text = format!(
            "{HEADER}{}{}{}",
            ride(1, 1, "1", 2025),
            ride(1, 1, "2", 2025),
            ride(2, 1, "1", 2025)
        );
        let job = import_from(&store, Cursor::new(text.as_bytes()), true).unwrap();
        assert_eq!(
            (job.state, counts(&job), job.lines_done),
            (JobState::Stopped, (1, 0, 0), 2)
        );
        assert!(job.problem.unwrap().starts_with("line 3: M08 id-reused"));
    }
}

#[test]
fn an_unreadable_file_leaves_no_job() {
    for database in databases() {
        let store = database.store();
        let error = import_from(&store, Cursor::new("a;b\n"), false).unwrap_err();
        assert_eq!(error.code(), "file-unreadable");
        assert!(error.to_string().contains("separated by commas"));
        assert!(store.read(|tx| list(tx, i64::MAX, 10)).unwrap().is_empty());
    }
}

/// A file on a disk that fails after some bytes of the second reading (the first one computes the hash).
struct Failing {
    file: Cursor<Vec<u8>>,
    readings: u32,
    fails_at: u64,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.readings > 2 && self.file.position() >= self.fails_at {
            return Err(io::Error::other("the disk is gone"));
        }
        let most = buffer.len().min(40_000);
        self.file.read(&mut buffer[..most])
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.readings += 1;
        self.file.seek(to)
    }
}

#[test]
fn a_job_that_was_cut_off_continues_where_it_stopped() {
    for database in databases() {
        let store = database.store();
        let count = 3 * RECORDS_A_BATCH + 7;
        let text = format!(
            "{HEADER}{}",
            (0..count).map(|n| ride(n, n % 10, "1.5", 2025)).collect::<String>()
        );
        let fails_at = (text.len() / 2) as u64;
        let file = Failing {
            file: Cursor::new(text.clone().into_bytes()),
            readings: 0,
            fails_at,
        };
        assert_eq!(import_from(&store, file, false).unwrap_err().code(), "file-unreadable");
        let cut = store.read(|tx| list(tx, i64::MAX, 1)).unwrap().pop().unwrap();
        assert_eq!(cut.state, JobState::Running);
        assert!(cut.added > 0 && cut.added < count as u64 && cut.added % RECORDS_A_BATCH as u64 == 0);
        let mut read = 0;
        let source = Source::open(Cursor::new(text.as_bytes())).unwrap();
        let job = run(&store, source, &order(false), &now, &mut |p| read = p.records).unwrap();
        assert_eq!((job.state, counts(&job)), (JobState::Done, (count as u64, 0, 0)));
        assert_eq!(read, count as u64 - cut.added, "nothing is read twice");
        assert_eq!(job.totals[0].count, count as u64);
    }
}

#[test]
fn progress_counts_records_a_second_without_dividing_by_zero() {
    let progress = Progress {
        bytes_done: 0,
        bytes_total: 0,
        records: 500,
        refused: 0,
        elapsed: std::time::Duration::ZERO,
    };
    assert_eq!(progress.records_per_s(), 500_000);
}

const WITH_SUBJECT: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place,subject\n";

/// A ride with the identifier of a person.
pub(crate) fn ride_of(n: usize, account: usize, subject: &str) -> String {
    format!("{},{subject}\n", ride(n, account, "10", 2025).trim_end())
}

pub(crate) fn import_sealed(store: &Store, subjects: &Subjects, text: &str, strict: bool) -> Job {
    let order = Order {
        subjects: subjects.clone(),
        ..order(strict)
    };
    let source = Source::open(Cursor::new(text.as_bytes())).unwrap();
    run(store, source, &order, &now, &mut |_| {}).unwrap()
}

fn sealed(store: &Store, subjects: &Subjects, accounts: &[&str]) -> Vec<(String, String)> {
    let rows = store.read(|tx| Ok(tx.subjects(accounts)?)).unwrap();
    let opened = |row: &crate::store::rows::SubjectRow| subjects.open(&row.account, &row.sealed).unwrap();
    rows.iter().map(|row| (row.account.clone(), opened(row))).collect()
}

#[test]
fn an_account_is_one_person_for_ever_and_another_one_is_refused_with_its_line() {
    for database in databases() {
        let (store, folder) = (database.store(), tempfile::tempdir().unwrap());
        let subjects = subjects(folder.path());
        subjects.prepare(&store).unwrap();
        let rides = [
            ride_of(1, 1, "199 0000 0001"),
            ride_of(2, 1, "19900000001"),
            ride_of(3, 1, "19900000009"),
            ride_of(4, 2, ""),
            ride_of(5, 3, "\u{200b}"),
        ];
        let job = import_sealed(&store, &subjects, &format!("{WITH_SUBJECT}{}", rides.concat()), false);
        assert_eq!(counts(&job), (3, 0, 2));
        let lines: Vec<_> = job
            .errors
            .iter()
            .map(|e| (e.line, e.check.as_str(), e.field.as_str()))
            .collect();
        assert_eq!(lines, [(4, "M08", "subject"), (6, "M02", "subject")]);
        assert!(!format!("{job:?}").contains("1990000"), "no identifier is shown");
        // A later import fills in who somebody is, also with records that are there already.
        let later = [
            ride_of(4, 2, "19900000002"),
            ride_of(6, 1, "19900000002"),
            ride_of(7, 1, "19900000001"),
        ];
        let job = import_sealed(&store, &subjects, &format!("{WITH_SUBJECT}{}", later.concat()), false);
        assert_eq!(counts(&job), (1, 1, 1));
        let known = sealed(&store, &subjects, &["holder-000001", "holder-000002", "holder-000003"]);
        let wanted = [("holder-000001", "19900000001"), ("holder-000002", "19900000002")];
        assert_eq!(
            known,
            wanted.map(|(account, subject)| (account.to_owned(), subject.to_owned()))
        );
        // A strict import stops there.
        let strict = import_sealed(
            &store,
            &subjects,
            &format!("{WITH_SUBJECT}{}", ride_of(8, 1, "19900000003")),
            true,
        );
        assert_eq!((strict.state, counts(&strict)), (JobState::Stopped, (0, 0, 0)));
    }
}

#[test]
fn a_table_of_identifiers_is_of_no_use_without_the_key() {
    for database in databases() {
        let (store, folder) = (database.store(), tempfile::tempdir().unwrap());
        let subjects = subjects(folder.path());
        subjects.prepare(&store).unwrap();
        let text = format!("{WITH_SUBJECT}{}", ride_of(1, 1, "19900000001"));
        import_sealed(&store, &subjects, &text, false);
        for row in store.read(|tx| Ok(tx.subjects(&["holder-000001"])?)).unwrap() {
            assert!(!row.sealed.windows(11).any(|some| some == b"19900000001"));
        }
        let pages = store.read(|tx| Ok(tx.activity_pages(1, 1, i64::MAX, 10)?)).unwrap();
        assert!(
            pages
                .iter()
                .all(|page| !page.content.windows(11).any(|some| some == b"19900000001"))
        );
    }
}
