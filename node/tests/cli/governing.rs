//! Sheets in files, and what a member says of mappings.

use super::folder::{Folder, RULE, rides, text};

#[test]
fn a_template_is_filled_in_checked_and_refused_with_line_and_column() {
    for form in ["csv", "xlsx"] {
        let folder = Folder::sqlite();
        folder.write("rule.json", RULE);
        folder.write("one.csv", &rides(1));
        folder.ok(&["import", "one.csv", "--rule", "rule.json"]);
        let file = format!("metro.{form}");
        folder.ok(&["sheet", "template", "CN-4201-metro.v1", "--out", &file]);
        let again = ["sheet", "template", "CN-4201-metro.v1", "--out", &file];
        assert_eq!(folder.refused(&again), "file", "an existing file is never overwritten");
        let found = folder.ok(&["sheet", "check", &file]);
        let sheet = &found["sheets"][0];
        assert_eq!(sheet["methodology"], "CN-4201-metro.v1", "{found}");
        assert_eq!(sheet["unknown"].as_array().unwrap().len(), 24, "{found}");
        assert_eq!(folder.refused(&["sheet", "template", "a.v1", "--out", "a.ods"]), "file");
    }
}

#[test]
fn a_template_is_made_also_where_there_is_no_node_yet() {
    let folder = Folder::bare();
    folder.ok(&["sheet", "template", "CN-4201-bus.v1", "--out", "bus.csv"]);
    let written = std::fs::read_to_string(folder.path("bus.csv")).unwrap();
    assert!(
        written.contains("unit-factor") && written.contains("单位减排因子"),
        "{written}"
    );
    let check = folder.run(&["sheet", "check", "bus.csv"]);
    assert_eq!(check.status.code(), Some(1), "it has no titles yet");
    let said = text(&check.stdout);
    assert!(
        said.contains("line 2, column 3: CN-4201-bus.v1 has no title-zh"),
        "{said}"
    );
}

#[test]
fn every_fault_of_a_file_has_line_and_column() {
    let folder = Folder::sqlite();
    folder.write(
        "bad.csv",
        "methodology,item,value,status,source,document_sha256\n\
         CN-4201-metro.v1,title-zh,地铁,,,\nCN-4201-metro.v1,title-en,Metro,,,\n\
         CN-4201-metro.v1,unit-factor,98 apples,declared,a letter,\nCN-4201-metro.v1,colour,red,,,\n",
    );
    for command in ["check", "publish"] {
        let output = folder
            .command(&["sheet", command, "bad.csv", "--json"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let faults = found["faults"].as_array().unwrap();
        let places: Vec<_> = faults
            .iter()
            .map(|one| (one["line"].as_u64().unwrap(), one["column"].as_u64().unwrap()))
            .collect();
        assert_eq!(places, [(4, 3), (5, 2)], "{found}");
    }
    assert_eq!(folder.refused(&["sheet", "check", "nothing.csv"]), "file");
}

#[test]
fn what_a_member_says_waits_in_the_outbox_once() {
    let id = "01920000-0000-7000-8000-000000000001";
    for folder in Folder::on_each_database() {
        let words: [&[&str]; 4] = [
            &["suspend", "metro.v1", "--reason", "the metering is under review"],
            &["lift", "metro.v1"],
            &[
                "object",
                "metro.v1",
                "--ground",
                "accuracy",
                "--reason",
                "the figures are doubted",
            ],
            &["comment", "metro.v1", "--text", "the second line is missing"],
        ];
        for said in words {
            let waiting = folder.ok(&[&["mapping"], said].concat());
            assert_eq!(waiting["state"], "pending", "{waiting}");
        }
        let lift = ["mapping", "lift", "metro.v1", "--id", id];
        assert_eq!(folder.ok(&lift), folder.ok(&lift));
        assert_eq!(folder.refused(&["mapping", "lift", "bus.v1", "--id", id]), "id-reused");
        assert_eq!(folder.ok(&["status"])["outbox_waiting"], 5);
    }
}

#[test]
fn what_cannot_be_said_leaves_nothing_behind() {
    let folder = Folder::sqlite();
    let number = ["mapping", "comment", "metro.v1", "--text", "ask 13800138000"];
    assert_eq!(folder.refused(&number), "personal-data");
    let ground = ["mapping", "object", "metro.v1", "--ground", "dislike", "--reason", "no"];
    assert_eq!(folder.run(&ground).status.code(), Some(2));
    folder.write("proposal.json", "{\"mapping\": \"metro.v1\", \"factor\": 1000000}");
    assert_eq!(
        folder.refused(&["mapping", "propose", "proposal.json"]),
        "file",
        "the factor is the hub's"
    );
    let sha256 = "0".repeat(64);
    // The hub is not there: the record that was read cannot be compared, so nothing is endorsed.
    let endorse = ["mapping", "endorse", "metro.v1", "--record", &sha256];
    assert_eq!(folder.refused(&endorse), "hub-unreachable");
    assert_eq!(folder.refused(&["mapping", "list"]), "hub-unreachable");
    assert_eq!(folder.refused(&["sheet", "show", "metro.v1"]), "hub-unreachable");
    assert_eq!(folder.ok(&["status"])["outbox_waiting"], 0);
}

#[test]
fn a_quote_is_asked_for_what_the_account_has() {
    let folder = Folder::sqlite();
    let quote = [
        "quote",
        "--account",
        "house",
        "--quantity-g",
        "5",
        "--to",
        "230100",
        "--use",
        "event-neutrality",
    ];
    assert_eq!(folder.refused(&quote), "not-enough");
    let event = [
        "quote",
        "--account",
        "house",
        "--quantity-g",
        "5",
        "--event",
        "marathon",
    ];
    assert_eq!(folder.refused(&event), "hub-unreachable");
    for misuse in [&quote[..5], &quote[..7]] {
        assert_eq!(folder.run(misuse).status.code(), Some(2), "{misuse:?}");
    }
}
