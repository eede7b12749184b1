//! A city with two platforms: its people's days, and what each platform reports of them.

use tanqiao_protocol::fingerprint::{ActivityFacts, Epoch, EvidenceError, SubjectKey, TokenInput, token_inputs};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use super::assumptions as assumed;
use super::random::Random;

/// How many days make a run: from 11 April to 19 May, over the border of two months.
pub const DAYS: u32 = 39;
/// What one person's days add up to in that time, roofs included.
const ACTIVITIES_OF_A_PERSON: u32 = 86;
const DAY_S: i64 = 86_400;
/// 2026-04, in months since 2000-01.
const FIRST_MONTH: u16 = 26 * 12 + 3;
/// Midnight of 2026-04-11 in China, so that a few weeks hold a border of months.
const BEGIN_S: i64 = 1_775_836_800;

/// A member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    City,
    Enterprise,
}

impl Node {
    const fn other(self) -> Self {
        match self {
            Self::City => Self::Enterprise,
            Self::Enterprise => Self::City,
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::City => "city-platform",
            Self::Enterprise => "enterprise-platform",
        }
    }
}

/// How an act came to be reported a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duplicate {
    Record,
    Ride,
    Connector,
    Roof,
}

impl Duplicate {
    pub const ALL: [Self; 4] = [Self::Record, Self::Ride, Self::Connector, Self::Roof];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "the same record, spelt otherwise",
            Self::Ride => "one ride, two applications, two numbers",
            Self::Connector => "one charge, two applications, two numbers",
            Self::Roof => "one roof, a month of one in a quarter of the other",
        }
    }
}

/// One activity as a member reports it.
#[derive(Debug, Clone)]
pub struct Report {
    pub node: Node,
    /// The act itself: two reports of one act have one number.
    pub act: u32,
    /// Set on both reports of an act that is reported twice.
    pub twice: Option<Duplicate>,
    pub activity: &'static str,
    start_s: i64,
    end_s: i64,
    source: String,
    record: String,
    asset: Option<String>,
    account: Option<u32>,
}

impl Report {
    /// The inputs of its tokens.
    pub fn inputs(&self) -> Result<Vec<TokenInput>, EvidenceError> {
        let activity: Name = self.activity.parse().expect("a name");
        // 199 0000 … 0000: numbers that are in no one's hands.
        let subject = self
            .account
            .map(|account| format!("199{account:08}").parse::<SubjectKey>().expect("a number"));
        token_inputs(&ActivityFacts {
            activity: &activity,
            start: Timestamp::from_micros(self.start_s * SECOND_US),
            end: Timestamp::from_micros(self.end_s * SECOND_US),
            source: Some(&self.source),
            record: Some(&self.record),
            asset: self.asset.as_deref(),
            subject: subject.as_ref(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cars {
    None,
    One,
    Fleet,
}

#[derive(Debug, Clone, Copy)]
struct Person {
    account: u32,
    /// The application that this person alone uses, if it is one.
    only: Option<Node>,
    umbrella: bool,
    companion: bool,
    cars: Cars,
    way: usize,
    leaves_s: i64,
    returns_s: i64,
}

/// The city, day after day.
#[derive(Debug)]
pub struct City {
    random: Random,
    people: Vec<Person>,
    /// When each connector is free again.
    free_s: Vec<i64>,
    acts: u32,
    bicycles: u32,
    day: i64,
    today: Vec<Report>,
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

    fn within(&mut self, (least, most): (i64, i64)) -> i64 {
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
    fn moment(&mut self, first_s: i64, last_s: i64) -> i64 {
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

    fn app(&mut self, person: &Person, today: Node) -> Node {
        if person.only.is_none() && self.random.chance(assumed::SWITCHES_APP) {
            today.other()
        } else {
            today
        }
    }

    fn trip(&mut self, person: &Person, app: Node, way: usize, start_s: i64) {
        match way {
            0 => self.ride(person, app, "rail-transit", start_s),
            1 => self.ride(person, app, "bus", start_s),
            2 => {
                self.ride(person, app, "bus", start_s);
                let next_s = start_s + self.within(assumed::CHANGE_OF_BUS_S);
                self.ride(person, app, "bus", next_s);
            }
            3 => {
                self.bicycle(person, start_s);
                let next_s = start_s + self.within(assumed::BICYCLE_TO_METRO_S);
                self.ride(person, app, "rail-transit", next_s);
            }
            4 => self.bicycle(person, start_s),
            _ => {
                self.ride(person, app, "rail-transit", start_s);
                let next_s = start_s + self.within(assumed::CHANGE_OUTSIDE_S);
                self.ride(person, app, "rail-transit", next_s);
            }
        }
    }

    fn ride(&mut self, person: &Person, app: Node, activity: &'static str, start_s: i64) {
        let app = self.app(person, app);
        let activity = if person.umbrella { "low-carbon-travel" } else { activity };
        let end_s = start_s + self.random.between(240, 3_600);
        let act = self.act();
        let mut one = self.report(app, act, activity, (start_s, end_s), None, Some(person.account));
        if person.only.is_none() && self.random.chance(assumed::SAME_RIDE) {
            let other = self.report(app.other(), act, activity, (start_s, end_s), None, Some(person.account));
            self.push_twice(Duplicate::Ride, &mut one, other);
        }
        self.today.push(one);
    }

    fn bicycle(&mut self, person: &Person, start_s: i64) {
        let mut start_s = start_s;
        if self.random.chance(assumed::BROKEN_BICYCLE) {
            let (company, frame) = self.one_bicycle(person, None, (start_s, start_s + 40));
            if self.random.chance(assumed::TRIED_AGAIN) {
                let people = u32::try_from(self.people.len()).unwrap_or(1);
                let somebody = self.people[self.random.below(people) as usize];
                let tried_s = start_s + self.within(assumed::TRIED_AGAIN_S);
                self.one_bicycle(&somebody, Some((company, frame)), (tried_s, tried_s + 40));
            }
            start_s += self.within(assumed::NEXT_BICYCLE_S);
        }
        let end_s = start_s + self.random.between(180, 1_500);
        self.one_bicycle(person, None, (start_s, end_s));
    }

    /// Rides this bicycle, or the next one of some company.
    fn one_bicycle(&mut self, person: &Person, this: Option<(Node, u32)>, times: (i64, i64)) -> (Node, u32) {
        let activity = if person.umbrella {
            "low-carbon-travel"
        } else {
            "bike-share"
        };
        // The public bicycles report to the city, two companies to the enterprise's platform.
        let company = if self.random.below(3) == 0 {
            Node::City
        } else {
            Node::Enterprise
        };
        self.bicycles += 1;
        let (company, frame) = this.unwrap_or((company, self.bicycles % 50_000));
        let act = self.act();
        let asset = Some(format!("FRAME-{frame:06}"));
        let mut one = self.report(company, act, activity, times, asset, Some(person.account));
        self.same_record(&mut one, assumed::SAME_RECORD);
        self.today.push(one);
        (company, frame)
    }

    /// Two enter together on one account.
    fn outing(&mut self, person: &Person, app: Node) {
        for leaves in [10 * 3_600, 16 * 3_600] {
            let first_s = self.moment(leaves, leaves + 7_200);
            let second = if person.only.is_none() && self.random.chance(assumed::SPLITS_APPS) {
                app.other()
            } else {
                app
            };
            let activity = if person.umbrella {
                "low-carbon-travel"
            } else {
                "rail-transit"
            };
            let second_s = first_s + self.random.between(2, 30);
            let length_s = self.random.between(600, 3_600);
            for (node, start_s) in [(app, first_s), (second, second_s)] {
                let act = self.act();
                let times = (start_s, start_s + length_s);
                let report = self.report(node, act, activity, times, None, Some(person.account));
                self.today.push(report);
            }
        }
    }

    fn charges(&mut self, person: &Person, app: Node) {
        if person.cars == Cars::One && self.random.chance(assumed::CHARGES) {
            let arrives_s = self.moment(6 * 3_600, 23 * 3_600);
            self.charge(person, app, arrives_s);
        }
        if person.cars == Cars::Fleet {
            let change_s = self.moment(16 * 3_600, 17 * 3_600);
            for _ in 0..assumed::FLEET_CARS {
                let arrives_s = change_s + self.random.between(0, assumed::SHIFT_CHANGE_S);
                let app = self.app(person, app);
                self.charge(person, app, arrives_s);
            }
        }
    }

    /// Charges at one of three connectors, whichever is free first.
    fn charge(&mut self, person: &Person, app: Node, arrives_s: i64) {
        let connectors = u32::try_from(self.free_s.len()).unwrap_or(1);
        let seen: Vec<usize> = (0..3).map(|_| self.random.below(connectors) as usize).collect();
        let connector = seen
            .into_iter()
            .min_by_key(|connector| self.free_s[*connector])
            .unwrap_or(0);
        let mut start_s = arrives_s.max(self.free_s[connector] + self.within(assumed::NEXT_VEHICLE_S));
        if self.random.chance(assumed::CHARGE_BREAKS_OFF) {
            let again_s = start_s + self.within(assumed::BEGINS_AGAIN_S);
            self.one_charge(person, app, connector, (start_s, again_s - 30));
            start_s = again_s;
        }
        let end_s = start_s + self.random.between(600, 7_200);
        self.one_charge(person, app, connector, (start_s, end_s));
        self.free_s[connector] = end_s;
    }

    fn one_charge(&mut self, person: &Person, app: Node, connector: usize, times: (i64, i64)) {
        let app = self.app(person, app);
        let asset = format!("999999001:CONN-{connector:06}");
        let act = self.act();
        let account = Some(person.account);
        let mut one = self.report(app, act, "ev-charging", times, Some(asset.clone()), account);
        if self.random.chance(assumed::SAME_CONNECTOR) {
            let asset = asset.to_lowercase().replace('-', " ");
            // The guest of a roaming application is known to one of the two only.
            let other = self.report(app.other(), act, "ev-charging", times, Some(asset), None);
            self.push_twice(Duplicate::Connector, &mut one, other);
        } else {
            self.same_record(&mut one, assumed::SAME_RECORD);
        }
        self.today.push(one);
    }

    fn deliveries(&mut self, person: &Person, app: Node) {
        let order = (assumed::ORDERS, assumed::ORDERS_TWICE, "disposable-avoidance");
        let cartons = (assumed::GIVES_CARTONS, assumed::TWO_DELIVERIES, "carton-recycling");
        for (share, again, activity) in [order, cartons] {
            if !self.random.chance(share) {
                continue;
            }
            let start_s = self.moment(10 * 3_600, 21 * 3_600);
            let times = 1 + u32::from(self.random.chance(again));
            for _ in 0..times {
                let start_s = start_s + self.random.between(0, 120);
                let node = self.app(person, app);
                let act = self.act();
                let times = (start_s, start_s + 60);
                let mut one = self.report(node, act, activity, times, None, Some(person.account));
                self.same_record(&mut one, assumed::SAME_RECORD);
                self.today.push(one);
            }
        }
    }

    /// A month of every roof, reported by the member that its owner is with.
    fn roofs(&mut self) {
        let roofs = u32::try_from(self.people.len()).unwrap_or(0) / assumed::PEOPLE_PER_ROOF;
        let months = u16::try_from(self.day / 30).unwrap_or(0);
        let (month, after) = (FIRST_MONTH + months, FIRST_MONTH + months + 1);
        let begins_s = |month| Epoch::from_number(month).map_or(0, |month| month.starts_at().micros() / SECOND_US);
        for roof in 0..roofs {
            let mut of_roof = Random::new(u64::from(roof));
            let reads_on = if of_roof.chance(assumed::READ_ON_OTHER_DAY) {
                of_roof.between(1, 27)
            } else {
                0
            };
            let node = if of_roof.chance(5_000) {
                Node::City
            } else {
                Node::Enterprise
            };
            let (first_s, end_s) = (begins_s(month) + reads_on * DAY_S, begins_s(after) + reads_on * DAY_S);
            let meter = format!("9999990{roof:06}");
            // Where meters are read on another day, what is left of a period is joined with the one before or after.
            if reads_on == 0 && self.random.chance(assumed::ROOF_SOLD) {
                let sold_s = first_s + self.random.between(1, 29) * DAY_S;
                for (node, times) in [(node, (first_s, sold_s)), (node.other(), (sold_s, end_s))] {
                    let act = self.act();
                    let one = self.report(node, act, "distributed-pv", times, Some(meter.clone()), None);
                    self.today.push(Report {
                        start_s: times.0,
                        end_s: times.1,
                        ..one
                    });
                }
                continue;
            }
            let act = self.act();
            let mut one = self.report(node, act, "distributed-pv", (first_s, end_s), Some(meter.clone()), None);
            (one.start_s, one.end_s) = (first_s, end_s);
            if self.random.chance(assumed::SAME_ROOF) {
                let since_s = first_s - self.random.between(0, 60) * DAY_S;
                let meter = Some(format!("{meter} "));
                let mut other = self.report(node.other(), act, "distributed-pv", (since_s, end_s), meter, None);
                (other.start_s, other.end_s) = (since_s, end_s);
                self.push_twice(Duplicate::Roof, &mut one, other);
            }
            self.today.push(one);
        }
    }

    fn push_twice(&mut self, how: Duplicate, one: &mut Report, mut other: Report) {
        one.twice = Some(how);
        other.twice = Some(how);
        self.today.push(other);
    }

    const fn act(&mut self) -> u32 {
        self.acts += 1;
        self.acts
    }

    /// Reports the very record a second time, by the other member, which may not know the asset.
    fn same_record(&mut self, one: &mut Report, share: u32) {
        if self.random.chance(share) {
            let again = Report {
                node: one.node.other(),
                record: one.record.to_lowercase().replace('-', " "),
                asset: None,
                start_s: one.start_s + self.random.between(-60, 60),
                end_s: one.end_s + self.random.between(60, 120),
                ..one.clone()
            };
            self.push_twice(Duplicate::Record, one, again);
        }
    }

    fn report(
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
