//! Methodologies are published by their members; mappings are signed by both sides and activated by two officers.

use reqwest::Method;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::message::Action;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::{Use, Uses};

use super::{Answer, done, figures, version};
use crate::failure::{Doing as _, Outcome, expect};
use crate::journal::now;
use crate::officers::account;
use crate::records::{BATCHES, Figure};
use crate::teller::Lines;
use crate::world::World;

/// How long the mappings recognise.
const VALIDITY_DAYS: i64 = 360;

/// A mapping of the story. All figures are for demonstration.
#[derive(Debug, Clone, Copy)]
pub struct Equivalence {
    /// Whose methodology.
    pub from: &'static str,
    /// Which.
    pub origin: &'static str,
    /// The member that signs for the using region.
    pub to: &'static str,
    /// In millionths.
    factor: i64,
    /// In millionths.
    buffer: i64,
    uses: &'static [Use],
}

const fn for_events(from: &'static str, origin: &'static str, factor: i64) -> Equivalence {
    Equivalence {
        from,
        origin,
        to: "beijing",
        factor,
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
        factor: 850_000,
        buffer: 50_000,
        uses: &[Use::EventNeutrality, Use::CorporateNeutrality, Use::PublicWelfare],
    },
    for_events("wuhan", "CN-4201-residential-demand-response", 880_000),
    for_events("wuhan", "CN-4201-distributed-pv", 900_000),
    for_events("shanghai", "CN-31-distributed-pv", 915_000),
    for_events("chengdu", "CN-5101-waste-plastic", 820_000),
    for_events("guangzhou", "CN-4401-effluent-reuse", 790_000),
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

/// Signs and activates the mappings of the story.
pub async fn mappings(world: &mut World) -> Outcome<()> {
    let title = "Mappings are signed by both regions and activated by two officers";
    world
        .step("mappings", title, async |world, lines| sign_all(world, lines).await)
        .await
}

async fn sign_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let officers = [account(0)?, account(1)?];
    for equivalence in &MAPPINGS {
        let record = record(world, equivalence)?;
        let (envelope, signed_by) = sign(world, equivalence, &record)?;
        let name = record.mapping.to_string();
        let decision = Decision::ActivateMapping {
            record: Box::new(record),
            envelope,
            signed_by,
        };
        let id = world.journal.id(&format!("activation-{name}"))?;
        world.desk.decide(id, &officers, decision).await?;
        lines.say(format!(
            "{name}: recognised in {} at {} with a buffer of {} (demonstration)",
            equivalence.to,
            figures::factor(equivalence.factor),
            figures::factor(equivalence.buffer)
        ));
    }
    lines.figure("mappings", MAPPINGS.len());
    Ok(())
}

impl Equivalence {
    /// The version's name.
    pub fn mapping(&self) -> Outcome<MappingRef> {
        MappingRef::new(&format!("{}-to-{}", self.origin, self.to), 1).doing("naming a mapping")
    }
}

/// The record; its times are kept, so that it is the same record in a second run.
fn record(world: &mut World, equivalence: &Equivalence) -> Outcome<MappingRecord> {
    let from: Timestamp = world.journal.keep("mappings-from", || Ok(now()))?;
    let user = world.member(equivalence.to)?;
    let (factor, buffer) = (figures::factor(equivalence.factor), figures::factor(equivalence.buffer));
    let reason_zh = format!(
        "演示数据：白皮书未给出两地的对照参数，系数{factor}与缓冲比例{buffer}仅用于演示本系统，不得用于实际互认。"
    );
    let reason_en = format!(
        "Demonstration: the White Paper states no parameters for this pair; factor {factor} and buffer {buffer} only show how the system works."
    );
    Ok(MappingRecord {
        mapping: equivalence.mapping()?,
        origin: version(equivalence.origin)?,
        to: user.region,
        endorsed_by: user.id,
        counterpart: None,
        predicate: Predicate::Close,
        factor: Factor::new(equivalence.factor).doing("a factor")?,
        buffer: Factor::new(equivalence.buffer).doing("a buffer")?,
        uses: equivalence.uses.iter().copied().collect::<Uses>(),
        cap_g: None,
        valid_from: from,
        valid_until: from.plus_micros(VALIDITY_DAYS * DAY_US),
        reason_zh,
        reason_en,
        demonstration: true,
    })
}

/// Both members sign the same bytes: a message of the origin's member around the record. Whose signatures are good is
/// found from the keys in the ledger, as an officer would.
fn sign(world: &mut World, equivalence: &Equivalence, record: &MappingRecord) -> Outcome<(String, Vec<NodeId>)> {
    let (_, signer) = world.hands_of(equivalence.from)?;
    let id = world.journal.id(&format!("mapping-{}", record.mapping))?;
    let payload = signer
        .payload(id, record.valid_from, None, record)
        .doing("signing a mapping")?;
    let mut envelope: Envelope = signer.sign(Action::Mapping, &payload).doing("signing a mapping")?;
    envelope
        .add_signature(&world.signing_key(equivalence.to)?)
        .doing("signing a mapping")?;
    let mut signed_by = Vec::new();
    for member in [world.member(equivalence.from)?.id, record.endorsed_by.clone()] {
        let good = envelope.signers(&world.keys_of(&member));
        expect(
            format!("good signatures of {member} on {}", record.mapping),
            1,
            good.len(),
        )?;
        signed_by.push(member);
    }
    let json = envelope.to_json().doing("writing a mapping")?;
    Ok((String::from_utf8_lossy(&json).into_owned(), signed_by))
}
