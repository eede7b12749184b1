//! A text that must not stay in memory or be shown: a scalar in hexadecimal.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Overwritten when it is dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// These bytes in hexadecimal.
    #[must_use]
    pub fn hex(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(hex::encode(bytes)))
    }

    /// The 32 bytes that it stands for, if it does.
    #[must_use]
    pub fn bytes(&self) -> Option<Zeroizing<[u8; 32]>> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(self.0.as_str(), &mut *bytes)
            .is_ok()
            .then_some(bytes)
    }
}

impl Deref for SecretText {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}
