use std::fmt::Write as _;

use crate::format::number;
use crate::html::{self, Html, escape};
use crate::parts::{Chip, Kind};

/// What a reconciliation of one day found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// None ran: not the same as none found.
    NotRun,
    /// Both books agree.
    Agrees,
    /// So many differences.
    Differs(u32),
    /// One has begun and has no result.
    UnderWay,
    /// So many differences, which officers have closed.
    Closed(u32),
}

/// The words of the signs.
#[derive(Debug, Clone, Copy)]
pub struct DayWords {
    /// None ran.
    pub not_run: &'static str,
    /// Both agree.
    pub agrees: &'static str,
    /// They differ.
    pub differs: &'static str,
    /// No result yet.
    pub under_way: &'static str,
    /// Closed by officers.
    pub closed: &'static str,
}

/// A day of a member, and where it leads; nowhere if nothing ran.
pub type DayCell = (Day, Option<String>);

/// Members by days.
#[derive(Debug, Clone)]
pub struct Heatmap {
    /// What it is called.
    pub label: String,
    /// Above the members.
    pub member: &'static str,
    /// What the signs are called.
    pub words: DayWords,
    /// The days, oldest first.
    pub days: Vec<String>,
    /// Each member, where it leads, and its days.
    pub rows: Vec<(String, String, Vec<DayCell>)>,
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
        for (member, href, days) in &self.rows {
            let _ = write!(table, "<tr><th scope=\"row\">{}</th>", html::code_link(href, member));
            for (day, href) in days {
                let _ = match href {
                    Some(href) => write!(table, "<td><a href=\"{}\">{}</a></td>", escape(href), self.cell(*day)),
                    None => write!(table, "<td>{}</td>", self.cell(*day)),
                };
            }
            table.push_str("</tr>");
        }
        table.push_str("</tbody></table></div>");
        Html::written(table).and(&self.legend())
    }

    /// What the signs mean.
    fn legend(&self) -> Html {
        let words = &self.words;
        let chips = [
            Chip::new(Kind::Good, words.agrees),
            Chip::new(Kind::Bad, words.differs),
            Chip::new(Kind::Neutral, words.closed),
            Chip::new(Kind::Running, words.under_way),
        ];
        let said: Vec<Html> = chips.iter().map(|chip| chip.render().and(&Html::text(" "))).collect();
        html::paragraph_of(&Html::all(said).and(&Html::text(format!("· {}", words.not_run))))
    }

    fn cell(&self, day: Day) -> String {
        let words = &self.words;
        let (kind, word, count) = match day {
            Day::Agrees => (Kind::Good, words.agrees, None),
            Day::Differs(count) => (Kind::Bad, words.differs, Some(count)),
            Day::Closed(count) => (Kind::Neutral, words.closed, Some(count)),
            Day::UnderWay => (Kind::Running, words.under_way, None),
            Day::NotRun => {
                return format!(
                    "<span aria-hidden=\"true\">·</span><span class=\"unseen\">{}</span>",
                    words.not_run
                );
            }
        };
        let count = count.map_or_else(String::new, |count| number(i64::from(count)));
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
        let link = |id: &str| Some(format!("/reconciliations/{id}"));
        let map = Heatmap {
            label: "reconciliation".to_owned(),
            member: "member",
            words: DayWords {
                not_run: "did not run",
                agrees: "agrees",
                differs: "differs",
                under_way: "under way",
                closed: "closed",
            },
            days: ["22", "23", "24", "25", "26"].map(str::to_owned).into(),
            rows: vec![(
                "<wuhan>".to_owned(),
                "/members/wuhan".to_owned(),
                vec![
                    (Day::Agrees, link("a")),
                    (Day::NotRun, None),
                    (Day::Differs(2_000), link("b")),
                    (Day::Closed(3), link("c")),
                    (Day::UnderWay, link("d")),
                ],
            )],
        };
        let html = map.render().to_string();
        for said in [
            "agrees",
            "did not run",
            ">2,000<",
            "differs",
            ">3<",
            "closed",
            "under way",
            "href=\"/reconciliations/b\"",
        ] {
            assert!(html.contains(said), "{said}");
        }
        assert!(!html.contains("<wuhan>"));
        assert_eq!(
            html.matches("/reconciliations/").count(),
            4,
            "a day without a run leads nowhere"
        );
    }
}
