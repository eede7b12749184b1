//! Lists of other schemes as tables: CCER projects, green certificates, and whatever else may count the same reduction.
//!
//! One row a project or certificate, comma-separated, UTF-8, with a header. Columns, in any order: `scheme`, `reference`, `asset`
//! (the asset's id, or what the list calls the project), `class` (the activity, such as `distributed-pv`), `longitude` and `latitude` in
//! degrees or `geometry` as `GeoJSON`, `from`, `until`, `quantity`, `unit`. A date stands for the day in China (UTC+8): `from` begins
//! with it, `until` ends with it. Everything that is wrong is found at once, with line and column.

use std::collections::BTreeMap;

use serde::Serialize;
use tanqiao_protocol::asset::{Place, Position, is_amount};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use crate::ledger::command::Decision;
use crate::ledger::decide::pieces;
use crate::ledger::geometry::fault_of;
use crate::ledger::objects::{EntryKey, SchemeEntry, SchemeList};

/// The most faults that are named.
pub const FAULTS_MAX: usize = 100;
/// The largest file, in bytes.
pub const BYTES_MAX: u64 = 512 * 1024 * 1024;
const COLUMNS: [&str; 11] = [
    "scheme",
    "reference",
    "asset",
    "class",
    "longitude",
    "latitude",
    "geometry",
    "from",
    "until",
    "quantity",
    "unit",
];
/// Columns that a list may do without.
const OPTIONAL: [&str; 4] = ["asset", "longitude", "latitude", "geometry"];

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column `{}`: {}", self.line, self.column, self.problem)
    }
}

fn fault(line: u64, column: &str, problem: impl ToString) -> Fault {
    Fault {
        line,
        column: column.to_owned(),
        problem: problem.to_string(),
    }
}

/// Reads a table. `observe` is told how many bytes have been read.
///
/// # Errors
/// Every fault, at most [`FAULTS_MAX`].
pub fn read(text: &str, observe: &mut dyn FnMut(u64)) -> Result<Vec<SchemeEntry>, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| vec![fault(1, "header", error)])?
        .clone();
    let columns = Columns::of(&header)?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<EntryKey, u64> = BTreeMap::new();
    for record in reader.records() {
        if faults.len() >= FAULTS_MAX {
            break;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(fault(line, "row", error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        observe(record.position().map_or(0, csv::Position::byte));
        if record.len() > header.len() {
            let problem = format!(
                "the row has {} cells, and the header {}: quote cells with commas",
                record.len(),
                header.len()
            );
            faults.push(fault(line, "row", problem));
            continue;
        }
        match columns.row(&record, line) {
            Ok(row) => match lines.insert(row.key(), line) {
                None => rows.push(row),
                Some(first) => faults.push(fault(line, "reference", format!("stands in line {first} already"))),
            },
            Err(found) => faults.extend(found),
        }
    }
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() && rows.is_empty() {
        faults.push(fault(1, "row", "the file has no row"));
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Where each column stands.
struct Columns(BTreeMap<&'static str, usize>);

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, Vec<Fault>> {
        let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
        for (position, name) in header.iter().enumerate() {
            match COLUMNS.iter().find(|column| **column == name) {
                Some(column) if found.insert(*column, position).is_none() => {}
                Some(_) => faults.push(fault(1, name, "stands twice in the header")),
                None => faults.push(fault(
                    1,
                    name,
                    format!("is no column of a list: {} are", COLUMNS.join(", ")),
                )),
            }
        }
        for column in COLUMNS.iter().filter(|column| !OPTIONAL.contains(column)) {
            if !found.contains_key(column) {
                faults.push(fault(1, column, "is missing"));
            }
        }
        if faults.is_empty() {
            Ok(Self(found))
        } else {
            Err(faults)
        }
    }

    fn cell<'r>(&self, record: &'r csv::StringRecord, column: &str) -> Option<&'r str> {
        let position = self.0.get(column)?;
        record.get(*position).filter(|text| !text.is_empty())
    }

    fn row(&self, record: &csv::StringRecord, line: u64) -> Result<SchemeEntry, Vec<Fault>> {
        let mut row = Row {
            columns: self,
            record,
            line,
            faults: Vec::new(),
        };
        let scheme = row.parsed("scheme");
        let reference = row.needed("reference").map(ToOwned::to_owned);
        let asset = self.cell(record, "asset").map(ToOwned::to_owned);
        let activity = row.parsed("class");
        let place = row.place();
        let from = row.instant("from", 0);
        let until = row.instant("until", DAY_US);
        let quantity = row.needed("quantity").map(ToOwned::to_owned);
        let unit = row.needed("unit").map(ToOwned::to_owned);
        if quantity.as_ref().is_some_and(|text| !is_amount(text)) {
            row.wrong("quantity", "must be an exact decimal above 0, such as 1200.5");
        }
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            row.wrong("until", "must be after `from`");
        }
        let entry = (|| {
            Some(SchemeEntry {
                scheme: scheme?,
                reference: reference?,
                asset,
                activity: activity?,
                place,
                from: from?,
                until: until?,
                quantity: quantity?,
                unit: unit?,
            })
        })();
        if let Some(entry) = entry.as_ref().filter(|_| row.faults.is_empty())
            && entry.place.is_none()
            && entry.asset_id().is_none()
        {
            row.wrong(
                "asset",
                "is no asset id, and there is no place: nothing could be compared",
            );
        }
        match entry {
            Some(entry) if row.faults.is_empty() => Ok(entry),
            _ => Err(row.faults),
        }
    }
}

/// A row that is being read.
struct Row<'a> {
    columns: &'a Columns,
    record: &'a csv::StringRecord,
    line: u64,
    faults: Vec<Fault>,
}

impl<'a> Row<'a> {
    fn wrong(&mut self, column: &str, problem: impl ToString) {
        self.faults.push(fault(self.line, column, problem));
    }

    fn needed(&mut self, column: &str) -> Option<&'a str> {
        let found = self.columns.cell(self.record, column);
        if found.is_none() {
            self.wrong(column, "is empty");
        }
        found
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, column: &str) -> Option<T> {
        match self.needed(column)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(column, error);
                None
            }
        }
    }

    /// A time, or a day in China, of which `day_part` microseconds are over.
    fn instant(&mut self, column: &str, day_part: i64) -> Option<Timestamp> {
        let text = self.needed(column)?;
        let of_day = || format!("{text}T00:00:00+08:00").parse::<Timestamp>().ok();
        let found = match text.parse::<Timestamp>() {
            Ok(instant) => Some(instant),
            Err(_) => of_day().map(|day| day.plus_micros(day_part)),
        };
        if found.is_none() {
            self.wrong(
                column,
                format!("`{text}` is no day such as 2025-12-31, and no time as RFC 3339 writes it"),
            );
        }
        found
    }

    fn place(&mut self) -> Option<Place> {
        let cell = |column| self.columns.cell(self.record, column);
        let read = match (cell("geometry"), cell("longitude"), cell("latitude")) {
            (None, None, None) => return None,
            (Some(geometry), None, None) => {
                Place::from_geojson_text(geometry).map_err(|error| ("geometry", error.to_string()))
            }
            (None, Some(longitude), Some(latitude)) => Position::from_degrees(longitude, latitude)
                .map(Place::Point)
                .map_err(|_| {
                    (
                        "longitude",
                        "longitude and latitude must be decimals of degrees, WGS 84".to_owned(),
                    )
                }),
            (Some(_), ..) => Err(("geometry", "give a geometry or coordinates, not both".to_owned())),
            (None, Some(_), None) => Err(("latitude", "is empty".to_owned())),
            (None, None, Some(_)) => Err(("longitude", "is empty".to_owned())),
        };
        match read.and_then(|place| fault_of(&place).map_or(Ok(place), |fault| Err(("geometry", fault)))) {
            Ok(place) => Some(place),
            Err((column, problem)) => {
                self.wrong(column, problem);
                None
            }
        }
    }
}

/// What an import does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows of the file.
    pub rows: usize,
    /// Rows that nobody had listed.
    pub new: usize,
    /// Rows that say something else than before.
    pub changed: usize,
    /// Rows that are there already.
    pub unchanged: usize,
}

/// A file's rows beside those that the ledger has.
#[derive(Debug)]
pub struct Import {
    /// What it does.
    pub counts: Counts,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    rows: Vec<SchemeEntry>,
}

impl Import {
    /// Compares rows with what is listed.
    #[must_use]
    pub fn compare(sha256: Sha256, rows: Vec<SchemeEntry>, known: &BTreeMap<EntryKey, SchemeEntry>) -> Self {
        let mut counts = Counts {
            rows: rows.len(),
            ..Counts::default()
        };
        let mut taken = Vec::new();
        for row in rows {
            match known.get(&row.key()) {
                Some(same) if *same == row => counts.unchanged += 1,
                Some(_) => {
                    counts.changed += 1;
                    taken.push(row);
                }
                None => {
                    counts.new += 1;
                    taken.push(row);
                }
            }
        }
        Self {
            counts,
            sha256,
            rows: taken,
        }
    }

    /// The decisions that take what is new or changed; none if nothing is.
    ///
    /// # Errors
    /// The reference of a row that is too long for the log.
    pub fn decisions(self) -> Result<Vec<Decision>, String> {
        let references: Vec<String> = self.rows.iter().map(|row| row.reference.clone()).collect();
        let cut = pieces(self.rows).map_err(|position| references.get(position).cloned().unwrap_or_default())?;
        let sha256 = self.sha256;
        let decision = |rows| Decision::PutSchemeList(Box::new(SchemeList { sha256, rows }));
        Ok(cut.into_iter().map(decision).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "scheme,reference,asset,class,longitude,latitude,geometry,from,until,quantity,unit\n";

    fn rows(text: &str) -> Result<Vec<SchemeEntry>, Vec<String>> {
        read(&format!("{HEADER}{text}"), &mut |_| ()).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_list_is_read_with_days_in_china_and_places_in_degrees() {
        let text = "ccer,CCER-1,4201-plant-7,distributed-pv,114.3055,30.5928,,2024-01-01,2024-12-31,1200.5,t\n\
            gec,GEC-1,某光伏项目,distributed-pv,,,\"{\"\"type\"\":\"\"Point\"\",\"\"coordinates\"\":[114.3,30.6]}\",2025-01-01T00:00:00Z,2025-02-01T00:00:00Z,1000,kWh\n";
        let found = rows(text).unwrap();
        let [first, second] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(
            (first.from.to_string().as_str(), first.until.to_string().as_str()),
            ("2023-12-31T16:00:00.000000Z", "2024-12-31T16:00:00.000000Z")
        );
        assert_eq!(first.asset_id().unwrap().as_str(), "4201-plant-7");
        assert_eq!(
            first.place,
            Some(Place::Point(Position::from_degrees("114.3055", "30.5928").unwrap()))
        );
        assert_eq!((second.asset_id(), second.place.is_some()), (None, true));
    }

    #[test]
    fn every_fault_is_named_with_line_and_column() {
        let text = "vcs,V-1,a,distributed-pv,114,30,,2024-01-01,2024-12-31,1,t\n\
            ccer,,a,distributed-pv,114,,,2024-13-01,2024-12-31,x,t\n\
            ccer,C-2,某项目,distributed-pv,,,,2024-01-01,2023-12-30,1,t\n\
            ccer,C-3,a,distributed-pv,,,,2024-01-01,2024-12-31,1,t\n\
            ccer,C-3,a,distributed-pv,,,,2024-01-01,2024-12-31,1,t,more\n\
            ccer,C-3,a,distributed-pv,,,,2024-01-01,2024-12-31,1,t\n";
        let faults = rows(text).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(
            places,
            [
                "line 2, column `scheme`",
                "line 3, column `reference`",
                "line 3, column `latitude`",
                "line 3, column `from`",
                "line 3, column `quantity`",
                "line 4, column `until`",
                "line 6, column `row`",
                "line 7, column `reference`",
            ]
        );
        assert_eq!(rows("").unwrap_err().len(), 1);
        let header = read("scheme,reference,name\n", &mut |_| ()).unwrap_err();
        assert_eq!(header.iter().filter(|fault| fault.problem == "is missing").count(), 5);
        assert!(header.iter().any(|fault| fault.column == "name"));
    }

    #[test]
    fn what_is_there_unchanged_is_not_taken_again() {
        let text = "ccer,C-1,a,distributed-pv,,,,2024-01-01,2024-12-31,1,t\nccer,C-2,b,distributed-pv,,,,2024-01-01,2024-12-31,1,t\n";
        let found = rows(text).unwrap();
        let mut known: BTreeMap<EntryKey, SchemeEntry> = found.iter().map(|row| (row.key(), row.clone())).collect();
        let hash = Sha256::of(text.as_bytes());
        assert!(
            Import::compare(hash, found.clone(), &known)
                .decisions()
                .unwrap()
                .is_empty()
        );
        known.get_mut(&found[0].key()).unwrap().quantity = "2".to_owned();
        known.remove(&found[1].key());
        let import = Import::compare(hash, found, &known);
        assert_eq!(
            (import.counts.new, import.counts.changed, import.counts.unchanged),
            (1, 1, 0)
        );
        assert_eq!(import.decisions().unwrap().len(), 1);
    }
}
