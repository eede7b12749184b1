//! HMAC-SM3 under a key of this site (tier B): for sites that must use national cryptography, where the key is in a device,
//! and for tests. All members that shall find each other's activities have the same key.

use std::path::Path;

use futures_util::future::BoxFuture;
use tanqiao_protocol::fingerprint::{Epoch, HmacSm3Key, LocalFunction as _, TokenSuite};
use zeroize::Zeroizing;

use super::provider::{Outputs, TokenError, TokenProvider};
use crate::config::read_private;
use crate::error::NodeError;

/// Makes tokens with a key in a file of mode 0600: 64 hexadecimal digits.
#[derive(Debug, Clone)]
pub struct HmacSm3(HmacSm3Key);

impl HmacSm3 {
    /// With this key.
    #[must_use]
    pub const fn new(key: HmacSm3Key) -> Self {
        Self(key)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// [`NodeError::Config`] for a file that is unreadable or open to others, [`NodeError::Refused`] (`token-key`) for one that
    /// is no key.
    pub fn open(file: &Path) -> Result<Self, NodeError> {
        let text = Zeroizing::new(read_private(file)?);
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            NodeError::refused(
                "token-key",
                format!(
                    "{} is no key of HMAC-SM3: 64 hexadecimal digits, the same at every member that uses this suite",
                    file.display()
                ),
            )
        })?;
        Ok(Self(HmacSm3Key::new(bytes)))
    }
}

impl TokenProvider for HmacSm3 {
    fn suite(&self) -> TokenSuite {
        TokenSuite::HmacSm3
    }

    fn outputs(&self, _: Epoch, inputs: Vec<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<Outputs, TokenError>> {
        let key = self.0.clone();
        Box::pin(async move {
            let work = move || inputs.iter().map(|input| key.output(input)).collect();
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| TokenError::Unavailable("the node is shutting down".to_owned()))
        })
    }
}
