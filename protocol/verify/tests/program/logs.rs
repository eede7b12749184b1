//! `replay`, `totals` and `bench`.

use std::fs;

use crate::place::Place;

#[test]
fn a_mirrored_log_is_replayed_and_compared_with_what_was_published() {
    let place = Place::new();
    let replay = ["replay", "mirror", "--policy", "policy"];
    let json = place.says(&replay, 0, "300 leaves were replayed", "已重放 300 条记录");
    assert_eq!((&json["replayed"], &json["own_policy"]), (&300.into(), &true.into()));
    // Without a policy of one's own it says so.
    place.says(&["replay", "mirror"], 0, "whose log this is", "日志归属");

    let totals = place.run(&["totals", "mirror", "--json"]).is(0).json();
    assert_eq!(totals["log_size"], 300);
    place
        .run(&["totals", "mirror"])
        .is(0)
        .says("300 leaves, as of 2026-05-23")
        .says("retired");
    place.run(&["totals", "mirror", "--zh"]).is(0).says("300 条记录，截至");
    place.write("published", totals.to_string());
    let compared = ["replay", "mirror", "--policy", "policy", "--totals", "published"];
    place.says(
        &compared,
        0,
        "The sums are those that were published",
        "各项合计与公布数据一致",
    );
    let mut wrong = totals;
    wrong["totals"][0]["blocks"] = 9.into();
    place.write("published", wrong.to_string());
    let json = place.says(&compared, 1, "in 9 blocks as published", "（9 段）");
    assert_eq!(json["differences"].as_array().unwrap().len(), 1);
    wrong["log_size"] = 301.into();
    place.write("published", wrong.to_string());
    let said = place.run(&compared).is(2);
    assert!(said.err.contains("mirror the log again"), "{said:?}");
    place.run(&["replay", "mirror", "--size", "301"]).is(2);
    place.says(
        &["replay", "mirror", "--size", "20"],
        0,
        "20 leaves were replayed",
        "已重放 20 条记录",
    );
}

#[test]
fn a_mirrored_log_with_a_changed_byte_is_refuted_and_the_file_is_named() {
    let place = Place::new();
    let bundle = place.path("mirror/tile/entries/000");
    let whole = fs::read(&bundle).unwrap();
    let mut changed = whole.clone();
    changed[40] ^= 1;
    fs::write(&bundle, &changed).unwrap();
    let replay = ["replay", "mirror", "--policy", "policy"];
    let json = place.says(
        &replay,
        1,
        "REFUTED\n  tile/entries/000: its entry 0",
        "不成立\n  tile/entries/000: ",
    );
    assert_eq!(
        (&json["findings"][0]["file"], &json["findings"][0]["leaf"]),
        (&"tile/entries/000".into(), &0.into())
    );
    place.says(&["totals", "mirror"], 1, "REFUTED", "不成立");
    // Cut short.
    fs::write(&bundle, &whole[..whole.len() / 2]).unwrap();
    place.says(&replay, 1, "tile/entries/000: ", "tile/entries/000: ");
    fs::write(&bundle, &whole).unwrap();
    place.strangers();
    place.says(
        &["replay", "mirror", "--policy", "strangers"],
        1,
        "checkpoint: no log of the policy has signed it",
        "checkpoint: ",
    );
    fs::remove_file(place.path("mirror/policy")).unwrap();
    let said = place.run(&["replay", "mirror"]).is(2);
    assert!(said.err.contains("name one with --policy"), "{said:?}");
}

#[test]
fn the_bench_measures_what_verifies_and_keeps_the_log_that_it_wrote() {
    let place = Place::new();
    let json = place
        .run(&["bench", "--leaves", "1000", "--rounds", "2", "--json"])
        .is(0)
        .json();
    assert_eq!(
        (&json["leaves"], json["measured"].as_array().unwrap().len()),
        (&1_000.into(), 5)
    );
    let bench = ["bench", "--leaves", "20000", "--mirror", "made", "--json"];
    let json = place.run(&bench).is(0).json();
    assert_eq!(json["leaves"], 20_000);
    assert!(json["measured"][0]["per_second"].as_u64().unwrap() > 0);
    place.says(
        &["replay", "made", "--policy", "made/policy"],
        0,
        "20000 leaves were replayed",
        "已重放 20000 条",
    );
    // Nothing is written over a log that is there.
    let before = fs::read(place.path("made/checkpoint")).unwrap();
    place
        .run(&["bench", "--leaves", "300", "--mirror", "made"])
        .is(0)
        .says("in a log of 20000 leaves")
        .says("leaves/s");
    assert_eq!(fs::read(place.path("made/checkpoint")).unwrap(), before);
    let few = ["bench", "--leaves", "3", "--mirror", "few"];
    place.run(&few).is(0).says("in a log of 8 leaves");
    // A log of somebody else is not measured as if it held.
    let said = place.run(&["bench", "--mirror", "mirror"]).is(1);
    assert!(said.err.contains("does not verify"), "{said:?}");
}
