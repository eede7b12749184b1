//! Acts of one version that are recognised by another count by the smaller factor.

use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use::EventNeutrality;

use super::world::{active, crossing, day, factor, fresh, record};
use crate::recognition::{FactorOf, MappingEntry, MappingSet, quote, terms_for};

/// A version of one mapping, valid from `from` to `until` in days from 2026-01-01T00:00Z. Lots are of 2025.
fn version(number: u32, millionths: i64, from: i64, until: i64) -> MappingRecord {
    let mut version = record(&format!("city.v{number}"), "230100", millionths, 0, &[EventNeutrality]);
    (version.valid_from, version.valid_until) = (day(from), day(until));
    version
}

fn superseded(record: MappingRecord, ended_at: Timestamp) -> MappingEntry {
    MappingEntry::with_end(record, MappingState::Superseded, Some(ended_at))
}

/// The factor that counts on day 100 of 2026, and the version that bound, if it is not the one in force.
fn counted(set: &MappingSet) -> (i64, Option<u32>) {
    let terms = terms_for(set, &fresh(1_000_000), &crossing("230100", EventNeutrality)).unwrap();
    assert_eq!(
        terms.mapping().unwrap().to_string(),
        "city.v2",
        "the version named is the one in force"
    );
    let bound = match &terms.factor_of {
        FactorOf::OtherVersion(other) => Some(other.mapping.version()),
        FactorOf::Version | FactorOf::Batch => None,
    };
    (terms.factor.millionths(), bound)
}

/// The first instant of 2026 in China: 2025-12-31T16:00Z.
fn new_year() -> Timestamp {
    day(0).plus_micros(-DAY_US / 3)
}

#[test]
fn a_smaller_version_of_the_vintage_year_binds() {
    let now = active(version(2, 900_000, 0, 365));
    let set: MappingSet = [superseded(version(1, 800_000, -200, 100), day(0)), now.clone()]
        .into_iter()
        .collect();
    assert_eq!(counted(&set), (800_000, Some(1)));
    let larger: MappingSet = [superseded(version(1, 950_000, -200, 100), day(0)), now]
        .into_iter()
        .collect();
    assert_eq!(counted(&larger), (900_000, None), "the version in force is the smaller");
}

#[test]
fn a_version_counts_to_the_instant_for_which_it_was_in_force_in_that_year_of_china() {
    let with = |one: MappingEntry| {
        [one, active(version(2, 900_000, 1, 365))]
            .into_iter()
            .collect::<MappingSet>()
    };
    let mut begun = version(1, 800_000, 0, 200);
    begun.valid_from = new_year();
    assert_eq!(
        counted(&with(superseded(begun.clone(), day(5)))),
        (900_000, None),
        "2026 in China"
    );
    begun.valid_from = new_year().plus_micros(-1);
    assert_eq!(
        counted(&with(superseded(begun.clone(), day(5)))),
        (800_000, Some(1)),
        "the last instant of 2025"
    );
    assert_eq!(
        counted(&with(superseded(begun.clone(), begun.valid_from))),
        (900_000, None),
        "it ended before it began"
    );
    let year_start = new_year().plus_micros(-365 * DAY_US);
    let old = version(1, 800_000, -500, -300);
    assert_eq!(
        counted(&with(superseded(old.clone(), year_start))),
        (900_000, None),
        "it ended with 2024"
    );
    assert_eq!(
        counted(&with(superseded(old, year_start.plus_micros(1)))),
        (800_000, Some(1)),
        "the first instant of 2025"
    );
}

#[test]
fn of_several_versions_the_smallest_binds_and_other_mappings_do_not() {
    let mut other = record("other.v1", "230100", 100_000, 0, &[EventNeutrality]);
    (other.valid_from, other.valid_until) = (day(-200), day(-100));
    let set: MappingSet = [
        superseded(version(1, 700_000, -300, 0), day(-200)),
        active(version(2, 900_000, -50, 300)),
        active(other),
        MappingEntry::new(version(3, 600_000, -20, -10), MappingState::Suspended),
    ]
    .into_iter()
    .collect();
    assert_eq!(counted(&set), (600_000, Some(3)));
}

#[test]
fn the_explanation_says_which_version_bound() {
    let set: MappingSet = [
        superseded(version(1, 800_000, -200, 100), day(0)),
        active(version(2, 900_000, 0, 365)),
    ]
    .into_iter()
    .collect();
    let quote = quote(&set, &[fresh(1_000_000)], &crossing("230100", EventNeutrality)).unwrap();
    assert_eq!(quote.lots[0].mapping, "city.v2".parse().ok());
    assert_eq!(quote.lots[0].paid_after, factor(800_000));
    assert!(quote.explanation_en.contains(
        "mapping city.v2 recognises it at 0.800000 (the factor of version city.v1, which was in force in the vintage year 2025 \
         and is smaller than the 0.900000 of today's), which is below the 1.000000 paid so far"
    ));
    assert!(quote.explanation_zh.contains(
        "依据映射 city.v2，系数 0.800000（产生年份 2025 内曾有效的版本 city.v1 的系数，低于现行版本的 0.900000，取较小者），低于此前已付的系数 \
         1.000000"
    ));
}
