//! The same act twice: one charging order in two platforms, one ride in two applications, one roof in two regions. Each is caught, shown
//! to both sides, and resolved.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::asset::AssetConflictState;
use tanqiao_protocol::conflict::{ConflictOutcome, ConflictState};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::view::AssetConflictView;

use super::{Answer, Items, assets, batch, credits, done, figures, version};
use crate::failure::{Outcome, expect, unexpected};
use crate::officers::account;
use crate::records::VINTAGE;
use crate::teller::Lines;
use crate::world::World;

/// What members imported of these acts: grams, and whether they were issued.
const REPORTED: [(&str, i64, bool); 4] = [
    // 20 kWh at 409.4 g, and 11.5 km at 78.4 g, rounded down.
    ("wuhan", 8_188, true),
    ("wuhan", 901, true),
    ("naas", 10_000, false),
    ("shanghai", 517, false),
];

/// What a member imported of these acts, and what of it was issued: grams and records.
///
/// # Errors
/// Never: the figures are written here.
pub fn reported_by(member: &str) -> Outcome<((Grams, u64), Grams)> {
    let (mut imported, mut records, mut issued) = (0, 0, 0);
    for (_, grams, counts) in REPORTED.iter().filter(|(by, ..)| *by == member) {
        imported += grams;
        records += 1;
        issued += if *counts { *grams } else { 0 };
    }
    Ok(((figures::of(imported)?, records), figures::of(issued)?))
}

/// One activity as one platform reports it.
struct Report<'a> {
    member: &'a str,
    methodology: &'a str,
    region: &'a str,
    record: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct Conflict {
    conflict: MessageId,
}

/// One charging order that a city platform and the charging company's own platform credit.
pub async fn one_order(world: &mut World) -> Outcome<()> {
    let title = "One charging order is issued by Wuhan and by the enterprise platform: the record is the same";
    world
        .step("duplicate-order", title, async |world, lines| order(world, lines).await)
        .await
}

async fn order(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let record = |account: &str, grams: Option<u32>| {
        json!({
            "source": "roaming-charging", "record_id": "QS-ORDER-2025-000001", "account": account, "quantity": "20",
            "started_at": "2025-11-11T09:30:00+08:00", "ended_at": "2025-11-11T10:10:00+08:00", "place": "420106",
            "asset": "roaming-connector-00007", "reduction_g": grams,
        })
    };
    let wuhan = Report {
        member: "wuhan",
        methodology: "CN-4201-ev-charging",
        region: "420100",
        record: record("holder-000001", None),
    };
    let naas = Report {
        member: "naas",
        methodology: "CN-ORG-naas-ev-charging",
        region: "420000",
        record: record("holder-000002", Some(10_000)),
    };
    let first = issue(world, "order", &wuhan).await?;
    credits::recognised(world, "wuhan", first).await?;
    let second = issue(world, "order", &naas).await?;
    credits::ended_as(world, "naas", second, "held-back").await?;
    let conflict = shown_to_both(world, "wuhan", "naas").await?;
    lines.say("Wuhan's issuance was first and is recognised. The enterprise's is held back: both see conflict, kind R (the same record), and neither sees whose charge it was.");
    let id = world.journal.id("concession")?;
    let body = json!({ "concede": true, "statement": "our roaming partner had reported it to the city first" });
    let path = format!("/api/v1/conflicts/{conflict}/evidence");
    let answer: Answer = world.platform("naas")?.order(Method::POST, &path, id, &body).await?;
    done(&answer, "a concession")?;
    credits::ended_as(world, "naas", second, "refused").await?;
    lines.say("The enterprise gives the activity up: it is refused there, and never issued.");
    settled(world, "naas", conflict, lines).await
}

/// One metro ride that two applications report under numbers of their own.
pub async fn one_ride(world: &mut World) -> Outcome<()> {
    let title =
        "One metro ride is reported by two applications under different numbers: the same rider at the same moment";
    world
        .step("duplicate-ride", title, async |world, lines| ride(world, lines).await)
        .await
}

async fn ride(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let record = |source: &str, number: &str, started: &str, place: &str, grams: Option<u32>| {
        json!({
            "source": source, "record_id": number, "account": "rider-000001", "quantity": "11.5", "started_at": started,
            "ended_at": "2025-11-12T08:31:00+08:00", "place": place, "subject": "quickstart-rider-000001", "reduction_g": grams,
        })
    };
    let wuhan = Report {
        member: "wuhan",
        methodology: "CN-4201-metro",
        region: "420100",
        record: record(
            "wuhan-metro-app",
            "QS-RIDE-000077",
            "2025-11-12T08:00:00+08:00",
            "420102",
            None,
        ),
    };
    let shanghai = Report {
        member: "shanghai",
        methodology: "CN-31-metro",
        region: "310000",
        record: record(
            "shanghai-metro-app",
            "QS-TRIP-000912",
            "2025-11-12T08:00:40+08:00",
            "310100",
            Some(517),
        ),
    };
    let first = issue(world, "ride", &wuhan).await?;
    credits::recognised(world, "wuhan", first).await?;
    let second = issue(world, "ride", &shanghai).await?;
    credits::ended_as(world, "shanghai", second, "held-back").await?;
    let conflict = shown_to_both(world, "wuhan", "shanghai").await?;
    lines.say("Shanghai's application says that the ride began 40 seconds later, under a number of its own. Its issuance is held back, kind S: a soft collision never refuses by itself.");
    let decision = Decision::ResolveConflict {
        conflict,
        outcome: ConflictOutcome::Earlier,
        reason: "both applications have the same gate record; the gate is in Wuhan".to_owned(),
    };
    let id = world.journal.id("ride-decided")?;
    world.desk.decide(id, &[account(0)?], decision).await?;
    credits::ended_as(world, "shanghai", second, "refused").await?;
    lines.say("An officer compares the gate's records and decides for the earlier issuance.");
    settled(world, "shanghai", conflict, lines).await
}

/// One roof that two regions register.
pub async fn one_roof(world: &mut World) -> Outcome<()> {
    let title = "One roof is registered in two regions: the shapes overlap";
    world
        .step("duplicate-roof", title, async |world, lines| roof(world, lines).await)
        .await
}

async fn roof(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let body = json!({
        "asset": "310000-quickstart-roof", "activity": "distributed-pv", "region": "310000", "place": assets::place("wuhan", 0),
        "capacity": { "amount": "450", "unit": "kW" }, "commissioned_at": "2023-06-01T00:00:00+08:00",
        "period_from": "2025-01-01T00:00:00+08:00", "period_until": "2030-01-01T00:00:00+08:00", "other_schemes": [],
    });
    let id = world.journal.id("roof")?;
    let answer: Answer = world
        .platform("shanghai")?
        .order(Method::POST, "/api/v1/assets", id, &body)
        .await?;
    let outcome = done(&answer, "a registration")?;
    expect(
        "the second registration",
        "contested".to_owned(),
        outcome.state.unwrap_or_default(),
    )?;
    let open: Items<AssetConflictView> = world.platform("wuhan")?.get("/api/v1/asset-conflicts", &[]).await?;
    let found = open.items.iter().find(|one| one.state == AssetConflictState::Open);
    let conflict = found.ok_or_else(|| unexpected("conflicts about assets", "one that is open", open.items.len()))?;
    lines.say(format!(
        "Shanghai registers a roof whose shape is that of {}: the registration is contested, and nothing can be issued on it.",
        conflict.first.asset
    ));
    let decision = Decision::ResolveAssetConflict {
        conflict: conflict.conflict,
        ruling: AssetConflictState::ForFirst,
        reason: "the grid contract is Wuhan's".to_owned(),
    };
    let id = world.journal.id("roof-decided")?;
    world.desk.decide(id, &[account(0)?], decision).await?;
    lines.say("An officer decides for the first registrant: the second registration has lost.");
    lines.figure("conflict", conflict.conflict);
    Ok(())
}

/// Imports one record at a node, and issues it.
async fn issue(world: &mut World, what: &str, report: &Report<'_>) -> Outcome<MessageId> {
    let publication = batch(report.member, report.methodology)?.publication(&world.catalogue)?;
    let mut record = report.record.clone();
    if let Some(members) = record.as_object_mut() {
        members.insert("unit".to_owned(), publication.activity_unit.into());
        members.retain(|_, value| !value.is_null());
    }
    let methodology = version(report.methodology)?;
    let platform = world.platform(report.member)?;
    let job = platform
        .upload(&methodology.to_string(), "application/x-ndjson", format!("{record}\n"))
        .await?;
    let (count, _) = credits::totals(&job)?;
    expect(format!("records of {}", report.member), 1, count)?;
    let id = world.journal.id(&format!("duplicate-{what}-{}", report.member))?;
    let paper = Sha256::of(format!("Demonstration report. Nobody has verified: {record}").as_bytes());
    let body = json!({
        "methodology": methodology, "region_of_act": report.region, "vintage": VINTAGE, "rights_basis": "transferred-by-holders",
        "local_reference": format!("duplicate-{what}-{}", report.member), "other_schemes": [],
        "verification": { "body": "Quickstart Demonstration Verifier", "report_sha256": paper, "verified_at": "2026-01-31T00:00:00Z" },
    });
    platform.tell("/api/v1/issuances", Some(id), &body).await?;
    Ok(id)
}

/// The conflict that both sides see.
async fn shown_to_both(world: &World, first: &str, second: &str) -> Outcome<MessageId> {
    let mut seen = Vec::new();
    for member in [first, second] {
        let look = |found: &Value| {
            let list: Items<Conflict> = serde_json::from_value(found.clone()).ok()?;
            list.items.first().map(|one| one.conflict)
        };
        let found = world
            .platform(member)?
            .until("an open conflict", "/api/v1/conflicts?state=open", look)
            .await?;
        seen.push(found);
    }
    match seen.as_slice() {
        [one, other] if one == other => Ok(*one),
        _ => Err(unexpected("conflicts", "one that both sides see", format!("{seen:?}"))),
    }
}

async fn settled(world: &World, member: &str, conflict: MessageId, lines: &mut Lines) -> Outcome<()> {
    let shown: Value = world
        .platform(member)?
        .get(&format!("/api/v1/conflicts/{conflict}"), &[])
        .await?;
    let state = shown.get("state").and_then(Value::as_str).unwrap_or_default();
    expect("the conflict", ConflictState::Resolved.word(), state)?;
    lines.figure("conflict", conflict.to_string());
    Ok(())
}
