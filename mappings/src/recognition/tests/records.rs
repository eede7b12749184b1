use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::r#use::{Use, Uses};

use super::world::{day, factor, record, region};
use crate::recognition::{check_not_home, check_record, check_successor};

fn good() -> MappingRecord {
    record("city.v1", "230100", 840_000, 20_000, &[Use::EventNeutrality])
}

fn faults(change: impl FnOnce(&mut MappingRecord)) -> Vec<(&'static str, String)> {
    let mut record = good();
    change(&mut record);
    check_record(&record, day(1))
        .iter()
        .map(|fault| (fault.field(), fault.to_string()))
        .collect()
}

#[test]
fn a_good_record_has_no_fault() {
    assert_eq!(faults(|_| {}), []);
    assert_eq!(faults(|r| r.factor = Factor::ONE), []);
    assert_eq!(faults(|r| r.factor = factor(1)), []);
    assert_eq!(faults(|r| r.buffer = factor(500_000)), []);
    assert_eq!(faults(|r| r.valid_until = day(366)), []);
    assert_eq!(faults(|r| r.reason_zh = "碳".repeat(2_000)), []);
}

#[test]
fn each_rule_names_its_field() {
    let fields = |change: fn(&mut MappingRecord)| faults(change).into_iter().map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(fields(|r| r.factor = Factor::ZERO), ["factor"]);
    assert_eq!(fields(|r| r.buffer = factor(500_001)), ["buffer"]);
    assert_eq!(fields(|r| r.uses = Uses::NONE), ["uses"]);
    assert_eq!(fields(|r| r.cap_g = Some(Grams::ZERO)), ["cap_g"]);
    assert_eq!(fields(|r| r.valid_until = day(366).plus_micros(1)), ["valid_until"]);
    assert_eq!(fields(|r| r.valid_from = r.valid_until), ["valid_until"]);
    assert_eq!(fields(|r| r.valid_until = day(1)), ["valid_until"]);
    assert_eq!(
        fields(|r| (r.valid_from, r.valid_until) = (day(368), day(400))),
        ["valid_from"]
    );
    assert_eq!(fields(|r| r.counterpart = Some(r.origin.clone())), ["counterpart"]);
    assert_eq!(fields(|r| r.reason_zh = " \n".into()), ["reason_zh"]);
    assert_eq!(fields(|r| r.reason_en = "x".repeat(2_001)), ["reason_en"]);
    assert_eq!(fields(|r| r.reason_en = "bell\u{7}".into()), ["reason_en"]);
}

#[test]
fn all_faults_are_named_at_once() {
    assert_eq!(
        faults(|r| {
            r.factor = Factor::ZERO;
            r.uses = Uses::NONE;
        })
        .len(),
        2
    );
}

#[test]
fn a_mapping_does_not_lead_home() {
    let home = region("420100");
    let to = |code| {
        let mut record = good();
        record.to = region(code);
        check_not_home(&record, home).is_some()
    };
    assert!(to("420100"));
    assert!(to("420000"));
    assert!(!to("420200"));
    assert!(!to("230100"));
}

#[test]
fn a_later_version_is_about_the_same_thing() {
    let before = good();
    let mut after = record("city.v2", "230100", 700_000, 0, &[Use::EventNeutrality]);
    assert_eq!(check_successor(&after, &before), []);
    assert_eq!(check_successor(&before, &after).len(), 1, "a version cannot come again");
    after.to = region("230000");
    assert_eq!(check_successor(&after, &before)[0].field(), "mapping");
}
