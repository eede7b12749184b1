//! Questions whose answers are bytes of a limited number.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::wire::refusal;
use super::{HubClient, HubError};

/// The most bytes of one answer.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long one answer may take: the hub may read a million blocks for it.
const BYTES_TIMEOUT: Duration = Duration::from_secs(120);

impl HubClient {
    /// `POST` of a JSON body; the answer's bytes, 8 MiB at most.
    ///
    /// # Errors
    /// [`HubError`]
    pub(crate) async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, HubError> {
        let request = self
            .http()
            .post(format!("{}{path}", self.base))
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .timeout(BYTES_TIMEOUT);
        let mut response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let mut bytes = Vec::new();
        let broken = |error: reqwest::Error| HubError::Unreachable(error.without_url().to_string());
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if bytes.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(HubError::Unreadable(format!("more than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
