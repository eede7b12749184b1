//! The program as people and scripts use it: what it says in both languages, and its exit status.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "program/logs.rs"]
mod logs;
#[path = "program/notes.rs"]
mod notes;
#[path = "program/place.rs"]
mod place;
#[path = "program/receipts.rs"]
mod receipts;

use place::Place;

#[test]
fn every_command_has_its_help_and_what_is_no_command_is_misuse() {
    let place = Place::new();
    for command in [
        "receipt",
        "certificate",
        "checkpoint",
        "consistency",
        "fork",
        "replay",
        "totals",
        "bench",
    ] {
        place.run(&[command, "--help"]).is(0).says("Example");
        assert!(place.run(&["--help"]).out.contains(command));
    }
    place
        .run(&["--help"])
        .is(0)
        .says("Exit status: 0 proven, 1 refuted or failed, 2 misused.");
    place.run(&["--version"]).is(0).says("tanqiao-verify");
    for wrong in [
        &[][..],
        &["prove"],
        &["checkpoint"],
        &["checkpoint", "a"],
        &["bench", "--leaves", "0"],
    ] {
        let said = place.run(wrong).is(2);
        assert!(
            said.out.is_empty() && said.err.contains("--help"),
            "{wrong:?}: {said:?}"
        );
    }
}

/// Every command that reads files, with what stands for each of them.
const FILES: &[(&[&str], usize)] = &[
    (&["receipt", "FILE", "--policy", "policy"], 1),
    (&["certificate", "FILE", "--policy", "policy"], 1),
    (&["checkpoint", "FILE", "--policy", "policy"], 1),
    (&["checkpoint", "new", "--policy", "FILE"], 3),
    (&["consistency", "FILE", "new", "proof", "--policy", "policy"], 1),
    (&["consistency", "old", "FILE", "proof", "--policy", "policy"], 2),
    (&["consistency", "old", "new", "FILE", "--policy", "policy"], 3),
    (&["fork", "FILE", "--policy", "policy"], 1),
    (&["fork", "FILE", "new", "--policy", "policy"], 1),
    (&["fork", "new", "FILE", "--policy", "policy"], 2),
    (&["replay", "FILE", "--policy", "policy"], 1),
    (&["replay", "mirror", "--policy", "FILE"], 3),
    (&["replay", "mirror", "--totals", "FILE"], 3),
    (&["totals", "FILE"], 1),
];

#[test]
fn a_file_that_is_not_there_or_is_a_directory_is_misuse_and_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    for (command, at) in FILES {
        for wrong in ["nowhere", "folder"] {
            let mut arguments = command.to_vec();
            arguments[*at] = wrong;
            let said = place.run(&arguments).is(2);
            assert!(said.out.is_empty(), "{arguments:?}: {said:?}");
            assert!(
                said.err.starts_with("tanqiao-verify: ") && said.err.contains(wrong),
                "{arguments:?}: {said:?}"
            );
            arguments.push("--json");
            let json = place.run(&arguments).is(2).json();
            assert_eq!(json["proven"], false);
            assert!(json["error"].as_str().unwrap().contains(wrong), "{json}");
        }
    }
}

#[test]
fn an_empty_policy_or_one_of_nobody_is_misuse_and_an_empty_file_proves_nothing() {
    let place = Place::new();
    for (name, text) in [
        ("empty", ""),
        ("garbage", "trust me\n"),
        ("half", "witness w0 sample\n"),
    ] {
        place.write(name, text);
        let said = place.run(&["checkpoint", "new", "--policy", name]).is(2);
        assert!(said.err.contains(name), "{said:?}");
        place.run(&["replay", "mirror", "--policy", name]).is(2);
    }
    for (command, at) in FILES {
        let mut arguments = command.to_vec();
        if arguments[*at - 1] == "--policy" || ["replay", "totals"].contains(&arguments[0]) {
            continue;
        }
        arguments[*at] = "empty";
        // A proof without a hash can be read, and shows nothing between two trees.
        let said = place.run(&arguments).is(1);
        assert!(said.out.starts_with("REFUTED: "), "{arguments:?}: {said:?}");
        arguments.push("--zh");
        assert!(place.run(&arguments).is(1).out.starts_with("不成立："), "{arguments:?}");
    }
    place.run(&["replay", "mirror", "--totals", "empty"]).is(2);
}
