//! What goes wrong on purpose: a node is killed in the middle of a transfer, a member is shut out.

use std::time::Duration;

use serde_json::{Value, json};
use tanqiao_certs::identity::Serial;
use tanqiao_certs::{CertificateFacts, RevocationReason};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_node::exchange::{HubClient, HubError};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::view::MemberStatus;

use super::{crossing, figures};
use crate::cast::SHUT_OUT;
use crate::failure::{Doing as _, Outcome, expect, unexpected};
use crate::federation;
use crate::officers::account;
use crate::teller::Lines;
use crate::world::World;

/// What crosses while Harbin's node dies: 500 kg.
const CROSSING_G: i64 = 500_000;
/// The second time that the node is about to write what the feed brought: the first was the offer, this is the commit.
const CRASH_AT: &str = "feed.before-apply:2";
/// SIGKILL.
const KILLED: i32 = 9;
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Harbin's node dies after its acceptance was sent and before it has credited anything.
pub async fn killed(world: &mut World) -> Outcome<()> {
    let title = "Harbin's node is killed in the middle of a transfer, and catches up";
    world
        .step("killed-node", title, async |world, lines| kill(world, lines).await)
        .await
}

async fn kill(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let quantity = figures::of(CROSSING_G)?;
    let (hub, _) = world.hands_of("wuhan")?;
    let transfer = world.journal.id("transfer-killed")?;
    let before: i64 = {
        let house: Value = world.platform("harbin")?.get("/api/v1/accounts/house", &[]).await?;
        let now = figures::grams(&house, "total_g")?.get();
        world.journal.keep("harbin-before", || Ok(now))?
    };
    let known = hub
        .transfer(transfer)
        .await
        .is_ok_and(|view| view.state == TransferState::Committed);
    if !known {
        let signal = die(world, transfer, quantity).await?;
        lines.say(format!("Harbin's staff accept; the node sends the acceptance and dies by signal {signal} (SIGKILL) before it has credited a gram."));
        lines.figure("signal", signal);
    }
    let view = hub.transfer(transfer).await.doing("asking the hub for the transfer")?;
    expect("the transfer at the hub", TransferState::Committed, view.state)?;
    lines.say(format!(
        "At the hub the transfer is committed: {}.",
        figures::division(&view.quote)
    ));
    if !known {
        federation::start_node(world, "harbin", None).await?;
    }
    federation::in_step(world, "harbin").await?;
    let after = Grams::new(before)
        .doing("a balance")?
        .plus(view.quote.delivered_g)
        .doing("a balance")?;
    let house: Value = world.platform("harbin")?.get("/api/v1/accounts/house", &[]).await?;
    expect(
        "Harbin's account after the restart",
        after,
        figures::grams(&house, "total_g")?,
    )?;
    let credits = credits(world, transfer).await?;
    expect(
        "grams that the journal credits for this transfer",
        view.quote.delivered_g,
        credits,
    )?;
    lines.say(format!(
        "Started again, the node reads its feed from where it was and credits {} exactly once: {after} now.",
        view.quote.delivered_g
    ));
    let left = crossing::list_free(world, "listing-metro-rest").await?;
    lines.say(format!("Wuhan brings its listing down to what is left: {left}."));
    lines.figure("given_g", quantity.get());
    lines.figure("delivered_g", view.quote.delivered_g.get());
    Ok(())
}

/// Proposes, lets Harbin accept, and waits for its death.
async fn die(world: &mut World, transfer: MessageId, quantity: Grams) -> Outcome<i32> {
    // Nothing may wait for Harbin before: its first entry shall be the offer.
    federation::in_step(world, "harbin").await?;
    world.processes.stop("harbin").await?;
    federation::start_node(world, "harbin", Some(CRASH_AT)).await?;
    let proposed = crossing::propose(world, "transfer-killed", quantity, None).await?;
    expect("the transfer's id", transfer, proposed)?;
    crossing::offered(world, transfer).await?;
    let acceptance = world.journal.id("acceptance-killed")?;
    let path = format!("/api/v1/transfers/{transfer}/acceptance");
    world
        .platform("harbin")?
        .tell(&path, Some(acceptance), &json!({ "account": "house" }))
        .await?;
    let signal = world.processes.ended("harbin", PATIENCE).await?;
    let signal = signal.ok_or_else(|| unexpected("the end of Harbin's node", "a signal", "an exit"))?;
    expect("the signal that ended Harbin's node", KILLED, signal)?;
    Ok(signal)
}

/// What the journal of Harbin's account says about the transfer, in grams.
async fn credits(world: &World, transfer: MessageId) -> Outcome<Grams> {
    let query = [("limit", "1000".to_owned())];
    let journal: Value = world
        .platform("harbin")?
        .get("/api/v1/accounts/house/journal", &query)
        .await?;
    let lines = journal
        .get("items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let about = lines.iter().filter(|line| {
        let text = line.get("subject").and_then(Value::as_str).unwrap_or_default();
        text.ends_with(&transfer.to_string())
    });
    let blocks = about
        .filter(|line| line.get("to").and_then(Value::as_str) == Some("house"))
        .filter_map(|line| line.get("block")?.as_str());
    let mut total = Grams::ZERO;
    for block in blocks {
        let block: tanqiao_protocol::serial::BlockRef = block.parse().doing("reading a journal")?;
        total = total.plus(block.quantity()).doing("a total")?;
    }
    Ok(total)
}

/// Shenzhen's key is reported as stolen: its certificate is revoked, its member suspended.
pub async fn shut_out(world: &mut World) -> Outcome<()> {
    let title = "Shenzhen's 深圳 key is reported stolen: the node is revoked and shut out";
    world
        .step("shut-out", title, async |world, lines| revoke(world, lines).await)
        .await
}

async fn revoke(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let (open, _) = world.hands_of(SHUT_OUT)?;
    let before = open.info().await;
    let serial = serial(world)?;
    world
        .authority
        .revoke(&serial, RevocationReason::KeyCompromise, chrono::Utc::now())
        .doing("revoking a certificate")?;
    crate::foundation::publish_crl(&world.authority)?;
    if before.is_ok() {
        let code = refused_on(&open).await?;
        expect(
            "the next request on Shenzhen's open connection",
            "certificate-revoked",
            code.as_str(),
        )?;
        lines.say(format!("Shenzhen had a connection open and was answered on it. After the revocation the same connection is refused: {code}."));
        lines.figure("open_connection", code);
    }
    no_new_connection(world).await?;
    lines.say(
        "A new connection with the same certificate fails in the handshake; one of Wuhan's at that moment is answered.",
    );
    if world.platforms.contains_key(SHUT_OUT) && before.is_ok() {
        match world.platform(SHUT_OUT)?.try_get::<Value>("/api/v1/events").await? {
            Err(problem) => lines.say(format!(
                "Shenzhen's own node is told the same, whatever its staff ask: {}.",
                problem.code
            )),
            Ok(found) => return Err(unexpected("a question of Shenzhen's node to the hub", "refused", found)),
        }
    }
    let id = world.journal.id("suspension")?;
    let member = world.member(SHUT_OUT)?.id;
    let reason = "The member reported that its TLS key was copied.".to_owned();
    let decision = Decision::Suspend {
        member: member.clone(),
        reason,
    };
    world.desk.decide(id, &[account(0)?], decision).await?;
    suspended(world, &member).await?;
    lines.say("An officer suspends the member: nothing that it signs is accepted until it has enrolled again. The other seven go on.");
    world.platforms.remove(SHUT_OUT);
    world.processes.stop(SHUT_OUT).await
}

/// Waits until the hub's own process shows the member as suspended: it looks for what others have committed all the time.
async fn suspended(world: &World, member: &NodeId) -> Outcome<()> {
    let (wuhan, _) = world.hands_of("wuhan")?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let seen = wuhan.members().await.doing("asking for the members")?;
        let status = seen.iter().find(|view| view.member == *member).map(|view| view.status);
        if status == Some(MemberStatus::Suspended) {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            let found = status.map(|status| status.to_string()).unwrap_or_default();
            return Err(unexpected(
                format!("the standing of {member}"),
                MemberStatus::Suspended,
                found,
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn serial(world: &World) -> Outcome<Serial> {
    let path = world.place.node(SHUT_OUT, "node.pem");
    let pem = std::fs::read(&path).doing(format!("reading {}", path.display()))?;
    let facts = CertificateFacts::from_pem(&pem).doing("reading a certificate")?;
    let first = facts
        .first()
        .ok_or_else(|| unexpected("the certificate of Shenzhen", "one", "none"))?;
    Ok(first.serial.clone())
}

/// Without a handshake there is no answer at all, not even a problem; the hub itself is well, as Wuhan's connection shows.
async fn no_new_connection(world: &World) -> Outcome<()> {
    let (fresh, _) = world.hands_of(SHUT_OUT)?;
    let (wuhan, _) = world.hands_of("wuhan")?;
    let asked = fresh.info().await;
    wuhan.info().await.doing("a new connection of Wuhan")?;
    match asked {
        Err(HubError::Unreachable(_)) => Ok(()),
        Err(other) => Err(unexpected("a new connection of Shenzhen", "a failed handshake", other)),
        Ok(_) => Err(unexpected(
            "a new connection of Shenzhen",
            "a failed handshake",
            "an answer",
        )),
    }
}

/// Asks on an open connection until it is refused: the hub reads the list within a second.
async fn refused_on(hub: &HubClient) -> Outcome<String> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match hub.info().await {
            Err(error) => return Ok(error.code().to_owned()),
            Ok(_) if tokio::time::Instant::now() >= deadline => {
                return Err(unexpected("a revoked certificate", "refused", "still answered"));
            }
            Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}
