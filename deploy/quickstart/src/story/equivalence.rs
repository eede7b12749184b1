//! Methodologies and their sheets are published by their members; a mapping is proposed, computed by the hub, endorsed by both
//! members and approved by two officers.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Registry;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_mappings::sheet_file::read_csv;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::mapping::{MappingProposal, Mode};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::view::MappingDetail;

use super::{Answer, done, version};
use crate::failure::{Doing as _, Failure, Outcome};
use crate::journal::now;
use crate::officers::account;
use crate::records::{BATCHES, Figure, VINTAGE};
use crate::teller::Lines;
use crate::world::World;

/// How long the mappings shall recognise; half a year where a methodology is on trial.
const VALIDITY_DAYS: i64 = 360;
/// The sheets of the story. Where the White Paper states no figure, it is for demonstration.
const SHEETS: &str = include_str!("../../sheets.csv");

/// A mapping of the story. Its factor follows from the sheets.
#[derive(Debug, Clone, Copy)]
pub struct Equivalence {
    /// Whose methodology.
    pub from: &'static str,
    /// Which.
    pub origin: &'static str,
    /// The member that signs for the using region.
    pub to: &'static str,
    /// The reference methodology that the using region goes by.
    target: &'static str,
    /// In millionths.
    buffer: i64,
    uses: &'static [Use],
}

const fn for_events(from: &'static str, origin: &'static str, target: &'static str) -> Equivalence {
    Equivalence {
        from,
        origin,
        to: "beijing",
        target,
        buffer: 50_000,
        uses: &[Use::EventNeutrality],
    }
}

/// The mappings of the story.
pub const MAPPINGS: [Equivalence; 6] = [
    Equivalence {
        from: "wuhan",
        origin: "CN-4201-metro",
        to: "harbin",
        target: "REF-rail-transit",
        buffer: 50_000,
        uses: &[Use::EventNeutrality, Use::CorporateNeutrality, Use::PublicWelfare],
    },
    for_events(
        "wuhan",
        "CN-4201-residential-demand-response",
        "REF-residential-demand-response",
    ),
    for_events("wuhan", "CN-4201-distributed-pv", "REF-distributed-pv"),
    for_events("shanghai", "CN-31-distributed-pv", "REF-distributed-pv"),
    for_events("chengdu", "CN-5101-waste-plastic", "REF-waste-plastic"),
    for_events("guangzhou", "CN-4401-effluent-reuse", "REF-effluent-reuse"),
];

/// Publishes the methodologies of the story.
pub async fn methodologies(world: &mut World) -> Outcome<()> {
    world
        .step(
            "methodologies",
            "The members publish their methodologies",
            async |world, lines| publish(world, lines).await,
        )
        .await
}

async fn publish(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    for batch in BATCHES {
        let content = batch.publication(&world.catalogue)?;
        let id = world.journal.id(&format!("methodology-{}", batch.name()))?;
        let platform = world.platform(batch.member)?;
        let answer: Answer = platform.order(Method::POST, "/api/v1/catalogue", id, &content).await?;
        done(&answer, "a publication")?;
        let figure = match (&content.factor_g_per_unit, batch.figure) {
            (Some(factor), _) => format!("{factor} g/{} as the White Paper states", content.activity_unit),
            (None, Figure::Demonstration(grams)) => {
                format!(
                    "no factor stated; its records say {grams} g/{} (demonstration)",
                    content.activity_unit
                )
            }
            (None, Figure::WhitePaper) => "no factor stated".to_owned(),
        };
        lines.say(format!(
            "{:<10} {} {}: {figure}",
            batch.member, content.methodology, content.title_zh
        ));
    }
    lines.figure("methodologies", BATCHES.len());
    Ok(())
}

/// Publishes the sheets and lets the mappings of the story recognise.
pub async fn mappings(world: &mut World) -> Outcome<()> {
    let title = "The hub computes mappings from the sheets; both regions endorse them, two officers approve";
    world
        .step("mappings", title, async |world, lines| {
            evidence(world, lines).await?;
            agree_on_all(world, lines).await
        })
        .await
}

/// What mappings rest on: the sheets of both sides, and what officers know of the members' registries.
async fn evidence(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let sheets = read_csv(SHEETS.as_bytes()).map_err(|faults| Failure::Doing {
        doing: "reading the sheets".to_owned(),
        cause: faults.first().map(ToString::to_string).unwrap_or_default().into(),
    })?;
    let officer = [account(0)?];
    let issuers: BTreeMap<&str, &str> = MAPPINGS.iter().map(|one| (one.from, one.origin)).collect();
    for member in issuers.keys() {
        let decision = Decision::SetRegistry {
            member: world.member(member)?.id,
            registry: Registry {
                conformance_report: Some(Sha256::of(b"demonstration: no conformance suite was run")),
                verification_bodies: vec!["Example Verification Body (demonstration)".to_owned()],
            },
        };
        let id = world.journal.id(&format!("registry-{member}"))?;
        world.desk.decide(id, &officer, decision).await?;
    }
    for sheet in &sheets {
        publish_sheet(world, sheet).await?;
    }
    lines.say(format!(
        "{} attribute sheets are published, each of 24 attributes with its source",
        sheets.len()
    ));
    lines.figure("sheets", sheets.len());
    Ok(())
}

/// A member publishes the sheet of its own methodology, an officer that of a reference methodology.
async fn publish_sheet(world: &mut World, sheet: &Sheet) -> Outcome<()> {
    let name = sheet.methodology.to_string();
    let id = world.journal.id(&format!("sheet-{name}"))?;
    if sheet.reference {
        let decision = Decision::PutSheet(Box::new(sheet.clone()));
        world.desk.decide(id, &[account(0)?], decision).await?;
        return Ok(());
    }
    let owner = MAPPINGS
        .iter()
        .find(|one| sheet.methodology.id() == one.origin)
        .map(|one| one.from)
        .ok_or_else(|| without(format!("the member that publishes {name}")))?;
    let answer: Answer = world
        .platform(owner)?
        .order(Method::POST, "/api/v1/sheets", id, sheet)
        .await?;
    done(&answer, "a sheet").map(drop)
}

async fn agree_on_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let officers = [account(0)?, account(1)?];
    for equivalence in &MAPPINGS {
        let record = agree(world, equivalence).await?;
        let name = record.mapping.to_string();
        let decision = Decision::ApproveMapping {
            mapping: record.mapping.clone(),
            record_sha256: record.sha256(),
        };
        let id = world.journal.id(&format!("approval-{name}"))?;
        world.desk.decide(id, &officers, decision).await?;
        lines.say(format!(
            "{name}: recognised in {} at {} with a buffer of {} (demonstration)",
            equivalence.to, record.factor, record.buffer
        ));
        if equivalence.to == "harbin" {
            lines.say(format!("  {}", record.reason_en));
        }
    }
    lines.figure("mappings", MAPPINGS.len());
    Ok(())
}

/// The origin's member proposes, the hub computes, both members endorse the record that they have read.
async fn agree(world: &mut World, equivalence: &Equivalence) -> Outcome<MappingRecord> {
    let proposal = proposal(world, equivalence)?;
    let name = proposal.mapping.to_string();
    let id = world.journal.id(&format!("proposal-{name}"))?;
    let source = world.platform(equivalence.from)?;
    let answer: Answer = source.order(Method::POST, "/api/v1/mappings", id, &proposal).await?;
    done(&answer, "a proposal")?;
    let shown: MappingDetail = source.get(&format!("/api/v1/mappings/{name}"), &[]).await?;
    let record = shown.view.record.ok_or_else(|| {
        let why = shown.explanation.and_then(|one| one.get("refusals").cloned());
        without(format!("a factor for {name}: {}", why.unwrap_or_default()))
    })?;
    let read = json!({ "record_sha256": record.sha256() });
    for member in [equivalence.from, equivalence.to] {
        let id = world.journal.id(&format!("endorsement-{member}-{name}"))?;
        let platform = world.platform(member)?;
        let path = format!("/api/v1/mappings/{name}/endorsement");
        let answer: Answer = platform.order(Method::POST, &path, id, &read).await?;
        done(&answer, "an endorsement")?;
    }
    Ok(record)
}

/// The story cannot go on without this.
fn without(what: String) -> Failure {
    Failure::Doing {
        doing: "agreeing on mappings".to_owned(),
        cause: format!("there is not {what}").into(),
    }
}

impl Equivalence {
    /// The version's name.
    pub fn mapping(&self) -> Outcome<MappingRef> {
        MappingRef::new(&format!("{}-to-{}", self.origin, self.to), 1).doing("naming a mapping")
    }
}

/// What is proposed; its times are kept, so that it is the same in a second run.
fn proposal(world: &mut World, equivalence: &Equivalence) -> Outcome<MappingProposal> {
    let from: Timestamp = world.journal.keep("mappings-from", || Ok(now()))?;
    let user = world.member(equivalence.to)?;
    let endorsed_by: NodeId = user.id;
    let target: MethodologyRef = version(equivalence.target)?;
    Ok(MappingProposal {
        mapping: equivalence.mapping()?,
        origin: version(equivalence.origin)?,
        target,
        reference: None,
        through: None,
        predicate: Predicate::Close,
        mode: Mode::Factor,
        to: user.region,
        endorsed_by,
        source_region: world.member(equivalence.from)?.region,
        vintage_first: VINTAGE,
        vintage_last: VINTAGE,
        uses: equivalence.uses.iter().copied().collect::<Uses>(),
        buffer: Factor::new(equivalence.buffer).doing("a buffer")?,
        cap_g: None,
        valid_from: from,
        valid_until: Some(from.plus_micros(VALIDITY_DAYS * DAY_US)),
        draft: false,
    })
}
