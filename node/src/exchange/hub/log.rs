//! The hub's transparency log, as a witness asks it.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tanqiao_protocol::log::note::{NOTE_BYTES_MAX, Note};
use tanqiao_protocol::log::tile::Tile;
use tanqiao_protocol::log::witness::{AddCheckpoint, REQUEST_BYTES_MAX};
use tanqiao_protocol::view::CosignatureTaken;

use super::wire::{bytes, read};
use super::{ANSWER_TIMEOUT, HubClient, HubError};

/// The largest file of the log: a bundle of 256 entries of 65,535 bytes, each with its length.
const TILE_BYTES_MAX: usize = 256 * (65_535 + 2);

fn unreadable(error: impl std::fmt::Display) -> HubError {
    HubError::Unreadable(error.to_string())
}

impl HubClient {
    /// `GET /v1/log/pending`: a checkpoint beyond `old` leaves and the proof that it continues them; the hub waits up to `wait_s`
    /// seconds for one.
    ///
    /// # Errors
    /// [`HubError`]; its problem `log-behind` has the newest note of a log that is shorter than `old`.
    pub async fn pending(&self, old: u64, wait_s: u32) -> Result<AddCheckpoint, HubError> {
        let request = self
            .http()
            .get(format!("{}/v1/log/pending", self.base))
            .query(&[("old", old), ("wait", u64::from(wait_s))])
            .timeout(ANSWER_TIMEOUT + Duration::from_secs(u64::from(wait_s)));
        let body = bytes(self.send(request).await?, REQUEST_BYTES_MAX).await?;
        AddCheckpoint::parse(&body).map_err(unreadable)
    }

    /// `POST /v1/log/cosignatures`
    ///
    /// # Errors
    /// [`HubError`]; its problem `log-fork` has the note of another root that the log has signed for this size.
    pub async fn cosign(&self, note: &Note) -> Result<CosignatureTaken, HubError> {
        let request = self
            .http()
            .post(format!("{}/v1/log/cosignatures", self.base))
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(note.to_string())
            .timeout(ANSWER_TIMEOUT);
        read(self.send(request).await?).await
    }

    /// `GET /v1/log/cosignatures`: the highest note that the hub has under this member's own witness key.
    ///
    /// # Errors
    /// [`HubError`]; 404 where there is none.
    pub async fn cosigned(&self) -> Result<Note, HubError> {
        self.note("/v1/log/cosignatures").await
    }

    /// `GET /log/checkpoint`: the newest note that has its quorum, as the hub says.
    ///
    /// # Errors
    /// [`HubError`]; 404 before the first.
    pub async fn checkpoint(&self) -> Result<Note, HubError> {
        self.note("/log/checkpoint").await
    }

    /// A file of the log: hashes or a bundle of entries.
    ///
    /// # Errors
    /// [`HubError`]; 404 where the log is not that long.
    pub async fn tile(&self, tile: Tile) -> Result<Vec<u8>, HubError> {
        match self.bytes(&format!("/log/{tile}"), TILE_BYTES_MAX).await {
            // A partial file may go once the full one is there, which begins with the same.
            Err(HubError::Problem(problem)) if problem.status == 404 && !tile.is_full() => {
                let full = tile.full();
                self.bytes(&format!("/log/{full}"), TILE_BYTES_MAX).await
            }
            other => other,
        }
    }

    async fn note(&self, path: &str) -> Result<Note, HubError> {
        Note::parse(&self.bytes(path, NOTE_BYTES_MAX).await?).map_err(unreadable)
    }
}
