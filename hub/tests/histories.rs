//! Random histories: four members and their officers do everything that can be done, in any order, while the clock moves.
//! Whatever they do, every audit passes, nothing is answered `internal`, and other batches give the same ledger.
//!
//! A failure prints the seed of its history: `TANQIAO_HISTORY=<seed> cargo test -p tanqiao-hub --test histories` runs that
//! one alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

#[path = "histories/chance.rs"]
mod chance;
#[path = "histories/commands.rs"]
mod commands;

use std::collections::{BTreeMap, BTreeSet};

use chance::{Chance, MEMBERS};
use support::{Federation, assert_sound, on_postgres};
use tanqiao_hub::ledger::command::Command;
use tanqiao_protocol::lattice::SetDigest;

const STEPS: usize = 80;

/// Commands with the clock at which they were asked.
type History = Vec<(i64, Command)>;

/// Plays a random history, a few commands a batch.
fn play(f: &Federation, seed: u64, steps: usize) -> History {
    let mut chance = Chance::new(seed);
    chance.begin(f);
    f.asked();
    let mut history = History::new();
    // A set: a message that is sent again is answered again.
    let mut issued = BTreeSet::new();
    while history.len() < steps {
        let batch = chance.batch(f);
        let now = f.now().micros();
        // What the batch is about may have been agreed on the way to it.
        history.extend(f.asked().into_iter().map(|command| (now, command)));
        history.extend(batch.iter().map(|command| (now, command.clone())));
        let answers = f.sequencer.submit_blocking(batch.clone()).unwrap();
        for (command, answer) in batch.iter().zip(&answers) {
            if let Err(problem) = &answer.result {
                assert!(
                    problem.status < 500,
                    "seed {seed}: {command:?}\nwas answered {problem:?}"
                );
            }
            issued.extend(answer.result.iter().flat_map(|o| o.blocks.clone()));
            chance.learn(command, answer);
        }
    }
    let held: i64 = f.blocks().iter().map(|b| b.quantity().get()).sum();
    let issued: i64 = issued.iter().map(|b| b.range.quantity().get()).sum();
    assert_eq!(
        held,
        issued + chance.issued_before,
        "seed {seed}: nothing is created and nothing lost"
    );
    history
}

/// The digest of all blocks of a ledger, and how many of each state there are.
fn digest(f: &Federation) -> (String, BTreeMap<&'static str, usize>) {
    let mut digest = SetDigest::new();
    let mut states = BTreeMap::new();
    for block in f.blocks() {
        digest.add(block.digest_record().as_bytes());
        *states.entry(block.status.state.word()).or_default() += 1;
    }
    (format!("{digest:?}"), states)
}

fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("TANQIAO_HISTORY") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=count).collect(),
    }
}

fn on_a_file(test: impl FnOnce(Federation)) {
    let directory = tempfile::tempdir().unwrap();
    test(Federation::found(&format!(
        "sqlite:{}",
        directory.path().join("hub.db").display()
    )));
}

#[test]
fn every_history_leaves_a_sound_ledger() {
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for seed in seeds(60) {
        on_a_file(|f| {
            play(&f, seed, STEPS);
            println!("seed {seed}: {:?}", digest(&f).1);
            assert_sound(&f.database);
            for member in MEMBERS {
                f.feed(member.0)
                    .into_iter()
                    .for_each(|what| *done.entry(what).or_default() += 1);
            }
        });
    }
    if std::env::var("TANQIAO_HISTORY").is_err() {
        // The histories are worth something only if they get everywhere.
        for what in [
            "transfer.delayed",
            "transfer.awaiting-approval",
            "transfer.reserved",
            "transfer.offered",
            "transfer.committed",
            "transfer.declined",
            "transfer.withdrawn",
            "transfer.expired",
            "transfer.halted",
            "donation.reserved",
            "donation.committed",
            "donation.declined",
            "donation.withdrawn",
            "donation.expired",
            "donation.halted",
            "retirement.committed",
            "cancellation.committed",
            "pledge.created",
            "pledge.released",
            "pledge.foreclosed",
            "freeze.set",
            "freeze.lifted",
            "freeze.cancelled",
            "member.suspended",
        ] {
            assert!(done.contains_key(what), "no history came to {what}: {done:?}");
        }
    }
}

#[test]
fn every_history_leaves_a_sound_ledger_on_postgresql() {
    for seed in seeds(10) {
        on_postgres(|f| {
            play(&f, 1_000 + seed, STEPS);
            println!("seed {}: {:?}", 1_000 + seed, digest(&f).1);
        });
    }
}

#[test]
fn other_batches_of_the_same_history_give_the_same_ledger() {
    for seed in seeds(20) {
        let mut ledgers = Vec::new();
        let mut history = History::new();
        on_a_file(|f| {
            history = play(&f, seed, STEPS);
            ledgers.push(digest(&f));
        });
        // One command a batch, and as many as have the same time.
        for most in [1, usize::MAX] {
            on_a_file(|f| {
                Chance::new(seed).begin(&f);
                for batch in history.chunk_by(|a, b| a.0 == b.0) {
                    f.clock.store(batch[0].0, std::sync::atomic::Ordering::SeqCst);
                    for commands in batch.chunks(most.min(batch.len())) {
                        f.sequencer
                            .submit_blocking(commands.iter().map(|(_, c)| c.clone()).collect())
                            .unwrap();
                    }
                }
                assert_sound(&f.database);
                ledgers.push(digest(&f));
            });
        }
        assert!(
            ledgers.windows(2).all(|pair| pair[0] == pair[1]),
            "seed {seed}: {ledgers:?}"
        );
    }
}
