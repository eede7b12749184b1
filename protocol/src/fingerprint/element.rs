//! Group elements, proofs and lists of elements, as they travel.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity;

use crate::id::TextError;
use crate::text::serde_as_text;

/// The most elements in one evaluation. The proof numbers them in two bytes (RFC 9497 §2.2.1).
pub const BATCH_ITEMS_MAX: usize = 65_535;
/// Bytes of an encoded element (RFC 9496 §4.3.2).
pub const ELEMENT_BYTES: usize = 32;
/// Bytes of an encoded proof: two scalars.
pub const PROOF_BYTES: usize = 64;

/// An element of ristretto255 in its one encoding (RFC 9496 §4.3.1), never the identity: a public key. Written as 64
/// lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicElement([u8; ELEMENT_BYTES]);

impl PublicElement {
    /// The element of these bytes; `None` if they are no canonical encoding, or the identity (RFC 9497 §4.1,
    /// `DeserializeElement`).
    #[must_use]
    pub fn from_bytes(bytes: [u8; ELEMENT_BYTES]) -> Option<Self> {
        point_of(&bytes).map(|_| Self(bytes))
    }

    /// Its encoding.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ELEMENT_BYTES] {
        &self.0
    }

    /// The point; `None` cannot happen, since the bytes have been checked.
    pub(super) fn point(&self) -> Option<RistrettoPoint> {
        point_of(&self.0)
    }
}

/// Decodes an element that peers exchange: canonical, and not the identity.
pub(super) fn point_of(bytes: &[u8; ELEMENT_BYTES]) -> Option<RistrettoPoint> {
    CompressedRistretto(*bytes)
        .decompress()
        .filter(|point| !point.is_identity())
}

impl FromStr for PublicElement {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        decode_hex(text).and_then(Self::from_bytes).ok_or_else(|| {
            TextError::new(
                text,
                "an element of ristretto255: 64 lower-case hexadecimal digits of its canonical encoding, not the identity",
            )
        })
    }
}

impl fmt::Display for PublicElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

serde_as_text!(PublicElement, "64 hexadecimal digits of an element of ristretto255");

/// A proof that all elements of an evaluation were multiplied by the key of one public key (batched DLEQ, RFC 9497
/// §2.2): the scalars `c` and `s`. Written as 128 lower-case hexadecimal digits; checked when it is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub [u8; PROOF_BYTES]);

impl FromStr for Proof {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        decode_hex(text)
            .map(Self)
            .ok_or_else(|| TextError::new(text, "a proof: 128 lower-case hexadecimal digits"))
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({self})")
    }
}

serde_as_text!(Proof, "a proof of 128 hexadecimal digits");

fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

/// Blinded or evaluated elements in their order: 1 to [`BATCH_ITEMS_MAX`] encodings of 32 bytes. They travel as the
/// base64 of all encodings one after the other, and are decoded where they are used: a position can then be named.
#[derive(Clone, PartialEq, Eq)]
pub struct Elements(Vec<[u8; ELEMENT_BYTES]>);

impl Elements {
    /// These encodings; `None` if there are none, or more than [`BATCH_ITEMS_MAX`].
    #[must_use]
    pub fn new(encodings: Vec<[u8; ELEMENT_BYTES]>) -> Option<Self> {
        (1..=BATCH_ITEMS_MAX)
            .contains(&encodings.len())
            .then_some(Self(encodings))
    }

    /// The encodings.
    #[must_use]
    pub fn as_slice(&self) -> &[[u8; ELEMENT_BYTES]] {
        &self.0
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// All encodings one after the other: what names a batch when it is sent again.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }
}

impl FromStr for Elements {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let refuse = || TextError::new(text, "base64 of 1 to 65,535 elements of 32 bytes");
        let longest = (BATCH_ITEMS_MAX * ELEMENT_BYTES).div_ceil(3) * 4;
        if text.len() > longest {
            return Err(refuse());
        }
        let bytes = STANDARD.decode(text).map_err(|_| refuse())?;
        let (encodings, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        Self::new(encodings.to_vec())
            .filter(|_| rest.is_empty())
            .ok_or_else(refuse)
    }
}

impl fmt::Display for Elements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for Elements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Elements({})", self.0.len())
    }
}

serde_as_text!(Elements, "base64 of elements of 32 bytes each");

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator (RFC 9496 appendix A.1).
    const BASE: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

    #[test]
    fn an_element_has_one_encoding() {
        assert_eq!(BASE.parse::<PublicElement>().unwrap().to_string(), BASE);
        assert!(BASE.to_uppercase().parse::<PublicElement>().is_err());
    }

    #[test]
    fn the_identity_and_what_is_no_canonical_encoding_are_refused() {
        // RFC 9496 appendix A.2 (non-canonical, negative, non-square, negative xy, s = -1), and the identity.
        for text in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
            "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e2f2",
        ] {
            assert!(text.parse::<PublicElement>().is_err(), "{text}");
        }
    }

    #[test]
    fn elements_travel_in_whole_pieces_of_bounded_number() {
        let two = Elements::new(vec![[1; 32], [2; 32]]).unwrap();
        assert_eq!(two.to_string().parse::<Elements>().unwrap(), two);
        assert!("".parse::<Elements>().is_err());
        assert!(STANDARD.encode([0; 33]).parse::<Elements>().is_err());
        assert!("%%%%".parse::<Elements>().is_err());
        let most = Elements::new(vec![[3; 32]; BATCH_ITEMS_MAX]).unwrap();
        assert_eq!(most.to_string().parse::<Elements>().unwrap().count(), BATCH_ITEMS_MAX);
        assert!(Elements::new(vec![[3; 32]; BATCH_ITEMS_MAX + 1]).is_none());
        let over = STANDARD.encode(vec![3; (BATCH_ITEMS_MAX + 1) * 32]);
        assert!(over.parse::<Elements>().is_err());
    }
}
