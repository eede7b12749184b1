//! `serve` and `migrate`.

use std::path::Path;

use serde::Serialize;
use tracing_subscriber::EnvFilter;

use super::desk::Desk;
use super::output::{CliError, Output};
use crate::config::Config;
use crate::ledger::command::{Decision, Origin};
use crate::ledger::objects::Policy;
use crate::serve::{Service, ensure_log_key};
use crate::store::database::Database;

/// Serves until a signal asks to stop.
pub(super) fn serve(path: &Path) -> Result<(), CliError> {
    let config = Config::load(path).map_err(CliError::misused)?;
    raise_file_limit();
    let filter = EnvFilter::try_new(&config.logging.filter).map_err(CliError::misused)?;
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_list(false)
        .init();
    actix_web::rt::System::new().block_on(async {
        let service = Service::start(&config).map_err(CliError::failed)?;
        service.until_signal().await.map_err(CliError::failed)
    })
}

/// Each member keeps a connection open: as many files as the system lets this process have. Where it lets no more, the
/// limit stays as it is.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

#[derive(Debug, Serialize)]
struct Migrated {
    applied: Vec<String>,
    log_key_made: bool,
    policy_made: bool,
}

/// Brings the schema up to date; makes the log's key and the first policy where they are missing.
pub(super) fn migrate(path: &Path, output: &Output) -> Result<(), CliError> {
    let config = Config::load(path).map_err(CliError::misused)?;
    let database = Database::open(&config.database.url)?;
    let report = output.while_working("migrating", || database.migrate())?;
    let log_key_made = ensure_log_key(&config.log.key).map_err(CliError::failed)?;
    let desk = Desk::open(path)?;
    let policy_made = found_policy(&desk)?;
    let migrated = Migrated {
        applied: report.applied,
        log_key_made,
        policy_made,
    };
    output.one(&migrated, |migrated| match migrated.applied.len() {
        0 => "the schema is up to date".to_owned(),
        applied => format!("{applied} migrations applied: {}", migrated.applied.join(", ")),
    });
    Ok(())
}

/// The first policy names the federation, for ever.
fn found_policy(desk: &Desk) -> Result<bool, CliError> {
    let governance = desk.governance();
    let domain = &governance.policy.trust_domain;
    if *domain == desk.config.trust_domain {
        return Ok(false);
    }
    if *domain != Policy::default().trust_domain {
        return Err(CliError::failed(format!(
            "this database belongs to the federation `{domain}`, not to `{}`",
            desk.config.trust_domain
        )));
    }
    let policy = Policy {
        trust_domain: desk.config.trust_domain.clone(),
        ..Policy::default()
    };
    desk.submit(Origin::Hub, Decision::SetPolicy(policy)).map(|_| true)
}
