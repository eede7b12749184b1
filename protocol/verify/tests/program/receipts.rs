//! `receipt` and `certificate`.

use serde_json::{Value, json};

use crate::place::Place;

#[test]
fn a_receipt_is_proven_or_says_why_not() {
    let place = Place::new();
    let receipt = ["receipt", "mine", "--policy", "policy"];
    let file = place.receipt("mine", &place.transfer);
    let json = place.says(&receipt, 0, "1000 g given; 700 g arrived", "转出 1000 克；到账 700 克");
    assert_eq!(json["statement"]["kind"], "transfer");
    place
        .run(&receipt)
        .is(0)
        .says("from wuhan to hubei")
        .says("NOT PROVEN by this file\n");

    let whole = place.read("mine");
    place.write("mine", &whole[..whole.len() / 2]);
    let json = place.says(
        &receipt,
        1,
        "REFUTED: this is not such a file (malformed)",
        "不成立：文件格式不符（malformed）",
    );
    assert_eq!(json["fault"], "malformed");
    let mut changed = file;
    changed["messages"][0]["leaf"] = Value::Null;
    place.write("mine", changed.to_string());
    let json = place.says(
        &receipt,
        1,
        "REFUTED: signed messages are missing",
        "不成立：签名报文缺失或不符",
    );
    assert_eq!(json["fault"], "messages");
    place.write("mine", whole);
    place.strangers();
    let json = place.says(
        &["receipt", "mine", "--policy", "strangers"],
        1,
        "REFUTED: the log has not signed the checkpoint (log)",
        "不成立：检查点未经日志签名（log）",
    );
    assert_eq!(json["fault"], "log");
}

#[test]
fn a_receipt_is_no_certificate_and_the_other_way_round() {
    let place = Place::new();
    let mut public = place.receipt("mine", &place.donation);
    let json = place.says(
        &["receipt", "mine", "--policy", "policy"],
        0,
        "to the event river-run",
        "捐予活动 river-run",
    );
    assert_eq!(json["statement"]["delivered_g"], 350);
    place.says(&["certificate", "mine", "--policy", "policy"], 1, "REFUTED", "不成立");
    public["messages"] = json!([]);
    place.write("mine", public.to_string());
    place.says(
        &["receipt", "mine", "--policy", "policy"],
        1,
        "REFUTED: signed messages are missing",
        "签名报文缺失",
    );
}

#[test]
fn a_certificate_is_proven_or_says_why_not() {
    let place = Place::new();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/receipts.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let good = cases.iter().find(|case| {
        let whole = case["edits"].as_array().is_some_and(Vec::is_empty);
        case["as"] == "certificate" && whole && case.get("fault").is_none()
    });
    let good = good.expect("a vector of a certificate that holds");
    let named = |table: &str, case: &str| vectors[table][good[case].as_str().unwrap()].clone();
    let mut certificate = named("files", "file");
    place.write("policy", named("policies", "policy").as_str().unwrap());
    place.write("public", certificate.to_string());
    let command = ["certificate", "public", "--policy", "policy"];
    let json = place.says(&command, 0, "NOT PROVEN by this file", "本文件不能证实");
    assert_eq!(json["statement"]["id"], certificate["receipt"]["id"]);
    place
        .run(&command)
        .is(0)
        .says("the member signed: its message is not in this file");
    // The same file attached to a page. A page on which two are is refused.
    let page = |copies: usize| {
        let text = certificate.to_string();
        let one = format!(
            "7 0 obj\n<<\n/Length {}\n/Type /EmbeddedFile\n>>\nstream\n{text}\nendstream\nendobj\n",
            text.len()
        );
        format!("%PDF-1.7\n{}%%EOF", one.repeat(copies))
    };
    place.write("page", page(1));
    let on_paper = ["certificate", "page", "--policy", "policy"];
    place.says(&on_paper, 0, "that the printed page says the same", "请与纸面逐项比对");
    place.write("page", page(2));
    let json = place.says(&on_paper, 1, "more than one file is attached", "不成立：文件格式不符");
    assert_eq!(json["place"], "pdf");
    certificate["receipt"] = Value::Null;
    place.write("public", certificate.to_string());
    place.says(&command, 1, "REFUTED", "不成立");
}
