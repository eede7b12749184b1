use std::fmt::Write as _;

use crate::format;
use crate::html::{Html, escape};
use crate::parts::Chip;
use tanqiao_protocol::time::Timestamp;

/// On whose side something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The source's.
    Source,
    /// The hub's.
    Hub,
    /// The target's.
    Target,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Source, Self::Hub, Self::Target];

    const fn number(self) -> u8 {
        match self {
            Self::Source => 1,
            Self::Hub => 2,
            Self::Target => 3,
        }
    }
}

/// A step of a transfer.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where.
    pub lane: Lane,
    /// When; absent for what is to come.
    pub at: Option<Timestamp>,
    /// What, and how it stands.
    pub chip: Chip,
    /// More about it.
    pub detail: Html,
}

/// What happened to a transfer, in three lanes: a list in the order of time, so that whoever hears it hears it in that order.
#[must_use]
pub fn lanes(label: &str, names: [&str; 3], steps: &[Step]) -> Html {
    let mut list = format!("<ol class=\"lanes\" aria-label=\"{}\">", escape(label));
    for (lane, name) in Lane::ALL.into_iter().zip(names) {
        let _ = write!(
            list,
            "<li class=\"lane-name lane-{}\" aria-hidden=\"true\">{}</li>",
            lane.number(),
            escape(name)
        );
    }
    for step in steps {
        let name = names
            .get(usize::from(step.lane.number() - 1))
            .copied()
            .unwrap_or_default();
        let (future, time) = match step.at {
            Some(at) => ("", format::time(at)),
            None => (" future", Html::default()),
        };
        let _ = write!(
            list,
            "<li class=\"lane-{}{future}\"><span class=\"lane\">{}</span>{time} {} {}</li>",
            step.lane.number(),
            escape(name),
            step.chip.render(),
            step.detail
        );
    }
    list.push_str("</ol>");
    Html::written(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::Kind;

    #[test]
    fn steps_stand_in_their_lane_in_the_order_of_time() {
        let step = |lane, at: Option<&str>, word: &str| Step {
            lane,
            at: at.map(|at| at.parse().unwrap()),
            chip: Chip::new(Kind::Good, word),
            detail: Html::text("<leaf 7>"),
        };
        let steps = [
            step(Lane::Source, Some("2026-11-23T06:02:07Z"), "proposed"),
            step(Lane::Hub, Some("2026-11-23T06:02:08Z"), "reserved"),
            step(Lane::Target, None, "accepts"),
        ];
        let html = lanes("what happened", ["<wuhan>", "hub", "harbin"], &steps).to_string();
        let places: Vec<usize> = ["proposed", "reserved", "accepts"]
            .iter()
            .map(|word| html.find(word).unwrap())
            .collect();
        assert!(places.is_sorted());
        assert!(html.contains("<li class=\"lane-3 future\">") && html.contains("14:02:07"));
        assert!(!html.contains("<wuhan>") && !html.contains("<leaf 7>"));
    }
}
