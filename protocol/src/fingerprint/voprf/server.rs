//! The evaluator's side.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use voprf::{BlindedElement, Ristretto255, VoprfServer};

use super::VoprfError;
use crate::fingerprint::element::{Elements, Proof, PublicElement};

/// One evaluator's share of a month's key. It is overwritten when it is dropped, and never shown.
pub struct KeyShare {
    server: VoprfServer<Ristretto255>,
    public_key: PublicElement,
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyShare(of {})", self.public_key)
    }
}

impl KeyShare {
    /// The share of these 32 bytes, little-endian.
    ///
    /// # Errors
    /// [`VoprfError::Share`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, VoprfError> {
        let server = VoprfServer::<Ristretto255>::new_with_key(bytes).map_err(|_| VoprfError::Share)?;
        let encoding = server.get_public_key().compress().to_bytes();
        Ok(Self {
            public_key: PublicElement::from_bytes(encoding).ok_or(VoprfError::Share)?,
            server,
        })
    }

    /// The key that its proofs are checked against.
    #[must_use]
    pub const fn public_key(&self) -> PublicElement {
        self.public_key
    }

    /// Multiplies every element by the share, with one proof for all (RFC 9497 §3.3.2, `BlindEvaluate`). About 75 µs an
    /// element, in a time that does not depend on the share.
    ///
    /// # Errors
    /// [`VoprfError::Element`] names the first that is not canonical, or the identity.
    pub fn evaluate<R: RngCore + CryptoRng>(
        &self,
        blinded: &Elements,
        rng: &mut R,
    ) -> Result<(Elements, Proof), VoprfError> {
        let decoded = blinded.as_slice().iter().enumerate().map(|(position, encoding)| {
            BlindedElement::deserialize(encoding).map_err(|_| VoprfError::Element { position })
        });
        let decoded: Vec<BlindedElement<Ristretto255>> = decoded.collect::<Result<_, _>>()?;
        let count = decoded.len();
        let evaluated = self
            .server
            .batch_blind_evaluate(rng, &decoded)
            .map_err(|_| VoprfError::Inputs(count))?;
        let encodings = evaluated.messages.iter().map(|one| one.serialize().into()).collect();
        let elements = Elements::new(encodings).ok_or(VoprfError::Inputs(count))?;
        Ok((elements, Proof(evaluated.proof.serialize().into())))
    }
}
