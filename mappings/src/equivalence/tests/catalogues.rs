//! On random catalogues: from sheets to signed factors to serials, nothing is created.

use proptest::prelude::*;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, MappingRecord};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::r#use::{Use, Uses};

use super::world::{World, charging, now};
use crate::draft::{RecordTerms, draft_record};
use crate::equivalence::{Question, assess};
use crate::recognition::{Crossing, GivenLot, MappingEntry, MappingSet, recognise};
use crate::sheet::tests::{hide, put};
use crate::sheet::{AttributeName, Sheet};

const REGIONS: [&str; 4] = ["420100", "310000", "320000", "370000"];

/// A methodology in each region; some say less than others.
fn catalogue() -> impl Strategy<Value = Vec<Sheet>> {
    let one = (
        150_u32..1_000,
        0_u32..400,
        0_u32..120,
        0_u32..30,
        prop::collection::vec(0_usize..24, 0..2),
    );
    prop::collection::vec(one, REGIONS.len()).prop_map(|all| {
        all.into_iter()
            .zip(REGIONS)
            .map(|((low, spread, width, leakage, hidden), region)| {
                let mut sheet = charging(&format!("CN-{region}-ev"), &format!("{low}..{}", low + spread));
                sheet.region = Some(region.parse().unwrap());
                put(&mut sheet, AttributeName::Uncertainty, &width.to_string());
                put(&mut sheet, AttributeName::Leakage, &leakage.to_string());
                // Only what has a worst case: without a gate there is no mapping to test.
                for name in hidden
                    .into_iter()
                    .map(|position| AttributeName::ALL[position])
                    .filter(|name| !name.is_gate())
                {
                    hide(&mut sheet, name);
                }
                sheet
            })
            .collect()
    })
}

fn uses() -> Uses {
    [Use::EventNeutrality].into_iter().collect()
}

/// Every mapping that can be made of a catalogue.
fn mappings(world: &World, sheets: &[Sheet], buffer: Factor) -> Vec<MappingRecord> {
    let pairs = sheets
        .iter()
        .flat_map(|origin| sheets.iter().map(move |target| (origin, target)));
    pairs
        .filter(|(origin, target)| origin.region != target.region)
        .filter_map(|(origin, target)| {
            let (from, to) = (origin.region?, target.region?);
            let question = Question {
                to,
                source_region: from,
                ..world.question(origin, target)
            };
            let terms = RecordTerms {
                mapping: format!("{from}-{to}.v1").parse().unwrap(),
                endorsed_by: "target".parse().unwrap(),
                buffer,
                cap_g: None,
                vintages: (2024, 2026),
                units: None,
            };
            draft_record(&assess(&question, &world.library()), &terms)
        })
        .collect()
}

fn given(region: &str, quantity: Grams) -> GivenLot {
    let series: SeriesRef = format!("node/{region}/CN-{region}-ev.v1/2025").parse().unwrap();
    let range = tanqiao_protocol::serial::SerialRange::new(1, quantity.get()).unwrap();
    GivenLot {
        lot: Lot {
            blocks: vec![BlockRef {
                series: series.clone(),
                range,
            }],
            series,
            mapping: None,
            paid: Factor::ONE,
            buffered: false,
            uses: uses(),
        },
        home: region.parse().unwrap(),
        home_uses: uses(),
        held_in: None,
        batch: None,
    }
}

/// Where it goes, what arrives; nothing where it is refused.
fn delivered(set: &MappingSet, from: &str, to: RegionCode, quantity: i64) -> i64 {
    let Ok(quantity) = Grams::new(quantity) else { return 0 };
    if quantity.is_zero() {
        return 0;
    }
    let crossing = Crossing {
        to,
        r#use: Use::EventNeutrality,
        at: now(),
    };
    recognise(set, &[given(from, quantity)], &crossing).map_or(0, |done| done.quote.delivered_g.get())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_is_created_from_sheet_to_serial(sheets in catalogue(), quantity in 1_i64..1 << 50, buffer in 0_i64..300_000, cut in 1_i64..1_000) {
        let world = World::new();
        let records = mappings(&world, &sheets, Factor::new(buffer).unwrap());
        for record in &records {
            prop_assert!(record.factor <= Factor::ONE && record.factor > Factor::ZERO);
            prop_assert_eq!(crate::recognition::check_record(record, now()), []);
        }
        let set: MappingSet = records.iter().cloned().map(|record| MappingEntry::new(record, MappingState::Active)).collect();
        for record in &records {
            let from = record.origin.id().trim_start_matches("CN-").trim_end_matches("-ev").to_owned();
            let crossing = Crossing { to: record.to, r#use: Use::EventNeutrality, at: now() };
            let Ok(done) = recognise(&set, &[given(&from, Grams::new(quantity).unwrap())], &crossing) else { continue };
            let quote = done.quote;
            prop_assert_eq!(quote.delivered_g.get() + quote.buffered_g.get() + quote.cancelled_g.get(), quantity);
            // Splitting never gains.
            let cut = cut.min(quantity);
            let parts = delivered(&set, &from, record.to, cut) + delivered(&set, &from, record.to, quantity - cut);
            prop_assert!(parts <= quote.delivered_g.get());
        }
    }

    #[test]
    fn no_cycle_of_mappings_is_above_one(sheets in catalogue(), start in 0_usize..4, steps in prop::collection::vec(0_usize..4, 1..6)) {
        let world = World::new();
        let records = mappings(&world, &sheets, Factor::ZERO);
        let factor = |from: &str, to: &str| {
            records.iter().find(|one| one.to.as_str() == to && one.origin.id().contains(from)).map(|one| one.factor)
        };
        let mut product = crate::ratio::Ratio::one();
        let route: Vec<&str> = [start].into_iter().chain(steps).chain([start]).map(|position| REGIONS[position]).collect();
        for pair in route.windows(2).filter(|pair| pair[0] != pair[1]) {
            let Some(factor) = factor(pair[0], pair[1]) else { return Ok(()) };
            product = &product * &crate::ratio::Ratio::factor(factor);
        }
        prop_assert!(product <= crate::ratio::Ratio::one());
    }
}
