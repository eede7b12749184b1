//! Mappings that are composed of two legs through a reference methodology.

use std::sync::Arc;

use tanqiao_protocol::mapping::MappingProposal;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::view::MemberKind;

use super::saying::{
    BOTH, Said, approve, endorse, lift, officers_endorse, officers_propose, propose, reference, state, suspend,
    three_members, wanted, why,
};
use crate::support::{Federation, Refused, grams, mapping, node, on_each_database, part, proposal, sheet};

const FIRST: &str = "wuhan-to-reference.v1";
const SECOND: &str = "reference-to-harbin.v1";
const WHOLE: &str = "wuhan-by-reference.v1";

/// Sheets of all, 98 g in Wuhan, 90 g by the reference, 80 g in Harbin and Shenzhen.
fn sheets(f: &Federation) {
    three_members(f);
    f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "98"))
        .unwrap();
    f.publish_sheet("harbin", sheet("harbin-metro.v1", Some("230100"), "80"))
        .unwrap();
    f.publish_sheet("shenzhen", sheet("shenzhen-metro.v1", Some("440300"), "80"))
        .unwrap();
    f.publish_reference(sheet("REF-metro.v1", None, "90")).unwrap();
}

fn plain(f: &Federation, name: &str) -> MappingProposal {
    let mut record = wanted(f);
    record.mapping = reference(name);
    record.buffer = Factor::ZERO;
    let mut plain = proposal(&record, &sheet("REF-metro.v1", None, "90"));
    plain.source_region = "420100".parse().unwrap();
    plain
}

fn first_leg(f: &Federation) -> MappingProposal {
    let mut leg = plain(f, FIRST);
    leg.to = "CN".parse().unwrap();
    leg.endorsed_by = node("hub");
    leg
}

fn second_leg(f: &Federation, to: &str, region: &str) -> MappingProposal {
    let mut leg = plain(f, &format!("reference-to-{to}.v1"));
    leg.origin = "REF-metro.v1".parse().unwrap();
    leg.target = format!("{to}-metro.v1").parse().unwrap();
    leg.to = region.parse().unwrap();
    leg.endorsed_by = node(to);
    leg
}

fn whole(f: &Federation, name: &str, to: &str, region: &str) -> MappingProposal {
    let mut whole = plain(f, name);
    whole.target = format!("{to}-metro.v1").parse().unwrap();
    whole.through = Some("REF-metro.v1".parse().unwrap());
    whole.to = region.parse().unwrap();
    whole.endorsed_by = node(to);
    whole
}

fn open_first(f: &Federation, leg: &MappingProposal) -> Said {
    let name = leg.mapping.to_string();
    propose(f, "wuhan", leg)?;
    endorse(f, "wuhan", &name)?;
    officers_endorse(f, &name)?;
    approve(f, &BOTH, &name)
}

fn open_second(f: &Federation, leg: &MappingProposal) -> Said {
    let name = leg.mapping.to_string();
    officers_propose(f, leg)?;
    officers_endorse(f, &name)?;
    endorse(f, leg.endorsed_by.as_str(), &name)?;
    approve(f, &BOTH, &name)
}

fn open_whole(f: &Federation, whole: &MappingProposal) -> Said {
    let name = whole.mapping.to_string();
    propose(f, "wuhan", whole)?;
    endorse(f, "wuhan", &name)?;
    endorse(f, whole.endorsed_by.as_str(), &name)?;
    approve(f, &BOTH, &name)
}

fn record(f: &Federation, name: &str) -> tanqiao_protocol::recognition::MappingRecord {
    let governance = f.sequencer.governance();
    (**governance.mapping_versions[&reference(name)].record().unwrap()).clone()
}

#[test]
fn a_composed_mapping_waits_for_its_legs_and_then_recognises() {
    on_each_database(|f| {
        sheets(&f);
        let block = f.issue("wuhan", "420100", 100_000);
        propose(&f, "wuhan", &whole(&f, WHOLE, "harbin", "230100")).unwrap();
        assert_eq!(state(&f, WHOLE), "candidate");
        open_first(&f, &first_leg(&f)).unwrap();
        assert_eq!(state(&f, WHOLE), "candidate");
        open_second(&f, &second_leg(&f, "harbin", "230100")).unwrap();
        assert_eq!(state(&f, WHOLE), "evidence-complete", "the second leg opened");
        f.propose("wuhan", "harbin", std::slice::from_ref(&block))
            .refused_by("R01");
        endorse(&f, "wuhan", WHOLE).unwrap();
        endorse(&f, "harbin", WHOLE).unwrap();
        approve(&f, &BOTH, WHOLE).unwrap();
        let legs = (record(&f, FIRST), record(&f, SECOND));
        let composed = record(&f, WHOLE);
        let product = legs.0.factor.millionths() * legs.1.factor.millionths() / 1_000_000;
        assert!(composed.factor.millionths() <= product);
        f.transfer("wuhan", "harbin", &[block]);
    });
}

#[test]
fn a_leg_recognises_nothing_by_itself() {
    on_each_database(|f| {
        sheets(&f);
        f.admit("company", "CN", MemberKind::Enterprise);
        open_first(&f, &first_leg(&f)).unwrap();
        let block = f.issue("wuhan", "420100", 1_000);
        f.propose("wuhan", "company", &[block]).refused_by("R01");
    });
}

#[test]
fn a_composed_mapping_permits_no_more_than_its_legs() {
    on_each_database(|f| {
        sheets(&f);
        let mut first = first_leg(&f);
        first.cap_g = Some(grams(5_000));
        first.uses = [tanqiao_protocol::r#use::Use::CorporateNeutrality]
            .into_iter()
            .collect();
        open_first(&f, &first).unwrap();
        let mut second = second_leg(&f, "harbin", "230100");
        second.buffer = Factor::new(50_000).unwrap();
        second.valid_until = Some(f.now().plus_micros(30 * tanqiao_protocol::time::DAY_US));
        open_second(&f, &second).unwrap();
        open_whole(&f, &whole(&f, WHOLE, "harbin", "230100")).unwrap();
        let composed = record(&f, WHOLE);
        assert_eq!((composed.cap_g, composed.buffer), (Some(grams(5_000)), second.buffer));
        assert_eq!(composed.uses, first.uses);
        assert_eq!(Some(composed.valid_until), second.valid_until);
    });
}

#[test]
fn a_leg_for_another_place_or_other_acts_is_none() {
    on_each_database(|f| {
        sheets(&f);
        // It goes by the reference, but Harbin signed for it and for itself alone.
        let direct = plain(&f, "wuhan-direct.v1");
        open_whole(&f, &direct).unwrap();
        suspend(&f, "harbin", "wuhan-direct.v1").unwrap();
        open_second(&f, &second_leg(&f, "shenzhen", "440300")).unwrap();
        let wanted = whole(&f, WHOLE, "shenzhen", "440300");
        propose(&f, "wuhan", &wanted).unwrap();
        assert_eq!(state(&f, WHOLE), "candidate");
        let mut first = first_leg(&f);
        first.vintage_last = 2024;
        open_first(&f, &first).unwrap();
        assert_eq!(state(&f, WHOLE), "candidate", "the first leg is of other years");
    });
}

#[test]
fn a_composed_mapping_stops_with_its_leg_and_is_lifted_for_itself() {
    on_each_database(|f| {
        sheets(&f);
        open_first(&f, &first_leg(&f)).unwrap();
        open_second(&f, &second_leg(&f, "harbin", "230100")).unwrap();
        open_whole(&f, &whole(&f, WHOLE, "harbin", "230100")).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 5_000)]);
        suspend(&f, "officers", SECOND).unwrap();
        assert_eq!(state(&f, WHOLE), "suspended");
        assert!(
            why(&f, WHOLE).contains("mapping reference-to-harbin.v1"),
            "{}",
            why(&f, WHOLE)
        );
        f.propose("wuhan", "harbin", &[part(&block, 5_001, 6_000)])
            .refused_by("R02");
        f.accept("harbin", &offer).unwrap();
        lift(&f, "harbin", WHOLE).refused_by("G03");
        // Officers speak once for the reference and for themselves.
        lift(&f, "officers", SECOND).unwrap();
        lift(&f, "harbin", SECOND).unwrap();
        assert_eq!((state(&f, SECOND), state(&f, WHOLE)), ("active", "suspended"));
        for by in ["wuhan", "harbin", "officers"] {
            lift(&f, by, WHOLE).unwrap();
        }
        f.propose("wuhan", "harbin", &[part(&block, 5_001, 6_000)]).unwrap();
    });
}

#[test]
fn a_direct_mapping_wins_and_a_rejection_too() {
    on_each_database(|f| {
        sheets(&f);
        open_first(&f, &first_leg(&f)).unwrap();
        open_second(&f, &second_leg(&f, "harbin", "230100")).unwrap();
        open_whole(&f, &whole(&f, WHOLE, "harbin", "230100")).unwrap();
        let block = f.issue("wuhan", "420100", 100_000);
        f.open_mapping(
            "wuhan",
            &mapping("wuhan", "harbin", "230100", 500_000, 0, None, f.now()),
        )
        .unwrap();
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        let arrived = f.block(&part(&block, 1, 1));
        assert_eq!(arrived.terms.mapping, Some(reference("wuhan-to-harbin.v1")));
        super::saying::revoke(&f, &BOTH, "wuhan-to-harbin.v1").unwrap();
        f.propose("wuhan", "harbin", &[part(&block, 2_001, 3_000)])
            .refused_by("R02");
    });
}

#[test]
fn composed_mappings_count_under_the_caps_of_their_legs_whatever_arrives_at_once() {
    on_each_database(|f| {
        sheets(&f);
        let mut first = first_leg(&f);
        first.cap_g = Some(grams(1_050));
        open_first(&f, &first).unwrap();
        for (to, region) in [("harbin", "230100"), ("shenzhen", "440300")] {
            open_second(&f, &second_leg(&f, to, region)).unwrap();
            open_whole(&f, &whole(&f, &format!("wuhan-{to}-by-reference.v1"), to, region)).unwrap();
        }
        let block = f.issue("wuhan", "420100", 10_000);
        let f = Arc::new(f);
        let propose = |i: i64| {
            let (f, blocks) = (Arc::clone(&f), [part(&block, 100 * i + 1, 100 * i + 100)]);
            let to = if i % 2 == 0 { "harbin" } else { "shenzhen" };
            std::thread::spawn(move || f.propose("wuhan", to, &blocks))
        };
        let threads: Vec<_> = (0..64).map(propose).collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 10);
        let mut problems = results.iter().filter_map(|r| r.as_ref().err());
        assert!(problems.all(|p| p.code == "cap-reached"));
        let caps = f.database.read(tanqiao_hub::store::audit::caps).unwrap();
        assert!(
            caps.iter()
                .any(|row| row.cap_g == Some(1_050) && row.reserved_g == 1_000)
        );
        assert_eq!(caps.iter().map(|row| row.reserved_g).sum::<i64>(), 3_000);
    });
}
