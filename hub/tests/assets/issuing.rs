//! What may be issued on which asset, and when.

use tanqiao_protocol::asset::SchemeDeclaration;

use crate::support::{Federation, Refused, name, on_each_database, roof, square, station};

fn begin(f: &Federation) {
    f.two_regions_with_roofs();
    f.register("wuhan", &roof("meter-1", "420106", square(0, 0, 20)))
        .unwrap();
    f.register("wuhan", &roof("meter-2", "420106", square(100, 0, 20)))
        .unwrap();
}

#[test]
fn a_project_names_its_registered_assets() {
    on_each_database(|f| {
        begin(&f);
        f.issue_on("wuhan", "420100", &[]).refused_by("S14");
        f.issue_on("wuhan", "420100", &["meter-1", "meter-9"]).refused_by("S14");
        f.issue_on("harbin", "230100", &["meter-1"]).refused_by("S14");
        f.issue_on("wuhan", "420100", &["meter-1", "meter-1"]).refused_by("M02");
        f.issue_on("wuhan", "420100", &["meter-1", "meter-2"]).unwrap();
        // A ride needs no asset, also by a rule that states no factor.
        f.issue("wuhan", "420100", 7);
    });
}

#[test]
fn class_region_and_crediting_period_are_those_of_the_acts() {
    on_each_database(|f| {
        begin(&f);
        f.issue_on("wuhan", "420107", &["meter-1"]).refused_by("S12");
        f.issue_on("wuhan", "420106", &["meter-1"]).unwrap();
        let mut heat = roof("well-1", "420106", square(0, 0, 20));
        heat.activity = name("geothermal-heating");
        f.register("wuhan", &heat).unwrap();
        f.issue_on("wuhan", "420100", &["well-1"]).refused_by("S12");
        let mut late = roof("meter-3", "420106", square(200, 0, 20));
        late.period_from = "2025-03-15T00:00:00Z".parse().unwrap();
        f.register("wuhan", &late).unwrap();
        f.issue_on("wuhan", "420100", &["meter-3"]).refused_by("S12");
        f.issue_month("wuhan", "420100", &["meter-3"], 4).unwrap();
    });
}

#[test]
fn two_issuances_on_one_asset_are_for_times_apart() {
    on_each_database(|f| {
        begin(&f);
        f.issue_month("wuhan", "420100", &["meter-1"], 3).unwrap();
        let problem = f
            .issue_month("wuhan", "420100", &["meter-2", "meter-1"], 3)
            .refused_by("S12");
        assert!(problem.found.unwrap().contains("meter-1"));
        f.issue_month("wuhan", "420100", &["meter-1"], 4).unwrap();
        f.issue_month("wuhan", "420100", &["meter-2"], 3).unwrap();
        // March to May, where April was issued.
        f.issue_on_as("wuhan", "420100", &["meter-2"], |c| {
            c.period_from = "2025-02-01T00:00:00Z".parse().unwrap();
            c.period_until = "2025-05-01T00:00:00Z".parse().unwrap();
        })
        .refused_by("S12");
    });
}

#[test]
fn in_one_batch_the_first_issuance_on_an_asset_counts() {
    on_each_database(|f| {
        begin(&f);
        let commands: Vec<_> = (0..2)
            .map(|_| {
                let id = f.new_id();
                let mut content = crate::support::issuance("wuhan", "420100", 1_000, id);
                content.methodology = "wuhan-pv.v1".parse().unwrap();
                content.assets = vec![name("meter-1")];
                f.command(
                    "wuhan",
                    id,
                    tanqiao_hub::ledger::command::Body::Issuance(Box::new(content)),
                )
            })
            .collect();
        let mut answers = f.sequencer.submit_blocking(commands).unwrap().into_iter();
        answers.next().unwrap().result.unwrap();
        answers.next().unwrap().result.refused_by("S12");
    });
}

#[test]
fn a_contested_asset_is_not_issued_on_and_the_one_before_it_is() {
    on_each_database(|f| {
        begin(&f);
        f.register("wuhan", &roof("meter-3", "420106", square(10, 0, 20)))
            .unwrap();
        f.issue_on("wuhan", "420100", &["meter-3"]).refused_by("S12");
        f.issue_on("wuhan", "420100", &["meter-1"]).unwrap();
    });
}

#[test]
fn what_the_registrant_declares_counts_for_its_time() {
    on_each_database(|f| {
        begin(&f);
        let mut asset = roof("meter-1", "420106", square(0, 0, 20));
        let declared = |scheme: &str| SchemeDeclaration {
            scheme: name(scheme),
            reference: "G-000001".to_owned(),
            from: "2025-03-01T00:00:00Z".parse().unwrap(),
            until: "2025-04-01T00:00:00Z".parse().unwrap(),
        };
        asset.other_schemes = vec![declared("gec"), declared("event")];
        f.register("wuhan", &asset).unwrap();
        let problem = f.issue_month("wuhan", "420100", &["meter-1"], 3).refused_by("S13");
        assert!(problem.found.unwrap().contains("gec G-000001"));
        f.issue_month("wuhan", "420100", &["meter-1"], 4).unwrap();
        f.issue_month("wuhan", "420100", &["meter-1"], 2).unwrap();
        asset.other_schemes = vec![declared("event")];
        f.register("wuhan", &asset).unwrap();
        f.issue_month("wuhan", "420100", &["meter-1"], 3).unwrap();
    });
}

#[test]
fn what_was_issued_on_keeps_its_place_class_and_time() {
    on_each_database(|f| {
        begin(&f);
        let asset = roof("meter-1", "420106", square(0, 0, 20));
        f.issue_month("wuhan", "420100", &["meter-1"], 3).unwrap();
        let mut moved = asset.clone();
        moved.place = square(500, 0, 20);
        f.register("wuhan", &moved).refused_by("S12");
        let mut shorter = asset.clone();
        shorter.period_from = "2025-03-10T00:00:00Z".parse().unwrap();
        f.register("wuhan", &shorter).refused_by("S12");
        shorter.period_from = "2025-03-01T00:00:00Z".parse().unwrap();
        f.register("wuhan", &shorter).unwrap();
    });
}

#[test]
fn what_a_loser_has_issued_for_the_contested_time_is_frozen_and_what_others_hold_is_not() {
    on_each_database(|f| {
        f.two_regions_with_roofs();
        f.register("wuhan", &station("station-1", 0)).unwrap();
        let block = f
            .issue_at_station("wuhan", "420100", "station-1")
            .unwrap()
            .blocks
            .remove(0);
        f.transfer("wuhan", "harbin", &[crate::support::part(&block, 1, 400)]);
        f.register("wuhan", &station("station-2", 10)).unwrap();
        let conflict = f.asset_conflicts().remove(0).id;
        f.rule(conflict, tanqiao_protocol::asset::AssetConflictState::ForSecond)
            .unwrap();
        assert_eq!(f.standing(&crate::support::part(&block, 401, 1_000)), "wuhan frozen");
        assert_eq!(f.standing(&crate::support::part(&block, 1, 300)), "harbin held");
        assert_eq!(
            f.asset_conflicts()[0].content.frozen,
            [crate::support::part(&block, 401, 1_000)]
        );
        f.cancel_frozen(&[crate::support::part(&block, 401, 1_000)]).unwrap();
    });
}
