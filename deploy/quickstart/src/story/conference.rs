//! Four regions donate until the inventory of the World Gas Conference 2025 is covered to the gram.

use reqwest::Method;
use serde_json::{Value, json};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::event::{Certificate, DonationPolicy, EventPlan, InventoryItem};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::EventView;

use super::{Answer, Items, batch, done, figures, refused, series, version};
use crate::failure::{Doing as _, Outcome, expect, unexpected};
use crate::journal::now;
use crate::officers::account;
use crate::records::VINTAGE;
use crate::teller::Lines;
use crate::world::World;

/// The event.
const EVENT: &str = "wgc-2025";
/// The White Paper's inventory, section 2.2: 4,544.76 t.
pub const TARGET_G: i64 = 4_544_760_000;
/// A split of that sum for demonstration: the White Paper states the sum only.
const INVENTORY: [(&str, i64); 5] = [
    ("participants-travel", 2_951_000_000),
    ("accommodation", 782_000_000),
    ("venue-energy", 517_000_000),
    ("catering", 179_000_000),
    ("materials-and-waste", 115_760_000),
];
/// What is donated, by grams that shall arrive; the last donation fills what is left.
const DONATIONS: [(&str, &str, Option<i64>); 5] = [
    ("wuhan", "CN-4201-residential-demand-response", Some(40_000_000)),
    ("wuhan", "CN-4201-distributed-pv", Some(1_900_000_000)),
    ("shanghai", "CN-31-distributed-pv", Some(1_300_000_000)),
    ("chengdu", "CN-5101-waste-plastic", Some(760_000_000)),
    ("guangzhou", "CN-4401-effluent-reuse", None),
];

/// The organiser announces the event.
pub async fn announcement(world: &mut World) -> Outcome<()> {
    let title = "The organiser asks for 4,544.76 t: the inventory of the World Gas Conference 2025 in Beijing 北京";
    world
        .step("event", title, async |world, lines| announce(world, lines).await)
        .await
}

async fn announce(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let case = world
        .catalogue
        .case(EVENT)
        .and_then(|case| case.quantity_t)
        .ok_or_else(|| unexpected("the catalogue's cases", EVENT, "none"))?;
    expect(
        "the inventory of the White Paper in tonnes",
        "4544.76",
        case.to_string().as_str(),
    )?;
    let begins: Timestamp = world.journal.keep("event-begins", || Ok(now()))?;
    let plan = plan(world, begins)?;
    let total = Grams::total(plan.inventory.iter().map(|item| item.quantity_g)).doing("a total")?;
    expect("the inventory's sum", figures::of(TARGET_G)?, total)?;
    let id = world.journal.id("event-plan")?;
    world
        .desk
        .decide(id, &[account(2)?], Decision::PlanEvent(Box::new(plan)))
        .await?;
    lines.say("The conference was in May 2025. It is played again here with today's dates, since an event is offset within a year of its end.");
    for (category, grams) in INVENTORY {
        lines.say(format!(
            "{category}: {} (the split is for demonstration, the sum is the White Paper's)",
            figures::of(grams)?
        ));
    }
    lines.figure("target_g", TARGET_G);
    Ok(())
}

fn plan(world: &World, begins: Timestamp) -> Outcome<EventPlan> {
    let items: Outcome<Vec<InventoryItem>> = INVENTORY
        .iter()
        .map(|(category, grams)| {
            Ok(InventoryItem {
                category: category.parse().doing("naming a category")?,
                quantity_g: figures::of(*grams)?,
                source: "White Paper on Carbon Inclusion Development 2025, section 2.2 (sum); split for demonstration"
                    .to_owned(),
            })
        })
        .collect();
    let ends_at = begins.plus_micros(4 * DAY_US);
    Ok(EventPlan {
        event: event()?,
        title_zh: "2025年世界燃气大会（演示重现）".to_owned(),
        title_en: "World Gas Conference 2025, played again".to_owned(),
        organiser: account(2)?,
        region: world.member("beijing")?.region,
        starts_at: begins,
        ends_at,
        donations_until: ends_at.plus_micros(360 * DAY_US),
        inventory: items?,
        policy: DonationPolicy {
            accept_at_once: false,
            donors: Vec::new(),
            activities: Vec::new(),
            vintage_first: Some(2024),
        },
    })
}

fn event() -> Outcome<Name> {
    EVENT.parse().doing("naming the event")
}

/// Four regions donate.
pub async fn donations(world: &mut World) -> Outcome<()> {
    let title = "Four regions donate until the inventory is covered to the gram";
    world
        .step("donations", title, async |world, lines| donate_all(world, lines).await)
        .await
}

async fn donate_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let (mut delivered, mut given) = (Grams::ZERO, Grams::ZERO);
    for (member, methodology, wanted) in DONATIONS {
        let left = figures::of(TARGET_G)?.minus(delivered).doing("what is left")?;
        let wanted = if let Some(grams) = wanted {
            figures::of(grams)?
        } else {
            one_gram_more(world, lines, (member, methodology), left).await?;
            left
        };
        let quote = quote(world, (member, methodology), wanted).await?;
        expect(
            format!("what the quote of {member} delivers"),
            wanted,
            quote.delivered_g,
        )?;
        let id = give(world, (member, methodology), &quote).await?;
        delivered = delivered.plus(quote.delivered_g).doing("a total")?;
        given = given.plus(quote.given_g).doing("a total")?;
        lines.say(format!(
            "{member:<10} {methodology}: {} (donation …{})",
            figures::division(&quote),
            figures::short(id)
        ));
    }
    let seen = seen(world).await?;
    expect("what the event has received", figures::of(TARGET_G)?, seen.committed_g)?;
    expect("what the event still needs", Grams::ZERO, seen.room_g)?;
    lines.say(format!(
        "Covered: {} of {} arrived, {given} were given. Room left: {}.",
        seen.committed_g, seen.target_g, seen.room_g
    ));
    lines.figure("delivered_g", delivered.get());
    lines.figure("given_g", given.get());
    lines.figure("donations", DONATIONS.len());
    Ok(())
}

async fn seen(world: &World) -> Outcome<EventView> {
    let events: Items<EventView> = world.platform("beijing")?.get("/api/v1/events", &[]).await?;
    let found = events.items.into_iter().find(|view| view.plan.event.as_str() == EVENT);
    found.ok_or_else(|| unexpected("the events", EVENT, "none"))
}

async fn quote(world: &World, (member, methodology): (&str, &str), deliver: Grams) -> Outcome<Quote> {
    let query = [
        ("methodology", version(methodology)?.to_string()),
        ("to", world.member("beijing")?.region.to_string()),
        ("use", Use::EventNeutrality.to_string()),
        ("vintage", VINTAGE.to_string()),
        ("deliver_g", deliver.get().to_string()),
    ];
    world.platform(member)?.get("/api/v1/recognition", &query).await
}

fn donation_body(world: &World, (member, methodology): (&str, &str), quote: &Quote) -> Outcome<Value> {
    let batch = batch(member, methodology)?;
    let donor = world.member(member)?.name_zh;
    Ok(json!({
        "account": batch.pool, "quantity_g": quote.given_g, "series": series(world, batch)?, "event": EVENT, "quote": quote.quote,
        "donor": donor,
    }))
}

/// Gives, and the organiser accepts; waits until the donor's node has heard so.
async fn give(world: &mut World, of: (&str, &str), quote: &Quote) -> Outcome<MessageId> {
    let (member, methodology) = of;
    let name = format!("donation-{member}-{methodology}");
    let id = world.journal.id(&name)?;
    let platform = world.platform(member)?;
    let body = donation_body(world, of, quote)?;
    let answer: Answer = platform.order(Method::POST, "/api/v1/donations", id, &body).await?;
    let reserved = done(&answer, "a donation")?;
    expect(
        format!("what the donation of {member} delivers"),
        quote.delivered_g,
        reserved.delivered_g.unwrap_or_default(),
    )?;
    let acceptance = world.journal.id(&format!("{name}-accepted"))?;
    world
        .desk
        .decide(acceptance, &[account(2)?], Decision::AcceptDonation { donation: id })
        .await?;
    let look = |dealing: &Value| dealing.get("state").filter(|state| *state == "committed").map(drop);
    platform
        .until("the organiser's yes", &format!("/api/v1/donations/{id}"), look)
        .await?;
    Ok(id)
}

/// One gram more than the event needs is refused, and the donor's grams are free again.
async fn one_gram_more(world: &mut World, lines: &mut Lines, of: (&str, &str), left: Grams) -> Outcome<()> {
    let more = figures::of(left.get() + 1)?;
    let id = world.journal.id("donation-one-gram-more")?;
    let settled = world.journal.kept::<bool>("one-gram-more").is_some();
    let quote = quote(world, of, more).await?;
    let body = donation_body(world, of, &quote)?;
    if settled {
        lines.say(format!(
            "{more}, one gram more than is needed, was refused: event-over-target."
        ));
        return Ok(());
    }
    let answer = world
        .platform(of.0)?
        .try_order::<Value>(Method::POST, "/api/v1/donations", id, &body)
        .await?;
    let problem = refused(
        answer,
        "a donation of one gram more than is needed",
        "event-over-target",
    )?;
    world.journal.keep("one-gram-more", || Ok(true))?;
    lines.say(format!(
        "{:<10} tries to deliver {more}, one gram more than is needed: refused, {}.",
        of.0, problem.code
    ));
    lines.figure("refused", problem.code.as_str());
    Ok(())
}

/// The certificate of the last donation, as anyone can fetch it.
pub async fn certificate(world: &mut World) -> Outcome<()> {
    let title = "The last donor's certificate, with its place in the transparency log";
    world
        .step("certificate", title, async |world, lines| certify(world, lines).await)
        .await
}

async fn certify(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    for (member, methodology, _) in DONATIONS {
        let id = world.journal.id(&format!("donation-{member}-{methodology}"))?;
        let public = format!(
            "http://127.0.0.1:{}/v1/public/certificates/{id}",
            world.place.ports.console
        );
        let client = reqwest::Client::builder().no_proxy().build().doing("preparing HTTP")?;
        let response = client.get(&public).send().await.doing("asking for a certificate")?;
        let found: Certificate = response
            .error_for_status()
            .doing("asking for a certificate")?
            .json()
            .await
            .doing("reading a certificate")?;
        let own: Certificate = world
            .platform(member)?
            .get(&format!("/api/v1/certificates/{id}"), &[])
            .await?;
        expect(
            "the leaf of the certificate at the node and in public",
            own.leaf_hash,
            found.leaf_hash,
        )?;
        let path = world
            .place
            .root
            .join(format!("certificate-{member}-{methodology}.json"));
        crate::place::write(
            &path,
            &serde_json::to_string_pretty(&found).doing("writing a certificate")?,
        )?;
        lines.say(format!(
            "{}: {} retired for {} {} ({}), leaf {} of {}",
            found.donor.as_deref().unwrap_or(member),
            found.quantity_g,
            found.claim.claimant,
            found.claim.year,
            found.claim.r#use,
            found.log_index,
            found.log_origin
        ));
        lines.say(format!("    leaf hash {}, {public}", found.leaf_hash));
        if found.unscreened {
            lines.say("    marked: issued without duplicate screening; a demonstration, not a claim to rely on");
        }
    }
    lines.figure("certificates", DONATIONS.len());
    Ok(())
}
