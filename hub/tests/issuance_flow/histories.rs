//! Random histories: whoever issues what, in whatever order, an act has serials once, and no gram is lost or made.

use std::collections::BTreeMap;

use tanqiao_hub::store::read::conflicts;
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::{ActivityRef, ActivityState, ConflictOutcome};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::transfer::IssuanceState;

use crate::hall::{Hall, on_each_hall};

/// Histories on each database, and steps of each.
const HISTORIES: u64 = 12;
const STEPS: usize = 30;
const MEMBERS: [&str; 3] = ["wuhan", "harbin", "bluecar"];
/// Few acts, so that they often meet.
const ACTS: u64 = 9;

/// Numbers from a seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn member(&mut self) -> &'static str {
        MEMBERS[usize::try_from(self.below(3)).unwrap()]
    }
}

/// What was issued: which act each activity is, and its grams.
type Issued = BTreeMap<MessageId, Vec<(u64, i64)>>;

#[test]
fn an_act_has_serials_once_and_no_gram_is_lost_or_made() {
    on_each_hall(|h| {
        for (from, to, region) in [("bluecar", "harbin", "230100"), ("bluecar", "wuhan", "420100")] {
            h.f.map(from, to, region, 1_000_000, 0, None);
        }
        let mut issued = Issued::new();
        for seed in 0..HISTORIES {
            let mut chance = Chance(seed);
            for _ in 0..STEPS {
                step(h, &mut chance, seed, &mut issued);
                check(h, &issued);
            }
        }
        assert!(issued.len() > 60, "{} issuances", issued.len());
        h.f.assert_sound();
    });
}

fn step(h: &Hall, chance: &mut Chance, seed: u64, issued: &mut Issued) {
    match chance.below(10) {
        0..=4 => issue(h, chance, seed, issued),
        5..=7 => {
            let open = h.open();
            if open.is_empty() {
                return;
            }
            let one = &open[usize::try_from(chance.below(open.len() as u64)).unwrap()];
            // Two acts with the same record are one: only soft collisions may be distinct.
            let outcome = match chance.below(2) {
                0 => ConflictOutcome::Earlier,
                _ => ConflictOutcome::Later,
            };
            h.resolve(one.conflict, outcome).unwrap();
        }
        8 => give(h, chance),
        _ => {
            h.f.pass(i64::try_from(chance.below(15 * 86_400)).unwrap());
            h.f.sweep();
        }
    }
}

/// One to four activities of acts that others may have issued.
fn issue(h: &Hall, chance: &mut Chance, seed: u64, issued: &mut Issued) {
    let member = chance.member();
    let acts: Vec<u64> = (0..=chance.below(4))
        .map(|_| seed * 1_000 + chance.below(ACTS))
        .collect();
    let labels: Vec<[String; 1]> = acts.iter().map(|act| [format!("R act-{act}")]).collect();
    let slices: Vec<Vec<&str>> = labels.iter().map(|l| vec![l[0].as_str()]).collect();
    // Members do not agree on how much an act is worth.
    let rows: Vec<_> = slices
        .iter()
        .map(|labels| (i64::try_from(chance.below(40)).unwrap() + 1, &labels[..]))
        .collect();
    let Ok(outcome) = h.try_register(member, &rows) else {
        // A debt stands in the way.
        return;
    };
    let id = crate::support::id_of(&outcome);
    h.upload(id, &rows);
    h.work().unwrap();
    issued.insert(id, acts.into_iter().zip(rows.iter().map(|(grams, _)| *grams)).collect());
}

/// A block goes to another member.
fn give(h: &Hall, chance: &mut Chance) {
    let blocks = h.f.blocks();
    let held: Vec<_> = blocks
        .iter()
        .filter(|b| b.status.state == BlockState::Held && b.status.holder.as_str() == "bluecar")
        .collect();
    if held.is_empty() {
        return;
    }
    let block = held[usize::try_from(chance.below(held.len() as u64)).unwrap()].reference();
    let to = if chance.below(2) == 0 { "harbin" } else { "wuhan" };
    let id = h.f.new_id();
    let proposal = h.f.command("bluecar", id, h.f.proposal(to, &[block]));
    if let Ok(outcome) = h.f.ask(proposal.clone()).result {
        let body = h.f.acceptance(id, &proposal, &outcome);
        h.f.by_member(to, body).unwrap();
    }
}

fn check(h: &Hall, issued: &Issued) {
    let ids = issued.keys().copied().collect();
    let contested = h.f.database.read(|c| conflicts::contested_of(c, &ids)).unwrap();
    let (mut live, mut grams): (BTreeMap<u64, usize>, i64) = (BTreeMap::new(), 0);
    for (id, activities) in issued {
        let state = h.issuance(*id).state;
        for (index, (act, mass)) in (0..).zip(activities) {
            let activity = ActivityRef { issuance: *id, index };
            let counts = match contested.get(&activity).map(|one| one.state) {
                Some(state) => state == ActivityState::Released,
                None => matches!(state, IssuanceState::Recognised | IssuanceState::PartiallyRecognised),
            };
            if counts {
                *live.entry(*act).or_default() += 1;
                grams += mass;
            }
        }
    }
    assert!(
        live.values().all(|count| *count == 1),
        "an act has serials twice: {live:?}"
    );
    let debts = h.f.database.read(|c| conflicts::debts(c, None, false)).unwrap();
    let owed: i64 = debts
        .iter()
        .map(|debt| debt.quantity_g.get() - debt.covered_g.get())
        .sum();
    // What recognition cancelled is not lost: only what a conflict took is.
    let taken = |by: Option<MessageId>| by.is_some_and(|id| h.is_conflict(id));
    let blocks = h.f.blocks().into_iter();
    let blocks = blocks.filter(|b| b.status.state != BlockState::Cancelled || !taken(b.status.bound_to));
    let there: i64 = blocks.map(|b| b.range.quantity().get()).sum();
    assert_eq!(there, grams + owed, "serials, and live acts with what is owed");
}
