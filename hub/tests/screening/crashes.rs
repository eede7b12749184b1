//! A process is killed at each crash point; the next one finds a run whole or not at all.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use tanqiao_hub::screening::Fingerprint;
use tanqiao_protocol::fingerprint::TokenKind::{Record, Subject};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;

use crate::ground::{Ground, Model, at, config, epoch, on_each_engine, screen};

const MAY: &str = "2026-05";
const JUNE: &str = "2026-06";

/// The tokens of a run: in two months, and some that the run before has as well.
fn tokens(run: u32) -> Vec<Fingerprint> {
    let first = u128::from(run) * 90;
    (0..100u32)
        .flat_map(|n| {
            let token = first + u128::from(n);
            [at(n, Record, MAY, token), at(n, Subject, JUNE, token)]
        })
        .collect()
}

/// What a process does that the other tests start and that is killed, from the environment; see [`killed`]. Nothing without it.
#[test]
fn child() {
    let Ok(url) = std::env::var("SCREENING_URL") else {
        return;
    };
    let database = tanqiao_hub::store::database::Database::open(&url).unwrap();
    match std::env::var("SCREENING_STEP").unwrap().as_str() {
        "spool" => {
            let spool = tanqiao_hub::screening::open_spool(&database, &config()).unwrap();
            spool.append(stream(), 10, &[2; 20], 100).unwrap();
        }
        step => {
            let mut store = tanqiao_hub::screening::open_store(&database, &config()).unwrap();
            store.reconcile(&[1, 2, 3].into()).unwrap();
            match step {
                "screen" => drop(screen(store.as_mut(), 4, &tokens(4)).unwrap()),
                "merge" => {
                    screen(store.as_mut(), 4, &tokens(4)).unwrap();
                    store.confirm(4).unwrap();
                }
                "retire" => store.retire(epoch(MAY)).unwrap(),
                "restore" => store.restore(epoch(MAY)).unwrap(),
                other => panic!("{other}"),
            }
        }
    }
}

fn stream() -> MessageId {
    MessageId::from_parts(Timestamp::from_micros(1_780_272_000_000_000), &[1; 10])
}

/// Runs a step in a process that dies at a crash point; false if it never came there.
fn killed(ground: &Ground, step: &str, point: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashes::child", "--quiet"])
        .env("SCREENING_URL", &ground.url)
        .env("SCREENING_STEP", step)
        .env("TANQIAO_CRASH_AT", point)
        .output()
        .unwrap();
    if status.status.signal() == Some(9) {
        return true;
    }
    assert!(
        status.status.success(),
        "{step} at {point}: {}{}",
        String::from_utf8_lossy(&status.stdout),
        String::from_utf8_lossy(&status.stderr)
    );
    false
}

/// Three named runs, and a model of them.
fn begin(ground: &Ground) -> Model {
    let mut store = ground.open();
    let mut model = Model::default();
    for run in 1..=3 {
        let answer = screen(store.as_mut(), run, &tokens(run)).unwrap();
        assert_eq!(answer, model.screen(run, &tokens(run)));
        store.confirm(run).unwrap();
    }
    model
}

/// The store is as the model says, and the next run is answered as the model would.
fn assert_sound(ground: &Ground, model: &Model, named: &[u32]) {
    let mut store = ground.open();
    let reconciled = store.reconcile(&named.iter().copied().collect()).unwrap();
    assert!(reconciled.missing.is_empty());
    assert_eq!(store.stats().unwrap().tokens(), model.tokens());
    let run = u32::try_from(named.len()).unwrap() + 1;
    for _ in 0..2 {
        let answer = screen(store.as_mut(), run, &tokens(run)).unwrap();
        assert_eq!(answer, model.clone().screen(run, &tokens(run)));
    }
    store.discard(run).unwrap();
}

const POINTS: &[(&str, &str, bool)] = &[
    // The step, the point, and whether the run that was being screened is stored.
    ("screen", "tokens.after-files", false),
    ("screen", "tokens.before-manifest", false),
    ("screen", "tokens.after-manifest", true),
    ("screen", "tokens.before-commit", false),
    ("screen", "tokens.after-commit", true),
    ("merge", "tokens.before-manifest:2", true),
    ("merge", "tokens.after-manifest:2", true),
    ("merge", "tokens.after-merge", true),
    ("merge", "tokens.before-manifest:3", true),
    ("merge", "tokens.after-manifest:3", true),
];

#[test]
fn a_run_that_was_killed_is_there_or_not_and_never_half() {
    let deaths = std::cell::Cell::new(0);
    let grounds = std::cell::Cell::new(0);
    on_each_engine(|ground| {
        grounds.set(grounds.get() + 1);
        let model = begin(ground);
        for (step, point, stored) in POINTS {
            let died = killed(ground, step, point);
            deaths.set(deaths.get() + u32::from(died));
            // Nobody has named it: it is gone at the next start. A step that was not killed has confirmed it.
            if died || *step == "screen" {
                let confirmed = *step == "merge" && *point != "tokens.before-manifest:2";
                let mut store = ground.open();
                let reconciled = if confirmed {
                    store.rewind(&[1, 2, 3].into()).unwrap()
                } else {
                    store.reconcile(&[1, 2, 3].into()).unwrap()
                };
                let expected: &[u32] = if *stored || !died { &[4] } else { &[] };
                assert_eq!(reconciled.discarded, expected, "{step} at {point}");
                drop(store);
            } else {
                ground.open().rewind(&[1, 2, 3].into()).unwrap();
            }
            assert_sound(ground, &model, &[1, 2, 3]);
        }
    });
    // Eight points of the files; two of the database, on PostgreSQL.
    assert_eq!(deaths.get(), if grounds.get() == 2 { 10 } else { 8 });
}

#[test]
fn a_run_that_was_named_survives_the_process_that_screened_it() {
    on_each_engine(|ground| {
        let mut model = begin(ground);
        let point = if ground.is_postgres() {
            "tokens.after-commit"
        } else {
            "tokens.after-manifest"
        };
        assert!(killed(ground, "screen", point));
        model.screen(4, &tokens(4));
        assert_sound(ground, &model, &[1, 2, 3, 4]);
    });
}

#[test]
fn a_month_that_was_being_moved_is_in_one_place() {
    let ground = Ground::embedded();
    begin(&ground);
    for point in ["tokens.before-manifest", "tokens.after-manifest", "tokens.after-move"] {
        assert!(killed(&ground, "retire", point));
        let mut store = ground.open();
        let retired = store.stats().unwrap().retired.contains(&epoch(MAY));
        assert_eq!(retired, point != "tokens.before-manifest");
        if !retired {
            store.retire(epoch(MAY)).unwrap();
        }
        drop(store);
        assert!(killed(&ground, "restore", point));
        let mut store = ground.open();
        let retired = store.stats().unwrap().retired.contains(&epoch(MAY));
        assert_eq!(retired, point == "tokens.before-manifest");
        if retired {
            store.restore(epoch(MAY)).unwrap();
        }
        let (_, found) = screen(store.as_mut(), 4, &[at(0, Record, MAY, 100)]).unwrap();
        assert_eq!(found.len(), 1, "after {point}");
        store.discard(4).unwrap();
    }
}

#[test]
fn bytes_that_were_acknowledged_are_in_the_spool_after_a_crash() {
    on_each_engine(|ground| {
        for (point, offset) in [("spool.before-write", 10), ("spool.after-write", 30)] {
            let spool = ground.spool();
            spool.remove(stream()).unwrap();
            spool.append(stream(), 0, &[1; 10], 100).unwrap();
            drop(spool);
            assert!(killed(ground, "spool", point));
            assert_eq!(ground.spool().offset(stream()).unwrap(), offset, "{point}");
        }
    });
}
