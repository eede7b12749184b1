//! PEM as RFC 7468 §2 lays it out: one block, lines of 64 characters. Written here so that a private key passes through
//! wiped buffers only, and so that an encrypted file can never make a library ask for a password on the terminal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::KeyError;

pub(super) const PRIVATE: &str = "PRIVATE KEY";
pub(super) const PUBLIC: &str = "PUBLIC KEY";

/// The PEM text of `der`, ending in a line feed.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // The capacity covers everything, so that no reallocation leaves an unwiped copy behind.
    let mut out = Zeroizing::new(String::with_capacity(
        body.len() + body.len() / 64 + 2 * label.len() + 40,
    ));
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = next;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// The DER of the one block of `text`. Blank space around it is ignored; another label or a second block is refused.
pub(super) fn decode(label: &'static str, text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let refused = || KeyError::Pem { label };
    let inner = text
        .trim()
        .strip_prefix("-----BEGIN ")
        .and_then(|t| t.strip_prefix(label))
        .and_then(|t| t.strip_prefix("-----"));
    let body = inner
        .and_then(|t| t.strip_suffix("-----"))
        .and_then(|t| t.strip_suffix(label))
        .and_then(|t| t.strip_suffix("-----END "))
        .ok_or_else(refused)?;
    let mut compact = Zeroizing::new(String::with_capacity(body.len()));
    compact.extend(body.chars().filter(|c| !c.is_ascii_whitespace()));
    let mut der = Zeroizing::new(Vec::with_capacity(compact.len()));
    STANDARD
        .decode_vec(compact.as_bytes(), &mut der)
        .map_err(|_| refused())?;
    Ok(der)
}
