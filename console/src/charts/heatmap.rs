use std::fmt::Write as _;

use crate::html::{Html, escape};
use crate::parts::Kind;

/// What a reconciliation of one day found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// None ran: not the same as none found.
    NotRun,
    /// Both books agree.
    Agrees,
    /// So many differences.
    Differs(usize),
}

/// Members by days.
#[derive(Debug, Clone)]
pub struct Heatmap {
    /// What it is called.
    pub label: String,
    /// Above the members.
    pub member: &'static str,
    /// What the three signs are called: agrees, differs, did not run.
    pub words: [&'static str; 3],
    /// The days, oldest first.
    pub days: Vec<String>,
    /// Each member with its days.
    pub rows: Vec<(String, Vec<Day>)>,
}

impl Heatmap {
    /// A table whose cells are sign, word and number.
    #[must_use]
    pub fn render(&self) -> Html {
        let mut table = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"heat\"><caption class=\"unseen\">{0}</caption><thead><tr><th scope=\"col\">{1}</th>",
            escape(&self.label),
            self.member
        );
        for day in &self.days {
            let _ = write!(table, "<th scope=\"col\">{}</th>", escape(day));
        }
        table.push_str("</tr></thead><tbody>");
        for (member, days) in &self.rows {
            let _ = write!(table, "<tr><th scope=\"row\">{}</th>", escape(member));
            for day in days {
                let _ = write!(table, "<td>{}</td>", self.cell(*day));
            }
            table.push_str("</tr>");
        }
        table.push_str("</tbody></table></div>");
        Html::written(table)
    }

    fn cell(&self, day: Day) -> String {
        let [agrees, differs, not_run] = self.words;
        let (kind, word, count) = match day {
            Day::Agrees => (Kind::Good, agrees, String::new()),
            Day::Differs(count) => (Kind::Bad, differs, count.to_string()),
            Day::NotRun => {
                return format!("<span aria-hidden=\"true\">·</span><span class=\"unseen\">{not_run}</span>");
            }
        };
        format!(
            "<span class=\"chip {}\" title=\"{word}\"><span class=\"sign\" aria-hidden=\"true\">{}</span>{count}<span class=\"unseen\"> {word}</span></span>",
            kind.class(),
            kind.sign()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_a_run_is_not_a_day_without_differences() {
        let map = Heatmap {
            label: "reconciliation".to_owned(),
            member: "member",
            words: ["agrees", "differs", "did not run"],
            days: vec!["22".to_owned(), "23".to_owned(), "24".to_owned()],
            rows: vec![("<wuhan>".to_owned(), vec![Day::Agrees, Day::NotRun, Day::Differs(2)])],
        };
        let html = map.render().to_string();
        for said in ["agrees", "did not run", ">2<", "differs"] {
            assert!(html.contains(said), "{said}");
        }
        assert!(!html.contains("<wuhan>"));
    }
}
