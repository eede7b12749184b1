//! A directory with the files of one log, and the program that is run in it.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_verify::sample::{Dealing, Sample};

pub const OLD: u64 = 200;
pub const NEW: u64 = 300;
/// Of four witnesses three have to sign.
pub const ENOUGH: [u8; 3] = [0, 1, 2];

/// What a run came to.
#[derive(Debug)]
pub struct Said {
    command: String,
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn is(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}: {self:?}", self.command);
        self
    }

    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.out.contains(words), "`{words}` is not in {self:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// `mirror`: a log of 300 leaves; `old`, `new`, `proof`: its heads of 200 and 300 leaves; `policy`; and what was dealt in it.
pub struct Place {
    directory: tempfile::TempDir,
    pub sample: Sample,
    pub transfer: Dealing,
    pub donation: Dealing,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut sample = Sample::default();
        let wuhan = sample.admit("wuhan", 2).unwrap();
        let hubei = sample.admit("hubei", 3).unwrap();
        sample.admit_witnesses(4).unwrap();
        let (first, second) = (sample.issue(&wuhan, 1_000).unwrap(), sample.issue(&wuhan, 500).unwrap());
        let transfer = sample.transfer((&wuhan, &hubei), &[first], false, 1).unwrap();
        let donation = sample.donate(&wuhan, &[second], true).unwrap();
        sample.pad(NEW).unwrap();
        let policy = Sample::policy(4, 3).unwrap();
        sample
            .write(&directory.path().join("mirror"), &ENOUGH, &policy)
            .unwrap();
        let place = Self {
            directory,
            sample,
            transfer,
            donation,
        };
        place.write("policy", policy.print());
        place.write("old", place.note(OLD, &ENOUGH));
        place.write("new", place.note(NEW, &ENOUGH));
        place.write("proof", place.proof(OLD));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The checkpoint of the first leaves, with these witnesses.
    pub fn note(&self, size: u64, witnesses: &[u8]) -> String {
        let root = self.sample.tree().root(size).unwrap();
        Sample::note(size, root, witnesses).unwrap().to_string()
    }

    /// A checkpoint of another history.
    pub fn lie(size: u64) -> String {
        Sample::note(size, Sha256::of(b"another history"), &ENOUGH)
            .unwrap()
            .to_string()
    }

    /// That the whole log continues its first leaves.
    pub fn proof(&self, old: u64) -> String {
        let proof = self.sample.tree().consistency(old).unwrap();
        proof.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect()
    }

    /// A policy of another key than the log's.
    pub fn strangers(&self) {
        let policy = Policy::of(Sample::false_log_key().unwrap(), Vec::new(), 0).unwrap();
        self.write("strangers", policy.print());
    }

    /// The receipt of a dealing, as a file.
    pub fn receipt(&self, name: &str, dealing: &Dealing) -> Value {
        let tree = self.sample.tree();
        let note = Sample::note(NEW, tree.root(NEW).unwrap(), &ENOUGH).unwrap();
        let file = dealing.receipt(&self.sample, &tree, &note).unwrap();
        let bytes = file.to_json().unwrap();
        self.write(name, &bytes);
        json!(serde_json::from_slice::<Value>(&bytes).unwrap())
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_tanqiao-verify"))
            .args(arguments)
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        Said {
            command: arguments.join(" "),
            status: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// In English, in Chinese and as JSON: the same status, and these words.
    #[track_caller]
    pub fn says(&self, arguments: &[&str], status: i32, english: &str, chinese: &str) -> Value {
        let with = |more: &'static str| [arguments, &[more]].concat();
        self.run(arguments).is(status).says(english);
        self.run(&with("--zh")).is(status).says(chinese);
        let json = self.run(&with("--json")).is(status).json();
        assert_eq!(json["proven"], status == 0, "{json}");
        json
    }
}
