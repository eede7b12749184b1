//! `quickstart`: a whole Tanqiao 碳桥 federation on one machine.
//!
//! It makes a certificate authority, a hub and seven members, each a process with a database of its own; plays a
//! cross-region donation story end to end; audits every invariant; and keeps serving until Ctrl-C.
#![forbid(unsafe_code)]

mod cast;
mod child;
mod evaluators;
mod failure;
mod federation;
mod foundation;
mod join;
mod journal;
mod ledger;
mod officers;
mod place;
mod platform;
mod processes;
mod records;
mod report;
mod run;
mod story;
mod teller;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::failure::{Failure, Outcome};
use crate::report::Summary;
use crate::run::{Asked, Run};
use crate::story::Counts;
use crate::teller::Teller;

/// A service that allocates and frees on many threads: measurably faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A whole Tanqiao 碳桥 federation on one machine: founded, played and audited, then served until Ctrl-C.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  quickstart                               found ./federation, play the story, keep serving\n  \
                  quickstart --exit --json                 play, audit, stop; the result as one JSON object\n  \
                  quickstart --dir /tmp/f --port-base 20000  hub on 20000 to 20002, evaluators on 20003 to 20008, nodes from 20011\n\n\
                  Run again on the same directory it resumes with everything still there."
)]
struct Arguments {
    #[command(subcommand)]
    child: Option<ChildCommand>,
    /// Where everything is written.
    #[arg(long, default_value = "./federation")]
    dir: PathBuf,
    /// The first port: N federation, N+1 enrolment, N+2 console, N+3 to N+8 evaluators, nodes from N+11. By default 8443, 8444, 8080, 8451 to 8453 and
    /// 9451 to 9453, nodes from 9101.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1_024..=65_000))]
    port_base: Option<u16>,
    /// Stop after the story, with a summary; the exit status is 0 only if everything is as it should be.
    #[arg(long)]
    exit: bool,
    /// One JSON object on standard output; the story goes to standard error.
    #[arg(long)]
    json: bool,
    /// Which members take part: those of the story, or every platform of the catalogue.
    #[arg(long, value_enum, default_value_t = Nodes::Story)]
    nodes: Nodes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Nodes {
    /// The members of the story.
    Story,
    /// Every platform of the catalogue.
    All,
}

/// What this program is when it starts itself.
#[derive(Debug, Subcommand)]
enum ChildCommand {
    /// The hub, until standard input ends.
    #[command(hide = true)]
    Hub {
        #[arg(long)]
        config: PathBuf,
    },
    /// An evaluator, until standard input ends.
    #[command(hide = true)]
    Evaluator {
        #[arg(long)]
        config: PathBuf,
    },
    /// A node, until standard input ends.
    #[command(hide = true)]
    Node {
        #[arg(long)]
        config: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tanqiao_certs::install_crypto_provider();
    let arguments = Arguments::parse();
    let child = match &arguments.child {
        None => return federation(&arguments).await,
        Some(ChildCommand::Hub { config }) => child::hub(config).await,
        Some(ChildCommand::Evaluator { config }) => child::evaluator(config).await,
        Some(ChildCommand::Node { config }) => child::node(config).await,
    };
    match child {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn federation(arguments: &Arguments) -> ExitCode {
    let asked = Asked {
        dir: arguments.dir.clone(),
        port_base: arguments.port_base,
        all: arguments.nodes == Nodes::All,
    };
    let mut run = match Run::begin(&asked, Teller::new()).await {
        Ok(run) => run,
        Err(failure) => return report::failed_to_begin(&failure, arguments.json),
    };
    let played = tokio::select! {
        played = run.play() => played,
        () = interrupted() => Err(Failure::Interrupted),
    };
    let summary = Summary::of(&run.world, &played);
    report::tell(&summary, &run.world, arguments.json);
    let served = if !arguments.exit && played.is_ok() {
        serve(&mut run).await
    } else {
        Ok(())
    };
    run.end().await;
    finish(played, served)
}

fn finish(played: Outcome<Counts>, served: Outcome<()>) -> ExitCode {
    match (played, served) {
        (Ok(_), Ok(())) => ExitCode::SUCCESS,
        (Err(_), _) => ExitCode::FAILURE,
        (Ok(_), Err(failure)) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until Ctrl-C, or until a process ends by itself.
async fn serve(run: &mut Run) -> Outcome<()> {
    let mut look = tokio::time::interval(std::time::Duration::from_secs(1));
    let stop = interrupted();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = look.tick() => run.world.processes.check_all()?,
        }
    }
}

/// Ctrl-C, or a request to terminate.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
