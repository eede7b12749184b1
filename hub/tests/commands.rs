//! The command line, as an operator uses it: the program itself, its exit status and its JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::Path;

use serde_json::Value;
use support::OwnDatabase;
use support::terminal::{Desk, LI, WANG, founded, with};
use tanqiao_protocol::signing::{Algorithm, SigningKey};

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_ledger_is_founded_and_governed_from_the_terminal() {
    let desk = founded();
    assert_eq!(mode(&desk.path("log.key")), 0o600);
    let policy = desk.done(&with(&["admin", "policy", "set", "--first-dealing-delay-s", "60"], &LI));
    assert_eq!(policy["subject"], "policy");
    assert_eq!(desk.done(&["admin", "policy", "show"])["first_dealing_delay_s"], 60);
    desk.done(&with(&["admin", "policy", "set", "--token-suite", "hmac-sm3"], &LI));
    let shown = desk.done(&["admin", "policy", "show"]);
    assert_eq!(
        (&shown["token_suite"], &shown["first_dealing_delay_s"]),
        (&"hmac-sm3".into(), &60.into())
    );
    let invited = desk.done(&with(
        &[
            "admin",
            "enrolment",
            "code",
            "wuhan",
            "--region",
            "420100",
            "--name-zh",
            "武汉",
            "--name-en",
            "Wuhan",
        ],
        &LI,
    ));
    assert_eq!(invited["code"].as_str().unwrap().split('-').count(), 8);
    assert_eq!(desk.done(&["admin", "enrolment", "list"]), Value::Array(Vec::new()));
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    std::fs::write(desk.path("bank.pub"), key.verifying_key().to_pem()).unwrap();
    let admit = [
        "admin",
        "member",
        "admit",
        "bank",
        "--region",
        "CN",
        "--kind",
        "party",
        "--name-zh",
        "银行",
        "--name-en",
        "Bank",
        "--key-file",
        "bank.pub",
    ];
    desk.done(&with(&admit, &LI));
    desk.done(&with(
        &["admin", "member", "suspend", "bank", "--reason", "an inspection"],
        &WANG,
    ));
    let members = desk.done(&["admin", "member", "list"]);
    assert!(
        members
            .as_array()
            .unwrap()
            .iter()
            .any(|member| member["member"] == "bank" && member["status"] == "suspended")
    );
    let keys = desk.done(&["admin", "key", "list"]);
    assert!(
        keys.as_array()
            .unwrap()
            .iter()
            .any(|listed| listed["key_id"] == key.id().to_string())
    );
    desk.done(&with(&["admin", "stop", "--reason", "an exercise"], &LI));
    desk.done(&with(&["admin", "resume", "--reason", "the exercise is over"], &LI));
    assert_eq!(desk.done(&["admin", "audit"])["ok"], true);
    assert!(desk.done(&["admin", "catalogue"])["methodologies"].as_u64().unwrap() > 10);
}

#[test]
fn a_refusal_a_failure_and_a_misuse_have_their_own_status() {
    let desk = founded();
    std::fs::write(desk.path("li.password"), "another long password\n").unwrap();
    let wrong = desk.fails(1, &with(&["admin", "member", "reinstate", "wuhan"], &LI));
    assert!(wrong["error"].as_str().unwrap().contains("do not fit"));
    let refused = desk.fails(1, &with(&["admin", "member", "reinstate", "wuhan"], &WANG));
    assert_eq!(refused["problem"]["check"], "N03");
    let twice = desk.fails(
        1,
        &with(
            &with(&["admin", "foreclose", "0190aaaa-0000-7000-8000-000000000000"], &WANG),
            &WANG,
        ),
    );
    assert_eq!(twice["problem"]["check"], "G01");
    desk.fails(2, &["admin", "member", "reinstate", "wuhan"]);
    desk.fails(2, &["admin", "member", "reinstate", "wuhan", "--officer", "li"]);
    desk.fails(2, &["admin", "member", "reinstate", "Not An Id"]);
    desk.fails(2, &["serve", "--config", "nowhere.toml"]);
    assert_eq!(desk.run(&["no-such-command"]).status.code(), Some(2));
}

#[test]
fn a_lost_second_factor_is_taken_away_by_two_other_officers() {
    let desk = founded();
    std::fs::write(desk.path("zhao.password"), "correct horse battery").unwrap();
    let create = [
        "admin",
        "officer",
        "create",
        "zhao",
        "--role",
        "officer",
        "--password-file",
        "zhao.password",
    ];
    desk.done(&with(&create, &LI));
    let lost = |account| ["admin", "officer", "forget-factor", account];
    let both = [LI, WANG].concat();
    desk.fails(1, &with(&lost("zhao"), &LI));
    desk.fails(1, &with(&lost("zhao"), &[LI, LI].concat()));
    desk.fails(1, &with(&lost("wang"), &both));
    desk.fails(1, &with(&lost("nobody"), &both));
    assert_eq!(
        desk.done(&with(&lost("zhao"), &both))["officers"],
        serde_json::json!(["li", "wang"])
    );
}

#[test]
fn every_command_has_help_and_the_crash_points_are_listed() {
    let desk = Desk::new();
    for command in [
        &["serve"][..],
        &["migrate"],
        &["admin"],
        &["admin", "officer", "create"],
        &["admin", "mapping", "approve"],
        &["bench"],
    ] {
        let output = desk.run(&[command, &["--help"]].concat());
        assert!(output.status.success() && !output.stdout.is_empty());
    }
    assert!(
        desk.done(&["crash-points"])
            .as_array()
            .unwrap()
            .contains(&Value::from("sequencer.after-commit"))
    );
}

/// A program that ends while something still connects to its database must not crash in the place of its status.
#[test]
fn a_refused_recovery_ends_with_its_status_however_busy_the_machine_is() {
    let Ok(server) = std::env::var("TANQIAO_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too");
        return;
    };
    let database = OwnDatabase::create(&server);
    let desk = Desk::on(&database.url);
    desk.done(&["migrate"]);
    let mark = r#"{"size":99,"chain":"019c995f98101a2696d8f5a792293b613a91c17d7f4fc9147e50b6fe49b33482","at":"2026-06-01T00:00:00Z"}"#;
    std::fs::write(desk.path("log.head"), mark).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(desk.fails(1, &["admin", "recover"])["complete"], false);
                }
            });
        }
    });
}

/// The bench of the signed log, in a small ledger: every commit is covered in the end, by fewer checkpoints than there are commits.
fn measures_the_signed_log(database: &[&str]) {
    let desk = Desk::new();
    let plan = [
        "--parts",
        "lag",
        "--members",
        "3",
        "--blocks",
        "3000",
        "--seconds",
        "1",
        "--rounds",
        "1",
    ];
    let report = desk.done(&[&["bench"][..], &plan, database].concat());
    let lag = &report["lag"];
    assert_eq!(lag["valid"], true);
    for run in ["alone", "waiting"].map(|runs| &lag[runs][0]) {
        let count = |name: &str| run[name]["count"].as_u64().unwrap();
        assert!(count("newest") > 0 && count("each") >= count("newest"), "{run}");
        assert_eq!(run["checkpoints"], count("newest"));
        assert!(run["each"]["p50_us"].as_u64() <= run["each"]["max_us"].as_u64());
    }
}

#[test]
fn the_bench_measures_how_far_the_signed_log_is_behind() {
    measures_the_signed_log(&[]);
}

#[test]
fn the_bench_measures_how_far_the_signed_log_is_behind_on_postgres() {
    let Ok(server) = std::env::var("TANQIAO_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too");
        return;
    };
    let database = OwnDatabase::create(&server);
    measures_the_signed_log(&["--database", &database.url]);
}
