//! Where everybody reaches the hub's public pages.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The longest address: more would not fit a code that telephones read well.
const URL_BYTES_MAX: usize = 100;

/// The public pages, as they are reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicConfig {
    /// Scheme and host, such as `https://hub.example`: it stands on certificates and in their codes. Absent: the console's own address.
    /// What a request says of its host is never believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl PublicConfig {
    /// The address, given where the console listens.
    #[must_use]
    pub fn url(&self, listen: SocketAddr, tls: bool) -> String {
        let scheme = if tls { "https" } else { "http" };
        self.url.as_deref().map_or_else(
            || format!("{scheme}://{listen}"),
            |url| url.trim_end_matches('/').to_owned(),
        )
    }

    /// True if the address is one that can be printed.
    pub(super) fn holds(&self) -> bool {
        let Some(url) = &self.url else {
            return true;
        };
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |host: &str| {
            let host = host.trim_end_matches('/');
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]/_".contains(&byte);
            !host.is_empty() && host.bytes().all(allowed)
        };
        url.len() <= URL_BYTES_MAX && host.is_some_and(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_and_host() {
        let of = |url: &str| PublicConfig {
            url: Some(url.to_owned()),
        };
        let long = format!("https://{}.example", "a".repeat(100));
        for (url, holds) in [
            ("https://hub.example", true),
            ("https://hub.example/", true),
            ("https://gov.example/tanqiao", true),
            ("http://[::1]:8080", true),
            ("hub.example", false),
            ("https://", false),
            ("https://hub.example/?a=b", false),
            ("https://hub.example/#x", false),
            ("javascript:alert(1)", false),
            (long.as_str(), false),
        ] {
            assert_eq!(of(url).holds(), holds, "{url}");
        }
        let listen = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(of("https://hub.example/").url(listen, true), "https://hub.example");
        assert_eq!(PublicConfig::default().url(listen, false), "http://127.0.0.1:8080");
    }
}
