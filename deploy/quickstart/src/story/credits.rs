//! Activity files become reductions, reductions become serials, and citizens' serials are gathered in pools.

use serde::Deserialize;
use serde_json::{Value, json};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::BlockRef;

use super::{Items, assets, figures, series, version};
use crate::failure::{Doing as _, Outcome, expect};
use crate::ledger;
use crate::records::{BATCHES, Batch, VINTAGE};
use crate::teller::Lines;
use crate::world::World;

/// Moves of one member that are asked for at once.
const MOVES_AT_ONCE: usize = 8;

/// Imports every file.
pub async fn imports(world: &mut World) -> Outcome<()> {
    let title = "The platforms' activity files are imported and quantified";
    world
        .step("imports", title, async |world, lines| import_all(world, lines).await)
        .await
}

async fn import_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let (mut records, mut total) = (0, Grams::ZERO);
    for batch in BATCHES {
        let publication = batch.publication(&world.catalogue)?;
        let text = batch.write(&world.place, &publication)?;
        let expected = batch.total(&text, &publication)?;
        let platform = world.platform(batch.member)?;
        let methodology = version(batch.methodology)?.to_string();
        let job = platform.upload(&methodology, batch.media_type(), text).await?;
        let (count, mass) = totals(&job)?;
        expect(format!("records of {}", batch.name()), expected.records, count)?;
        expect(format!("grams of {}", batch.name()), expected.grams, mass)?;
        let id = job.get("job").and_then(Value::as_str).unwrap_or_default().to_owned();
        world.journal.keep(&format!("job-{}", batch.name()), || Ok(id))?;
        records += count;
        total = total.plus(mass).doing("a total")?;
        let file = world.place.relative(&batch.path(&world.place));
        lines.say(format!(
            "{:<10} {count:>5} {} {}: {mass}  ({file})",
            batch.member, batch.what.0, batch.what.1
        ));
    }
    lines.say(format!("Together {records} records, {total}; every record is rounded down to whole grams, none is above its activity's plausible size."));
    lines.figure("records", records);
    lines.figure("reductions_g", total.get());
    Ok(())
}

/// Records and grams of a job, over its series.
pub fn totals(job: &Value) -> Outcome<(u64, Grams)> {
    #[derive(Deserialize)]
    struct Total {
        count: u64,
        quantity_g: Grams,
    }
    let found: Vec<Total> =
        serde_json::from_value(job.get("totals").cloned().unwrap_or_default()).doing("reading an import")?;
    let mass = Grams::total(found.iter().map(|total| total.quantity_g)).doing("a total")?;
    Ok((found.iter().map(|total| total.count).sum(), mass))
}

/// Issues everything that was imported.
pub async fn issuances(world: &mut World) -> Outcome<()> {
    let title = "The reductions are issued: every gram gets a serial number at the hub";
    world
        .step("issuances", title, async |world, lines| issue_all(world, lines).await)
        .await
}

async fn issue_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let (mut count, mut total) = (0_u64, Grams::ZERO);
    let mut asked = Vec::new();
    // All nodes make their tokens at the same time.
    for batch in BATCHES {
        let publication = batch.publication(&world.catalogue)?;
        for region in batch.regions(&publication)? {
            asked.push((batch, issue(world, batch, region.as_str()).await?));
        }
    }
    for (batch, issuance) in asked {
        let blocks = recognised(world, batch.member, issuance).await?;
        let mass = Grams::total(blocks.iter().map(BlockRef::quantity)).doing("a total")?;
        count += 1;
        total = total.plus(mass).doing("a total")?;
        let text: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        lines.say(format!("{mass}: {}", text.join(", ")));
    }
    lines.say(format!("{count} issuances, {total}. Each activity was compared, by its fingerprint tokens, with every activity that was issued before; the hub has learnt nothing of who did what."));
    lines.figure("issuances", count);
    lines.figure("issued_g", total.get());
    Ok(())
}

/// Waits until everything of an issuance has its serials: which.
///
/// # Errors
/// Something of it was held back, or it does not come in time.
pub async fn recognised(world: &World, member: &str, issuance: MessageId) -> Outcome<Vec<BlockRef>> {
    ended_as(world, member, issuance, "recognised").await?;
    let found = ledger::issuance(&world.desk.database, issuance).await?;
    Ok(found.and_then(|issuance| issuance.block).into_iter().collect())
}

/// Waits until an issuance has come to this state at its node.
///
/// # Errors
/// It does not come in time.
pub async fn ended_as(world: &World, member: &str, issuance: MessageId, state: &str) -> Outcome<()> {
    let look = |shown: &Value| (shown.get("state").and_then(Value::as_str) == Some(state)).then_some(());
    let path = format!("/api/v1/issuances/{issuance}");
    world.platform(member)?.until(state, &path, look).await
}

async fn issue(world: &mut World, batch: &Batch, region: &str) -> Outcome<MessageId> {
    let name = format!("{}-{region}", batch.name());
    let id = world.journal.id(&format!("issuance-{name}"))?;
    let report = report(world, batch)?;
    let body = json!({
        "methodology": version(batch.methodology)?, "region_of_act": region, "vintage": VINTAGE,
        "rights_basis": batch.rights, "local_reference": format!("{name}-{VINTAGE}"), "other_schemes": [],
        "assets": assets::named(world, batch)?,
        "verification": { "body": "Quickstart Demonstration Verifier", "report_sha256": report, "verified_at": "2026-01-31T00:00:00Z" },
    });
    world
        .platform(batch.member)?
        .tell("/api/v1/issuances", Some(id), &body)
        .await?;
    Ok(id)
}

/// The verification report: what the file says and its hash. Nobody verified it, and it says so.
fn report(world: &World, batch: &Batch) -> Outcome<Sha256> {
    let path = batch.path(&world.place);
    let bytes = std::fs::read(&path).doing(format!("reading {}", path.display()))?;
    let text = format!(
        "Demonstration report. Nobody has verified these records: they were made by the quickstart.\n\
         File: {}\nSHA-256: {}\nBytes: {}\n",
        world.place.relative(&path),
        Sha256::of(&bytes),
        bytes.len()
    );
    crate::place::write(&path.with_extension("report.txt"), &text)?;
    Ok(Sha256::of(text.as_bytes()))
}

/// Gathers what holders give for sale or donation.
pub async fn pools(world: &mut World) -> Outcome<()> {
    let title = "Holders hand their reductions to their platform's pools";
    world
        .step("pools", title, async |world, lines| gather_all(world, lines).await)
        .await
}

#[derive(Debug, Clone, Deserialize)]
struct Share {
    account: String,
    quantity_g: Grams,
}

async fn gather_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    for batch in BATCHES {
        let Some(pool) = batch.pool else { continue };
        let platform = world.platform(batch.member)?;
        platform
            .tell("/api/v1/accounts", None, &json!({ "account": pool, "kind": "pool" }))
            .await?;
        let job: String = world.journal.kept(&format!("job-{}", batch.name())).unwrap_or_default();
        let shares: Items<Share> = platform
            .get(
                &format!("/api/v1/activities/jobs/{job}/accounts"),
                &[("limit", "1000".to_owned())],
            )
            .await?;
        let names: Vec<String> = shares
            .items
            .iter()
            .map(|share| format!("move-{}-{}", batch.name(), share.account))
            .collect();
        let ids = world.journal.id_each(&names)?;
        let series = series(world, batch)?;
        let mut moves = tokio::task::JoinSet::new();
        for (share, id) in shares.items.iter().cloned().zip(ids) {
            if moves.len() >= MOVES_AT_ONCE {
                ended(moves.join_next().await)?;
            }
            let (platform, series) = (platform.clone(), series.clone());
            moves.spawn(async move {
                let body = json!({ "to": pool, "quantity_g": share.quantity_g, "series": series });
                platform
                    .tell(&format!("/api/v1/accounts/{}/moves", share.account), Some(id), &body)
                    .await
            });
        }
        while let Some(one) = moves.join_next().await {
            ended(Some(one))?;
        }
        let account: Value = platform.get(&format!("/api/v1/accounts/{pool}"), &[]).await?;
        let gathered = Grams::total(shares.items.iter().map(|share| share.quantity_g)).doing("a total")?;
        expect(
            format!("the pool {pool} of {}", batch.member),
            gathered,
            figures::grams(&account, "total_g")?,
        )?;
        lines.say(format!(
            "{:<10} {pool}: {gathered} from {} holders",
            batch.member,
            shares.items.len()
        ));
    }
    Ok(())
}

fn ended(one: Option<Result<Outcome<Value>, tokio::task::JoinError>>) -> Outcome<()> {
    match one {
        Some(one) => one.doing("moving between accounts")?.map(drop),
        None => Ok(()),
    }
}
