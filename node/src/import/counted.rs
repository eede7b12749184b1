//! The records of a batch that count, side by side in memory.

use tanqiao_protocol::id::Name;
use tanqiao_protocol::region::RegionCode;

use crate::activity::Activity;
use crate::adapters::Place;
use crate::quantification::{ActivityRecord, Amount, Quantified};

/// A record that counts, with what it comes to. Its texts are in [`Records`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) line: u64,
    /// Where its line begins.
    pub(super) at: Place,
    pub(super) vintage: u16,
    pub(super) region_of_act: RegionCode,
    source: Text,
    record_id: Text,
    account: Text,
    asset: Option<Text>,
    subject: Option<Text>,
    place: RegionCode,
    quantity: Amount,
    started_at: i64,
    ended_at: i64,
    reduction_g: i64,
}

/// Where a text is.
#[derive(Debug, Clone, Copy)]
struct Text {
    from: usize,
    bytes: u8,
}

/// Records that count, in the order of the file. A batch has many thousands, so that the texts of all are one text.
#[derive(Default)]
pub(super) struct Records {
    all: Vec<Counted>,
    texts: String,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The texts hold identifiers of persons.
        write!(f, "Records({})", self.all.len())
    }
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Counted> {
        self.all.iter()
    }

    /// Adds a record of the line `line`, which begins at `at`.
    pub(super) fn push(&mut self, line: u64, at: Place, record: &ActivityRecord, quantified: Quantified) {
        let counted = Counted {
            line,
            at,
            vintage: quantified.vintage,
            region_of_act: quantified.region_of_act,
            source: self.keep(record.source.as_str()),
            record_id: self.keep(record.record_id.as_str()),
            account: self.keep(record.account.as_str()),
            asset: record.asset.as_ref().map(Name::as_str).map(|name| self.keep(name)),
            subject: record.subject.as_ref().map(|subject| self.keep(subject.reveal())),
            place: record.place,
            quantity: record.quantity,
            started_at: record.started_at.micros(),
            ended_at: record.ended_at.micros(),
            reduction_g: quantified.reduction.get(),
        };
        self.all.push(counted);
    }

    /// Leaves out the record of `line` and everything after it. Where that line begins, if its record counted.
    pub(super) fn cut_before(&mut self, line: u64) -> Option<Place> {
        let first = self.all.partition_point(|one| one.line < line);
        let at = self.all.get(first).filter(|one| one.line == line).map(|one| one.at);
        self.all.truncate(first);
        at
    }

    /// The platform that recorded it.
    pub(super) fn source(&self, counted: &Counted) -> &str {
        self.text(counted.source)
    }

    /// The identifier of the person whose activity it is, where the record has one.
    pub(super) fn subject(&self, counted: &Counted) -> Option<&str> {
        counted.subject.map(|subject| self.text(subject))
    }

    /// The activity that it becomes; `source_id` is the platform's number.
    pub(super) fn activity<'a>(&'a self, counted: &'a Counted, source_id: i64) -> Activity<'a> {
        Activity {
            source_id,
            record_id: self.text(counted.record_id),
            account: self.text(counted.account),
            quantity: counted.quantity,
            started_at: counted.started_at,
            ended_at: counted.ended_at,
            place: counted.place.as_str(),
            asset: counted.asset.map(|asset| self.text(asset)),
            reduction_g: counted.reduction_g,
        }
    }

    fn keep(&mut self, text: &str) -> Text {
        let from = self.texts.len();
        self.texts.push_str(text);
        Text {
            from,
            // A name, a record id and a pseudonym have 100 bytes at most, each checked where it was parsed.
            bytes: u8::try_from(text.len()).unwrap_or(u8::MAX),
        }
    }

    fn text(&self, text: Text) -> &str {
        self.texts
            .get(text.from..text.from + usize::from(text.bytes))
            .unwrap_or_default()
    }
}
