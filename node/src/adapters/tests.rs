//! What platforms really export, line by line.

use std::io::Cursor;

use super::*;
use tanqiao_protocol::check::CheckCode;

use crate::quantification::Field;

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place";
const GOOD: &str =
    "wuhan-metro,ride-1,holder-000001,12.5,km,2025-05-23T08:00:00+08:00,2025-05-23T08:40:00+08:00,420106";

fn lines(format: Format, bytes: &[u8]) -> Result<Vec<Line>, FileRefusal> {
    let mut reader = Lines::open(format, Cursor::new(bytes))?;
    let mut out = Vec::new();
    while let Some(line) = reader.next_line()? {
        out.push(line);
    }
    Ok(out)
}

/// One word for each line: its number and `ok`, or the check and the field that refused it.
fn seen(format: Format, bytes: &[u8]) -> String {
    match lines(format, bytes) {
        Ok(lines) => lines
            .iter()
            .map(|line| match &line.record {
                Ok(_) => format!("{}:ok", line.number),
                Err(e) => format!("{}:{}/{}", line.number, e.check.name(), e.field),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Err(e) => e.to_string(),
    }
}

fn with_quantity(quantity: &str) -> String {
    format!("{HEADER}\n{}\n", GOOD.replacen("12.5", quantity, 1))
}

#[test]
fn csv_files_read_as_platforms_write_them() {
    let quoted = GOOD
        .split(',')
        .map(|field| format!("\"{field}\""))
        .collect::<Vec<_>>()
        .join(",");
    for (what, text, wanted) in [
        ("plain", format!("{HEADER}\n{GOOD}\n"), "2:ok"),
        ("no line end at the end", format!("{HEADER}\n{GOOD}"), "2:ok"),
        ("byte order mark", format!("\u{feff}{HEADER}\n{GOOD}\n"), "2:ok"),
        ("CRLF", format!("{HEADER}\r\n{GOOD}\r\n{GOOD}\r\n"), "2:ok 3:ok"),
        (
            "blank lines",
            format!("{HEADER}\n\n{GOOD}\n  \n{GOOD}\n\n"),
            "3:ok 5:ok",
        ),
        ("every field quoted", format!("{HEADER}\n{quoted}\n"), "2:ok"),
        ("only a header", format!("{HEADER}\n"), ""),
    ] {
        assert_eq!(seen(Format::Csv, text.as_bytes()), wanted, "{what}");
    }
}

#[test]
fn the_order_of_columns_does_not_matter_and_optional_ones_may_be_empty() {
    let text = "place,asset,record_id,source,reduction_g,ended_at,started_at,unit,quantity,account,methodology\n\
                420106,,ride-1,wuhan-metro,980,2025-05-23T08:40:00+08:00,2025-05-23T08:00:00+08:00,km,12.5,holder-000001,\n\
                420106,gate-7,ride-2,wuhan-metro,,2025-05-23T08:40:00+08:00,2025-05-23T08:00:00+08:00,km,12.5,holder-000001,CN-4201-metro.v1\n";
    let found = lines(Format::Csv, text.as_bytes()).unwrap();
    let first = found[0].record.as_ref().unwrap();
    assert_eq!((first.reduction_g.unwrap().get(), first.asset.as_ref()), (980, None));
    let second = found[1].record.as_ref().unwrap();
    assert_eq!(second.asset.as_ref().unwrap().as_str(), "gate-7");
    assert_eq!(second.methodology.as_ref().unwrap().to_string(), "CN-4201-metro.v1");
}

#[test]
fn a_wrong_header_says_what_to_change() {
    for (header, wanted) in [
        ("", "the file is empty"),
        (HEADER.replace("account", "acount").as_str(), "did you mean `account`?"),
        (&HEADER.replace("record_id", "Record ID"), "did you mean `record_id`?"),
        (
            &HEADER.replace("started_at", "电量"),
            "the columns are source, record_id",
        ),
        (&HEADER.replace(",place", ""), "column `place` is missing"),
        (&HEADER.replace("place", "unit"), "column `unit` is there twice"),
        (&format!("{HEADER},,"), "remove trailing commas"),
        (&HEADER.replace(',', ";"), "separated by commas"),
        (&HEADER.replace(',', "\t"), "separated by commas"),
    ] {
        let found = seen(Format::Csv, format!("{header}\n{GOOD}\n").as_bytes());
        let found = if header.is_empty() {
            seen(Format::Csv, b"")
        } else {
            found
        };
        assert!(
            found.starts_with("line 1: ") && found.contains(wanted),
            "{header}: {found}"
        );
    }
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(HEADER.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert!(seen(Format::Csv, &utf16).contains("UTF-16"));
    let mut gbk_header = b"source,\xb5\xe7\xc1\xbf\n".to_vec();
    gbk_header.extend(GOOD.bytes());
    assert!(seen(Format::Csv, &gbk_header).contains("not UTF-8"));
    let mut gbk_line = format!("{HEADER}\n{}\n", GOOD.replace("km", "@@")).into_bytes();
    let at = gbk_line.windows(2).position(|w| w == b"@@").unwrap();
    gbk_line.splice(at..at + 2, [0xb5, 0xe7]);
    gbk_line.extend(format!("{GOOD}\n").bytes());
    assert_eq!(seen(Format::Csv, &gbk_line), "2:schema/unit 3:ok");
    assert_eq!(seen(Format::Ndjson, b"{\"source\":\"\xb5\xe7\"}\n"), "1:schema/line");
}

#[test]
fn a_bad_line_is_named_and_the_next_one_is_read() {
    for (what, bad, wanted) in [
        ("a field too few", "wuhan-metro,ride-1", "schema/line"),
        ("a comma too many", format!("{GOOD},x").as_str(), "schema/line"),
        ("thirty commas", &",".repeat(30), "schema/line"),
        (
            "a mark that is not closed",
            &GOOD.replace("ride-1", "\"ride-1"),
            "schema/line",
        ),
        (
            "a comma in quotation marks",
            &GOOD.replace("ride-1", "\"ride,1\""),
            "ok",
        ),
        ("an empty field", &GOOD.replace("ride-1", ""), "schema/record_id"),
        ("seventy thousand bytes", &"x".repeat(70_000), "too-large/line"),
        ("just the longest line", &"x".repeat(65_536), "schema/line"),
        ("a NUL", &GOOD.replace("ride-1", "ride\0"), "schema/record_id"),
    ] {
        let text = format!("{HEADER}\n{bad}\n{GOOD}\n");
        assert_eq!(seen(Format::Csv, text.as_bytes()), format!("2:{wanted} 3:ok"), "{what}");
    }
}

#[test]
fn quantities_are_exact_or_refused() {
    for (quantity, wanted) in [
        ("1000000000000000", "2:ok"),
        ("1000000000000001", "2:schema/quantity"),
        ("0.000000001", "2:ok"),
        ("0.0000000001", "2:schema/quantity"),
        ("-1", "2:schema/quantity"),
        ("1e3", "2:schema/quantity"),
        ("NaN", "2:schema/quantity"),
        ("Infinity", "2:schema/quantity"),
        ("0", "2:schema/quantity"),
        ("", "2:schema/quantity"),
        ("\"1,000\"", "2:schema/quantity"),
        ("１２", "2:schema/quantity"),
    ] {
        assert_eq!(
            seen(Format::Csv, with_quantity(quantity).as_bytes()),
            wanted,
            "{quantity}"
        );
    }
    let many: String = "9".repeat(40_000);
    let found = lines(Format::Csv, with_quantity(&many).as_bytes()).unwrap();
    let refusal = found[0].record.as_ref().unwrap_err();
    assert_eq!(refusal.check, CheckCode::M02);
    assert!(refusal.message.len() < 300, "a message never carries the whole field");
}

fn object(members: &str) -> String {
    format!(
        "{{\"source\":\"wuhan-metro\",\"record_id\":\"ride-1\",\"account\":\"holder-000001\",\"unit\":\"km\",\
         \"started_at\":\"2025-05-23T08:00:00+08:00\",\"ended_at\":\"2025-05-23T08:40:00+08:00\",\"place\":\"420106\"{members}}}\n"
    )
}

#[test]
fn ndjson_lines_are_strict_objects_with_exact_numbers() {
    for (members, wanted) in [
        (",\"quantity\":\"12.5\"", "1:ok"),
        (",\"quantity\":12.5", "1:ok"),
        (",\"quantity\":12.500000000000000000001", "1:schema/quantity"),
        (",\"quantity\":1e3", "1:schema/quantity"),
        (",\"quantity\":-1", "1:schema/quantity"),
        (",\"quantity\":NaN", "1:schema/line"),
        (",\"quantity\":true", "1:schema/quantity"),
        (",\"quantity\":null", "1:schema/quantity"),
        (",\"quantity\":\"12.5\",\"asset\":null", "1:ok"),
        (",\"quantity\":\"12.5\",\"asset\":\"\\u0067ate\"", "1:ok"),
        (",\"quantity\":\"12.5\",\"asset\":7", "1:schema/asset"),
        (",\"quantity\":\"12.5\",\"reduction_g\":980", "1:ok"),
        (",\"quantity\":\"12.5\",\"reduction_g\":980.0", "1:schema/reduction_g"),
        (",\"quantity\":\"12.5\",\"quantity\":\"12.5\"", "1:schema/line"),
        (",\"quantity\":\"12.5\",\"km\":1", "1:schema/line"),
        ("", "1:schema/quantity"),
    ] {
        assert_eq!(seen(Format::Ndjson, object(members).as_bytes()), wanted, "{members}");
    }
    for (line, wanted) in [
        ("[]", "1:schema/line"),
        ("nonsense", "1:schema/line"),
        ("{", "1:schema/line"),
        ("", ""),
    ] {
        assert_eq!(seen(Format::Ndjson, line.as_bytes()), wanted, "{line}");
    }
}

#[test]
fn an_unknown_member_gets_a_suggestion_without_a_misleading_line_number() {
    let text = format!("\n\n{}", object(",\"quantitiy\":\"1\""));
    let found = lines(Format::Ndjson, text.as_bytes()).unwrap();
    assert_eq!(found[0].number, 3);
    let refusal = found[0].record.as_ref().unwrap_err();
    assert!(refusal.message.contains("did you mean `quantity`?"), "{refusal}");
    assert!(!refusal.message.contains("line 1"), "{refusal}");
}

#[test]
fn reading_resumes_at_every_place() {
    let good = |n: usize| GOOD.replace("ride-1", &format!("ride-{n}"));
    let csv = format!("\u{feff}{HEADER}\r\n{}\r\n\r\nbad\r\n{}\n{}", good(1), good(2), good(3));
    let json = format!(
        "{}\n{}x\n{}",
        object(",\"quantity\":1"),
        object(""),
        object(",\"quantity\":2")
    );
    for (format, text) in [(Format::Csv, csv), (Format::Ndjson, json)] {
        let all = lines(format, text.as_bytes()).unwrap();
        let mut reader = Lines::open(format, Cursor::new(text.as_bytes())).unwrap();
        for read in 1..=all.len() {
            reader.next_line().unwrap();
            let mut resumed = Lines::open(format, Cursor::new(text.as_bytes())).unwrap();
            resumed.resume(reader.place()).unwrap();
            for wanted in &all[read..] {
                assert_eq!(resumed.next_line().unwrap().as_ref(), Some(wanted));
            }
            assert_eq!(resumed.next_line().unwrap(), None);
        }
        assert_eq!(reader.place().byte, text.len() as u64);
    }
}

#[test]
fn formats_are_known_by_name_and_media_type() {
    assert_eq!(Format::of_file_name("rides.CSV"), Some(Format::Csv));
    assert_eq!(Format::of_file_name("rides.jsonl"), Some(Format::Ndjson));
    assert_eq!(Format::of_file_name("rides.xlsx"), None);
    assert_eq!(Format::of_media_type("text/csv; charset=utf-8"), Some(Format::Csv));
    assert_eq!(Format::of_media_type("application/x-ndjson"), Some(Format::Ndjson));
    assert_eq!(Format::of_media_type("application/json"), None);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let mut csv = format!("{HEADER}\n").into_bytes();
        csv.extend(&bytes);
        for (format, bytes) in [(Format::Csv, &csv), (Format::Csv, &bytes), (Format::Ndjson, &bytes)] {
            let _ = seen(format, bytes);
        }
    }
}

#[test]
fn every_column_has_one_name() {
    for field in Field::COLUMNS {
        assert_eq!(Field::named(field.name()), Some(field));
    }
}
