use proptest::prelude::*;

use super::*;

// Numbers and names made for these tests.
const RIDER: &str = "19900000000";
const MAY_1: &str = "2026-04-30T16:00:00Z";

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rider(text: &str) -> SubjectKey {
    text.parse().unwrap()
}

/// Something of everything, so that each class finds what it requires.
fn whole<'a>(activity: &'a Name, start: Timestamp, end: Timestamp, subject: &'a SubjectKey) -> ActivityFacts<'a> {
    ActivityFacts {
        activity,
        start,
        end,
        source: Some("PLATFORM-1"),
        record: Some("order 1"),
        asset: Some("meter-1"),
        subject: Some(subject),
    }
}

fn months_of(inputs: &[TokenInput], kind: TokenKind) -> Vec<String> {
    let of_kind = inputs.iter().filter(|input| input.kind == kind);
    of_kind.map(|input| input.epoch.to_string()).collect()
}

fn shares(a: &[TokenInput], b: &[TokenInput], kind: TokenKind) -> bool {
    a.iter().any(|one| one.kind == kind && b.contains(one))
}

#[test]
fn every_class_gets_what_it_requires_and_says_what_is_missing() {
    let subject = rider(RIDER);
    for class in EvidenceClass::all().unwrap() {
        let activity = name(class.activity);
        let facts = whole(&activity, at(MAY_1), at(MAY_1).plus_micros(31 * DAY_US), &subject);
        let inputs = token_inputs(&facts).unwrap();
        let kinds: Vec<TokenKind> = inputs.iter().map(|input| input.kind).collect();
        assert_eq!(class.missing(&kinds), None, "{activity}");
        assert!(kinds.iter().all(|kind| class.has(*kind)), "{activity}: {kinds:?}");
        assert!(inputs.len() <= TOKENS_PER_ACTIVITY_MAX);
        for required in &class.required {
            let bare = match required {
                TokenKind::Record => ActivityFacts { record: None, ..facts },
                TokenKind::Project | TokenKind::Asset => ActivityFacts { asset: None, ..facts },
                TokenKind::Subject => ActivityFacts { subject: None, ..facts },
            };
            let refused = token_inputs(&bare).unwrap_err();
            assert!(
                matches!(refused, EvidenceError::Missing { kind, .. } if kind == *required),
                "{activity}: {refused}"
            );
        }
    }
}

#[test]
fn a_record_that_ends_near_the_border_of_a_month_has_a_token_of_both() {
    let (activity, subject) = (name("rail-transit"), rider(RIDER));
    let months = |end: Timestamp| {
        let inputs = token_inputs(&whole(&activity, end.plus_micros(-DAY_US / 48), end, &subject)).unwrap();
        months_of(&inputs, TokenKind::Record)
    };
    let border = at(MAY_1);
    assert_eq!(months(border.plus_micros(-DAY_US - 1)), ["2026-04"]);
    assert_eq!(months(border.plus_micros(-DAY_US)), ["2026-04", "2026-05"]);
    assert_eq!(months(border.plus_micros(-1)), ["2026-04", "2026-05"]);
    assert_eq!(months(border.plus_micros(DAY_US - 1)), ["2026-04", "2026-05"]);
    assert_eq!(months(border.plus_micros(DAY_US)), ["2026-05"]);
}

#[test]
fn a_bucket_has_the_month_of_its_own_start_whoever_falls_into_it() {
    let (activity, subject) = (name("rail-transit"), rider(RIDER));
    let inputs =
        |start: Timestamp| token_inputs(&whole(&activity, start, start.plus_micros(DAY_US / 48), &subject)).unwrap();
    // One application took the moment before midnight of the last day, the other the one after it.
    let (before, after) = (inputs(at(MAY_1).plus_micros(-1_000_000)), inputs(at(MAY_1)));
    assert!(shares(&before, &after, TokenKind::Subject));
    assert_eq!(months_of(&before, TokenKind::Subject), ["2026-04", "2026-04"]);
    assert_eq!(months_of(&after, TokenKind::Subject), ["2026-04", "2026-05"]);
}

fn covered(start: &str, end: &str) -> Result<Vec<String>, EvidenceError> {
    let midnight = |day: &str| at(&format!("{day}T00:00:00+08:00"));
    months(midnight(start), midnight(end)).map(|months| months.iter().map(Epoch::to_string).collect())
}

#[test]
fn a_month_a_season_and_a_year_share_a_month_where_they_overlap_and_none_where_they_meet() {
    assert_eq!(covered("2026-05-01", "2026-06-01").unwrap(), ["2026-05"]);
    assert_eq!(covered("2026-05-02", "2026-05-31").unwrap(), ["2026-05"]);
    assert_eq!(
        covered("2026-11-15", "2027-03-15").unwrap(),
        ["2026-11", "2026-12", "2027-01", "2027-02"]
    );
    assert_eq!(covered("2026-01-01", "2027-01-01").unwrap().len(), 12);
    // Meters that are read on some other day of the month.
    for day in 1..=28 {
        let months: Vec<String> = (1..=8)
            .flat_map(|month| {
                covered(
                    &format!("2026-{month:02}-{day:02}"),
                    &format!("2026-{:02}-{day:02}", month + 1),
                )
                .unwrap()
            })
            .collect();
        assert_eq!(months.len(), 8, "{day}");
        assert!(months.is_sorted_by(|a, b| a < b), "{day}: {months:?}");
    }
}

#[test]
fn what_is_left_of_a_month_has_it_and_days_one_by_one_are_refused() {
    assert_eq!(covered("2026-12-20", "2027-01-01").unwrap(), ["2026-12"]);
    assert_eq!(covered("2026-05-01", "2026-05-10").unwrap(), ["2026-05"]);
    assert_eq!(covered("2026-05-10", "2026-05-11"), Err(EvidenceError::ShortPeriod));
    assert_eq!(covered("2026-05-17", "2026-06-15"), Err(EvidenceError::ShortPeriod));
    assert_eq!(covered("2026-01-01", "2027-02-01"), Err(EvidenceError::LongPeriod));
    assert_eq!(covered("2026-01-01", "2026-01-01"), Err(EvidenceError::Order));
    assert_eq!(covered("1999-01-01", "2026-01-01"), Err(EvidenceError::Epoch));
}

#[test]
fn a_day_of_driving_is_one_day_in_china_whatever_the_hour() {
    let (activity, subject) = (name("ev-driving"), rider(RIDER));
    let inputs = |start: &str| token_inputs(&whole(&activity, at(start), at(start), &subject)).unwrap();
    let day = inputs("2026-05-01T00:00:00+08:00");
    assert_eq!(months_of(&day, TokenKind::Asset), ["2026-05"]);
    assert!(shares(&day, &inputs("2026-05-01T23:59:59+08:00"), TokenKind::Asset));
    assert!(!shares(&day, &inputs("2026-05-02T00:00:00+08:00"), TokenKind::Asset));
    assert!(!shares(&day, &inputs("2026-04-30T23:59:59+08:00"), TokenKind::Asset));
}

#[test]
fn what_is_wrong_is_refused_without_repeating_it() {
    let (activity, subject) = (name("ev-charging"), rider(RIDER));
    let facts = whole(&activity, at(MAY_1), at(MAY_1), &subject);
    let refused = token_inputs(&ActivityFacts {
        asset: Some("secret\u{200b}"),
        ..facts
    })
    .unwrap_err();
    assert_eq!(
        refused,
        EvidenceError::Identifier {
            field: "asset",
            why: IdentifierError::Invisible
        }
    );
    assert!(!refused.to_string().contains("secret"));
    let backwards = ActivityFacts {
        end: at(MAY_1).plus_micros(-1),
        ..facts
    };
    assert_eq!(token_inputs(&backwards).unwrap_err(), EvidenceError::Order);
    let early = ActivityFacts {
        start: at("1999-12-31T15:59:59Z"),
        ..facts
    };
    assert_eq!(token_inputs(&early).unwrap_err(), EvidenceError::Epoch);
    let shown = format!("{:?}", token_inputs(&facts).unwrap());
    assert!(!shown.contains(RIDER) && !shown.contains("METER"), "{shown}");
}

/// Seconds from 2005 to 2095.
fn second() -> impl Strategy<Value = i64> {
    1_104_508_800i64..3_944_678_400
}

fn timed_activity() -> impl Strategy<Value = &'static EvidenceClass> {
    let classes = EvidenceClass::all().unwrap().iter();
    let timed: Vec<_> = classes
        .filter(|class| class.asset_bucket_s > 0 || class.subject_bucket_s > 0)
        .collect();
    proptest::sample::select(timed)
}

proptest! {
    #[test]
    fn starts_within_half_a_width_share_a_bucket_and_a_width_apart_none(
        class in timed_activity(), start_s in second(), per_mille in 0i64..3_000,
    ) {
        let (activity, subject) = (name(class.activity), rider(RIDER));
        let inputs = |start_s: i64| {
            let start = Timestamp::from_micros(start_s * SECOND_US);
            token_inputs(&whole(&activity, start, start, &subject)).unwrap()
        };
        for (kind, width) in [(TokenKind::Asset, class.asset_bucket_s), (TokenKind::Subject, class.subject_bucket_s)] {
            if width == 0 {
                continue;
            }
            let by = i64::from(width) * per_mille / 1_000;
            let shared = shares(&inputs(start_s), &inputs(start_s + by), kind);
            if by < i64::from(width / 2) {
                prop_assert!(shared);
            } else if by >= i64::from(width) {
                prop_assert!(!shared);
            }
        }
    }

    #[test]
    fn ends_that_are_stated_up_to_a_day_apart_give_one_record_token(end_s in second(), by in -86_400i64..=86_400) {
        let (activity, subject) = (name("paperless-finance"), rider(RIDER));
        let inputs = |end_s: i64| {
            let end = Timestamp::from_micros(end_s * SECOND_US);
            token_inputs(&whole(&activity, end, end, &subject)).unwrap()
        };
        prop_assert!(shares(&inputs(end_s), &inputs(end_s + by), TokenKind::Record));
    }

    #[test]
    fn periods_that_meet_share_no_month_and_long_overlaps_share_one(
        start_s in second(), days in proptest::collection::vec(20i64..330, 3),
    ) {
        let border = |after: i64| Timestamp::from_micros((start_s + after * 86_400) * SECOND_US);
        let (a, b, c) = (days[0], days[0] + days[1], days[0] + days[1] + days[2]);
        let of = |from, to| months(border(from), border(to));
        if let (Ok(first), Ok(second)) = (of(0, a), of(a, b)) {
            // What is left of a month has no 16th, and may fall to the month of a neighbour.
            if a >= 31 && b - a >= 31 {
                prop_assert!(first.iter().all(|month| !second.contains(month)));
            }
        }
        if let (Ok(first), Ok(second)) = (of(0, b), of(a, c)) && b - a >= 31 {
            prop_assert!(first.iter().any(|month| second.contains(month)));
        }
    }

    // Short texts of two letters, so that equal ones and those that differ only in where a field ends are frequent.
    #[test]
    fn records_persons_and_assets_that_differ_share_no_input(
        one in ("[AB]{1,2}", "[AB]{1,2}", "[AB]{1,2}", "[AB]{1,2}"),
        other in ("[AB]{1,2}", "[AB]{1,2}", "[AB]{1,2}", "[AB]{1,2}"),
    ) {
        let inputs = |activity: &str, (source, record, asset, subject): &(String, String, String, String)| {
            let subject = SubjectKey::of_kind(SubjectKind::Other, subject).unwrap();
            let facts = ActivityFacts {
                activity: &name(activity), start: at(MAY_1), end: at(MAY_1),
                source: Some(source), record: Some(record), asset: Some(asset), subject: Some(&subject),
            };
            token_inputs(&facts).unwrap()
        };
        let shared = |activity, kind| shares(&inputs(activity, &one), &inputs(activity, &other), kind);
        prop_assert_eq!(shared("rail-transit", TokenKind::Record), (&one.0, &one.1) == (&other.0, &other.1));
        prop_assert_eq!(shared("bike-share", TokenKind::Asset), one.2 == other.2);
        prop_assert_eq!(shared("rail-transit", TokenKind::Subject), one.3 == other.3);
        // No text makes an input of one kind equal to one of another.
        let (first, second) = (inputs("bike-share", &one), inputs("rail-transit", &other));
        prop_assert!(first.iter().all(|a| second.iter().all(|b| a.kind == b.kind || a.bytes != b.bytes)));
    }

    #[test]
    fn one_moment_in_two_activities_is_two_subject_inputs_and_one_record_input(start_s in second()) {
        let subject = rider(RIDER);
        let start = Timestamp::from_micros(start_s * SECOND_US);
        let inputs = |activity| token_inputs(&whole(&name(activity), start, start, &subject)).unwrap();
        let (bus, every_mode) = (inputs("bus"), inputs("low-carbon-travel"));
        prop_assert!(!shares(&bus, &every_mode, TokenKind::Subject) && shares(&bus, &every_mode, TokenKind::Record));
    }
}

#[test]
fn a_body_gives_no_subject_input_because_many_act_for_it_at_once() {
    let body = rider("91999900MA0TERT0XP");
    let (ride, trip) = (name("rail-transit"), name("carpool"));
    let refused = token_inputs(&whole(&ride, at(MAY_1), at(MAY_1), &body)).unwrap_err();
    assert!(
        matches!(
            refused,
            EvidenceError::Missing {
                kind: TokenKind::Subject,
                ..
            }
        ),
        "{refused}"
    );
    let inputs = token_inputs(&whole(&trip, at(MAY_1), at(MAY_1), &body)).unwrap();
    assert!(inputs.iter().all(|input| input.kind == TokenKind::Record));
}
