//! What a command prints.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::ConfigError;
use crate::error::NodeError;
use crate::store::StoreError;

/// The result of a command, for people and for programs.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) text: String,
    pub(super) json: Value,
    /// True if what was asked was refused: exit status 1.
    pub(super) refused: bool,
}

impl Report {
    pub(super) fn new(text: impl Into<String>, value: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(value).map_err(|e| Failure::new("json", e.to_string()))?;
        Ok(Self {
            text: text.into(),
            json,
            refused: false,
        })
    }

    /// The value alone; people get it as indented JSON.
    pub(super) fn value(value: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(value).map_err(|e| Failure::new("json", e.to_string()))?;
        Ok(Self {
            text: format!("{json:#}\n"),
            json,
            refused: false,
        })
    }

    /// A list: one line an item for people, `{"items": […]}` for programs.
    pub(super) fn list<T: Serialize>(items: &[T], line: impl Fn(&T) -> String) -> Result<Self, Failure> {
        let mut text: String = items.iter().map(|item| line(item) + "\n").collect();
        if text.is_empty() {
            "(none)\n".clone_into(&mut text);
        }
        Self::new(text, &json!({ "items": items }))
    }

    pub(super) const fn refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// A command that failed.
#[derive(Debug)]
pub(super) struct Failure {
    code: String,
    detail: String,
}

impl Failure {
    pub(super) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
        }
    }

    /// A file that cannot be read or written.
    pub(super) fn file(path: &std::path::Path, error: impl fmt::Display) -> Self {
        Self::new("file", format!("{}: {error}", path.display()))
    }

    pub(super) fn json(&self) -> Value {
        json!({ "error": { "code": self.code, "detail": self.detail } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        NodeError::from(error).into()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        NodeError::from(error).into()
    }
}
