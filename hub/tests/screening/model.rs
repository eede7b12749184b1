//! Whatever is done, each engine answers as a map in memory would.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tanqiao_hub::screening::Fingerprint;
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenKind};

use crate::ground::{Model, on_each_engine, screen, spread};

#[derive(Debug, Clone)]
enum Step {
    Screen(Vec<Fingerprint>),
    /// The last run is screened again before it is confirmed.
    Again,
    Confirm,
    Discard,
    Reopen,
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    // Few tokens, so that many collide; some share their first bits, some their last.
    let token = prop_oneof![
        6 => (0u128..300).prop_map(spread),
        1 => 0u128..20,
        1 => (0u128..20).prop_map(|n| n << 120),
    ];
    (0u32..50, 1i16..=4, 0u16..3, token).prop_map(|(position, kind, epoch, token)| Fingerprint {
        position,
        entry: TokenEntry {
            kind: TokenKind::from_code(kind).unwrap(),
            epoch: Epoch::from_number(300 + epoch).unwrap(),
            token: Token(token.to_be_bytes()),
        },
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => vec(fingerprint(), 0..120).prop_map(Step::Screen),
        1 => Just(Step::Again),
        4 => Just(Step::Confirm),
        1 => Just(Step::Discard),
        1 => Just(Step::Reopen),
    ]
}

/// What a history has come to.
#[derive(Default)]
struct Expected {
    model: Model,
    named: BTreeSet<u32>,
    next: u32,
    /// The run that is not confirmed, and its tokens.
    open: Option<(u32, Vec<Fingerprint>)>,
}

#[test]
fn each_engine_answers_as_a_map_would() {
    on_each_engine(|ground| {
        let cases = if ground.is_postgres() { 12 } else { 60 };
        let mut runner = TestRunner::new(Config::with_cases(cases));
        let mut store = Some(ground.open());
        let expected = std::cell::RefCell::new(Expected::default());
        let store = std::cell::RefCell::new(&mut store);
        runner
            .run(&vec(step(), 1..12), |steps| {
                let mut expected = expected.borrow_mut();
                let expected = &mut *expected;
                for step in steps {
                    let mut slot = store.borrow_mut();
                    let open = slot.as_mut().unwrap();
                    match step {
                        Step::Screen(fingerprints) => {
                            if let Some((run, _)) = expected.open.take() {
                                open.confirm(run).unwrap();
                                expected.named.insert(run);
                            }
                            expected.next += 1;
                            let run = expected.next;
                            let answer = screen(open.as_mut(), run, &fingerprints).unwrap();
                            prop_assert_eq!(answer, expected.model.screen(run, &fingerprints));
                            expected.open = Some((run, fingerprints));
                        }
                        Step::Again => {
                            if let Some((run, fingerprints)) = &expected.open {
                                expected.model.discard(*run);
                                let answer = screen(open.as_mut(), *run, fingerprints).unwrap();
                                prop_assert_eq!(answer, expected.model.screen(*run, fingerprints));
                            }
                        }
                        Step::Confirm => {
                            if let Some((run, _)) = expected.open.take() {
                                open.confirm(run).unwrap();
                                expected.named.insert(run);
                            }
                        }
                        Step::Discard => {
                            if let Some((run, _)) = expected.open.take() {
                                open.discard(run).unwrap();
                                expected.model.discard(run);
                            }
                        }
                        Step::Reopen => {
                            drop(slot.take());
                            let mut again = ground.open();
                            let reconciled = again.reconcile(&expected.named).unwrap();
                            let unnamed = expected.open.take().map(|(run, _)| run);
                            if let Some(run) = unnamed {
                                expected.model.discard(run);
                            }
                            prop_assert_eq!(reconciled.discarded, Vec::from_iter(unnamed));
                            prop_assert!(reconciled.missing.is_empty());
                            **slot = Some(again);
                        }
                    }
                    let stats = slot.as_mut().unwrap().stats().unwrap();
                    prop_assert_eq!(stats.tokens(), expected.model.tokens());
                }
                Ok(())
            })
            .unwrap();
    });
}
