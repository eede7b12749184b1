//! The bytes of which tokens are made.
//!
//! `"cih-fp/v1" ‖ 0x00 ‖ letter of the kind ‖ fields`, each field as its length in bytes (2, big-endian) and its UTF-8:
//!
//! | kind | fields |
//! | --- | --- |
//! | `R` | source, record |
//! | `P` | asset, month as `2026-05` |
//! | `A` | asset, width of the bucket in seconds, its first second since 1970-01-01 UTC |
//! | `S` | activity, kind of identifier, identifier, width, first second |
//!
//! Region, methodology and amount are in none of them: two claims of one act differ in these. Nor is there ever an input of the
//! subject alone, whose tokens would let the hub follow a person through time.

use std::fmt;

use zeroize::Zeroizing;

use super::canonical::Bucket;
use super::epoch::Epoch;
use super::subject::SubjectKey;
use super::token::TokenKind;
use crate::id::Name;

const CONTEXT: &[u8] = b"cih-fp/v1\0";

/// What one token is made of. `Debug` hides the bytes, which may hold a person's identifier; they are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenInput {
    /// The token's kind.
    pub kind: TokenKind,
    /// The month whose key it is made with.
    pub epoch: Epoch,
    /// The input of the keyed function.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for TokenInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TokenInput({} of {}, {} bytes hidden)",
            self.kind,
            self.epoch,
            self.bytes.len()
        )
    }
}

pub(super) fn record(epoch: Epoch, source: &str, record: &str) -> TokenInput {
    input(TokenKind::Record, epoch, &[source, record])
}

pub(super) fn project(epoch: Epoch, asset: &str) -> TokenInput {
    input(TokenKind::Project, epoch, &[asset, &epoch.to_string()])
}

pub(super) fn asset(bucket: &Bucket, asset: &str) -> TokenInput {
    let (width, start) = (bucket.width_s.to_string(), bucket.start_s.to_string());
    input(TokenKind::Asset, bucket.epoch, &[asset, &width, &start])
}

pub(super) fn subject(bucket: &Bucket, activity: &Name, subject: &SubjectKey) -> TokenInput {
    let (width, start) = (bucket.width_s.to_string(), bucket.start_s.to_string());
    let fields = [
        activity.as_str(),
        subject.kind().word(),
        subject.expose(),
        &width,
        &start,
    ];
    input(TokenKind::Subject, bucket.epoch, &fields)
}

fn input(kind: TokenKind, epoch: Epoch, fields: &[&str]) -> TokenInput {
    let length = CONTEXT.len() + 1 + fields.iter().map(|field| 2 + field.len()).sum::<usize>();
    // Allocated once: growing would leave copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(CONTEXT);
    bytes.extend_from_slice(kind.word().as_bytes());
    for field in fields {
        // Identifiers have 256 bytes at most, names 100.
        bytes.extend_from_slice(&u16::try_from(field.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    TokenInput { kind, epoch, bytes }
}
