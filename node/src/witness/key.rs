//! The key with which this member's witness cosigns; it signs nothing else.

use tanqiao_certs::durable;
use tanqiao_protocol::signing::{Algorithm, NoteKey, NoteKind, SigningKey};

use crate::config::{Config, read_private};
use crate::error::NodeError;
use crate::exchange::ExchangeError;

/// The witness's key and its name in signatures, `<trust domain>/witness/<member>`.
#[derive(Debug)]
pub(super) struct WitnessSigner {
    pub(super) key: NoteKey,
    pub(super) secret: SigningKey,
}

/// Reads the key of the configuration, and makes it where it is missing.
///
/// # Errors
/// [`NodeError::Config`] for a file that is unreadable or open to others; [`NodeError::Refused`] with `witness-key` where it is no
/// Ed25519 key or cannot be made.
pub(super) fn open(config: &Config) -> Result<WitnessSigner, NodeError> {
    let file = &config.witness.key;
    let refused = |why: &dyn std::fmt::Display| {
        NodeError::refused("witness-key", format!("`witness.key` {}: {why}", file.display()))
    };
    if !file.exists() {
        let made = SigningKey::generate(Algorithm::Ed25519).map_err(ExchangeError::from)?;
        let text = made.to_pem().map_err(ExchangeError::from)?;
        match durable::write_secret(file, text.as_bytes()) {
            // Another process of this node was quicker.
            Err(error) if error.already_exists() => {}
            Err(error) => return Err(refused(&error)),
            Ok(()) => tracing::info!(file = %file.display(), "a key for the witness of the log was made"),
        }
    }
    let secret = SigningKey::from_pem(&read_private(file)?).map_err(ExchangeError::from)?;
    let name = format!("{}/witness/{}", config.trust_domain, config.member);
    let key = NoteKey::of_kind(&name, NoteKind::Cosignature, secret.verifying_key().clone())
        .map_err(|error| refused(&error))?;
    Ok(WitnessSigner { key, secret })
}
