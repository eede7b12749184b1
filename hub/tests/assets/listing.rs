//! Lists of other schemes, before and after what was issued.

use tanqiao_protocol::asset::{AssetConflictState, Scheme};
use tanqiao_protocol::serial::BlockRef;

use crate::support::{Federation, Refused, entry, on_each_database, part, roof, square, station};

/// A roof of Wuhan with 1,000 g of March 2025.
fn issued(f: &Federation) -> BlockRef {
    f.two_regions_with_roofs();
    f.register("wuhan", &roof("meter-1", "420106", square(0, 0, 20)))
        .unwrap();
    f.issue_month("wuhan", "420100", &["meter-1"], 3)
        .unwrap()
        .blocks
        .remove(0)
}

#[test]
fn an_earlier_list_refuses_a_later_asset() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        f.list(&[entry(Scheme::Ccer, "CCER-1", &asset)]).unwrap();
        let problem = f.register("wuhan", &asset).refused_by("S13");
        assert!(problem.found.unwrap().starts_with("ccer/CCER-1 from 2024"));
        let mut after = asset.clone();
        after.period_from = "2031-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(f.registered("wuhan", &after), "registered", "CCER ends when it begins");
        assert_eq!(
            f.registered("wuhan", &roof("meter-2", "420106", square(20, 0, 20))),
            "registered"
        );
        // By its id alone, wherever the list thinks it is.
        let mut by_id = entry(Scheme::Gec, "GEC-1", &asset);
        (by_id.asset, by_id.place) = (Some("meter-3".to_owned()), None);
        f.list(&[by_id]).unwrap();
        f.register("wuhan", &roof("meter-3", "420106", square(500, 0, 20)))
            .refused_by("S13");
    });
}

#[test]
fn a_scheme_that_may_coexist_stands_in_nobody_s_way() {
    on_each_database(|f| {
        let block = issued(&f);
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        f.list(&[entry(Scheme::Event, "EVENT-1", &asset)]).unwrap();
        assert!(f.asset_conflicts().is_empty());
        assert_eq!(f.state_of(&block), "held");
        f.issue_month("wuhan", "420100", &["meter-1"], 4).unwrap();
    });
}

#[test]
fn a_later_list_finds_what_was_issued_and_freezes_what_the_issuer_still_holds() {
    on_each_database(|f| {
        let block = issued(&f);
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        let first = f.head().0;
        f.list(&[entry(Scheme::Ccer, "CCER-1", &asset)]).unwrap();
        assert_eq!(
            f.leaf_types(first),
            ["schemes.listed", "asset.contested", "asset.blocked", "freeze.set"]
        );
        assert_eq!(
            f.feed("wuhan")[f.feed("wuhan").len() - 3..],
            ["asset.contested", "asset.blocked", "freeze.set"]
        );
        assert_eq!(f.standing(&block), "wuhan frozen");
        let conflict = f.asset_conflicts().remove(0);
        assert_eq!(conflict.content.frozen, std::slice::from_ref(&block));
        f.issue_month("wuhan", "420100", &["meter-1"], 4).refused_by("S12");
        let head = f.head();
        f.list(&[entry(Scheme::Ccer, "CCER-1", &asset)]).unwrap();
        assert_eq!(f.head(), head, "the same list again writes nothing");
        f.by_officers(
            &["first-officer"],
            tanqiao_hub::ledger::command::Decision::ResolveAssetConflict {
                conflict: conflict.id,
                ruling: AssetConflictState::Upheld,
                reason: "the project is registered there".to_owned(),
            },
        )
        .refused_by("G01");
        f.rule(conflict.id, AssetConflictState::Upheld).unwrap();
        assert_eq!(f.standing(&block), "wuhan cancelled");
        // The asset is issued on again, but never for the time of the list.
        assert_eq!(f.asset_state("wuhan", "meter-1"), "registered");
        f.issue_month("wuhan", "420100", &["meter-1"], 4).refused_by("S13");
    });
}

#[test]
fn a_list_that_was_wrong_is_dismissed_and_everything_is_as_before() {
    on_each_database(|f| {
        let block = issued(&f);
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        let mut row = entry(Scheme::Gec, "GEC-1", &asset);
        f.list(std::slice::from_ref(&row)).unwrap();
        f.rule(f.asset_conflicts()[0].id, AssetConflictState::Dismissed)
            .unwrap();
        assert_eq!(f.standing(&block), "wuhan held");
        f.issue_month("wuhan", "420100", &["meter-1"], 4).unwrap();
        let mut revised = asset.clone();
        revised.capacity.amount = "11".to_owned();
        assert_eq!(
            f.registered("wuhan", &revised),
            "registered",
            "an officer has looked at it"
        );
        row.quantity = "1300".to_owned();
        f.list(&[row]).unwrap();
        assert_eq!(f.asset_conflicts().len(), 2, "the list says something else now");
        assert_eq!(f.asset_state("wuhan", "meter-1"), "contested");
    });
}

#[test]
fn holders_in_good_faith_are_untouched_and_an_open_offer_is_halted() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        f.register("wuhan", &station("station-1", 0)).unwrap();
        let block = f
            .issue_at_station("wuhan", "420100", "station-1")
            .unwrap()
            .blocks
            .remove(0);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 300)]);
        f.cancel("wuhan", &[part(&block, 301, 400)]).unwrap();
        let offered = f.offer("wuhan", "harbin", &[part(&block, 401, 600)]);
        f.list(&[entry(Scheme::Ccer, "CCER-1", &station("station-1", 0))])
            .unwrap();
        assert_eq!(f.standing(&part(&block, 1, 200)), "harbin held");
        assert_eq!(f.standing(&part(&block, 301, 400)), "wuhan cancelled");
        assert_eq!(f.standing(&part(&block, 401, 600)), "wuhan frozen");
        assert_eq!(f.standing(&part(&block, 601, 1_000)), "wuhan frozen");
        f.accept("harbin", &offered).refused_by("T05");
        f.rule(f.asset_conflicts()[0].id, AssetConflictState::Dismissed)
            .unwrap();
        assert_eq!(f.standing(&part(&block, 401, 600)), "wuhan held");
    });
}

#[test]
fn serials_that_two_lists_hold_frozen_come_back_with_the_second() {
    on_each_database(|f| {
        let block = issued(&f);
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        f.list(&[
            entry(Scheme::Ccer, "CCER-1", &asset),
            entry(Scheme::Gec, "GEC-1", &asset),
        ])
        .unwrap();
        let ids: Vec<i64> = f.asset_conflicts().iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), 2);
        f.rule(ids[0], AssetConflictState::Dismissed).unwrap();
        assert_eq!(
            (f.state_of(&block), f.asset_state("wuhan", "meter-1")),
            ("frozen".into(), "contested".into())
        );
        f.rule(ids[1], AssetConflictState::Dismissed).unwrap();
        assert_eq!(
            (f.state_of(&block), f.asset_state("wuhan", "meter-1")),
            ("held".into(), "registered".into())
        );
    });
}

#[test]
fn what_officers_froze_for_another_reason_stays_frozen() {
    on_each_database(|f| {
        let block = issued(&f);
        f.freeze(&[part(&block, 1, 100)]).unwrap();
        f.list(&[entry(
            Scheme::Ccer,
            "CCER-1",
            &roof("meter-1", "420106", square(0, 0, 20)),
        )])
        .unwrap();
        f.rule(f.asset_conflicts()[0].id, AssetConflictState::Dismissed)
            .unwrap();
        assert_eq!(f.state_of(&part(&block, 1, 100)), "frozen");
        assert_eq!(f.state_of(&part(&block, 101, 1_000)), "held");
    });
}

#[test]
fn rows_that_say_nothing_that_could_be_compared_are_refused() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        let good = entry(Scheme::Ccer, "CCER-1", &roof("meter-1", "420106", square(0, 0, 20)));
        let refused = |change: &dyn Fn(&mut tanqiao_hub::ledger::objects::SchemeEntry)| {
            let mut row = good.clone();
            change(&mut row);
            f.list(&[row]).refused_by("M02").detail
        };
        assert!(refused(&|row| row.quantity = "-1".to_owned()).contains("`quantity` of `CCER-1`"));
        assert!(refused(&|row| row.until = row.from).contains("until"));
        assert!(refused(&|row| row.place = None).contains("nothing could be compared"));
        assert!(refused(&|row| row.scheme = Scheme::CarbonInclusion).contains("scheme"));
        assert!(refused(&|row| row.asset = Some("roof of 199 0000 0000".to_owned())).contains("mobile number"));
        let many = vec![good.clone(); 201];
        f.list(&many).refused_by("M03");
    });
}
