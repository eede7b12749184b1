//! `admin tokens`: the store of fingerprint tokens, its size, its soundness, and months that are closed.

use std::path::Path;

use clap::Subcommand;
use tanqiao_protocol::fingerprint::Epoch;

use super::output::{CliError, Output};
use crate::config::Config;
use crate::screening::{StoreStats, TokenStore, open_store};
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
    /// Delete what the store has of runs that the ledger does not name: for a ledger that was restored from an older copy and has
    /// been recovered as far as it can be. What is screened again is loaded again.
    Rewind,
}

impl TokensCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        let config = Config::load(config).map_err(CliError::misused)?;
        let database = Database::open(&config.database.url)?;
        let mut store = open_store(&database, &config.screening).map_err(CliError::failed)?;
        let named = named_runs(&database)?;
        let reconciled = match self {
            Self::Rewind => store.rewind(&named),
            _ => store.reconcile(&named),
        }
        .map_err(CliError::failed)?;
        let done = output.while_working("tokens", || match self {
            Self::Stats | Self::Rewind => Ok(()),
            Self::Verify => store.verify(),
            Self::Retire { month } => store.retire(*month),
            Self::Restore { month } => store.restore(*month),
        });
        done.map_err(CliError::failed)?;
        output.one(&stats(store.as_mut())?, table);
        if reconciled.missing.is_empty() {
            return Ok(());
        }
        Err(CliError::failed(format!(
            "the store lacks {} of the runs that the ledger names: restore it from the backup that belongs to the database",
            reconciled.missing.len()
        )))
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
