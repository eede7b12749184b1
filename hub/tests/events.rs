//! Events: announced, their inventory replaced, their call closed; who runs them and what they take. D01 to D05.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::marathon::{accept, begin, decide, decline, room, stored};
use support::{Federation, Refused, event, id_of, inventory, name, node, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Role;
use tanqiao_protocol::event::{EventState, InventoryBasis};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::Outcome;

const DAY: i64 = 86_400;

fn set_inventory(f: &Federation, basis: InventoryBasis, target: i64) -> Result<Outcome, Problem> {
    decide(
        f,
        "organiser",
        Decision::SetInventory {
            event: name("marathon"),
            basis,
            inventory: inventory(target),
        },
    )
}

fn close(f: &Federation) -> Result<Outcome, Problem> {
    decide(
        f,
        "organiser",
        Decision::CloseEvent {
            event: name("marathon"),
        },
    )
}

#[test]
fn an_event_takes_donations_while_its_call_is_open_and_not_too_late() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let blocks = [part(&block, 1, 1_000)];
        f.donate("wuhan", "nowhere", &blocks).refused_by("D01");
        close(&f).refused_by("D05");
        set_inventory(&f, InventoryBasis::Verified, 900_000).unwrap();
        close(&f).unwrap();
        f.donate("wuhan", "marathon", &blocks).refused_by("D01");
        set_inventory(&f, InventoryBasis::Planned, 900_000).refused_by("D05");
        set_inventory(&f, InventoryBasis::Verified, 900_001).unwrap();
        assert_eq!(
            stored(&f).state,
            EventState::Open,
            "a larger verified inventory reopens the call"
        );
        let waiting = id_of(&f.donate("wuhan", "marathon", &blocks).unwrap());
        f.take_back("wuhan", waiting).unwrap();
        f.clock.store(
            "2026-12-31T00:00:00Z"
                .parse::<tanqiao_protocol::time::Timestamp>()
                .unwrap()
                .micros(),
            std::sync::atomic::Ordering::SeqCst,
        );
        let last = f.donate("wuhan", "marathon", &blocks).unwrap();
        f.take_back("wuhan", id_of(&last)).unwrap();
        f.pass(1);
        f.donate("wuhan", "marathon", &blocks).refused_by("D04");
    });
}

#[test]
fn a_smaller_inventory_undoes_nothing_and_shows_the_excess() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap();
        set_inventory(&f, InventoryBasis::Verified, 50_000).unwrap();
        assert_eq!(room(&f), (0, 75_789, 0));
        assert_eq!((stored(&f).target.get(), stored(&f).ceiling.get()), (50_000, 75_789));
        f.donate("wuhan", "marathon", &[part(&block, 200_001, 200_100)])
            .refused_by("D03");
        set_inventory(&f, InventoryBasis::Verified, 80_000).unwrap();
        f.donate("wuhan", "marathon", &[part(&block, 200_001, 200_100)])
            .unwrap();
    });
}

#[test]
fn a_smaller_inventory_never_stops_what_is_reserved_from_going_either_way() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let first = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap());
        let second = id_of(
            &f.donate("wuhan", "marathon", &[part(&block, 100_001, 200_000)])
                .unwrap(),
        );
        set_inventory(&f, InventoryBasis::Verified, 10).unwrap();
        accept(&f, first).unwrap();
        decline(&f, second).unwrap();
        assert_eq!(room(&f), (0, 75_789, 0));
    });
}

#[test]
fn an_organiser_says_which_units_are_eligible() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        f.map_as("wuhan", "harbin", "230100", |m| {
            m.mapping = "wuhan-to-harbin.v2".parse().unwrap();
        })
        .unwrap();
        let mut narrow = event("congress", "230100", 1_000_000, true);
        narrow.policy.donors = vec![node("harbin")];
        f.plan(narrow.clone()).unwrap();
        f.donate("wuhan", "congress", &[part(&block, 1, 1_000)])
            .refused_by("D02");
        narrow.event = name("games");
        narrow.policy.donors = Vec::new();
        narrow.policy.vintage_first = Some(2026);
        f.plan(narrow.clone()).unwrap();
        f.donate("wuhan", "games", &[part(&block, 1, 1_000)]).refused_by("D02");
        narrow.event = name("regatta");
        narrow.policy.vintage_first = Some(2025);
        narrow.policy.activities = vec![name("cycling")];
        f.plan(narrow.clone()).unwrap();
        f.donate("wuhan", "regatta", &[part(&block, 1, 1_000)])
            .refused_by("D02");
        narrow.event = name("concert");
        narrow.policy.activities.push(name("rail-transit"));
        f.plan(narrow).unwrap();
        f.donate("wuhan", "concert", &[part(&block, 1, 1_000)]).unwrap();
    });
}

#[test]
fn an_event_is_run_by_its_own_organiser_or_an_officer() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let other = Decision::PutOfficer {
            account: name("rival"),
            role: Role::Organiser,
            password_hash: "$argon2id$".to_owned(),
            active: true,
        };
        decide(&f, "first-officer", other).unwrap();
        let donation = id_of(&f.donate("wuhan", "marathon", &[part(&block, 1, 1_000)]).unwrap());
        decide(&f, "rival", Decision::AcceptDonation { donation }).refused_by("G02");
        decide(
            &f,
            "rival",
            Decision::DeclineDonation {
                donation,
                reason: "no".to_owned(),
            },
        )
        .refused_by("G02");
        decide(
            &f,
            "rival",
            Decision::CloseEvent {
                event: name("marathon"),
            },
        )
        .refused_by("G02");
        let swap = Decision::SetInventory {
            event: name("marathon"),
            basis: InventoryBasis::Verified,
            inventory: inventory(5),
        };
        decide(&f, "rival", swap).refused_by("G02");
        decide(&f, "second-officer", Decision::AcceptDonation { donation }).unwrap();
        decide(&f, "organiser", Decision::CloseEvent { event: name("nowhere") }).refused_by("D01");
    });
}

#[test]
fn an_event_is_announced_once_and_whole() {
    on_each_database(|f| {
        f.two_regions();
        f.plan(event("marathon", "230100", 1, true)).unwrap();
        f.plan(event("marathon", "230100", 1, true)).refused_by("M02");
        let plan_as = |change: &dyn Fn(&mut tanqiao_protocol::event::EventPlan)| {
            let mut plan = event("games", "230100", 1, true);
            change(&mut plan);
            f.plan(plan)
        };
        plan_as(&|p| p.title_zh = String::new()).refused_by("M02");
        plan_as(&|p| p.inventory = Vec::new()).refused_by("M02");
        plan_as(&|p| p.starts_at = p.ends_at.plus_micros(1)).refused_by("M02");
        plan_as(&|p| p.donations_until = p.ends_at.plus_micros(367 * DAY * 1_000_000)).refused_by("D04");
        plan_as(&|p| p.organiser = name("first-officer")).refused_by("G02");
        plan_as(&|_| ()).unwrap();
    });
}
