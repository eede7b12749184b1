//! Import and issuing from the command line, with the process killed on the way.

use super::folder::{Folder, RULE, rides};

const COUNT: usize = 12_345;

fn import(folder: &Folder) -> serde_json::Value {
    folder.ok(&["import", "rides.csv", "--rule", "rule.json"])
}

#[test]
fn an_import_that_was_killed_continues_and_counts_every_record_once() {
    for point in [
        "import.before-batch-commit:1",
        "import.before-batch-commit:2",
        "import.after-batch-commit:1",
        "store.before-commit:2",
    ] {
        for folder in Folder::on_each_database() {
            folder.write("rule.json", RULE);
            folder.write("rides.csv", &rides(COUNT));
            let killed = folder
                .command(&["import", "rides.csv", "--rule", "rule.json"])
                .env("TANQIAO_CRASH_AT", point)
                .output()
                .unwrap();
            assert_eq!(killed.status.code(), None, "{point}: killed by a signal");
            let job = import(&folder);
            assert_eq!(
                (&job["state"], &job["added"], &job["already_there"]),
                (&"done".into(), &COUNT.into(), &0.into()),
                "{point}"
            );
            assert_eq!(job["totals"][0]["quantity_g"], COUNT * 784);
            assert_eq!(import(&folder), job, "done once is done");
        }
    }
}

#[test]
fn what_was_imported_is_issued_once_also_when_killed_before_the_commit() {
    for folder in Folder::on_each_database() {
        folder.write("rule.json", RULE);
        folder.write("rides.csv", &rides(100));
        folder.write("report.pdf", "a report");
        import(&folder);
        assert_eq!(folder.ok(&["issue", "--pending"])["items"][0]["count"], 100);
        let id = uuid::Uuid::now_v7().to_string();
        let issue = [
            "issue",
            "--methodology",
            "CN-4201-metro.v1",
            "--region",
            "420100",
            "--vintage",
            "2025",
            "--rights-basis",
            "transferred-by-holders",
            "--verifier",
            "Example Verification Body",
            "--report",
            "report.pdf",
            "--verified-at",
            "2026-01-31T00:00:00Z",
            "--local-reference",
            "wh-1",
            "--id",
            &id,
        ];
        let killed = folder
            .command(&issue)
            .env("TANQIAO_CRASH_AT", "issue.before-commit")
            .output()
            .unwrap();
        assert_eq!(killed.status.code(), None);
        assert_eq!(
            folder.ok(&["issue", "--pending"])["items"][0]["count"],
            100,
            "nothing was issued"
        );
        for _ in 0..2 {
            let issued = folder.ok(&issue);
            assert_eq!(
                (&issued["issued"]["issuance"], &issued["issued"]["quantity_g"]),
                (&id.as_str().into(), &78_400.into())
            );
        }
        assert_eq!(folder.ok(&["issue", "--pending"])["items"], serde_json::json!([]));
        assert_eq!(folder.ok(&["status"])["outbox_waiting"], 1);
    }
}

#[test]
fn a_strict_import_is_refused_at_the_first_bad_line() {
    let folder = Folder::sqlite();
    folder.write("rule.json", RULE);
    folder.write(
        "rides.csv",
        &rides(3).replace("ride-000001,holder-000001,10", "ride-000001,holder-000001,-10"),
    );
    let output = folder.run(&["import", "rides.csv", "--rule", "rule.json", "--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(super::folder::text(&output.stdout).contains("stopped at line 3: M02 schema: quantity"));
    assert_eq!(import(&folder)["refused"], 1);
    assert_eq!(
        folder.refused(&["import", "rides.txt", "--rule", "rule.json"]),
        "format"
    );
    assert_eq!(folder.refused(&["import", "none.csv", "--rule", "rule.json"]), "file");
}
