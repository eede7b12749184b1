//! Catalogue, mapping sets, sheets and factors at the terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::fmt::Write as _;

use serde_json::{Value, json};
use support::sheet;
use support::terminal::{Desk, LI, at_each_desk, with};
use tanqiao_mappings::sheet_file::{read_csv, write_csv};
use tanqiao_protocol::id::Sha256;

/// Counts of an answer, by name.
fn counts(answer: &Value, names: &[&str]) -> Vec<u64> {
    names
        .iter()
        .map(|name| answer[name].as_u64().unwrap_or_else(|| panic!("{name}: {answer}")))
        .collect()
}

const ROWS: [&str; 4] = ["rows", "new", "changed", "unchanged"];

#[test]
fn the_catalogue_is_looked_at_without_a_ledger() {
    let desk = Desk::new();
    let summary = desk.done(&["admin", "catalogue"]);
    assert_eq!(
        (summary["methodologies"].as_u64(), summary["candidates"].as_u64()),
        (Some(73), Some(140))
    );
    assert_eq!(
        summary["findings"],
        desk.done(&["admin", "catalogue", "lint"])["findings"]
    );
    let coverage = desk.done(&["admin", "catalogue", "coverage"]);
    assert_eq!(coverage["attributes"].as_array().unwrap().len(), 24);
    assert_eq!(coverage["sheets"].as_array().unwrap().len(), 73);
    let ask = |more: &[&str]| desk.done(&[&["admin", "catalogue", "candidates", "--without-ledger"], more].concat());
    let metro = ask(&["--activity", "rail-transit", "--limit", "3"]);
    let metro = metro.as_array().unwrap();
    assert_eq!(metro.len(), 3);
    assert!(metro.iter().all(|pair| !pair["reasons"].as_array().unwrap().is_empty()));
    let of_one = ask(&["--methodology", "CN-4201-metro", "--limit", "50"]);
    for pair in of_one.as_array().unwrap() {
        assert!(
            [&pair["origin"], &pair["target"]].contains(&&json!("CN-4201-metro.v1")),
            "{pair}"
        );
    }
    assert_eq!(ask(&["--methodology", "no-such-methodology"]), json!([]));
    for text in [
        &["admin", "catalogue"][..],
        &["admin", "catalogue", "coverage"],
        &["admin", "catalogue", "candidates", "--without-ledger"],
    ] {
        let said = String::from_utf8(desk.run(text).stdout).unwrap();
        assert!(
            said.contains("CN-4201-nev-travel") || said.contains("gates open"),
            "{said}"
        );
    }
}

#[test]
fn the_catalogue_is_loaded_once() {
    at_each_desk(|desk| {
        desk.fails(2, &["admin", "catalogue", "load"]);
        let load = with(&["admin", "catalogue", "load"], &LI);
        let first = desk.done(&load);
        assert_eq!(counts(&first["candidates"], &ROWS), [140, 140, 0, 0]);
        let again = desk.done(&load);
        assert_eq!(counts(&again["candidates"], &ROWS), [140, 0, 0, 140]);
        assert_eq!(again["candidates"]["decisions"], 0);
        let pairs = desk.done(&[
            "admin",
            "catalogue",
            "candidates",
            "--methodology",
            "CN-4201-metro",
            "--limit",
            "1",
        ]);
        assert_eq!(pairs[0]["precedent"]["kind"], "proposed");
        assert_eq!(desk.done(&["admin", "audit"])["ok"], true);
    });
}

/// A set of so many rows.
fn set(rows: usize, comment: &str) -> String {
    let mut text = String::from(
        "#curie_map:\n#  m: https://example.org/m/\n#mapping_set_id: https://example.org/s\n#license: https://example.org/l\n\
         subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tcomment\n",
    );
    for number in 0..rows {
        let end = if number == 0 {
            comment
        } else {
            "same activity, same unit"
        };
        writeln!(
            text,
            "m:A{number}\tskos:closeMatch\tm:B{number}\tsemapv:MappingReview\t0.9\t{end}"
        )
        .unwrap();
    }
    text
}

#[test]
fn a_mapping_set_is_taken_whole_or_not_at_all() {
    at_each_desk(|desk| {
        let file = desk.path("set.sssom.tsv");
        std::fs::write(&file, set(1_000, "first")).unwrap();
        let import = ["admin", "mapping-set", "import", "set.sssom.tsv", "--set", "transport"];
        let dry = desk.done(&with(&import, &["--dry-run"]));
        assert_eq!(
            (counts(&dry, &ROWS), dry["dry_run"].as_bool()),
            (vec![1_000, 1_000, 0, 0], Some(true))
        );
        desk.fails(2, &import);
        let taken = desk.done(&with(&import, &LI));
        assert_eq!(counts(&taken, &ROWS), [1_000, 1_000, 0, 0]);
        assert!(taken["decisions"].as_u64().unwrap() >= 5);
        std::fs::write(&file, set(999, "second")).unwrap();
        let again = desk.done(&with(&import, &LI));
        assert_eq!(
            counts(&again, &["rows", "new", "changed", "unchanged", "not_in_file"]),
            [999, 0, 1, 998, 1]
        );
        assert_eq!(counts(&desk.done(&with(&import, &LI)), &ROWS), [999, 0, 0, 999]);

        let faulty = set(20, "third")
            .replace("m:B7", "unknown:B7")
            .replace("m:A9\tskos:closeMatch", "m:A9\tskos:noSuchMatch");
        std::fs::write(&file, faulty).unwrap();
        let refused = desk.fails(1, &with(&import, &LI));
        let said = refused["error"].as_str().unwrap();
        assert!(
            said.contains("line 13, column 3") && said.contains("line 15, column 2"),
            "{said}"
        );
        assert_eq!(desk.done(&["admin", "audit"])["ok"], true);
    });
}

#[test]
fn sets_are_exported_and_compared() {
    at_each_desk(|desk| {
        let exported = desk.done(&["admin", "mapping-set", "export", "--out", "governed.sssom.tsv"]);
        assert!(exported["bytes"].as_u64().unwrap() > 0);
        let text = std::fs::read_to_string(desk.path("governed.sssom.tsv")).unwrap();
        assert_eq!(
            desk.done(&["admin", "mapping-set", "export"])["sssom"],
            Value::from(text.as_str())
        );
        std::fs::write(desk.path("old.sssom.tsv"), set(3, "first")).unwrap();
        std::fs::write(desk.path("new.sssom.tsv"), set(2, "second")).unwrap();
        let changes = desk.done(&["admin", "mapping-set", "diff", "old.sssom.tsv", "new.sssom.tsv"]);
        let items: Vec<&str> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["item"].as_str().unwrap())
            .collect();
        assert_eq!(items, ["comment", "row"]);
    });
}

#[test]
fn sheets_of_reference_methodologies_are_published_shown_and_compared() {
    at_each_desk(|desk| {
        let write = |grams: &str, name: &str| {
            std::fs::write(
                desk.path(name),
                write_csv(&[sheet("REF-metro.v1", None, grams)]).unwrap(),
            )
            .unwrap();
        };
        write("70", "first.csv");
        let publish = |file| desk.done(&with(&["admin", "sheet", "publish", file], &LI));
        let names = ["sheets", "new", "changed", "unchanged"];
        assert_eq!(counts(&publish("first.csv"), &names), [1, 1, 0, 0]);
        assert_eq!(counts(&publish("first.csv"), &names), [1, 0, 0, 1]);
        write("65", "second.csv");
        assert_eq!(counts(&publish("second.csv"), &names), [1, 0, 1, 0]);
        let shown = desk.done(&["admin", "sheet", "show", "REF-metro.v1"]);
        assert_eq!(
            (shown["revision"].as_u64(), &shown["sheet"]["reference"]),
            (Some(2), &json!(true))
        );
        let said = String::from_utf8(
            desk.run(&["admin", "sheet", "show", "REF-metro.v1", "--revision", "1"])
                .stdout,
        )
        .unwrap();
        assert!(said.contains("70 g{CO2}/km"), "{said}");
        let changes = desk.done(&["admin", "sheet", "diff", "REF-metro.v1", "--from", "1"]);
        assert!(
            changes
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["item"] == "unit-factor"),
            "{changes}"
        );
        for file in ["all.csv", "all.xlsx"] {
            assert_eq!(desk.done(&["admin", "sheet", "export", "--out", file])["sheets"], 1);
            assert_eq!(desk.done(&["admin", "sheet", "check", file])["faults"], json!([]));
            assert_eq!(
                counts(&publish(file), &names),
                [1, 0, 0, 1],
                "what is exported is what was published"
            );
        }
        desk.fails(2, &["admin", "sheet", "export", "--out", "all.txt"]);
        desk.fails(1, &["admin", "sheet", "export", "CN-4201-metro.v1", "--out", "one.csv"]);
        // A member publishes its own.
        std::fs::write(
            desk.path("own.csv"),
            write_csv(&[sheet("CN-4201-metro.v1", Some("420100"), "70")]).unwrap(),
        )
        .unwrap();
        let refused = desk.fails(1, &with(&["admin", "sheet", "publish", "own.csv"], &LI));
        assert_eq!(refused["problem"]["check"], "M02");
    });
}

#[test]
fn a_table_is_checked_without_a_ledger() {
    let desk = Desk::new();
    let good = write_csv(&[sheet("REF-metro.v1", None, "70")]).unwrap();
    assert_eq!(read_csv(&good).unwrap().len(), 1);
    std::fs::write(desk.path("good.csv"), &good).unwrap();
    assert_eq!(
        desk.done(&["admin", "sheet", "check", "good.csv"])["sheets"][0]["known"],
        24
    );
    let text = String::from_utf8(good).unwrap();
    std::fs::write(desk.path("bad.csv"), text.replace("70 g{CO2}/km", "seventy")).unwrap();
    let checked = desk.fails(1, &["admin", "sheet", "check", "bad.csv"]);
    let fault = &checked["faults"][0];
    assert!(
        fault["line"].as_u64().unwrap() > 1 && fault["column"].as_u64().unwrap() > 1,
        "{checked}"
    );
    desk.fails(2, &["admin", "sheet", "check", "nowhere.csv"]);
}

const GRID: &str =
    "id\tarea\tkind\tyear\tvalue\tvalue_max\tunit\tpublisher\tpublished\tnext_expected\tstatus\tsource\tnote\n";

#[test]
fn factors_are_published_and_listed() {
    at_each_desk(|desk| {
        let record = |value: &str| {
            format!(
                "{GRID}GRID-CN-2024\tCN\taverage\t2024\t{value}\t\tkg{{CO2}}/(kW.h)\tthe ministry\t2026-06-30\t\tpublished\tannouncement\t\n"
            )
        };
        std::fs::write(desk.path("grid.tsv"), record("0.5100")).unwrap();
        let publish = with(&["admin", "factors", "publish", "grid.tsv"], &LI);
        let names = ["records", "new", "changed", "unchanged"];
        assert_eq!(counts(&desk.done(&publish), &names), [1, 1, 0, 0]);
        assert_eq!(counts(&desk.done(&publish), &names), [1, 0, 0, 1]);
        let listed = desk.done(&["admin", "factors", "list", "--year", "2024"]);
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!(
            (&listed[0]["by_officers"], &listed[0]["value"]),
            (&json!(true), &json!("0.5100"))
        );
        assert!(desk.done(&["admin", "factors", "list"]).as_array().unwrap().len() > 100);
        // The whole table of the catalogue is known already.
        std::fs::write(
            desk.path("grid.tsv"),
            include_str!("../../mappings/catalogue/grid_factors.tsv"),
        )
        .unwrap();
        let again = desk.done(&publish);
        assert_eq!(again["records"], again["unchanged"]);
        std::fs::write(desk.path("grid.tsv"), record("half")).unwrap();
        let refused = desk.fails(1, &publish);
        let said = refused["error"].as_str().unwrap();
        assert!(said.contains("line 2") && said.contains("`value`"), "{said}");
        let twice = format!("{}{}", record("0.5"), record("0.6").replace(GRID, ""));
        std::fs::write(desk.path("grid.tsv"), twice).unwrap();
        assert!(
            desk.fails(1, &publish)["error"]
                .as_str()
                .unwrap()
                .contains("GRID-CN-2024")
        );
    });
}

#[test]
fn what_is_known_of_a_registry_is_recorded_and_the_matrix_is_shown() {
    at_each_desk(|desk| {
        std::fs::write(desk.path("report.pdf"), "passed").unwrap();
        let registry = [
            "admin",
            "member",
            "registry",
            "hub-buffer",
            "--conformance-report",
            "report.pdf",
            "--verification-body",
            "CQC",
        ];
        let unknown = [&registry[..3], &["nobody"], &registry[4..]].concat();
        assert_eq!(desk.fails(1, &with(&unknown, &LI))["problem"]["check"], "N03");
        desk.fails(2, &with(&registry[..4], &LI));
        let key =
            tanqiao_protocol::signing::SigningKey::generate(tanqiao_protocol::signing::Algorithm::Ed25519).unwrap();
        std::fs::write(desk.path("wuhan.pub"), key.verifying_key().to_pem()).unwrap();
        let admit = [
            "admin",
            "member",
            "admit",
            "wuhan",
            "--region",
            "420100",
            "--kind",
            "region",
            "--name-zh",
            "武汉",
            "--name-en",
            "Wuhan",
            "--key-file",
            "wuhan.pub",
        ];
        desk.done(&with(&admit, &LI));
        let of_wuhan = [&registry[..3], &["wuhan"], &registry[4..]].concat();
        assert_eq!(desk.done(&with(&of_wuhan, &LI))["subject"], "member/wuhan");
        let decisions = std::fs::read_to_string(desk.path("log.decisions")).unwrap();
        assert!(
            decisions.contains(&Sha256::of(b"passed").to_string()),
            "the hash is recorded"
        );
        assert_eq!(desk.done(&["admin", "matrix", "--activity", "rail-transit"]), json!([]));
        let csv = desk.done(&["admin", "matrix", "--csv"]);
        assert!(
            csv["csv"]
                .as_str()
                .unwrap()
                .starts_with("activity,from,methodology,to,state")
        );
    });
}

#[test]
fn every_command_shows_an_example() {
    let desk = Desk::new();
    for command in [
        &["admin", "catalogue"][..],
        &["admin", "catalogue", "lint"],
        &["admin", "catalogue", "coverage"],
        &["admin", "catalogue", "candidates"],
        &["admin", "catalogue", "load"],
        &["admin", "mapping-set", "import"],
        &["admin", "mapping-set", "export"],
        &["admin", "mapping-set", "diff"],
        &["admin", "sheet", "publish"],
        &["admin", "sheet", "show"],
        &["admin", "sheet", "export"],
        &["admin", "sheet", "diff"],
        &["admin", "sheet", "check"],
        &["admin", "factors", "publish"],
        &["admin", "factors", "list"],
        &["admin", "member", "registry"],
        &["admin", "matrix"],
        &["bench", "recognition"],
    ] {
        let output = desk.run(&[command, &["--help"]].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && said.contains("Example"),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn the_bench_of_recognition_measures_a_small_ledger() {
    let desk = Desk::new();
    let sizes = [
        "--methodologies",
        "60",
        "--mappings",
        "120",
        "--quotes",
        "20",
        "--rows",
        "300",
        "--rounds",
        "1",
    ];
    let report = desk.done(&[&["bench", "recognition"], &sizes[..]].concat());
    assert_eq!(
        counts(&report, &["methodologies", "mappings", "import_rows"]),
        [60, 120, 300]
    );
    assert!(report["pairs"].as_u64().unwrap() > 0);
    assert_eq!(report["api_quote"]["count"], 20);
    desk.fails(
        1,
        &["bench", "recognition", "--methodologies", "1", "--mappings", "100"],
    );
}
