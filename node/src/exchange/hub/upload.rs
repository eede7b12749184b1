//! Uploading a token stream in pieces, as draft-ietf-httpbis-resumable-upload names its headers.

use std::time::Duration;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use tanqiao_protocol::conflict::UploadView;

use super::wire::refusal;
use super::{HubClient, HubError};

/// How long the hub may take to store a piece, and after the last one to compare the whole with its header.
const PIECE_TIMEOUT: Duration = Duration::from_secs(120);
const OFFSET: &str = "Upload-Offset";
const COMPLETE: &str = "Upload-Complete";

/// How much of a token stream the hub has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uploaded {
    /// Bytes that are safe there.
    pub(crate) offset: u64,
    /// True once it has found the stream to be the one that the header promised.
    pub(crate) complete: bool,
}

impl HubClient {
    /// `GET /v1/issuances/{id}/tokens`: how much the hub has.
    ///
    /// # Errors
    /// [`HubError`]
    pub(crate) async fn uploaded(&self, issuance: &str) -> Result<Uploaded, HubError> {
        let view: UploadView = self.get(&format!("/v1/issuances/{issuance}/tokens"), &()).await?;
        Ok(Uploaded {
            offset: view.offset,
            complete: view.complete,
        })
    }

    /// `PUT /v1/issuances/{id}/tokens`: the bytes from `offset` on; `last` if they are the last. Where the hub has another offset,
    /// that is the answer.
    ///
    /// # Errors
    /// [`HubError`]
    pub(crate) async fn upload(
        &self,
        issuance: &str,
        offset: u64,
        last: bool,
        bytes: Vec<u8>,
    ) -> Result<Uploaded, HubError> {
        let request = self
            .http()
            .put(format!("{}/v1/issuances/{issuance}/tokens", self.base))
            .header(OFFSET, offset.to_string())
            .header(COMPLETE, if last { "?1" } else { "?0" })
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes)
            .timeout(PIECE_TIMEOUT);
        let response = self.send(request).await?;
        let elsewhere = response.status() == StatusCode::CONFLICT && response.headers().contains_key(OFFSET);
        if !response.status().is_success() && !elsewhere {
            return Err(refusal(response).await);
        }
        offset_of(&response)
    }
}

fn offset_of(response: &Response) -> Result<Uploaded, HubError> {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let offset = text(OFFSET).and_then(|offset| offset.trim().parse().ok());
    Ok(Uploaded {
        offset: offset.ok_or_else(|| HubError::Unreadable(format!("an upload without `{OFFSET}`")))?,
        complete: text(COMPLETE).is_some_and(|complete| complete.trim() == "?1"),
    })
}
