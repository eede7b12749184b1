//! The factor of one batch whose activity data travel, from the rule in the mapping's record.

use rust_decimal::Decimal;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::BatchRule;

use crate::ratio::Ratio;

/// `trunc6(min(1, D · target / q, D · reference / q) · others)` from the total of activity data `D` and the grams `q` that an
/// issuance sealed. Every part of it crosses at this factor, at whatever time (3-recognition, rule 4).
///
/// `None` if the rule or `D` cannot be read, or nothing was issued: such a batch has no factor and is not recognised.
#[must_use]
pub fn factor_of_batch(rule: &BatchRule, activity_total: &str, issued: Grams) -> Option<Factor> {
    let total = Ratio::of(Decimal::from_str_exact(activity_total).ok()?);
    let activity = &total * &Ratio::read_exact(&rule.units)?;
    let issued = Ratio::whole(issued.get());
    let candidate = |grams: &str| (&activity * &Ratio::read_exact(grams)?).over(&issued);
    let mut least = candidate(&rule.target_g)?.capped();
    if let Some(reference) = &rule.reference_g {
        least = least.min(candidate(reference)?.capped());
    }
    Some((&least * &Ratio::read_exact(&rule.others)?).trunc6())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(reference: Option<&str>, others: &str) -> BatchRule {
        BatchRule {
            units: "1".into(),
            target_g: "2047/5".into(),
            reference_g: reference.map(Into::into),
            others: others.into(),
        }
    }

    fn of(rule: &BatchRule, total: &str, issued: i64) -> Option<i64> {
        factor_of_batch(rule, total, Grams::new(issued).unwrap()).map(Factor::millionths)
    }

    #[test]
    fn a_batch_of_1250_kwh_that_was_issued_at_800_g_crosses_at_409_4() {
        assert_eq!(of(&rule(None, "1"), "1250", 1_000_000), Some(511_750));
        assert_eq!(of(&rule(None, "73/100"), "1250", 1_000_000), Some(373_577));
        assert_eq!(of(&rule(Some("300"), "1"), "1250", 1_000_000), Some(375_000));
        assert_eq!(
            of(&rule(None, "1"), "12500", 1_000_000),
            Some(1_000_000),
            "never above 1"
        );
    }

    #[test]
    fn what_cannot_be_read_has_no_factor() {
        assert_eq!(of(&rule(None, "1"), "a lot", 1_000_000), None);
        assert_eq!(of(&rule(None, "1"), "1250", 0), None);
        assert_eq!(of(&rule(None, "1/0"), "1250", 1_000_000), None);
    }
}
