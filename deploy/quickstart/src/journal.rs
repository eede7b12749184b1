//! What was done before: the ids of the messages that were begun, and the steps that were told. With it a second run on
//! the same directory repeats no message under another id.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;

use crate::failure::{Doing as _, Failure, Outcome};

/// One step that was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// What happened, in plain words.
    pub words: Vec<String>,
    /// Its figures.
    pub figures: BTreeMap<String, Value>,
    /// When it was done.
    pub at: Timestamp,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    ids: BTreeMap<String, MessageId>,
    kept: BTreeMap<String, Value>,
    steps: BTreeMap<String, Told>,
}

/// The file `story.json`.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    content: Content,
}

impl Journal {
    /// Reads it, or begins it.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    pub fn open(path: PathBuf) -> Outcome<Self> {
        let content = if path.exists() {
            let text = std::fs::read_to_string(&path).doing(format!("reading {}", path.display()))?;
            serde_json::from_str(&text).doing(format!("reading {}", path.display()))?
        } else {
            Content::default()
        };
        Ok(Self { path, content })
    }

    /// The id of what is called `name`: made and written before anything is sent under it, the same for ever.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    pub fn id(&mut self, name: &str) -> Outcome<MessageId> {
        if let Some(id) = self.content.ids.get(name) {
            return Ok(*id);
        }
        let id = new_id();
        self.content.ids.insert(name.to_owned(), id);
        self.write()?;
        Ok(id)
    }

    /// The ids of all `names`, written at once.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    pub fn id_each(&mut self, names: &[String]) -> Outcome<Vec<MessageId>> {
        for name in names {
            self.content.ids.entry(name.clone()).or_insert_with(new_id);
        }
        self.write()?;
        names.iter().map(|name| self.id(name)).collect()
    }

    /// A value that is worked out once and then kept.
    ///
    /// # Errors
    /// [`Failure::Doing`], or what `make` returns.
    pub fn keep<T: Serialize + serde::de::DeserializeOwned>(
        &mut self,
        name: &str,
        make: impl FnOnce() -> Outcome<T>,
    ) -> Outcome<T> {
        if let Some(value) = self.content.kept.get(name) {
            return serde_json::from_value(value.clone()).doing(format!("reading {name} in {}", self.path.display()));
        }
        let made = make()?;
        let value = serde_json::to_value(&made).doing("writing the journal")?;
        self.content.kept.insert(name.to_owned(), value);
        self.write()?;
        Ok(made)
    }

    /// A value that was kept.
    #[must_use]
    pub fn kept<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.content
            .kept
            .get(name)
            .and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    /// A step that was done before.
    #[must_use]
    pub fn told(&self, step: &str) -> Option<&Told> {
        self.content.steps.get(step)
    }

    /// Notes a step as done.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    pub fn tell(&mut self, step: &str, told: Told) -> Outcome<()> {
        self.content.steps.insert(step.to_owned(), told);
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.content).doing("writing the journal")?;
        crate::place::write(&self.path, &text)
    }
}

/// A new id of this instant.
#[must_use]
pub fn new_id() -> MessageId {
    MessageId::from_parts(now(), &rand::random())
}

/// The system's clock.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}
