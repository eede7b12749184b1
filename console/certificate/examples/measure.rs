//! How long a page takes, and what it looks like: `cargo run --release -p tanqiao-certificate --example measure -- CERTIFICATE.json DIR`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example for people at a terminal"
)]

use std::path::Path;
use std::time::Instant;

use tanqiao_certificate::Document;
use tanqiao_console::Language;
use tanqiao_protocol::receipt::CertificateFile;

const ROUNDS: u32 = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        println!("measure CERTIFICATE.json DIR");
        return;
    };
    let file = CertificateFile::parse(&std::fs::read(file).unwrap()).unwrap();
    let document = Document {
        file: &file,
        event: Some(("2026 年大河马拉松", "River Run 2026")),
        verify_at: "https://hub.example",
    };
    for language in Language::ALL {
        let first = Instant::now();
        let pdf = document.pdf(language).unwrap();
        let svg = document.svg(language).unwrap();
        let first = first.elapsed();
        let path = |kind: &str| Path::new(folder).join(format!("{}.{kind}", language.code()));
        std::fs::write(path("pdf"), &pdf).unwrap();
        std::fs::write(path("svg"), &svg).unwrap();
        let began = Instant::now();
        for _ in 0..ROUNDS {
            drop(document.pdf(language).unwrap());
        }
        let each_pdf = began.elapsed() / ROUNDS;
        let began = Instant::now();
        for _ in 0..ROUNDS {
            drop(document.svg(language).unwrap());
        }
        let each_svg = began.elapsed() / ROUNDS;
        println!(
            "{}: both for the first time {first:?}; PDF {} bytes, {each_pdf:?} each; SVG {} bytes, {each_svg:?} each",
            language.code(),
            pdf.len(),
            svg.len()
        );
    }
}
