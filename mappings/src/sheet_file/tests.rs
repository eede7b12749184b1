//! Tables of people: there and back without a loss, refused with their place.

use super::*;
use crate::sheet::tests::{hide, metro};
use crate::sheet::{AttributeName, Confirmation, Sheet};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;

fn sheets() -> Vec<Sheet> {
    let mut wuhan = metro("CN-4201-metro", "420100", "78.4");
    hide(&mut wuhan, AttributeName::Uncertainty);
    wuhan.title.zh = "武汉市轨道交通出行".into();
    wuhan.document = Some(Sha256::of(b"the methodology"));
    let mut reference = metro("REF-metro", "420100", "60..80");
    reference.region = None;
    reference.reference = true;
    reference.demonstration = true;
    reference.confirmation = Some(Confirmation {
        unit_factor: "60..80 g{CO2}/km{passenger}".into(),
        on: "2026-02-01".parse().unwrap(),
        document: Sha256::of(b"a letter"),
    });
    vec![wuhan, reference]
}

#[test]
fn sheets_come_through_csv_and_xlsx_without_a_loss() {
    let sheets = sheets();
    assert_eq!(read_csv(&write_csv(&sheets).unwrap()).unwrap(), sheets);
    let made: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let workbook = write_xlsx(&sheets, made).unwrap();
    assert_eq!(read_xlsx(&workbook).unwrap(), sheets);
    assert_eq!(
        write_xlsx(&sheets, made).unwrap(),
        workbook,
        "the same sheets are the same bytes"
    );
}

fn refused(csv: &str) -> Vec<(usize, usize)> {
    let faults = read_csv(csv.as_bytes()).unwrap_err();
    faults
        .iter()
        .map(|fault| (fault.place.line(), fault.place.column()))
        .collect()
}

const HEAD: &str = "methodology,item,value,status,source,document_sha256\nA.v1,title-zh,甲,,,\nA.v1,title-en,A,,,\n";

#[test]
fn lines_that_are_missing_are_not_known() {
    let sheets = read_csv(HEAD.as_bytes()).unwrap();
    assert_eq!((sheets.len(), sheets[0].unknown().count()), (1, 24));
}

#[test]
fn refusals_have_their_line_and_column() {
    let line = |line: &str| refused(&format!("{HEAD}{line}\n"));
    assert_eq!(line("A,activity,bus,declared,x,"), [(4, 1)]);
    assert_eq!(line("A.v1,colour,bus,declared,x,"), [(4, 2)]);
    assert_eq!(line("A.v1,leakage,100,declared,x,"), [(4, 3)]);
    assert_eq!(line("A.v1,leakage,,declared,x,"), [(4, 3)]);
    assert_eq!(line("A.v1,leakage,0,known,x,"), [(4, 4)]);
    assert_eq!(line("A.v1,leakage,0,unknown,x,"), [(4, 4)]);
    assert_eq!(line("A.v1,leakage,0,declared,,"), [(4, 5)]);
    assert_eq!(line("A.v1,leakage,0,declared,=SUM(A1),"), [(4, 5)]);
    assert_eq!(line("A.v1,leakage,0,declared,x,abc"), [(4, 6)]);
    assert_eq!(line("A.v1,title-en,A,,,"), [(4, 2)]);
    assert_eq!(line("A.v1,region,42,,,"), [(4, 3)]);
    assert_eq!(line("A.v1,reference,maybe,,,"), [(4, 3)]);
    assert_eq!(line("B.v1,leakage,0,declared,x,"), [(4, 2)]);
    assert_eq!(refused("methodology,item\n"), [(1, 1), (1, 1), (1, 1), (1, 1)]);
    assert_eq!(
        refused("methodology,item,value,status,source,document_sha256,colour\n"),
        [(1, 7)]
    );
    assert_eq!(refused(""), [(1, 1)]);
    // All are told together.
    assert_eq!(
        line("A.v1,leakage,100,declared,x,\nA.v1,uncertainty,x,declared,x,"),
        [(4, 3), (5, 3)]
    );
}

#[test]
fn what_is_not_a_table_is_refused() {
    assert!(read_csv(b"\xc4\xfa\xba\xc3").unwrap_err()[0].problem.contains("UTF-8"));
    assert!(read_xlsx(b"PK but not really").is_err());
    assert!(read_xlsx(b"").is_err());
    assert!(read_csv(&vec![b'a'; BYTES_MAX + 1]).is_err());
}

#[test]
fn numbers_of_a_spreadsheet_are_not_taken_for_what_someone_wrote() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet().set_name("表").unwrap();
    for (column, name) in (0_u16..).zip(["methodology", "item", "value", "status", "source", "document_sha256"]) {
        page.write_string(0, column, name).unwrap();
    }
    for (column, cell) in (0_u16..).zip(["A.v1", "leakage", "", "declared", "x"]) {
        page.write_string(1, column, cell).unwrap();
    }
    page.write_number(1, 2, 5).unwrap();
    let faults = read_xlsx(&workbook.save_to_buffer().unwrap()).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].place.to_string(), "表!C2");
}

/// A few kilobytes that unpack to a hundred megabytes.
#[test]
fn a_workbook_that_unpacks_without_end_is_refused() {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("xl/workbook.xml", options).unwrap();
    for _ in 0..100 {
        archive.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < BYTES_MAX);
    assert!(read_xlsx(&bytes).unwrap_err()[0].problem.contains("64 MiB"));
}

#[test]
fn a_place_in_a_workbook_reads_as_people_know_it() {
    let place = |line, column| {
        Place {
            worksheet: Some("sheets".into()),
            line,
            column,
        }
        .to_string()
    };
    assert_eq!(
        (place(3, 6), place(1, 27), place(2, 702)),
        ("sheets!F3".into(), "sheets!AA1".into(), "sheets!ZZ2".into())
    );
}
