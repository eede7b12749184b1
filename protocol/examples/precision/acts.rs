//! What the people of the city do in a day, and which of it both platforms report.

use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::time::SECOND_US;

use super::assumptions as assumed;
use super::city::{Cars, City, DAY_S, Person};
use super::random::Random;
use super::report::{Duplicate, Node, Report};

/// 2026-04, in months since 2000-01.
const FIRST_MONTH: u16 = 26 * 12 + 3;

impl City {
    pub(super) fn trip(&mut self, person: &Person, app: Node, way: usize, start_s: i64) {
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
    pub(super) fn outing(&mut self, person: &Person, app: Node) {
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

    pub(super) fn charges(&mut self, person: &Person, app: Node) {
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

    pub(super) fn deliveries(&mut self, person: &Person, app: Node) {
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
    pub(super) fn roofs(&mut self) {
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
}
