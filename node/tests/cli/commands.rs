//! Help, exit status, tokens, accounts.

use super::folder::{Folder, mode, text};

const COMMANDS: [&str; 18] = [
    "serve",
    "migrate",
    "enrol",
    "import",
    "issue",
    "transfer",
    "donate",
    "pledge",
    "retire",
    "quote",
    "mapping",
    "sheet",
    "reconcile",
    "status",
    "export",
    "token",
    "account",
    "crash-points",
];

#[test]
fn every_command_has_help_with_an_example() {
    let folder = Folder::bare();
    for command in COMMANDS {
        let output = folder.run(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(text(&output.stdout).contains("Example"), "{command} has no example");
    }
    let help = text(&folder.run(&["--help"]).stdout);
    assert!(COMMANDS.iter().all(|command| help.contains(command)));
}

#[test]
fn misuse_is_exit_status_2_and_a_refusal_is_1() {
    let folder = Folder::sqlite();
    for misuse in [
        &["nothing"][..],
        &["import"],
        &["status", "--nothing"],
        &["donate", "--quantity-g", "-5"],
    ] {
        assert_eq!(folder.run(misuse).status.code(), Some(2), "{misuse:?}");
    }
    assert_eq!(folder.refused(&["account", "show", "holder-000001"]), "not-found");
    let bare = Folder::bare();
    assert_eq!(bare.refused(&["account", "list"]), "database", "not migrated");
    std::fs::remove_file(bare.path("node.toml")).unwrap();
    assert_eq!(bare.refused(&["migrate"]), "configuration");
}

#[test]
fn migrating_twice_does_nothing_more() {
    let folder = Folder::bare();
    assert!(!folder.ok(&["migrate"])["applied"].as_array().unwrap().is_empty());
    assert!(folder.ok(&["migrate"])["applied"].as_array().unwrap().is_empty());
}

#[test]
fn a_token_is_written_once_for_its_owner_only() {
    for folder in Folder::on_each_database() {
        let made = folder.ok(&[
            "token", "create", "--name", "platform", "--scope", "import", "--scope", "trade", "--out", "a.token",
        ]);
        assert_eq!(made["scopes"], serde_json::json!(["import", "trade"]));
        let token = std::fs::read_to_string(folder.path("a.token")).unwrap();
        assert!(token.trim().len() > 40 && !made.to_string().contains(token.trim()));
        assert_eq!(mode(&folder.path("a.token")), 0o600);
        let again = [
            "token", "create", "--name", "other", "--scope", "read", "--out", "a.token",
        ];
        assert_eq!(folder.refused(&again), "file", "a secret is never overwritten");
        assert_eq!(
            folder.refused(&[
                "token", "create", "--name", "platform", "--scope", "read", "--out", "b.token"
            ]),
            "name-taken"
        );
        assert!(!folder.path("b.token").exists());
        folder.ok(&["token", "revoke", "platform"]);
        let listed = folder.ok(&["token", "list"]);
        assert!(listed["items"][0]["revoked_at"].is_string() && listed["items"].as_array().unwrap().len() == 1);
    }
}

#[test]
fn accounts_are_opened_once_and_shown() {
    for folder in Folder::on_each_database() {
        for _ in 0..2 {
            assert_eq!(
                folder.ok(&["account", "create", "pool-2025", "--kind", "pool"])["total_g"],
                0
            );
        }
        assert_eq!(folder.refused(&["account", "create", "pool-2025"]), "account-kind");
        let ids: Vec<String> = folder.ok(&["account", "list"])["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| account["account"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, ["house", "pool-2025", "suspense"]);
        // Nothing waits in suspense, and nothing is attributed without a reason.
        let attribute = ["account", "attribute", "pool-2025", "--quantity-g", "5"];
        assert_eq!(folder.run(&attribute).status.code(), Some(2));
        let with = |reason: &'static str| [&attribute[..], &["--reason", reason]].concat();
        assert_eq!(folder.refused(&with("")), "reason");
        assert_eq!(folder.refused(&with("receipt 17")), "not-enough");
    }
}

#[test]
fn status_reconcile_and_export_answer_before_the_first_contact() {
    for folder in Folder::on_each_database() {
        assert_eq!(folder.ok(&["status"])["member"], "wuhan");
        assert_eq!(folder.ok(&["reconcile"])["contradictions"], serde_json::json!([]));
        assert_eq!(
            folder.ok(&["export", "accounts", "--out", "accounts.ndjson"])["lines"],
            2
        );
        let lines = std::fs::read_to_string(folder.path("accounts.ndjson")).unwrap();
        assert!(
            lines
                .lines()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );
        assert_eq!(folder.ok(&["export", "blocks", "--out", "blocks.ndjson"])["lines"], 0);
    }
}

#[test]
fn a_command_without_free_grams_is_refused() {
    let folder = Folder::sqlite();
    let offer = [
        "transfer",
        "offer",
        "--account",
        "house",
        "--quantity-g",
        "5",
        "--target",
        "harbin",
        "--use",
        "event-neutrality",
    ];
    assert!(!folder.refused(&offer).is_empty());
    let donation = [
        "donate",
        "--account",
        "house",
        "--quantity-g",
        "5",
        "--event",
        "spring-marathon-2026",
    ];
    assert!(!folder.refused(&donation).is_empty());
}

#[test]
fn crash_points_are_listed() {
    let points = Folder::bare().ok(&["crash-points"]);
    assert!(
        points["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|point| point == "import.before-batch-commit")
    );
}

/// A program that ends while something still connects to its database must not crash in the place of its status.
#[test]
fn a_command_ends_with_its_status_however_busy_the_machine_is() {
    for folder in Folder::on_each_database() {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        assert_eq!(folder.refused(&["account", "show", "holder-000001"]), "not-found");
                        folder.ok(&["status"]);
                    }
                });
            }
        });
    }
}
