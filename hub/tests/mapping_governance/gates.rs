//! What does not suffice recognises nothing.

use tanqiao_hub::ledger::command::Body;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::mapping::MappingProposal;

use super::saying::{propose, propose_as, reference, state, three_members, wanted};
use crate::support::{Federation, methodology, name, on_each_database, proposal, sheet, sheet_with};

const M: &str = "wuhan-to-harbin.v1";

/// A methodology of Wuhan for driving electric cars, in km, without a stated factor.
fn driving(f: &Federation) {
    let mut content = methodology("wuhan", "420100");
    content.methodology = "wuhan-ev.v1".parse().unwrap();
    content.activity = name("ev-driving");
    content.factor_g_per_unit = None;
    f.by_member("wuhan", Body::Methodology(Box::new(content))).unwrap();
}

fn ev(methodology: &str, region: Option<&str>, grams: &str, confirmed: bool) -> Sheet {
    let sheet = sheet_with(methodology, region, grams, &[("activity", Some("ev-driving"))]);
    let mut value = serde_json::to_value(&sheet).unwrap();
    if !confirmed {
        value.as_object_mut().unwrap().remove("confirmation");
    }
    serde_json::from_value(value).unwrap()
}

fn of_driving(f: &Federation) -> MappingProposal {
    let target = ev("REF-ev.v1", None, "50", true);
    f.publish_reference(target.clone()).unwrap();
    let mut record = wanted(f);
    record.origin = "wuhan-ev.v1".parse().unwrap();
    record.source_region = Some("420100".parse().unwrap());
    proposal(&record, &target)
}

#[test]
fn an_implausible_factor_stops_a_mapping_until_its_issuer_confirms_it() {
    on_each_database(|f| {
        three_members(&f);
        driving(&f);
        f.publish_sheet("wuhan", ev("wuhan-ev.v1", Some("420100"), "2.1", false))
            .unwrap();
        propose(&f, "wuhan", &of_driving(&f)).unwrap();
        assert_eq!(state(&f, M), "candidate");
        let text = explained(&f);
        assert!(text.contains("plausib"), "{text}");
        f.publish_sheet("wuhan", ev("wuhan-ev.v1", Some("420100"), "2.1", true))
            .unwrap();
        assert_eq!(state(&f, M), "evidence-complete");
    });
}

fn explained(f: &Federation) -> String {
    let found = f
        .database
        .read(|c| tanqiao_hub::store::read::mappings::explanation(c, &reference(M)))
        .unwrap();
    found.unwrap()["refusals"].to_string()
}

#[test]
fn kilowatt_hours_are_never_kilometres() {
    on_each_database(|f| {
        three_members(&f);
        let cells = [
            ("activity", Some("ev-charging")),
            ("activity-unit", Some("kW.h")),
            ("unit-factor", Some("300 g{CO2}/(kW.h)")),
        ];
        f.publish_reference(sheet_with("REF-kwh.v1", None, "1", &cells))
            .unwrap();
        propose_as(&f, "wuhan", |p| p.target = "REF-kwh.v1".parse().unwrap()).unwrap();
        assert_eq!(state(&f, M), "candidate");
    });
}

#[test]
fn a_methodology_without_a_sheet_recognises_nothing() {
    on_each_database(|f| {
        three_members(&f);
        let record = wanted(&f);
        f.publish_reference(sheet("REF-known.v1", None, "80")).unwrap();
        let mut proposal = proposal(&record, &sheet("REF-known.v1", None, "80"));
        proposal.source_region = "420100".parse().unwrap();
        propose(&f, "wuhan", &proposal).unwrap();
        assert_eq!(state(&f, M), "candidate");
        // One sheet more does not help where the other side has none.
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "98"))
            .unwrap();
        assert_eq!(state(&f, M), "evidence-complete");
        let mut bare = proposal.clone();
        bare.mapping = reference("wuhan-to-harbin.v2");
        bare.target = "harbin-metro.v1".parse().unwrap();
        propose(&f, "wuhan", &bare).unwrap();
        assert_eq!(state(&f, "wuhan-to-harbin.v2"), "candidate");
    });
}

#[test]
fn what_is_unknown_refuses_or_costs() {
    on_each_database(|f| {
        three_members(&f);
        let factor = |attribute: &str| {
            let cells = [(attribute, None)];
            f.publish_sheet("wuhan", sheet_with("wuhan-metro.v1", Some("420100"), "98", &cells))
                .unwrap();
            let governance = f.sequencer.governance();
            let version = &governance.mapping_versions[&reference(M)];
            version.record().map(|record| record.factor.millionths())
        };
        propose_as(&f, "wuhan", |_| ()).unwrap();
        assert!(factor("uncertainty").unwrap() < 842_110);
        for gate in [
            "additionality",
            "monitoring",
            "identity",
            "verification",
            "ownership",
            "standing",
            "baseline",
        ] {
            assert_eq!(factor(gate), None, "{gate}");
        }
    });
}
