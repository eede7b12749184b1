//! Certificates that are proven, and what other programs see in a page.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tanqiao_certificate::Document;
use tanqiao_console::Language;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::CertificateFile;
use tempfile::TempDir;

pub const VERIFY_AT: &str = "https://hub.example";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../protocol/vectors/receipts.json")).unwrap()
}

/// One of the two certificates of the receipts' vectors, with other texts where they are given.
pub fn certificate(kind: &str, edits: Value) -> CertificateFile {
    let mut file = vectors()["files"][format!("certificate-of-a-{kind}")].clone();
    merge(&mut file, &edits);
    CertificateFile::parse(&serde_json::to_vec(&file).unwrap()).unwrap()
}

fn merge(into: &mut Value, edits: &Value) {
    for (name, value) in edits.as_object().unwrap() {
        match value {
            Value::Object(_) if into[name].is_object() => merge(&mut into[name], value),
            other => into[name] = other.clone(),
        }
    }
}

pub fn policy() -> Policy {
    let vectors = vectors();
    Policy::parse(vectors["policies"]["three-of-four"].as_str().unwrap().as_bytes()).unwrap()
}

pub fn claimant(name: &str) -> Value {
    json!({ "claim": { "claimant": name } })
}

pub const fn document(file: &CertificateFile) -> Document<'_> {
    Document {
        file,
        event: Some(("2026 年大河马拉松", "River Run 2026")),
        verify_at: VERIFY_AT,
    }
}

/// A page as PDF, in a directory of its own.
#[derive(Debug)]
pub struct Printed {
    folder: TempDir,
    pub bytes: Vec<u8>,
}

impl Printed {
    pub fn of(file: &CertificateFile, language: Language) -> Self {
        let bytes = document(file).pdf(language).unwrap_or_else(|error| panic!("{error}"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("page.pdf"), &bytes).unwrap();
        Self { folder, bytes }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("page.pdf")
    }

    /// What one of poppler's programs says of it.
    pub fn told_by(&self, program: &str, options: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(options).arg(self.path()).current_dir(self.folder.path());
        if program == "pdftotext" {
            command.arg("-");
        }
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{program} of poppler-utils, which tests/run installs: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{program}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its text as a reader finds it, without gaps and ends of lines.
    pub fn text(&self) -> String {
        dense(&self.told_by("pdftotext", &["-layout"]))
    }

    /// What the codes on it say, as a telephone sees them at 300 points an inch.
    pub fn codes(&self) -> Vec<String> {
        let image = self.folder.path().join("page");
        let status = Command::new("pdftoppm")
            .args(["-r", "300", "-gray", "-singlefile"])
            .arg(self.path())
            .arg(&image)
            .status()
            .unwrap();
        assert!(status.success());
        let (width, height, points) = grey(&image.with_extension("pgm"));
        codes(width, height, |x, y| points[y * width + x])
    }
}

pub fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

pub fn codes(width: usize, height: usize, point: impl Fn(usize, usize) -> u8) -> Vec<String> {
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, point);
    let grids = image.detect_grids();
    grids.iter().map(|grid| grid.decode().unwrap().1).collect()
}

/// A PGM with one byte a point.
fn grey(path: &Path) -> (usize, usize, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap();
    let (mut fields, mut at) = (Vec::new(), 0);
    while fields.len() < 4 {
        let end = at + bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap();
        fields.push(String::from_utf8(bytes[at..end].to_vec()).unwrap());
        at = end + 1;
    }
    assert_eq!((fields[0].as_str(), fields[3].as_str()), ("P5", "255"));
    (
        fields[1].parse().unwrap(),
        fields[2].parse().unwrap(),
        bytes[at..].to_vec(),
    )
}
