//! Wuhan's metro rides cross to Harbin, and nobody can spend them twice.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Action, TransferProposal};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::view::CreditView;

use super::{Answer, BlockItem, Items, batch, done, figures, series, version};
use crate::failure::{Doing as _, Outcome, expect, unexpected};
use crate::journal::now;
use crate::records::VINTAGE;
use crate::teller::Lines;
use crate::world::World;

/// What crosses: 2 t.
const CROSSING_G: i64 = 2_000_000;
/// The smallest lot of the listing: 1 kg.
const SMALLEST_LOT_G: i64 = 1_000;
const METHODOLOGY: &str = "CN-4201-metro";
const POOL: &str = "pool-metro";

/// Wuhan exposes its metro credits; Harbin searches and finds them.
pub async fn listing(world: &mut World) -> Outcome<()> {
    let title = "Wuhan 武汉 exposes its metro credits, and Harbin 哈尔滨 finds them";
    world
        .step("listing", title, async |world, lines| list(world, lines).await)
        .await
}

/// Lists what Wuhan's pool has free, under the id of `name`.
pub async fn list_free(world: &mut World, name: &str) -> Outcome<Grams> {
    let wuhan = world.platform("wuhan")?;
    let account: Value = wuhan.get(&format!("/api/v1/accounts/{POOL}"), &[]).await?;
    let free = figures::grams(&account, "free_g")?;
    let uses: Uses = [Use::EventNeutrality, Use::CorporateNeutrality, Use::PublicWelfare]
        .into_iter()
        .collect();
    let body = json!({
        "series": series(world, batch("wuhan", METHODOLOGY)?)?, "quantity_g": free, "uses": uses,
        "smallest_lot_g": SMALLEST_LOT_G,
    });
    let id = world.journal.id(name)?;
    let answer: Answer = wuhan
        .order(Method::PUT, "/api/v1/listings/metro-2025", id, &body)
        .await?;
    done(&answer, "a listing")?;
    Ok(free)
}

async fn list(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let free = list_free(world, "listing-metro").await?;
    let harbin = world.platform("harbin")?;
    let harbin_region = world.member("harbin")?.region;
    let query = [
        ("activity", "rail-transit".to_owned()),
        ("to", harbin_region.to_string()),
        ("use", Use::EventNeutrality.to_string()),
    ];
    let found: Items<CreditView> = harbin.get("/api/v1/credits", &query).await?;
    let offer = found.items.iter().find(|credit| credit.member.as_str() == "wuhan");
    let offer =
        offer.ok_or_else(|| unexpected("Harbin's search for rail-transit credits", "Wuhan's listing", "none"))?;
    expect("the quantity that Harbin finds", free, offer.listing.quantity_g)?;
    lines.say(format!(
        "Wuhan lists {free} of {}, smallest lot 1 kg.",
        offer.listing.series
    ));
    if let Some(quote) = &offer.recognised {
        lines.say(format!(
            "Harbin's search shows what would arrive of it: {}.",
            quote.delivered_g
        ));
    }
    lines.figure("listed_g", free.get());
    Ok(())
}

/// Two tonnes cross, in two phases.
pub async fn transfer(world: &mut World) -> Outcome<()> {
    let title = "2 t of metro rides cross from Wuhan 武汉 to Harbin 哈尔滨, with a mapping and a discount";
    world
        .step("transfer", title, async |world, lines| cross(world, lines).await)
        .await
}

/// A transfer from Wuhan's pool to Harbin.
pub async fn propose(world: &mut World, name: &str, quantity: Grams, quote: Option<&Quote>) -> Outcome<MessageId> {
    let wuhan = world.platform("wuhan")?;
    let id = world.journal.id(name)?;
    let mut body = json!({
        "account": POOL, "quantity_g": quantity, "series": series(world, batch("wuhan", METHODOLOGY)?)?, "target": "harbin",
        "use": Use::EventNeutrality,
    });
    if let (Some(members), Some(quote)) = (body.as_object_mut(), quote) {
        members.insert("quote".to_owned(), quote.quote.to_string().into());
    }
    let answer: Answer = wuhan.order(Method::POST, "/api/v1/transfers", id, &body).await?;
    done(&answer, "a proposal")?;
    Ok(id)
}

/// Waits until Harbin's node has the offer.
pub async fn offered(world: &World, transfer: MessageId) -> Outcome<()> {
    let look = |dealing: &Value| {
        dealing
            .get("state")
            .filter(|state| *state == "offered" || *state == "committed")
            .map(drop)
    };
    let path = format!("/api/v1/transfers/{transfer}");
    world.platform("harbin")?.until("the offer", &path, look).await
}

async fn cross(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let quote = quote(world).await?;
    lines.say(format!("Quote: {}.", figures::division(&quote)));
    for explanation in [&quote.explanation_en, &quote.explanation_zh] {
        explanation.lines().for_each(|line| lines.say(format!("    {line}")));
    }
    let transfer = propose(world, "transfer-metro", figures::of(CROSSING_G)?, Some(&quote)).await?;
    offered(world, transfer).await?;
    lines.say("Proposed: the blocks are reserved at the hub and the offer waits for Harbin's staff.");
    while_reserved(world, lines, transfer).await?;
    let acceptance = world.journal.id("acceptance-metro")?;
    let body = json!({ "account": "house" });
    let path = format!("/api/v1/transfers/{transfer}/acceptance");
    let answer: Answer = world
        .platform("harbin")?
        .order(Method::POST, &path, acceptance, &body)
        .await?;
    let done = done(&answer, "an acceptance")?;
    let part = |grams: Option<Grams>| grams.unwrap_or_default();
    expect("what Harbin receives", quote.delivered_g, part(done.delivered_g))?;
    expect(
        "what the hub's buffer receives",
        quote.buffered_g,
        part(done.buffered_g),
    )?;
    expect("what recognition cancels", quote.cancelled_g, part(done.cancelled_g))?;
    let house: Value = world.platform("harbin")?.get("/api/v1/accounts/house", &[]).await?;
    expect(
        "Harbin's account",
        quote.delivered_g,
        figures::grams(&house, "total_g")?,
    )?;
    lines.say(format!(
        "Accepted and committed at leaf {} of the transparency log; Harbin's account has {}.",
        done.log_index, quote.delivered_g
    ));
    for (name, grams) in [
        ("given_g", quote.given_g),
        ("delivered_g", quote.delivered_g),
        ("buffered_g", quote.buffered_g),
        ("cancelled_g", quote.cancelled_g),
    ] {
        lines.figure(name, grams.get());
    }
    lines.figure("transfer", transfer.to_string());
    Ok(())
}

async fn quote(world: &World) -> Outcome<Quote> {
    let query = [
        ("methodology", version(METHODOLOGY)?.to_string()),
        ("to", world.member("harbin")?.region.to_string()),
        ("use", Use::EventNeutrality.to_string()),
        ("vintage", VINTAGE.to_string()),
        ("quantity_g", CROSSING_G.to_string()),
    ];
    world.platform("harbin")?.get("/api/v1/recognition", &query).await
}

/// While the offer is open: the same blocks to Chengdu, by Wuhan's own keys, directly at the hub. An earlier run may have
/// got further: then they are spent, which is told in the next step.
async fn while_reserved(world: &mut World, lines: &mut Lines, transfer: MessageId) -> Outcome<()> {
    let (hub, _) = world.hands_of("wuhan")?;
    let view = hub.transfer(transfer).await.doing("asking the hub for the transfer")?;
    if view.state != tanqiao_protocol::transfer::TransferState::Offered {
        return Ok(());
    }
    let block = view
        .blocks
        .first()
        .cloned()
        .ok_or_else(|| unexpected("the transfer", "a block", "none"))?;
    let envelope = forged(world, "forged-while-reserved", &block)?;
    let code = sent(world, &envelope).await?;
    expect("a second sale while the offer is open", "block-reserved", code.as_str())?;
    lines.say(format!(
        "Meanwhile the same serials {block} are offered to Chengdu, signed with Wuhan's key: refused, {code}."
    ));
    Ok(())
}

/// After the crossing: the same serials once more, three ways.
pub async fn double_spend(world: &mut World) -> Outcome<()> {
    let title = "A double spend is tried, and refused";
    world
        .step("double-spend", title, async |world, lines| {
            spend_twice(world, lines).await
        })
        .await
}

async fn spend_twice(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let at_harbin: Items<BlockItem> = world
        .platform("harbin")?
        .get("/api/v1/blocks", &[("limit", "1".to_owned())])
        .await?;
    let query = [("state", "cancelled".to_owned()), ("limit", "1".to_owned())];
    let cancelled: Items<BlockItem> = world.platform("wuhan")?.get("/api/v1/blocks", &query).await?;
    let attempts = [
        ("forged-crossed", at_harbin, "that crossed to Harbin", "not-holder"),
        (
            "forged-cancelled",
            cancelled,
            "that recognition cancelled",
            "block-final",
        ),
    ];
    let mut refusals = BTreeMap::new();
    for (name, found, what, expected) in attempts {
        let block = found
            .items
            .first()
            .map(|item| item.block.clone())
            .ok_or_else(|| unexpected("serials", what, "none"))?;
        let envelope = forged(world, name, &block)?;
        let code = sent(world, &envelope).await?;
        expect(format!("selling serials {what} again"), expected, code.as_str())?;
        lines.say(format!(
            "Serials {block} {what}, offered to Chengdu under a new message id: refused, {code}."
        ));
        let before = crate::ledger::totals(&world.desk.database).await?.log_size;
        let again = sent(world, &envelope).await?;
        let after = crate::ledger::totals(&world.desk.database).await?.log_size;
        expect("the replay's answer", code.as_str(), again.as_str())?;
        expect("leaves of the log after the replay", before, after)?;
        refusals.insert(name, code);
    }
    lines.say("The same signed bytes once more: the same answers, and not one leaf more in the log.");
    at_the_node(world, lines).await?;
    for (name, code) in refusals {
        lines.figure(name, code);
    }
    Ok(())
}

/// Wuhan's own node does not offer them either.
async fn at_the_node(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let transfer = world.journal.id("transfer-metro")?;
    let (hub, _) = world.hands_of("wuhan")?;
    let view = hub.transfer(transfer).await.doing("asking the hub for the transfer")?;
    let body = json!({ "account": POOL, "blocks": view.blocks, "target": "harbin", "use": Use::EventNeutrality });
    let id = world.journal.id("transfer-metro-again")?;
    let answer = world
        .platform("wuhan")?
        .try_order::<Value>(Method::POST, "/api/v1/transfers", id, &body)
        .await?;
    let problem = super::refused(answer, "the same transfer again at Wuhan's node", "not-free")?;
    lines.say(format!(
        "Wuhan's own node, asked for the same blocks again: refused before anything is sent, {}.",
        problem.code
    ));
    Ok(())
}

/// A proposal to Chengdu with Wuhan's signing key and certificate, made without Wuhan's node. The same name gives the same
/// bytes.
fn forged(world: &mut World, name: &str, block: &BlockRef) -> Outcome<Envelope> {
    let (_, signer) = world.hands_of("wuhan")?;
    let id = world.journal.id(name)?;
    let target = world.member("chengdu")?.id;
    let block = block.clone();
    let payload: String = world.journal.keep(&format!("payload-{name}"), || {
        let at = now();
        let content = TransferProposal {
            target,
            blocks: vec![block],
            r#use: Use::EventNeutrality,
            quote: None,
            valid_until: at.plus_micros(DAY_US),
            price: None,
        };
        signer.payload(id, at, None, &content).doing("forging a proposal")
    })?;
    signer
        .sign(Action::TransferProposal, &payload)
        .doing("forging a proposal")
}

/// Posts an envelope at the hub; the code of its refusal, or `done`.
async fn sent(world: &World, envelope: &Envelope) -> Outcome<String> {
    let (hub, _) = world.hands_of("wuhan")?;
    let results = hub.post(envelope).await.doing("posting at the hub")?;
    let problem = results.into_iter().next().and_then(|result| result.problem);
    Ok(problem.map_or_else(|| "done".to_owned(), |problem| problem.code))
}
