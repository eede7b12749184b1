//! Silence never pays: telling more never lowers a factor, hiding or widening never raises it.

use proptest::prelude::*;
use tanqiao_protocol::quantity::{Factor, Grams};

use super::random::{alike, holds};
use super::world::World;
use crate::equivalence::{Question, assess, batch_factor};
use crate::gates::Mode;
use crate::ratio::Ratio;
use crate::sheet::tests::{hide, put};
use crate::sheet::{AttributeName, Sheet};

/// Millionths; −1 where there is no recognition at all.
fn worth(world: &World, [origin, target, reference]: &[Sheet; 3], mode: Mode) -> i64 {
    let question = Question {
        mode,
        reference: Some(reference),
        ..world.question(origin, target)
    };
    let assessment = assess(&question, &world.library());
    for raise in &assessment.raises {
        let up = raise.up_to.map_or(0, Factor::millionths);
        assert!(raise.up_to.is_none() || Some(up) > assessment.computation.as_ref().map(|c| c.factor.millionths()));
    }
    assessment.factor().map_or(-1, Factor::millionths)
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(Mode::ALL)
}

/// Each of the 24 attributes, of origin, target and reference.
#[test]
fn hiding_any_attribute_never_raises() {
    holds(64, 40, &(alike(["A", "B", "R"]), mode()), |(sheets, mode), share| {
        let world = World::new();
        let told = worth(&world, &sheets, mode);
        share.note(told > 0);
        for name in AttributeName::ALL {
            for side in 0..sheets.len() {
                let mut less = sheets.clone();
                hide(&mut less[side], *name);
                let untold = worth(&world, &less, mode);
                prop_assert!(untold <= told, "hiding {name} of {side} raised {told} to {untold}");
            }
        }
        Ok(())
    });
}

/// Also when much is hidden already.
#[test]
fn hiding_one_after_another_never_raises() {
    let hidden = prop::collection::vec((0_usize..24, 0_usize..3), 1..8);
    holds(
        192,
        30,
        &(alike(["A", "B", "R"]), mode(), hidden),
        |(mut sheets, mode, hidden), share| {
            let world = World::new();
            let mut last = worth(&world, &sheets, mode);
            share.note(last > 0);
            for (position, side) in hidden {
                let name = AttributeName::ALL[position];
                hide(&mut sheets[side], name);
                let now = worth(&world, &sheets, mode);
                prop_assert!(now <= last, "hiding {name} of {side} raised {last} to {now}");
                last = now;
            }
            Ok(())
        },
    );
}

/// The same, said less exactly; `None` where it is not said at all, or cannot be said less exactly.
fn vaguer(name: AttributeName, value: &str, by: u32) -> Option<String> {
    let number = |text: &str| text.parse::<u32>().ok();
    match name {
        AttributeName::UnitFactor => {
            let (range, unit) = value.split_once(' ').filter(|_| !value.contains("grid"))?;
            let (low, high) = range.split_once("..").unwrap_or((range, range));
            Some(format!(
                "{}..{} {unit}",
                number(low)?.saturating_sub(by).max(1),
                number(high)? + by
            ))
        }
        AttributeName::Uncertainty => Some((number(value)? + by).to_string()),
        AttributeName::Gases if value.contains('=') => Some(
            value
                .split("; ")
                .map(|gas| gas.split_once('=').unwrap().0)
                .collect::<Vec<_>>()
                .join("; "),
        ),
        AttributeName::Boundary if value.contains('=') => Some(
            value
                .split("; ")
                .map(|one| format!("{}=?", one.split_once('=').unwrap().0))
                .collect::<Vec<_>>()
                .join("; "),
        ),
        AttributeName::Standing => Some("status=final".into()),
        AttributeName::Activity => Some(format!("{value}: not listed")),
        _ => None,
    }
}

#[test]
fn widening_any_range_never_raises() {
    let strategy = (alike(["A", "B", "R"]), mode(), 1_u32..120);
    holds(128, 50, &strategy, |(sheets, mode, by), share| {
        let world = World::new();
        let told = worth(&world, &sheets, mode);
        share.note(told > 0);
        for name in AttributeName::ALL {
            for side in 0..sheets.len() {
                let value = sheets[side].attributes.cell(*name).value.unwrap();
                let Some(wider) = vaguer(*name, &value, by) else {
                    continue;
                };
                let mut less = sheets.clone();
                put(&mut less[side], *name, &wider);
                let untold = worth(&world, &less, mode);
                prop_assert!(untold <= told, "{name} {value} as {wider} raised {told} to {untold}");
            }
        }
        Ok(())
    });
}

/// A published factor of the grid that is given as a range says less than its number.
#[test]
fn a_vague_grid_never_raises() {
    holds(192, 50, &(alike(["A", "B", "R"]), 1_i64..200), |(sheets, by), share| {
        let told = worth(&World::new(), &sheets, Mode::Factor);
        share.note(told > 0);
        let untold = worth(&World::with_vague_grid(by), &sheets, Mode::Factor);
        prop_assert!(untold <= told, "{told} became {untold}");
        Ok(())
    });
}

/// An adopted reference can only bound.
#[test]
fn a_reference_never_raises() {
    holds(
        256,
        30,
        &alike(["A", "B", "R"]),
        |[origin, target, reference], share| {
            let world = World::new();
            let question = world.question(&origin, &target);
            let bounded = Question {
                reference: Some(&reference),
                ..question
            };
            let factor = |question| assess(&question, &world.library()).factor();
            share.note(factor(bounded).is_some());
            prop_assert!(factor(bounded) <= factor(question));
            Ok(())
        },
    );
}

/// Disclosing what a batch counted, within the methodology's range, never lowers its factor.
#[test]
fn activity_data_never_lower() {
    let strategy = (alike(["A", "B", "R"]), 1_000_i64..1_000_000, 1_i64..=1_000);
    holds(
        256,
        30,
        &strategy,
        |([origin, target, reference], activity, share_issued), share| {
            let world = World::new();
            let question = Question {
                reference: Some(&reference),
                ..world.question(&origin, &target)
            };
            let assessment = assess(&question, &world.library());
            share.note(assessment.factor().is_some());
            let (Some(k), Some(computation)) = (assessment.factor(), &assessment.computation) else {
                return Ok(());
            };
            // The batch was issued at as many grams a unit as the methodology permits at most, or less.
            let most = (&Ratio::whole(activity) * &computation.source_grams)
                .grams_down()
                .unwrap()
                .get();
            let issued = Grams::new((most / 1_000 * share_issued).max(1)).unwrap();
            let unit = origin.attributes.activity_unit.value().unwrap();
            let batch = batch_factor(&assessment, &origin, issued, activity.into(), unit).unwrap();
            prop_assert!(batch >= k && batch <= Factor::ONE, "{k} became {batch}");
            Ok(())
        },
    );
}
