use crate::format::{number, tonnes};
use crate::html::Html;
use crate::language::Language;
use tanqiao_protocol::quantity::Grams;

/// The length of the bar, in its own units.
const LENGTH: i64 = 1_000;

/// How much of an event's target is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// What is to be covered.
    pub target: Grams,
    /// What is covered.
    pub done: Grams,
    /// What waits for somebody.
    pub waiting: Grams,
}

impl Coverage {
    /// The bar, and beside it the figures that it shows.
    #[must_use]
    pub fn render(&self, language: Language) -> Html {
        let (done, waiting) = (self.part(self.done), self.part(self.waiting));
        let waiting = waiting.min(LENGTH - done);
        let per_mille = done;
        let said = format!(
            "{} / {} {} · {}.{} %",
            tonnes(self.done),
            tonnes(self.target),
            language.words().unit_tco2e,
            number(per_mille / 10),
            per_mille % 10
        );
        Html::written(format!(
            "<svg class=\"coverage\" viewBox=\"0 0 {LENGTH} 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{said}\">\
             <rect class=\"done\" width=\"{done}\" height=\"16\"/><rect class=\"waiting\" x=\"{done}\" width=\"{waiting}\" height=\"16\"/></svg><p>{said}</p>"
        ))
    }

    /// A part of the target in units of the bar, cut off: full only when it is.
    fn part(&self, grams: Grams) -> i64 {
        if self.target.get() == 0 {
            return LENGTH;
        }
        let part = i128::from(grams.get()) * i128::from(LENGTH) / i128::from(self.target.get());
        i64::try_from(part).unwrap_or(LENGTH).clamp(0, LENGTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_full_to_the_gram_only() {
        let grams = |grams| Grams::new(grams).unwrap();
        let almost = Coverage {
            target: grams(4_544_760_000),
            done: grams(4_544_759_999),
            waiting: grams(1),
        };
        let html = almost.render(Language::English).to_string();
        assert!(
            html.contains("99.9 %") && html.contains("4,544.759 / 4,544.760"),
            "{html}"
        );
        let full = Coverage {
            done: almost.target,
            waiting: Grams::ZERO,
            ..almost
        };
        assert!(full.render(Language::Chinese).as_str().contains("100.0 %"));
    }
}
