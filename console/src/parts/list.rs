use askama::Template;

use crate::html::{self, Html};
use crate::words::Words;

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
    heading: Html,
    numeric: bool,
}

impl Column {
    /// Of texts.
    #[must_use]
    pub fn text(heading: impl Into<String>) -> Self {
        Self::of(Html::text(heading.into()))
    }

    /// Of texts, under a heading that leads somewhere.
    #[must_use]
    pub const fn of(heading: Html) -> Self {
        Self {
            heading,
            numeric: false,
        }
    }

    /// Of numbers: to the right, digits of one width.
    #[must_use]
    pub fn number(heading: impl Into<String>) -> Self {
        Self {
            numeric: true,
            ..Self::text(heading)
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

/// A list that is read part by part. Its address holds what is filtered, and a key where a part begins.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Its address without a query.
    pub path: String,
    /// What is filtered: name in the address, and value; empty where it is not.
    pub filters: Vec<(&'static str, String)>,
    /// What the key is called in the address, as in `before`.
    pub key: &'static str,
    /// Where this part begins; empty for the first.
    pub from: String,
    /// To the first part, and to the next.
    pub ways: [&'static str; 2],
}

impl Listing {
    /// The part that begins at this key, with the same filters.
    #[must_use]
    pub fn at(&self, from: &str) -> String {
        self.address((self.key, from))
    }

    fn address(&self, field: (&str, &str)) -> String {
        let kept = self.filters.iter().map(|(name, value)| (*name, value.as_str()));
        html::address(&self.path, kept, field)
    }

    /// True if something is filtered.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.filters.iter().any(|(_, value)| !value.is_empty())
    }

    /// The form of the filter. Each field is one of [`Listing::filters`].
    #[must_use]
    pub fn filter(&self, fields: Vec<FilterField>, words: &'static Words) -> Html {
        let active = |field: &FilterField| {
            let said = if field.options.is_empty() {
                Some(&field.value)
            } else {
                let chosen = field.options.iter().find(|(value, _)| *value == field.value);
                chosen.map(|(_, word)| word)
            };
            let said = said.filter(|_| !field.value.is_empty())?;
            Some(Active {
                label: format!("{}: {said}", field.label),
                without: self.address((field.name, "")),
            })
        };
        let filter = Filter {
            action: self.path.clone(),
            label: words.filter,
            active: fields.iter().filter_map(active).collect(),
            fields,
            apply: words.apply,
            remove: words.remove_filter,
        };
        filter.render()
    }

    /// The ways to the first part, and to the next where there is one.
    #[must_use]
    pub fn pager(&self, next: Option<&str>) -> Html {
        let [first, further] = self.ways.map(str::to_owned);
        let pager = Pager {
            first: (!self.from.is_empty()).then(|| (self.at(""), first)),
            next: next.map(|next| (self.at(next), further)),
        };
        pager.render()
    }

    /// The table with its pager; where it has no rows, why.
    #[must_use]
    pub fn render(&self, table: &Table, next: Option<&str>, empty: &Empty) -> Html {
        let list = if table.rows.is_empty() {
            empty.render()
        } else {
            table.render()
        };
        list.and(&self.pager(next))
    }
}

/// Cuts off what was read beyond a part of `most`, and says where the next one begins.
#[must_use]
pub fn cut<T>(mut found: Vec<T>, most: usize, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(key);
    (found, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn listing(from: &str) -> Listing {
        Listing {
            path: "/things".to_owned(),
            filters: vec![("state", "open".to_owned()), ("region", String::new())],
            key: "before",
            from: from.to_owned(),
            ways: ["first", "further"],
        }
    }

    #[test]
    fn the_address_of_a_part_holds_the_filter() {
        let one = listing("17");
        assert_eq!(one.at("9"), "/things?state=open&before=9");
        assert_eq!(one.at(""), "/things?state=open");
        assert!(one.is_filtered());
        let pager = one.pager(Some("9")).to_string();
        assert!(
            pager.contains("href=\"/things?state=open\"") && pager.contains("before=9"),
            "{pager}"
        );
        assert!(listing("").pager(None).is_empty());
    }

    #[test]
    fn each_filter_is_taken_away_alone_and_an_empty_list_says_why() {
        let words = Language::English.words();
        let field = |name, label: &str, options: &[(&str, &str)], value: &str| FilterField {
            name,
            label: label.to_owned(),
            options: options
                .iter()
                .map(|(value, word)| ((*value).to_owned(), (*word).to_owned()))
                .collect(),
            value: value.to_owned(),
        };
        let one = Listing {
            filters: vec![("state", "open".to_owned()), ("region", "42".to_owned())],
            ..listing("")
        };
        let fields = vec![
            field("state", "State", &[("", "Any"), ("open", "Open")], "open"),
            field("region", "Region", &[], "42"),
        ];
        let filter = one.filter(fields, words).to_string();
        for said in [
            "State: Open",
            "href=\"/things?region=42\"",
            "Region: 42",
            "href=\"/things?state=open\"",
        ] {
            assert!(filter.contains(said), "{said} in {filter}");
        }
        let empty = Empty {
            why: "Nothing fits.",
            next: "Widen it.",
        };
        let table = Table::new("things", vec![Column::text("thing")]);
        assert!(one.render(&table, None, &empty).as_str().contains("Nothing fits."));
        let rows = table.rows([vec![Html::text("a")]]);
        assert!(one.render(&rows, None, &empty).as_str().contains("<td>a</td>"));
    }

    #[test]
    fn what_was_read_beyond_a_part_says_that_there_is_more() {
        let key = |one: &i64| one.to_string();
        assert_eq!(cut(vec![1, 2, 3], 2, key), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(cut(vec![1, 2], 2, key), (vec![1, 2], None));
        assert_eq!(cut(Vec::new(), 2, key), (Vec::new(), None));
    }
}
