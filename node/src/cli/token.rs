//! `token`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tanqiao_certs::durable;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::command::Context;
use super::report::{Failure, Report};
use crate::service::system_clock;
use crate::tokens::{self, Scope};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Make a token and write it to a file that only its owner can read
    Create {
        /// What to call it
        #[arg(long)]
        name: Name,
        /// read, import, trade or admin; may be repeated
        #[arg(long, required = true)]
        scope: Vec<Scope>,
        /// Where to write it; the configuration's `api.token_file` when absent. An existing file is never overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Days until it expires; never when absent
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// List tokens: names and scopes, never the tokens
    List,
    /// End a token at once
    Revoke {
        /// Its name
        name: Name,
    },
}

pub(super) fn token(context: &Context, args: TokenArgs) -> Result<Report, Failure> {
    let store = context.store()?;
    let now = system_clock()();
    match args.action {
        TokenAction::Create { name, scope, out, days } => {
            let Some(path) = out.or(context.load()?.api.token_file) else {
                return Err(Failure::new("arguments", "say where to write the token with --out"));
            };
            if path.exists() {
                return Err(Failure::file(&path, "exists already: a secret is never overwritten"));
            }
            let expires_at = days.map(|days| now.plus_micros(i64::from(days) * DAY_US));
            // The file is written before the token counts: a token that nobody has would stay for ever.
            store.write(|tx| {
                let token = tokens::create(tx, &name, &scope, now, expires_at)?;
                let text = format!("{}\n", token.reveal());
                durable::write_secret(&path, text.as_bytes())
                    .map_err(|e| crate::NodeError::refused("file", e.to_string()))
            })?;
            let text = format!("token `{name}` is in {}: only its hash is kept here\n", path.display());
            Report::new(
                text,
                &json!({ "name": name, "scopes": scope, "file": path, "expires_at": expires_at }),
            )
        }
        TokenAction::List => Report::list(&store.read(tokens::list)?, |token| {
            let words: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
            let until = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let state = if token.revoked_at.is_some() { "revoked" } else { "" };
            format!(
                "{} {} expires {} {state}",
                token.name,
                words.join("+"),
                until(token.expires_at)
            )
        }),
        TokenAction::Revoke { name } => {
            store.write(|tx| tokens::revoke(tx, &name, now))?;
            Report::new(
                format!("token `{name}` no longer works\n"),
                &json!({ "name": name, "revoked_at": now }),
            )
        }
    }
}
