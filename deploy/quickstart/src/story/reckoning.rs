//! The reckoning at the end, in every run: do hub and nodes agree, does an imported record explain every balance, does
//! every invariant of the domain hold.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tanqiao_protocol::quantity::Grams;

use super::{Items, credits, duplicates, figures};
use crate::cast::in_good_standing;
use crate::failure::{Doing as _, Outcome, expect};
use crate::federation;
use crate::ledger;
use crate::records::of_member;
use crate::teller::Lines;
use crate::world::World;

/// How many of what there is at the end.
pub type Counts = BTreeMap<String, i64>;

/// Looks at everything once more. The audit's report stays with the world, also where an invariant does not hold.
pub async fn reckon(world: &mut World) -> Outcome<Counts> {
    let title = "Every node's book has the digest that the hub expects";
    world
        .check("digests", title, async |world, lines| digests(world, lines).await)
        .await?;
    let title = "Every balance is explained by imported records";
    world
        .check("explained", title, async |world, lines| explain(world, lines).await)
        .await?;
    counts(world).await
}

/// Audits every invariant of the domain; it can be done whatever else went wrong.
pub async fn invariants(world: &mut World) -> Outcome<()> {
    let title = "Every invariant of the domain is audited over the whole ledger";
    world
        .check("invariants", title, async |world, lines| audit(world, lines).await)
        .await
        .map(drop)
}

/// The members whose nodes run.
pub fn running(world: &World) -> Vec<String> {
    world
        .cast
        .iter()
        .filter(|member| in_good_standing(member))
        .map(|member| member.name().to_owned())
        .collect()
}

async fn digests(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let members = running(world);
    for member in &members {
        federation::in_step(world, member).await?;
    }
    let heads = ledger::feed_heads(&world.desk.database).await?;
    for member in &members {
        let status: Value = world.platform(member)?.get("/api/v1/status", &[]).await?;
        let digest = status.get("digest").and_then(Value::as_str).unwrap_or_default();
        let head = heads.get(member).copied().unwrap_or_default();
        expect(
            format!("the digest of {member}"),
            head.digest.to_string().as_str(),
            digest,
        )?;
        if members.len() <= 8 {
            lines.say(format!(
                "{member:<10} {}… at feed entry {}",
                digest.get(..16).unwrap_or(digest),
                head.seq
            ));
        }
    }
    lines.say(format!(
        "{} of {} nodes agree with the hub.",
        members.len(),
        members.len()
    ));
    lines.figure("nodes", members.len());
    Ok(())
}

async fn explain(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let (mut imported, mut records) = (Grams::ZERO, 0);
    for member in running(world) {
        let mut own = Grams::ZERO;
        for batch in of_member(&member) {
            let publication = batch.publication(&world.catalogue)?;
            let text = batch.write(&world.place, &publication)?;
            let total = batch.total(&text, &publication)?;
            own = own.plus(total.grams).doing("a total")?;
            records += total.records;
        }
        // Of the acts that two reported, one side issued nothing.
        let ((twice, count), won) = duplicates::reported_by(&member)?;
        records += count;
        let (issued, jobs) = issued_and_imported(world, &member).await?;
        let reported = own.plus(twice).doing("a total")?;
        own = own.plus(won).doing("a total")?;
        expect(format!("what {member} has imported"), reported, jobs)?;
        expect(format!("what {member} has issued"), own, issued)?;
        if !own.is_zero() {
            lines.say(format!(
                "{member:<10} records {reported} = imported {jobs}; issued {issued}"
            ));
        }
        imported = imported.plus(own).doing("a total")?;
    }
    let totals = ledger::totals(&world.desk.database).await?;
    expect("grams that the hub has ever numbered", imported.get(), totals.issued_g)?;
    expect(
        "grams in all blocks of the hub",
        imported.get(),
        totals.by_state_g.values().sum::<i64>(),
    )?;
    let states: Vec<String> = totals
        .by_state_g
        .iter()
        .map(|(state, grams)| format!("{state} {}", figures::of(*grams).unwrap_or_default()))
        .collect();
    lines.say(format!(
        "Together {imported} from {records} records; now {}.",
        states.join(", ")
    ));
    lines.figure("records", records);
    lines.figure("issued_g", imported.get());
    lines.figure("by_state_g", json!(totals.by_state_g));
    Ok(())
}

/// What a member's node says: Σ of its issuances, and Σ of its imports.
async fn issued_and_imported(world: &World, member: &str) -> Outcome<(Grams, Grams)> {
    let platform = world.platform(member)?;
    let query = [("limit", "1000".to_owned())];
    let issuances: Items<Value> = platform.get("/api/v1/issuances", &query).await?;
    let recognised = issuances
        .items
        .iter()
        .filter(|item| item.get("state").and_then(Value::as_str) == Some("recognised"));
    let mut issued = Grams::ZERO;
    for item in recognised {
        issued = issued.plus(figures::grams(item, "quantity_g")?).doing("a total")?;
    }
    let jobs: Items<Value> = platform.get("/api/v1/activities/jobs", &query).await?;
    let mut imported = Grams::ZERO;
    for job in &jobs.items {
        imported = imported.plus(credits::totals(job)?.1).doing("a total")?;
    }
    Ok((issued, imported))
}

async fn audit(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let report = ledger::audited(&world.desk.database).await?;
    for invariant in &report.invariants {
        lines.say(format!(
            "{:>2}. {} — {}, {} looked at",
            invariant.number,
            invariant.title,
            invariant.verdict(),
            invariant.checked
        ));
        lines
            .words
            .extend(invariant.note.iter().map(|note| format!("    {note}")));
        lines.words.extend(
            invariant
                .findings
                .iter()
                .map(|finding| format!("    {}: {}", finding.subject, finding.what)),
        );
    }
    lines.figure("leaves", report.log_size);
    let broken: Vec<String> = report
        .invariants
        .iter()
        .filter(|one| !one.ok)
        .map(|one| one.number.to_string())
        .collect();
    world.audited = Some(report);
    let found = if broken.is_empty() {
        "none".to_owned()
    } else {
        broken.join(", ")
    };
    expect("invariants that do not hold", "none", found.as_str())
}

async fn counts(world: &World) -> Outcome<Counts> {
    let totals = ledger::totals(&world.desk.database).await?;
    let governance = world.desk.governance();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let told = |step: &str, figure: &str| {
        let found = world
            .journal
            .told(step)
            .and_then(|told| told.figures.get(figure)?.as_i64());
        found.unwrap_or_default()
    };
    Ok(BTreeMap::from([
        ("records".to_owned(), told("imports", "records")),
        ("issuances".to_owned(), told("issuances", "issuances")),
        ("members".to_owned(), totals.members),
        ("methodologies".to_owned(), count(governance.methodologies.len())),
        ("mappings".to_owned(), count(governance.mapping_versions.len())),
        ("transfers".to_owned(), totals.transfers_committed),
        ("donations".to_owned(), totals.donations_committed),
        ("leaves".to_owned(), totals.log_size),
        ("issued_g".to_owned(), totals.issued_g),
        ("donated_g".to_owned(), totals.donated_g),
    ]))
}
