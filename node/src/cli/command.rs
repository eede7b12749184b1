//! Commands and their arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};

use super::report::{Failure, Report};
use super::{
    account, asset, bench, challenge, conflict, enrol, export, import, issue, mapping, quote, reconcile, recover,
    sheet, staff, token, trade, witness,
};
use crate::config::Config;
use crate::service::{Answer, Node, Selection, Staffed};
use crate::store::Store;

/// A member registry beside a provincial carbon-inclusion platform.
#[derive(Debug, Parser)]
#[command(name = "tanqiao-node", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TANQIAO_NODE_CONFIG",
        default_value = "node.toml"
    )]
    pub(super) config: PathBuf,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the platform's API and deal with the hub until a signal comes
    #[command(after_help = "Example:\n  tanqiao-node serve --config /etc/tanqiao/node.toml")]
    Serve,
    /// Bring the database's schema up to this program; safe to run twice
    #[command(after_help = "Example:\n  tanqiao-node migrate --config node.toml")]
    Migrate,
    /// Join the federation with a one-time code
    #[command(
        after_help = "Example:\n  tanqiao-node enrol --url https://hub.example:8444 --code-file code.txt\n\n\
        Makes the TLS key and the signing key that the configuration names where they are missing. Run again, it goes on \
        waiting for the approval."
    )]
    Enrol(enrol::EnrolArgs),
    /// Import a file of activity records
    #[command(
        after_help = "Example:\n  tanqiao-node import rides.csv --methodology CN-4201-metro.v1\n\n\
        The same file again continues or repeats the same job; no record counts twice."
    )]
    Import(import::ImportArgs),
    /// Issue pending activities, or list them
    #[command(
        after_help = "Examples:\n  tanqiao-node issue --pending\n  tanqiao-node issue --methodology CN-4201-metro.v1 \
        --region 420100 --vintage 2025 \\\n    --rights-basis transferred-by-holders --verifier 'Example Verification Body' \\\n    \
        --report report.pdf --verified-at 2026-01-31T00:00:00Z --local-reference wh-2025-0001"
    )]
    Issue(Box<issue::IssueArgs>),
    /// Conflicts about activities that another issuance has too: list, show, evidence, concede
    #[command(
        after_help = "Examples:\n  tanqiao-node conflict list\n  tanqiao-node conflict evidence 0198… 'the charging station recorded one \
        session' --staff director"
    )]
    Conflict(conflict::ConflictArgs),
    /// Offer blocks to another member; accept, decline, withdraw, list
    #[command(
        after_help = "Example:\n  tanqiao-node transfer offer --account pool-2025 --quantity-g 1000000 --target harbin \
        --use event-neutrality"
    )]
    Transfer(trade::TransferArgs),
    /// Give blocks to an event
    #[command(
        after_help = "Example:\n  tanqiao-node donate --account pool-2025 --quantity-g 1000000 --event spring-marathon-2026"
    )]
    Donate(trade::DonateArgs),
    /// Give blocks as collateral; release, foreclose, list
    #[command(
        after_help = "Example:\n  tanqiao-node pledge create --account house --quantity-g 5000000 --pledgee green-bank \
        --reference loan-17 --term 2027-05-31T00:00:00Z"
    )]
    Pledge(trade::PledgeArgs),
    /// Use blocks for one claim, for good
    #[command(
        after_help = "Example:\n  tanqiao-node retire --account pool-2025 --quantity-g 1000000 --claimant 'Example Company' \\\n    \
        --use corporate-neutrality --year 2026 --place 420000"
    )]
    Retire(trade::RetireArgs),
    /// What would arrive elsewhere of what an account would give, as the hub computes it now
    #[command(
        after_help = "Examples:\n  tanqiao-node quote --account pool-2025 --quantity-g 1000000 --target harbin --use event-neutrality\n  \
        tanqiao-node quote --account pool-2025 --quantity-g 1000000 --event spring-marathon-2026"
    )]
    Quote(quote::QuoteArgs),
    /// Challenges of the regulator, and showing the records that one asks for
    Challenge(challenge::ChallengeArgs),
    /// Mappings between methodologies: list, show, propose, endorse, object, suspend, lift, comment
    #[command(
        after_help = "Examples:\n  tanqiao-node mapping show metro-wuhan-to-harbin.v1 --lang zh\n  \
        tanqiao-node mapping endorse metro-wuhan-to-harbin.v1 --record 4a6c… --staff director --four-eyes"
    )]
    Mapping(mapping::MappingArgs),
    /// Assets that project-type reductions come from: put, list, show
    #[command(
        after_help = "Examples:\n  tanqiao-node asset put roofs.geojson --staff operator\n  tanqiao-node asset show 4201-meter-000017"
    )]
    Asset(asset::AssetArgs),
    /// Attribute sheets of methodologies: template, check, publish, show
    #[command(
        after_help = "Examples:\n  tanqiao-node sheet template CN-4201-metro.v1 --out metro.xlsx\n  tanqiao-node sheet check metro.xlsx\n  \
        tanqiao-node sheet publish metro.xlsx --staff director"
    )]
    Sheet(sheet::SheetArgs),
    /// Compare the node's book with the hub; exit status 1 where they differ
    #[command(
        after_help = "Examples:\n  tanqiao-node reconcile --json\n  tanqiao-node reconcile --full\n  \
        tanqiao-node reconcile report 0193… --format html --out report.html\n  \
        tanqiao-node reconcile repair 0193… --by operator --approved-by director\n\n\
        Without --full: whether the book has the digest that the hub expects. With it: every block that differs. Trade goes on."
    )]
    Reconcile(reconcile::ReconcileArgs),
    /// How the node is: feed, outbox, offers
    #[command(after_help = "Example:\n  tanqiao-node status")]
    Status,
    /// Write accounts, blocks, the feed, a receipt, the hub's log, or what a restored hub asks for, as NDJSON
    #[command(
        after_help = "Examples:\n  tanqiao-node export blocks --out blocks.ndjson\n  tanqiao-node export recovery --out wuhan.recovery"
    )]
    Export(export::ExportArgs),
    /// Go on after the hub was restored and its log has begun anew, or after this node's own database was lost
    #[command(
        after_help = "Examples:\n  tanqiao-node recover --follow-origin\n  tanqiao-node recover --from-records\n\n\
        --follow-origin keeps what the hub has given up as evidence, takes its feed again from the last common entry, and sends \
        again what the hub has forgotten. Where the hub has taken back everything, nothing has to be done.\n\n\
        --from-records is for a new database that has read its feed and into which the platform's files were imported again, in \
        the order of then. Until it has run, `issue` refuses series that were issued before."
    )]
    Recover(recover::RecoverArgs),
    /// The hub's transparency log: how far it is verified, evidence against it, ending an alarm
    #[command(after_help = "Examples:\n  tanqiao-node witness status\n  tanqiao-node witness evidence")]
    Witness(witness::WitnessArgs),
    /// Accounts of the console
    #[command(after_help = "Example:\n  tanqiao-node staff create li --role operator --password-file li.password")]
    Staff(staff::StaffArgs),
    /// Bearer tokens for the platform's programs
    #[command(
        after_help = "Example:\n  tanqiao-node token create --name platform --scope import --scope trade --out platform.token"
    )]
    Token(token::TokenArgs),
    /// Accounts of this node
    #[command(after_help = "Example:\n  tanqiao-node account create pool-2025 --kind pool")]
    Account(account::AccountArgs),
    /// Measure the import beside reading and parsing alone, or the making of tokens, on this machine
    #[command(
        after_help = "Example:\n  taskset -c 0 tanqiao-node bench --json\n  taskset -c 0 tanqiao-node bench --tokens 20000\n  tanqiao-node bench --record-ids random \
        --database postgres://postgres@127.0.0.1/bench\n\nThe database must be empty and the bench's own."
    )]
    Bench(bench::BenchArgs),
    /// List the points where a test may end the process (`TANQIAO_CRASH_AT`)
    #[command(after_help = "Example:\n  TANQIAO_CRASH_AT=import.before-batch-commit tanqiao-node import rides.csv …")]
    CrashPoints,
}

/// What every command may use.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: PathBuf,
    pub(super) json: bool,
}

impl Context {
    pub(super) fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.config)?)
    }

    /// The database alone: for commands that neither sign nor ask the hub.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.load()?.database)?)
    }

    pub(super) async fn node(&self) -> Result<Node, Failure> {
        Ok(Node::open(self.load()?).await?)
    }
}

/// Which serials.
#[derive(Debug, Args)]
pub(super) struct WhatArgs {
    /// So many grams, oldest serials first
    #[arg(long, value_name = "GRAMS", value_parser = grams, required_unless_present = "block", conflicts_with = "block")]
    quantity_g: Option<Grams>,
    /// Of this series only, such as wuhan/420100/CN-4201-metro.v1/2025
    #[arg(long, conflicts_with = "block")]
    series: Option<SeriesRef>,
    /// Exactly this block; may be repeated
    #[arg(long, value_name = "BLOCK")]
    block: Vec<BlockRef>,
}

impl WhatArgs {
    pub(super) fn selection(self) -> Selection {
        match self.quantity_g {
            Some(quantity_g) => Selection::Quantity {
                quantity_g,
                series: self.series,
            },
            None => Selection::Blocks(self.block),
        }
    }
}

/// How a message is sent, and how long to wait for the hub.
#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The message's id, a UUID of version 7: the same command again does nothing more
    #[arg(long, value_name = "UUID")]
    pub(super) id: Option<MessageId>,
    /// The staff role that decided, such as operator
    #[arg(long, value_name = "ROLE")]
    staff: Option<Name>,
    /// A second person has approved
    #[arg(long, requires = "staff")]
    four_eyes: bool,
    /// Wait so many seconds for the hub's decision
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait_s: u32,
    /// Send from this process: for when no server runs beside it. Waits a minute unless told otherwise
    #[arg(long)]
    send: bool,
}

impl SendArgs {
    pub(super) fn staffed(&self) -> Staffed {
        let staff = self.staff.clone().map(|role| tanqiao_protocol::message::StaffDecision {
            role,
            four_eyes: self.four_eyes,
        });
        Staffed { id: self.id, staff }
    }

    /// Reports a message that is in the outbox, after waiting as asked.
    pub(super) async fn report(&self, node: &Node, id: MessageId, what: &str) -> Result<Report, Failure> {
        let exchange = self.send.then(|| crate::serve::exchange(node));
        let answer = node.wait_for(id, self.patience()).await;
        if let Some(exchange) = exchange {
            exchange.stop().await;
        }
        let answer = answer?;
        let (text, refused) = said(&answer, what);
        Ok(Report::new(text, &answer)?.refused(refused))
    }

    /// Reports messages that are in the outbox, each with what it is, after waiting as asked: `{"items": […]}` for programs.
    pub(super) async fn report_all(&self, node: &Node, messages: &[(MessageId, String)]) -> Result<Report, Failure> {
        let exchange = self.send.then(|| crate::serve::exchange(node));
        let mut answers = Vec::with_capacity(messages.len());
        for (id, what) in messages {
            answers.push((node.wait_for(*id, self.patience()).await, what));
        }
        if let Some(exchange) = exchange {
            exchange.stop().await;
        }
        let (mut text, mut items, mut any_refused) = (String::new(), Vec::with_capacity(answers.len()), false);
        for (answer, what) in answers {
            let answer = answer?;
            let (line, refused) = said(&answer, what);
            text.push_str(&line);
            items.push(answer);
            any_refused |= refused;
        }
        Ok(Report::new(text, &serde_json::json!({ "items": items }))?.refused(any_refused))
    }

    /// True if this process sends.
    pub(super) const fn sends(&self) -> bool {
        self.send
    }

    /// When waiting is over, where somebody has said so.
    pub(super) fn deadline(&self) -> Option<tokio::time::Instant> {
        (self.wait_s > 0).then(|| tokio::time::Instant::now() + self.patience())
    }

    fn patience(&self) -> Duration {
        let seconds = if self.send && self.wait_s == 0 { 60 } else { self.wait_s };
        Duration::from_secs(u64::from(seconds))
    }
}

/// What became of a message, and whether it was refused.
fn said(answer: &Answer, what: &str) -> (String, bool) {
    let id = answer.id;
    let text = match (&answer.problem, &answer.outcome) {
        (Some(problem), _) if answer.state.is_final() => format!("{what} {id} was refused: {problem}\n"),
        (_, Some(outcome)) => {
            let state = outcome.state.as_deref().unwrap_or("done");
            format!("{what} {id}: {state}, log index {}\n", outcome.log_index)
        }
        _ => format!("{what} {id} is in the outbox: a serving node sends it\n"),
    };
    (text, answer.state.is_final() && answer.outcome.is_none())
}

/// A number of grams.
pub(super) fn grams(text: &str) -> Result<Grams, String> {
    let number = text
        .parse()
        .map_err(|_| format!("`{text}` is not a whole number of grams"))?;
    Grams::new(number).map_err(|e| e.to_string())
}
