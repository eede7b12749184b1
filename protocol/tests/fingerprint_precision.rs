//! Honest people are not accused: a generated city, screened as the hub does it, on the inputs of the tokens. The program
//! `examples/precision` prints the same at any size.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "../examples/precision/acts.rs"]
mod acts;
#[path = "../examples/precision/assumptions.rs"]
mod assumptions;
#[path = "../examples/precision/city.rs"]
mod city;
#[path = "../examples/precision/random.rs"]
mod random;
#[path = "../examples/precision/report.rs"]
mod report;
#[path = "../examples/precision/screening.rs"]
mod screening;

use city::{City, DAYS};
use report::Duplicate;
use screening::{Screening, Tally};

const ACTIVITIES: u32 = 150_000;

fn screened(mut screening: Screening, seed: u64) -> Tally {
    let mut city = City::of_activities(seed, ACTIVITIES);
    for _ in 0..DAYS {
        screening.day(&city.next_day());
    }
    screening.tally
}

/// One in 10,000 at most.
const fn is_rare(held: u64, reports: u64) -> bool {
    held * 10_000 < reports
}

#[test]
fn honest_activities_pass_and_double_ones_do_not() {
    let tally = screened(Screening::default(), 1);
    let reports = tally.reports;
    assert!(reports > u64::from(ACTIVITIES) * 9 / 10, "{tally:?}");
    let [by_record, by_project, by_asset, by_subject] = tally.falsely_held;
    assert_eq!(by_record, 0, "{tally:?}");
    for held in [by_project, by_asset, by_subject] {
        assert!(is_rare(held, reports), "{tally:?}");
    }
    for how in Duplicate::ALL {
        let (all, missed) = (tally.duplicates(how), tally.missed(how));
        assert!(all >= 10, "{}: {tally:?}", how.name());
        match how {
            Duplicate::Record | Duplicate::Roof => assert_eq!(missed, 0, "{tally:?}"),
            // Clocks that are wrong by more than half a bucket.
            Duplicate::Ride | Duplicate::Connector => assert!(missed * 50 <= all, "{}: {tally:?}", how.name()),
        }
    }
    let mistakes = tally.per_million(tally.falsely_held_at_all);
    assert!(mistakes < 200, "{mistakes} in a million: {tally:?}");
    assert!(tally.tokens > reports && !tally.places.is_empty());
}

#[test]
fn families_on_one_account_would_be_accused_if_their_subject_counted_inside_one_member() {
    let tally = screened(Screening::by(|_| true), 1);
    assert!(!is_rare(tally.falsely_held[3], tally.reports), "{tally:?}");
}
