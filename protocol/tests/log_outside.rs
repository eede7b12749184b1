//! A log of 70,000 entries as plain files, which programs of other lineages verify: Go's `golang.org/x/mod/sumdb`, as Debian packages
//! it, and Sigstore's verifier for Node.js. `tests/run` installs them and names `go` in `TANQIAO_GO` and the modules of Node.js in
//! `TANQIAO_SIGSTORE`; without them these tests say so, and fail in CI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::{Bundle, Tile, TileBuilder, TileReader, changed_bundles};
use tanqiao_protocol::log::witness::AddCheckpoint;
use tanqiao_protocol::merkle::{consistency, inclusion, root};
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};

const OLDER: u64 = 65_000;
const SIZE: u64 = 70_000;
const ORIGIN: &str = "hub.example/log";
const RECEIPTS: [u64; 5] = [0, 255, 41_000, 65_536, SIZE - 1];
const WITNESSES: u8 = 3;
/// Where Debian puts the sources of Go's libraries.
const GO_SOURCES: &str = "/usr/share/gocode";

/// What a variable names, or nothing outside CI.
fn named(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.exists());
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    assert!(
        found.is_some() || !ci,
        "{variable} names nothing that is there: tests/run installs it"
    );
    if found.is_none() {
        eprintln!("{variable} names nothing that is there, so that nothing is verified: tests/run installs it");
    }
    found
}

fn entry(index: u64) -> Vec<u8> {
    // Of very different lengths, an empty one and the longest that there may be among them.
    match index {
        3 => Vec::new(),
        4 => vec![b'x'; 65_535],
        index => format!(
            "{{\"index\":{index},\"text\":\"{}\"}}",
            "y".repeat(usize::try_from(index % 61).unwrap())
        )
        .into_bytes(),
    }
}

fn secret(number: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[number; 32]).unwrap()
}

fn log_key() -> NoteKey {
    NoteKey::new(ORIGIN, secret(1).verifying_key().clone()).unwrap()
}

fn witness_key(number: u8) -> NoteKey {
    let name = format!("w{number}.example/witness");
    NoteKey::of_kind(
        &name,
        NoteKind::Cosignature,
        secret(10 + number).verifying_key().clone(),
    )
    .unwrap()
}

fn write(directory: &Path, path: &str, bytes: &[u8]) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn read(directory: &Path, tile: Tile) -> std::io::Result<Vec<u8>> {
    fs::read(directory.join(tile.to_string()))
}

/// Grows the log in the directory, as a hub would, from the tiles that are there; its new head.
fn grow(directory: &Path, old: u64, size: u64) -> Head {
    let mut builder = TileBuilder::resume(old, |tile| read(directory, tile)).unwrap();
    (old..size).for_each(|index| builder.add(leaf_hash(&entry(index))));
    for (tile, bytes) in builder.take() {
        write(directory, &tile.to_string(), &bytes);
    }
    for tile in changed_bundles(old, size) {
        let mut bundle = Bundle::new();
        for index in tile.start()..tile.start() + u64::from(tile.width()) {
            bundle.add(&entry(index)).unwrap();
        }
        write(directory, &tile.to_string(), &bundle.into_bytes());
    }
    let mut reader = TileReader::new(size, |tile| read(directory, tile));
    let root = root(size, |node| reader.node(node)).unwrap();
    assert_eq!(root, builder.root(), "what was written is read");
    Head { size, root }
}

fn signed(head: Head) -> Note {
    let text = Checkpoint::new(ORIGIN, head).unwrap().to_string();
    let mut note = Note::unsigned(&text).unwrap();
    note.add(SignatureLine::sign(&text, &log_key(), &secret(1)).unwrap())
        .unwrap();
    note
}

/// A log with everything beside it that the verifier reads.
fn write_log(directory: &Path) {
    let older = grow(directory, 0, OLDER);
    write(directory, "older", signed(older).to_string().as_bytes());
    let mut note = signed(grow(directory, OLDER, SIZE));
    let mut reader = TileReader::new(SIZE, |tile| read(directory, tile));
    let proof = consistency(OLDER, SIZE, |node| reader.node(node)).unwrap();
    let request = AddCheckpoint::new(OLDER, proof, note.clone()).unwrap();
    write(directory, "request", request.to_string().as_bytes());
    let mut keys = format!("{}\n", log_key());
    for number in 1..=WITNESSES {
        let (key, text) = (witness_key(number), note.text().to_owned());
        note.add(SignatureLine::cosign(&text, &key, &secret(10 + number), 1_790_000_000).unwrap())
            .unwrap();
        writeln!(keys, "{key}").unwrap();
    }
    write(directory, "keys", keys.as_bytes());
    write(directory, "checkpoint", note.to_string().as_bytes());
    for index in RECEIPTS {
        let path = inclusion(index, SIZE, |node| reader.node(node)).unwrap();
        let receipt = Receipt::new(index, path, note.clone()).unwrap();
        write(
            directory,
            &format!("receipts/{index}.tlog-proof"),
            receipt.to_string().as_bytes(),
        );
    }
}

fn build(go: &Path, program: &Path) {
    let built = Command::new(go)
        .args(["build", "-o"])
        .arg(program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log_verifier/main.go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", GO_SOURCES)
        .env("GOPROXY", "off")
        .env("GOFLAGS", "")
        .env("GOCACHE", program.with_extension("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

fn verify(program: &Path, directory: &Path) -> Output {
    Command::new(program).arg(directory).output().unwrap()
}

#[test]
fn go_verifies_our_log_and_refuses_it_with_one_byte_changed() {
    let Some(go) = named("TANQIAO_GO") else { return };
    let temporary = tempfile::tempdir().unwrap();
    let (program, log) = (temporary.path().join("verifier"), temporary.path().join("log"));
    build(&go, &program);
    write_log(&log);
    let found = verify(&program, &log);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    for path in [
        "checkpoint",
        "older",
        "request",
        "keys",
        "tile/0/000",
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
        "tile/entries/000",
        "tile/entries/160",
        "tile/entries/273.p/112",
        "receipts/0.tlog-proof",
        "receipts/69999.tlog-proof",
    ] {
        let whole = fs::read(log.join(path)).unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(log.join(path), changed).unwrap();
        let found = verify(&program, &log);
        assert_eq!(
            found.status.code(),
            Some(1),
            "{path}: {}",
            String::from_utf8_lossy(&found.stderr)
        );
        assert!(!found.stderr.is_empty(), "{path}");
        fs::write(log.join(path), whole).unwrap();
    }
    assert!(verify(&program, &log).status.success());
}

fn judge(modules: &Path, directory: &Path) -> Output {
    Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log_verifier/sigstore.cjs"))
        .arg(directory)
        .env("NODE_PATH", modules)
        .output()
        .unwrap()
}

#[test]
fn sigstore_verifies_our_receipts_and_refuses_them_with_one_byte_changed() {
    let Some(modules) = named("TANQIAO_SIGSTORE") else {
        return;
    };
    let temporary = tempfile::tempdir().unwrap();
    let log = temporary.path();
    write_log(log);
    let found = judge(&modules, log);
    let said = [&found.stdout[..], &found.stderr].map(String::from_utf8_lossy);
    assert!(found.status.success(), "{said:?}");
    assert_eq!(said[0].trim(), format!("{} receipts hold", RECEIPTS.len()));
    let receipt = |index: u64| format!("receipts/{index}.tlog-proof");
    // The index, a hash of the path, the root and the log's signature; and the entry itself.
    let proof = String::from_utf8(fs::read(log.join(receipt(41_000))).unwrap()).unwrap();
    let after = |words: &str| proof.find(words).unwrap() + words.len();
    let places = [
        after("index 4"),
        after("index 41000\n") + 7,
        after(&format!("\n{SIZE}\n")) + 7,
        after(&format!("\u{2014} {ORIGIN} ")) + 20,
    ];
    let before: usize = (160 * 256..41_000).map(|index| entry(index).len() + 2).sum();
    let changes = places.map(|place| (receipt(41_000), place));
    for (path, place) in changes.into_iter().chain([("tile/entries/160".to_owned(), before + 4)]) {
        let whole = fs::read(log.join(&path)).unwrap();
        let mut changed = whole.clone();
        changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
        fs::write(log.join(&path), changed).unwrap();
        let found = judge(&modules, log);
        let said = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(1), "{path} byte {place}: {said}");
        assert!(said.starts_with("41000.tlog-proof: "), "{path} byte {place}: {said}");
        fs::write(log.join(&path), whole).unwrap();
    }
    assert!(judge(&modules, log).status.success());
}
