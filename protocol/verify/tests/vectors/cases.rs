//! The cases: good files, and for each way to go wrong a file that is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tanqiao_protocol::event::Certificate;
use tanqiao_protocol::leaf::{Leaf, leaf_hash};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{CertificateFile, ReceiptFile, verify};
use tanqiao_verify::sample::{Dealing, Sample, Tree, Twist, Voice};

/// Everything that the cases are made of.
struct World {
    sample: Sample,
    tree: Tree,
    note: Note,
    older: (Tree, Note),
    dealings: Vec<(&'static str, Dealing)>,
    /// A leaf of the log that admits no key.
    plain: u64,
    /// The key of the target of the transfers.
    other_key: u64,
    later_key: u64,
}

const QUORUM: [u8; 3] = [0, 1, 2];

fn world() -> World {
    let mut sample = Sample::default();
    let wuhan = sample.admit("wuhan", 2).unwrap();
    let hubei = sample.admit("hubei", 3).unwrap();
    let renewed = sample.renew(&wuhan, 4).unwrap();
    let mut blocks: Vec<_> = (0..24).map(|_| sample.issue(&wuhan, 100).unwrap()).rev().collect();
    let mut pair = || vec![blocks.pop().unwrap(), blocks.pop().unwrap()];
    let parties = (&wuhan, &hubei);
    let mut dealings: Vec<(&'static str, Dealing)> = vec![
        ("transfer", sample.transfer(parties, &pair(), false, 1).unwrap()),
        (
            "transfer-batched",
            sample.transfer((&renewed, &hubei), &pair(), true, 1).unwrap(),
        ),
        (
            "transfer-in-parts",
            sample.transfer(parties, &pair(), false, 3).unwrap(),
        ),
        ("donation", sample.donate(&wuhan, &pair(), false).unwrap()),
        ("donation-at-once", sample.donate(&renewed, &pair(), true).unwrap()),
        ("retirement", sample.retire(&wuhan, &pair()).unwrap()),
    ];
    let whole = sample_block(&mut sample, &wuhan);
    let middle = tanqiao_protocol::serial::BlockRef {
        range: format!("{}-{}", whole.range.first() + 10, whole.range.first() + 39)
            .parse()
            .unwrap(),
        ..whole
    };
    dealings.push(("retirement-of-a-part", sample.retire(&wuhan, &[middle]).unwrap()));
    for (name, twist) in [
        ("twisted-grams", Twist::Grams),
        ("twisted-purpose", Twist::Purpose),
        ("twisted-serials", Twist::Serials),
        ("twisted-target", Twist::Target),
        ("twisted-spelling", Twist::Spelling),
    ] {
        sample.twist = twist;
        dealings.push((name, sample.transfer(parties, &pair(), false, 1).unwrap()));
    }
    sample.twist = Twist::Purpose;
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-retirement", sample.retire(&wuhan, &[block]).unwrap()));
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-donation", sample.donate(&wuhan, &[block], false).unwrap()));
    sample.twist = Twist::Grams;
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-quantity", sample.retire(&wuhan, &[block]).unwrap()));
    sample.twist = Twist::None;
    let early = Sample::unknown(&wuhan, 5).unwrap();
    let block = sample_block(&mut sample, &wuhan);
    let mut early = sample.retire(&early, &[block]).unwrap();
    let tree = sample.tree();
    let size = tree.size();
    let older = Sample::note(size, tree.root(size).unwrap(), &QUORUM).unwrap();
    let later_key = sample.renew(&wuhan, 5).unwrap().admitted;
    early.admitted_by(0, later_key);
    dealings.push(("signed-too-early", early));
    sample.pad(100).unwrap();
    let whole = sample.tree();
    let note = Sample::note(100, whole.root(100).unwrap(), &QUORUM).unwrap();
    World {
        plain: 99,
        other_key: hubei.admitted,
        later_key,
        older: (tree, older),
        tree: whole,
        note,
        sample,
        dealings,
    }
}

fn sample_block(sample: &mut Sample, voice: &Voice) -> tanqiao_protocol::serial::BlockRef {
    sample.issue(voice, 100).unwrap()
}

impl World {
    fn dealing(&self, name: &str) -> &Dealing {
        &self.dealings.iter().find(|(found, _)| *found == name).unwrap().1
    }

    fn receipt(&self, name: &str) -> ReceiptFile {
        self.receipt_under(name, &self.note)
    }

    fn receipt_under(&self, name: &str, note: &Note) -> ReceiptFile {
        self.dealing(name).receipt(&self.sample, &self.tree, note).unwrap()
    }

    fn proof(&self, index: u64) -> Value {
        json!(self.sample.prove(&self.tree, &self.note, index).unwrap())
    }

    fn certificate(&self, name: &str) -> CertificateFile {
        let receipt = self.receipt(name);
        let proven = verify(&receipt, &policy(4, 3)).unwrap();
        let leaf = &receipt.leaves[0].entry.0;
        let decided: Leaf = serde_json::from_slice(leaf).unwrap();
        CertificateFile {
            certificate: Certificate {
                certificate: receipt.id,
                trust_domain: "sample.example".parse().unwrap(),
                member: proven.parties[0].member.clone(),
                donor: proven.donor_name,
                claim: proven.claim.unwrap(),
                blocks: proven.delivered,
                quantity_g: proven.delivered_g,
                given_g: proven.given_g,
                buffered_g: proven.buffered_g,
                cancelled_g: proven.cancelled_g,
                committed_at: proven.at,
                log_index: decided.index,
                log_origin: proven.tree.origin,
                leaf_hash: leaf_hash(leaf),
                uses: tanqiao_protocol::r#use::Uses::NONE,
                unscreened: true,
            },
            receipt: Some(receipt.public()),
        }
    }
}

fn policy(witnesses: u8, quorum: usize) -> Policy {
    Sample::policy(witnesses, quorum).unwrap()
}

fn policies() -> Value {
    let text = |policy: Policy| json!(String::from_utf8(policy.print()).unwrap());
    let strange = Sample::witness_key(9).unwrap();
    let key = strange.key().clone();
    let other = tanqiao_protocol::signing::NoteKey::new("sample.example/log", key).unwrap();
    let nobody = Policy::of(other, Vec::new(), 0).unwrap();
    let strangers = (5..8)
        .map(|n| (format!("s{n}"), Sample::witness_key(n).unwrap()))
        .collect();
    json!({
        "three-of-four": text(policy(4, 3)),
        "four-of-four": text(policy(4, 4)),
        "no-witness": text(policy(0, 0)),
        "another-log-key": text(nobody),
        "other-witnesses": text(Policy::of(Sample::log_key().unwrap(), strangers, 1).unwrap()),
    })
}

/// The cases as they are gathered.
struct Cases {
    list: Vec<Value>,
    file: &'static str,
    r#as: &'static str,
}

impl Cases {
    fn good(&mut self, name: &str, policy: &str, edits: Value, statement: Value) {
        let (file, r#as) = (self.file, self.r#as);
        self.list.push(json!({
            "name": name, "as": r#as, "file": file, "policy": policy, "edits": edits, "statement": statement,
        }));
    }

    fn bad(&mut self, name: &str, fault: &str, edits: Value) {
        self.bad_under(name, fault, "three-of-four", edits);
    }

    fn bad_under(&mut self, name: &str, fault: &str, policy: &str, edits: Value) {
        let (file, r#as) = (self.file, self.r#as);
        let name = format!("{file}: {name}");
        self.list
            .push(json!({ "name": name, "as": r#as, "file": file, "policy": policy, "edits": edits, "fault": fault }));
    }
}

fn set(at: &str, value: impl Into<Value>) -> Value {
    json!([{ "at": at, "value": value.into() }])
}

fn without(at: &str) -> Value {
    json!([{ "at": at }])
}

/// The base64 text with one bit of a byte in its middle changed.
fn flipped(text: &str) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    STANDARD.encode(bytes)
}

fn at<'a>(file: &'a Value, pointer: &str) -> &'a str {
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

fn messages_of(cases: &mut Cases, world: &World, file: &Value) {
    let envelope = "/messages/0/envelope";
    let of = |member: &str| format!("{envelope}/{member}");
    cases.bad(
        "a payload changed",
        "payload",
        set(&of("payload"), flipped(at(file, &of("payload")))),
    );
    cases.bad(
        "another payload type",
        "messages",
        set(&of("payloadType"), "application/vnd.tanqiao.retirement.v1+json"),
    );
    let sig = of("signatures/0/sig");
    cases.bad(
        "a member's signature changed",
        "message-signature",
        set(&sig, flipped(at(file, &sig))),
    );
    cases.bad(
        "a signature without a name is tried",
        "message-signature",
        json!([
            { "at": of("signatures/0/keyid") },
            { "at": sig, "value": flipped(at(file, &sig)) },
        ]),
    );
    cases.bad("a message missing", "messages", without("/messages/1"));
    cases.bad("no message at all", "messages", set("/messages", json!([])));
    cases.bad(
        "a message too many",
        "messages",
        set("/messages/2", file["messages"][0].clone()),
    );
    cases.bad(
        "the messages in the wrong order",
        "messages",
        set("/messages", json!([file["messages"][1], file["messages"][0]])),
    );
    cases.bad(
        "the leaf of the reservation missing",
        "messages",
        without("/messages/0/leaf"),
    );
    cases.bad(
        "a leaf of its own for the acceptance",
        "messages",
        set("/messages/1/leaf", file["messages"][0]["leaf"].clone()),
    );
    let other = json!(world.receipt("transfer-batched"));
    cases.bad(
        "the reservation of another transfer",
        "content",
        set("/messages/0/leaf", other["messages"][0]["leaf"].clone()),
    );
    cases.bad(
        "the proposal of another transfer",
        "payload",
        set("/messages/0/envelope", other["messages"][0]["envelope"].clone()),
    );
    cases.bad(
        "the acceptance of another transfer",
        "payload",
        json!([{ "at": "/messages/1", "value": json!(world.receipt("transfer-in-parts"))["messages"][1] }]),
    );
    cases.bad("an item of what is no batch", "messages", set("/messages/0/item", 0));
    cases.bad(
        "the key of another member",
        "key",
        set("/messages/0/key", world.proof(world.other_key)),
    );
    cases.bad(
        "another key of the member",
        "key-later",
        set("/messages/0/key", world.proof(world.later_key)),
    );
    cases.bad(
        "an earlier key of the member that did not sign",
        "message-signature",
        set("/messages/0/key", world.proof(2)),
    );
    cases.bad(
        "a leaf that admits no key",
        "key",
        set("/messages/0/key", world.proof(world.plain)),
    );
    let key = "/messages/0/key/entry";
    cases.bad(
        "the leaf of the key changed",
        "inclusion",
        set(key, flipped(at(file, key))),
    );
    let leaf = "/messages/0/leaf/entry";
    cases.bad(
        "the leaf of the reservation changed",
        "inclusion",
        set(leaf, flipped(at(file, leaf))),
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
    for (file, dealing) in [
        ("certificate-of-a-donation", "donation"),
        ("certificate-of-a-retirement", "retirement"),
    ] {
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

/// The whole file.
pub fn vectors() -> Value {
    let world = world();
    let mut files = Map::new();
    for (name, _) in &world.dealings {
        files.insert((*name).to_owned(), json!(world.receipt(name)));
    }
    for (file, dealing) in [
        ("certificate-of-a-donation", "donation"),
        ("certificate-of-a-retirement", "retirement"),
    ] {
        files.insert(file.to_owned(), json!(world.certificate(dealing)));
    }
    let mut cases = Cases {
        list: Vec::new(),
        file: "",
        r#as: "receipt",
    };
    for (name, dealing) in world.dealings.iter().take(7) {
        cases.file = name;
        let proven = json!(verify(&world.receipt(name), &policy(4, 3)).unwrap());
        let told = [
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
        let statement: Map<String, Value> = told
            .iter()
            .map(|member| ((*member).to_owned(), proven[member].clone()))
            .collect();
        cases.good(name, "three-of-four", json!([]), json!(statement));
        cases.good(
            &format!("{name}, where no witness is asked for"),
            "no-witness",
            json!([]),
            json!({ "id": dealing.id }),
        );
    }
    cases.file = "transfer";
    let transfer = files["transfer"].clone();
    cases.good(
        "a name of the key that is left out is no fault",
        "three-of-four",
        without("/messages/0/envelope/signatures/0/keyid"),
        json!({ "id": world.dealing("transfer").id }),
    );
    proofs_of(&mut cases, &transfer);
    witnesses_of(&mut cases, &world);
    messages_of(&mut cases, &world, &transfer);
    outcome_of(&mut cases, &world, &transfer);
    cases.file = "transfer-in-parts";
    parts_of(&mut cases, &world, &files["transfer-in-parts"].clone());
    cases.file = "transfer-batched";
    cases.bad("another item of the batch", "messages", set("/messages/1/item", 0));
    cases.bad("an item that there is not", "messages", set("/messages/1/item", 2));
    cases.bad("a batch without an item", "messages", without("/messages/1/item"));
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
    cases.bad(
        "a transfer is not shown to everybody",
        "messages",
        set("/messages", json!([])),
    );
    cases.r#as = "certificate";
    certificates(&mut cases, &world);
    for (name, text) in [
        ("no JSON", "receipt"),
        ("nothing", ""),
        (
            "a name twice",
            "{\"format\":\"tanqiao-receipt/v1\",\"format\":\"tanqiao-receipt/v1\"}",
        ),
    ] {
        let policy = "three-of-four";
        cases
            .list
            .push(json!({ "name": name, "as": "receipt", "text": text, "policy": policy, "fault": "malformed" }));
    }
    json!({
        "about": "Receipts and certificates, good and bad: `files` with the `edits` of a case (JSON pointers; a value to put there, or none to take it away), judged under one of `policies`. See docs/verification.md.",
        "policies": policies(),
        "files": files,
        "cases": cases.list,
    })
}
