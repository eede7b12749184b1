//! The rule as the domain tells it, and the properties that must hold for every record.

use proptest::prelude::*;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn metro() -> Methodology {
    Methodology {
        methodology: "CN-4201-metro.v1".parse().unwrap(),
        region: "420100".parse().unwrap(),
        title_zh: "武汉地铁出行".into(),
        title_en: "Wuhan metro".into(),
        activity: "rail-transit".parse().unwrap(),
        activity_unit: "km".into(),
        factor_g_per_unit: Some("78.4".into()),
        record_g_max: Some(Grams::new(50_000).unwrap()),
        uses: [Use::EventNeutrality].into_iter().collect::<Uses>(),
        in_force_from: time("2024-01-01T00:00:00+08:00"),
        in_force_until: Some(time("2027-01-01T00:00:00+08:00")),
        vintage_first: 2024,
        vintage_last: 2026,
        source: "https://example.org/metro".into(),
    }
}

const RAW: RawRecord<'static> = RawRecord {
    source: Some("wuhan-metro"),
    record_id: Some("ride-000001"),
    methodology: None,
    account: Some("holder-000001"),
    quantity: Some("12.5"),
    unit: Some("km"),
    started_at: Some("2025-05-23T08:00:00+08:00"),
    ended_at: Some("2025-05-23T08:40:00+08:00"),
    place: Some("420106"),
    reduction_g: None,
    asset: None,
    subject: None,
};

fn quantified(methodology: &Methodology, raw: &RawRecord<'_>) -> Result<Quantified, Refusal> {
    let record = ActivityRecord::parse(raw)?;
    Rule::new(methodology)
        .unwrap()
        .quantify(&record, time("2026-06-01T00:00:00Z"))
}

#[test]
fn a_metro_ride_gives_784_g_for_ten_kilometres_and_always_rounds_down() {
    for (km, grams) in [
        ("10", 784),
        ("12.5", 980),
        ("0.01", 0),
        ("0.0127", 0),
        ("0.0128", 1),
        ("12.499", 979),
    ] {
        let raw = RawRecord {
            quantity: Some(km),
            ..RAW
        };
        assert_eq!(quantified(&metro(), &raw).unwrap().reduction.get(), grams, "{km} km");
    }
}

#[test]
fn published_factors_apply_exactly() {
    for (factor, unit, quantity, grams) in [
        ("409.4", "kWh", "1", 409),
        ("409.4", "kWh", "10", 4_094),
        ("525", "kWh", "0.1", 52),
        ("2.1", "km", "999999.999999999", 2_099_999),
        ("0.000000001", "km", "1000000000000000", 1_000_000),
    ] {
        let rule = Methodology {
            factor_g_per_unit: Some(factor.into()),
            activity_unit: unit.into(),
            record_g_max: None,
            ..metro()
        };
        let raw = RawRecord {
            quantity: Some(quantity),
            unit: Some(unit),
            ..RAW
        };
        assert_eq!(
            quantified(&rule, &raw).unwrap().reduction.get(),
            grams,
            "{quantity} × {factor}"
        );
    }
}

#[test]
fn the_vintage_is_the_year_in_china() {
    for (start, year) in [
        ("2025-12-31T15:59:59Z", 2025),
        ("2025-12-31T16:00:00Z", 2026),
        ("2026-01-01T00:00:00+08:00", 2026),
        ("2025-12-31T23:59:59+08:00", 2025),
    ] {
        let raw = RawRecord {
            started_at: Some(start),
            ended_at: Some("2026-01-01T01:00:00+08:00"),
            ..RAW
        };
        assert_eq!(quantified(&metro(), &raw).unwrap().vintage, year, "{start}");
    }
}

#[test]
fn a_regional_rule_numbers_under_its_region_and_a_nationwide_one_under_the_province() {
    assert_eq!(quantified(&metro(), &RAW).unwrap().region_of_act.as_str(), "420100");
    let nationwide = Methodology {
        region: "CN".parse().unwrap(),
        ..metro()
    };
    assert_eq!(quantified(&nationwide, &RAW).unwrap().region_of_act.as_str(), "420000");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_refusal_names_its_check_its_field_and_a_remedy() {
    let cases: &[(RawRecord<'_>, CheckCode, Field)] = &[
        (
            RawRecord {
                methodology: Some("CN-4201-bus.v1"),
                ..RAW
            },
            CheckCode::S01,
            Field::Methodology,
        ),
        (RawRecord { unit: Some("m"), ..RAW }, CheckCode::M02, Field::Unit),
        (
            RawRecord {
                started_at: Some("2023-12-31T23:59:59+08:00"),
                ..RAW
            },
            CheckCode::S02,
            Field::StartedAt,
        ),
        (
            RawRecord {
                ended_at: Some("2026-06-01T00:00:01Z"),
                ..RAW
            },
            CheckCode::S07,
            Field::EndedAt,
        ),
        (
            RawRecord {
                ended_at: Some("2025-05-23T07:00:00+08:00"),
                ..RAW
            },
            CheckCode::M02,
            Field::EndedAt,
        ),
        (
            RawRecord {
                place: Some("430100"),
                ..RAW
            },
            CheckCode::S07,
            Field::Place,
        ),
        (
            RawRecord {
                quantity: Some("1000"),
                ..RAW
            },
            CheckCode::S07,
            Field::Quantity,
        ),
        (
            RawRecord {
                reduction_g: Some("981"),
                ..RAW
            },
            CheckCode::S06,
            Field::ReductionG,
        ),
        (RawRecord { source: None, ..RAW }, CheckCode::M02, Field::Source),
        (
            RawRecord {
                record_id: Some("two words"),
                ..RAW
            },
            CheckCode::M02,
            Field::RecordId,
        ),
        (
            RawRecord {
                started_at: Some("2025-05-23T08:00:00"),
                ..RAW
            },
            CheckCode::M02,
            Field::StartedAt,
        ),
    ];
    for (raw, check, field) in cases {
        let refusal = quantified(&metro(), raw).unwrap_err();
        assert_eq!((refusal.check, refusal.field), (*check, *field), "{refusal}");
        assert!(refusal.message.len() > 20, "{refusal}");
    }
}

#[test]
fn an_old_vintage_is_refused_while_the_rule_is_in_force() {
    let rule = Methodology {
        vintage_first: 2026,
        ..metro()
    };
    let refusal = quantified(&rule, &RAW).unwrap_err();
    assert_eq!((refusal.check, refusal.field), (CheckCode::S03, Field::StartedAt));
}

#[test]
fn a_project_rule_takes_the_stated_reduction_and_refuses_without_one() {
    let project = Methodology {
        factor_g_per_unit: None,
        record_g_max: None,
        ..metro()
    };
    assert_eq!(quantified(&project, &RAW).unwrap_err().check, CheckCode::S06);
    let raw = RawRecord {
        reduction_g: Some("123456789"),
        ..RAW
    };
    assert_eq!(quantified(&project, &raw).unwrap().reduction.get(), 123_456_789);
}

#[test]
fn what_looks_like_a_person_is_refused_without_being_repeated() {
    for account in ["19900000000", "user-199-0000-0000"] {
        let raw = RawRecord {
            account: Some(account),
            ..RAW
        };
        let refusal = quantified(&metro(), &raw).unwrap_err();
        assert_eq!(refusal.field, Field::Account);
        assert!(!refusal.to_string().contains(account));
    }
}

#[test]
fn amounts_are_plain_decimals_and_nothing_else() {
    for (text, wanted) in [
        ("0", Ok("0")),
        ("12.50", Ok("12.5")),
        ("007", Ok("7")),
        ("1000000000000000", Ok("1000000000000000")),
        ("0.123456789", Ok("0.123456789")),
        ("0.1234567890000000", Ok("0.123456789")),
        ("1000000000000000.000000001", Err(AmountError::TooLarge)),
        ("79228162514264337593543950336", Err(AmountError::TooLarge)),
        ("0.1234567891", Err(AmountError::TooManyDecimals)),
        ("-1", Err(AmountError::Negative)),
        ("-0", Err(AmountError::Negative)),
        ("1e3", Err(AmountError::NotADecimal)),
        ("NaN", Err(AmountError::NotADecimal)),
        ("inf", Err(AmountError::NotADecimal)),
        ("", Err(AmountError::NotADecimal)),
        (".5", Err(AmountError::NotADecimal)),
        ("5.", Err(AmountError::NotADecimal)),
        ("+5", Err(AmountError::NotADecimal)),
        ("1_000", Err(AmountError::NotADecimal)),
        ("1,000", Err(AmountError::NotADecimal)),
        ("1.2.3", Err(AmountError::NotADecimal)),
        (" 1", Err(AmountError::NotADecimal)),
        ("１２", Err(AmountError::NotADecimal)),
    ] {
        let found = text.parse::<Amount>().map(|a| a.to_string());
        assert_eq!(found, wanted.map(str::to_owned), "{text}");
    }
}

#[test]
fn a_factor_that_is_no_decimal_is_refused_before_any_record_is_read() {
    let broken = Methodology {
        factor_g_per_unit: Some("7.84e1".into()),
        ..metro()
    };
    assert!(Rule::new(&broken).unwrap_err().to_string().contains("7.84e1"));
}

#[test]
fn the_canonical_record_is_json_with_sorted_members() {
    let record = CanonicalRecord {
        account: "holder-000001",
        asset: Some("gate-7"),
        ended_at: time("2025-05-23T08:40:00+08:00"),
        methodology: "CN-4201-metro.v1",
        place: "420106",
        quantity: "12.5",
        record_id: "ride-000001",
        reduction_g: 980,
        source: "wuhan-metro",
        started_at: time("2025-05-23T08:00:00+08:00"),
        unit: "t·km",
    };
    let mut text = String::new();
    record.write(&mut text);
    assert_eq!(
        text,
        "{\"account\":\"holder-000001\",\"asset\":\"gate-7\",\"ended_at\":\"2025-05-23T00:40:00.000000Z\",\
         \"methodology\":\"CN-4201-metro.v1\",\"place\":\"420106\",\"quantity\":\"12.5\",\"record_id\":\"ride-000001\",\
         \"reduction_g\":980,\"source\":\"wuhan-metro\",\"started_at\":\"2025-05-23T00:00:00.000000Z\",\"unit\":\"t·km\"}"
    );
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(members.keys().is_sorted());
}

/// Up to 10^6 units with nine decimals, as text.
fn amount_text() -> impl Strategy<Value = String> {
    (0_u64..1_000_000, 0_u64..1_000_000_000).prop_map(|(whole, decimals)| format!("{whole}.{decimals:09}"))
}

proptest! {
    #[test]
    fn quantification_never_rounds_up(quantity in amount_text(), factor in amount_text()) {
        let (q, f): (Amount, Amount) = (quantity.parse().unwrap(), factor.parse().unwrap());
        let grams = q.times_rounded_down(f).unwrap();
        // grams ≤ q·f < grams + 1, in 10^-18 g.
        let product = q.billionths() * f.billionths();
        let unit = 10_i128.pow(18);
        prop_assert!(grams * unit <= product);
        prop_assert!(product < (grams + 1) * unit);
    }

    #[test]
    fn the_parts_of_an_activity_never_add_up_to_more_than_the_whole(
        parts in prop::collection::vec(amount_text(), 1..20),
        factor in amount_text(),
    ) {
        let factor: Amount = factor.parse().unwrap();
        let amounts: Vec<Amount> = parts.iter().map(|p| p.parse().unwrap()).collect();
        let whole = amounts.iter().try_fold(Amount::ZERO, |sum, a| sum.plus(*a)).unwrap();
        let of_parts: i128 = amounts.iter().map(|a| a.times_rounded_down(factor).unwrap()).sum();
        let of_whole = whole.times_rounded_down(factor).unwrap();
        prop_assert!(of_parts <= of_whole);
        prop_assert!(of_whole - of_parts < amounts.len() as i128);
    }

    #[test]
    fn an_amount_reads_back_as_it_is_written(text in amount_text()) {
        let amount: Amount = text.parse().unwrap();
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        prop_assert_eq!(Amount::total_from_text(&amount.to_string()).unwrap(), amount);
    }

    #[test]
    fn no_text_makes_a_record_panic(text in "\\PC{0,40}") {
        let raw = RawRecord {
            source: Some(&text), record_id: Some(&text), methodology: Some(&text), account: Some(&text),
            quantity: Some(&text), unit: Some(&text), started_at: Some(&text), ended_at: Some(&text),
            place: Some(&text), reduction_g: Some(&text), asset: Some(&text),
            subject: Some(&text),
        };
        let _ = ActivityRecord::parse(&raw);
    }
}
