use crate::html::{Html, escape};

/// How something stands. Never by colour alone: each has its sign beside the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Done, and as it should be.
    Good,
    /// Under way.
    Running,
    /// Waits for somebody.
    Waiting,
    /// Failed, or in conflict.
    Bad,
    /// Neither.
    Neutral,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Good, Self::Running, Self::Waiting, Self::Bad, Self::Neutral];

    /// Its class in the stylesheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }

    /// Its sign.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Running => "◔",
            Self::Waiting => "!",
            Self::Bad => "✕",
            Self::Neutral => "–",
        }
    }
}

/// A state: sign, word and tint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// How it stands.
    pub kind: Kind,
    /// The word.
    pub word: String,
}

impl Chip {
    /// A chip.
    #[must_use]
    pub fn new(kind: Kind, word: impl Into<String>) -> Self {
        Self {
            kind,
            word: word.into(),
        }
    }

    /// Its markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::written(format!(
            "<span class=\"chip {}\"><span class=\"sign\" aria-hidden=\"true\">{}</span> {}</span>",
            self.kind.class(),
            self.kind.sign(),
            escape(&self.word)
        ))
    }
}
