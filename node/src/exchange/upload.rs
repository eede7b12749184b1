//! Uploading the token streams of registered issuances, in pieces, from where the hub says that it is.

use std::time::Duration;

use tokio::sync::watch;

use crate::crash;
use crate::error::NodeError;
use crate::exchange::backoff::Backoff;
use crate::issuing::StreamState;
use crate::service::Node;
use crate::store::screening::TokenStreamRow;

/// Bytes of one piece. Each is safe at the hub before the next is sent.
pub(super) const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// How long to wait for another process to register an issuance.
const IDLE_PAUSE: Duration = Duration::from_secs(1);
/// Streams that are looked at in one round.
const STREAMS_A_ROUND: i64 = 100;

/// Uploads what is registered until `stop` says true.
pub async fn upload(node: Node, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::default();
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let round = tokio::select! {
            _ = stop.changed() => return,
            round = round(&node) => round,
        };
        match round {
            Ok(true) => backoff.reset(),
            Ok(false) => {
                tokio::select! {
                    _ = stop.changed() => return,
                    _ = progress.changed() => {}
                    () = tokio::time::sleep(IDLE_PAUSE) => {}
                }
            }
            Err(error) => {
                let asked = if let NodeError::Hub(e) = &error {
                    e.retry_after()
                } else {
                    None
                };
                let pause = backoff.next(asked);
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "a token stream could not be uploaded");
                tokio::select! {
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Uploads every stream as far as it goes. True if one was finished; the first error, after the others were tried.
pub(super) async fn round(node: &Node) -> Result<bool, NodeError> {
    let rows = node
        .read(|tx| Ok(tx.token_streams(&[StreamState::Uploading.code()], STREAMS_A_ROUND)?))
        .await?;
    let (mut done, mut failed) = (false, None);
    // A file that was lost is made again first.
    for row in rows
        .into_iter()
        .filter(|row| node.streams().whole(&row.issuance).exists())
    {
        match one(node, &row).await {
            Ok(()) => done = true,
            Err(error) => {
                note(node, &row.issuance, None, Some(error.to_string()), false).await?;
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

async fn one(node: &Node, row: &TokenStreamRow) -> Result<(), NodeError> {
    let total = u64::try_from(row.bytes).unwrap_or(0);
    let mut there = node.hub().uploaded(&row.issuance).await?;
    while !there.complete {
        if there.offset > total {
            return Err(NodeError::refused(
                "token-stream",
                format!(
                    "the hub has {} bytes of a token stream of {total}: ask its operator",
                    there.offset
                ),
            ));
        }
        let (streams, issuance, offset) = (node.streams().clone(), row.issuance.clone(), there.offset);
        let piece = tokio::task::spawn_blocking(move || streams.piece(&issuance, offset, PIECE_BYTES))
            .await
            .map_err(NodeError::cancelled)??;
        let last = offset + piece.len() as u64 == total;
        if piece.is_empty() && !last {
            return Err(NodeError::refused(
                "token-stream",
                format!(
                    "the file of the token stream ends before its {total} bytes: restore it, or remove it to have it made again"
                ),
            ));
        }
        crash::point("upload.before-send");
        there = node.hub().upload(&row.issuance, offset, last, piece).await?;
        crash::point("upload.after-send");
        node.heard(None);
        // The last piece was taken, and the answer does not say so again.
        there.complete |= last && there.offset == total;
        if there.offset <= offset && !there.complete {
            // Another place, or nothing was kept: the next round begins anew, after a pause.
            return Err(NodeError::refused(
                "token-stream",
                format!(
                    "the hub goes on at byte {} of the token stream, not at {offset}",
                    there.offset
                ),
            ));
        }
        note(node, &row.issuance, Some(there.offset.min(total)), None, there.complete).await?;
    }
    note(node, &row.issuance, Some(total), None, true).await
}

/// Notes how much the hub has, and what is in the way.
async fn note(
    node: &Node,
    issuance: &str,
    uploaded: Option<u64>,
    problem: Option<String>,
    complete: bool,
) -> Result<(), NodeError> {
    let issuance = issuance.to_owned();
    node.write(move |tx| {
        let Some(mut row) = tx.token_stream(&issuance)? else {
            return Ok(());
        };
        let before = row.clone();
        if let Some(uploaded) = uploaded {
            row.uploaded = i64::try_from(uploaded).unwrap_or(row.bytes);
        }
        row.problem.clone_from(&problem);
        if complete && row.state == StreamState::Uploading.code() {
            row.state = StreamState::Uploaded.code();
        }
        if row == before {
            return Ok(());
        }
        Ok(tx.update_token_stream(&row)?)
    })
    .await
}
