//! Lists of other schemes and asset conflicts at the terminal.
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

use serde_json::json;
use support::terminal::{Desk, LI, at_each_desk, with};

const HEADER: &str = "scheme,reference,asset,class,longitude,latitude,from,until,quantity,unit\n";

#[test]
fn a_list_is_taken_once_and_a_faulty_one_not_at_all() {
    at_each_desk(|desk| {
        let mut rows = String::new();
        for n in 0..450 {
            let _ = writeln!(
                rows,
                "gec,GEC-{n},,distributed-pv,114.{n:04},30.5,2025-01-01,2025-12-31,1000,kWh"
            );
        }
        std::fs::write(desk.path("gec.csv"), format!("{HEADER}{rows}")).unwrap();
        let import = ["admin", "scheme-list", "import", "gec.csv"];
        desk.fails(2, &import);
        let look = desk.done(&[&import[..], &["--dry-run"]].concat());
        assert_eq!((&look["new"], &look["dry_run"]), (&json!(450), &json!(true)));
        let first = desk.done(&with(&import, &LI));
        assert_eq!(
            (&first["rows"], &first["new"], &first["conflicts"]),
            (&json!(450), &json!(450), &json!(0))
        );
        assert!(
            first["decisions"].as_u64().unwrap() >= 3,
            "200 rows at most in one leaf"
        );
        let again = desk.done(&with(&import, &LI));
        assert_eq!((&again["unchanged"], &again["decisions"]), (&json!(450), &json!(0)));
        std::fs::write(
            desk.path("gec.csv"),
            format!("{HEADER}{}", rows.replacen(",1000,", ",0,", 2)),
        )
        .unwrap();
        let output = desk.run(&with(&import, &LI));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said.contains("line 2, column `quantity`") && said.contains("line 3, column `quantity`"),
            "{said}"
        );
        assert_eq!(desk.done(&["admin", "asset-conflict", "list"]), json!([]));
        let resolve = [
            "admin",
            "asset-conflict",
            "resolve",
            "7",
            "distinct",
            "--reason",
            "two meters",
        ];
        assert_eq!(desk.fails(1, &with(&resolve, &LI))["problem"]["check"], "T05");
        desk.fails(
            2,
            &[
                "admin",
                "asset-conflict",
                "resolve",
                "7",
                "nonsense",
                "--reason",
                "none",
            ],
        );
    });
}

#[test]
fn the_bench_of_assets_measures_a_small_register() {
    let desk = Desk::new();
    let report = desk.done(&[
        "bench",
        "assets",
        "--few",
        "20",
        "--many",
        "200",
        "--measured",
        "20",
        "--batch",
        "10",
    ]);
    assert_eq!(
        (&report["few"]["stored"], &report["many"]["stored"]),
        (&json!(20), &json!(200))
    );
    assert_eq!(report["many"]["registered"], 20);
}

#[test]
fn every_command_shows_an_example() {
    let desk = Desk::new();
    for command in [
        &["admin", "scheme-list", "import"][..],
        &["admin", "asset-conflict", "list"],
        &["admin", "asset-conflict", "resolve"],
        &["bench", "assets"],
    ] {
        let said = String::from_utf8(desk.run(&[command, &["--help"]].concat()).stdout).unwrap();
        assert!(said.contains("Example"), "{command:?}: {said}");
    }
}
