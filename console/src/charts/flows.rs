use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::matrix;
use crate::format::signed_tonnes;
use crate::html::{Html, escape};
use crate::language::Language;

/// Ends on each side; what is smaller is one end, `other`.
const ENDS_MAX: usize = 8;
/// The picture, in its own units.
const WIDTH: i64 = 720;
const HEIGHT: i64 = 360;
const BAR: i64 = 12;
/// Where the bars stand: names and figures have the room outside.
const LEFT: i64 = 190;
const RIGHT: i64 = WIDTH - 190;
/// Room between two ends.
const ROOM: i64 = 10;

/// What went from one region to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How much, in grams; nothing below 0.
    pub grams: i64,
}

/// Flows between regions.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    /// What the picture is called.
    pub label: String,
    /// The flows.
    pub flows: Vec<Flow>,
}

/// An end of the picture: its grams, where it begins, and how much of it is drawn.
struct End {
    grams: i64,
    top: i64,
    height: i64,
    drawn: i64,
}

impl Flows {
    /// The picture of bands, and the table of all pairs.
    #[must_use]
    pub fn render(&self, language: Language) -> Html {
        let words = language.words();
        Html::written(format!(
            "{}<details><summary>{}</summary>{}</details>",
            self.sankey(language),
            words.as_a_table,
            self.matrix(language)
        ))
    }

    /// The table of all pairs: row from, column to, sums at the edges.
    #[must_use]
    pub fn matrix(&self, language: Language) -> Html {
        matrix::draw(&self.label, &self.flows, language)
    }

    /// Bands as wide as what went there.
    #[must_use]
    pub fn sankey(&self, language: Language) -> Html {
        let words = language.words();
        let flows = self.folded(words.other_regions);
        let total: i64 = flows.iter().map(|flow| flow.grams).fold(0, i64::saturating_add);
        if total == 0 {
            return Html::default();
        }
        let mut sources = ends(flows.iter().map(|flow| (flow.from.as_str(), flow.grams)), total);
        let mut targets = ends(flows.iter().map(|flow| (flow.to.as_str(), flow.grams)), total);
        let mut svg = format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><svg class=\"sankey\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">",
            escape(&self.label)
        );
        for (place, flow) in flows.iter().enumerate() {
            if let (Some(from), Some(to)) = (sources.get_mut(&flow.from), targets.get_mut(&flow.to)) {
                band(&mut svg, flow, from, to, place);
            }
        }
        for (ends, x, anchor) in [(&sources, LEFT, "end"), (&targets, RIGHT, "start")] {
            for (name, end) in ends {
                let text_x = if anchor == "end" { x - 8 } else { x + BAR + 8 };
                let _ = write!(
                    svg,
                    "<rect x=\"{x}\" y=\"{}\" width=\"{BAR}\" height=\"{}\"/><text class=\"{anchor}\" x=\"{text_x}\" y=\"{}\">{} {}</text>",
                    end.top,
                    end.height,
                    end.top + end.height / 2 + 5,
                    escape(name),
                    signed_tonnes(end.grams)
                );
            }
        }
        svg.push_str("</svg></div>");
        Html::written(svg)
    }

    /// The flows with at most so many ends on each side.
    fn folded(&self, other: &str) -> Vec<Flow> {
        let from = largest(self.flows.iter().map(|flow| (flow.from.as_str(), flow.grams)));
        let to = largest(self.flows.iter().map(|flow| (flow.to.as_str(), flow.grams)));
        let name = |known: &[String], name: &str| {
            if known.iter().any(|one| one == name) {
                name.to_owned()
            } else {
                other.to_owned()
            }
        };
        let mut folded: BTreeMap<(String, String), i64> = BTreeMap::new();
        for flow in self.flows.iter().filter(|flow| flow.grams > 0) {
            let sum = folded
                .entry((name(&from, &flow.from), name(&to, &flow.to)))
                .or_default();
            *sum = sum.saturating_add(flow.grams);
        }
        folded
            .into_iter()
            .map(|((from, to), grams)| Flow { from, to, grams })
            .collect()
    }
}

/// The names with the most grams: all, or one fewer than there may be, so that the others have an end.
fn largest<'a>(amounts: impl Iterator<Item = (&'a str, i64)>) -> Vec<String> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for (name, grams) in amounts {
        let sum = sums.entry(name).or_default();
        *sum = sum.saturating_add(grams);
    }
    let mut sums: Vec<(&str, i64)> = sums.into_iter().collect();
    sums.sort_by_key(|(name, grams)| (std::cmp::Reverse(*grams), *name));
    if sums.len() > ENDS_MAX {
        sums.truncate(ENDS_MAX - 1);
    }
    sums.into_iter().map(|(name, _)| name.to_owned()).collect()
}

fn ends<'a>(amounts: impl Iterator<Item = (&'a str, i64)>, total: i64) -> BTreeMap<String, End> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (name, grams) in amounts {
        *sums.entry(name.to_owned()).or_default() += grams;
    }
    let rooms = i64::try_from(sums.len()).unwrap_or(0) * (ROOM + 8);
    let scale = HEIGHT - rooms;
    let mut top = ROOM / 2;
    let place = |(name, grams): (String, i64)| {
        let height = share(grams, total, scale).max(8);
        let end = End {
            grams,
            top,
            height,
            drawn: 0,
        };
        top += height + ROOM;
        (name, end)
    };
    sums.into_iter().map(place).collect()
}

/// `part` of `whole`, of a length.
fn share(part: i64, whole: i64, length: i64) -> i64 {
    let share = i128::from(part) * i128::from(length) / i128::from(whole.max(1));
    i64::try_from(share).unwrap_or(length)
}

fn band(svg: &mut String, flow: &Flow, from: &mut End, to: &mut End, place: usize) {
    let (left, right) = (
        share(flow.grams, from.grams, from.height).max(1),
        share(flow.grams, to.grams, to.height).max(1),
    );
    let (y1, y2) = (from.top + from.drawn, to.top + to.drawn);
    from.drawn += left;
    to.drawn += right;
    let (x1, x2) = (LEFT + BAR, RIGHT);
    let bend = i64::midpoint(x1, x2);
    let said = format!("{} → {} {}", flow.from, flow.to, signed_tonnes(flow.grams));
    let _ = write!(
        svg,
        "<path class=\"band{}\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}V{}C{bend} {} {bend} {} {x1} {}Z\"><title>{}</title></path>",
        place % 3 + 1,
        y2 + right,
        y2 + right,
        y1 + left,
        y1 + left,
        escape(&said)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(from: &str, to: &str, grams: i64) -> Flow {
        Flow {
            from: from.to_owned(),
            to: to.to_owned(),
            grams,
        }
    }

    #[test]
    fn what_is_small_is_folded_and_nothing_is_lost() {
        let mut all = vec![flow("湖北", "北京", 1_000_000)];
        for n in 0..20 {
            all.push(flow(&format!("r{n}"), "北京", 1_000 + n));
        }
        let flows = Flows {
            label: "flows".to_owned(),
            flows: all.clone(),
        };
        let folded = flows.folded("other");
        let sum = |flows: &[Flow]| flows.iter().map(|flow| flow.grams).sum::<i64>();
        assert_eq!(sum(&folded), sum(&all));
        assert_eq!(folded.len(), ENDS_MAX);
        assert!(folded.iter().any(|flow| flow.from == "other"));
    }

    #[test]
    fn the_table_has_every_pair_and_its_sums() {
        let flows = Flows {
            label: "f".to_owned(),
            flows: vec![
                flow("<a>", "b", 576_600_000),
                flow("c", "b", 1_000),
                flow("<a>", "d", 7_000),
            ],
        };
        for language in Language::ALL {
            let html = flows.render(language).to_string();
            assert!(!html.contains("<a>") && html.contains("&lt;a&gt;"));
            let (picture, table) = html.split_once("<details>").unwrap();
            assert_eq!(picture.matches("<path").count(), 3);
            for figure in ["576.600", "0.001", "0.007", "576.607", "576.601", "576.608"] {
                assert!(table.contains(figure), "{figure}");
            }
        }
        assert!(Flows::default().sankey(Language::English).is_empty());
    }

    #[test]
    fn bands_stay_inside_the_picture() {
        let flows = Flows {
            label: "f".to_owned(),
            flows: (0..8)
                .map(|n| flow(&format!("a{n}"), &format!("b{n}"), i64::MAX / 16))
                .collect(),
        };
        let svg = flows.sankey(Language::English).to_string();
        let ends = ends((0..8).map(|_| ("x", 5)), 40);
        assert!(ends.values().all(|end| end.top + end.height <= HEIGHT));
        assert_eq!(svg.matches("<rect").count(), 16);
        for part in svg.split("<rect ").skip(1) {
            let field = |name: &str| -> i64 {
                let after = part.split(&format!(" {name}=\"")).nth(1).unwrap();
                after.split('"').next().unwrap().parse().unwrap()
            };
            assert!(field("y") + field("height") <= HEIGHT, "{part}");
        }
    }
}
