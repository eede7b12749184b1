//! `admin tokens`: the store of fingerprint tokens, its size, its soundness, and months that are closed.

use std::path::Path;

use clap::Subcommand;
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::Sha256;

use super::output::{CliError, Output};
use crate::config::Config;
use crate::ledger::high_water::HighWater;
use crate::screening::{Reconciled, StoreStats, TokenStore, open_store};
use crate::store::audit::head;
use crate::store::database::Database;
use crate::store::screening::named_runs;

/// The store of fingerprint tokens; the hub that has it must be stopped.
#[derive(Debug, Subcommand)]
pub(super) enum TokensCommand {
    /// How many tokens there are, by month.
    Stats,
    /// Read everything that is stored, and compare it with its checksums.
    Verify,
    /// Close a month: its tokens go into the archive, and issuances with tokens of that month are refused.
    #[command(after_help = "Example:\n  tanqiao-hub admin tokens retire 2024-05")]
    Retire {
        /// The month, such as 2024-05.
        month: Epoch,
    },
    /// Bring a month back from the archive, after comparing it with its checksums.
    #[command(after_help = "Example:\n  tanqiao-hub admin tokens restore 2024-05")]
    Restore {
        /// The month, such as 2024-05.
        month: Epoch,
    },
    /// Delete the tokens of issuances whose screening the ledger does not know any more: after the log began anew. What the ledger
    /// can still take back must be taken back first.
    #[command(after_help = "Example:\n  tanqiao-hub admin tokens rewind")]
    Rewind,
}

impl TokensCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        let config = Config::load(config).map_err(CliError::misused)?;
        let database = Database::open(&config.database.url)?;
        if matches!(self, Self::Rewind) {
            at_the_mark(&config, &database)?;
        }
        let mut store = open_store(&database, &config.screening).map_err(CliError::failed)?;
        let named = named_runs(&database)?;
        if matches!(self, Self::Rewind) {
            let rewound = output.while_working("tokens", || store.rewind(&named));
            let rewound = rewound.map_err(CliError::failed)?;
            output.one(&rewound, rewound_in_words);
            return complete(&rewound);
        }
        let reconciled = store.reconcile(&named).map_err(CliError::failed)?;
        let done = output.while_working("tokens", || match self {
            Self::Stats | Self::Rewind => Ok(()),
            Self::Verify => store.verify(),
            Self::Retire { month } => store.retire(*month),
            Self::Restore { month } => store.restore(*month),
        });
        done.map_err(CliError::failed)?;
        output.one(&stats(store.as_mut())?, table);
        complete(&reconciled)
    }
}

/// A ledger behind its mark may take back what names these runs: deleted tokens would then be missing for good.
fn at_the_mark(config: &Config, database: &Database) -> Result<(), CliError> {
    let head = database.read(head)?;
    let chain = head.chain.as_slice().try_into().map(Sha256);
    let chain = chain.map_err(|_| CliError::failed("the chain of the log's head is no SHA-256"))?;
    let mark = HighWater::open(config.high_water()).map_err(CliError::failed)?;
    match mark.contradiction(head.size, &chain) {
        Some(why) => Err(CliError::failed(format!("{why}. Rewind the tokens after it"))),
        None => Ok(()),
    }
}

fn complete(reconciled: &Reconciled) -> Result<(), CliError> {
    if reconciled.missing.is_empty() {
        return Ok(());
    }
    Err(CliError::failed(format!(
        "the store lacks {} of the runs that the ledger names: restore it from the backup that belongs to the database",
        reconciled.missing.len()
    )))
}

fn rewound_in_words(rewound: &Reconciled) -> String {
    match rewound.discarded.len() {
        0 => "the ledger knows every run of the store: nothing was deleted".to_owned(),
        runs => format!("deleted the tokens of {runs} runs that the ledger does not know: start the hub"),
    }
}

fn stats(store: &mut dyn TokenStore) -> Result<StoreStats, CliError> {
    store.stats().map_err(CliError::failed)
}

fn table(stats: &StoreStats) -> String {
    let mut lines = vec![format!("{} tokens, {} bytes", stats.tokens(), stats.bytes())];
    for (epoch, of) in &stats.epochs {
        lines.push(format!(
            "{epoch}  {:>12} tokens, {:>14} bytes, {} files or tables",
            of.tokens, of.bytes, of.parts
        ));
    }
    lines.extend(stats.retired.iter().map(|epoch| format!("{epoch}  in the archive")));
    lines.join("\n")
}
