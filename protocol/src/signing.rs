use crate::text::serde_as_text;
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifyingKey(String);
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);
impl std::str::FromStr for VerifyingKey {
    type Err = crate::id::TextError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Self(s.into()))
    }
}
impl std::fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::str::FromStr for KeyId {
    type Err = crate::id::TextError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Self(s.into()))
    }
}
impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
serde_as_text!(VerifyingKey, "k");
serde_as_text!(KeyId, "k");
