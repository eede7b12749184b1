//! What members and operators meet.

use tanqiao_hub::screening::{Concealed, Fingerprint, HubKey, Owner, ScreeningError};
use tanqiao_protocol::fingerprint::StreamRecord;
use tanqiao_protocol::fingerprint::TokenKind::{Asset, Project, Record, Subject};
use tanqiao_protocol::quantity::Grams;

use crate::ground::{at, epoch, on_each_engine, screen};

const MAY: &str = "2026-05";
const JUNE: &str = "2026-06";

#[test]
fn the_same_ride_in_two_issuances_is_found_with_its_first_owner() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        let (first, none) = screen(store.as_mut(), 1, &[at(0, Record, MAY, 7), at(1, Record, MAY, 8)]).unwrap();
        assert_eq!((first.stored, none), (2, vec![]));
        store.confirm(1).unwrap();
        let again = [at(4, Subject, MAY, 8), at(5, Asset, MAY, 9), at(6, Record, JUNE, 7)];
        let (second, found) = screen(store.as_mut(), 2, &again).unwrap();
        assert_eq!((second.stored, found.len()), (2, 1));
        assert_eq!(found[0].found, again[0]);
        let owner = Owner {
            run: 1,
            position: 1,
            kind: Record,
        };
        assert_eq!(
            found[0].owner, owner,
            "another month is another key, so only one collides"
        );
    });
}

#[test]
fn inside_one_issuance_the_first_activity_owns_and_no_activity_collides_with_itself() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        let batch = [
            at(9, Record, MAY, 1),
            at(2, Project, MAY, 1),
            at(5, Record, MAY, 1),
            at(3, Record, MAY, 2),
            at(3, Subject, MAY, 2),
            // Named twice in one record: one token.
            at(3, Subject, MAY, 2),
        ];
        let (screened, found) = screen(store.as_mut(), 1, &batch).unwrap();
        assert_eq!((screened.stored, screened.collided), (2, 2));
        let owner = Owner {
            run: 1,
            position: 2,
            kind: Project,
        };
        assert_eq!(
            found.iter().map(|c| (c.found.position, c.owner)).collect::<Vec<_>>(),
            [(5, owner), (9, owner)]
        );
    });
}

#[test]
fn a_batch_larger_than_its_memory_is_screened_like_any_other() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        // Three times what is sorted in one mebibyte.
        let all: Vec<Fingerprint> = (0..130_000u32).map(|n| at(n, Record, MAY, u128::from(n))).collect();
        let (screened, _) = screen(store.as_mut(), 1, &all).unwrap();
        assert_eq!((screened.stored, screened.collided), (130_000, 0));
        store.confirm(1).unwrap();
        let next: Vec<Fingerprint> = (0..130_000u32)
            .map(|n| at(n, Record, MAY, u128::from(n) + 129_900))
            .collect();
        let (screened, found) = screen(store.as_mut(), 2, &next).unwrap();
        assert_eq!((screened.stored, screened.collided), (129_900, 100));
        assert!(
            found
                .iter()
                .all(|c| c.owner.run == 1 && c.owner.position == c.found.position + 129_900)
        );
        let stats = store.stats().unwrap();
        assert_eq!(stats.epochs[&epoch(MAY)].tokens, 259_900);
        let bar = if ground.is_postgres() { 110 } else { 24 };
        assert!(stats.bytes() <= bar * stats.tokens(), "{stats:?}");
    });
}

#[test]
fn fingerprints_that_end_in_an_error_leave_nothing() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        let torn = || ScreeningError::Torn {
            record: 1,
            offset: 32,
            end: 40,
        };
        let mut given = [Ok(at(0, Record, MAY, 1)), Err(torn())].into_iter();
        let refused = store.screen(1, &mut given, &mut |_| Ok(()));
        assert!(matches!(refused, Err(ScreeningError::Torn { .. })));
        screen(store.as_mut(), 1, &[at(0, Record, MAY, 2)]).unwrap();
        store.confirm(1).unwrap();
        // Whoever takes the collisions stops as well.
        let mut given = [at(0, Record, MAY, 2), at(1, Record, MAY, 3)].into_iter().map(Ok);
        let stopped = store.screen(2, &mut given, &mut |_| {
            Err(ScreeningError::Stopped("enough".to_owned()))
        });
        assert!(matches!(stopped, Err(ScreeningError::Stopped(_))));
        assert_eq!(store.stats().unwrap().tokens(), 1);
        assert!(store.reconcile(&[1].into()).unwrap().discarded.is_empty());
        let (screened, _) = screen(store.as_mut(), 2, &[at(0, Record, MAY, 3)]).unwrap();
        assert_eq!(screened.stored, 1);
    });
}

#[test]
fn runs_have_numbers_from_one_on() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        for run in [0, 1 << 31, u32::MAX] {
            assert!(matches!(screen(store.as_mut(), run, &[]), Err(ScreeningError::Run(r)) if r == run));
        }
    });
}

#[test]
fn one_process_has_the_store_until_it_lets_go() {
    on_each_engine(|ground| {
        let store = ground.open();
        let second = ground.try_open().unwrap_err();
        assert!(matches!(second, ScreeningError::Locked(_)), "{second}");
        assert!(second.to_string().contains("another hub process"));
        drop(store);
        drop(ground.open());
    });
}

#[test]
fn what_no_commit_has_named_is_deleted_and_what_one_has_stays() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        screen(store.as_mut(), 1, &[at(0, Record, MAY, 1)]).unwrap();
        store.confirm(1).unwrap();
        screen(store.as_mut(), 2, &[at(0, Record, MAY, 2)]).unwrap();
        store.discard(2).unwrap();
        store.discard(2).unwrap();
        assert!(matches!(store.discard(1), Err(ScreeningError::Named(1))));
        screen(store.as_mut(), 3, &[at(0, Record, MAY, 3)]).unwrap();
        // Named by a commit, but the process ended before it could confirm it.
        screen(store.as_mut(), 4, &[at(0, Record, JUNE, 4)]).unwrap();
        drop(store);
        let mut store = ground.open();
        let reconciled = store.reconcile(&[1, 4, 9].into()).unwrap();
        assert_eq!(reconciled.discarded, [3]);
        assert_eq!(
            reconciled.missing,
            [9],
            "the ledger names a run of which the store knows nothing"
        );
        assert_eq!(store.stats().unwrap().tokens(), 2);
        assert!(matches!(store.discard(4), Err(ScreeningError::Named(4))));
    });
}

#[test]
fn a_ledger_that_forgets_runs_deletes_nothing_until_it_is_told_to() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        for run in 1..=6u32 {
            screen(
                store.as_mut(),
                run,
                &[at(0, Record, MAY, run.into()), at(1, Asset, MAY, 100 + u128::from(run))],
            )
            .unwrap();
            store.confirm(run).unwrap();
        }
        let restored = [1, 2, 3].into();
        let refused = store.reconcile(&restored).unwrap_err();
        assert!(matches!(refused, ScreeningError::Ahead { runs: 3, .. }), "{refused}");
        assert_eq!(store.stats().unwrap().tokens(), 12);
        assert_eq!(store.rewind(&restored).unwrap().discarded, [4, 5, 6]);
        assert_eq!(store.stats().unwrap().tokens(), 6);
        // What is decided again is loaded again.
        let (again, found) = screen(store.as_mut(), 4, &[at(0, Record, MAY, 4), at(1, Record, MAY, 3)]).unwrap();
        assert_eq!((again.stored, found.len(), found[0].owner.run), (1, 1, 3));
    });
}

#[test]
fn many_small_issuances_come_to_few_files() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        for run in 1..=40u32 {
            let batch: Vec<Fingerprint> = (0..50u32)
                .map(|n| at(n, Record, MAY, u128::from(run * 50 + n)))
                .collect();
            screen(store.as_mut(), run, &batch).unwrap();
            store.confirm(run).unwrap();
        }
        let stats = store.stats().unwrap();
        assert_eq!(stats.epochs[&epoch(MAY)].tokens, 2_000);
        assert!(stats.epochs[&epoch(MAY)].parts <= 3, "{stats:?}");
        let (_, found) = screen(store.as_mut(), 41, &[at(7, Record, MAY, 21 * 50 + 3)]).unwrap();
        assert_eq!((found[0].owner.run, found[0].owner.position), (21, 3));
    });
}

#[test]
fn a_hub_with_a_key_of_its_own_finds_the_same_and_stores_nothing_that_a_member_knows() {
    on_each_engine(|ground| {
        let mut store = ground.open();
        let key = HubKey::new([5; 32]);
        let (own, again) = (at(0, Record, MAY, 1), at(6, Record, MAY, 1));
        screen(&mut Concealed::new(store.as_mut(), &key), 1, &[own]).unwrap();
        store.confirm(1).unwrap();
        let (_, open) = screen(store.as_mut(), 2, &[again]).unwrap();
        assert_eq!(open, [], "the member's token itself is not in the store");
        store.discard(2).unwrap();
        let (_, found) = screen(&mut Concealed::new(store.as_mut(), &key), 2, &[again]).unwrap();
        assert_eq!((found.len(), found[0].owner.run), (1, 1));
        let record = StreamRecord {
            index: 6,
            grams: Grams::new(5).unwrap(),
            tokens: vec![at(6, Record, MAY, 9).entry, again.entry],
        };
        assert_eq!(key.original(&record, &found[0].found), Some(again.entry));
    });
}
