use std::fmt::Write as _;

use crate::html::{Html, escape, link};
use crate::parts::Chip;

/// What a cell says: how it stands, and where each of its lines leads.
#[derive(Debug, Clone)]
pub struct RecognisedCell {
    /// How it stands, where that is not said by a factor.
    pub chip: Option<Chip>,
    /// Factors, or the mappings that do not recognise: text, address, and what else is to be known of it.
    pub lines: Vec<(String, String, String)>,
}

/// A methodology and what is recognised of it where.
#[derive(Debug, Clone)]
pub struct RecognisedRow {
    /// Where it is at home.
    pub region: String,
    /// The methodology.
    pub methodology: String,
    /// Where that leads.
    pub href: String,
    /// In the order of the columns.
    pub cells: Vec<RecognisedCell>,
}

/// Methodologies by regions: at which factor each is recognised there, or why not.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// What it is called.
    pub label: String,
    /// Above the home regions, and above the methodologies.
    pub heads: [&'static str; 2],
    /// The regions where reductions might be used.
    pub columns: Vec<String>,
    /// The methodologies.
    pub rows: Vec<RecognisedRow>,
}

impl Recognised {
    /// A table: each factor leads to its mapping.
    #[must_use]
    pub fn render(&self) -> Html {
        let mut table = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"matrix\"><caption class=\"unseen\">{0}</caption><thead><tr>",
            escape(&self.label)
        );
        for head in self.heads {
            let _ = write!(table, "<th scope=\"col\">{}</th>", escape(head));
        }
        for column in &self.columns {
            let _ = write!(table, "<th scope=\"col\">{}</th>", escape(column));
        }
        table.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            let _ = write!(
                table,
                "<tr><td>{}</td><th scope=\"row\">{}</th>",
                escape(&row.region),
                link(&row.href, &row.methodology)
            );
            for cell in &row.cells {
                let _ = write!(table, "<td>{}</td>", draw(cell));
            }
            table.push_str("</tr>");
        }
        table.push_str("</tbody></table></div>");
        Html::written(table)
    }
}

fn draw(cell: &RecognisedCell) -> String {
    let mut drawn = cell
        .chip
        .as_ref()
        .map_or_else(String::new, |chip| chip.render().to_string());
    for (text, href, more) in &cell.lines {
        let _ = write!(
            drawn,
            "<p>{} <span class=\"muted\">{}</span></p>",
            link(href, text),
            escape(more)
        );
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::Kind;

    #[test]
    fn a_cell_says_the_factor_or_why_there_is_none() {
        let evil = "<b>\" onclick=\"";
        let matrix = Recognised {
            label: evil.to_owned(),
            heads: ["home", "methodology"],
            columns: vec![evil.to_owned()],
            rows: vec![RecognisedRow {
                region: evil.to_owned(),
                methodology: "wuhan-metro.v1".to_owned(),
                href: "/methodologies/wuhan-metro.v1".to_owned(),
                cells: vec![
                    RecognisedCell {
                        chip: None,
                        lines: vec![("0.842110".to_owned(), "/mappings/m.v1".to_owned(), evil.to_owned())],
                    },
                    RecognisedCell {
                        chip: Some(Chip::new(Kind::Neutral, "no mapping")),
                        lines: Vec::new(),
                    },
                ],
            }],
        };
        let html = matrix.render().to_string();
        for said in [
            "href=\"/mappings/m.v1\">0.842110</a>",
            "no mapping",
            "href=\"/methodologies/",
        ] {
            assert!(html.contains(said), "{said}");
        }
        assert!(!html.contains("<b>") && !html.contains("\" onclick"));
    }
}
