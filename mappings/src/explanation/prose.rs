//! An explanation as text.

use std::fmt::Write as _;

use super::Explanation;
use crate::equivalence::formula::Binding;
use crate::equivalence::{Assessment, Assumption};
use crate::gates::{Side, Verdict};
use crate::phrase::{Language, Phrase};
use crate::sheet::AttributeName;

/// A factor and what made it, or why there is none, in a sentence or two: the reason in the signed record.
#[must_use]
pub fn summary(assessment: &Assessment) -> Phrase {
    let (Some(factor), Some(computation)) = (assessment.factor(), &assessment.computation) else {
        let first = assessment.refusals().into_iter().next().unwrap_or_default();
        return Phrase::new(
            format!("不予认可：{}。", first.zh),
            format!("Not recognised: {}.", first.en),
        );
    };
    let bound = match computation.binding {
        Binding::Issued => Phrase::new("不低于签发所用的因子", "no candidate is below the issued factor"),
        of => {
            let candidate = computation.candidates.iter().find(|one| one.of == of);
            let grams = candidate.map_or_else(String::new, |one| one.grams.to_string());
            let source = &computation.source_grams;
            let (zh, en) = if of == Binding::Target {
                ("目标方法学", "the target's methodology")
            } else {
                ("基准方法学", "the reference methodology")
            };
            if source_is_open(assessment) {
                Phrase::new(
                    format!("签发所用的因子没有披露，按其上限 {source} g 与{zh}的 {grams} g 比较"),
                    format!(
                        "the factor of issuance is not disclosed, so that its upper end, {source} g a unit, was compared with {grams} g of {en}"
                    ),
                )
            } else {
                Phrase::new(
                    format!("{zh}每单位 {grams} g，签发按 {source} g"),
                    format!("{en} counts {grams} g a unit, issued were {source} g"),
                )
            }
        }
    };
    let mut phrase = Phrase::new(
        format!("系数 {factor}：{}。", bound.zh),
        format!("Factor {factor}: {}.", bound.en),
    );
    let assumed = assessment.assumptions.len();
    if assumed > 0 {
        let _ = write!(phrase.zh, "有 {assumed} 项没有披露，按最不利的情形计。");
        let plural = if assumed == 1 { "item is" } else { "items are" };
        let _ = write!(phrase.en, " {assumed} {plural} not disclosed and taken at the worst.");
    }
    if assessment.demonstration {
        phrase.zh.push_str("数字仅供演示。");
        phrase.en.push_str(" The figures are for demonstration.");
    }
    phrase
}

/// True if the source's factor stands at the upper end of what it may be.
fn source_is_open(assessment: &Assessment) -> bool {
    let of_factor = [AttributeName::UnitFactor, AttributeName::Provenance];
    let assumed = |one: &Assumption| one.side == Side::Origin && of_factor.contains(&one.attribute);
    assessment.assumptions.iter().any(assumed)
}

pub(super) fn text(record: &Explanation, language: Language) -> String {
    let mut out = String::new();
    let zh = language == Language::Zh;
    let heading = |out: &mut String, name_zh: &str, name_en: &str| {
        let _ = writeln!(out, "[{}]", if zh { name_zh } else { name_en });
    };
    let _ = writeln!(
        out,
        "{} → {} ({}), {}",
        record.origin, record.target, record.to, record.relation
    );
    let _ = writeln!(out, "{}", record.summary.of(language));
    heading(&mut out, "准入", "gates");
    for finding in &record.gates.0 {
        let mark = match finding.verdict {
            Verdict::Pass => "+",
            Verdict::Fail => "-",
            Verdict::Unknown => "?",
        };
        let _ = writeln!(out, "{mark} {}: {}", finding.gate, finding.statement.of(language));
    }
    heading(&mut out, "候选因子", "candidates");
    for line in &record.candidates {
        let mark = if line.binds { "*" } else { " " };
        let _ = writeln!(out, "{mark} {}: {} g, {}", line.of, line.grams, line.ratio);
    }
    heading(&mut out, "乘数", "multipliers");
    for line in &record.multipliers {
        let _ = writeln!(out, "{} = {}: {}", line.name, line.value, line.statement.of(language));
    }
    heading(&mut out, "计算步骤", "steps");
    for step in &record.steps {
        let _ = writeln!(out, "{}", step.of(language));
    }
    heading(&mut out, "未披露事项的取值", "taken for what is not said");
    for one in &record.assumptions {
        let _ = writeln!(out, "{}: {}", one.side.title().of(language), one.statement.of(language));
    }
    heading(&mut out, "依据", "inputs");
    for input in &record.inputs {
        let _ = writeln!(out, "{} {} {}", input.kind, input.id, input.sha256);
    }
    heading(&mut out, "如何提高", "what would raise the number");
    for raise in &record.raises {
        match raise.up_to {
            Some(factor) => {
                let _ = writeln!(out, "≤ {factor}: {}", raise.action.of(language));
            }
            None => {
                let _ = writeln!(out, "{}", raise.action.of(language));
            }
        }
    }
    out
}
