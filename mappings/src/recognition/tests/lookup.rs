use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::r#use::Use::{CorporateNeutrality, EventNeutrality, PersonalOffset};

use super::world::{METRO, active, day, record, region, set, uses};
use crate::recognition::{Inactive, MappingEntry, MappingSet, Reason, Rejection};
use tanqiao_protocol::mapping::RejectionGround;

fn found(set: &MappingSet, to: &str, wanted: Use, on: i64) -> Result<String, Reason> {
    set.lookup(&METRO.parse().unwrap(), region(to), wanted, day(on))
        .map(|record| record.mapping.to_string())
}

fn city(version: u32) -> MappingRecord {
    record(&format!("city.v{version}"), "230100", 840_000, 0, &[EventNeutrality])
}

fn province() -> MappingRecord {
    record(
        "province.v1",
        "230000",
        800_000,
        0,
        &[EventNeutrality, CorporateNeutrality],
    )
}

#[test]
fn the_region_first_then_its_province_then_none() {
    let set = set([province(), city(1)]);
    assert_eq!(found(&set, "230100", EventNeutrality, 1).unwrap(), "city.v1");
    assert_eq!(found(&set, "230100", CorporateNeutrality, 1).unwrap(), "province.v1");
    assert_eq!(found(&set, "230200", EventNeutrality, 1).unwrap(), "province.v1");
    assert_eq!(found(&set, "230000", EventNeutrality, 1).unwrap(), "province.v1");
    let none = found(&set, "310000", EventNeutrality, 1).unwrap_err();
    assert_eq!(
        none,
        Reason::NoMapping {
            origin: METRO.parse().unwrap(),
            to: region("310000"),
            r#use: EventNeutrality
        }
    );
    assert_eq!(none.code(), "R01");
}

#[test]
fn a_city_alone_says_nothing_about_its_province() {
    let set = set([city(1)]);
    assert_eq!(found(&set, "230000", EventNeutrality, 1).unwrap_err().code(), "R01");
    assert_eq!(found(&set, "230200", EventNeutrality, 1).unwrap_err().code(), "R01");
}

#[test]
fn the_highest_version_that_is_valid() {
    let mut later = city(2);
    later.valid_from = day(50);
    let set = set([later, city(1), city(10)]);
    assert_eq!(found(&set, "230100", EventNeutrality, 1).unwrap(), "city.v10");
    let without_ten = set.with(MappingEntry::new(city(10), MappingState::Superseded));
    assert_eq!(without_ten.entries().len(), 3);
    assert_eq!(found(&without_ten, "230100", EventNeutrality, 1).unwrap(), "city.v1");
    assert_eq!(found(&without_ten, "230100", EventNeutrality, 50).unwrap(), "city.v2");
    assert_eq!(
        found(&set, "230100", EventNeutrality, 50).unwrap(),
        "city.v10",
        "the older set is as it was"
    );
}

#[test]
fn among_several_mappings_the_smallest_factor_whatever_their_versions() {
    let set = set([
        record("a.v7", "230100", 900_000, 0, &[EventNeutrality]),
        record("b.v1", "230100", 100_000, 0, &[EventNeutrality]),
        record("b.v2", "230100", 700_000, 0, &[EventNeutrality]),
        record("c.v1", "230100", 800_000, 0, &[EventNeutrality]),
    ]);
    assert_eq!(found(&set, "230100", EventNeutrality, 1).unwrap(), "b.v2");
}

#[test]
fn a_period_begins_with_its_first_instant_and_ends_before_its_last() {
    let set = set([city(1)]);
    let origin = METRO.parse().unwrap();
    let at = |time| set.lookup(&origin, region("230100"), EventNeutrality, time).map(|_| ());
    assert!(at(day(0)).is_ok());
    assert!(at(day(365).plus_micros(-1)).is_ok());
    let not_active = |why| {
        Err(Reason::NotActive {
            mapping: "city.v1".parse().unwrap(),
            to: region("230100"),
            why,
        })
    };
    assert_eq!(at(day(365)), not_active(Inactive::Expired { since: day(365) }));
    assert_eq!(at(day(-1)), not_active(Inactive::NotYetValid { from: day(0) }));
}

#[test]
fn a_suspension_stops_and_the_province_does_not_step_in() {
    let set = set([province()]).with(MappingEntry::new(city(1), MappingState::Suspended));
    let refused = found(&set, "230100", EventNeutrality, 1).unwrap_err();
    assert!(matches!(
        &refused,
        Reason::NotActive {
            why: Inactive::Suspended,
            ..
        }
    ));
    assert_eq!(refused.code(), "R02");
    assert_eq!(
        refused.zh(),
        "映射 city.v1 已被暂停，230100 不能据此认可减排量：请等待有效版本"
    );
    assert_eq!(found(&set, "230200", EventNeutrality, 1).unwrap(), "province.v1");
}

#[test]
fn what_has_ended_by_itself_leaves_the_place_to_the_province() {
    let mut ended = city(1);
    ended.valid_until = day(10);
    let set = set([province(), ended]);
    assert_eq!(found(&set, "230100", EventNeutrality, 9).unwrap(), "city.v1");
    assert_eq!(found(&set, "230100", EventNeutrality, 10).unwrap(), "province.v1");
    let suspended = set.with(MappingEntry::new(
        set.get(&"city.v1".parse().unwrap()).unwrap().record.as_ref().clone(),
        MappingState::Suspended,
    ));
    assert_eq!(found(&suspended, "230100", EventNeutrality, 10).unwrap(), "province.v1");
}

#[test]
fn a_mapping_for_other_uses_is_not_no_mapping() {
    let set = set([province(), city(1)]);
    let refused = found(&set, "230100", PersonalOffset, 1).unwrap_err();
    assert_eq!(
        refused,
        Reason::UseNotPermitted {
            to: region("230100"),
            r#use: PersonalOffset,
            permitted: uses(&[EventNeutrality, CorporateNeutrality])
        }
    );
    assert_eq!(refused.code(), "R04");
    assert_eq!(
        refused.to_string(),
        "in 230100 these reductions may be used for event-neutrality, corporate-neutrality, not for personal-offset"
    );
    // One that does not recognise now permits nothing.
    assert_eq!(found(&set, "230100", PersonalOffset, 400).unwrap_err().code(), "R01");
}

#[test]
fn a_party_is_its_own_place() {
    let set = set([record("swiss.v1", "CH", 900_000, 0, &[Use::Article6Ndc])]);
    assert_eq!(found(&set, "CH", Use::Article6Ndc, 1).unwrap(), "swiss.v1");
    assert_eq!(found(&set, "GH", Use::Article6Ndc, 1).unwrap_err().code(), "R01");
}

#[test]
fn the_same_version_twice_is_one_entry() {
    let set: MappingSet = [active(city(1)), MappingEntry::new(city(1), MappingState::Suspended)]
        .into_iter()
        .collect();
    assert_eq!(set.entries().len(), 1);
    assert_eq!(found(&set, "230100", EventNeutrality, 1).unwrap_err().code(), "R02");
}

fn rejected(mapping: &str, to: &str, only: Option<&[Use]>) -> Rejection {
    Rejection {
        mapping: mapping.parse().unwrap(),
        origin: METRO.parse().unwrap(),
        to: region(to),
        uses: only.map(uses),
        ground: RejectionGround::DoubleCounting,
    }
}

#[test]
fn a_rejection_names_its_version_and_its_ground() {
    let set = MappingSet::default().with_rejection(rejected("no.v3", "230100", None));
    let refused = found(&set, "230100", EventNeutrality, 1).unwrap_err();
    assert_eq!(refused.code(), "R03");
    assert_eq!(
        refused.to_string(),
        "mapping no.v3 was examined and rejected on the ground of double-counting: CN-4201-metro.v1 is not recognised in 230100 \
         for event-neutrality, and no detour leads round that"
    );
    assert_eq!(
        refused.zh(),
        "映射 no.v3 经审查被驳回，理由：重复计算；CN-4201-metro.v1 的减排量在 230100 不能用于活动碳中和，绕道也不行"
    );
    assert_eq!(found(&set, "230200", EventNeutrality, 1).unwrap_err().code(), "R01");
    assert_eq!(set.rejections().len(), 1);
    assert_eq!(
        set.with(active(city(1))).rejections().len(),
        1,
        "a later entry keeps it"
    );
}

#[test]
fn a_rejection_of_the_region_stops_the_province_and_one_of_the_province_does_not_stop_the_region() {
    let of_city = set([province()]).with_rejection(rejected("no.v1", "230100", None));
    assert_eq!(found(&of_city, "230100", EventNeutrality, 1).unwrap_err().code(), "R03");
    assert_eq!(found(&of_city, "230200", EventNeutrality, 1).unwrap(), "province.v1");
    assert!(
        of_city
            .uses_at(&METRO.parse().unwrap(), region("230100"), day(1))
            .is_empty()
    );

    let of_province = set([city(1)]).with_rejection(rejected("no.v1", "230000", None));
    assert_eq!(found(&of_province, "230100", EventNeutrality, 1).unwrap(), "city.v1");
    assert_eq!(
        found(&of_province, "230200", EventNeutrality, 1).unwrap_err().code(),
        "R03"
    );
    assert_eq!(
        found(&of_province, "230100", CorporateNeutrality, 1)
            .unwrap_err()
            .code(),
        "R03",
        "the city's own says nothing about this use"
    );
}

#[test]
fn a_rejection_gives_way_to_an_active_mapping_alone_and_may_be_for_some_uses_only() {
    let some = MappingSet::new(
        [active(province())],
        [rejected("no.v1", "230000", Some(&[CorporateNeutrality]))],
    );
    assert_eq!(found(&some, "230000", EventNeutrality, 1).unwrap(), "province.v1");
    assert_eq!(found(&some, "230000", CorporateNeutrality, 1).unwrap(), "province.v1");
    let over = |status, on| {
        let set = MappingSet::new(
            [MappingEntry::new(city(2), status)],
            [rejected("city.v1", "230100", None)],
        );
        found(&set, "230100", EventNeutrality, on).map_err(|reason| reason.code())
    };
    assert_eq!(over(MappingState::Active, 1), Ok("city.v2".into()));
    assert_eq!(over(MappingState::Active, 365), Err("R03"));
    assert_eq!(over(MappingState::Suspended, 1), Err("R03"));
    assert_eq!(over(MappingState::Superseded, 1), Err("R03"));
    let only_corporate =
        MappingSet::default().with_rejection(rejected("no.v1", "230100", Some(&[CorporateNeutrality])));
    assert_eq!(
        found(&only_corporate, "230100", EventNeutrality, 1).unwrap_err().code(),
        "R01"
    );
}
