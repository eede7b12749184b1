//! Permissions and the report of claims at the terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use serde_json::{Value, json};
use support::signing_key;
use support::terminal::{Desk, LI, at_each_desk, with};

fn permit(desk: &Desk, until: &str) {
    let content = json!({
        "member": "wuhan", "use": "corporate-neutrality", "linked_use": "ecological-compensation", "claimant": "Example Works",
        "claimant_kind": "organisation", "year": 2026, "place": "420100", "quantity_g": 1_000, "until": until, "reason": "judgment 12",
    });
    std::fs::write(desk.path("permission.json"), content.to_string()).unwrap();
}

fn a_member(desk: &Desk) {
    std::fs::write(desk.path("wuhan.pub"), signing_key("wuhan").verifying_key().to_string()).unwrap();
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
}

#[test]
fn a_permission_is_granted_listed_and_taken_back_and_the_report_is_one_json_value() {
    at_each_desk(|desk| {
        a_member(desk);
        permit(desk, "2020-01-01T00:00:00Z");
        desk.fails(1, &with(&["admin", "permission", "grant", "permission.json"], &LI));
        permit(desk, "2100-01-01T00:00:00Z");
        let granted = desk.done(&with(&["admin", "permission", "grant", "permission.json"], &LI));
        assert_eq!(granted["state"], "active");
        let id = granted["subject"]
            .as_str()
            .unwrap()
            .strip_prefix("permission/")
            .unwrap();
        let list = desk.done(&["admin", "permission", "list"]);
        assert_eq!(
            (&list[0]["permission"], &list[0]["left_g"], &list[0]["member"]),
            (&json!(id), &json!(1_000), &json!("wuhan"))
        );
        let revoke = ["admin", "permission", "revoke", id, "--reason", "set aside"];
        assert_eq!(desk.done(&with(&revoke, &LI))["state"], "revoked");
        desk.fails(1, &with(&revoke, &LI));
        assert_eq!(desk.done(&["admin", "permission", "list"])[0]["left_g"], 0);
        let report = desk.done(&["admin", "claims", "report", "--region", "420000", "--year", "2026"]);
        assert_eq!(report["query"], json!({ "region": "420000", "year": 2026 }));
        assert_eq!(report["claims"], Value::Array(Vec::new()));
        desk.fails(2, &["admin", "claims", "report", "--region", "nowhere"]);
        assert_eq!(desk.done(&["admin", "audit"])["ok"], true);
    });
}
