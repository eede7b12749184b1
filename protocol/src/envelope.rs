//! Signed messages: DSSE envelopes, version 1 (<https://github.com/secure-systems-lab/dsse>).
//!
//! What is signed is the pre-authentication encoding of the payload's type and bytes, so a signature for one action is
//! none for another, and no canonical form of JSON is needed: the bytes are kept as they came.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize, Serializer};

use crate::check::CheckCode;
use crate::id::Sha256;
use crate::problem::Problem;
use crate::signing::{KeyError, KeyId, SigningKey, VerifyingKey};
use crate::strict::{self, StrictError};

/// The largest envelope, in bytes of JSON: 8 MiB (2-protocol, Errors and limits).
pub const MAX_BYTES: usize = strict::MAX_BYTES;

/// The most signatures in one envelope.
pub const MAX_SIGNATURES: usize = 8;

/// The longest payload type, in bytes.
pub const MAX_TYPE_BYTES: usize = 255;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// DSSE v1: "either standard or URL-safe encoding; consumers must accept either". Padding may be left out, as is usual
/// in the second; bits that belong to no byte must be zero.
const STANDARD_IN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_IN: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Why an envelope is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeRefusal {
    /// Not strict JSON of an envelope's shape: M01, M02 or M03.
    #[error("the envelope cannot be read: {0}")]
    Json(StrictError),
    /// `payload` or a `sig` is not base64: M02.
    #[error("{path}: not base64, neither standard nor URL-safe")]
    Base64 {
        /// The member concerned.
        path: String,
    },
    /// A payload type that is empty or longer than [`MAX_TYPE_BYTES`]: M02.
    #[error("payloadType: from 1 to {MAX_TYPE_BYTES} bytes")]
    PayloadType,
    /// More than [`MAX_SIGNATURES`] signatures: M03.
    #[error("{found} signatures, of which at most {MAX_SIGNATURES} are permitted")]
    TooManySignatures {
        /// How many there are.
        found: usize,
    },
    /// No signature at all: M04.
    #[error("the envelope carries no signature")]
    Unsigned,
    /// A signature by one of the member's keys does not verify: M04.
    #[error("no signature fits the payload and its type under the member's key{}", named(*key))]
    Signature {
        /// The key that the signature names, if it names one of the member's.
        key: Option<KeyId>,
    },
    /// No signature names a key of the member: M05.
    #[error("no signature is by a key of the member; the envelope names {found:?}")]
    KeyUnknown {
        /// The key ids in the envelope.
        found: Vec<String>,
    },
}

fn named(key: Option<KeyId>) -> String {
    key.map_or_else(String::new, |key| format!(" {key}"))
}

impl EnvelopeRefusal {
    /// The check that refuses: M01 to M05.
    #[must_use]
    pub const fn check(&self) -> CheckCode {
        match self {
            Self::Json(error) => error.check(),
            Self::Base64 { .. } | Self::PayloadType => CheckCode::M02,
            Self::TooManySignatures { .. } => CheckCode::M03,
            Self::Unsigned | Self::Signature { .. } => CheckCode::M04,
            Self::KeyUnknown { .. } => CheckCode::M05,
        }
    }
}

impl From<&EnvelopeRefusal> for Problem {
    fn from(refusal: &EnvelopeRefusal) -> Self {
        match refusal {
            EnvelopeRefusal::Json(error) => Self::from(error),
            EnvelopeRefusal::Base64 { path } => Self::of(refusal.check()).detail(format!("{refusal}.")).path(path),
            other => Self::of(other.check()).detail(format!("{other}.")),
        }
    }
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// Which key made it: a hint that nothing relies on (DSSE v1). May be empty.
    #[serde(rename = "keyid", skip_serializing_if = "String::is_empty")]
    pub key_id: String,
    /// The signature's bytes.
    #[serde(serialize_with = "as_base64")]
    pub sig: Vec<u8>,
}

/// A payload with its type and signatures. Fields are private: an envelope that was read keeps the bytes that were
/// signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    #[serde(serialize_with = "as_base64")]
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

fn as_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// The envelope as it stands in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    #[serde(rename = "keyid", default)]
    key_id: String,
    sig: String,
}

impl WireSignature {
    fn read(self, path: impl FnOnce() -> String) -> Result<Signature, EnvelopeRefusal> {
        Ok(Signature {
            sig: from_base64(&self.sig, path)?,
            key_id: self.key_id,
        })
    }
}

fn from_base64(text: &str, path: impl FnOnce() -> String) -> Result<Vec<u8>, EnvelopeRefusal> {
    // One alphabet per text: what mixes both is neither.
    let engine = if text.contains(['-', '_']) {
        &URL_SAFE_IN
    } else {
        &STANDARD_IN
    };
    engine
        .decode(text)
        .map_err(|_| EnvelopeRefusal::Base64 { path: path() })
}

fn within_limits(payload_type: &str, signatures: usize) -> Result<(), EnvelopeRefusal> {
    match signatures {
        0 => return Err(EnvelopeRefusal::Unsigned),
        found if found > MAX_SIGNATURES => return Err(EnvelopeRefusal::TooManySignatures { found }),
        _ => {}
    }
    if payload_type.is_empty() || payload_type.len() > MAX_TYPE_BYTES {
        return Err(EnvelopeRefusal::PayloadType);
    }
    Ok(())
}

impl TryFrom<Wire> for Envelope {
    type Error = EnvelopeRefusal;
    fn try_from(wire: Wire) -> Result<Self, EnvelopeRefusal> {
        within_limits(&wire.payload_type, wire.signatures.len())?;
        let payload = from_base64(&wire.payload, || "payload".to_owned())?;
        let read = |(at, signature): (usize, WireSignature)| signature.read(|| format!("signatures[{at}].sig"));
        let signatures = wire
            .signatures
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            payload_type: wire.payload_type,
            payload,
            signatures,
        })
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireSignature::deserialize(deserializer)?;
        wire.read(|| "sig".to_owned()).map_err(serde::de::Error::custom)
    }
}

/// For envelopes inside other messages (`{"envelopes":[…]}`), whose bytes [`strict`] has scanned already.
impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?
            .try_into()
            .map_err(serde::de::Error::custom)
    }
}

impl Envelope {
    /// Reads an envelope from JSON: strict (no name twice, no unknown member), at most [`MAX_BYTES`], 1 to
    /// [`MAX_SIGNATURES`] signatures, base64 in either alphabet.
    ///
    /// # Errors
    /// [`EnvelopeRefusal`] with its check code.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeRefusal> {
        strict::from_slice::<Wire>(bytes)
            .map_err(EnvelopeRefusal::Json)?
            .try_into()
    }

    /// An envelope from its parts, as an offer carries them.
    ///
    /// # Errors
    /// [`EnvelopeRefusal`] if there are no signatures or too many, or the type is empty or too long.
    pub fn from_parts(
        payload_type: &str,
        payload: Vec<u8>,
        signatures: Vec<Signature>,
    ) -> Result<Self, EnvelopeRefusal> {
        within_limits(payload_type, signatures.len())?;
        Ok(Self {
            payload_type: payload_type.to_owned(),
            payload,
            signatures,
        })
    }

    /// Signs a payload.
    ///
    /// # Errors
    /// [`KeyError::Library`] if the key cannot sign.
    pub fn sign(payload_type: &str, payload: Vec<u8>, key: &SigningKey) -> Result<Self, KeyError> {
        let mut envelope = Self {
            payload_type: payload_type.to_owned(),
            payload,
            signatures: Vec::with_capacity(1),
        };
        envelope.add_signature(key)?;
        Ok(envelope)
    }

    /// Adds a signature over the same payload, for messages that need two (a pledgee's consent).
    ///
    /// # Errors
    /// [`KeyError::Library`] if the key cannot sign.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), KeyError> {
        let sig = key.sign(&self.pae())?.to_vec();
        self.signatures.push(Signature {
            key_id: key.id().to_string(),
            sig,
        });
        Ok(())
    }

    /// Which of these keys has signed. A signature that names one of them is tried with that one, a signature without a
    /// name with each; one that fits is enough.
    ///
    /// # Errors
    /// [`EnvelopeRefusal::KeyUnknown`] (M05) if no signature names one of the keys, [`EnvelopeRefusal::Signature`] (M04)
    /// if one does and does not fit.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<KeyId, EnvelopeRefusal> {
        let pae = self.pae();
        let mut tried = false;
        let mut named = None;
        for signature in &self.signatures {
            for key in candidates(signature, keys) {
                tried = true;
                if key.verify(&pae, &signature.sig) {
                    return Ok(key.id());
                }
                if !signature.key_id.is_empty() {
                    named.get_or_insert(key.id());
                }
            }
        }
        if tried {
            Err(EnvelopeRefusal::Signature { key: named })
        } else {
            let found = self
                .signatures
                .iter()
                .map(|signature| signature.key_id.chars().take(64).collect())
                .collect();
            Err(EnvelopeRefusal::KeyUnknown { found })
        }
    }

    /// All of these keys that have signed, each once, in the order of the signatures.
    #[must_use]
    pub fn signers(&self, keys: &[VerifyingKey]) -> Vec<KeyId> {
        let pae = self.pae();
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let fits = candidates(signature, keys).find(|key| key.verify(&pae, &signature.sig));
            if let Some(key) = fits.filter(|key| !signers.contains(&key.id())) {
                signers.push(key.id());
            }
        }
        signers
    }

    /// The type of the payload: which action was signed.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The payload, byte for byte as it was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The SHA-256 of the payload: what an acceptance signs of a proposal, and what a message is told apart by.
    #[must_use]
    pub fn payload_sha256(&self) -> Sha256 {
        Sha256::of(&self.payload)
    }

    /// The bytes that are signed; see [`pae`].
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// The envelope as JSON, base64 standard with padding.
    ///
    /// # Errors
    /// Never for an envelope of this type; serde has no infallible form.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

fn candidates<'k>(signature: &Signature, keys: &'k [VerifyingKey]) -> impl Iterator<Item = &'k VerifyingKey> {
    let any = signature.key_id.is_empty();
    let id = signature.key_id.parse::<KeyId>().ok();
    keys.iter().filter(move |key| any || Some(key.id()) == id)
}

/// The pre-authentication encoding of DSSE v1: `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes as
/// decimal numbers.
#[must_use]
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
    let mut out = Vec::with_capacity(head.len() + body.len());
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
    out
}
