//! What anybody may do next, chosen at random from a seed.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tanqiao_hub::ledger::command::{Body, Command, Origin};
use tanqiao_hub::ledger::sequencer::Answer;
use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::{MemberKind, Outcome};

use super::support::{Federation, event, part};

/// The members and their regions.
pub const MEMBERS: [(&str, &str); 4] = [
    ("wuhan", "420100"),
    ("harbin", "230100"),
    ("shenzhen", "440300"),
    ("suburb", "420106"),
];

/// What is known of the past, and the dice.
pub struct Chance {
    pub(super) dice: StdRng,
    pub(super) offers: Vec<(Command, Outcome, &'static str)>,
    pub(super) donations: Vec<(MessageId, &'static str)>,
    pub(super) pledges: Vec<(MessageId, &'static str, &'static str)>,
    said: Vec<(Command, Answer)>,
    blocks: Vec<Block>,
    pub(super) versions: u32,
    /// Grams that were issued before the first random step.
    pub issued_before: i64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self {
            dice: StdRng::seed_from_u64(seed),
            offers: Vec::new(),
            donations: Vec::new(),
            pledges: Vec::new(),
            said: Vec::new(),
            blocks: Vec::new(),
            versions: 1,
            issued_before: 0,
        }
    }

    /// Members, methodologies, mappings among all regions, two events, something to give.
    pub fn begin(&mut self, f: &Federation) {
        for (member, region) in MEMBERS {
            f.admit(member, region, MemberKind::Region);
            f.publish(member, region);
            f.issue(member, region, 100_000);
            self.issued_before += 100_000;
        }
        let place = |code: &str| -> RegionCode { code.parse().unwrap() };
        for (from, home) in MEMBERS {
            // Nothing needs a mapping to come home, or to the province that home lies in, or to a city of home.
            let away = |(_, region): &(&str, &str)| {
                !place(region).contains(&place(home)) && !place(home).contains(&place(region))
            };
            for (to, region) in MEMBERS.into_iter().filter(away) {
                let (factor, buffer) = (
                    self.dice.random_range(300_000..=1_000_000),
                    self.dice.random_range(0..=100_000),
                );
                let cap = self.dice.random_bool(0.5).then_some(60_000);
                f.map(from, to, region, factor, buffer, cap);
            }
        }
        f.plan(event("marathon", "230100", 60_000, true)).unwrap();
        f.plan(event("congress", "440300", 60_000, false)).unwrap();
    }

    /// One to six commands, at a time after the last ones.
    pub fn batch(&mut self, f: &Federation) -> Vec<Command> {
        self.blocks = f.blocks();
        if self.dice.random_bool(0.3) {
            f.pass(self.dice.random_range(0..=40_000));
        }
        let count = self.dice.random_range(1..=6);
        (0..count).filter_map(|_| self.command(f)).collect()
    }

    /// Remembers what a command has opened.
    pub fn learn(&mut self, command: &Command, answer: &Answer) {
        self.said.push((command.clone(), answer.clone()));
        let Ok(outcome) = &answer.result else { return };
        let Origin::Member(signed) = &command.origin else {
            return;
        };
        let speaker = MEMBERS
            .iter()
            .find(|m| m.0 == signed.member.as_str())
            .map_or("", |m| m.0);
        match &command.body {
            Body::TransferProposal(content) => {
                let target = MEMBERS
                    .iter()
                    .find(|m| m.0 == content.target.as_str())
                    .map_or("", |m| m.0);
                self.offers.push((command.clone(), outcome.clone(), target));
            }
            Body::Donation(_) => self.donations.push((command.id, speaker)),
            Body::Pledge(content) => {
                let pledgee = MEMBERS
                    .iter()
                    .find(|m| m.0 == content.pledgee.as_str())
                    .map_or("", |m| m.0);
                self.pledges.push((command.id, speaker, pledgee));
            }
            _ => {}
        }
    }

    pub(super) fn member(&mut self) -> (&'static str, &'static str) {
        *MEMBERS.choose(&mut self.dice).unwrap()
    }

    /// A part of a random block, in a state that fits or not, and who holds it.
    pub(super) fn some_of(&mut self, state: BlockState) -> Option<(BlockRef, &'static str)> {
        let anything = self.dice.random_bool(0.1);
        let fitting: Vec<&Block> = self
            .blocks
            .iter()
            .filter(|b| anything || b.status.state == state)
            .collect();
        let block = *fitting.choose(&mut self.dice)?;
        let holder = MEMBERS
            .iter()
            .find(|m| m.0 == block.status.holder.as_str())
            .map(|m| m.0);
        let mut reference = block.reference();
        if self.dice.random_bool(0.7) {
            let (first, last) = (reference.range.first(), reference.range.last());
            let a = self.dice.random_range(first..=last);
            let b = self.dice.random_range(first..=last);
            reference = part(&reference, a.min(b), a.max(b));
        }
        let holder = if self.dice.random_bool(0.05) { None } else { holder };
        Some((reference, holder.unwrap_or_else(|| MEMBERS[0].0)))
    }

    /// One to three parts of free blocks of one holder, mostly.
    pub(super) fn some_free(&mut self) -> Option<(Vec<BlockRef>, &'static str)> {
        let (first, holder) = self.some_of(BlockState::Held)?;
        let mut blocks = vec![first];
        for _ in 0..self.dice.random_range(0..=2) {
            blocks.extend(
                self.some_of(BlockState::Held)
                    .filter(|more| more.1 == holder)
                    .map(|more| more.0),
            );
        }
        Some((blocks, holder))
    }

    fn command(&mut self, f: &Federation) -> Option<Command> {
        match self.dice.random_range(0..100) {
            0..8 => Some(self.issue(f)),
            8..28 => self.propose(f),
            28..44 => self.answer_offer(f),
            44..50 => self.give(f),
            50..56 => self.answer_donation(f),
            56..64 => self.use_up(f),
            64..68 => self.pledge(f),
            68..74 => self.end_pledge(f),
            74..82 => self.freeze(f),
            82..94 => self.govern(f),
            94..97 => self.list(f),
            _ => self.said.choose(&mut self.dice).map(|(command, _)| command.clone()),
        }
    }
}
