//! Registering, revising, and what contends with what.

use tanqiao_hub::ledger::command::Body;
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, Place, Position};

use crate::support::{Federation, Refused, name, on_each_database, roof, square};

#[test]
fn a_roof_is_registered_revised_and_said_again_without_a_trace() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let mut asset = roof("meter-1", "420106", square(0, 0, 20));
        let first = f.register("wuhan", &asset).unwrap();
        assert_eq!(
            (first.subject.as_str(), first.state.as_deref()),
            ("asset/wuhan/meter-1", Some("registered"))
        );
        let head = f.head();
        assert_eq!(f.register("wuhan", &asset).unwrap().log_index, first.log_index);
        assert_eq!(f.head(), head, "the same again writes nothing");
        asset.capacity.amount = "12.5".to_owned();
        let second = f.register("wuhan", &asset).unwrap();
        assert_eq!(second.log_index, head.0);
        assert_eq!(f.leaf_types(first.log_index), ["asset.registered", "asset.revised"]);
        assert!(f.asset_conflicts().is_empty());
    });
}

#[test]
fn one_roof_in_two_regions_is_contested_by_the_later_and_goes_to_one_of_them() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        // The enterprise platform registers a roof in Wuhan that Wuhan has already.
        f.admit("enterprise", "CN", tanqiao_protocol::view::MemberKind::Enterprise);
        assert_eq!(
            f.registered("wuhan", &roof("meter-1", "420106", square(0, 0, 20))),
            "registered"
        );
        assert_eq!(
            f.registered("enterprise", &roof("plant-77", "420106", square(5, 5, 10))),
            "contested"
        );
        let conflict = f.asset_conflicts().remove(0);
        assert_eq!(conflict.kind, AssetConflictKind::Place);
        assert_eq!(conflict.first.to_string(), "wuhan/meter-1");
        assert_eq!(conflict.second.to_string(), "enterprise/plant-77");
        for member in ["wuhan", "enterprise"] {
            assert_eq!(f.feed(member).last().unwrap(), "asset.contested");
        }
        assert_eq!(
            f.asset_state("wuhan", "meter-1"),
            "registered",
            "the earlier one goes on"
        );
        f.rule(conflict.id, AssetConflictState::Upheld).refused_by("M02");
        f.rule(conflict.id + 1, AssetConflictState::ForFirst).refused_by("T05");
        f.rule(conflict.id, AssetConflictState::ForSecond).unwrap();
        f.rule(conflict.id, AssetConflictState::ForFirst).refused_by("T05");
        assert_eq!(f.asset_state("wuhan", "meter-1"), "lost");
        assert_eq!(f.asset_state("enterprise", "plant-77"), "registered");
        let mut again = roof("meter-1", "420106", square(0, 0, 20));
        again.capacity.amount = "11".to_owned();
        f.register("wuhan", &again).refused_by("S12");
        // What is lost stands in nobody's way.
        assert_eq!(
            f.registered("wuhan", &roof("meter-2", "420106", square(16, 16, 20))),
            "registered"
        );
    });
}

#[test]
fn an_id_has_one_registrant_and_another_s_word_overwrites_nothing() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        f.admit("enterprise", "CN", tanqiao_protocol::view::MemberKind::Enterprise);
        let ours = roof("meter-1", "420106", square(0, 0, 20));
        f.register("wuhan", &ours).unwrap();
        let mut theirs = roof("meter-1", "420106", square(5_000, 0, 20));
        theirs.period_from = "2035-01-01T00:00:00Z".parse().unwrap();
        theirs.period_until = "2036-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(f.registered("enterprise", &theirs), "contested", "far away, and later");
        let conflict = f.asset_conflicts().remove(0);
        assert_eq!(conflict.kind, AssetConflictKind::SameAsset);
        assert_eq!(f.asset_state("wuhan", "meter-1"), "registered");
        f.rule(conflict.id, AssetConflictState::ForFirst).unwrap();
        assert_eq!(f.asset_state("enterprise", "meter-1"), "lost");
        assert_eq!(f.asset_state("wuhan", "meter-1"), "registered");
    });
}

#[test]
fn neighbours_times_apart_and_other_classes_do_not_contend() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let registered = |asset: &tanqiao_protocol::asset::Asset| f.registered("wuhan", asset);
        assert_eq!(registered(&roof("meter-1", "420106", square(0, 0, 20))), "registered");
        assert_eq!(
            registered(&roof("meter-2", "420106", square(20, 0, 20))),
            "registered",
            "a shared wall"
        );
        let mut later = roof("meter-3", "420106", square(0, 0, 20));
        (later.period_from, later.period_until) = (later.period_until, "2040-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(registered(&later), "registered", "it begins when the first ends");
        let mut heat = roof("well-1", "420106", square(0, 0, 20));
        heat.activity = name("geothermal-heating");
        assert_eq!(registered(&heat), "registered", "what is under the roof");
        assert!(f.asset_conflicts().is_empty());
        let meter = Place::Point(Position::new(1_143_001_000, 306_000_900).unwrap());
        assert_eq!(
            registered(&roof("meter-4", "420106", meter)),
            "contested",
            "a meter on the first roof"
        );
    });
}

#[test]
fn overlapping_assets_in_one_batch_are_seen_in_their_order() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let commands: Vec<_> = (0..3)
            .map(|n| {
                let asset = roof(&format!("meter-{n}"), "420106", square(n * 10, 0, 20));
                f.command("wuhan", f.new_id(), Body::Asset(Box::new(asset)))
            })
            .collect();
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        let states: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.result.unwrap().state.unwrap())
            .collect();
        assert_eq!(states, ["registered", "contested", "contested"]);
        let pairs: Vec<_> = f
            .asset_conflicts()
            .iter()
            .map(|one| format!("{} {}", one.first.asset, one.second))
            .collect();
        assert_eq!(pairs, ["meter-0 wuhan/meter-1", "meter-1 wuhan/meter-2"]);
    });
}

#[test]
fn a_revision_that_ends_the_overlap_ends_the_conflict() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        f.register("wuhan", &roof("meter-1", "420106", square(0, 0, 20)))
            .unwrap();
        f.register("wuhan", &roof("meter-2", "420106", square(10, 0, 20)))
            .unwrap();
        assert_eq!(f.asset_state("wuhan", "meter-2"), "contested");
        assert_eq!(
            f.registered("wuhan", &roof("meter-2", "420106", square(20, 0, 20))),
            "registered"
        );
        assert_eq!(f.asset_conflicts()[0].state, AssetConflictState::Corrected);
        // The earlier one moves onto the later: now it is the one that waits.
        assert_eq!(
            f.registered("wuhan", &roof("meter-1", "420106", square(25, 0, 20))),
            "contested"
        );
        assert_eq!(f.asset_conflicts()[1].first.asset, name("meter-2"));
        assert_eq!(
            f.registered("wuhan", &roof("meter-2", "420106", square(100, 0, 20))),
            "registered"
        );
        assert_eq!(
            f.asset_state("wuhan", "meter-1"),
            "registered",
            "the other side moved away"
        );
    });
}

#[test]
fn two_things_in_one_place_are_distinct_by_an_officer_s_word_until_one_moves() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let mut lower = roof("meter-1", "420106", square(0, 0, 20));
        f.register("wuhan", &lower).unwrap();
        f.register("wuhan", &roof("meter-2", "420106", square(0, 0, 20)))
            .unwrap();
        f.rule(f.asset_conflicts()[0].id, AssetConflictState::Distinct).unwrap();
        assert_eq!(f.asset_state("wuhan", "meter-2"), "registered");
        lower.capacity.amount = "20".to_owned();
        assert_eq!(f.registered("wuhan", &lower), "registered", "its place is the same");
        lower.place = square(1, 0, 20);
        assert_eq!(f.registered("wuhan", &lower), "contested");
        assert_eq!(f.asset_conflicts().len(), 2);
    });
}

#[test]
fn what_is_lost_ends_what_else_it_contended_for() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        f.register("wuhan", &roof("meter-1", "420106", square(0, 0, 20)))
            .unwrap();
        f.register("wuhan", &roof("meter-2", "420106", square(15, 0, 20)))
            .unwrap();
        f.register("wuhan", &roof("meter-3", "420106", square(30, 0, 20)))
            .unwrap();
        assert_eq!(f.asset_state("wuhan", "meter-3"), "contested");
        f.rule(f.asset_conflicts()[0].id, AssetConflictState::ForFirst).unwrap();
        assert_eq!(f.asset_state("wuhan", "meter-2"), "lost");
        assert_eq!(f.asset_state("wuhan", "meter-3"), "registered");
        let states: Vec<_> = f.asset_conflicts().iter().map(|one| one.state).collect();
        assert_eq!(states, [AssetConflictState::ForFirst, AssetConflictState::Corrected]);
    });
}

#[test]
fn what_is_no_asset_is_refused_with_a_reason() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let good = roof("meter-1", "420106", square(0, 0, 20));
        let refused = |change: &dyn Fn(&mut tanqiao_protocol::asset::Asset)| {
            let mut asset = good.clone();
            change(&mut asset);
            f.register("wuhan", &asset).refused_by("M02").detail
        };
        assert!(refused(&|a| a.capacity.amount = "much".to_owned()).contains("capacity.amount"));
        assert!(refused(&|a| a.region = "230100".parse().unwrap()).contains("own region"));
        // A bow whose two halves are not of one size.
        let bow = |a: &mut tanqiao_protocol::asset::Asset| {
            if let Place::Polygon(rings) = &mut a.place {
                rings[0].swap(1, 2);
                rings[0].insert(1, Position::new(1_143_000_900, 306_000_100).unwrap());
            }
        };
        assert!(refused(&bow).contains("no valid geometry"));
        assert_eq!(f.asset_state("wuhan", "meter-1"), "unknown");
    });
}

#[test]
fn several_processes_see_what_each_of_them_registers() {
    on_each_database(|f: Federation| {
        f.two_regions_with_roofs();
        let other = f.second_process();
        let register = |n: i64| {
            let asset = roof(&format!("meter-{n}"), "420106", square(n * 10, 0, 20));
            f.command("wuhan", f.new_id(), Body::Asset(Box::new(asset)))
        };
        let mut states = Vec::new();
        for n in 0..4 {
            let process = if n % 2 == 0 { &f.sequencer } else { &other };
            let answer = process.submit_blocking(vec![register(n)]).unwrap().remove(0);
            states.push(answer.result.unwrap().state.unwrap());
        }
        other.stop();
        assert_eq!(states, ["registered", "contested", "contested", "contested"]);
    });
}
