//! A file of records as it grows: columns, times, reductions.

use chrono::{DateTime, Duration, FixedOffset, TimeZone as _};
use serde_json::json;
use tanqiao_protocol::message::Methodology;

use super::random::Stream;
use super::{Batch, Figure, VINTAGE};

/// China's time zone, in seconds east of Greenwich.
const CHINA_S: i32 = 8 * 3_600;
const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place,reduction_g,subject,asset\n";

/// One record, still without its source and unit.
#[derive(Debug)]
pub struct Entry {
    /// A pseudonym.
    pub account: String,
    /// Activity data in tenths of a unit.
    pub tenths: u64,
    /// The act begins: minutes since the beginning of the year, in China.
    pub minute: u64,
    /// The act lasts so many minutes.
    pub minutes: u64,
    /// The meter, charger or plant.
    pub asset: Option<String>,
    /// Who did it, where a person did: a number that no person has.
    pub subject: Option<String>,
}

/// The records of one file.
#[derive(Debug)]
pub struct Rows<'a> {
    batch: &'a Batch,
    unit: String,
    /// The numbers of this file.
    pub random: Stream,
    text: String,
    count: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(batch: &'a Batch, publication: &Methodology) -> Self {
        let text = if batch.ndjson { String::new() } else { HEADER.to_owned() };
        Self {
            batch,
            unit: publication.activity_unit.clone(),
            random: Stream::of(&batch.name()),
            text,
            count: 0,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A citizen's pseudonym, out of so many.
    pub fn holder(&mut self, of: u64) -> String {
        format!("holder-{:06}", self.random.between(1, of))
    }

    /// Whose pseudonym that is: an artificial number of a member of this platform.
    pub fn subject(&self, account: &str) -> String {
        format!("quickstart-{}-{account}", self.batch.member)
    }

    /// The number of a thing of this platform: no other platform has it.
    pub fn asset(&self, what: &str, number: u64) -> String {
        format!("{}-{what}-{number:05}", self.batch.member)
    }

    /// A minute of the year at which people are about: from six in the morning to ten at night.
    pub fn daytime(&mut self) -> u64 {
        self.random.between(0, 364) * 1_440 + self.random.between(6 * 60, 22 * 60)
    }

    /// Writes one record.
    pub fn add(&mut self, entry: &Entry) {
        self.count += 1;
        let place = self.place();
        let quantity = decimal(entry.tenths);
        // Rounded down, as the node does.
        let reduction = match self.batch.figure {
            Figure::WhitePaper => None,
            Figure::Demonstration(g_per_unit) => Some(entry.tenths * u64::from(g_per_unit) / 10),
        };
        let (from, until) = (instant(entry.minute), instant(entry.minute + entry.minutes));
        let source = format!("{}-platform", self.batch.member);
        let record = format!("{}-{:06}", self.batch.methodology, self.count);
        let line = if self.batch.ndjson {
            let mut object = json!({
                "source": source, "record_id": record, "account": entry.account, "quantity": quantity, "unit": self.unit,
                "started_at": from, "ended_at": until, "place": place,
            });
            if let (Some(members), Some(grams)) = (object.as_object_mut(), reduction) {
                members.insert("reduction_g".to_owned(), grams.into());
            }
            if let (Some(members), Some(asset)) = (object.as_object_mut(), &entry.asset) {
                members.insert("asset".to_owned(), asset.as_str().into());
            }
            if let (Some(members), Some(subject)) = (object.as_object_mut(), &entry.subject) {
                members.insert("subject".to_owned(), subject.as_str().into());
            }
            format!("{object}\n")
        } else {
            let grams = reduction.map(|grams| grams.to_string()).unwrap_or_default();
            let asset = entry.asset.as_deref().unwrap_or_default();
            format!(
                "{source},{record},{},{quantity},{},{from},{until},{place},{grams},{},{asset}\n",
                entry.account,
                self.unit,
                entry.subject.as_deref().unwrap_or_default(),
            )
        };
        self.text.push_str(&line);
    }

    /// The places of the batch in turn.
    fn place(&self) -> &'static str {
        let places = self.batch.places;
        let index = usize::try_from(self.count).unwrap_or(0) % places.len().max(1);
        places.get(index).copied().unwrap_or_default()
    }
}

fn decimal(tenths: u64) -> String {
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// A minute of the year as a time with China's zone.
fn instant(minute: u64) -> String {
    let zone = FixedOffset::east_opt(CHINA_S);
    let start: Option<DateTime<FixedOffset>> =
        zone.and_then(|zone| zone.with_ymd_and_hms(i32::from(VINTAGE), 1, 1, 0, 0, 0).single());
    let minutes = Duration::minutes(i64::try_from(minute).unwrap_or(0));
    start.map(|start| (start + minutes).to_rfc3339()).unwrap_or_default()
}
