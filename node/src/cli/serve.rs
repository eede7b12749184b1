//! `serve`, `migrate`, `status`, `reconcile`, `crash-points`.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::command::Context;
use super::report::{Failure, Report};
use crate::api;
use crate::service::FeedState;
use crate::store;
use crate::subjects::Subjects;

pub(super) async fn serve(context: &Context) -> Result<Report, Failure> {
    log();
    let node = context.node().await?;
    let failed = |e: api::ServerError| Failure::new("serve", e.to_string());
    let (serving, server) = api::serve(&node).map_err(failed)?;
    let scheme = if serving.tls { "https" } else { "http" };
    let address = serving.address;
    tracing::info!(member = %node.member(), url = format!("{scheme}://{address}"), "serving");
    let exchange = crate::serve::exchange(&node);
    let server = tokio::spawn(server);
    let stopped = |e: std::io::Error| Failure::new("signal", e.to_string());
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate()).map_err(stopped)?,
        signal(SignalKind::interrupt()).map_err(stopped)?,
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: open requests and the open batch are finished");
    serving.stop().await;
    exchange.stop().await;
    let _ = server.await;
    Report::new("stopped\n", &json!({ "stopped": true }))
}

/// JSON lines where a machine reads them, text on a terminal; `TANQIAO_LOG` chooses what.
fn log() {
    let filter = EnvFilter::try_from_env("TANQIAO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let done = if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().try_init()
    };
    // The only failure is that logging is set up already.
    drop(done);
}

pub(super) fn migrate(context: &Context) -> Result<Report, Failure> {
    let config = context.load()?;
    let applied = store::migrate(&config.database)?;
    Subjects::at(&config.subjects.key).prepare(&store::Store::open(&config.database)?)?;
    let text = if applied.is_empty() {
        "the schema is up to date\n".to_owned()
    } else {
        format!("applied {}\n", applied.join(", "))
    };
    Report::new(text, &json!({ "applied": applied }))
}

pub(super) async fn status(context: &Context) -> Result<Report, Failure> {
    let node = context.node().await?;
    let status = node.status_with_mappings().await?;
    let mut text = format!(
        "member           {} ({})\nversion          {}\nfeed             {:?}, entry {}, {} behind\nlog index        {}\n\
         outbox           {} waiting\noffers           {} waiting for a person\nsuspense         {}\n",
        status.member,
        status.region,
        status.version,
        status.feed,
        status.feed_seq,
        status.feed_lag,
        status.log_index,
        status.outbox_waiting,
        status.offers_waiting,
        status.suspense_g
    );
    let _ = writeln!(text, "conflicts        {} open", status.conflicts_open);
    for stream in &status.token_streams {
        let _ = writeln!(
            text,
            "tokens           {} {}: {} of {} activities derived, {} of {} bytes uploaded{}",
            stream.issuance,
            stream.state,
            stream.derived,
            stream.activities,
            stream.uploaded,
            stream.bytes,
            stream
                .problem
                .as_ref()
                .map(|why| format!(", {why}"))
                .unwrap_or_default()
        );
    }
    if let Some(waiting) = &status.mappings_waiting {
        let names: Vec<String> = waiting.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "mappings         {} waiting for an endorsement {}",
            names.len(),
            names.join(" ")
        );
    }
    if let Some(trouble) = &status.trouble {
        let _ = writeln!(text, "trouble          {trouble}");
    }
    Report::new(text, &status)
}

pub(super) async fn reconcile(context: &Context) -> Result<Report, Failure> {
    let node = context.node().await?;
    let status = node.status().await?;
    let found = api::reconciliation(&node).await?;
    let agrees = status.feed == FeedState::Following;
    let text = if agrees {
        format!(
            "the node's book agrees with every digest of its feed, up to entry {}\ndigest {}\n",
            status.feed_seq, status.digest
        )
    } else {
        format!(
            "the node's book and its feed disagree ({:?}) after entry {}\nthe hub says  {}\nthe node has  {}\n",
            status.feed,
            status.feed_seq,
            status.expected.unwrap_or_default(),
            status.found.unwrap_or_default()
        )
    };
    Ok(Report::new(text, &found)?.refused(!agrees))
}

pub(super) fn crash_points() -> Report {
    let points = crate::crash::POINTS;
    Report {
        text: points.join("\n") + "\n",
        json: json!({ "items": points }),
        refused: false,
    }
}
