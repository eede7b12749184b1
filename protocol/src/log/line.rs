//! Numbers and hashes as all the log's formats write them, one spelling each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::id::Sha256;

/// A decimal without sign and leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// 32 bytes in base64, standard with padding (RFC 4648 §4).
pub(super) fn hash(text: &str) -> Option<Sha256> {
    Some(Sha256(STANDARD.decode(text).ok()?.try_into().ok()?))
}

/// What [`hash`] reads.
pub(super) fn encode(hash: &Sha256) -> String {
    STANDARD.encode(hash.0)
}

/// Lines of hashes up to the first empty line, and what follows that line. `None` if there is no empty line, a line is no
/// hash, or there are more than `most`.
pub(super) fn hashes(text: &str, most: usize) -> Option<(Vec<Sha256>, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let (line, after) = rest.split_once('\n')?;
        if line.is_empty() {
            return Some((found, after));
        }
        if found.len() == most {
            return None;
        }
        found.push(hash(line)?);
        rest = after;
    }
}
