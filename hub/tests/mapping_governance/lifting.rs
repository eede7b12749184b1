//! Suspension by any of the three, and lifting by all of them.

use super::saying::{
    BOTH, approve, endorse, lift, propose_as, publish_version, state, suspend, three_members, wanted, why,
};
use crate::support::{Federation, Refused, on_each_database, sheet};

const M: &str = "wuhan-to-harbin.v1";

fn open(f: &Federation) {
    three_members(f);
    f.open_mapping("wuhan", &wanted(f)).unwrap();
}

#[test]
fn each_of_the_three_stops_it_and_all_three_lift_that_in_any_order_each_once() {
    on_each_database(|f| {
        open(&f);
        let block = f.issue("wuhan", "420100", 1_000);
        let orders = [
            ["wuhan", "harbin", "officers"],
            ["harbin", "officers", "wuhan"],
            ["officers", "wuhan", "harbin"],
        ];
        for (stopper, order) in ["wuhan", "harbin", "officers"].iter().zip(orders) {
            suspend(&f, "shenzhen", M).refused_by("G02");
            suspend(&f, stopper, M).unwrap();
            assert_eq!(why(&f, M), "new data");
            f.propose("wuhan", "harbin", std::slice::from_ref(&block))
                .refused_by("R02");
            lift(&f, "shenzhen", M).refused_by("G02");
            for (place, by) in order.iter().enumerate() {
                assert_eq!(state(&f, M), "suspended");
                lift(&f, by, M).unwrap();
                if place < 2 {
                    lift(&f, by, M).refused_by("G01");
                }
            }
            assert_eq!(state(&f, M), "active");
        }
        f.propose("wuhan", "harbin", &[block]).unwrap();
    });
}

#[test]
fn a_suspension_of_its_own_is_lifted_only_while_all_it_rests_on_is_as_it_was() {
    on_each_database(|f| {
        open(&f);
        let before = sheet("wuhan-metro.v1", Some("420100"), "98");
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "97"))
            .unwrap();
        assert_eq!(state(&f, M), "suspended");
        assert!(why(&f, M).contains("sheet wuhan-metro.v1"), "{}", why(&f, M));
        lift(&f, "harbin", M).refused_by("G03");
        f.publish_sheet("wuhan", before).unwrap();
        assert_eq!(state(&f, M), "suspended", "only its parties lift it");
        for by in ["harbin", "wuhan", "officers"] {
            lift(&f, by, M).unwrap();
        }
        assert_eq!(state(&f, M), "active");
    });
}

#[test]
fn a_mapping_of_a_methodology_that_has_a_later_version_is_agreed_with_open_eyes() {
    on_each_database(|f| {
        open(&f);
        publish_version(&f, "wuhan", "420100", 2).unwrap();
        assert_eq!(state(&f, M), "suspended");
        assert!(why(&f, M).contains("wuhan-metro.v2 follows wuhan-metro.v1"));
        lift(&f, "wuhan", M).refused_by("G03");
        // What was issued by the first version still wants to be recognised.
        propose_as(&f, "wuhan", |p| p.mapping = "wuhan-to-harbin.v2".parse().unwrap()).unwrap();
        let next = "wuhan-to-harbin.v2";
        endorse(&f, "wuhan", next).unwrap();
        endorse(&f, "harbin", next).unwrap();
        approve(&f, &BOTH, next).unwrap();
        f.prove_registry("wuhan");
        assert_eq!(state(&f, next), "active", "nothing has changed since");
        suspend(&f, "harbin", next).unwrap();
        for by in ["harbin", "wuhan", "officers"] {
            lift(&f, by, next).unwrap();
        }
        assert_eq!(state(&f, next), "active");
        publish_version(&f, "wuhan", "420100", 3).unwrap();
        assert_eq!(state(&f, next), "suspended");
    });
}

#[test]
fn endorsements_are_void_when_a_methodology_has_its_next_version_before_approval() {
    on_each_database(|f| {
        three_members(&f);
        f.agree_on_mapping("wuhan", &wanted(&f)).unwrap();
        publish_version(&f, "wuhan", "420100", 2).unwrap();
        assert_eq!(state(&f, M), "evidence-complete");
        approve(&f, &BOTH, M).refused_by("G05");
        endorse(&f, "wuhan", M).unwrap();
        endorse(&f, "harbin", M).unwrap();
        approve(&f, &BOTH, M).unwrap();
    });
}
