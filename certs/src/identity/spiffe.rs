//! SPIFFE ids of this federation (SPIFFE-ID §2): `spiffe://<trust-domain>/hub`, `spiffe://<trust-domain>/node/<member-id>`
//! and `spiffe://<trust-domain>/evaluator/<member-id>`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest trust domain, in bytes (SPIFFE-ID §2.1).
const TRUST_DOMAIN_LENGTH_MAX: usize = 255;
/// Longest member id, in bytes: one DNS label (RFC 1123 §2.1).
const MEMBER_ID_LENGTH_MAX: usize = 63;

/// A text that is no trust domain, member id or SPIFFE id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a trust domain.
    #[error(
        "`{0}` is no trust domain: use lower-case letters, digits, `.`, `-` and `_`, at most 255, such as `tanqiao.example`"
    )]
    TrustDomain(String),
    /// Not a member id.
    #[error("`{0}` is no member id: use lower-case letters, digits and inner hyphens, at most 63, such as `wuhan`")]
    MemberId(String),
    /// Not a SPIFFE id of a federation.
    #[error(
        "`{0}` is no SPIFFE id of a federation: use `spiffe://<trust-domain>/hub`, `spiffe://<trust-domain>/node/<member-id>` or `spiffe://<trust-domain>/evaluator/<member-id>`"
    )]
    SpiffeId(String),
}

/// Serialises a type as the text that it prints and parses.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// The name of a federation's trust domain (SPIFFE-ID §2.1), such as `tanqiao.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SPIFFE id of the trust domain itself, without a path: what a CA certificate carries (X509-SVID §3.2).
    #[must_use]
    pub fn uri(&self) -> String {
        format!("spiffe://{}", self.0)
    }

    /// The hub's id in this trust domain.
    #[must_use]
    pub fn hub(&self) -> SpiffeId {
        SpiffeId {
            trust_domain: self.clone(),
            role: Role::Hub,
        }
    }

    /// A member node's id in this trust domain.
    #[must_use]
    pub fn member(&self, id: MemberId) -> SpiffeId {
        SpiffeId {
            trust_domain: self.clone(),
            role: Role::Member(id),
        }
    }

    /// A token evaluator's id in this trust domain.
    #[must_use]
    pub fn evaluator(&self, id: MemberId) -> SpiffeId {
        SpiffeId {
            trust_domain: self.clone(),
            role: Role::Evaluator(id),
        }
    }
}

impl FromStr for TrustDomain {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
        if (1..=TRUST_DOMAIN_LENGTH_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::TrustDomain(text.to_owned()))
        }
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a member node: one DNS label in lower case (RFC 1123 §2.1), such as `wuhan`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(String);

impl MemberId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MemberId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let outer_hyphen = text.starts_with('-') || text.ends_with('-');
        if (1..=MEMBER_ID_LENGTH_MAX).contains(&text.len()) && text.bytes().all(allowed) && !outer_hyphen {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::MemberId(text.to_owned()))
        }
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a SPIFFE id stands for inside its trust domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The hub.
    Hub,
    /// A member node.
    Member(MemberId),
    /// One of the three that evaluate fingerprint tokens.
    Evaluator(MemberId),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("the hub"),
            Self::Member(id) => write!(f, "member `{id}`"),
            Self::Evaluator(id) => write!(f, "evaluator `{id}`"),
        }
    }
}

/// The SPIFFE id of the hub, of a member node or of an evaluator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    trust_domain: TrustDomain,
    role: Role,
}

impl SpiffeId {
    /// The id of `role` in `trust_domain`.
    #[must_use]
    pub fn new(trust_domain: TrustDomain, role: Role) -> Self {
        Self { trust_domain, role }
    }

    /// The federation.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// Hub, member node or evaluator.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The member's id; nothing for the hub.
    #[must_use]
    pub fn member(&self) -> Option<&MemberId> {
        match &self.role {
            Role::Member(id) | Role::Evaluator(id) => Some(id),
            Role::Hub => None,
        }
    }
}

impl FromStr for SpiffeId {
    type Err = IdError;
    /// Reads exactly the form that this type prints: no port, query, fragment, escape, empty segment or upper case.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::SpiffeId(text.to_owned());
        let rest = text.strip_prefix("spiffe://").ok_or_else(refuse)?;
        let (domain, path) = rest.split_once('/').ok_or_else(refuse)?;
        let trust_domain = domain.parse().map_err(|_| refuse())?;
        let member = |id: &str| id.parse::<MemberId>().map_err(|_| refuse());
        let role = match path.split_once('/') {
            None if path == "hub" => Role::Hub,
            Some(("node", id)) => Role::Member(member(id)?),
            Some(("evaluator", id)) => Role::Evaluator(member(id)?),
            _ => return Err(refuse()),
        };
        Ok(Self { trust_domain, role })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.role {
            Role::Hub => write!(f, "spiffe://{}/hub", self.trust_domain),
            Role::Member(id) => write!(f, "spiffe://{}/node/{id}", self.trust_domain),
            Role::Evaluator(id) => write!(f, "spiffe://{}/evaluator/{id}", self.trust_domain),
        }
    }
}

serde_as_text!(TrustDomain);
serde_as_text!(MemberId);
serde_as_text!(SpiffeId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_they_parse() {
        for text in [
            "spiffe://tanqiao.example/hub",
            "spiffe://tanqiao.example/node/wuhan",
            "spiffe://a/node/0-9",
            "spiffe://tanqiao.example/evaluator/notary",
        ] {
            assert_eq!(text.parse::<SpiffeId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "spiffe://",
            "spiffe://tanqiao.example",
            "spiffe://tanqiao.example/",
            "spiffe:///hub",
            "SPIFFE://tanqiao.example/hub",
            "spiffe://Tanqiao.example/hub",
            "spiffe://tanqiao.example:8443/hub",
            "spiffe://user@tanqiao.example/hub",
            "spiffe://tanqiao.example/hub/",
            "spiffe://tanqiao.example//hub",
            "spiffe://tanqiao.example/hub?x=1",
            "spiffe://tanqiao.example/hub#x",
            "spiffe://tanqiao.example/node/",
            "spiffe://tanqiao.example/node/wu%68an",
            "spiffe://tanqiao.example/node/-wuhan",
            "spiffe://tanqiao.example/node/wuhan/x",
            "spiffe://tanqiao.example/evaluator",
            "spiffe://tanqiao.example/evaluator/",
            "spiffe://tanqiao.example/evaluator/notary/x",
            "spiffe://tanqiao.example/Evaluator/notary",
            "https://tanqiao.example/hub",
        ] {
            assert!(text.parse::<SpiffeId>().is_err(), "{text}");
        }
        assert!("a".repeat(256).parse::<TrustDomain>().is_err());
        assert!("a".repeat(64).parse::<MemberId>().is_err());
    }
}
