//! The hub's rules on canonical inputs, without the keyed function: which reports are held back, and rightly or not.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use tanqiao_protocol::fingerprint::{TokenInput, TokenKind};

use super::report::{Duplicate, Node, Report};

/// Who had an input before: the member, the act, and the report before that one had it too.
#[derive(Debug, Clone, Copy)]
struct Seen {
    node: Node,
    act: u32,
    before: Option<u32>,
}

/// The inputs of one stretch of time, by a hash of 64 bits: by chance, two of 10⁷ agree once in 370,000 runs.
#[derive(Debug, Default)]
struct Index {
    last: HashMap<u64, u32>,
    seen: Vec<Seen>,
}

/// What was reported, held back, and missed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    pub reports: u64,
    pub tokens: u64,
    /// By kind in the order of `TokenKind::ALL`: reports held back although no other report was of their act.
    pub falsely_held: [u64; 4],
    /// The same, by any kind.
    pub falsely_held_at_all: u64,
    /// Where: by kind and activity.
    pub places: BTreeMap<(TokenKind, &'static str), u64>,
    /// By kind of duplicate: reports of acts that were reported twice, and how many of them were held back for it.
    reported_twice: [u64; 4],
    found: [u64; 4],
}

impl Tally {
    /// How many acts were reported twice in this way.
    pub const fn duplicates(&self, how: Duplicate) -> u64 {
        self.reported_twice[how as usize] / 2
    }

    /// How many of them nothing held back.
    pub const fn missed(&self, how: Duplicate) -> u64 {
        self.duplicates(how) - self.found[how as usize]
    }

    /// Reports held back by mistake, in a million.
    pub const fn per_million(&self, held: u64) -> u64 {
        (held * 1_000_000).div_ceil(if self.reports == 0 { 1 } else { self.reports })
    }
}

/// A hub that compares inputs.
#[derive(Debug)]
pub struct Screening {
    /// True for the kinds that count inside one member's own activities as well.
    counts_inside: fn(TokenKind) -> bool,
    hasher: BuildHasherDefault<DefaultHasher>,
    /// Records and periods, for ever.
    lasting: Index,
    /// Buckets are minutes: yesterday's and today's are enough.
    yesterday: Index,
    today: Index,
    pub tally: Tally,
}

impl Default for Screening {
    /// The hub's rule.
    fn default() -> Self {
        Self::by(TokenKind::counts_inside)
    }
}

impl Screening {
    pub fn by(counts_inside: fn(TokenKind) -> bool) -> Self {
        Self {
            counts_inside,
            hasher: BuildHasherDefault::default(),
            lasting: Index::default(),
            yesterday: Index::default(),
            today: Index::default(),
            tally: Tally::default(),
        }
    }

    pub fn day(&mut self, reports: &[Report]) {
        self.yesterday = std::mem::take(&mut self.today);
        for report in reports {
            let inputs = report.inputs().unwrap_or_else(|why| panic!("{report:?}: {why}"));
            self.screen(report, &inputs);
        }
    }

    /// A report is held back if another had one of its inputs before; by `S` only if
    /// that was another member's. Whatever is
    /// held back stays in the index, since its conflict is open: that can only hold back more.
    fn screen(&mut self, report: &Report, inputs: &[TokenInput]) {
        let mut rightly = false;
        let mut wrongly = [false; 4];
        for input in inputs {
            let hash = self.hasher.hash_one((input.epoch, &*input.bytes));
            for index in [&self.lasting, &self.yesterday, &self.today] {
                for seen in index.with(hash) {
                    if seen.node == report.node && !(self.counts_inside)(input.kind) {
                        continue;
                    }
                    if seen.act == report.act {
                        rightly = true;
                    } else {
                        wrongly[place(input.kind)] = true;
                    }
                }
            }
            let index = if matches!(input.kind, TokenKind::Record | TokenKind::Project) {
                &mut self.lasting
            } else {
                &mut self.today
            };
            index.add(hash, report);
        }
        self.count(report, inputs.len() as u64, rightly, wrongly);
    }

    fn count(&mut self, report: &Report, tokens: u64, rightly: bool, wrongly: [bool; 4]) {
        let tally = &mut self.tally;
        tally.reports += 1;
        tally.tokens += tokens;
        if let Some(how) = report.twice {
            // Whichever of the two came later, by its own clock, has to be held back.
            tally.reported_twice[how as usize] += 1;
            tally.found[how as usize] += u64::from(rightly);
        }
        if rightly {
            return;
        }
        for (kind, wrongly) in TokenKind::ALL.iter().zip(wrongly) {
            if wrongly {
                tally.falsely_held[place(*kind)] += 1;
                *tally.places.entry((*kind, report.activity)).or_default() += 1;
            }
        }
        tally.falsely_held_at_all += u64::from(wrongly.contains(&true));
    }
}

impl Index {
    fn with(&self, hash: u64) -> impl Iterator<Item = Seen> {
        let at = |number: u32| self.seen.get(number as usize).copied();
        let last = self.last.get(&hash).copied().and_then(at);
        std::iter::successors(last, move |seen| seen.before.and_then(at))
    }

    fn add(&mut self, hash: u64, report: &Report) {
        let number = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        let before = self.last.insert(hash, number);
        self.seen.push(Seen {
            node: report.node,
            act: report.act,
            before,
        });
    }
}

fn place(kind: TokenKind) -> usize {
    TokenKind::ALL.iter().position(|one| *one == kind).unwrap_or(0)
}
