//! A hub as a process of its own: how soon it answers, what memory it takes, what idle members cost it. Linux only.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::feed::CHAIN_START;

use super::BenchError;
use super::end_to_end::{self, Client, Load, Round, Run};
use super::ground::{self, Spread};
use super::place::Place;
use super::program::Plan;
use super::world::{Size, World, blocking, clients};

/// What was measured. Memory is resident, in KiB.
#[derive(Debug, Clone, Serialize)]
pub struct Process {
    /// Blocks in the ledger.
    pub blocks: i64,
    /// Milliseconds from starting the process to the first answer over mutual TLS. Each round.
    pub start_ms: Vec<u64>,
    /// After that answer.
    pub idle_kib: u64,
    /// Members that poll, with nothing to tell them.
    pub pollers: u32,
    /// With all of them waiting.
    pub polled_kib: u64,
    /// Processor time over that time, in thousandths of one core.
    pub polled_core_thousandths: u64,
    /// Batches of 100 as hard as members can, meanwhile.
    pub load: Run,
    /// The most, to the end of that load.
    pub peak_kib: u64,
}

/// Members that poll.
const POLLERS: u32 = 1_000;
/// How long a hub may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, place: &Place, say: &dyn Fn(&str)) -> Result<Process, BenchError> {
    const NAME: &str = "bench_process";
    say("making members and blocks");
    let size = Size {
        members: plan.members,
        blocks: plan.blocks,
        spread: Spread::Each,
    };
    let world = World::make(place, NAME, size).await?;
    let traders = world.traders.clone();
    let idlers = {
        let handle = world.sequencer();
        blocking(move || ground::admit_idlers(&handle, POLLERS)).await?
    };
    world.close().await;
    let ports = free_ports()?;
    let config = place.write_config(NAME, ports)?;
    let members = clients(place, &traders, ports[0])?;
    let mut start_ms = Vec::new();
    for round in 1..=plan.rounds {
        say(&format!("round {round} of {}: starting a hub", plan.rounds));
        let (_hub, took) = Hub::start(&config, &members).await?;
        start_ms.push(u64::try_from(took.as_millis())?);
    }
    let (hub, _) = Hub::start(&config, &members).await?;
    let idle_kib = hub.memory_kib("VmRSS")?;
    say("idle members");
    let idle = clients(place, &idlers, ports[0])?;
    let polling = poll(&idle);
    let time = Duration::from_secs(plan.seconds);
    tokio::time::sleep(time).await;
    let cpu_before = hub.cpu_ns()?;
    tokio::time::sleep(time).await;
    let cpu = Duration::from_nanos(hub.cpu_ns()?.saturating_sub(cpu_before));
    let polled_kib = hub.memory_kib("VmRSS")?;
    say("full load beside them");
    let load = Load {
        batch: 100,
        time,
        pause: Duration::ZERO,
    };
    let mut rounds = vec![Round::default(); members.len()];
    let run = end_to_end::run(&members, &mut rounds, members.len(), load).await?;
    let peak_kib = hub.memory_kib("VmHWM")?;
    drop(polling);
    Ok(Process {
        blocks: plan.blocks,
        start_ms,
        idle_kib,
        pollers: POLLERS,
        polled_kib,
        polled_core_thousandths: u64::try_from(cpu.as_micros() * 1_000 / time.as_micros().max(1))?,
        load: run,
        peak_kib,
    })
}

/// Each member keeps one poll of the feed waiting. Ends when it is dropped.
fn poll(members: &[Client]) -> tokio::task::JoinSet<()> {
    let mut polling = tokio::task::JoinSet::new();
    for member in members {
        let member = member.clone();
        polling.spawn(async move {
            let (mut after, mut chain) = (0, CHAIN_START);
            // A poll that fails ends this member's part: the figure of the others stays what it is.
            while let Ok(page) = member.feed_waiting(after, chain, 30).await {
                if let Some(last) = page.entries.last() {
                    (after, chain) = (last.entry.seq, last.chain);
                }
            }
        });
    }
    polling
}

/// Ports for the three listeners: free a moment ago.
fn free_ports() -> Result<[u16; 3], BenchError> {
    let fault = |error: std::io::Error| BenchError::Place(error.to_string());
    let mut held = Vec::new();
    let mut ports = [0; 3];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(fault)?;
        *port = listener.local_addr().map_err(fault)?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// A hub process; killed when it is dropped.
struct Hub(Child);

impl Hub {
    async fn start(config: &std::path::Path, members: &[Client]) -> Result<(Self, Duration), BenchError> {
        let fault = |error: std::io::Error| BenchError::Place(format!("the hub could not be started: {error}"));
        let began = Instant::now();
        let child = Command::new(std::env::current_exe().map_err(fault)?)
            .arg("--config")
            .arg(config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(fault)?;
        let hub = Self(child);
        let client = members
            .first()
            .ok_or_else(|| BenchError::Place("the bench has no members".to_owned()))?;
        while client.feed(0, CHAIN_START).await.is_err() {
            if began.elapsed() > PATIENCE {
                return Err(BenchError::Place("the hub did not answer".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok((hub, began.elapsed()))
    }

    fn proc_file(&self, name: &str) -> Result<String, BenchError> {
        let path = format!("/proc/{}/{name}", self.0.id());
        fs::read_to_string(&path).map_err(|error| BenchError::Place(format!("{path}: {error}")))
    }

    /// A line of `/proc/PID/status` in KiB.
    fn memory_kib(&self, line: &str) -> Result<u64, BenchError> {
        self.proc_file("status")?
            .lines()
            .find_map(|l| {
                l.strip_prefix(line)?
                    .strip_prefix(':')?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .ok_or_else(|| BenchError::Place(format!("{line} is not in /proc")))
    }

    /// Nanoseconds on a processor, of all threads that live.
    fn cpu_ns(&self) -> Result<u64, BenchError> {
        let fault = |error: std::io::Error| BenchError::Place(error.to_string());
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0.id())).map_err(fault)? {
            let text = fs::read_to_string(thread.map_err(fault)?.path().join("schedstat")).map_err(fault)?;
            sum += text
                .split(' ')
                .next()
                .and_then(|ns| ns.parse::<u64>().ok())
                .unwrap_or(0);
        }
        Ok(sum)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
