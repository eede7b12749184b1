use askama::Template;

use crate::html::Html;

/// Facts: what, and how it is.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/definitions.html")]
pub struct Definitions {
    facts: Vec<(String, Html)>,
}

impl Definitions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    #[must_use]
    pub fn fact(mut self, what: impl Into<String>, value: Html) -> Self {
        self.facts.push((what.into(), value));
        self
    }

    /// One more, where there is a value.
    #[must_use]
    pub fn maybe(self, what: &str, value: Option<Html>) -> Self {
        match value {
            Some(value) => self.fact(what, value),
            None => self,
        }
    }

    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    heading: String,
    numeric: bool,
}

impl Column {
    /// Of texts.
    #[must_use]
    pub fn text(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            numeric: false,
        }
    }

    /// Of numbers: to the right, digits of one width.
    #[must_use]
    pub fn number(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            numeric: true,
        }
    }
}

/// A cell.
pub type Cell = Html;

/// A table whose head stays in sight.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/table.html")]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(caption: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            caption: caption.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// With these rows, a cell for each column.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a template passes by reference")]
    fn is_numeric(&self, column: &usize) -> bool {
        self.columns.get(*column).is_some_and(|column| column.numeric)
    }
}

/// The way to the next part of a list, by key and never by number.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    /// To the beginning, where this is not it.
    pub first: Option<(String, String)>,
    /// To the next part, where there is more.
    pub next: Option<(String, String)>,
}

impl Pager {
    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        if self.first.is_none() && self.next.is_none() {
            return Html::default();
        }
        Html::of(self)
    }
}

/// A field of a filter.
#[derive(Debug, Clone)]
pub struct FilterField {
    /// Its name in the address.
    pub name: &'static str,
    /// What it is called.
    pub label: String,
    /// What there is to choose: value and word. Empty for a text.
    pub options: Vec<(String, String)>,
    /// What is chosen.
    pub value: String,
}

/// A filter that is on, and the address without it.
#[derive(Debug, Clone)]
pub struct Active {
    /// What it says.
    pub label: String,
    /// The same list without it.
    pub without: String,
}

/// A form whose answer is the list's address: what is filtered can be sent to somebody.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/filter.html")]
pub struct Filter {
    /// The list.
    pub action: String,
    /// What the form is called.
    pub label: &'static str,
    /// The fields.
    pub fields: Vec<FilterField>,
    /// Filters that are on.
    pub active: Vec<Active>,
    /// On the button.
    pub apply: &'static str,
    /// Before what is to be removed.
    pub remove: &'static str,
}

impl Filter {
    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }
}

/// A list without anything in it: why, and what next.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/empty.html")]
pub struct Empty {
    /// Why there is nothing.
    pub why: &'static str,
    /// What to do.
    pub next: &'static str,
}

impl Empty {
    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }
}
