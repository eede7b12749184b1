//! One statement in the two languages of the federation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One statement, in Chinese and in English. Both say the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A language of the federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Chinese, which comes first.
    Zh,
    /// English.
    En,
}

impl Phrase {
    /// A statement.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The same text in both: a name, a number, a code.
    pub fn same(text: impl fmt::Display) -> Self {
        Self::new(text.to_string(), text.to_string())
    }

    /// The statement in one language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}
