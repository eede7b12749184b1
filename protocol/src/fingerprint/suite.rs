//! Suites: how the pseudorandom output behind a token is made, and the token of an output.

use std::fmt;

use hmac::{KeyInit, Mac};
use zeroize::{Zeroize, Zeroizing};

use super::epoch::Epoch;
use super::token::{Token, TokenKind};
use crate::id::{Name, Sha256};
use crate::text::words;

/// The first bytes of what is hashed to a token; a change of the rule gets another one.
const TOKEN_CONTEXT: &[u8] = b"cih-token/v1";

words! {
    /// A suite of fingerprint tokens. Tokens of different suites are never equal.
    pub enum TokenSuite {
        /// A 2-of-3 threshold VOPRF among evaluators (RFC 9497 §4.1, mode 0x01): nobody can make a token alone.
        Voprf = 1 "voprf-ristretto255-sha512",
        /// HMAC-SM3 under one key that a certified device holds: for sites that must use national cryptography.
        HmacSm3 = 2 "hmac-sm3",
    }
}

impl TokenSuite {
    /// The suite of the name in an issuance's header; `None` for one that is not known here.
    #[must_use]
    pub fn of_name(name: &Name) -> Option<Self> {
        name.as_str().parse().ok()
    }
}

/// The token of a pseudorandom output: the first 16 bytes of SHA-256 over the context, the epoch as its seven ASCII
/// bytes, the kind as its one letter, and the output. Epoch and kind are in it so that equal outputs under a key that was
/// wrongly used for two months, or for two kinds, still give unequal tokens.
#[must_use]
pub fn token_of(epoch: Epoch, kind: TokenKind, output: &[u8]) -> Token {
    let hash = Sha256::of_parts(&[
        TOKEN_CONTEXT,
        epoch.to_string().as_bytes(),
        kind.word().as_bytes(),
        output,
    ]);
    let mut token = [0; 16];
    token.copy_from_slice(hash.0.first_chunk::<16>().unwrap_or(&[0; 16]));
    Token(token)
}

/// A pseudorandom function that its holder computes without asking anyone: a key in a device, and in tests the single
/// key whose shares the evaluators hold.
pub trait LocalFunction {
    /// Which suite its tokens are of.
    fn suite(&self) -> TokenSuite;

    /// The output of one canonical input.
    fn output(&self, input: &[u8]) -> Zeroizing<Vec<u8>>;

    /// The token of one canonical input.
    fn token(&self, epoch: Epoch, kind: TokenKind, input: &[u8]) -> Token {
        token_of(epoch, kind, &self.output(input))
    }
}

/// The key of the suite `hmac-sm3`: 32 bytes (GM/T 0004 SM3 in HMAC as RFC 2104 and GB/T 15852.2 define it). In service
/// the key is made in a device and never leaves it; then the device computes [`LocalFunction::output`].
#[derive(Clone)]
pub struct HmacSm3Key(Zeroizing<[u8; 32]>);

impl HmacSm3Key {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for HmacSm3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSm3Key(…)")
    }
}

impl LocalFunction for HmacSm3Key {
    fn suite(&self) -> TokenSuite {
        TokenSuite::HmacSm3
    }

    fn output(&self, input: &[u8]) -> Zeroizing<Vec<u8>> {
        // A key of 32 bytes is half a block of SM3: it is never refused and never hashed first.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mut mac = hmac::Hmac::<sm3::Sm3>::new(&block.into());
        block.zeroize();
        mac.update(input);
        Zeroizing::new(mac.finalize().into_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_depends_on_month_kind_and_output() {
        let (may, june) = ("2026-05".parse().unwrap(), "2026-06".parse().unwrap());
        let token = token_of(may, TokenKind::Record, b"output");
        // printf 'cih-token/v12026-05Routput' | sha256sum | cut -c1-32
        assert_eq!(token.to_string(), "59fbea4f4bd0112e4a77791de0d8a769");
        assert_ne!(token, token_of(june, TokenKind::Record, b"output"));
        assert_ne!(token, token_of(may, TokenKind::Asset, b"output"));
        assert_ne!(token, token_of(may, TokenKind::Record, b"outpux"));
    }

    #[test]
    fn hmac_sm3_is_what_openssl_computes() {
        for (key, input) in [
            ([0; 32], &b""[..]),
            ([0x5a; 32], b"cih-fp/v1"),
            (*b"0123456789abcdef0123456789abcdef", &[7; 200]),
        ] {
            let pkey = openssl::pkey::PKey::hmac(&key).unwrap();
            let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sm3(), &pkey).unwrap();
            signer.update(input).unwrap();
            assert_eq!(*HmacSm3Key::new(key).output(input), signer.sign_to_vec().unwrap());
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", HmacSm3Key::new([9; 32])), "HmacSm3Key(…)");
    }
}
