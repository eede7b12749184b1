//! The ground of the recognition bench: members, methodologies with sheets, and active mappings, straight into the store.

use std::sync::Arc;

use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::sheet::{AttributeName, Cell, Evidence, Sheet, Status};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;

use super::BenchError;
use super::ground::{Rules, Trader, admit, appoint, load_rules, now};
use crate::ledger::objects::MappingContent;
use crate::ledger::sequencer::{Sequencer, SequencerOptions};
use crate::store::database::Database;
use crate::store::rows::{MappingRow, MethodologyRow, SheetRow};

/// Activities, a methodology each in turn: 25 of 1,000 are of one.
const ACTIVITIES: usize = 40;
/// Members that publish; their regions begin with 11 to 30.
const MEMBERS: u32 = 20;
/// Provinces from here on are none of a member's.
const FIRST_TARGET: &str = "310000";

/// What the bench asks about.
#[derive(Debug)]
pub struct Ground {
    /// Who asks.
    pub asker: Arc<Trader>,
    /// Who decides.
    pub officer: Name,
    pairs: Vec<(MethodologyRef, RegionCode)>,
}

impl Ground {
    /// A methodology, and a region where it is recognised: of each mapping in turn.
    #[must_use]
    pub fn pair(&self, number: usize) -> Option<(&MethodologyRef, RegionCode)> {
        let (methodology, to) = self.pairs.get(number % self.pairs.len().max(1))?;
        Some((methodology, *to))
    }

    /// The same as a question to the API.
    #[must_use]
    pub fn question(&self, number: usize) -> Option<String> {
        let (methodology, to) = self.pair(number)?;
        Some(format!(
            "/v1/recognition?methodology={methodology}&to={to}&use={}&vintage=2025&quantity_g=1000000",
            Use::CorporateNeutrality.word()
        ))
    }
}

/// Makes the members, `methodologies` methodologies and `mappings` mappings of them.
///
/// # Errors
/// [`BenchError`], also if there are not regions enough for so many mappings of one methodology.
pub fn prepare(database: &Database, methodologies: usize, mappings: usize) -> Result<Ground, BenchError> {
    let sequencer = Sequencer::start(database.clone(), SequencerOptions::default())?;
    let admitted = members(&sequencer);
    sequencer.stop();
    let (officer, members) = admitted?;
    let catalogue = Catalogue::shipped().map_err(|error| BenchError::Place(error.to_string()))?;
    let codes = catalogue.regions().iter().map(|region| region.code);
    let targets: Vec<RegionCode> = codes.filter(|code| code.as_str() >= FIRST_TARGET).collect();
    let mut rules = Rules::default();
    let mut pairs = Vec::new();
    for number in 0..methodologies {
        let place = number % members.len().max(1);
        let Some(member) = members.get(place) else { continue };
        let publisher_no = i32::try_from(place + 2)?;
        rules.methodologies.push(methodology_row(number, member, publisher_no)?);
        rules.sheets.push(sheet_row(number, member, publisher_no)?);
    }
    for number in 0..mappings {
        let (origin, place) = (number % methodologies.max(1), number / methodologies.max(1));
        let too_many = || BenchError::Place("there are not regions enough for so many mappings".to_owned());
        let to = *targets.get(place).ok_or_else(too_many)?;
        let counterpart = reference((origin + ACTIVITIES) % methodologies.max(1))?;
        rules
            .mappings
            .push(mapping_row(number, reference(origin)?, counterpart, to)?);
        pairs.push((reference(origin)?, to));
    }
    load_rules(database, &rules)?;
    let asker = members.into_iter().next().map(Arc::new);
    Ok(Ground {
        asker: asker.ok_or_else(|| BenchError::Place("the bench has no members".to_owned()))?,
        officer,
        pairs,
    })
}

fn members(sequencer: &Sequencer) -> Result<(Name, Vec<Trader>), BenchError> {
    let (first, _) = appoint(sequencer)?;
    let members = (0..MEMBERS).map(|number| admit(sequencer, &first, number, 0));
    let members = members.collect::<Result<_, _>>()?;
    Ok((first, members))
}

fn reference(number: usize) -> Result<MethodologyRef, BenchError> {
    Ok(format!("CN-{number:05}-method.v1").parse()?)
}

fn activity(number: usize) -> String {
    let known = [
        "ev-charging",
        "distributed-pv",
        "datacenter-cooling",
        "refrigerant-efficiency",
    ];
    let place = number % ACTIVITIES;
    known
        .get(place)
        .map_or_else(|| format!("activity-{place}"), ToString::to_string)
}

fn methodology_row(number: usize, member: &Trader, publisher_no: i32) -> Result<MethodologyRow, BenchError> {
    let methodology = Methodology {
        methodology: reference(number)?,
        region: member.region,
        title_zh: "方法学".to_owned(),
        title_en: "Methodology".to_owned(),
        activity: activity(number).parse()?,
        activity_unit: "kWh".to_owned(),
        factor_g_per_unit: None,
        record_g_max: None,
        uses: Use::ALL.iter().copied().collect(),
        in_force_from: Timestamp::from_micros(0),
        in_force_until: None,
        vintage_first: 2020,
        vintage_last: 2030,
        source: "bench".to_owned(),
    };
    Ok(MethodologyRow {
        reference: methodology.methodology.to_string(),
        publisher_no,
        content: serde_json::to_string(&methodology)?,
        log_index: 0,
    })
}

/// Everything known, so that every gate and multiplier is worked out.
fn sheet_row(number: usize, member: &Trader, publisher_no: i32) -> Result<SheetRow, BenchError> {
    let fault = |error: &dyn std::fmt::Display| BenchError::Place(error.to_string());
    let mut sheet = Sheet::blank(
        reference(number)?,
        Some(member.region),
        Phrase::new("方法学", "methodology"),
    );
    let factor = format!("{}..{} g{{CO2}}/(kW.h)", 300 + number % 300, 640 + number % 300);
    let activity = activity(number);
    for (name, value) in [
        (AttributeName::Activity, activity.as_str()),
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
        (AttributeName::Uses, "event-neutrality; corporate-neutrality"),
        (AttributeName::Ownership, "owner=person; ground=assignment"),
        (AttributeName::Standing, "status=final; from=2024-01-01; until=open"),
    ] {
        let evidence = Evidence::new(Status::Declared, "a letter", None).map_err(|error| fault(&error))?;
        let put = sheet.attributes.put(name, Cell::known(value, evidence));
        put.map_err(|error| fault(&error))?;
    }
    Ok(SheetRow {
        reference: sheet.methodology.to_string(),
        revision: 1,
        publisher_no: Some(publisher_no),
        content: serde_json::to_string(&sheet)?,
        sha256: sheet.content_hash().0.to_vec(),
        published_at: 0,
        log_index: 0,
    })
}

fn mapping_row(
    number: usize,
    origin: MethodologyRef,
    counterpart: MethodologyRef,
    to: RegionCode,
) -> Result<MappingRow, BenchError> {
    let millionths = 900_000 - i64::try_from(number % 100_000)?;
    let record = MappingRecord {
        mapping: format!("map-{number}.v1").parse::<MappingRef>()?,
        origin,
        to,
        endorsed_by: "target".parse()?,
        counterpart: Some(counterpart),
        reference: None,
        through: None,
        source_region: None,
        vintages: Some((2020, 2029)),
        batch: None,
        explanation_sha256: None,
        excluded_schemes: Vec::new(),
        predicate: Predicate::Close,
        factor: Factor::new(millionths).unwrap_or(Factor::ONE),
        buffer: Factor::ZERO,
        uses: Use::ALL.iter().copied().collect(),
        cap_g: None,
        valid_from: Timestamp::from_micros(0),
        valid_until: now().plus_micros(300 * DAY_US),
        reason_zh: "目标方法学每单位 71 g，签发按 78.4 g。".to_owned(),
        reason_en: "The target's methodology counts 71 g a unit, issued were 78.4 g.".to_owned(),
        demonstration: true,
    };
    let reference = record.mapping.to_string();
    let content = MappingContent {
        record: Some(Arc::new(record)),
        ..MappingContent::default()
    };
    Ok(MappingRow {
        no: i32::try_from(number + 1)?,
        reference,
        status: MappingState::Active.code(),
        content: serde_json::to_string(&content)?,
        log_index: 0,
    })
}
