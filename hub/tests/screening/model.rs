//! Whatever is done, each engine answers as a map in memory would.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tanqiao_hub::screening::{Fingerprint, TokenStore};
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenKind};

use crate::ground::{Ground, Model, screen, spread, with_each_engine};

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

/// A history on a new store, beside a map.
struct History<'a> {
    ground: &'a Ground,
    store: Option<Box<dyn TokenStore>>,
    expected: Expected,
}

impl History<'_> {
    fn confirm(&mut self) {
        if let Some((run, _)) = self.expected.open.take() {
            self.store.as_mut().unwrap().confirm(run).unwrap();
            self.expected.named.insert(run);
        }
    }

    fn screen(&mut self, run: u32, fingerprints: Vec<Fingerprint>) -> Result<(), TestCaseError> {
        let answer = screen(self.store.as_mut().unwrap().as_mut(), run, &fingerprints).unwrap();
        prop_assert_eq!(answer, self.expected.model.screen(run, &fingerprints));
        self.expected.open = Some((run, fingerprints));
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), TestCaseError> {
        drop(self.store.take());
        let mut again = self.ground.open();
        let reconciled = again.reconcile(&self.expected.named).unwrap();
        let unnamed = self.expected.open.take().map(|(run, _)| run);
        if let Some(run) = unnamed {
            self.expected.model.discard(run);
        }
        prop_assert_eq!(reconciled.discarded, Vec::from_iter(unnamed));
        prop_assert!(reconciled.missing.is_empty());
        self.store = Some(again);
        Ok(())
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Screen(fingerprints) => {
                self.confirm();
                self.expected.next += 1;
                self.screen(self.expected.next, fingerprints)?;
            }
            Step::Again => {
                if let Some((run, fingerprints)) = self.expected.open.take() {
                    self.expected.model.discard(run);
                    self.screen(run, fingerprints)?;
                }
            }
            Step::Confirm => self.confirm(),
            Step::Discard => {
                if let Some((run, _)) = self.expected.open.take() {
                    self.store.as_mut().unwrap().discard(run).unwrap();
                    self.expected.model.discard(run);
                }
            }
            Step::Reopen => self.reopen()?,
        }
        let stats = self.store.as_mut().unwrap().stats().unwrap();
        prop_assert_eq!(stats.tokens(), self.expected.model.tokens());
        Ok(())
    }
}

#[test]
fn each_engine_answers_as_a_map_would() {
    with_each_engine(|new| {
        let cases = if new().is_postgres() { 6 } else { 60 };
        TestRunner::new(Config::with_cases(cases))
            .run(&vec(step(), 1..40), |steps| {
                let ground = new();
                let mut history = History {
                    store: Some(ground.open()),
                    ground: &ground,
                    expected: Expected::default(),
                };
                steps.into_iter().try_for_each(|step| history.take(step))
            })
            .unwrap();
    });
}
