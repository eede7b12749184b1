//! The table of evidence classes: it names every activity that anyone has published, and its page shows it as it is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::{EvidenceClass, RecordTime, TokenKind};

const REGENERATE: &str = "TANQIAO_WRITE_DOCS=1 cargo test -p tanqiao-protocol --test fingerprint_classes";
const BEGIN: &str = "<!-- Generated from protocol/data/activity_classes.tsv; change it there. -->\n";
const END: &str = "<!-- End of the generated table. -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_activity_of_the_catalogue_has_a_class() {
    let methodologies = std::fs::read_to_string(root().join("mappings/catalogue/methodologies.tsv")).unwrap();
    let mut lines = methodologies.lines();
    let column = lines
        .next()
        .unwrap()
        .split('\t')
        .position(|name| name == "activity")
        .unwrap();
    let published: BTreeSet<&str> = lines.map(|line| line.split('\t').nth(column).unwrap()).collect();
    let named: BTreeSet<&str> = EvidenceClass::all()
        .unwrap()
        .iter()
        .map(|class| class.activity)
        .collect();
    assert!(published.len() > 30);
    assert_eq!(named, published);
}

fn row(class: &EvidenceClass) -> String {
    let letters = |kinds: &[TokenKind]| kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" ");
    let width = |kind, seconds: u32| match (class.has(kind), class.records) {
        (false, _) => None,
        (true, RecordTime::Day) => Some(format!("{kind}: the day")),
        (true, _) if seconds >= 86_400 => Some(format!("{kind}: {} d", seconds / 86_400)),
        (true, _) => Some(format!("{kind}: {} min", seconds / 60)),
    };
    let widths = [
        width(TokenKind::Asset, class.asset_bucket_s),
        width(TokenKind::Subject, class.subject_bucket_s),
    ];
    let widths: Vec<String> = widths.into_iter().flatten().collect();
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {} |\n",
        class.activity,
        class.records,
        letters(&class.required),
        letters(&class.optional),
        widths.join(", "),
        class.source_and_record,
        class.asset,
        class.why
    )
}

fn table() -> String {
    let mut table = String::from(BEGIN);
    table.push_str(
        "| activity | a record states | required | where there | bucket | in `R` | asset, in `A` or `P` | because |\n",
    );
    table.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for class in EvidenceClass::all().unwrap() {
        let _ = write!(table, "{}", row(class));
    }
    let unnamed = row(EvidenceClass::unnamed());
    let _ = write!(table, "{}{END}", unnamed.replace("``", "any other"));
    table
}

#[test]
fn the_page_shows_the_classes_as_they_are() {
    let path = root().join("docs/fingerprints.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (page.find(BEGIN).unwrap(), page.find(END).unwrap() + END.len());
    let expected = table();
    if std::env::var_os("TANQIAO_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{expected}{}", &page[..begin], &page[end..])).unwrap();
        return;
    }
    assert!(
        page[begin..end] == expected,
        "docs/fingerprints.md does not show protocol/data/activity_classes.tsv. Write its table again with\n  {REGENERATE}"
    );
}
