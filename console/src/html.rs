//! Text that a browser may read as markup: made by templates and charts only, everything else is escaped on its way in.

use std::fmt::{self, Write as _};

use crate::language::Language;

/// Markup that is safe to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// A text, escaped.
    #[must_use]
    pub fn text(text: impl fmt::Display) -> Self {
        Self(escape(&text.to_string()))
    }

    /// What a template or chart of this crate has written.
    pub(crate) const fn written(markup: String) -> Self {
        Self(markup)
    }

    /// What a template says. A template that cannot be written would be a fault of this program: the page says nothing there.
    pub(crate) fn of(template: &impl askama::Template) -> Self {
        Self(template.render().unwrap_or_default())
    }

    /// One after another.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }

    /// This, and then that.
    #[must_use]
    pub fn and(mut self, next: &Self) -> Self {
        self.0.push_str(&next.0);
        self
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

/// The text with everything that means something in markup or an attribute written as a reference.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A link. The address is one of ours: a path from the root.
#[must_use]
pub fn link(href: &str, text: impl fmt::Display) -> Html {
    Html::written(format!(
        "<a href=\"{}\">{}</a>",
        escape(href),
        escape(&text.to_string())
    ))
}

/// An identifier or hash, in type of one width.
#[must_use]
pub fn code(text: impl fmt::Display) -> Html {
    Html::written(format!("<code>{}</code>", escape(&text.to_string())))
}

/// An identifier that links to what it names.
#[must_use]
pub fn code_link(href: &str, text: impl fmt::Display) -> Html {
    Html::written(format!(
        "<a href=\"{}\"><code>{}</code></a>",
        escape(href),
        escape(&text.to_string())
    ))
}

/// A paragraph.
#[must_use]
pub fn paragraph(text: impl fmt::Display) -> Html {
    Html::written(format!("<p>{}</p>", escape(&text.to_string())))
}

/// A part of a page under a heading.
#[must_use]
pub fn section(heading: &str, body: &Html) -> Html {
    Html::written(format!(
        "<section class=\"card\"><h2>{}</h2>{body}</section>",
        escape(heading)
    ))
}

/// A part of a section under a smaller heading.
#[must_use]
pub fn subsection(heading: &str, body: &Html) -> Html {
    Html::written(format!("<h3>{}</h3>{body}", escape(heading)))
}

/// Parts side by side where there is room.
#[must_use]
pub fn columns(parts: impl IntoIterator<Item = Html>) -> Html {
    let mut columns = "<div class=\"columns\">".to_owned();
    for part in parts {
        let _ = write!(columns, "<div>{part}</div>");
    }
    columns.push_str("</div>");
    Html::written(columns)
}

/// A paragraph of markup.
#[must_use]
pub fn paragraph_of(body: &Html) -> Html {
    if body.is_empty() {
        return Html::default();
    }
    Html::written(format!("<p>{body}</p>"))
}

/// A list of sentences.
#[must_use]
pub fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Html {
    let mut list = "<ul>".to_owned();
    for item in items {
        let _ = write!(list, "<li>{}</li>", escape(item));
    }
    list.push_str("</ul>");
    Html::written(list)
}

/// A text as it is, line by line.
#[must_use]
pub fn preformatted(text: impl fmt::Display) -> Html {
    Html::written(format!("<pre>{}</pre>", escape(&text.to_string())))
}

/// A line that leads to what is new.
#[must_use]
pub fn notice(href: &str, text: &str) -> Html {
    Html::written(format!("<p class=\"notice\">{}</p>", link(href, text)))
}

/// A place that asks an address now and then what to show. Without scripts it stays empty.
#[must_use]
pub fn poll(address: &str) -> Html {
    Html::written(format!(
        "<div aria-live=\"polite\" hx-get=\"{}\" hx-trigger=\"every 20s\" hx-swap=\"innerHTML\"></div>",
        escape(address)
    ))
}

/// Figures side by side: what, how much, and in what unit.
#[must_use]
pub fn figures<'a>(figures: impl IntoIterator<Item = (&'a str, String, &'a str)>) -> Html {
    let mut list = "<ul class=\"figures\">".to_owned();
    for (what, value, unit) in figures {
        let _ = write!(
            list,
            "<li><span class=\"what\">{}</span> <span class=\"value\">{}</span> <span class=\"unit\">{}</span></li>",
            escape(what),
            escape(&value),
            escape(unit)
        );
    }
    list.push_str("</ul>");
    Html::written(list)
}

/// A text in another language than the page's.
#[must_use]
pub fn in_language(language: Language, text: &str) -> Html {
    Html::written(format!("<span lang=\"{}\">{}</span>", language.tag(), escape(text)))
}

/// A value as part of an address.
#[must_use]
pub fn query_value(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            written.push(char::from(byte));
        } else {
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

/// An address with its query, in which one field is set, or taken away where it is empty.
#[must_use]
pub fn address<'a>(
    path: &str,
    query: impl IntoIterator<Item = (&'a str, &'a str)>,
    (name, value): (&'a str, &'a str),
) -> String {
    let fields = query
        .into_iter()
        .filter(|(key, value)| *key != name && !value.is_empty());
    let all: Vec<String> = fields
        .chain((!value.is_empty()).then_some((name, value)))
        .map(|(key, value)| format!("{}={}", query_value(key), query_value(value)))
        .collect();
    if all.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", all.join("&"))
    }
}

/// What can be done, side by side; nothing where nothing can.
#[must_use]
pub fn actions(links: impl IntoIterator<Item = Html>) -> Html {
    let links: Vec<Html> = links.into_iter().collect();
    if links.is_empty() {
        return Html::default();
    }
    Html::written(format!("<p class=\"actions\">{}</p>", Html::all(links)))
}

/// Something long that is shown to whoever opens it; without scripts too.
#[must_use]
pub fn disclosure(summary: &str, body: &Html) -> Html {
    Html::written(format!(
        "<details><summary>{}</summary>{body}</details>",
        escape(summary)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_and_never_markup() {
        let evil = "<script>alert('1')</script>\" onclick=\"&";
        for html in [
            Html::text(evil),
            link(evil, evil),
            code(evil),
            code_link(evil, evil),
            paragraph(evil),
            section(evil, &Html::default()),
            subsection(evil, &Html::default()),
            list([evil]),
            preformatted(evil),
            notice(evil, evil),
            poll(evil),
            figures([(evil, evil.to_owned(), evil)]),
            in_language(Language::English, evil),
            disclosure(evil, &Html::default()),
        ] {
            assert!(
                !html.as_str().contains("<script") && !html.as_str().contains("\" onclick"),
                "{html}"
            );
        }
        assert_eq!(query_value("武汉 a&b"), "%E6%AD%A6%E6%B1%89%20a%26b");
    }

    #[test]
    fn a_field_of_an_address_is_set_once() {
        let query = [("state", "open"), ("lang", "zh"), ("from", "")];
        assert_eq!(
            address("/transfers", query, ("lang", "en")),
            "/transfers?state=open&lang=en"
        );
        assert_eq!(address("/transfers", [("a", "1")], ("a", "")), "/transfers");
    }
}
