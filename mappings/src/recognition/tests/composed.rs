//! A direct ruling always wins over a mapping that was composed through a reference methodology.

use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::recognition::{MappingRecord, Through};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::r#use::Use::{CorporateNeutrality, EventNeutrality, PersonalOffset};

use super::world::{METRO, active, day, record, region};
use crate::recognition::{MappingEntry, MappingSet, Rejection};
use tanqiao_protocol::mapping::RejectionGround;

const BOTH: [Use; 2] = [EventNeutrality, CorporateNeutrality];

fn direct(version: u32, permitted: &[Use]) -> MappingRecord {
    record(&format!("direct.v{version}"), "230100", 700_000, 0, permitted)
}

fn through(record: MappingRecord) -> MappingRecord {
    MappingRecord {
        through: Some(Through {
            reference: "R.v1".parse().unwrap(),
            first: "to-r.v1".parse().unwrap(),
            second: "from-r.v1".parse().unwrap(),
        }),
        ..record
    }
}

/// Composed for a place, for event and corporate neutrality, at a better factor and a higher version than the direct one.
fn composed(place: &str) -> MappingEntry {
    active(through(record("through.v9", place, 900_000, 0, &BOTH)))
}

/// Which mapping recognises on day 100, or the check that refuses.
fn found(set: &MappingSet, to: &str, wanted: Use) -> Result<String, &'static str> {
    set.lookup(&METRO.parse().unwrap(), region(to), wanted, day(100))
        .map(|record| record.mapping.to_string())
        .map_err(|reason| reason.code())
}

fn beside(entry: MappingEntry) -> MappingSet {
    [composed("230100"), entry].into_iter().collect()
}

#[test]
fn where_nothing_direct_rules_the_composed_one_recognises() {
    let alone: MappingSet = [composed("230000")].into_iter().collect();
    assert_eq!(found(&alone, "230000", EventNeutrality).unwrap(), "through.v9");
    assert_eq!(
        found(&alone, "230100", EventNeutrality).unwrap(),
        "through.v9",
        "of the province"
    );
    assert_eq!(found(&alone, "310000", EventNeutrality), Err("R01"));
    assert_eq!(found(&alone, "230000", PersonalOffset), Err("R04"));
}

#[test]
fn a_direct_one_wins_with_the_smaller_factor_and_for_other_uses_too() {
    let set = beside(active(direct(1, &[EventNeutrality])));
    assert_eq!(found(&set, "230100", EventNeutrality).unwrap(), "direct.v1");
    assert_eq!(found(&set, "230100", CorporateNeutrality), Err("R04"));
    let uses = set.uses_at(&METRO.parse().unwrap(), region("230100"), day(100));
    assert_eq!(uses, [EventNeutrality].into_iter().collect());
}

#[test]
fn a_direct_one_that_is_suspended_or_not_yet_valid_keeps_the_composed_one_out() {
    let suspended = beside(MappingEntry::new(
        direct(1, &[EventNeutrality]),
        MappingState::Suspended,
    ));
    assert_eq!(found(&suspended, "230100", EventNeutrality), Err("R02"));
    assert_eq!(
        found(&suspended, "230100", CorporateNeutrality),
        Err("R04"),
        "it permits nothing now"
    );
    let mut coming = direct(1, &[EventNeutrality]);
    coming.valid_from = day(101);
    let coming = beside(active(coming));
    assert_eq!(found(&coming, "230100", EventNeutrality), Err("R02"));
    assert_eq!(found(&coming, "230100", CorporateNeutrality), Err("R04"));
}

#[test]
fn a_direct_one_that_is_over_rules_only_by_what_follows_it() {
    let superseded = MappingEntry::new(direct(1, &BOTH), MappingState::Superseded);
    assert_eq!(
        found(&beside(superseded.clone()), "230100", EventNeutrality).unwrap(),
        "through.v9"
    );
    let mut expired = direct(1, &BOTH);
    expired.valid_until = day(100);
    let expired = active(expired);
    assert_eq!(
        found(&beside(expired.clone()), "230100", EventNeutrality).unwrap(),
        "through.v9"
    );
    for over in [superseded, expired] {
        let followed = beside(over).with(active(direct(2, &[CorporateNeutrality])));
        assert_eq!(found(&followed, "230100", EventNeutrality), Err("R02"));
        assert_eq!(found(&followed, "230100", CorporateNeutrality).unwrap(), "direct.v2");
    }
}

#[test]
fn a_rejection_keeps_the_composed_one_out() {
    let rejection = |to: &str, only: Option<Use>| Rejection {
        mapping: "no.v1".parse().unwrap(),
        origin: METRO.parse().unwrap(),
        to: region(to),
        uses: only.map(|one| [one].into_iter().collect()),
        ground: RejectionGround::Reliability,
    };
    let rejected = |to, only| MappingSet::new([composed("230100")], [rejection(to, only)]);
    assert_eq!(found(&rejected("230100", None), "230100", EventNeutrality), Err("R03"));
    assert_eq!(
        found(&rejected("230000", None), "230100", EventNeutrality),
        Err("R03"),
        "of its province"
    );
    let event_only = rejected("230100", Some(EventNeutrality));
    assert_eq!(found(&event_only, "230100", EventNeutrality), Err("R03"));
    assert_eq!(found(&event_only, "230100", CorporateNeutrality), Err("R04"));
}

#[test]
fn a_direct_one_of_the_province_or_the_region_wins_over_a_composed_one_of_the_other() {
    let of_province: MappingSet = [
        composed("230100"),
        active(record("direct.v1", "230000", 700_000, 0, &[EventNeutrality])),
    ]
    .into_iter()
    .collect();
    assert_eq!(found(&of_province, "230100", EventNeutrality).unwrap(), "direct.v1");
    assert_eq!(found(&of_province, "230100", CorporateNeutrality), Err("R04"));
    let of_city: MappingSet = [composed("230000"), active(direct(1, &[EventNeutrality]))]
        .into_iter()
        .collect();
    assert_eq!(found(&of_city, "230100", CorporateNeutrality), Err("R04"));
    assert_eq!(found(&of_city, "230200", CorporateNeutrality).unwrap(), "through.v9");
}
