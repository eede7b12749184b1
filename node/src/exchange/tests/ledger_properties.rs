//! Whatever the hub and the accounts do: the lots are exactly the serials of the blocks that are not final.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::serial::BlockRef;

use super::fake_hub::{FakeHub, block, series};
use super::feed::{catch_up, lots};
use super::{account, g, issuance, message_id, node};
use crate::exchange::FeedState;
use crate::ledger::{self, AccountKind};
use crate::service::{Node, Selection};
use crate::store::test_databases::databases;

#[derive(Debug, Clone)]
enum Step {
    Issue(i64),
    Move { from: usize, to: usize, quantity: i64 },
    ReserveHere { from: usize, quantity: i64 },
    ReleaseHere(usize),
    Change { first: i64, length: i64, to: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        1 => (1_i64..60).prop_map(Step::Issue),
        3 => (0_usize..3, 0_usize..3, 1_i64..80).prop_map(|(from, to, quantity)| Step::Move { from, to, quantity }),
        2 => (0_usize..3, 1_i64..80).prop_map(|(from, quantity)| Step::ReserveHere { from, quantity }),
        2 => (0_usize..8).prop_map(Step::ReleaseHere),
        5 => (1_i64..300, 1_i64..80, 0_u8..6).prop_map(|(first, length, to)| Step::Change { first, length, to }),
    ];
    proptest::collection::vec(one, 1..25)
}

const ACCOUNTS: [&str; 3] = ["a", "b", "pool"];

struct World {
    node: Node,
    hub: FakeHub,
    issuance: tanqiao_protocol::id::MessageId,
    here: Vec<tanqiao_protocol::id::MessageId>,
    next: u64,
}

impl World {
    async fn apply(&mut self, step: Step) {
        self.next += 1;
        let id = message_id(self.next);
        match step {
            Step::Issue(quantity) => {
                self.hub.issue(self.issuance, quantity);
            }
            Step::Move { from, to, quantity } => {
                let what = Selection::grams(g(quantity));
                let accounts = self.node.accounts();
                let _ = accounts
                    .move_grams(id, account(ACCOUNTS[from]), account(ACCOUNTS[to]), what)
                    .await;
            }
            Step::ReserveHere { from, quantity } => {
                let what = Selection::grams(g(quantity));
                let from = account(ACCOUNTS[from]);
                if self
                    .node
                    .write(move |tx| ledger::reserve(tx, &from, &what, None, id))
                    .await
                    .is_ok()
                {
                    self.here.push(id);
                }
            }
            Step::ReleaseHere(which) => {
                if let Some(id) = self.here.get(which).copied() {
                    self.node
                        .write(move |tx| ledger::release(tx, &id.to_string()))
                        .await
                        .unwrap();
                }
            }
            Step::Change { first, length, to } => self.change(first, length, to, id),
        }
        assert!(catch_up(&self.node, &self.hub).await, "the feed contradicts");
    }

    /// The hub changes the blocks of a range that may be changed so.
    fn change(&mut self, first: i64, length: i64, to: u8, id: tanqiao_protocol::id::MessageId) {
        let me: NodeId = "wuhan".parse().unwrap();
        let range = block(first, first + length - 1).range;
        let pieces: Vec<(BlockRef, BlockStatus)> = self
            .hub
            .book
            .overlapping(&series(), range)
            .filter(|b| b.status.holder == me)
            .filter_map(|b| {
                let cut = b.range.intersection(&range)?;
                let by = b.status.bound_to;
                let status = match (b.status.state, to) {
                    (BlockState::Held, 0) => BlockStatus::bound(me.clone(), BlockState::Reserved, id),
                    (BlockState::Held, 1) => BlockStatus::bound(me.clone(), BlockState::Pledged, id),
                    (BlockState::Held, 2) => BlockStatus::bound(me.clone(), BlockState::Retired, id),
                    (BlockState::Held, 3) => BlockStatus {
                        bound_to: None,
                        holder: me.clone(),
                        state: BlockState::Frozen,
                        state_before: Some(BlockState::Held),
                    },
                    (BlockState::Reserved, 3) => BlockStatus::bound(me.clone(), BlockState::Cancelled, by?),
                    (BlockState::Reserved | BlockState::Pledged | BlockState::Frozen, 4) => {
                        BlockStatus::held_by(me.clone())
                    }
                    (BlockState::Reserved, 5) => BlockStatus::held_by("harbin".parse().unwrap()),
                    _ => return None,
                };
                Some((
                    BlockRef {
                        series: series(),
                        range: cut,
                    },
                    status,
                ))
            })
            .collect();
        if !pieces.is_empty() {
            self.hub.set("test.change", "test/1", &pieces);
        }
    }

    async fn check(&self) {
        let me: NodeId = "wuhan".parse().unwrap();
        let lots = lots(&self.node).await;
        let mut held: Vec<i64> = lots.iter().flat_map(|l| l.first..=l.last).collect();
        let total = held.len();
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), total, "a serial is in two lots");
        let blocks: Vec<i64> = self
            .hub
            .book
            .blocks()
            .filter(|b| b.status.holder == me && !b.status.state.is_final())
            .flat_map(|b| b.range.first()..=b.range.last())
            .collect();
        assert_eq!(held, blocks, "the lots are not the blocks");
        let status = self.node.status().await.unwrap();
        assert_eq!((status.feed, status.digest), (FeedState::Following, self.hub.digest()));
        let sums = self.node.accounts().list(None, 100).await.unwrap();
        let sum: i64 = sums.iter().map(|b| b.total_g.get()).sum();
        assert_eq!(usize::try_from(sum).unwrap(), total);
        for b in &sums {
            assert_eq!(b.total_g.get(), b.free_g.get() + b.reserved_g.get() + b.frozen_g.get());
        }
        // What the hub binds is bound here too, to the same.
        for b in self
            .hub
            .book
            .blocks()
            .filter(|b| b.status.holder == me && b.status.state == BlockState::Reserved)
        {
            let by = b.status.bound_to.map(|id| id.to_string());
            let inside = lots
                .iter()
                .filter(|l| l.first <= b.range.last() && b.range.first() <= l.last);
            assert!(inside.clone().count() > 0 && inside.clone().all(|l| l.reserved_by == by));
        }
    }
}

#[test]
fn lots_partition_the_blocks_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Cases {
        cases: 12,
        failure_persistence: None,
        ..Cases::default()
    });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(async {
                for database in databases() {
                    let node = node(&database, "http://127.0.0.1:1");
                    for name in ["a", "b"] {
                        node.accounts()
                            .create(account(name), AccountKind::Holder)
                            .await
                            .unwrap();
                    }
                    node.accounts()
                        .create(account("pool"), AccountKind::Pool)
                        .await
                        .unwrap();
                    let issuance = node.issue(issuance(&[("a", 120), ("b", 80)])).await.unwrap();
                    let mut hub = FakeHub::new();
                    hub.issue(issuance, 150);
                    let mut world = World {
                        node,
                        hub,
                        issuance,
                        here: Vec::new(),
                        next: 0,
                    };
                    for step in steps.clone() {
                        world.apply(step).await;
                        world.check().await;
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}
