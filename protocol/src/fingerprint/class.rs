//! Evidence classes: by what the records of an activity can be told apart, and which tokens they must have.
//!
//! The table is data, `protocol/data/activity_classes.tsv`, compiled in; `docs/fingerprints.md` shows it. Hub and node read the
//! same one: the node makes what it says, and the hub recognises nothing without it (S08 `tokens-missing`).

use std::str::FromStr;
use std::sync::LazyLock;

use super::token::TokenKind;
use crate::id::{Name, TextError};
use crate::text::words;

const TABLE: &str = include_str!("../../data/activity_classes.tsv");
const COLUMNS: &str =
    "activity\trecords\trequired\toptional\tasset_bucket_s\tsubject_bucket_s\tsource_and_record\tasset\twhy";

words! {
    /// What one record of an activity states about time.
    pub enum RecordTime {
        /// The moments of its start and end, as a ride or a charging session does.
        Instant = 1 "instant",
        /// A calendar day (UTC+8), as a day of driving does. Of its start only the day counts.
        Day = 2 "day",
        /// A period that was measured or verified as a whole, as a month of a meter is: its start and the moment after its end.
        Period = 3 "period",
    }
}

/// How records of one activity are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceClass {
    /// The activity, such as `rail-transit`; empty for those that the table does not name.
    pub activity: &'static str,
    /// What a record states about time.
    pub records: RecordTime,
    /// The kinds without which nothing is recognised, ascending.
    pub required: Vec<TokenKind>,
    /// The kinds that are made where the evidence is there, ascending.
    pub optional: Vec<TokenKind>,
    /// Width of the buckets of `A`, in seconds; 0 where there is none.
    pub asset_bucket_s: u32,
    /// Width of the buckets of `S`, in seconds; 0 where there is none.
    pub subject_bucket_s: u32,
    /// Whose record, and which of its numbers, goes into `R`.
    pub source_and_record: &'static str,
    /// Which identifier goes into `A` or `P`; empty where neither is made.
    pub asset: &'static str,
    /// Why this is so.
    pub why: &'static str,
}

/// An activity that the table does not name: `R` alone. A wrong guess about assets or persons would accuse honest members.
static UNNAMED: LazyLock<EvidenceClass> = LazyLock::new(|| EvidenceClass {
    activity: "",
    records: RecordTime::Instant,
    required: vec![TokenKind::Record],
    optional: Vec::new(),
    asset_bucket_s: 0,
    subject_bucket_s: 0,
    source_and_record: "the platform that made the record; its number there",
    asset: "",
    why: "of an activity that nobody has looked at, only the record itself is sure",
});

/// What counts if the table could not be read: everything is required, so that nothing passes. A test reads the table.
static UNREADABLE: LazyLock<EvidenceClass> = LazyLock::new(|| EvidenceClass {
    required: TokenKind::ALL.to_vec(),
    ..UNNAMED.clone()
});

static CLASSES: LazyLock<Result<Vec<EvidenceClass>, TextError>> = LazyLock::new(|| read(TABLE));

impl EvidenceClass {
    /// The class of an activity.
    #[must_use]
    pub fn of(activity: &Name) -> &'static Self {
        let Ok(classes) = &*CLASSES else {
            return &UNREADABLE;
        };
        classes
            .binary_search_by(|class| class.activity.cmp(activity.as_str()))
            .ok()
            .and_then(|at| classes.get(at))
            .unwrap_or(&UNNAMED)
    }

    /// Every class that the table names, by activity.
    ///
    /// # Errors
    /// None in a released program: a test reads the table.
    pub fn all() -> Result<&'static [Self], TextError> {
        CLASSES.as_deref().map_err(Clone::clone)
    }

    /// The class of activities that the table does not name.
    #[must_use]
    pub fn unnamed() -> &'static Self {
        &UNNAMED
    }

    /// True if tokens of this kind are made where the evidence is there.
    #[must_use]
    pub fn has(&self, kind: TokenKind) -> bool {
        self.requires(kind) || self.optional.contains(&kind)
    }

    /// True if nothing is recognised without a token of this kind.
    #[must_use]
    pub fn requires(&self, kind: TokenKind) -> bool {
        self.required.contains(&kind)
    }

    /// The first kind that is required and not among `kinds` (S08 `tokens-missing`).
    #[must_use]
    pub fn missing(&self, kinds: &[TokenKind]) -> Option<TokenKind> {
        self.required.iter().copied().find(|kind| !kinds.contains(kind))
    }
}

/// The first kind of token that an activity requires and that is not among `kinds` (S08 `tokens-missing`).
#[must_use]
pub fn missing(activity: &Name, kinds: &[TokenKind]) -> Option<TokenKind> {
    EvidenceClass::of(activity).missing(kinds)
}

fn read(table: &'static str) -> Result<Vec<EvidenceClass>, TextError> {
    let mut lines = table.lines();
    if lines.next() != Some(COLUMNS) {
        return Err(TextError::new(table, "the table of evidence classes, with its header"));
    }
    let classes = lines.map(row).collect::<Result<Vec<_>, _>>()?;
    if classes.is_sorted_by(|a, b| a.activity < b.activity) {
        Ok(classes)
    } else {
        Err(TextError::new(table, "sorted by activity, each named once"))
    }
}

fn row(line: &'static str) -> Result<EvidenceClass, TextError> {
    let wrong = || TextError::new(line, "a row of the table of evidence classes");
    let cells: Vec<&'static str> = line.split('\t').collect();
    let &[
        activity,
        records,
        required,
        optional,
        asset_bucket_s,
        subject_bucket_s,
        source_and_record,
        asset,
        why,
    ] = cells.as_slice()
    else {
        return Err(wrong());
    };
    let class = EvidenceClass {
        activity,
        records: records.parse()?,
        required: kinds(required)?,
        optional: kinds(optional)?,
        asset_bucket_s: asset_bucket_s.parse().map_err(|_| wrong())?,
        subject_bucket_s: subject_bucket_s.parse().map_err(|_| wrong())?,
        source_and_record,
        asset,
        why,
    };
    if Name::from_str(activity).is_ok() && is_whole(&class) {
        Ok(class)
    } else {
        Err(wrong())
    }
}

fn kinds(letters: &str) -> Result<Vec<TokenKind>, TextError> {
    let kinds = letters
        .chars()
        .map(|letter| letter.to_string().parse())
        .collect::<Result<Vec<TokenKind>, _>>()?;
    if kinds.is_sorted_by(|a, b| a < b) {
        Ok(kinds)
    } else {
        Err(TextError::new(letters, "letters of kinds in the order R, P, A, S"))
    }
}

/// True if a class says what each of its kinds needs, and no more.
fn is_whole(class: &EvidenceClass) -> bool {
    let has = |kind| class.has(kind);
    let buckets = |kind, width: u32| {
        let wanted = has(kind) && class.records == RecordTime::Instant;
        (width > 0) == wanted && width.is_multiple_of(2)
    };
    !class.required.is_empty()
        && !class.required.iter().any(|kind| class.optional.contains(kind))
        && has(TokenKind::Project) == (class.records == RecordTime::Period)
        && !(has(TokenKind::Project) && (has(TokenKind::Asset) || has(TokenKind::Subject)))
        && buckets(TokenKind::Asset, class.asset_bucket_s)
        && buckets(TokenKind::Subject, class.subject_bucket_s)
        && has(TokenKind::Record) != class.source_and_record.is_empty()
        && (has(TokenKind::Asset) || has(TokenKind::Project)) != class.asset.is_empty()
        && !class.why.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn the_table_is_read_and_names_each_activity_once() {
        let classes = EvidenceClass::all().unwrap();
        assert!(classes.len() > 30, "{}", classes.len());
        for class in classes {
            assert_eq!(EvidenceClass::of(&name(class.activity)), class);
        }
    }

    #[test]
    fn a_metro_ride_needs_its_record_and_its_rider_and_a_forest_its_parcel() {
        use TokenKind::{Asset, Project, Record, Subject};
        assert_eq!(missing(&name("rail-transit"), &[Record, Subject]), None);
        assert_eq!(missing(&name("rail-transit"), &[Record]), Some(Subject));
        assert_eq!(missing(&name("rail-transit"), &[]), Some(Record));
        assert_eq!(missing(&name("ev-charging"), &[Record]), None);
        assert_eq!(missing(&name("ev-charging"), &[Asset, Subject]), Some(Record));
        assert_eq!(missing(&name("forestry-management"), &[Record]), Some(Project));
        assert_eq!(missing(&name("forestry-management"), &[Project]), None);
        assert_eq!(missing(&name("kite-flying"), &[Asset, Subject]), Some(Record));
        assert_eq!(missing(&name("kite-flying"), &[Record]), None);
    }

    #[test]
    fn a_row_that_leaves_something_open_is_refused() {
        const GOOD: &str = "a\tinstant\tR\tAS\t120\t600\tthe platform\tthe meter\tbecause";
        assert!(row(GOOD).is_ok());
        for wrong in [
            "a\tinstant\tR\tAS\t120\t600\tthe platform\tthe meter",
            "a\tinstant\t\tAS\t120\t600\t\tthe meter\tbecause",
            "a\tinstant\tR\tSA\t120\t600\tthe platform\tthe meter\tbecause",
            "a\tinstant\tR\tRA\t120\t0\tthe platform\tthe meter\tbecause",
            "a\tinstant\tR\tAS\t121\t600\tthe platform\tthe meter\tbecause",
            "a\tinstant\tR\tAS\t0\t600\tthe platform\tthe meter\tbecause",
            "a\tinstant\tR\tAS\t120\t600\tthe platform\t\tbecause",
            "a\tday\tR\tAS\t120\t600\tthe platform\tthe meter\tbecause",
            "a\tperiod\tR\tA\t0\t0\tthe platform\tthe meter\tbecause",
            "a\tperiod\tP\tRS\t0\t0\tthe platform\tthe meter\tbecause",
            "a b\tinstant\tR\tAS\t120\t600\tthe platform\tthe meter\tbecause",
        ] {
            assert!(row(wrong).is_err(), "{wrong}");
        }
        assert!(read("activity\n").is_err());
    }
}
