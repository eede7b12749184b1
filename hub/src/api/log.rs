//! The transparency log, for everybody: checkpoint, tiles, entries and policy (C2SP `tlog-tiles`, `tlog-policy`).

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data, Path};
use tanqiao_protocol::log::tile::Tile;

use super::answer::{Answer, Refused};
use super::hub::Hub;
use crate::transparency::{end_of, published};

/// How long a tile is awaited that another process has published already.
const BUILT_WITHIN: Duration = Duration::from_secs(2);

const TEXT: &str = "text/plain; charset=utf-8";

/// A text that may be another in a moment.
pub(super) fn text(text: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type(TEXT)
        .body(text.into())
}

/// `GET /log/checkpoint`: the newest that has its quorum.
pub async fn checkpoint(hub: Data<Hub>) -> Answer {
    let now = hub.now();
    let found = hub.read(move |connection| published(connection, now)).await?;
    let (_, note, _) = found.ok_or_else(Refused::not_found)?;
    Ok(text(note.to_string()))
}

/// `GET /log/policy`
pub async fn policy(hub: Data<Hub>) -> Answer {
    let governance = hub.sequencer.governance();
    let policy = governance.log.policy(&hub.settings.log_key);
    Ok(text(policy.map_err(|error| Refused::fault(&error))?.print()))
}

/// `GET /log/tile/…` and `GET /log/tile/entries/…`
pub async fn tile(hub: Data<Hub>, path: Path<String>) -> Answer {
    // Whatever is no path of a tile is nowhere.
    let tile: Tile = format!("tile/{path}").parse().map_err(|_| Refused::not_found())?;
    let end = end_of(tile);
    let mut posted = hub.log.posted();
    if posted.borrow().built < end {
        let committed = u64::try_from(*hub.sequencer.log_size().borrow()).unwrap_or(0);
        let coming = end <= committed;
        let wait = tokio::time::timeout(BUILT_WITHIN, posted.wait_for(|posted| posted.built >= end));
        if !coming || !matches!(wait.await, Ok(Ok(_))) {
            return Err(Refused::not_found());
        }
    }
    let files = hub.log.files().clone();
    let read = web::block(move || files.tile(tile)).await;
    let bytes = read
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| Refused::fault(&error))?
        .ok_or_else(Refused::not_found)?;
    let mut answer = HttpResponse::Ok();
    if tile.is_full() {
        answer.insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    }
    Ok(answer.content_type("application/octet-stream").body(bytes))
}
