//! A city with two platforms: its people, its days, and the clocks of what is reported of them.

use super::assumptions as assumed;
use super::random::Random;
use super::report::{Node, Report};

/// How many days make a run: from 11 April to 19 May, over the border of two months.
pub const DAYS: u32 = 39;
/// What one person's days add up to in that time, roofs included.
const ACTIVITIES_OF_A_PERSON: u32 = 86;
pub(super) const DAY_S: i64 = 86_400;
/// Midnight of 2026-04-11 in China, so that a few weeks hold a border of months.
const BEGIN_S: i64 = 1_775_836_800;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cars {
    None,
    One,
    Fleet,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) account: u32,
    /// The application that this person alone uses, if it is one.
    pub(super) only: Option<Node>,
    pub(super) umbrella: bool,
    pub(super) companion: bool,
    pub(super) cars: Cars,
    pub(super) way: usize,
    pub(super) leaves_s: i64,
    pub(super) returns_s: i64,
}

/// The city, day after day.
#[derive(Debug)]
pub struct City {
    pub(super) random: Random,
    pub(super) people: Vec<Person>,
    /// When each connector is free again.
    pub(super) free_s: Vec<i64>,
    pub(super) acts: u32,
    pub(super) bicycles: u32,
    pub(super) day: i64,
    pub(super) today: Vec<Report>,
}

impl City {
    /// A city of so many people that [`DAYS`] days have about this many activities.
    pub fn of_activities(seed: u64, activities: u32) -> Self {
        let people = activities / ACTIVITIES_OF_A_PERSON;
        let mut random = Random::new(seed);
        let connectors = (people / assumed::PEOPLE_PER_CONNECTOR).max(4);
        let people = (0..people).map(|account| person(&mut random, account)).collect();
        Self {
            random,
            people,
            free_s: (0..connectors).map(|_| 0).collect(),
            acts: 0,
            bicycles: 0,
            day: 0,
            today: Vec::new(),
        }
    }

    /// What was reported of the next day, by start.
    pub fn next_day(&mut self) -> Vec<Report> {
        let works = self.day % 7 < 5;
        for number in 0..self.people.len() {
            let person = self.people[number];
            let app = self.app_of_the_day(&person);
            if works {
                self.working_day(&person, app);
            } else {
                self.free_day(&person, app);
            }
            self.charges(&person, app);
            self.deliveries(&person, app);
        }
        if self.day % 30 == 29 {
            self.roofs();
        }
        self.day += 1;
        let mut today = std::mem::take(&mut self.today);
        today.sort_by_key(|report| report.start_s);
        today
    }

    pub(super) fn within(&mut self, (least, most): (i64, i64)) -> i64 {
        self.random.between(least, most)
    }

    fn working_day(&mut self, person: &Person, app: Node) {
        if self.random.chance(assumed::COMMUTES) {
            for leaves_s in [person.leaves_s, person.returns_s] {
                let leaves_s = self.moment(leaves_s - 600, leaves_s + 600);
                self.trip(person, app, person.way, leaves_s);
            }
        }
        if self.random.chance(assumed::ERRANDS) {
            let out_s = self.moment(12 * 3_600, 13 * 3_600);
            self.errand(person, app, out_s);
        }
    }

    fn free_day(&mut self, person: &Person, app: Node) {
        if person.companion && self.random.chance(assumed::OUTINGS) {
            self.outing(person, app);
        } else if self.random.chance(assumed::ERRANDS) {
            let out_s = self.moment(9 * 3_600, 21 * 3_600);
            self.errand(person, app, out_s);
        }
    }

    fn errand(&mut self, person: &Person, app: Node, out_s: i64) {
        let way = self.random.below(2) as usize;
        let back_s = out_s + self.random.between(1_200, 3_000);
        self.trip(person, app, way, out_s);
        self.trip(person, app, way, back_s);
    }

    /// A moment of today, between two seconds of the day.
    pub(super) fn moment(&mut self, first_s: i64, last_s: i64) -> i64 {
        BEGIN_S + self.day * DAY_S + self.random.between(first_s, last_s)
    }

    fn app_of_the_day(&mut self, person: &Person) -> Node {
        let chosen = if self.random.chance(5_000) {
            Node::City
        } else {
            Node::Enterprise
        };
        person.only.unwrap_or(chosen)
    }

    pub(super) fn app(&mut self, person: &Person, today: Node) -> Node {
        if person.only.is_none() && self.random.chance(assumed::SWITCHES_APP) {
            today.other()
        } else {
            today
        }
    }

    pub(super) fn report(
        &mut self,
        node: Node,
        act: u32,
        activity: &'static str,
        (start_s, end_s): (i64, i64),
        asset: Option<String>,
        account: Option<u32>,
    ) -> Report {
        let start_s = self.stated(node, start_s);
        // Numbers of three shapes: of fixed width with hyphens, of random letters, and in full width as a form has them.
        let number = self.random.next();
        let record = match number % 3 {
            0 => format!("{start_s}-{act:010}"),
            1 => format!("{:08x}-{:016x}", act, self.random.next()),
            _ => format!("ＮＯ{act:010}"),
        };
        Report {
            node,
            act,
            twice: None,
            activity,
            start_s,
            end_s: self.stated(node, end_s).max(start_s),
            source: node.source().to_owned(),
            record,
            asset,
            account,
        }
    }

    /// The time that a platform's record has for a moment.
    fn stated(&mut self, node: Node, at_s: i64) -> i64 {
        let mut at_s = at_s + self.random.between(-assumed::USUAL_SKEW_S, assumed::USUAL_SKEW_S);
        if self.random.chance(assumed::POOR_CLOCK) {
            at_s += self.random.between(-assumed::POOR_SKEW_S, assumed::POOR_SKEW_S);
        }
        if self.random.chance(assumed::OFFLINE) {
            at_s += self.random.between(0, assumed::OFFLINE_S);
        }
        if node == Node::Enterprise && self.random.chance(assumed::CUT_TO_MINUTE) {
            at_s -= at_s % 60;
        }
        at_s
    }
}

fn person(random: &mut Random, account: u32) -> Person {
    let app = random.below(10_000);
    let only = match app {
        _ if app < assumed::CITY_APP_ONLY => Some(Node::City),
        _ if app < assumed::CITY_APP_ONLY + assumed::ENTERPRISE_APP_ONLY => Some(Node::Enterprise),
        _ => None,
    };
    let mut chosen = random.below(10_000);
    let mut way = 0;
    while way < 5 && chosen >= assumed::WAYS[way] {
        chosen -= assumed::WAYS[way];
        way += 1;
    }
    Person {
        account,
        only,
        umbrella: random.chance(assumed::UMBRELLA),
        companion: random.chance(assumed::SHARES_ACCOUNT),
        cars: match random.below(10_000) {
            drawn if drawn < assumed::KEEPS_FLEET => Cars::Fleet,
            drawn if drawn < assumed::KEEPS_FLEET + assumed::HAS_CAR => Cars::One,
            _ => Cars::None,
        },
        way,
        leaves_s: random.between(6 * 3_600 + 1_800, 9 * 3_600),
        returns_s: random.between(17 * 3_600, 20 * 3_600),
    }
}
