//! The cases: good files, and for each way to go wrong a file that is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::receipt::verify;
use tanqiao_verify::sample::Sample;

use crate::messages::{keys_of, messages_of};
use crate::world::{QUORUM, World, policies, policy, world};

/// The cases as they are gathered.
pub struct Cases {
    list: Vec<Value>,
    file: &'static str,
    r#as: &'static str,
}

impl Cases {
    pub fn good(&mut self, name: &str, policy: &str, edits: Value, statement: Value) {
        let (file, r#as) = (self.file, self.r#as);
        self.list.push(json!({
            "name": name, "as": r#as, "file": file, "policy": policy, "edits": edits, "statement": statement,
        }));
    }

    pub fn bad(&mut self, name: &str, fault: &str, edits: Value) {
        self.bad_under(name, fault, "three-of-four", edits);
    }

    pub fn bad_under(&mut self, name: &str, fault: &str, policy: &str, edits: Value) {
        let (file, r#as) = (self.file, self.r#as);
        let name = format!("{file}: {name}");
        self.list
            .push(json!({ "name": name, "as": r#as, "file": file, "policy": policy, "edits": edits, "fault": fault }));
    }
}

pub fn set(at: &str, value: impl Into<Value>) -> Value {
    json!([{ "at": at, "value": value.into() }])
}

pub fn without(at: &str) -> Value {
    json!([{ "at": at }])
}

/// The base64 text with one bit of a byte in its middle changed.
pub fn flipped(text: &str) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    STANDARD.encode(bytes)
}

pub fn at<'a>(file: &'a Value, pointer: &str) -> &'a str {
    file.pointer(pointer).unwrap().as_str().unwrap()
}

/// The proof with one line changed by `change`.
fn line(proof: &str, number: usize, change: impl Fn(&str) -> String) -> String {
    let mut lines: Vec<String> = proof.split('\n').map(str::to_owned).collect();
    lines[number] = change(&lines[number]);
    lines.join("\n")
}

/// The last word of a signature line, with a bit changed in its middle.
fn resigned(line: &str) -> String {
    let (head, blob) = line.rsplit_once(' ').unwrap();
    format!("{head} {}", flipped(blob))
}

fn proofs_of(cases: &mut Cases, file: &Value) {
    let pointer = "/leaves/0/proof";
    let proof = at(file, pointer);
    let head = proof.split('\n').position(str::is_empty).unwrap();
    let text = |number, change: &dyn Fn(&str) -> String| line(proof, number, change);
    cases.bad(
        "another header of the proof",
        "proof",
        set(pointer, text(0, &|_| "c2sp.org/tlog-proof@v2".into())),
    );
    cases.bad(
        "another index",
        "inclusion",
        set(pointer, text(1, &|_| "index 3".into())),
    );
    cases.bad(
        "an index with a leading zero",
        "proof",
        set(pointer, text(1, &|line| line.replace("index ", "index 0"))),
    );
    for number in 2..head {
        let name = format!("hash {} of the path changed", number - 2);
        cases.bad(&name, "inclusion", set(pointer, text(number, &flipped)));
    }
    cases.bad(
        "a hash of the path too few",
        "inclusion",
        set(pointer, {
            let mut lines: Vec<&str> = proof.split('\n').collect();
            lines.remove(2);
            lines.join("\n")
        }),
    );
    cases.bad(
        "another origin",
        "signature",
        set(pointer, text(head + 1, &|_| "other.example/log".into())),
    );
    cases.bad(
        "another size",
        "signature",
        set(pointer, text(head + 2, &|_| "101".into())),
    );
    cases.bad("another root", "signature", set(pointer, text(head + 3, &flipped)));
    for (number, who) in ["the log", "witness 0", "witness 1", "witness 2"]
        .into_iter()
        .enumerate()
    {
        let name = format!("the signature of {who} changed");
        cases.bad(&name, "signature", set(pointer, text(head + 5 + number, &resigned)));
    }
    cases.bad(
        "the log's line under another name",
        "log",
        set(pointer, text(head + 5, &|line| line.replace("/log ", "/loh "))),
    );
    cases.bad(
        "a witness's line under another name",
        "quorum",
        set(pointer, text(head + 6, &|line| line.replace("/w0 ", "/w8 "))),
    );
    cases.bad(
        "an entry changed",
        "inclusion",
        set("/leaves/0/entry", flipped(at(file, "/leaves/0/entry"))),
    );
    cases.bad("an entry that is no base64", "malformed", set("/leaves/0/entry", "*"));
}

fn witnesses_of(cases: &mut Cases, world: &World) {
    cases.bad_under(
        "fewer witnesses than the policy asks for",
        "quorum",
        "four-of-four",
        json!([]),
    );
    cases.bad_under(
        "witnesses that the policy does not know",
        "quorum",
        "other-witnesses",
        json!([]),
    );
    cases.bad_under("another key under the log's name", "log", "another-log-key", json!([]));
    let two = Sample::note(100, world.tree.root(100).unwrap(), &[0, 1]).unwrap();
    let mut twice = two.clone();
    let again = Sample::note(100, world.tree.root(100).unwrap(), &[1]).unwrap();
    for line in again.signatures().iter().skip(1) {
        // The same witness, at another time: another line, and still one witness.
        twice.add(line.clone()).unwrap();
    }
    for (name, note) in [("two witnesses of three", two), ("a witness twice", twice)] {
        let file = json!(world.receipt_under("transfer", &note));
        cases.bad(name, "quorum", json!([{ "at": "/leaves", "value": file["leaves"] }]));
    }
    let unsigned = Sample::note(100, world.tree.root(100).unwrap(), &QUORUM).unwrap();
    let text = unsigned.to_string();
    let log = text.lines().find(|line| line.contains("/log ")).unwrap();
    let without_log = Note::parse(text.replace(&format!("{log}\n"), "").as_bytes()).unwrap();
    let file = json!(world.receipt_under("transfer", &without_log));
    cases.bad(
        "witnesses without the log",
        "log",
        json!([{ "at": "/leaves", "value": file["leaves"] }]),
    );
    let (tree, note) = &world.older;
    let older = world.sample.prove(tree, note, world.other_key).unwrap();
    cases.bad(
        "a proof under an older checkpoint",
        "checkpoints",
        set("/messages/1/key", json!(older)),
    );
}

fn outcome_of(cases: &mut Cases, world: &World, file: &Value) {
    cases.bad(
        "another id",
        "outcome",
        set("/id", json!(world.dealing("retirement").id)),
    );
    cases.bad("another kind", "messages", set("/kind", "retirement"));
    cases.bad("a kind that there is not", "malformed", set("/kind", "gift"));
    cases.bad("another version", "malformed", set("/format", "tanqiao-receipt/v2"));
    cases.bad("a member that there is not", "malformed", set("/note", "trust me"));
    cases.bad("no leaf", "parts", set("/leaves", json!([])));
    cases.bad(
        "the reservation in the place of the decision",
        "outcome",
        set("/leaves/0", file["messages"][0]["leaf"].clone()),
    );
    cases.bad(
        "a second leaf that is no part",
        "parts",
        set("/leaves/1", file["leaves"][0].clone()),
    );
}

fn parts_of(cases: &mut Cases, world: &World, file: &Value) {
    cases.bad("the last part missing", "parts", without("/leaves/2"));
    cases.bad("the first part missing", "parts", without("/leaves/0"));
    let leaves = &file["leaves"];
    cases.bad(
        "parts in the wrong order",
        "parts",
        set("/leaves", json!([leaves[0], leaves[2], leaves[1]])),
    );
    cases.bad("a part twice", "parts", set("/leaves/2", leaves[1].clone()));
    cases.bad(
        "a part of something else",
        "parts",
        set("/leaves/1", world.proof(world.plain)),
    );
}

fn certificates(cases: &mut Cases, world: &World) {
    for (file, dealing) in CERTIFICATES {
        cases.file = file;
        let certificate = json!(world.certificate(dealing));
        let delivered = certificate["quantity_g"].clone();
        cases.good(
            file,
            "three-of-four",
            json!([]),
            json!({ "delivered_g": delivered, "id": world.dealing(dealing).id }),
        );
        cases.bad("without its receipt", "certificate", without("/receipt"));
        cases.bad("more grams", "certificate", set("/quantity_g", 141));
        cases.bad("another member", "certificate", set("/member", "hubei"));
        cases.bad(
            "another claimant",
            "certificate",
            set("/claim/claimant", "somebody else"),
        );
        cases.bad(
            "another time",
            "certificate",
            set("/committed_at", "2026-05-24T08:00:00.000000Z"),
        );
        cases.bad("another leaf", "certificate", set("/log_index", 1));
        cases.bad("another hash", "certificate", set("/leaf_hash", "0".repeat(64)));
        cases.bad("fewer serials", "certificate", without("/blocks/0"));
        cases.bad(
            "the receipt of another",
            "certificate",
            set("/receipt", json!(world.receipt("donation-at-once").public())),
        );
        cases.bad(
            "the receipt of a transfer",
            "certificate",
            set("/receipt", json!(world.receipt("transfer"))),
        );
        cases.bad_under(
            "fewer witnesses than the policy asks for",
            "quorum",
            "four-of-four",
            json!([]),
        );
    }
}

const CERTIFICATES: [(&str, &str); 2] = [
    ("certificate-of-a-donation", "donation"),
    ("certificate-of-a-retirement", "retirement"),
];

/// What is proven of a good receipt, and compared with another verifier.
const TOLD: [&str; 10] = [
    "at",
    "blocks",
    "buffered_g",
    "cancelled_g",
    "delivered_g",
    "given_g",
    "id",
    "log_index",
    "parts",
    "not_proven",
];

fn good_ones(cases: &mut Cases, world: &World) {
    for (name, dealing) in world.dealings.iter().take(7) {
        cases.file = name;
        let proven = json!(verify(&world.receipt(name), &policy(4, 3)).unwrap());
        let told = TOLD.iter().map(|member| ((*member).to_owned(), proven[member].clone()));
        let statement: Map<String, Value> = told.collect();
        cases.good(name, "three-of-four", json!([]), json!(statement));
        cases.good(
            &format!("{name}, where no witness is asked for"),
            "no-witness",
            json!([]),
            json!({ "id": dealing.id }),
        );
    }
    cases.file = "transfer";
    cases.good(
        "a name of the key that is left out is no fault",
        "three-of-four",
        without("/messages/0/envelope/signatures/0/keyid"),
        json!({ "id": world.dealing("transfer").id }),
    );
}

/// What a log has that should not be in it.
fn wrong_in_the_log(cases: &mut Cases) {
    for (file, fault) in [
        ("twisted-grams", "content"),
        ("twisted-purpose", "content"),
        ("twisted-serials", "content"),
        ("twisted-target", "content"),
        ("twisted-spelling", "leaf"),
        ("twisted-retirement", "content"),
        ("twisted-donation", "content"),
        ("twisted-quantity", "changes"),
        ("signed-too-early", "key-later"),
    ] {
        cases.file = file;
        cases.bad("as it stands in the log", fault, json!([]));
    }
}

fn public_ones(cases: &mut Cases, world: &World) {
    cases.r#as = "public";
    for file in ["donation", "retirement"] {
        cases.file = file;
        let id = json!(world.dealing(file).id);
        cases.good(
            &format!("{file}, without its message"),
            "three-of-four",
            set("/messages", json!([])),
            json!({ "id": id, "signatures": [] }),
        );
    }
    cases.file = "transfer";
    let none = set("/messages", json!([]));
    cases.bad("a transfer is not shown to everybody", "messages", none);
    cases.r#as = "certificate";
    certificates(cases, world);
}

fn texts(cases: &mut Cases) {
    let twice = "{\"format\":\"tanqiao-receipt/v1\",\"format\":\"tanqiao-receipt/v1\"}";
    for (name, text) in [("no JSON", "receipt"), ("nothing", ""), ("a name twice", twice)] {
        let policy = "three-of-four";
        cases
            .list
            .push(json!({ "name": name, "as": "receipt", "text": text, "policy": policy, "fault": "malformed" }));
    }
}

/// The whole file.
pub fn vectors() -> Value {
    let world = world();
    let mut files = Map::new();
    for (name, _) in &world.dealings {
        files.insert((*name).to_owned(), json!(world.receipt(name)));
    }
    for (file, dealing) in CERTIFICATES {
        files.insert(file.to_owned(), json!(world.certificate(dealing)));
    }
    let mut cases = Cases {
        list: Vec::new(),
        file: "",
        r#as: "receipt",
    };
    good_ones(&mut cases, &world);
    proofs_of(&mut cases, &files["transfer"]);
    witnesses_of(&mut cases, &world);
    messages_of(&mut cases, &world, &files["transfer"]);
    keys_of(&mut cases, &world, &files["transfer"]);
    outcome_of(&mut cases, &world, &files["transfer"]);
    cases.file = "transfer-in-parts";
    parts_of(&mut cases, &world, &files["transfer-in-parts"]);
    cases.file = "transfer-batched";
    cases.bad("another item of the batch", "messages", set("/messages/1/item", 0));
    cases.bad("an item that there is not", "messages", set("/messages/1/item", 2));
    cases.bad("a batch without an item", "messages", without("/messages/1/item"));
    wrong_in_the_log(&mut cases);
    public_ones(&mut cases, &world);
    texts(&mut cases);
    json!({
        "about": "Receipts and certificates, good and bad: `files` with the `edits` of a case (JSON pointers; a value to put there, or none to take it away), judged under one of `policies`. See docs/verification.md.",
        "policies": policies(),
        "files": files,
        "cases": cases.list,
    })
}
