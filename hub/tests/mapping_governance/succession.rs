//! Versions after one another, and names beside one another.

use tanqiao_protocol::time::DAY_US;

use super::saying::{
    BOTH, approve, endorse, nothing_follows, propose, propose_as, reference, revoke, state, suspend, three_members,
    wanted,
};
use crate::support::{Refused, on_each_database, part};

const M: &str = "wuhan-to-harbin.v1";

#[test]
fn the_next_version_supersedes_and_an_earlier_one_never_comes_back() {
    on_each_database(|f| {
        three_members(&f);
        f.open_mapping("wuhan", &wanted(&f)).unwrap();
        suspend(&f, "harbin", M).unwrap();
        let mut next = wanted(&f);
        next.mapping = reference("wuhan-to-harbin.v3");
        f.open_mapping("wuhan", &next).unwrap();
        assert_eq!(state(&f, M), "superseded");
        nothing_follows(&f, M);
        propose_as(&f, "wuhan", |p| p.mapping = reference("wuhan-to-harbin.v2")).refused_by("G03");
    });
}

#[test]
fn two_names_for_the_same_acts_and_place_are_not_approved_beside_each_other() {
    on_each_database(|f| {
        three_members(&f);
        let mut record = wanted(&f);
        record.cap_g = Some(crate::support::grams(1_000));
        f.open_mapping("wuhan", &record).unwrap();
        record.mapping = reference("another-name.v1");
        f.open_mapping("wuhan", &record).refused_by("G03");
        suspend(&f, "officers", M).unwrap();
        approve(&f, &BOTH, "another-name.v1").refused_by("G03");
        revoke(&f, &BOTH, M).unwrap();
        approve(&f, &BOTH, "another-name.v1").unwrap();
        // Other years are other acts.
        let mut older = f.ground("wuhan", &record).unwrap();
        older.mapping = reference("older-years.v1");
        (older.vintage_first, older.vintage_last) = (2018, 2019);
        propose(&f, "wuhan", &older).unwrap();
        for by in ["wuhan", "harbin"] {
            endorse(&f, by, "older-years.v1").unwrap();
        }
        approve(&f, &BOTH, "older-years.v1").unwrap();
    });
}

#[test]
fn an_earlier_version_that_was_left_lying_does_not_take_the_place_of_a_later_one() {
    on_each_database(|f| {
        three_members(&f);
        f.agree_on_mapping("wuhan", &wanted(&f)).unwrap();
        let mut next = wanted(&f);
        next.mapping = reference("wuhan-to-harbin.v2");
        f.open_mapping("wuhan", &next).unwrap();
        approve(&f, &BOTH, M).refused_by("G03");
        assert_eq!(state(&f, "wuhan-to-harbin.v2"), "active");
    });
}

#[test]
fn a_version_that_begins_later_leaves_the_one_before_it_in_force_until_then() {
    on_each_database(|f| {
        three_members(&f);
        f.open_mapping("wuhan", &wanted(&f)).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        let mut next = wanted(&f);
        next.mapping = reference("wuhan-to-harbin.v2");
        next.valid_from = f.now().plus_micros(10 * DAY_US);
        next.factor = tanqiao_protocol::quantity::Factor::new(500_000).unwrap();
        f.open_mapping("wuhan", &next).unwrap();
        f.sweep();
        assert_eq!((state(&f, M), state(&f, "wuhan-to-harbin.v2")), ("active", "active"));
        let by = |serial: i64| f.block(&part(&block, serial, serial)).terms.mapping.unwrap();
        f.transfer("wuhan", "harbin", &[part(&block, 1, 100)]);
        assert_eq!(by(1), reference(M));
        f.pass(10 * 86_400);
        // Whether or not the sweep ran: what is in force is the later one.
        f.transfer("wuhan", "harbin", &[part(&block, 101, 200)]);
        assert_eq!(by(101), next.mapping);
        f.sweep();
        assert_eq!(state(&f, M), "superseded");
        let head = f.head();
        f.sweep();
        assert_eq!(f.head(), head);
    });
}
