//! The documentation page of the checks.

use std::fmt::Write as _;

use super::{CheckCode, Stage};
use crate::problem::ApiProblem;

const HEAD: &str = "# Checks\n\n\
    <!-- Generated from the table in protocol/src/check; change it there. -->\n\n\
    Every command runs these checks in this order, and the first failure refuses it: message → member → blocks → \
    issuance and screening → recognition → transfer → use → Article 6 → event. Governance commands run message → \
    member → governance. The answer is a problem document (RFC 9457) whose `code` is the name and whose `check` is the \
    number below; its `blocks` names the blocks concerned.\n\n\
    *Stored* means: the sequencer has decided, the outcome belongs to the message's id for ever, and sending the message \
    again gets the same answer. Where it is not stored, the same message may be sent again under the same id. \
    *Routes* means: the command is not refused, it takes another way.\n";

/// The catalogue as Markdown, both languages, one section per stage, and the problems that are not checks at its end.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::with_capacity(64 * 1024);
    page.push_str(HEAD);
    for stage in Stage::ALL {
        let _ = write!(page, "\n## {} · {}\n", stage.title_en(), stage.title_zh());
        for check in CheckCode::all()
            .iter()
            .map(|code| code.check())
            .filter(|check| check.stage == *stage)
        {
            let effect = match (check.routes, check.stored) {
                (true, _) => "routes",
                (false, true) => "stored",
                (false, false) => "not stored",
            };
            let _ = write!(
                page,
                "\n### {} `{}`\n\n**{} · {}** — HTTP {}, {effect}\n\n- Compares: {}\n- 核对：{}\n- Says: {}\n- Remedy: {}\n- 处理：{}\n",
                check.code,
                check.name,
                check.title_en,
                check.title_zh,
                check.http_status,
                check.compares_en,
                check.compares_zh,
                check.refusal_en,
                check.remedy_en,
                check.remedy_zh,
            );
        }
    }
    page.push_str("\n## Problems that are not checks · 非核对类问题\n\n| code | HTTP | title | 标题 | what to do |\n| --- | --- | --- | --- | --- |\n");
    for problem in ApiProblem::ALL {
        let row = (
            problem.http_status(),
            problem.title_en(),
            problem.title_zh(),
            problem.remedy_en(),
        );
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            problem.name(),
            row.0,
            row.1,
            row.2,
            row.3
        );
    }
    page
}
