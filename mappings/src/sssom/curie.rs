//! Compact identifiers: a prefix that the header declares, and a local part.

use std::collections::BTreeMap;
use std::fmt;

/// A prefix and a local part, such as `tqm:CN-4201-metro.v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Curie {
    prefix: String,
    local: String,
}

/// The prefixes that SSSOM knows without a declaration (SSSOM, "Built-in prefixes"), with what they mean.
const BUILT_IN: [(&str, &str); 8] = [
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("semapv", "https://w3id.org/semapv/vocab/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("sssom", "https://w3id.org/sssom/"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("linkml", "https://w3id.org/linkml/"),
];

impl Curie {
    /// An identifier.
    ///
    /// # Errors
    /// A prefix or local part that could not stand in a file.
    pub fn new(prefix: &str, local: &str) -> Result<Self, String> {
        let prefix_ok = prefix.starts_with(|c: char| c.is_ascii_alphabetic())
            && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        let local_ok = !local.is_empty()
            && local
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-./#%~:".contains(c));
        if prefix_ok && local_ok {
            Ok(Self {
                prefix: prefix.into(),
                local: local.into(),
            })
        } else {
            Err(format!("`{prefix}:{local}` is not a prefix, a colon and a local id"))
        }
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The local part.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }
}

impl fmt::Display for Curie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.prefix, self.local)
    }
}

/// The prefixes of a set, with the IRIs that they stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurieMap(BTreeMap<String, String>);

impl CurieMap {
    /// Declares a prefix.
    ///
    /// # Errors
    /// A built-in prefix with another meaning, one that is declared already, or an IRI that is not absolute.
    pub fn declare(&mut self, prefix: &str, iri: &str) -> Result<(), String> {
        Curie::new(prefix, "x")?;
        if !is_absolute(iri) {
            return Err(format!("`{iri}` is not an absolute IRI"));
        }
        if let Some((_, meaning)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == prefix)
            && *meaning != iri
        {
            return Err(format!("`{prefix}` is built in and means {meaning}"));
        }
        match self.0.insert(prefix.into(), iri.into()) {
            Some(_) => Err(format!("`{prefix}` stands twice")),
            None => Ok(()),
        }
    }

    /// The declared prefixes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(prefix, iri)| (prefix.as_str(), iri.as_str()))
    }

    /// A compact identifier whose prefix is declared or built in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, text: &str) -> Result<Curie, String> {
        let (prefix, local) = text
            .split_once(':')
            .ok_or_else(|| format!("`{text}` is not a prefix, a colon and a local id"))?;
        let curie = Curie::new(prefix, local)?;
        if self.0.contains_key(prefix) || BUILT_IN.iter().any(|(built_in, _)| *built_in == prefix) {
            Ok(curie)
        } else {
            Err(format!(
                "the prefix `{prefix}` of `{text}` is not declared in curie_map"
            ))
        }
    }
}

/// True if a text is an absolute IRI without blanks.
pub(super) fn is_absolute(iri: &str) -> bool {
    let scheme = iri.split_once(':').map(|(scheme, rest)| (scheme, !rest.is_empty()));
    let named = scheme.is_some_and(|(scheme, rest)| {
        rest && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric())
    });
    named
        && !iri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}
