//! Nobody has to believe the hub: the members' nodes cosign its log, and at the end everything is in a tree that enough of them have
//! seen.

use std::time::Duration;

use serde_json::Value;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::{Policy, default_quorum};
use tanqiao_protocol::signing::NoteKey;

use super::reckoning::running;
use crate::failure::{Doing as _, Outcome, expect, unexpected};
use crate::federation;
use crate::ledger;
use crate::officers::account;
use crate::teller::Lines;
use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Two officers admit the witness of each member.
pub async fn admitted(world: &mut World) -> Outcome<()> {
    let title = "The members' nodes become witnesses of the hub's log: none cosigns what does not continue all that it has cosigned before";
    world
        .step("witnesses", title, async |world, lines| admit(world, lines).await)
        .await
}

async fn admit(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let members = running(world);
    let officers = [account(0)?, account(1)?];
    for member in &members {
        let proposed = |log: &Value| log.pointer("/log/witness_key")?.as_str()?.parse::<NoteKey>().ok();
        let platform = world.platform(member)?;
        let key = platform.until("the witness's key", "/api/v1/log", proposed).await?;
        // The hub has what the node's outbox had.
        federation::in_step(world, member).await?;
        let id = world.journal.id(&format!("witness-{member}"))?;
        let decision = Decision::AdmitWitness {
            member: world.member(member)?.id,
            key,
        };
        world.desk.decide(id, &officers, decision).await?;
    }
    let quorum = default_quorum(members.len());
    lines.say(format!(
        "Each has a key of its own for this. A checkpoint counts once {quorum} of {} have cosigned it; two histories would need more than {} who lie.",
        members.len(),
        (2 * quorum).saturating_sub(members.len() + 1)
    ));
    lines.figure("witnesses", members.len());
    lines.figure("quorum", quorum);
    Ok(())
}

/// The whole ledger is under a checkpoint that has its quorum, by the policy and not by the hub's word.
pub async fn witnessed(world: &mut World) -> Outcome<()> {
    let title = "Everything that happened is in a tree that the log and enough witnesses have signed";
    world
        .check("witnessed", title, async |world, lines| look(world, lines).await)
        .await
        .map(drop)
}

async fn look(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let console = format!("http://127.0.0.1:{}", world.place.ports.console);
    let http = reqwest::Client::builder().no_proxy().build().doing("preparing HTTP")?;
    let read = async |path: &str| {
        let response = http.get(format!("{console}{path}")).send().await.doing(path)?;
        response.error_for_status().doing(path)?.bytes().await.doing(path)
    };
    let size = ledger::totals(&world.desk.database).await?.log_size;
    let policy = Policy::parse(&read("/log/policy").await?).doing("the log's policy")?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let (note, checkpoint) = loop {
        let note = Note::parse(&read("/log/checkpoint").await?).doing("the checkpoint")?;
        let checkpoint: Checkpoint = note.text().parse().doing("the checkpoint")?;
        if i64::try_from(checkpoint.size()).is_ok_and(|published| published >= size) {
            break (note, checkpoint);
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(unexpected(
                "leaves of the published checkpoint",
                size,
                checkpoint.size(),
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    let evaluation = policy
        .evaluate(&note, &checkpoint)
        .doing("the checkpoint's signatures")?;
    expect("a checkpoint with its quorum", true, evaluation.accepted())?;
    let quorum = default_quorum(running(world).len());
    if evaluation.witnesses.len() < quorum {
        return Err(unexpected(
            "witnesses of the checkpoint",
            quorum,
            evaluation.witnesses.len(),
        ));
    }
    lines.say(format!(
        "{} leaves; cosigned by {} of {} witnesses. {console}/log/checkpoint, /log/policy, /log/tile/…: `tanqiao-verify` needs no more.",
        checkpoint.size(),
        evaluation.witnesses.len(),
        policy.witnesses().len()
    ));
    lines.figure("size", checkpoint.size());
    Ok(())
}
