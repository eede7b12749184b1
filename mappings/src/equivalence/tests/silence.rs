//! Silence never pays: telling more never lowers a factor, hiding never raises it.

use proptest::prelude::*;

use super::world::{World, counted_in_kwh};
use tanqiao_protocol::quantity::Factor;

use crate::equivalence::{Question, assess};
use crate::gates::Mode;
use crate::ratio::Ratio;
use crate::sheet::tests::{hide, put};
use crate::sheet::{AttributeName, Sheet};

/// A pair with random figures, of which everything is known.
fn pair() -> impl Strategy<Value = (Sheet, Sheet)> {
    let side = || {
        (
            (150_u32..1_400, 0_u32..90),
            prop::sample::select(vec![
                "none",
                "vans=20",
                "vans=20; upstream=35",
                "upstream=60",
                "stations=5; vans=30",
            ]),
            prop::sample::select(vec!["CO2", "CH4=80; N2O=20", "CH4=35; CO2=65", "CH4; N2O", "R-410A"]),
            prop::sample::select(vec!["AR4", "AR5", "AR6"]),
            (0_u32..140, 0_u32..40),
            prop::sample::select(vec!["meter", "transaction", "trip-chain"]),
            prop::sample::select(vec![
                "grid=province; kind=average; year=2022",
                "grid=province; kind=average; year=vintage",
                "grid=national; kind=average; year=latest",
                "grid=grid-region; kind=average; year=2023",
                "grid=province; kind=average; year=lowest",
            ]),
            0_u8..3,
        )
    };
    (side(), side()).prop_map(|(origin, target)| (sheet("A", origin), sheet("B", target)))
}

type Figures = (
    (u32, u32),
    &'static str,
    &'static str,
    &'static str,
    (u32, u32),
    &'static str,
    &'static str,
    u8,
);

fn sheet(id: &str, figures: Figures) -> Sheet {
    let ((factor, spread), boundary, gases, set, (width, leakage), monitoring, rule, form) = figures;
    let factor = match form {
        0 => format!("{factor}"),
        1 => format!("{factor}..{}", factor + spread),
        _ => format!("{} - 0.5*grid", factor + 400),
    };
    let mut sheet = counted_in_kwh(id, "ev-charging", "replaced-device", &factor);
    for (name, value) in [
        (AttributeName::Boundary, boundary),
        (AttributeName::Gases, gases),
        (AttributeName::GwpSet, set),
        (AttributeName::Uncertainty, &width.to_string()),
        (AttributeName::Leakage, &leakage.to_string()),
        (AttributeName::Monitoring, monitoring),
        (AttributeName::Provenance, &format!("{rule}; publisher=the ministry")),
    ] {
        put(&mut sheet, name, value);
    }
    sheet
}

/// Millionths; −1 where there is no recognition at all.
fn worth(world: &World, origin: &Sheet, target: &Sheet) -> i64 {
    let question = Question {
        mode: Mode::Requantify,
        ..world.question(origin, target)
    };
    let assessment = assess(&question, &world.library());
    for raise in &assessment.raises {
        let up = raise.up_to.map_or(0, Factor::millionths);
        assert!(raise.up_to.is_none() || Some(up) > assessment.computation.as_ref().map(|c| c.factor.millionths()));
    }
    assessment.factor().map_or(-1, Factor::millionths)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hiding_an_attribute_never_raises((origin, target) in pair(), hidden in prop::collection::vec((0_usize..24, any::<bool>()), 1..5)) {
        let world = World::new();
        let (mut less, mut other) = (origin.clone(), target.clone());
        let mut last = worth(&world, &origin, &target);
        for (position, of_origin) in hidden {
            let name = AttributeName::ALL[position];
            hide(if of_origin { &mut less } else { &mut other }, name);
            let now = worth(&world, &less, &other);
            prop_assert!(now <= last, "hiding {name} raised {last} to {now}");
            last = now;
        }
    }

    /// A range that holds the number says less than the number.
    #[test]
    fn a_range_never_pays_more_than_the_number((origin, target) in pair(), value in 150_u32..1_000, below in 0_u32..100, above in 0_u32..400) {
        let world = World::new();
        let (mut exact, mut range) = (origin.clone(), origin);
        put(&mut exact, AttributeName::UnitFactor, &format!("{value} g{{CO2}}/(kW.h)"));
        put(&mut range, AttributeName::UnitFactor, &format!("{}..{} g{{CO2}}/(kW.h)", value - below.min(value - 150), value + above));
        prop_assert!(worth(&world, &range, &target) <= worth(&world, &exact, &target));
        prop_assert!(worth(&world, &target, &range) <= worth(&world, &target, &exact));
    }

    #[test]
    fn no_factor_is_above_one_and_no_way_there_and_back_gains((origin, target) in pair()) {
        let world = World::new();
        let (there, back) = (worth(&world, &origin, &target), worth(&world, &target, &origin));
        prop_assert!(there <= 1_000_000 && back <= 1_000_000);
    }

    /// An adopted reference can only bound.
    #[test]
    fn a_reference_never_raises((origin, target) in pair(), reference in pair()) {
        let world = World::new();
        let question = Question { mode: Mode::Requantify, ..world.question(&origin, &target) };
        let bounded = Question { reference: Some(&reference.0), ..question };
        let factor = |question| assess(&question, &world.library()).factor().map_or(-1, Factor::millionths);
        prop_assert!(factor(bounded) <= factor(question));
    }

    /// Disclosing what a batch counted, within the methodology's range, never lowers its factor.
    #[test]
    fn activity_data_never_lower((origin, target) in pair(), activity in 1_i64..1_000_000, share in 0_i64..=1_000) {
        let world = World::new();
        let question = Question { mode: Mode::Requantify, ..world.question(&origin, &target) };
        let assessment = assess(&question, &world.library());
        let (Some(k), Some(computation)) = (assessment.factor(), &assessment.computation) else { return Ok(()) };
        // The batch was issued at so many grams a unit as the methodology permits at most, or less.
        let most = (&Ratio::whole(activity) * &computation.source_grams).grams_down().unwrap().get();
        let issued = tanqiao_protocol::quantity::Grams::new((most * share / 1_000).max(1)).unwrap();
        let batch = crate::equivalence::batch_factor(&assessment, &origin, issued, activity.into(), &"kW.h".parse().unwrap());
        prop_assert!(batch.unwrap() >= k || issued.get() > most);
    }
}
