//! The catalogue of checks: complete, unambiguous, and the same as its exported table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::check::{CheckCode, Stage, markdown};
use tanqiao_protocol::problem::{ApiProblem, Problem};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    code: String,
    name: String,
    stage: String,
    title_zh: String,
    title_en: String,
    compares_en: String,
    compares_zh: String,
    refusal_en: String,
    remedy_en: String,
    remedy_zh: String,
    http_status: u16,
    routes: bool,
    stored: bool,
}

fn table() -> Vec<Row> {
    let row = |code: &CheckCode| {
        let check = code.check();
        assert_eq!(check.code, *code);
        Row {
            code: code.to_string(),
            name: check.name.into(),
            stage: check.stage.to_string(),
            title_zh: check.title_zh.into(),
            title_en: check.title_en.into(),
            compares_en: check.compares_en.into(),
            compares_zh: check.compares_zh.into(),
            refusal_en: check.refusal_en.into(),
            remedy_en: check.remedy_en.into(),
            remedy_zh: check.remedy_zh.into(),
            http_status: check.http_status,
            routes: check.routes,
            stored: check.stored,
        }
    };
    CheckCode::all().iter().map(row).collect()
}

/// Write the export again: `TANQIAO_WRITE_DOCS=1 cargo test -p tanqiao-protocol --test check_catalogue`, then run it once more.
#[test]
fn the_exported_table_is_this_table() {
    if std::env::var_os("TANQIAO_WRITE_DOCS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/checks.json");
        std::fs::write(path, serde_json::to_string_pretty(&table()).unwrap() + "\n").unwrap();
    }
    let exported: Vec<Row> = serde_json::from_str(include_str!("../vectors/checks.json")).unwrap();
    let table = table();
    for (ours, theirs) in table.iter().zip(&exported) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(table.len(), exported.len());
}

#[test]
fn codes_and_names_are_unique_and_lead_back() {
    let mut names = BTreeSet::new();
    for &code in CheckCode::all() {
        assert_eq!(code.text().parse(), Ok(code));
        assert_eq!(CheckCode::by_name(code.name()), Some(code));
        assert!(names.insert(code.name()), "{}", code.name());
        assert!(
            code.name()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit())
        );
    }
    for problem in ApiProblem::ALL {
        assert!(names.insert(problem.name()), "{}", problem.name());
    }
    assert_eq!("b03".parse::<CheckCode>().ok(), None);
}

#[test]
fn the_stages_come_in_the_order_of_the_catalogue() {
    let stages: Vec<Stage> = CheckCode::all().iter().map(|code| code.stage()).collect();
    assert!(stages.is_sorted());
    assert_eq!(stages.into_iter().collect::<BTreeSet<_>>().len(), Stage::ALL.len());
    let counts = Stage::ALL
        .iter()
        .map(|stage| CheckCode::all().iter().filter(|code| code.stage() == *stage).count());
    assert_eq!(counts.collect::<Vec<_>>(), [11, 8, 14, 17, 8, 9, 5, 42, 5, 5]);
}

#[test]
fn every_text_is_there_in_both_languages() {
    for row in table() {
        for english in [&row.title_en, &row.compares_en, &row.refusal_en, &row.remedy_en] {
            assert!(
                english.is_ascii() || !english.chars().any(is_han),
                "{} {english}",
                row.code
            );
            assert!(!english.trim().is_empty(), "{}", row.code);
        }
        for chinese in [&row.title_zh, &row.compares_zh, &row.remedy_zh] {
            assert!(chinese.chars().any(is_han), "{} {chinese}", row.code);
            assert!(
                !chinese.contains([',', ';']),
                "Chinese punctuation: {} {chinese}",
                row.code
            );
        }
        for sentence in [&row.compares_en, &row.refusal_en, &row.remedy_en] {
            assert!(sentence.ends_with('.'), "{} {sentence}", row.code);
        }
        assert!(
            row.compares_zh.ends_with('。') && row.remedy_zh.ends_with('。'),
            "{}",
            row.code
        );
        assert!(matches!(row.http_status, 202 | 400..=499 | 503), "{}", row.code);
        assert_eq!(row.routes, row.http_status == 202, "{}", row.code);
    }
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[test]
fn what_is_stored_is_what_the_protocol_says() {
    for &code in CheckCode::all() {
        let early = match code.stage() {
            Stage::Message => !matches!(code, CheckCode::M08 | CheckCode::M10),
            Stage::Member => code != CheckCode::N08,
            Stage::Issuance => code == CheckCode::S17,
            Stage::Article6 => code.text().starts_with("A6-E"),
            _ => false,
        };
        assert_eq!(code.check().stored, !early, "{code}");
        assert_eq!(
            code.check().routes,
            matches!(code, CheckCode::T06 | CheckCode::T07),
            "{code}"
        );
    }
}

#[test]
fn the_page_names_every_check_and_problem() {
    let page = markdown();
    for &code in CheckCode::all() {
        assert!(page.contains(&format!("\n### {code} `{}`\n", code.name())), "{code}");
    }
    for problem in ApiProblem::ALL {
        assert!(page.contains(&format!("| `{}` |", problem.name())));
    }
}

#[test]
fn a_problem_leads_a_person_on_and_survives_json() {
    let problem = Problem::of(CheckCode::B03)
        .detail("2 blocks are reserved.")
        .block("wuhan/420100/rail-transit.v1/2025/1-25")
        .blocks(["wuhan/420100/rail-transit.v1/2025/26-50"])
        .transfer("0190b4c8-6f2e-7c11-8000-000000000000");
    let json = serde_json::to_value(&problem).unwrap();
    assert_eq!(json["type"], "https://tanqiao.example/problems/block-reserved");
    assert_eq!(json["check"], "B03");
    assert_eq!(json["status"], 409);
    assert_eq!(json["blocks"].as_array().unwrap().len(), 2);
    assert!(
        json["detail"]
            .as_str()
            .unwrap()
            .starts_with("2 blocks are reserved. Wait until")
    );
    assert!(json.get("retry_after_s").is_none() && json.get("path").is_none());
    assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    assert!(problem.stored() && !Problem::api(ApiProblem::Busy).retry_after(2).stored());
    let foreign = r#"{"type":"about:blank","title":"t","status":500,"detail":"d","code":"c","newer":1}"#;
    assert!(
        serde_json::from_str::<Problem>(foreign).is_ok(),
        "members of newer versions are ignored"
    );
}
