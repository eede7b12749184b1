//! Keys that let somebody make tokens alone are refused, each for its own reason.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;

use super::*;

fn element(scalar: Scalar) -> PublicElement {
    PublicElement::from_bytes((RISTRETTO_BASEPOINT_POINT * scalar).compress().to_bytes()).unwrap()
}

/// Keys as the evaluators agree on them: shares on the line `key + slope · number`.
fn keys() -> EpochKeys {
    let (key, slope) = (Scalar::from(1_000_003_u64), Scalar::from(77_u64));
    let epoch = "2026-05".parse().unwrap();
    let (opens_at, closes_at) = window(epoch, RECOGNITION_WINDOW_MONTHS_DEFAULT).unwrap();
    EpochKeys {
        epoch,
        suite: TokenSuite::Voprf,
        threshold: 2,
        public_key: element(key),
        evaluators: (1..=3_u8)
            .zip(["regulator", "notary", "exchange"])
            .map(|(number, id)| EvaluatorKey {
                id: id.parse().unwrap(),
                number,
                public_key: element(key + slope * Scalar::from(number)),
            })
            .collect(),
        opens_at,
        closes_at,
    }
}

fn refusal(change: impl FnOnce(&mut EpochKeys)) -> EpochKeysError {
    let mut keys = keys();
    change(&mut keys);
    keys.check().unwrap_err()
}

#[test]
fn keys_of_three_evaluators_any_two_of_which_make_a_token_are_accepted() {
    let keys = keys();
    keys.check().unwrap();
    assert_eq!(keys.opens_at.to_string(), "2026-04-29T16:00:00.000000Z");
    assert_eq!(keys.closes_at.to_string(), "2028-05-31T16:00:00.000000Z");
    assert!(keys.is_open(keys.opens_at) && !keys.is_open(keys.closes_at));
    let text = serde_json::to_string(&keys).unwrap();
    assert_eq!(serde_json::from_str::<EpochKeys>(&text).unwrap(), keys);
}

#[test]
fn no_single_party_can_compute_a_token() {
    assert_eq!(refusal(|keys| keys.threshold = 1), EpochKeysError::Alone(1));
    assert_eq!(refusal(|keys| keys.threshold = 0), EpochKeysError::Alone(0));
    assert!(matches!(
        refusal(|keys| keys.evaluators[2].id = keys.evaluators[0].id.clone()),
        EpochKeysError::Same(_)
    ));
    for hub in ["hub", "hub-buffer"] {
        assert!(matches!(
            refusal(|keys| keys.evaluators[1].id = hub.parse().unwrap()),
            EpochKeysError::Hub(_)
        ));
    }
    // One share is the whole key: its holder needs nobody.
    assert!(matches!(
        refusal(|keys| keys.evaluators[1].public_key = keys.public_key),
        EpochKeysError::Share(_)
    ));
    // All shares are equal: the line is flat, and each share is the key.
    assert!(matches!(
        refusal(|keys| {
            for one in &mut keys.evaluators {
                one.public_key = element(Scalar::from(5_u64));
            }
        }),
        EpochKeysError::Share(_)
    ));
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    assert!(matches!(
        refusal(|keys| keys.public_key = element(Scalar::from(12_u64))),
        EpochKeysError::Combination(1, 2)
    ));
    // The third lies off the line of the first two: with it the nodes would get other tokens.
    assert!(matches!(
        refusal(|keys| keys.evaluators[2].public_key = element(Scalar::from(12_u64))),
        EpochKeysError::Combination(1, 3)
    ));
}

#[test]
fn other_numbers_counts_suites_and_windows_are_refused() {
    assert_eq!(refusal(|keys| keys.threshold = 3), EpochKeysError::Threshold(3));
    assert_eq!(refusal(|keys| drop(keys.evaluators.pop())), EpochKeysError::Count(2));
    assert!(matches!(
        refusal(|keys| keys.evaluators.swap(0, 1)),
        EpochKeysError::Number { .. }
    ));
    assert_eq!(
        refusal(|keys| keys.suite = TokenSuite::HmacSm3),
        EpochKeysError::Suite(TokenSuite::HmacSm3)
    );
    for change in [
        |keys: &mut EpochKeys| keys.closes_at = keys.epoch.next().unwrap().starts_at(),
        |keys: &mut EpochKeys| keys.opens_at = keys.opens_at.plus_micros(-1),
        |keys: &mut EpochKeys| keys.opens_at = keys.closes_at,
        |keys: &mut EpochKeys| keys.closes_at = keys.closes_at.plus_micros(10 * 366 * DAY_US),
    ] {
        assert!(matches!(refusal(change), EpochKeysError::Window { .. }));
    }
    assert!(window("2026-05".parse().unwrap(), 0).is_none());
    assert!(window("2099-12".parse().unwrap(), 1).is_none());
}
