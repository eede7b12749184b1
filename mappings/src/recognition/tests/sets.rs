//! On random sets of mappings and rejections: what a lookup answers, whatever there is.

use proptest::prelude::*;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::recognition::Through;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::r#use::Use::{CorporateNeutrality, EventNeutrality, PersonalOffset};

use super::world::{METRO, crossing, day, fresh, record, region, uses};
use crate::recognition::{FactorOf, Inactive, MappingEntry, MappingSet, Reason, Rejection, terms_for};
use tanqiao_protocol::mapping::RejectionGround;

const PLACES: [&str; 2] = ["230100", "230000"];
const USES: [Use; 3] = [EventNeutrality, CorporateNeutrality, PersonalOffset];
/// Lookups are on day 100 of 2026, of lots of 2025.
const NOW: i64 = 100;

fn entry() -> impl Strategy<Value = MappingEntry> {
    let what = (0_u8..3, 1_u32..5, 0_usize..2, 1_i64..=1_000_000, 1_usize..8);
    let when = (-500_i64..150, 1_i64..400, prop::option::of(0_i64..400));
    let status = prop::sample::select(vec![
        MappingState::Active,
        MappingState::Active,
        MappingState::Suspended,
        MappingState::Superseded,
    ]);
    (what, when, status, any::<bool>()).prop_map(
        |((id, version, place, factor, mask), (from, days, end), status, composed)| {
            let permitted: Vec<Use> = USES
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask & (1 << bit) != 0)
                .map(|(_, one)| *one)
                .collect();
            // A mapping leads to one place, directly or through a reference.
            let name = format!("m{id}-{place}-{composed}.v{version}");
            let mut record = record(&name, PLACES[place], factor, 0, &permitted);
            (record.valid_from, record.valid_until) = (day(from), day(from + days));
            let ended = (status == MappingState::Superseded)
                .then(|| end.map(|after| day(from + after)))
                .flatten();
            record.through = composed.then(|| Through {
                reference: "R.v1".parse().unwrap(),
                first: "to-r.v1".parse().unwrap(),
                second: "from-r.v1".parse().unwrap(),
            });
            MappingEntry::with_end(record, status, ended)
        },
    )
}

fn rejection() -> impl Strategy<Value = Rejection> {
    (0_usize..2, prop::option::of(0_usize..3)).prop_map(|(place, only)| Rejection {
        mapping: format!("no-{place}.v1").parse().unwrap(),
        origin: METRO.parse().unwrap(),
        to: region(PLACES[place]),
        uses: only.map(|one| uses(&[USES[one]])),
        ground: RejectionGround::Accuracy,
    })
}

fn set() -> impl Strategy<Value = (Vec<MappingEntry>, Vec<Rejection>)> {
    (
        prop::collection::vec(entry(), 1..7),
        prop::collection::vec(rejection(), 0..2),
    )
}

fn found(set: &MappingSet, to: &str, wanted: Use) -> Result<String, Reason> {
    let record = set.lookup(&METRO.parse().unwrap(), region(to), wanted, day(NOW))?;
    Ok(record.mapping.to_string())
}

fn questions() -> impl Iterator<Item = (&'static str, Use)> {
    PLACES
        .into_iter()
        .flat_map(|place| USES.into_iter().map(move |wanted| (place, wanted)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_recognises_is_in_force_for_the_use_and_no_direct_ruling_is_passed_over((entries, rejections) in set()) {
        let set = MappingSet::new(entries, rejections);
        for (to, wanted) in questions() {
            let Ok(name) = found(&set, to, wanted) else { continue };
            let entry = set.get(&name.parse().unwrap()).unwrap();
            prop_assert_eq!(entry.inactive_at(day(NOW)), None);
            prop_assert!(entry.record.uses.contains(wanted) && entry.record.to.contains(&region(to)));
            if entry.is_composed() {
                let near = |place: tanqiao_protocol::region::RegionCode| place.contains(&region(to));
                prop_assert!(!set.rejections().iter().any(|one| near(one.to)));
                let rules = |one: &MappingEntry| match one.inactive_at(day(NOW)) {
                    None => true,
                    Some(why) => matches!(why, Inactive::Suspended | Inactive::NotYetValid { .. } | Inactive::Revoked),
                };
                let mut direct = set.entries().iter().filter(|one| !one.is_composed() && near(one.record.to));
                prop_assert!(!direct.any(rules), "{name} passed over a direct ruling");
            }
        }
    }

    #[test]
    fn a_rejection_never_opens_anything((entries, rejections) in set(), more in rejection()) {
        let before = MappingSet::new(entries, rejections);
        // One more, not another in the place of the same version.
        let more = Rejection { mapping: "no-more.v1".parse().unwrap(), ..more };
        let after = before.with_rejection(more);
        for (to, wanted) in questions() {
            match (found(&before, to, wanted), found(&after, to, wanted)) {
                (Ok(before), Ok(after)) => prop_assert_eq!(before, after),
                (Err(_), Ok(after)) => prop_assert!(false, "{} came by a rejection", after),
                (_, Err(_)) => {}
            }
        }
    }

    #[test]
    fn the_order_of_entries_is_of_no_account((entries, rejections) in set()) {
        // Of two with one name the later counts, so that names are told apart first.
        let once = MappingSet::new(entries, rejections.clone());
        let backwards = MappingSet::new(once.entries().iter().rev().cloned(), rejections);
        for (to, wanted) in questions() {
            prop_assert_eq!(found(&once, to, wanted), found(&backwards, to, wanted));
        }
    }

    #[test]
    fn uses_are_those_for_which_a_lookup_finds_something((entries, rejections) in set()) {
        let set = MappingSet::new(entries, rejections);
        for to in PLACES {
            let permitted = set.uses_at(&METRO.parse().unwrap(), region(to), day(NOW));
            for wanted in USES {
                prop_assert_eq!(permitted.contains(wanted), found(&set, to, wanted).is_ok());
            }
        }
    }

    #[test]
    fn the_factor_is_the_smallest_of_the_versions_that_count((entries, rejections) in set()) {
        let set = MappingSet::new(entries, rejections);
        for (to, wanted) in questions() {
            let Ok(terms) = terms_for(&set, &fresh(1_000), &crossing(to, wanted)) else { continue };
            let record = terms.record().unwrap();
            let of_mapping = set.entries().iter().filter(|one| one.record.mapping.id() == record.mapping.id());
            let counting = of_mapping.filter(|one| one.record.mapping == record.mapping || one.in_force_in(2025));
            prop_assert_eq!(Some(terms.factor), counting.map(|one| one.record.factor).min());
            prop_assert_eq!(terms.factor < record.factor, matches!(terms.factor_of, FactorOf::OtherVersion(_)));
        }
    }
}

/// The sets above are not empty of what they are about.
#[test]
fn random_sets_recognise_refuse_and_compose() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut direct, mut composed, mut earlier, mut codes) = (0, 0, 0, std::collections::BTreeMap::new());
    for _ in 0..500 {
        let (entries, rejections) = set().new_tree(&mut runner).unwrap().current();
        let set = MappingSet::new(entries, rejections);
        for (to, wanted) in questions() {
            match terms_for(&set, &fresh(1_000), &crossing(to, wanted)) {
                Ok(terms) => {
                    let entry = set.get(terms.mapping().unwrap()).unwrap();
                    *(if entry.is_composed() {
                        &mut composed
                    } else {
                        &mut direct
                    }) += 1;
                    earlier += u32::from(terms.factor_of != FactorOf::Version);
                }
                Err(reason) => *codes.entry(reason.code()).or_insert(0) += 1,
            }
        }
    }
    assert!(
        direct > 200 && composed > 100 && earlier > 20,
        "{direct} {composed} {earlier}"
    );
    for code in ["R01", "R02", "R03", "R04"] {
        assert!(codes.get(code).is_some_and(|count| *count > 50), "{code}: {codes:?}");
    }
}
