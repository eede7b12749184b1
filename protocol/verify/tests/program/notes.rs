//! `checkpoint`, `consistency` and `fork`.

use crate::place::{ENOUGH, NEW, OLD, Place};

#[test]
fn a_checkpoint_is_proven_by_the_log_and_enough_witnesses() {
    let place = Place::new();
    let checkpoint = ["checkpoint", "new", "--policy", "policy"];
    let json = place.says(&checkpoint, 0, "has signed a tree of 300 leaves", "已签署共 300 条");
    assert_eq!((&json["size"], &json["quorum"]), (&300.into(), &true.into()));
    assert_eq!(json["witnesses"].as_array().unwrap().len(), 3);
    place
        .run(&checkpoint)
        .is(0)
        .says("PROVEN\n")
        .says("w0, w1, w2")
        .says("NOT PROVEN by this file");

    place.write("new", place.note(NEW, &[0, 1]));
    let json = place.says(&checkpoint, 1, "REFUTED: the log", "见证方不足：w0, w1");
    assert_eq!(json["quorum"], false);
    place.write("new", place.note(NEW, &[]));
    place.says(
        &checkpoint,
        1,
        "fewer witnesses than the policy asks for: none",
        "见证方不足：无",
    );
}

#[test]
fn a_checkpoint_that_was_cut_changed_or_signed_by_others_is_refuted() {
    let place = Place::new();
    let checkpoint = ["checkpoint", "new", "--policy", "policy"];
    let whole = place.read("new");
    // Cut anywhere but between two whole signature lines.
    for length in [1, whole.len() / 3, whole.len() - 1] {
        place.write("new", &whole[..length]);
        let json = place.says(
            &checkpoint,
            1,
            "REFUTED: this is not such a file",
            "不成立：文件格式不符（malformed）",
        );
        assert_eq!(json["fault"], "malformed");
    }
    let text = String::from_utf8(whole.clone()).unwrap();
    place.write("new", text.replacen("\n300\n", "\n301\n", 1));
    let json = place.says(
        &checkpoint,
        1,
        "REFUTED: a signature under the checkpoint is false",
        "不成立：检查点签名不实",
    );
    assert_eq!(json["fault"], "signature");
    place.write("new", &whole);
    place.strangers();
    let by_strangers = ["checkpoint", "new", "--policy", "strangers"];
    let json = place.says(
        &by_strangers,
        1,
        "REFUTED: the log has not signed the checkpoint",
        "不成立：检查点未经日志签名",
    );
    assert_eq!(json["fault"], "log");
    place.run(&by_strangers).is(1).says("`sample.example/log`");
    place.write("new", [0xff, 0xfe, 0]);
    place.says(&checkpoint, 1, "REFUTED", "不成立");
}

#[test]
fn a_log_that_only_grew_is_consistent() {
    let place = Place::new();
    let consistency = ["consistency", "old", "new", "proof", "--policy", "policy"];
    let json = place.says(
        &consistency,
        0,
        "The 300 leaves begin with the 200 leaves",
        "300 条记录以原 200 条记录开头",
    );
    assert_eq!(
        (&json["verdict"], &json["old"]["size"]),
        (&"continues".into(), &OLD.into())
    );
    // A tree continues itself, with an empty proof.
    place.write("none", "");
    place.says(
        &["consistency", "new", "new", "none", "--policy", "policy"],
        0,
        "PROVEN",
        "已证实",
    );
    place.says(
        &["consistency", "new", "old", "proof", "--policy", "policy"],
        1,
        "exchange them",
        "请对调两份文件",
    );
}

#[test]
fn a_log_that_was_changed_is_not_consistent() {
    let place = Place::new();
    let consistency = ["consistency", "old", "new", "proof", "--policy", "policy"];
    let proof = String::from_utf8(place.read("proof")).unwrap();
    let lines: Vec<&str> = proof.lines().collect();
    for wrong in [
        lines[1..].join("\n"),
        lines[..lines.len() - 1].join("\n"),
        format!("{proof}{}\n", lines[0]),
    ] {
        place.write("proof", wrong);
        let json = place.says(
            &consistency,
            1,
            "REFUTED: the proof does not show",
            "不成立：该证明不能说明",
        );
        assert_eq!(json["verdict"], "not-shown");
    }
    for wrong in [
        format!("{proof}AAAA\n"),
        format!("{proof}no base64!\n"),
        format!("{}\n", lines[0]).repeat(64),
    ] {
        place.write("proof", wrong);
        let json = place.says(
            &consistency,
            1,
            "REFUTED: a proof cannot be read",
            "不成立：证明无法读取",
        );
        assert_eq!(json["fault"], "proof");
    }
    place.write("proof", "A".repeat(64 * 1024 + 1));
    place.run(&consistency).is(2);
    place.write("proof", &proof);
    place.write("old", Place::lie(OLD));
    let json = place.says(&consistency, 1, "two histories: keep both notes", "两个历史");
    assert_eq!(json["verdict"], "not-shown");
    place.write("old", place.note(OLD, &ENOUGH).replacen("\n200\n", "\n199\n", 1));
    let said = place.run(&consistency).is(1).says("  old: ");
    assert!(said.out.starts_with("REFUTED: a signature"), "{said:?}");
}

#[test]
fn two_trees_of_one_size_prove_a_fork() {
    let place = Place::new();
    place.write("lie", Place::lie(NEW));
    let both = place.note(NEW, &[0]) + "\n# the other one\n\n" + &Place::lie(NEW);
    place.write("both", &both);
    let report = serde_json::json!({ "first": place.note(NEW, &[]), "second": Place::lie(NEW) });
    place.write("report", report.to_string());
    for evidence in [
        &["fork", "new", "lie"][..],
        &["fork", "lie", "new"],
        &["fork", "both"],
        &["fork", "report"],
    ] {
        let arguments = [evidence, &["--policy", "policy"]].concat();
        let json = place.says(
            &arguments,
            0,
            "PROVEN: the log sample.example/log has signed two trees of 300 leaves",
            "已证实：日志 sample.example/log 对 300 条记录签署了两棵不同的树",
        );
        assert_eq!(json["verdict"], "equivocation");
    }
}

#[test]
fn what_contradicts_nothing_is_no_fork() {
    let place = Place::new();
    let two = |first, second| ["fork", first, second, "--policy", "policy"];
    let json = place.says(
        &two("new", "new"),
        1,
        "NOT PROVEN: both notes are of the same tree",
        "未证实",
    );
    assert_eq!(json["verdict"], "same");
    let json = place.says(
        &two("old", "new"),
        1,
        "NOT PROVEN: the notes are of 200 and 300 leaves",
        "200 条与 300 条",
    );
    assert_eq!(json["verdict"], "different-sizes");
    // Whoever makes up a note proves nothing against the log.
    place.write("forged", place.note(NEW, &ENOUGH).replacen("\n300\n", "\n299\n", 1));
    let json = place.says(
        &two("new", "forged"),
        1,
        "REFUTED: a signature",
        "不成立：检查点签名不实",
    );
    assert_eq!(json["fault"], "signature");
    place.run(&two("new", "forged")).is(1).says("the second note: ");
    place.run(&two("forged", "new")).is(1).says("the first note: ");
    place.strangers();
    place.says(
        &["fork", "new", "new", "--policy", "strangers"],
        1,
        "REFUTED: the log",
        "未经日志签名",
    );
    for one in ["new", "proof"] {
        let json = place.says(
            &["fork", one, "--policy", "policy"],
            1,
            "it does not hold two signed notes",
            "文件格式不符",
        );
        assert_eq!(json["fault"], "malformed");
    }
    place.write("three", place.note(NEW, &[]).repeat(3));
    place
        .run(&["fork", "three", "--policy", "policy"])
        .is(1)
        .says("two signed notes");
}
