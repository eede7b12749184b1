//! The federation while it runs: its processes started and awaited, and the file that tells other programs where it is.

use std::time::Duration;

use serde_json::{Value, json};
use tanqiao_hub::config::Config;

use crate::cast::in_good_standing;
use crate::evaluators;
use crate::failure::{Doing as _, Outcome, unexpected};
use crate::foundation::TRUST_DOMAIN;
use crate::join::token_file;
use crate::ledger;
use crate::officers::ACCOUNTS;
use crate::place::{Place, write};
use crate::platform::Platform;
use crate::processes::Processes;
use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Starts the hub and waits until it can do its work.
///
/// # Errors
/// It ends, or is not ready in time.
pub async fn start_hub(place: &Place, processes: &mut Processes) -> Outcome<()> {
    processes.start(place, "hub", "hub", &place.hub("hub.toml"), None)?;
    let url = format!("http://127.0.0.1:{}/health/ready", place.ports.console);
    answers(&url, "hub", processes).await
}

/// Starts a member's node and waits until it answers.
///
/// # Errors
/// It ends, or does not answer in time.
pub async fn start_node(world: &mut World, member: &str, crash_at: Option<&str>) -> Outcome<()> {
    world.start_node(member, crash_at)?;
    let url = format!("http://127.0.0.1:{}/health/live", world.port_of(member));
    answers(&url, member, &mut world.processes).await
}

/// Starts all nodes, then waits for each.
///
/// # Errors
/// As [`start_node`].
pub async fn start_nodes(world: &mut World, members: &[String]) -> Outcome<()> {
    for member in members {
        world.start_node(member, None)?;
    }
    for member in members {
        let port = world.port_of(member);
        answers(
            &format!("http://127.0.0.1:{port}/health/live"),
            member,
            &mut world.processes,
        )
        .await?;
        let platform = Platform::open(member, port, token_file(&world.place, member))?;
        world.platforms.insert(member.clone(), platform);
    }
    for member in members {
        in_step(world, member).await?;
    }
    Ok(())
}

pub async fn answers(url: &str, who: &str, processes: &mut Processes) -> Outcome<()> {
    let http = reqwest::Client::builder().no_proxy().build().doing("preparing HTTP")?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        processes.check(who)?;
        let found = match http.get(url).send().await {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        if tokio::time::Instant::now() >= deadline {
            return Err(unexpected(url, "an answer", found));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until a member's node has everything that the hub's ledger has for it.
///
/// # Errors
/// It does not come in time.
pub async fn in_step(world: &World, member: &str) -> Outcome<()> {
    let heads = ledger::feed_heads(&world.desk.database).await?;
    let seq = heads.get(member).map_or(0, |head| head.seq);
    let look = |status: &Value| {
        let number = |name: &str| status.get(name).and_then(Value::as_i64);
        let read = number("feed_seq").is_some_and(|at| at >= seq) && number("outbox_waiting") == Some(0);
        let well = status.get("trouble").is_none() && status.get("feed").and_then(Value::as_str) == Some("following");
        (read && well).then_some(())
    };
    world
        .platform(member)?
        .until(&format!("feed entry {seq}"), "/api/v1/status", look)
        .await
}

/// Writes `federation.json`. Paths in it are relative to its directory.
///
/// # Errors
/// The disk's.
pub fn describe(world: &World, config: &Config) -> Outcome<()> {
    let place = &world.place;
    let relative = |path: std::path::PathBuf| place.relative(&path);
    let logins: Vec<Value> = ACCOUNTS
        .iter()
        .map(|(account, role)| {
            json!({ "role": role, "user": account, "password_file": relative(place.secret(&format!("{account}.password"))) })
        })
        .collect();
    let nodes: Vec<Value> = world
        .cast
        .iter()
        .filter(|member| in_good_standing(member))
        .map(|member| {
            let name = member.name();
            let url = format!("http://127.0.0.1:{}", world.port_of(name));
            json!({
                "id": name, "region_code": member.region, "api_url": url, "console_url": format!("{url}/"),
                "token_file": relative(token_file(place, name)), "tls_cert": relative(place.node(name, "node.pem")),
                "tls_key": relative(place.node(name, "node.key")), "signing_key": relative(place.node(name, "signing.key")),
            })
        })
        .collect();
    let evaluators: Vec<Value> = evaluators::addresses(place.ports)
        .map(|(id, url, health_url)| json!({ "id": id, "url": url, "health_url": health_url }))
        .collect();
    let key = tanqiao_hub::serve::log_public_key(config).doing("reading the log's key")?;
    let ports = place.ports;
    let federation = json!({
        "trust_domain": TRUST_DOMAIN,
        "ca": relative(place.ca()),
        "hub": {
            "federation_url": format!("https://127.0.0.1:{}", ports.federation),
            "enrolment_url": format!("https://127.0.0.1:{}", ports.enrolment),
            "console_url": format!("http://127.0.0.1:{}", ports.console),
            "id": "hub",
            "log_public_key": key,
            "logins": logins,
        },
        "nodes": nodes,
        "evaluators": evaluators,
    });
    let text = serde_json::to_string_pretty(&federation).doing("writing federation.json")?;
    write(&place.root.join("federation.json"), &format!("{text}\n"))
}
