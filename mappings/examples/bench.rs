//! What the engine takes at 1,000 methodologies and 10,000 mappings: prints medians, and never fails.
//!
//! ```text
//! cargo run --release -p tanqiao-mappings --example bench
//! ```
//!
//! Everything is in memory and on one core; a quote is the whole answer, with its explanation in two languages. Each asks for
//! another methodology; a cold one follows after something else filled the processor's caches.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_mappings::equivalence::{Question, assess};
use tanqiao_mappings::explanation::explain;
use tanqiao_mappings::gates::{Mode, NodeFacts};
use tanqiao_mappings::matrix::{HomeMethodology, matrix};
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::recognition::{Crossing, GivenLot, MappingEntry, MappingSet, quote, terms_for};
use tanqiao_mappings::relation::Relation;
use tanqiao_mappings::search::{Precedents, search};
use tanqiao_mappings::sheet::{AttributeName, Cell, Evidence, Sheet, Status};
use tanqiao_mappings::sssom;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{Lot, MappingRecord, Predicate};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

type Outcome<T> = Result<T, Box<dyn Error>>;

const METHODOLOGIES: usize = 1_000;
const MAPPINGS: usize = 10_000;

/// The median of many runs.
fn median(runs: usize, run: impl FnMut(usize)) -> Duration {
    at_rank(&timed(runs, || (), run), 50)
}

/// Every run with its time, from the shortest. What is done between runs is not measured.
fn timed(runs: usize, mut between: impl FnMut(), mut run: impl FnMut(usize)) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..runs)
        .map(|number| {
            between();
            let began = Instant::now();
            run(number);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

/// That below which so many per cent lie.
fn at_rank(times: &[Duration], percent: usize) -> Duration {
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

/// More bytes than a processor's caches hold.
const CACHES_BYTES: usize = 256 << 20;

fn methodology(number: usize) -> Outcome<MethodologyRef> {
    Ok(MethodologyRef::new(&format!("CN-{number:04}-method"), 1)?)
}

fn uses() -> Uses {
    [Use::EventNeutrality, Use::PublicWelfare].into_iter().collect()
}

fn mapping(number: usize, regions: &[RegionCode], at: Timestamp) -> Outcome<MappingEntry> {
    let (origin, place) = (number % METHODOLOGIES, number / METHODOLOGIES);
    let record = MappingRecord {
        mapping: MappingRef::new(&format!("map-{number}"), 1)?,
        origin: methodology(origin)?,
        to: *regions.get(place).ok_or("a region for every mapping")?,
        endorsed_by: "target".parse::<NodeId>()?,
        counterpart: None,
        reference: None,
        through: None,
        source_region: None,
        vintages: None,
        batch: None,
        explanation_sha256: None,
        excluded_schemes: Vec::new(),
        predicate: Predicate::Close,
        factor: Factor::new(900_000 - i64::try_from(number)?)?,
        buffer: Factor::new(30_000)?,
        uses: uses(),
        cap_g: None,
        valid_from: at,
        valid_until: at.plus_micros(300 * 86_400_000_000),
        reason_zh: "目标方法学每单位 71 g，签发按 78.4 g。".into(),
        reason_en: "The target's methodology counts 71 g a unit, issued were 78.4 g.".into(),
        demonstration: true,
    };
    Ok(MappingEntry::new(record, MappingState::Active))
}

fn lot(number: usize) -> Outcome<GivenLot> {
    let series: SeriesRef = format!("node-{number}/420100/{}/2025", methodology(number)?).parse()?;
    let range = SerialRange::new(1, 250_000_000)?;
    Ok(GivenLot {
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
        home: "420100".parse()?,
        home_uses: uses(),
        held_in: None,
        batch: None,
    })
}

/// Everything known, so that every gate and multiplier is worked out.
fn sheet(number: usize, activity: &str, region: RegionCode) -> Outcome<Sheet> {
    let mut sheet = Sheet::blank(methodology(number)?, Some(region), Phrase::new("方法学", "methodology"));
    let factor = format!("{}..{} g{{CO2}}/(kW.h)", 300 + number % 300, 640 + number % 300);
    for (name, value) in [
        (AttributeName::Activity, activity),
        (AttributeName::ActivityUnit, "kW.h"),
        (AttributeName::KindAndActor, "scenario; person"),
        (AttributeName::Boundary, "upstream=12; vans=3"),
        (AttributeName::Baseline, "replaced-device"),
        (AttributeName::Gases, "CH4=20; CO2=80"),
        (AttributeName::UnitFactor, factor.as_str()),
        (AttributeName::Additionality, "positive-list"),
        (AttributeName::Monitoring, "meter"),
        (AttributeName::Identity, "meter-key"),
        (AttributeName::CreditingPeriod, "vintages=2024..open; age=5"),
        (AttributeName::Eligibility, "capacity<6 MW"),
        (AttributeName::Safeguards, "ccer; green-certificate"),
        (AttributeName::Verification, "third-party"),
        (AttributeName::Permanence, "not a sink"),
        (AttributeName::Leakage, "2"),
        (AttributeName::Uses, "event-neutrality; public-welfare"),
        (AttributeName::Ownership, "owner=person; ground=assignment"),
        (AttributeName::Standing, "status=final; from=2024-01-01; until=open"),
    ] {
        let evidence = Evidence::new(Status::Declared, "a letter", None)?;
        sheet.attributes.put(name, Cell::known(value, evidence))?;
    }
    Ok(sheet)
}

fn sssom_text() -> Outcome<String> {
    let mut text = String::from(
        "#curie_map:\n#  m: https://example.org/m/\n#mapping_set_id: https://example.org/s\n#license: https://example.org/l\n\
         subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tcomment\n",
    );
    for number in 0..MAPPINGS {
        writeln!(
            text,
            "m:A{number}\tskos:closeMatch\tm:B{number}\tsemapv:MappingReview\t0.9\tsame activity, same unit"
        )?;
    }
    Ok(text)
}

/// What is measured on.
struct World {
    catalogue: Catalogue,
    regions: Vec<RegionCode>,
    set: MappingSet,
    sheets: Vec<Sheet>,
    activities: Vec<String>,
    to: RegionCode,
    at: Timestamp,
}

impl World {
    fn new() -> Outcome<Self> {
        let at: Timestamp = "2026-03-01T00:00:00Z".parse()?;
        let catalogue = Catalogue::shipped()?;
        let codes = catalogue.regions().iter().map(|region| region.code);
        let regions: Vec<RegionCode> = codes.filter(|code| code.as_str() != "420000").collect();
        let to = *regions.get(3).ok_or("four regions")?;
        let entries = (0..MAPPINGS).map(|number| mapping(number, &regions, at));
        let set = entries.collect::<Outcome<Vec<_>>>()?.into_iter().collect();
        let known = [
            "ev-charging",
            "distributed-pv",
            "datacenter-cooling",
            "refrigerant-efficiency",
        ];
        let others = (0..36).map(|number| format!("activity-{number}"));
        let activities: Vec<String> = known.iter().map(ToString::to_string).chain(others).collect();
        let sheets = (0..METHODOLOGIES).map(|number| {
            let activity = activities.get(number % activities.len()).ok_or("an activity")?;
            sheet(number, activity, *regions.get(number % regions.len()).unwrap_or(&to))
        });
        let sheets = sheets.collect::<Outcome<Vec<_>>>()?;
        Ok(Self {
            catalogue,
            regions,
            set,
            sheets,
            activities,
            to,
            at,
        })
    }

    fn quotes(&self, out: &mut impl Write) -> Outcome<()> {
        let lots = (0..METHODOLOGIES).map(lot).collect::<Outcome<Vec<_>>>()?;
        let crossing = Crossing {
            to: self.to,
            r#use: Use::EventNeutrality,
            at: self.at,
        };
        let at_lot = |number: usize| lots.get(number % lots.len());
        let time = median(20_000, |number| {
            black_box(at_lot(number).map(|given| terms_for(&self.set, given, &crossing)));
        });
        writeln!(out, "terms of a lot                        {time:>12.2?}")?;
        let ask = |number: usize| {
            let answer = at_lot(number).map(|given| quote(&self.set, std::slice::from_ref(given), &crossing));
            assert!(
                black_box(answer).is_some_and(|answer| answer.is_ok()),
                "every lot is recognised"
            );
        };
        let mut ballast = vec![0_u8; CACHES_BYTES];
        let fill_caches = || {
            for byte in black_box(&mut ballast) {
                *byte = byte.wrapping_add(1);
            }
        };
        for (name, bar, times) in [
            ("quote of one lot, explained", "bar 50 µs", timed(20_000, || (), ask)),
            ("the same with cold caches", "no bar", timed(200, fill_caches, ask)),
        ] {
            let (half, most) = (at_rank(&times, 50), at_rank(&times, 99));
            writeln!(out, "{name:<37} {half:>12.2?}   {bar}; 99 of 100 below {most:.2?}")?;
        }
        Ok(())
    }

    /// Twice the mappings take twice the time: the set is built once, not mapping by mapping.
    fn loading(&self, out: &mut impl Write) -> Outcome<()> {
        for times in [1, 2, 4] {
            let entries = (0..MAPPINGS * times).map(|number| {
                let mut record = mapping(number % MAPPINGS, &self.regions, self.at)?
                    .record
                    .as_ref()
                    .clone();
                record.mapping = MappingRef::new(&format!("map-{number}"), 1)?;
                record.origin = methodology(number % (METHODOLOGIES * times))?;
                Ok(MappingEntry::new(record, MappingState::Active))
            });
            let entries = entries.collect::<Outcome<Vec<_>>>()?;
            let count = entries.len();
            let time = median(5, |_| {
                black_box(entries.iter().cloned().collect::<MappingSet>());
            });
            writeln!(out, "set of {count:>6} mappings               {time:>12.2?}")?;
        }
        let entry = mapping(0, &self.regions, self.at)?;
        let time = median(50, |_| {
            black_box(self.set.with(entry.clone()));
        });
        writeln!(out, "one decision, a set with one changed  {time:>12.2?}")?;
        Ok(())
    }

    fn assessments(&self, out: &mut impl Write) -> Outcome<()> {
        let library = self.catalogue.library();
        let question = Question {
            origin: self.sheets.first().ok_or("a sheet")?,
            target: self.sheets.get(40).ok_or("another sheet of the activity")?,
            reference: None,
            relation: Relation::Close,
            mode: Mode::Factor,
            to: self.to,
            source_region: "420100".parse()?,
            vintage: 2025,
            uses: uses(),
            at: self.at,
            until: None,
            node: NodeFacts::PROVEN,
        };
        let time = median(2_000, |_| {
            black_box(assess(&question, &library));
        });
        writeln!(out, "assessment of a pair, all gates       {time:>12.2?}")?;
        let time = median(2_000, |_| {
            black_box(explain(&assess(&question, &library)).content_hash());
        });
        writeln!(out, "the same with explanation and hash    {time:>12.2?}")?;
        let mut pairs = 0;
        let time = median(5, |_| {
            pairs = black_box(search(&self.sheets, &library, &Precedents::default(), self.at)).len();
        });
        writeln!(out, "candidate search, {pairs:>6} pairs        {time:>12.2?}   bar 1 s")?;
        Ok(())
    }

    fn matrix(&self, out: &mut impl Write) -> Outcome<()> {
        let homes = (0..METHODOLOGIES).map(|number| {
            let activity = self
                .activities
                .get(number % self.activities.len())
                .ok_or("an activity")?;
            Ok(HomeMethodology {
                methodology: methodology(number)?,
                region: "420100".parse()?,
                activity: activity.parse()?,
            })
        });
        let homes = homes.collect::<Outcome<Vec<_>>>()?;
        let mut cells = 0;
        let time = median(3, |_| {
            cells = black_box(matrix(&self.set, &homes, &self.regions, self.at)).len();
        });
        writeln!(out, "matrix, {cells:>6} cells                 {time:>12.2?}")?;
        Ok(())
    }
}

fn main() -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{METHODOLOGIES} methodologies, {MAPPINGS} mappings")?;
    let world = World::new()?;
    world.loading(&mut out)?;
    world.quotes(&mut out)?;
    world.assessments(&mut out)?;
    world.matrix(&mut out)?;
    let text = sssom_text()?;
    let mut rows = 0;
    let time = median(5, |_| {
        rows = black_box(sssom::read(&text)).map_or(0, |import| import.set.mappings.len());
    });
    writeln!(out, "SSSOM import, {rows:>6} rows             {time:>12.2?}   bar 5 s")?;
    Ok(())
}
