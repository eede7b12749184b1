//! Digests of rows that nothing else vouches for: an altered byte shows.

use tanqiao_protocol::id::Sha256;

use super::rows::{EnvelopeRow, MessageRow};

/// SHA-256 over fields, each with its length before it.
fn over(kind: &str, fields: &[&[u8]]) -> Sha256 {
    let mut bytes = Vec::with_capacity(fields.iter().map(|field| field.len() + 8).sum::<usize>() + kind.len());
    bytes.extend_from_slice(kind.as_bytes());
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    Sha256::of(&bytes)
}

impl MessageRow {
    /// What its digest has to be.
    #[must_use]
    pub fn computed_digest(&self) -> Sha256 {
        let envelope = self.envelope_sha256.as_deref().unwrap_or_default();
        let item = self.item.map(i32::to_be_bytes);
        over(
            "tanqiao-message/v1",
            &[
                &self.member_no.to_be_bytes(),
                &self.id,
                &self.payload_sha256,
                &self.action.to_be_bytes(),
                &self.status.to_be_bytes(),
                self.answer.as_bytes(),
                envelope,
                item.as_ref().map_or(&[], <[u8; 4]>::as_slice),
            ],
        )
    }

    /// The row with its digest.
    #[must_use]
    pub fn with_digest(mut self) -> Self {
        self.digest = Some(self.computed_digest().0.to_vec());
        self
    }
}

impl EnvelopeRow {
    /// What its digest has to be. The payload is in it by its hash, since a sealed answer to a challenge is emptied in time.
    #[must_use]
    pub fn computed_digest(&self) -> Sha256 {
        over(
            "tanqiao-envelope/v1",
            &[
                &self.sha256,
                &self.member_no.to_be_bytes(),
                self.payload_type.as_bytes(),
                self.signatures.as_bytes(),
            ],
        )
    }

    /// The row with its digest.
    #[must_use]
    pub fn with_digest(mut self) -> Self {
        self.digest = Some(self.computed_digest().0.to_vec());
        self
    }
}
