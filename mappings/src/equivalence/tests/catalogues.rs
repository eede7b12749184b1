//! On random catalogues: from sheets to signed factors to serials, nothing is created.

use proptest::prelude::*;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, MappingRecord};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::r#use::{Use, Uses};

use super::random::{catalogue, holds};
use super::world::{World, now};
use crate::composition::assess_through;
use crate::draft::{RecordTerms, draft_record};
use crate::equivalence::{Question, assess};
use crate::ratio::Ratio;
use crate::recognition::{Crossing, GivenLot, MappingEntry, MappingSet, RecognisedLot, recognise};
use crate::relation::Relation;
use crate::sheet::Sheet;

fn uses() -> Uses {
    [Use::EventNeutrality].into_iter().collect()
}

/// Every directed pair of one activity in two regions, with the reference methodology of the activity.
fn pairs(sheets: &[Sheet]) -> Vec<(&Sheet, &Sheet, &Sheet)> {
    let word = |sheet: &Sheet| sheet.methodology.id().rsplit('-').next().unwrap().to_owned();
    let mut pairs = Vec::new();
    for origin in sheets.iter().filter(|sheet| !sheet.reference) {
        let reference = sheets
            .iter()
            .find(|sheet| sheet.reference && word(sheet) == word(origin))
            .unwrap();
        let others = sheets
            .iter()
            .filter(|sheet| !sheet.reference && sheet.region != origin.region);
        pairs.extend(
            others
                .filter(|sheet| word(sheet) == word(origin))
                .map(|target| (origin, target, reference)),
        );
    }
    pairs
}

fn question<'a>(world: &World, origin: &'a Sheet, target: &'a Sheet) -> Question<'a> {
    Question {
        to: target.region.unwrap(),
        source_region: origin.region.unwrap(),
        ..world.question(origin, target)
    }
}

/// The mapping of a pair at its direct factor, if there is one; every other one is bounded by the reference as well.
fn mapping(
    world: &World,
    (origin, target, reference): (&Sheet, &Sheet, &Sheet),
    buffer: Factor,
) -> Option<MappingRecord> {
    let question = Question {
        reference: Some(reference).filter(|_| origin.region < target.region),
        ..question(world, origin, target)
    };
    let terms = RecordTerms {
        mapping: format!("{}-to-{}.v1", origin.methodology.id(), target.region.unwrap())
            .parse()
            .unwrap(),
        endorsed_by: "target".parse().unwrap(),
        buffer,
        cap_g: None,
        vintages: (2024, 2026),
        units: None,
        excluded_schemes: Vec::new(),
    };
    draft_record(&assess(&question, &world.library()), &terms)
}

fn series(sheet: &Sheet) -> SeriesRef {
    format!("node/{}/{}/2025", sheet.region.unwrap(), sheet.methodology)
        .parse()
        .unwrap()
}

fn fresh(sheet: &Sheet, quantity: i64) -> GivenLot {
    let series = series(sheet);
    let block = BlockRef {
        series: series.clone(),
        range: SerialRange::new(1, quantity).unwrap(),
    };
    GivenLot {
        lot: Lot {
            blocks: vec![block],
            series,
            mapping: None,
            paid: Factor::ONE,
            buffered: false,
            uses: uses(),
        },
        home: sheet.region.unwrap(),
        home_uses: uses(),
        held_in: None,
        batch: None,
    }
}

fn cross(set: &MappingSet, given: GivenLot, to: RegionCode) -> Option<RecognisedLot> {
    let crossing = Crossing {
        to,
        r#use: Use::EventNeutrality,
        at: now(),
    };
    recognise(set, &[given], &crossing).ok()?.lots.into_iter().next()
}

fn delivered(set: &MappingSet, sheet: &Sheet, to: RegionCode, quantity: i64) -> i64 {
    let given = Some(quantity)
        .filter(|quantity| *quantity > 0)
        .map(|quantity| fresh(sheet, quantity));
    given
        .and_then(|given| cross(set, given, to))
        .map_or(0, |lot| lot.division.delivered.get())
}

fn mapping_set(world: &World, sheets: &[Sheet], buffer: i64) -> MappingSet {
    let buffer = Factor::new(buffer).unwrap();
    let records = pairs(sheets)
        .into_iter()
        .filter_map(|pair| mapping(world, pair, buffer));
    records
        .map(|record| MappingEntry::new(record, MappingState::Active))
        .collect()
}

#[test]
fn no_factor_is_above_one_and_every_record_is_in_order() {
    holds(48, 50, &(catalogue(), 0_i64..300_000), |(sheets, buffer), share| {
        let world = World::new();
        for pair in pairs(&sheets) {
            let record = mapping(&world, pair, Factor::new(buffer).unwrap());
            share.note(record.is_some());
            let Some(record) = record else { continue };
            prop_assert!(Factor::ZERO < record.factor && record.factor <= Factor::ONE);
            prop_assert_eq!(crate::recognition::check_record(&record, now()), []);
        }
        Ok(())
    });
}

#[test]
fn delivered_buffered_and_cancelled_are_what_was_given_and_splitting_never_gains() {
    let strategy = (
        catalogue(),
        1_i64..1 << 50,
        0_i64..300_000,
        prop::collection::vec(1_i64..1_000_000, 1..4),
    );
    holds(32, 50, &strategy, |(sheets, quantity, buffer, cuts), share| {
        let world = World::new();
        let set = mapping_set(&world, &sheets, buffer);
        for (origin, target, _) in pairs(&sheets) {
            let to = target.region.unwrap();
            let lot = cross(&set, fresh(origin, quantity), to);
            share.note(lot.is_some());
            let Some(lot) = lot else { continue };
            let division = &lot.division;
            let parts = [division.delivered, division.buffered, division.cancelled];
            prop_assert_eq!(Grams::total(parts).unwrap().get(), quantity);
            let laid_out: i64 = lot.pieces().iter().map(|(block, _)| block.quantity().get()).sum();
            prop_assert_eq!(laid_out, quantity);
            let (mut left, mut sum) = (quantity, 0);
            for cut in &cuts {
                let part = left.min(*cut);
                sum += delivered(&set, origin, to, part);
                left -= part;
            }
            sum += delivered(&set, origin, to, left);
            prop_assert!(
                sum <= division.delivered.get(),
                "{sum} in parts, {} as one",
                division.delivered
            );
        }
        Ok(())
    });
}

/// Serials that are led round through other regions and home again never become more, and never reach a region with more than
/// the direct way recognises there.
#[test]
fn no_cycle_is_above_one_and_no_detour_beats_the_direct_way() {
    let strategy = (
        catalogue(),
        1_000_000_i64..1 << 50,
        0_usize..12,
        prop::collection::vec(0_usize..4, 2..6),
    );
    holds(64, 40, &strategy, |(sheets, quantity, start, stops), share| {
        let world = World::new();
        let set = mapping_set(&world, &sheets, 0);
        let origin = sheets.iter().filter(|sheet| !sheet.reference).nth(start).unwrap();
        let places: Vec<RegionCode> = super::random::REGIONS
            .iter()
            .map(|code| code.parse().unwrap())
            .collect();
        let (mut given, mut product, mut away) = (fresh(origin, quantity), Ratio::one(), false);
        for to in stops.iter().map(|stop| places[*stop]).chain([origin.region.unwrap()]) {
            let before = given.lot.blocks[0].range.quantity();
            let Some(lot) = cross(&set, given.clone(), to) else {
                break;
            };
            away |= lot.terms.mapping().is_some();
            product = &product * &Ratio::factor(lot.terms.factor);
            prop_assert!(lot.division.delivered <= before && product <= Ratio::one());
            let direct = delivered(&set, origin, to, quantity);
            prop_assert!(
                lot.division.delivered.get() <= direct,
                "{} > {direct} in {to}",
                lot.division.delivered
            );
            given.lot.paid = lot.division.paid;
            given.lot.buffered = lot.buffered_after();
            given.lot.blocks[0].range = SerialRange::new(1, lot.division.delivered.get()).unwrap();
        }
        share.note(away);
        Ok(())
    });
}

#[test]
fn composition_never_beats_the_direct_route() {
    holds(32, 30, &catalogue(), |sheets, share| {
        let world = World::new();
        for (origin, target, reference) in pairs(&sheets) {
            let question = question(&world, origin, target);
            let route = assess_through(
                &question,
                reference,
                (Relation::Close, Relation::Close),
                &world.library(),
            );
            let direct = assess(&question, &world.library()).factor();
            share.note(route.factor().is_some());
            prop_assert!(route.factor() <= direct, "{:?} > {direct:?}", route.factor());
            let legs = (route.first.factor(), route.second.factor());
            prop_assert!(
                route.factor() <= legs.0 && route.factor() <= legs.1,
                "not above either leg"
            );
        }
        Ok(())
    });
}

/// Where a route is a pure ratio of unit factors the product of its legs is below the direct ratio by itself.
#[test]
fn capped_ratios_compose_without_a_ceiling() {
    let numbers = (150_u32..900, 150_u32..900, 150_u32..900);
    holds(256, 100, &numbers, |(a, r, b), share| {
        let world = World::new();
        let sheet = |id: &str, grams: u32| super::world::charging(id, &grams.to_string());
        let (origin, reference, target) = (sheet("A", a), sheet("R", r), sheet("B", b));
        let k = |origin: &Sheet, target: &Sheet| Ratio::of(world.certain(origin, target).parse().unwrap());
        share.note(true);
        prop_assert!((&k(&origin, &reference) * &k(&reference, &target)).trunc6() <= k(&origin, &target).trunc6());
        Ok(())
    });
}
