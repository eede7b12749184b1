//! Months that are closed, and files that are not what was written.

use std::fs;
use std::path::PathBuf;

use tanqiao_hub::screening::ScreeningError;
use tanqiao_protocol::fingerprint::TokenKind::Record;

use crate::ground::{Ground, at, epoch, on_each_engine, screen};

const MAY: &str = "2026-05";
const JUNE: &str = "2026-06";

#[test]
fn a_retired_month_is_compared_with_again_once_it_is_restored() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        screen(store.as_mut(), 1, &[at(0, Record, MAY, 1), at(1, Record, JUNE, 2)]).unwrap();
        let early = store.retire(epoch(MAY));
        assert!(matches!(early, Err(ScreeningError::Unsettled { run: 1, .. })));
        store.confirm(1).unwrap();
        store.retire(epoch(MAY)).unwrap();
        let stats = store.stats().unwrap();
        assert_eq!((stats.tokens(), stats.retired.contains(&epoch(MAY))), (1, true));
        let closed = screen(store.as_mut(), 2, &[at(0, Record, JUNE, 3), at(1, Record, MAY, 1)]);
        assert!(matches!(closed, Err(ScreeningError::Retired(e)) if e == epoch(MAY)));
        // Repeated, nothing changes; what was never there can be neither closed nor brought back.
        store.retire(epoch(MAY)).unwrap();
        store.restore(epoch(JUNE)).unwrap();
        assert_eq!(store.stats().unwrap(), stats);
        let never = epoch("2020-01");
        assert!(matches!(store.retire(never), Err(ScreeningError::Unknown(..))));
        assert!(matches!(store.restore(never), Err(ScreeningError::Unknown(..))));
        drop(store);
        let mut store = ground.open();
        assert_eq!(store.reconcile(&[1].into()).unwrap().missing, Vec::<u32>::new());
        store.restore(epoch(MAY)).unwrap();
        store.restore(epoch(MAY)).unwrap();
        store.verify().unwrap();
        let (_, found) = screen(store.as_mut(), 2, &[at(0, Record, JUNE, 3), at(1, Record, MAY, 1)]).unwrap();
        assert_eq!(found.len(), 1);
        // And once more: an archive can be used twice.
        store.verify().unwrap();
        store.confirm(2).unwrap();
        store.retire(epoch(MAY)).unwrap();
        store.restore(epoch(MAY)).unwrap();
        assert_eq!(store.stats().unwrap().tokens(), 3);
    });
}

/// A store with some tokens, and its files.
fn filled(ground: &Ground) -> Vec<PathBuf> {
    let mut store = ground.open();
    let batch: Vec<_> = (0..3_000u32).map(|n| at(n, Record, MAY, n.into())).collect();
    screen(store.as_mut(), 1, &batch).unwrap();
    store.confirm(1).unwrap();
    let tokens = ground.files().join(MAY);
    fs::read_dir(tokens)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn an_archive_that_was_changed_is_not_restored() {
    let ground = Ground::embedded();
    filled(&ground);
    let mut store = ground.open();
    store.retire(epoch(MAY)).unwrap();
    let archived = ground.files().join("archive").join(MAY);
    let sums = fs::read_to_string(archived.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 2, "one file of tokens, and their list: {sums}");
    let name = sums
        .lines()
        .find_map(|line| line.split_once("  ").filter(|(_, n)| n.ends_with(".tokens")));
    let file = archived.join(name.unwrap().1);
    let good = fs::read(&file).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&file, &bad).unwrap();
    assert!(matches!(store.restore(epoch(MAY)), Err(ScreeningError::Damaged { .. })));
    fs::write(&file, &good).unwrap();
    store.restore(epoch(MAY)).unwrap();
    assert_eq!(store.stats().unwrap().tokens(), 3_000);
}

#[test]
fn a_damaged_file_is_named_and_nothing_is_screened_against_it() {
    let ground = Ground::embedded();
    let files = filled(&ground);
    let good = fs::read(&files[0]).unwrap();
    for length in [0, 10, good.len() - 1] {
        fs::write(&files[0], &good[..length]).unwrap();
        let refused = ground.try_open().unwrap_err();
        assert!(refused.to_string().contains(".tokens is damaged"), "{refused}");
    }
    // The last bytes describe the file, and are read when it is opened; the first are tokens, and are read when they are needed.
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    fs::write(&files[0], &bad).unwrap();
    assert!(matches!(ground.try_open(), Err(ScreeningError::Damaged { .. })));
    let mut bad = good.clone();
    bad[0] ^= 1;
    fs::write(&files[0], &bad).unwrap();
    let mut store = ground.open();
    assert!(matches!(store.verify(), Err(ScreeningError::Damaged { .. })));
    let all: Vec<_> = (0..3_000u32).map(|n| at(n, Record, MAY, n.into())).collect();
    assert!(matches!(
        screen(store.as_mut(), 2, &all),
        Err(ScreeningError::Damaged { .. })
    ));
    fs::write(&files[0], &good).unwrap();
    assert_eq!(screen(store.as_mut(), 2, &all).unwrap().0.collided, 3_000);
    drop(store);
    fs::remove_file(&files[0]).unwrap();
    assert!(ground.try_open().is_err(), "a file of the manifest is missing");
}

#[test]
fn a_store_without_its_manifest_is_not_taken_for_a_new_one() {
    let ground = Ground::embedded();
    filled(&ground);
    fs::remove_file(ground.files().join("manifest.json")).unwrap();
    let refused = ground.try_open().unwrap_err();
    assert!(matches!(refused, ScreeningError::Damaged { .. }), "{refused}");
}
