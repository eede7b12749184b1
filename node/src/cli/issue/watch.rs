//! Waiting for an issuance, with its progress: tokens made, stream sent, compared at the hub.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::command::{Context, SendArgs};
use crate::cli::report::{Failure, Report};
use crate::issuing::{self, Issued, StreamState, TokenProgress};
use crate::service::{Dealing, Node};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(200);

/// What was opened.
pub(super) fn words(issued: &Issued) -> String {
    let mut text = format!(
        "{} activities, {}, {} accounts\nrecords root {}\n",
        issued.activity_count, issued.quantity_g, issued.accounts, issued.records_root
    );
    if issued.left_out > 0 {
        let _ = writeln!(text, "{} activities were left out and stay pending", issued.left_out);
    }
    text
}

/// Waits until the hub has decided, as long as `--wait-s` says, or for ever where it does not.
pub(super) async fn until_decided(
    context: &Context,
    node: &Node,
    send: &SendArgs,
    issued: &Issued,
) -> Result<Report, Failure> {
    let exchange = send.sends().then(|| crate::serve::exchange(node));
    let seen = watch(context, node, send.deadline(), issued).await;
    if let Some(exchange) = exchange {
        exchange.stop().await;
    }
    let (dealing, progress) = seen?;
    let state = dealing.state.as_deref().unwrap_or("not registered yet");
    let mut text = words(issued);
    let _ = writeln!(text, "issuance {}: {state}", issued.issuance);
    if let Some(progress) = progress.as_ref().filter(|progress| progress.held_back > 0) {
        let _ = writeln!(
            text,
            "{} activities, {}, are held back: `tanqiao-node conflict list`",
            progress.held_back, progress.held_back_g
        );
    }
    if let Some(problem) = progress.as_ref().and_then(|progress| progress.problem.as_ref()) {
        let _ = writeln!(text, "it does not go on: {problem}");
    }
    if let Some(reason) = &dealing.reason {
        let _ = writeln!(text, "reason: {reason}");
    }
    let refused = matches!(state, "refused" | "abandoned" | "expired");
    let all = serde_json::json!({ "issued": issued, "dealing": dealing, "tokens": progress });
    Ok(Report::new(text, &all)?.refused(refused))
}

async fn watch(
    context: &Context,
    node: &Node,
    deadline: Option<tokio::time::Instant>,
    issued: &Issued,
) -> Result<(Dealing, Option<TokenProgress>), Failure> {
    let bar = bar(context.json);
    let id = issued.issuance;
    let mut moved = node.progress();
    loop {
        moved.mark_unchanged();
        let dealing = node.dealing(id).await?;
        let progress = node.read(move |tx| issuing::progress(tx, id)).await?;
        if let Some(progress) = &progress {
            show(&bar, progress);
        }
        let decided = !matches!(
            dealing.state.as_deref(),
            None | Some("registered" | "uploaded" | "screening")
        );
        let late = deadline.is_some_and(|deadline| tokio::time::Instant::now() >= deadline);
        if decided || late {
            bar.finish_and_clear();
            return Ok((dealing, progress));
        }
        tokio::select! {
            _ = moved.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn show(bar: &ProgressBar, progress: &TokenProgress) {
    let (length, position, what) = match progress.state {
        StreamState::Deriving => (progress.activities, progress.derived, "activities have their tokens"),
        StreamState::Derived => (
            progress.activities,
            progress.derived,
            "activities; the header is on its way",
        ),
        StreamState::Uploading => (progress.bytes, progress.uploaded, "bytes are at the hub"),
        StreamState::Uploaded | StreamState::Ended => (progress.bytes, progress.bytes, "bytes; the hub compares"),
    };
    bar.set_length(length);
    bar.set_position(position);
    bar.set_message(progress.problem.clone().unwrap_or_else(|| what.to_owned()));
}

fn bar(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {eta} {msg}") {
        bar.set_style(style);
    }
    bar
}
